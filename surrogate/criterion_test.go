package surrogate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// The criterion and its gradient, with constraints, noise, failures and points
// under way, against the scores of many points and central differences of them.
func TestCriterion(t *testing.T) {
	ctx := context.Background()
	for _, a := range acquisitions {
		for _, noisy := range []bool{false, true} {
			t.Run(fmt.Sprintf("%T/noisy=%v", a, noisy), func(t *testing.T) {
				s := braninSearch(3)
				s.Sample, s.Noisy = 25, noisy
				s.Constraints = []Constraint{{}, {}}
				o, err := NewOptimiser(s, nil)
				require.NoError(t, err)
				points, err := o.Ask(ctx, 25)
				require.NoError(t, err)
				rng := rand.New(rand.NewPCG(1, 2))
				for _, p := range points[:24] {
					p.Done, p.Y = true, branin(p.X)+rng.NormFloat64()
					p.Constraints = []float64{math.Sin(2*p.X[0]) - 0.5, math.Cos(p.X[0]*p.X[1]) - 0.2} // as good as random
					if p.Index%10 == 7 {
						p.Error = "failed"
					}
					require.NoError(t, o.Tell(p))
				}
				c, err := o.newCriterion(ctx, a)
				require.NoError(t, err)
				require.Len(t, c.terms, 4)
				require.Equal(t, a, c.terms[3].score)
				_, ei := a.(ExpectedImprovement)
				require.Equal(t, noisy && ei, c.terms[3].noise > 0)
				at := func(x ...float64) float64 {
					v, err := c.scores(x)
					require.NoError(t, err)
					return -v[0]
				}
				x, g := make([]float64, 2), make([]float64, 2)
				for range 50 {
					x[0], x[1] = -5+15*rng.Float64(), 15*rng.Float64()
					v, err := c.Gradient(ctx, x, g)
					require.NoError(t, err)
					require.InEpsilon(t, at(x...), v, 1e-8)
					const h = 1e-4
					bound := 1e-5*(math.Abs(v)+math.Abs(g[0])+math.Abs(g[1])) + 1e-6
					require.InDelta(t, (at(x[0]+h, x[1])-at(x[0]-h, x[1]))/(2*h), g[0], bound)
					require.InDelta(t, (at(x[0], x[1]+h)-at(x[0], x[1]-h))/(2*h), g[1], bound)
				}
			})
		}
	}
}

// The known constraints bound the search: beyond them the criterion is infinite.
func TestCriterionKnown(t *testing.T) {
	s := braninSearch(3)
	s.Constraints = []Constraint{{Known: true, Evaluator: certainly(func(x []float64) float64 { return x[0] })}}
	o, err := NewOptimiser(s, nil)
	require.NoError(t, err)
	for i := range 6 {
		require.NoError(t, o.Tell(Evaluation{Index: i, Done: true, X: []float64{-float64(i), float64(i * i % 7)}, Y: float64(i)}))
	}
	c, err := o.newCriterion(context.Background(), ExpectedImprovement{})
	require.NoError(t, err)
	for _, x0 := range []float64{-1.5, 0.1} {
		v, err := c.Gradient(context.Background(), []float64{x0, 3.5}, make([]float64, 2))
		require.NoError(t, err)
		require.Equal(t, x0 > 0, math.IsInf(v, 1))
	}
}

// Without a feasible point, the criterion is the probability of one.
func TestCriterionWithoutFeasiblePoint(t *testing.T) {
	s := braninSearch(3)
	s.Constraints = []Constraint{{}}
	var log []Evaluation
	for i := range 6 {
		log = append(log, Evaluation{Done: true, X: []float64{float64(i), float64(i * i % 7)}, Y: float64(-i), Constraints: []float64{float64(6 - i)}})
	}
	o, err := NewOptimiser(s, log)
	require.NoError(t, err)
	c, err := o.newCriterion(context.Background(), ExpectedImprovement{})
	require.NoError(t, err)
	require.Len(t, c.terms, 1)
	require.Equal(t, 5, o.best(), "the one that violates least")
}
