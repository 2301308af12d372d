package surrogate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const braninMinimum = 0.39788735772973816

// hartmann6 has the minimum -3.32237 and local ones, the next of which is -3.20316.
func hartmann6(x []float64) float64 {
	alpha := [4]float64{1, 1.2, 3, 3.2}
	a := [4][6]float64{
		{10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14},
		{3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14},
	}
	p := [4][6]float64{
		{1312, 1696, 5569, 124, 8283, 5886}, {2329, 4135, 8307, 3736, 1004, 9991},
		{2348, 1451, 3522, 2883, 3047, 6650}, {4047, 8828, 8732, 5743, 1091, 381},
	}
	s := 0.0
	for i := range alpha {
		r := 0.0
		for j, v := range x {
			d := v - 1e-4*p[i][j]
			r += a[i][j] * d * d
		}
		s -= alpha[i] * math.Exp(-r)
	}
	return s
}

// certainly is a function that never fails.
func certainly(f func([]float64) float64) Func {
	return func(x []float64) (float64, error) { return f(x), nil }
}

// braninSearch has the budget of 40 evaluations in total.
func braninSearch(seed uint64) OptimiseSettings {
	return OptimiseSettings{Lower: []float64{-5, 0}, Upper: []float64{10, 15}, Seed: seed, Sample: 6, Evaluations: 34}
}

func optimise(t *testing.T, e Evaluator, s OptimiseSettings) *Optimum {
	t.Helper()
	best, err := Optimise(context.Background(), e, s)
	require.NoError(t, err)
	return best
}

func TestOptimiseBranin(t *testing.T) {
	for seed := range uint64(3) {
		best := optimise(t, certainly(branin), braninSearch(seed))
		require.InDelta(t, braninMinimum, best.Y, 1e-3)
		require.Equal(t, best.Y, branin(best.X))
		require.Len(t, best.Log, 40)
		require.Equal(t, "all 34 evaluations are made", best.Reason)
		require.True(t, best.Feasible)
		require.Equal(t, best.Y, best.Mean)
		for i, e := range best.Log {
			require.Equal(t, i, e.Index)
			require.Equal(t, i < 6, e.Sample)
			require.True(t, e.OK())
			require.Equal(t, branin(e.X), e.Y)
			require.LessOrEqual(t, best.Y, e.Y)
			for j := range e.X {
				require.True(t, e.X[j] >= best.Log[0].X[j]-15 && e.X[j] >= braninSearch(0).Lower[j] && e.X[j] <= braninSearch(0).Upper[j])
			}
		}
	}
}

func TestOptimiseHartmann(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds")
	}
	for seed := range uint64(2) {
		s := OptimiseSettings{Lower: make([]float64, 6), Upper: []float64{1, 1, 1, 1, 1, 1}, Seed: seed, Sample: 14, Evaluations: 86, Target: new(-3.2)}
		best := optimise(t, certainly(hartmann6), s)
		require.Less(t, best.Y, -3.2)
		require.Equal(t, "the target is reached", best.Reason)
	}
}

func TestOptimiseStrategies(t *testing.T) {
	for _, strategy := range []Strategy{ProbabilityOfImprovement{Margin: 0.01}, LowerConfidenceBound{}, StochasticRBF{}} {
		t.Run(fmt.Sprintf("%T", strategy), func(t *testing.T) {
			s := braninSearch(1)
			s.Strategy, s.Target, s.Evaluations = strategy, new(braninMinimum+0.01), 74
			require.InDelta(t, braninMinimum, optimise(t, certainly(branin), s).Y, 0.01)
		})
	}
}

// To maximise is to minimise the negative, bit for bit.
func TestOptimiseMaximise(t *testing.T) {
	s := braninSearch(1)
	s.Evaluations = 6
	least := optimise(t, certainly(branin), s)
	s.Maximise = true
	most := optimise(t, certainly(func(x []float64) float64 { return -branin(x) }), s)
	require.Equal(t, least.Y, -most.Y)
	for i := range least.Log {
		require.Equal(t, least.Log[i].X, most.Log[i].X)
	}
}

// The problem of Gardner and others (2014) has its optimum where sin x1 = -1 and
// sin x2 = 0.95, at a point of a narrow feasible region.
func TestOptimiseConstraints(t *testing.T) {
	optimum := math.Asin(0.95) - 1
	f := certainly(func(x []float64) float64 { return math.Sin(x[0]) + x[1] })
	c, err := NewExpression("sin(x1)*sin(x2) + 0.95", "x1", "x2")
	require.NoError(t, err)
	for _, known := range []bool{false, true} {
		for _, strategy := range []Strategy{ExpectedImprovement{}, LowerConfidenceBound{}, StochasticRBF{}} {
			t.Run(fmt.Sprintf("known=%v/%T", known, strategy), func(t *testing.T) {
				best := optimise(t, f, OptimiseSettings{
					Lower: []float64{0, 0}, Upper: []float64{6, 6}, Strategy: strategy, Seed: 3,
					Constraints: []Constraint{{Evaluator: c, Known: known}},
					Sample:      10, Evaluations: 60, Target: new(optimum + 0.02),
				})
				require.True(t, best.Feasible)
				if _, local := strategy.(StochasticRBF); local && best.Y > 1 {
					require.InDelta(t, 2+math.Pi+optimum, best.Y, 0.02, "the other region's: sin x1 = 1")
				} else {
					require.InDelta(t, optimum, best.Y, 0.02)
					require.GreaterOrEqual(t, best.Y, optimum-1e-14)
				}
				for _, e := range best.Log {
					if v := math.Sin(e.X[0])*math.Sin(e.X[1]) + 0.95; known {
						require.LessOrEqual(t, v, 1e-14, "no other point is evaluated")
						require.Empty(t, e.Constraints)
					} else {
						require.InDelta(t, v, e.Constraints[0], 1e-14)
					}
				}
			})
		}
	}
}

// Problem g06: two circles leave a sliver of a region, in whose corner the minimum
// is. No point of the sample is feasible.
func TestOptimiseG06(t *testing.T) {
	f := certainly(func(x []float64) float64 { return math.Pow(x[0]-10, 3) + math.Pow(x[1]-20, 3) })
	first := certainly(func(x []float64) float64 { return 100 - (x[0]-5)*(x[0]-5) - (x[1]-5)*(x[1]-5) })
	second := certainly(func(x []float64) float64 { return (x[0]-6)*(x[0]-6) + (x[1]-5)*(x[1]-5) - 82.81 })
	best := optimise(t, f, OptimiseSettings{
		Lower: []float64{13, 0}, Upper: []float64{100, 100},
		Constraints: []Constraint{{Evaluator: first}, {Evaluator: second}},
		Sample:      10, Evaluations: 60, Target: new(-6900.0),
	})
	require.True(t, best.Feasible)
	require.InDelta(t, -6961.81388, best.Y, 62)
	require.GreaterOrEqual(t, best.Y, -6961.8139)
}

// With noise of deviation 1 the posterior mean finds what single values hide.
func TestOptimiseNoisy(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	s := braninSearch(2)
	s.Noisy, s.Evaluations = true, 50
	var draws []float64
	for range 100 {
		draws = append(draws, rng.NormFloat64())
	}
	o, err := NewOptimiser(s, nil)
	require.NoError(t, err)
	for o.Stopped() == "" {
		points, err := o.Ask(context.Background(), 1)
		require.NoError(t, err)
		for _, p := range points {
			p.Done, p.Y = true, branin(p.X)+draws[p.Index]
			require.NoError(t, o.Tell(p))
		}
	}
	best, err := o.Best(context.Background())
	require.NoError(t, err)
	require.Less(t, branin(best.X), braninMinimum+1)
	require.Less(t, math.Abs(best.Mean-branin(best.X)), 3*best.Deviation+0.1)
	require.Greater(t, best.Deviation, 0.05)
	require.Less(t, best.Deviation, 1.0)
}

// A third of the box gives no value. The search goes on, and learns to stay away.
func TestOptimiseFailures(t *testing.T) {
	broken := errors.New("the mesh is tangled")
	for strategy, near := range map[Strategy]float64{ExpectedImprovement{}: 0.05, StochasticRBF{}: 0.2} {
		s := braninSearch(4)
		s.Strategy = strategy
		best := optimise(t, Func(func(x []float64) (float64, error) {
			switch {
			case x[0] > 5:
				return 0, broken
			case x[1] > 14:
				return math.NaN(), nil
			}
			return branin(x), nil
		}), s)
		require.InDelta(t, braninMinimum, best.Y, near)
		failed := 0
		for _, e := range best.Log {
			if e.X[0] > 5 {
				require.Equal(t, broken.Error(), e.Error)
				failed++
			}
			require.Equal(t, e.X[0] > 5 || e.X[1] > 14, e.Error != "")
			require.True(t, e.Error == "" || e.Y == 0)
		}
		require.LessOrEqual(t, failed, 20, "%T", strategy)
	}
}

func TestOptimiseNothingSucceeds(t *testing.T) {
	s := braninSearch(0)
	s.Evaluations = 5
	best, err := Optimise(context.Background(), Func(func([]float64) (float64, error) { return 0, errors.New("no licence") }), s)
	require.ErrorIs(t, err, ErrNoValue)
	require.ErrorContains(t, err, "of 11; the last: no licence")
	require.Len(t, best.Log, 11)
}

// A constant function has no best point; every point is another one.
func TestOptimiseConstant(t *testing.T) {
	s := braninSearch(0)
	s.Evaluations = 10
	best := optimise(t, certainly(func([]float64) float64 { return 3 }), s)
	require.Equal(t, 3.0, best.Y)
	for i, e := range best.Log {
		for _, other := range best.Log[:i] {
			require.NotEqual(t, other.X, e.X)
		}
	}
}

func TestOptimiseRules(t *testing.T) {
	for want, set := range map[string]func(s *OptimiseSettings){
		"all 34 evaluations are made":          func(s *OptimiseSettings) {},
		"the target is reached":                func(s *OptimiseSettings) { s.Target = new(1.0) },
		"3 evaluations brought nothing better": func(s *OptimiseSettings) { s.Patience = 3 },
		"is below the tolerance":               func(s *OptimiseSettings) { s.Tolerance = 1e-3 },
	} {
		s := braninSearch(0)
		set(&s)
		best := optimise(t, certainly(branin), s)
		require.Contains(t, best.Reason, want)
		require.LessOrEqual(t, len(best.Log), 40)
		for _, e := range best.Log {
			require.True(t, e.Done)
		}
		switch n := len(best.Log); {
		case s.Target != nil:
			require.LessOrEqual(t, best.Log[n-1].Y, 1.0, "it stops at once")
			require.Equal(t, n-1, best.Index)
		case s.Patience > 0:
			require.Equal(t, max(5, best.Index)+3, n-1)
		case s.Tolerance > 0:
			require.Less(t, n, 40)
			require.InDelta(t, braninMinimum, best.Y, 1e-2)
		}
	}
	s := braninSearch(0)
	s.Time = 1
	best, err := Optimise(context.Background(), certainly(branin), s)
	require.ErrorIs(t, err, ErrNoValue)
	require.Empty(t, best.Log)
}

// Evaluations made before are the sample, and stay as they are.
func TestOptimiseFromData(t *testing.T) {
	var log []Evaluation
	for i := range 20 {
		x := []float64{-5 + 15*float64(i%5)/4, 15 * float64(i/5) / 3}
		log = append(log, Evaluation{X: x, Y: branin(x), Done: true, Sample: true})
	}
	before := fmt.Sprint(log)
	o, err := NewOptimiser(braninSearch(0), log)
	require.NoError(t, err)
	best, err := o.Run(context.Background(), certainly(branin))
	require.NoError(t, err)
	require.Equal(t, before, fmt.Sprint(log))
	require.Len(t, best.Log, 54)
	require.InDelta(t, braninMinimum, best.Y, 1e-3)
	require.False(t, best.Log[20].Sample)
}

func TestOptimiseEvaluatorGivesUp(t *testing.T) {
	gone := errors.New("the cluster is gone")
	calls := 0
	best, err := Optimise(context.Background(), evaluatorFunc(func(ctx context.Context, x []float64, n int, y []float64, errs []error) error {
		if calls++; calls == 3 {
			return gone
		}
		return certainly(branin).Evaluate(ctx, x, n, y, errs)
	}), braninSearch(0))
	require.ErrorIs(t, err, gone)
	require.Equal(t, gone.Error(), best.Reason)
	require.Len(t, best.Log, 8)
	require.False(t, best.Log[7].Done, "it is still to be made")
	require.Equal(t, 0.0, best.Log[7].Y)
}

type evaluatorFunc func(ctx context.Context, x []float64, n int, y []float64, errs []error) error

func (f evaluatorFunc) Evaluate(ctx context.Context, x []float64, n int, y []float64, errs []error) error {
	return f(ctx, x, n, y, errs)
}

func TestOptimiseProgress(t *testing.T) {
	full := errors.New("the disk is full")
	s := braninSearch(0)
	calls := 0
	s.Progress = func(log []Evaluation) error {
		require.Len(t, log, 6+calls)
		require.True(t, log[len(log)-1].Done)
		if calls++; calls == 4 {
			return full
		}
		return nil
	}
	best, err := Optimise(context.Background(), certainly(branin), s)
	require.ErrorIs(t, err, full)
	require.Len(t, best.Log, 9)
}

func TestOptimiseRefuses(t *testing.T) {
	for want, change := range map[string]func(s *OptimiseSettings){
		"no bounds":                             func(s *OptimiseSettings) { s.Lower = nil },
		"2 lower and 1 upper bounds":            func(s *OptimiseSettings) { s.Upper = s.Upper[:1] },
		"bounds [-5, -5] of input 0":            func(s *OptimiseSettings) { s.Upper = []float64{-5, 3} },
		"bounds [0, -3] of input 1":             func(s *OptimiseSettings) { s.Upper = []float64{5, -3} },
		"sample is -1":                          func(s *OptimiseSettings) { s.Sample = -1 },
		"evaluations is -1":                     func(s *OptimiseSettings) { s.Evaluations = -1 },
		"batch is -1":                           func(s *OptimiseSettings) { s.Batch = -1 },
		"patience is -1":                        func(s *OptimiseSettings) { s.Patience = -1 },
		"tolerance is NaN":                      func(s *OptimiseSettings) { s.Tolerance = math.NaN() },
		"time is -1":                            func(s *OptimiseSettings) { s.Time = -time.Nanosecond },
		"target is NaN":                         func(s *OptimiseSettings) { s.Target = new(math.NaN()) },
		"set Noisy":                             func(s *OptimiseSettings) { s.Kriging.Noise = []float64{1} },
		"margin -1":                             func(s *OptimiseSettings) { s.Strategy = ProbabilityOfImprovement{-1} },
		"weight -1":                             func(s *OptimiseSettings) { s.Strategy = LowerConfidenceBound{-1} },
		"tolerance of the expected improvement": func(s *OptimiseSettings) { s.Strategy, s.Tolerance = StochasticRBF{}, 1 },
		"constraint c is known but has no evaluator": func(s *OptimiseSettings) {
			s.Constraints = []Constraint{{Name: "c", Known: true}}
		},
	} {
		s := braninSearch(0)
		change(&s)
		_, err := Optimise(context.Background(), certainly(branin), s)
		require.ErrorIs(t, err, ErrSettings, want)
		require.ErrorContains(t, err, want)
	}

	s := braninSearch(0)
	s.Constraints = []Constraint{{Known: true, Evaluator: certainly(func([]float64) float64 { return 1 })}}
	_, err := Optimise(context.Background(), certainly(branin), s)
	require.ErrorContains(t, err, "none of 200000 random points satisfies the known constraints")

	for want, e := range map[string]Evaluation{
		"0 has 1 coordinates":               {X: []float64{1}},
		"input 1 is NaN":                    {X: []float64{1, math.NaN()}},
		"0 has the values of 1 constraints": {X: []float64{1, 1}, Done: true, Constraints: []float64{1}},
	} {
		_, err := NewOptimiser(braninSearch(0), []Evaluation{e})
		require.ErrorIs(t, err, ErrData)
		require.ErrorContains(t, err, want)
	}
}

// Points of the caller that violate a known constraint are no optimum, however
// good their values.
func TestOptimiseOutsideKnown(t *testing.T) {
	s := OptimiseSettings{Lower: []float64{0}, Upper: []float64{1}, Sample: 3, Evaluations: 3,
		Constraints: []Constraint{{Known: true, Evaluator: certainly(func(x []float64) float64 { return 0.5 - x[0] })}}}
	var log []Evaluation
	for _, x := range []float64{0.1, 0.3, 0.9} {
		log = append(log, Evaluation{X: []float64{x}, Done: true, Y: x, Sample: true})
	}
	o, err := NewOptimiser(s, log)
	require.NoError(t, err)
	best, err := o.Run(t.Context(), certainly(func(x []float64) float64 { return x[0] }))
	require.NoError(t, err)
	require.True(t, best.Feasible)
	require.InDelta(t, 0.5, best.X[0], 0.1)

	s.Evaluations, s.Target = 1, new(float64)
	*s.Target = 0.2 // reached only outside
	o, err = NewOptimiser(s, log[:2])
	require.NoError(t, err)
	require.Empty(t, o.Stopped())
	best, err = o.Best(t.Context())
	require.NoError(t, err)
	require.False(t, best.Feasible)
	require.Equal(t, 0.3, best.X[0])
}
