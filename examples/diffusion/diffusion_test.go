package main

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/figure"
)

// With dt in proportion to h² the error is of order h².
func TestCosineDecays(t *testing.T) {
	coarse, fine := wrong(32), wrong(64)
	require.InDelta(t, 2, math.Log2(coarse/fine), 0.05)
	require.InDelta(t, 1.29e-3, fine, 1e-5)
}

// Between insulated walls nothing is lost, nor made beyond the largest value, and
// what comes through the barrier comes through the gap.
func TestBarrier(t *testing.T) {
	const n = 40
	grid, h := square(n)
	start := 0.0
	for _, v := range grid.Fill(func(x, y float64) float64 { return spot(x+h/2, y+h/2) }) {
		start += v
	}
	u, err := diffuse(n, barrier, spot, 0.05)
	require.NoError(t, err)
	sum := 0.0
	for _, v := range u {
		require.True(t, v >= 0 && v < 1)
		sum += v
	}
	require.InEpsilon(t, start, sum, 1e-12)
	behind := func(y float64) float64 { return u[int(y*n)*n+int(0.6*n)] }
	require.Greater(t, behind(0.7), 5*behind(0.35), "though the spot is at 0.35")

	var drawn bytes.Buffer
	require.NoError(t, figure.Write(&drawn, "png", 0, 0, picture(24)))
}
