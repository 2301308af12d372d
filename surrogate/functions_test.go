package surrogate

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/sampling"
)

func branin(x []float64) float64 {
	a := x[1] - 5.1/(4*math.Pi*math.Pi)*x[0]*x[0] + 5/math.Pi*x[0] - 6
	return a*a + 10*(1-1/(8*math.Pi))*math.Cos(x[0]) + 10
}

func ishigami(x []float64) float64 {
	s := math.Sin(x[1])
	return math.Sin(x[0]) + 7*s*s + 0.1*math.Pow(x[2], 4)*math.Sin(x[0])
}

// sobolData are the values of f at n points of the Sobol sequence from first on.
func sobolData(t testing.TB, f func([]float64) float64, lower, upper []float64, first uint64, n int) Data {
	d := len(lower)
	s, err := sampling.NewSobol(d)
	require.NoError(t, err)
	x := make([]float64, n*d)
	require.NoError(t, s.Fill(x, first))
	require.NoError(t, sampling.Scale(x, lower, upper))
	return Data{X: x, Y: values(f, x, d), Inputs: d, Lower: lower, Upper: upper}
}

func values(f func([]float64) float64, x []float64, d int) []float64 {
	y := make([]float64, len(x)/d)
	for i := range y {
		y[i] = f(x[i*d : (i+1)*d])
	}
	return y
}

// braninA is the set A of 80 points.
func braninA(t testing.TB) Data {
	return sobolData(t, branin, []float64{-5, 0}, []float64{10, 15}, 64, 80)
}

// braninError is the root mean square error on an inclusive grid of 100 x 100.
func braninError(t testing.TB, m Model) float64 {
	x, err := sampling.Grid{Counts: []int{100, 100}}.Points()
	require.NoError(t, err)
	require.NoError(t, sampling.Scale(x, []float64{-5, 0}, []float64{10, 15}))
	y := make([]float64, len(x)/2)
	require.NoError(t, m.Predict(x, y))
	return rootMeanSquare(y, values(branin, x, 2))
}

func rootMeanSquare(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum / float64(len(a)))
}

func mustFit(t testing.TB, s Spec, d Data) Model {
	t.Helper()
	m, err := s.Fit(context.Background(), d)
	require.NoError(t, err)
	return m
}

// uniformPoints are n random points of the box.
func uniformPoints(seed uint64, n int, lower, upper []float64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 0))
	x := make([]float64, 0, n*len(lower))
	for range n {
		for j := range lower {
			x = append(x, lower[j]+(upper[j]-lower[j])*rng.Float64())
		}
	}
	return x
}
