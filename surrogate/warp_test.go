package surrogate

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// goldsteinPrice has the minimum 3 at (0, -1), and values up to 1e6.
func goldsteinPrice(x []float64) float64 {
	a, b := x[0], x[1]
	return (1 + (a+b+1)*(a+b+1)*(19-14*a+3*a*a-14*b+6*a*b+3*b*b)) *
		(30 + (2*a-3*b)*(2*a-3*b)*(18-32*a+12*a*a+48*b-36*a*b+27*b*b))
}

func TestWarp(t *testing.T) {
	y := []float64{7, 3, 1000, 3.5, 4}
	w := newWarp(y)
	require.Equal(t, warp{3, 1}, w)
	z := w.apply(y)
	require.InDeltaSlice(t, []float64{math.Log(5), 0, math.Log(998), math.Log(1.5), math.Log(2)}, z, 1e-14)
	slopes := 0.0
	for i, v := range y {
		const h = 1e-5
		slope := (w.apply([]float64{v + h})[0] - w.apply([]float64{v - h})[0]) / (2 * h)
		slopes += math.Log(slope)
		require.InDelta(t, -math.Log(slope), w.logUnit(z[i]), 1e-6)
	}
	require.InDelta(t, slopes, w.logSlopes(y), 5e-6)
	require.Equal(t, warp{2, 1}, newWarp([]float64{2, 2, 2}), "of a constant")
}

// Values over six decades are warped, Hartmann's over one are not.
func TestOptimiseWarps(t *testing.T) {
	s := OptimiseSettings{Lower: []float64{-2, -2}, Upper: []float64{2, 2}, Sample: 6, Evaluations: 44}
	best := optimise(t, certainly(goldsteinPrice), s)
	require.InDelta(t, 3, best.Y, 1, "without it, 7 to 24 off")

	s.Sample = 20
	warped := func(s OptimiseSettings, f func([]float64) float64) bool {
		o, err := NewOptimiser(s, nil)
		require.NoError(t, err)
		points, err := o.Ask(context.Background(), s.Sample)
		require.NoError(t, err)
		for _, p := range points {
			p.Done, p.Y = true, f(p.X)
			require.NoError(t, o.Tell(p))
		}
		fit, err := o.fit(context.Background(), 0)
		require.NoError(t, err)
		return fit.warp != nil
	}
	require.True(t, warped(s, goldsteinPrice))
	s.Noisy = true
	require.False(t, warped(s, goldsteinPrice))
	s = OptimiseSettings{Lower: make([]float64, 6), Upper: []float64{1, 1, 1, 1, 1, 1}, Sample: 50}
	require.False(t, warped(s, hartmann6))
}

// Of warped values, scores and margins stay in units of the function: a small
// improvement on the least value is one of the logarithm times the distance of
// the median from it.
func TestCriterionOfWarped(t *testing.T) {
	s := OptimiseSettings{Lower: []float64{-2, -2}, Upper: []float64{2, 2}, Seed: 1, Sample: 20}
	o, err := NewOptimiser(s, nil)
	require.NoError(t, err)
	points, err := o.Ask(context.Background(), s.Sample)
	require.NoError(t, err)
	var y []float64
	for _, p := range points {
		p.Done, p.Y = true, goldsteinPrice(p.X)
		y = append(y, p.Y)
		require.NoError(t, o.Tell(p))
	}
	slices.Sort(y)
	unit := y[10] - y[0]

	c, err := o.newCriterion(context.Background(), ExpectedImprovement{})
	require.NoError(t, err)
	const mean, sd = 1e-4, 1e-3 // of the logarithm, whose best value is 0
	score, _, _ := c.terms[0].at(mean, sd*sd)
	want, _, _ := ExpectedImprovement{}.Score(mean*unit, sd*unit, 0)
	require.InDelta(t, want, score, 1e-12)

	c, err = o.newCriterion(context.Background(), ProbabilityOfImprovement{Margin: 1e-3 * unit})
	require.NoError(t, err)
	require.InDelta(t, 1e-3, c.terms[0].score.(ProbabilityOfImprovement).Margin, 1e-15)
}
