package surrogate

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func values(f func([]float64) float64, x []float64, d int) []float64 {
	y := make([]float64, len(x)/d)
	for i := range y {
		y[i] = f(x[i*d : (i+1)*d])
	}
	return y
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

func predict(t testing.TB, m Model, x []float64) []float64 {
	t.Helper()
	inputs, outputs := m.Dims()
	y := make([]float64, len(x)/inputs*outputs)
	require.NoError(t, m.Predict(x, y))
	return y
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

// uniformData are n observations of f at random points of the box.
func uniformData(f func([]float64) float64, seed uint64, n int, lower, upper []float64) Data {
	x := uniformPoints(seed, n, lower, upper)
	return Data{X: x, Y: values(f, x, len(lower)), Inputs: len(lower), Lower: lower, Upper: upper}
}
