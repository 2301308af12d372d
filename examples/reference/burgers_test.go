package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func u(t, x float64) float64 { return burgers(nu, t, x, intervals) }

// Central differences of order six.
func first(f func(float64) float64, x, h float64) float64 {
	d := func(k float64) float64 { return f(x+k*h) - f(x-k*h) }
	return (45*d(1) - 9*d(2) + d(3)) / (60 * h)
}

func second(f func(float64) float64, x, h float64) float64 {
	s := func(k float64) float64 { return f(x+k*h) + f(x-k*h) }
	return (270*s(1) - 27*s(2) + 2*s(3) - 490*f(x)) / (180 * h * h)
}

func TestEquation(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		t0 := rapid.Float64Range(0.05, 0.95).Draw(r, "t")
		x0 := rapid.Float64Range(0.15, 1).Draw(r, "x")
		inTime := func(t float64) float64 { return u(t, x0) }
		inSpace := func(x float64) float64 { return u(t0, x) }
		residual := first(inTime, t0, 2e-3) + u(t0, x0)*first(inSpace, x0, 2e-3) - nu*second(inSpace, x0, 2e-3)
		require.InDelta(r, 0, residual, 1e-9)
	})
}

// The equation within the shock layer, whose width is about 1/150.
func TestEquationAtShock(t *testing.T) {
	for _, x0 := range []float64{-0.01, -0.003, 0, 0.002, 0.006} {
		inTime := func(t float64) float64 { return u(t, x0) }
		inSpace := func(x float64) float64 { return u(0.5, x) }
		convection := u(0.5, x0) * first(inSpace, x0, 2e-4)
		residual := first(inTime, 0.5, 1e-3) + convection - nu*second(inSpace, x0, 2e-4)
		assert.InDelta(t, 0, residual, 1e-5, "of convection %g", convection)
	}
}

func TestConditions(t *testing.T) {
	for _, x := range []float64{-1, -0.3, 0, 0.5, 1} {
		assert.Equal(t, -math.Sin(math.Pi*x), u(0, x))
		// Continuous at t = 0: u = u0 - t u0 u0' + O(nu t) + O(t^2).
		const dt = 1e-6
		assert.InDelta(t, u(0, x)-dt*math.Pi/2*math.Sin(2*math.Pi*x), u(dt, x), 1e-7)
	}
	for _, t0 := range []float64{0.01, 0.3, 0.5, 1} {
		assert.InDelta(t, 0, u(t0, -1), 1e-15)
		assert.InDelta(t, 0, u(t0, 1), 1e-15)
		for _, x := range []float64{0, 0.001, 0.1, 0.5, 0.9} {
			assert.InDelta(t, -u(t0, x), u(t0, -x), 1e-14)
		}
	}
}

func TestConvergence(t *testing.T) {
	for i := 0; i < times; i += 7 {
		for j := 0; j < places; j += 5 {
			t0, x0 := node(i, j)
			assert.InDelta(t, burgers(nu, t0, x0, 2*intervals), u(t0, x0), 1e-14)
		}
	}
	// Too few intervals show, so the comparison means something.
	assert.Greater(t, math.Abs(burgers(nu, 0.5, 0.01, 30)-u(0.5, 0.01)), 1e-8)
}

// Basdevant et al. (1986): the slope at the origin is steepest, 152.00516, at
// pi t = 1.6037.
func TestPublishedSlope(t *testing.T) {
	slope := func(t float64) float64 {
		return -first(func(x float64) float64 { return u(t, x) }, 0, 1e-4)
	}
	at := 1.6037 / math.Pi
	assert.InDelta(t, 152.00516, slope(at), 1e-5)
	assert.Less(t, slope(at-0.002), slope(at))
	assert.Less(t, slope(at+0.002), slope(at))
}

func TestCommittedTable(t *testing.T) {
	b, err := os.ReadFile("../burgers.csv")
	require.NoError(t, err)
	lines := bytes.SplitAfter(b, []byte("\n"))
	require.Len(t, lines, times*places+2) // header, rows, nothing after the last newline
	assert.Equal(t, "t,x,u\n", string(lines[0]))
	assert.Empty(t, lines[times*places+1])
	for k := 0; k < times*places; k += 37 {
		t0, x0 := node(k/places, k%places)
		var t1, x1, u1 float64
		_, err := fmt.Sscanf(string(lines[k+1]), "%g,%g,%g\n", &t1, &x1, &u1)
		require.NoError(t, err)
		require.Equal(t, []float64{t0, x0}, []float64{t1, x1})
		// Processors differ in the last digits of exp and sin.
		require.InDelta(t, u(t0, x0), u1, 1e-14)
	}
}
