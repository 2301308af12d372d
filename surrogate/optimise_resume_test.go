package surrogate

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// timeless is a log without what differs from run to run, as text.
func timeless(t *testing.T, log []Evaluation) string {
	for i := range log {
		log[i].Seconds = 0
	}
	text, err := json.Marshal(log)
	require.NoError(t, err)
	return string(text)
}

// Cancelled in the midst of any batch and continued from the log, as a file keeps
// it, a search ends with the log of one that was never interrupted.
func TestOptimiseResume(t *testing.T) {
	c := certainly(func(x []float64) float64 { return x[0] - 6 })
	for _, strategy := range []Strategy{ExpectedImprovement{}, StochasticRBF{}} {
		s := braninSearch(1)
		s.Strategy, s.Batch, s.Evaluations = strategy, 3, 20
		s.Constraints = []Constraint{{Evaluator: c}, {Known: true, Evaluator: certainly(func(x []float64) float64 { return x[1] - 14 })}}
		fail := func(x []float64) (float64, error) {
			if x[0] < -4 {
				return 0, errors.New("too cold")
			}
			return branin(x), nil
		}
		want := timeless(t, optimise(t, Func(fail), s).Log)
		for _, at := range []int{1, 4, 7, 11, 20} {
			ctx, cancel := context.WithCancel(context.Background())
			made := 0
			best, err := Optimise(ctx, evaluatorFunc(func(ctx context.Context, x []float64, n int, y []float64, errs []error) error {
				for i := range n {
					if errs[i] = ctx.Err(); errs[i] != nil {
						continue
					}
					if y[i], errs[i] = fail(x[2*i : 2*i+2]); made == at {
						cancel()
					}
					made++
				}
				return ctx.Err()
			}), s)
			require.ErrorIs(t, err, context.Canceled)
			text, err := json.Marshal(best.Log)
			require.NoError(t, err)
			var log []Evaluation
			require.NoError(t, json.Unmarshal(text, &log))
			o, err := NewOptimiser(s, log)
			require.NoError(t, err)
			best, err = o.Run(context.Background(), Func(fail))
			require.NoError(t, err)
			require.Equal(t, want, timeless(t, best.Log))
		}
	}
}

// Points may be asked for one by one, or together.
func TestAskWhilePending(t *testing.T) {
	var xs [2][]float64
	for k := range xs {
		o, err := NewOptimiser(braninSearch(1), nil)
		require.NoError(t, err)
		points, err := o.Ask(context.Background(), 100)
		require.NoError(t, err)
		require.Len(t, points, 6, "no more than the sample")
		for _, p := range points {
			p.Done, p.Y = true, branin(p.X)
			require.NoError(t, o.Tell(p))
		}
		for range 1 + 3*k {
			points, err := o.Ask(context.Background(), 4-3*k)
			require.NoError(t, err)
			for _, p := range points {
				xs[k] = append(xs[k], p.X...)
			}
		}
		require.Len(t, o.Pending(), 4)
	}
	require.Len(t, xs[0], 8)
	require.Equal(t, xs[0], xs[1])
	for i := 0; i < 8; i += 2 {
		for j := range i / 2 {
			require.Greater(t, math.Hypot(xs[0][i]-xs[0][2*j], xs[0][i+1]-xs[0][2*j+1]), 0.1, "a batch is spread out")
		}
	}
}

func TestTell(t *testing.T) {
	o, err := NewOptimiser(braninSearch(1), nil)
	require.NoError(t, err)
	points, err := o.Ask(context.Background(), 2)
	require.NoError(t, err)
	p := points[0]
	require.ErrorContains(t, o.Tell(p), "evaluation 0 is not done")
	p.Done = true
	p.X[0]++ // which is the caller's own
	require.ErrorContains(t, o.Tell(p), "evaluation 0 is of")
	p.X[0]--
	p.X = p.X[:1]
	require.ErrorIs(t, o.Tell(p), ErrData)
	p.X = p.X[:2]
	p.Constraints = []float64{1}
	require.ErrorContains(t, o.Tell(p), "the values of 1 constraints, want 0")
	p.Constraints = nil
	require.NoError(t, o.Tell(p))
	require.ErrorContains(t, o.Tell(p), "told before")
	require.ErrorContains(t, o.Tell(Evaluation{Index: 3, Done: true, X: p.X}), "not in the log")

	// A point of the caller's own.
	require.NoError(t, o.Tell(Evaluation{Index: 2, Done: true, X: []float64{1, 2}, Y: math.Inf(1)}))
	require.Equal(t, "the value is +Inf, want a finite number", o.Log()[2].Error)
	require.Len(t, o.Pending(), 1)
	points, err = o.Ask(context.Background(), 100)
	require.NoError(t, err)
	require.Len(t, points, 3, "three of six are there")
}
