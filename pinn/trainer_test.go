package pinn

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// small is a training of a second or less.
func small(stages ...Stage) Settings {
	return Settings{
		Network: Network{Hidden: []int{10, 10}},
		Points:  Points{Interior: 256, Boundary: 32},
		Train:   stages,
		Seed:    3,
		Threads: 2,
	}
}

func TestTrainingReachesTheExactSolution(t *testing.T) {
	for _, name := range []string{"heat", "poisson"} {
		t.Run(name, func(t *testing.T) {
			p := testProblems[name]
			s := small(Stage{Optimizer: "adam", Iterations: 100, Rate: 5e-3}, Stage{Optimizer: "ssbroyden", Iterations: 450})
			trainer, err := New(p.problem(), s)
			require.NoError(t, err)
			report, err := trainer.Run(t.Context())
			require.NoError(t, err)
			require.Len(t, report.Stages, 2)
			require.Equal(t, "iterations", report.Stages[1].Stopped)
			ref, err := ExactReference(p.problem(), p.exact, nil)
			require.NoError(t, err)
			errs, err := trainer.Solution().Errors(ref)
			require.NoError(t, err)
			require.Less(t, errs["u"].RelativeL2, 1e-3)
		})
	}
}

// TestInverseProblem finds a conductivity from values of the solution.
func TestInverseProblem(t *testing.T) {
	p := testProblems["heat"].problem()
	p.Parameters = map[string]float64{"k": 0.5}
	p.Equations = []Equation{{Text: "u_t = k*u_xx"}}
	data := &Table{Values: map[string][]float64{}}
	for i := range 40 {
		time, x := float64(i%8)/7, (float64(i/8)+0.5)/5
		data.Points = append(data.Points, time, x)
		data.Values["u"] = append(data.Values["u"], math.Exp(-0.1*math.Pi*math.Pi*time)*math.Sin(math.Pi*x))
	}
	p.Conditions = []Condition{{Data: data}, {Text: "u = 0 at x=0"}, {Text: "u = 0 at x=1"}}
	trainer, err := New(p, small(Stage{Optimizer: "adam", Iterations: 200, Rate: 5e-3}, Stage{Optimizer: "ssbroyden", Iterations: 500}))
	require.NoError(t, err)
	report, err := trainer.Run(t.Context())
	require.NoError(t, err)
	require.InDelta(t, 0.1, report.Parameters["k"], 1e-4)
	require.Equal(t, report.Parameters, trainer.Solution().Parameters())
}

// TestDivergence drives an exponential out of range: the error says where, and
// the last good state stays.
func TestDivergence(t *testing.T) {
	p := testProblems["heat"].problem()
	p.Equations = []Equation{{Text: "u_t = exp(exp(u))*u_xx"}}
	trainer, err := New(p, small(Stage{Optimizer: "adam", Iterations: 100, Rate: 10}))
	require.NoError(t, err)
	report, err := trainer.Run(t.Context())
	require.ErrorIs(t, err, ErrDiverged)
	var diverged *DivergedError
	require.True(t, errors.As(err, &diverged))
	require.Equal(t, "u_t = exp(exp(u))*u_xx", diverged.Term)
	require.Equal(t, diverged.Iteration, report.Stages[0].Iterations+1)
	require.Equal(t, "failed", report.Stages[0].Stopped)
	values, err := trainer.Solution().Evaluate("u", []float64{0.5, 0.5})
	require.NoError(t, err)
	require.True(t, finite(values[0]))
}

// TestProgressTellsWhereTheTrainingStands: in every iteration of every
// optimiser, loss and terms are those of the current point on the current
// points, whichever trial of the line search that was.
func TestProgressTellsWhereTheTrainingStands(t *testing.T) {
	s := resumable()
	s.Network.Hidden = []int{10, 10}
	var trainer *Trainer
	calls, total := 0, 0
	s.Progress = func(now Progress) {
		calls++
		terms := make([]float64, len(trainer.loss.terms))
		loss, err := trainer.loss.gradient(t.Context(), trainer.method.X(), make([]float64, trainer.m.weights()), terms)
		require.NoError(t, err)
		require.InEpsilon(t, loss, now.Loss, 1e-13)
		for j, v := range terms {
			require.InDelta(t, v, now.Terms[j], 1e-13*loss)
			loss -= now.Terms[j]
		}
		require.InDelta(t, 0, loss, 1e-13*now.Loss, "the terms sum to the loss")
		require.Equal(t, calls, now.Total)
		require.Equal(t, 38, now.TotalMost)
		require.Greater(t, now.Evaluations, total)
		total = now.Evaluations
	}
	trainer, err := New(testProblems["heat"].problem(), s)
	require.NoError(t, err)
	report, err := trainer.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 38, calls)
	evaluations := 0
	for _, stage := range report.Stages {
		evaluations += stage.Evaluations
	}
	require.Equal(t, total, evaluations)
	require.Greater(t, evaluations, calls+8, "some line searches made more than one trial")

	// and the report tells of the solution
	terms := make([]float64, len(trainer.loss.terms))
	loss, err := trainer.loss.gradient(t.Context(), trainer.Solution().theta, make([]float64, trainer.m.weights()), terms)
	require.NoError(t, err)
	require.InEpsilon(t, loss, report.Loss, 1e-13)
	for j, name := range trainer.Terms() {
		require.InDelta(t, terms[j], report.Terms[name], 1e-13*loss)
	}
}

// TestStageStartsWhereTheLastEnded, not at the best point so far.
func TestStageStartsWhereTheLastEnded(t *testing.T) {
	s := small(Stage{Optimizer: "adam", Iterations: 12, Rate: 0.3}, Stage{Optimizer: "lbfgs", Iterations: 3})
	var trainer *Trainer
	var ended []float64
	s.Progress = func(now Progress) {
		switch {
		case now.Stage == 0 && now.Iteration == 12:
			ended = slices.Clone(trainer.method.X())
			require.NotEqual(t, ended, trainer.state.Best, "the last point is not the best")
		case now.Stage == 1 && now.Iteration == 1:
			require.Equal(t, ended, trainer.state.Theta)
			require.NotEqual(t, ended, trainer.method.X())
		}
	}
	trainer, err := New(testProblems["heat"].problem(), s)
	require.NoError(t, err)
	report, err := trainer.Run(t.Context())
	require.NoError(t, err)
	require.NotNil(t, ended)
	require.Equal(t, []int{12, 3}, []int{report.Stages[0].Iterations, report.Stages[1].Iterations})
}

// TestCancelWithinAnEvaluation: a gradient, and an evaluation of residuals,
// ends at the next block of points; Run returns at once.
func TestCancelWithinAnEvaluation(t *testing.T) {
	s := small(Stage{Optimizer: "lbfgs", Iterations: 1000})
	s.Points.Interior, s.Threads = 1000, 1
	trainer, err := New(testProblems["heat"].problem(), s)
	require.NoError(t, err)
	grad, terms := make([]float64, trainer.m.weights()), make([]float64, len(trainer.loss.terms))
	blocks := trainer.interior.blocks()
	require.Greater(t, blocks, 5)
	for k := 1; k <= blocks; k++ {
		ctx := cancelAt(t.Context(), k)
		_, err := trainer.loss.gradient(ctx, trainer.state.Theta, grad, terms)
		require.ErrorIs(t, err, context.Canceled)
		require.LessOrEqual(t, ctx.calls.Load(), int64(k+1), "no block after that")
		ctx = cancelAt(t.Context(), k)
		_, err = trainer.m.evaluate(ctx, trainer.interior, trainer.state.Theta, trainer.interior.points, 1)
		require.ErrorIs(t, err, context.Canceled)
		require.LessOrEqual(t, ctx.calls.Load(), int64(k+1), "no block after that")
	}
	for k := 1; k < 200; k += 7 {
		ctx := cancelAt(t.Context(), k)
		_, err := trainer.Run(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.LessOrEqual(t, ctx.calls.Load(), int64(k+5))
	}
}

// TestMemoryIsFlat: a training keeps nothing per iteration.
func TestMemoryIsFlat(t *testing.T) {
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for _, optimizer := range []string{"adam", "lbfgs", "ssbroyden"} {
		s := small(Stage{Optimizer: optimizer, Iterations: 500})
		s.Network.Hidden = []int{6}
		s.Points = Points{Interior: 128, Boundary: 8, Resample: Resample{Every: 2, Candidates: 128}}
		var early, late int64
		s.Progress = func(now Progress) {
			switch now.Iteration {
			case 50:
				early = heap()
			case 500:
				late = heap()
			}
		}
		trainer, err := New(testProblems["heat"].problem(), s)
		require.NoError(t, err)
		_, err = trainer.Run(t.Context())
		require.NoError(t, err)
		require.NotZero(t, late, optimizer)
		require.Less(t, late-early, int64(64<<10), optimizer) // 225 draws are 460 kB
	}
}

// TestSingularAtTheEdge: equations hold in the open box, so 1/r at r = 0 does
// no harm, with the default points.
func TestSingularAtTheEdge(t *testing.T) {
	p := &Problem{
		Domain: []Interval{{"r", 0, 1}}, Fields: []string{"u"},
		Equations:  []Equation{{Text: "u_rr + u_r/r = -4"}},
		Conditions: []Condition{{Text: "u = 0 at r=1"}},
	}
	trainer, err := New(p, Settings{
		Network: Network{Hidden: []int{8}},
		Train:   []Stage{{Optimizer: "ssbroyden", Iterations: 150}},
	})
	require.NoError(t, err)
	require.Equal(t, []int{4096, 1}, trainer.Info().Points)
	_, err = trainer.Run(t.Context())
	require.NoError(t, err)
	ref, err := ExactReference(p, map[string]string{"u": "1 - r^2"}, nil)
	require.NoError(t, err)
	errs, err := trainer.Solution().Errors(ref)
	require.NoError(t, err)
	require.Less(t, errs["u"].MaxAbs, 1e-3)
}
