package optimize

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
)

// builders are all methods, for the tests that every method must pass.
var builders = map[string]func(obj Objective, x0 []float64) (Method, error){
	"adam": func(obj Objective, x0 []float64) (Method, error) {
		return NewAdam(obj, x0, AdamSettings{Rate: 0.01, Schedule: Schedule{Kind: "cosine", Over: 60, Warmup: 5}})
	},
	"lbfgs": func(obj Objective, x0 []float64) (Method, error) {
		return NewLBFGS(obj, x0, LBFGSSettings{Memory: 6})
	},
	"ssbroyden": func(obj Objective, x0 []float64) (Method, error) {
		return NewSSBroyden(obj, x0, SSBroydenSettings{Threads: 2, CheckEvery: 7})
	},
	"ssbfgs": func(obj Objective, x0 []float64) (Method, error) {
		return NewSSBroyden(obj, x0, SSBroydenSettings{Update: "ssbfgs", Threads: 2, CheckEvery: 7})
	},
	"bfgs": func(obj Objective, x0 []float64) (Method, error) {
		return NewSSBroyden(obj, x0, SSBroydenSettings{Update: "bfgs", Threads: 2, CheckEvery: 7})
	},
}

// eachMethod runs a test for every method.
func eachMethod(t *testing.T, test func(t *testing.T, build func(Objective, []float64) Method)) {
	for name, build := range builders {
		t.Run(name, func(t *testing.T) {
			test(t, func(obj Objective, x0 []float64) Method {
				m, err := build(obj, x0)
				require.NoError(t, err)
				return m
			})
		})
	}
}

func advance(t *testing.T, m Method, steps int) (status Status) {
	t.Helper()
	for range steps {
		var err error
		status, err = m.Step(context.Background())
		require.NoError(t, err)
	}
	return status
}

// minimise steps until the gradient is small or the method is stalled.
func minimise(t *testing.T, m Method, tolerance float64, most int) (status Status) {
	for range most {
		status = advance(t, m, 1)
		if status.GradNorm <= tolerance || status.Stalled {
			break
		}
	}
	return status
}

func state(t *testing.T, m Method) []byte {
	data, err := m.MarshalBinary()
	require.NoError(t, err)
	return data
}

func TestKnownOptima(t *testing.T) {
	ones := func(n int) []float64 { return scaled(n, 1) }
	for _, c := range []struct {
		name    string
		f       objective
		x0      []float64
		want    []float64
		within  float64
		newton  int // iterations allowed to the dense methods
		limited int // to LBFGS
	}{
		{"rosenbrock 2", rosenbrock, []float64{-1.2, 1}, ones(2), 1e-9, 60, 60},
		{"rosenbrock 10", rosenbrock, rosenbrockStart(10), ones(10), 1e-9, 150, 150},
		{"rosenbrock 50", rosenbrock, rosenbrockStart(50), ones(50), 1e-9, 500, 400},
		{"beale", beale, []float64{1, 1}, []float64{3, 0.5}, 1e-9, 30, 30},
		{"powell singular", powellSingular, []float64{3, -1, 0, 1}, make([]float64, 4), 1e-3, 120, 120},
	} {
		eachMethod(t, func(t *testing.T, build func(Objective, []float64) Method) {
			m := build(c.f, c.x0)
			most := c.newton
			switch m.(type) {
			case *Adam:
				t.Skip("does not converge this far")
			case *LBFGS:
				most = c.limited
			}
			status := minimise(t, m, 1e-10, most)
			assert.LessOrEqual(t, status.GradNorm, 1e-10, c.name)
			assert.InDeltaSlice(t, c.want, m.X(), c.within, c.name)
			assert.Zero(t, status.Restarts)
			assert.LessOrEqual(t, float64(status.Evaluations), 1.5*float64(status.Iterations), "evaluations an iteration")

			g := make([]float64, len(c.x0))
			assert.Equal(t, c.f(m.X(), g), status.F)
			assert.Equal(t, floats.Norm(g, 2), status.GradNorm)
		})
	}
}

func TestIllConditionedQuadratic(t *testing.T) {
	const n = 50
	for _, kind := range []string{"ssbroyden", "ssbfgs"} {
		m, err := NewSSBroyden(quadratic(1e6), make([]float64, n), SSBroydenSettings{Update: kind})
		require.NoError(t, err)
		status := minimise(t, m, 1e-9, 6*n)
		assert.LessOrEqual(t, status.GradNorm, 1e-9, kind)
		for i, x := range m.X() {
			assert.InEpsilon(t, math.Pow(1e6, -float64(i)/(n-1)), x, 1e-8)
		}
	}
}

// The last steps gain digits at a growing rate.
func TestSuperlinearConvergence(t *testing.T) {
	for _, kind := range []string{"ssbroyden", "ssbfgs", "bfgs"} {
		m, err := NewSSBroyden(objective(rosenbrock), []float64{-1.2, 1}, SSBroydenSettings{Update: kind})
		require.NoError(t, err)
		var distance []float64
		for range 200 {
			advance(t, m, 1)
			d := math.Hypot(m.X()[0]-1, m.X()[1]-1)
			distance = append(distance, d)
			if d < 1e-11 {
				break
			}
		}
		last := len(distance) - 1
		require.Less(t, distance[last], 1e-11, kind)
		assert.Less(t, distance[last]/distance[last-3], 1e-4, "%s: %v", kind, distance[max(0, last-6):])
	}
}

// log f has the same minimisers, negative values and no lower bound.
func TestLogarithmOfALoss(t *testing.T) {
	for _, name := range []string{"ssbroyden", "ssbfgs", "bfgs", "lbfgs"} {
		m, err := builders[name](logarithm(rosenbrock), rosenbrockStart(20))
		require.NoError(t, err)
		var status Status
		for range 1000 {
			status = advance(t, m, 1)
			if status.F < -50 || status.Stalled {
				break
			}
		}
		assert.Less(t, status.F, -50.0, name)
	}
}

// Where f is 1 + rounding noise, the slope still leads on: comparing values, x
// would be had to half the digits.
func TestConvergenceBelowTheNoise(t *testing.T) {
	f := objective(func(x, g []float64) float64 { return 1 + quadratic(1e3)(x, g) })
	for _, name := range []string{"ssbroyden", "ssbfgs", "bfgs"} {
		m, err := builders[name](f, make([]float64, 10))
		require.NoError(t, err)
		status := minimise(t, m, 1e-12, 400)
		assert.LessOrEqual(t, status.GradNorm, 1e-12, name)
		assert.Zero(t, status.Restarts, name)
	}
}

// A method says so when nothing more is to be gained.
func TestStalled(t *testing.T) {
	zeroAtOnce := objective(func(x, g []float64) float64 { clear(g); return 3 })
	eachMethod(t, func(t *testing.T, build func(Objective, []float64) Method) {
		m := build(zeroAtOnce, []float64{1, 2})
		status := advance(t, m, 1)
		assert.True(t, status.Stalled)
		assert.Equal(t, []float64{1, 2}, m.X())
		assert.Equal(t, 3.0, status.F)
	})

	// A gradient that points uphill: no direction leads down.
	wrong := objective(func(x, g []float64) float64 {
		f := rosenbrock(x, g)
		floats.Scale(-1, g)
		return f
	})
	noise := objective(func(x, g []float64) float64 { return 1e3 + beale(x, g) })
	for _, name := range []string{"ssbroyden", "ssbfgs", "bfgs", "lbfgs"} {
		m, err := builders[name](wrong, []float64{3, 4})
		require.NoError(t, err)
		before := advance(t, m, 1)
		assert.True(t, before.Stalled, name)
		assert.Zero(t, before.Iterations)
		assert.Equal(t, []float64{3, 4}, m.X())

		m, err = builders[name](noise, []float64{1, 1})
		require.NoError(t, err)
		status := minimise(t, m, 0, 300)
		assert.True(t, status.Stalled, "%s: %+v", name, status)
		assert.InDeltaSlice(t, []float64{3, 0.5}, m.X(), 1e-6)
	}
}

// Curvature learnt wrongly is dropped and the descent goes on.
func TestRestart(t *testing.T) {
	for _, name := range []string{"ssbroyden", "bfgs", "lbfgs"} {
		m, err := builders[name](objective(rosenbrock), rosenbrockStart(6))
		require.NoError(t, err)
		advance(t, m, 10)
		var q *quasiNewton
		switch m := m.(type) {
		case *SSBroyden:
			q = &m.quasiNewton
		case *LBFGS:
			q = &m.quasiNewton
		}
		// A direction that is downhill by less than rounding: the search along
		// it fails, the one along -g does not.
		copy(q.d, q.g)
		q.d[0] = -(floats.Dot(q.g, q.g) - q.g[0]*q.g[0]) / q.g[0] * (1 + 1e-13)
		before := q.f
		status := advance(t, m, 1)
		assert.Equal(t, 1, status.Restarts, name)
		assert.Less(t, status.F, before)
		status = minimise(t, m, 1e-9, 150)
		assert.LessOrEqual(t, status.GradNorm, 1e-9, name)
	}
}

func TestResumeIsExact(t *testing.T) {
	for _, n := range []int{2, 20, 150} {
		for _, changed := range []int{-1, 17, 25} { // the objective changes before this step
			eachMethod(t, func(t *testing.T, build func(Objective, []float64) Method) {
				weight := 1.0
				f := objective(func(x, g []float64) float64 {
					v := rosenbrock(x, g)
					floats.Scale(weight, g)
					return weight * v
				})
				run := func(m Method, from, to int) (status Status) {
					for k := from; k < to; k++ {
						if k == changed {
							weight = 3
							m.ObjectiveChanged()
						}
						status = advance(t, m, 1)
					}
					return status
				}
				whole := build(f, rosenbrockStart(n))
				want := run(whole, 0, 40)

				weight = 1
				first := build(f, rosenbrockStart(n))
				run(first, 0, 17)
				second := build(f, make([]float64, n))
				require.NoError(t, second.UnmarshalBinary(state(t, first)))
				got := run(second, 17, 40)

				assert.Equal(t, want, got)
				assert.Equal(t, state(t, whole), state(t, second))
			})
		}
	}
}

func TestObjectiveChanged(t *testing.T) {
	eachMethod(t, func(t *testing.T, build func(Objective, []float64) Method) {
		shift := 0.0
		m := build(objective(func(x, g []float64) float64 { return shift + rosenbrock(x, g) }), rosenbrockStart(4))
		before := advance(t, m, 10)
		shift = 1e6
		m.ObjectiveChanged()
		after := advance(t, m, 1)
		assert.Greater(t, after.F, 9e5)
		assert.GreaterOrEqual(t, after.Evaluations, before.Evaluations+2)
		assert.Zero(t, after.Restarts, "curvature stays")
		assert.False(t, after.Stalled)
	})
}

// cancelling ends its context, or returns its error, at a given evaluation.
type cancelling struct {
	objective
	left   int
	cancel context.CancelFunc
	err    error
}

func (c *cancelling) Gradient(ctx context.Context, x, g []float64) (float64, error) {
	c.left--
	if c.left == 0 {
		if c.err != nil {
			g[0] = math.NaN() // a failed evaluation leaves anything
			return 0, c.err
		}
		c.cancel()
		return 0, ctx.Err()
	}
	return c.objective.Gradient(ctx, x, g)
}

// A step that is cancelled, or fails, in any of its evaluations leaves the state
// as it was, and the run goes on as if nothing had happened.
func TestFailedStepLeavesTheState(t *testing.T) {
	broken := errors.New("broken")
	for _, failure := range []error{nil, broken} {
		eachMethod(t, func(t *testing.T, build func(Objective, []float64) Method) {
			plain := build(objective(rosenbrock), rosenbrockStart(10))
			c := &cancelling{objective: rosenbrock, err: failure}
			m := build(c, rosenbrockStart(10))
			failures := 0
			for k := range 40 {
				if k == 23 {
					plain.ObjectiveChanged()
					m.ObjectiveChanged()
				}
				for evaluation := 1; ; evaluation++ {
					ctx, cancel := context.WithCancel(context.Background())
					c.left, c.cancel = evaluation, cancel
					x, before := append([]float64(nil), m.X()...), state(t, m)
					_, err := m.Step(ctx)
					cancel()
					if err == nil {
						break
					}
					failures++
					if failure == nil {
						require.ErrorIs(t, err, context.Canceled)
					} else {
						require.Equal(t, failure, err)
					}
					require.Equal(t, x, m.X())
					if k > 0 && k != 23 { // else the evaluation at x may have been taken over
						require.Equal(t, before, state(t, m))
					}
				}
				advance(t, plain, 1)
				require.Equal(t, plain.X(), m.X())
			}
			require.GreaterOrEqual(t, failures, 40)
			require.Equal(t, state(t, plain), state(t, m))

			cancelled, cancel := context.WithCancel(context.Background())
			cancel()
			_, err := m.Step(cancelled)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

func TestNotFiniteAtTheStart(t *testing.T) {
	for _, bad := range []struct{ f, g float64 }{{math.NaN(), 1}, {math.Inf(1), 1}, {math.Inf(-1), 1}, {1, math.NaN()}, {1, math.Inf(1)}} {
		eachMethod(t, func(t *testing.T, build func(Objective, []float64) Method) {
			m := build(objective(func(x, g []float64) float64 { g[0], g[1] = 0, bad.g; return bad.f }), []float64{1, 2})
			_, err := m.Step(context.Background())
			assert.ErrorIs(t, err, ErrNotFinite)
			assert.ErrorContains(t, err, "at the current point")
			assert.Equal(t, []float64{1, 2}, m.X())
		})
	}
}

// A wall of undefined values beside the path does not stop a line search.
func TestWall(t *testing.T) {
	f := objective(func(x, g []float64) float64 {
		v := rosenbrock(x, g)
		if x[1] > x[0]*x[0]+3 || x[0] > 1.05 {
			return math.NaN()
		}
		return v
	})
	for _, name := range []string{"ssbroyden", "ssbfgs", "bfgs", "lbfgs"} {
		m, err := builders[name](f, []float64{-1.2, 1})
		require.NoError(t, err)
		status := minimise(t, m, 1e-9, 200)
		assert.LessOrEqual(t, status.GradNorm, 1e-9, name)
	}
}

func TestBitsDoNotDependOnThreads(t *testing.T) {
	run := func(threads int) []float64 {
		m, err := NewSSBroyden(objective(rosenbrock), rosenbrockStart(260), SSBroydenSettings{Threads: threads})
		require.NoError(t, err)
		advance(t, m, 30)
		return m.X()
	}
	want := run(1)
	for _, threads := range []int{1, 2, 2, 3} {
		assert.Equal(t, want, run(threads))
	}
}

func TestStepDoesNotAllocate(t *testing.T) {
	for _, n := range []int{4, 300} {
		eachMethod(t, func(t *testing.T, build func(Objective, []float64) Method) {
			var f Objective = objective(rosenbrock)
			m := build(f, rosenbrockStart(n))
			ctx := context.Background()
			advance(t, m, 3)
			allocations := testing.AllocsPerRun(20, func() {
				if _, err := m.Step(ctx); err != nil {
					panic(err)
				}
			})
			assert.Zero(t, allocations, "n = %d", n)
		})
	}
}

func TestProblemIsChecked(t *testing.T) {
	for name, build := range builders {
		for want, c := range map[string]struct {
			f  Objective
			x0 []float64
		}{
			"objective is nil":  {nil, []float64{1}},
			"no coordinates":    {objective(rosenbrock), nil},
			"x0[1] = NaN":       {objective(rosenbrock), []float64{1, math.NaN()}},
			"x0[0] = +Inf, wan": {objective(rosenbrock), []float64{math.Inf(1), 0}},
		} {
			_, err := build(c.f, c.x0)
			assert.ErrorIs(t, err, ErrSettings, name)
			assert.ErrorContains(t, err, want)
		}
	}
}
