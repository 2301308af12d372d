package pinn

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"
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
			s := small(Stage{Optimizer: "adam", Iterations: 200, Rate: 5e-3}, Stage{Optimizer: "ssbroyden", Iterations: 600})
			s.Points.Interior = 512
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

// resumable runs every optimiser and draws points anew in between.
func resumable() Settings {
	s := small(
		Stage{Optimizer: "adam", Iterations: 20, Rate: 1e-2, Schedule: Schedule{Kind: "exponential"}},
		Stage{Optimizer: "lbfgs", Iterations: 20},
		Stage{Optimizer: "ssbroyden", Iterations: 25},
		Stage{Optimizer: "bfgs", Iterations: 10, Objective: "sqrt"},
	)
	s.Points.Resample = Resample{Every: 15, Candidates: 1000}
	return s
}

// TestResume interrupts a training after every few iterations, continues from
// the checkpoint in a fresh Trainer, and wants the bits of an uninterrupted
// one.
func TestResume(t *testing.T) {
	p := testProblems["heat"].problem()
	var losses []float64
	s := resumable()
	s.Progress = func(now Progress) { losses = append(losses, now.Loss) }
	straight, err := New(p, s)
	require.NoError(t, err)
	want, err := straight.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, losses, 75)

	var state []byte
	var again []float64
	for k := 7; ; k += 7 {
		ctx, cancel := context.WithCancel(t.Context())
		s.Progress = func(now Progress) {
			again = append(again, now.Loss)
			if now.Total == k {
				cancel()
			}
		}
		trainer, err := New(p, s)
		require.NoError(t, err)
		if state != nil {
			require.NoError(t, trainer.UnmarshalBinary(state))
		}
		got, err := trainer.Run(ctx)
		cancel()
		if err == nil {
			require.Equal(t, losses, again)
			want.Seconds, got.Seconds = 0, 0
			require.Equal(t, want, got)
			require.Equal(t, straight.Solution().theta, trainer.Solution().theta)
			return
		}
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, "interrupted", got.Stages[len(got.Stages)-1].Stopped)
		state, err = trainer.MarshalBinary()
		require.NoError(t, err)
	}
}

// TestResumeAtTheEndOfAStage: a checkpoint taken by Progress in the iteration
// that reaches the tolerance must not lead to one iteration more.
func TestResumeAtTheEndOfAStage(t *testing.T) {
	p := testProblems["heat"].problem()
	s := small(Stage{Optimizer: "adam", Iterations: 1000, Rate: 1e-2, Tolerance: 0.1})
	var trainer *Trainer
	var state []byte
	s.Progress = func(now Progress) {
		var err error
		state, err = trainer.MarshalBinary()
		require.NoError(t, err)
	}
	trainer, err := New(p, s)
	require.NoError(t, err)
	want, err := trainer.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, "tolerance", want.Stages[0].Stopped)
	again, err := New(p, s)
	require.NoError(t, err)
	require.NoError(t, again.UnmarshalBinary(state))
	got, err := again.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestCheckpointRefusesWhatDoesNotFit(t *testing.T) {
	p := testProblems["heat"].problem()
	one, err := New(p, resumable())
	require.NoError(t, err)
	state, err := one.MarshalBinary()
	require.NoError(t, err)
	s := resumable()
	s.Seed++
	other, err := New(p, s)
	require.NoError(t, err)
	require.ErrorIs(t, other.UnmarshalBinary(state), ErrCheckpoint)
	require.ErrorIs(t, other.UnmarshalBinary(state[:len(state)/2]), ErrCheckpoint)
	require.ErrorIs(t, other.UnmarshalBinary(nil), ErrCheckpoint)
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

func TestSaveAndLoad(t *testing.T) {
	for name, p := range lossProblems() {
		t.Run(name, func(t *testing.T) {
			trainer, err := New(p.problem, p.settings)
			require.NoError(t, err)
			solution := trainer.Solution()
			path := filepath.Join(t.TempDir(), "solution.json")
			require.NoError(t, solution.Save(path))
			loaded, err := Load(path)
			require.NoError(t, err)
			points := make([]float64, 3*len(solution.Domain()))
			for i := range points {
				points[i] = 0.1 * float64(i)
			}
			field := solution.Fields()[0]
			expression := field + " + 2*D(" + field + ", x, 2)"
			want, err := solution.Evaluate(expression, points)
			require.NoError(t, err)
			got, err := loaded.Evaluate(expression, points)
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.Equal(t, solution.Parameters(), loaded.Parameters())
		})
	}
}

// TestEvaluateDerivatives checks an expression of derivatives against
// differences of the field.
func TestEvaluateDerivatives(t *testing.T) {
	trainer, err := New(testProblems["poisson"].problem(), small())
	require.NoError(t, err)
	s := trainer.Solution()
	x, y, h := 0.3, 0.6, 1e-3
	at := func(x, y float64) float64 {
		v, err := s.Evaluate("u", []float64{x, y})
		require.NoError(t, err)
		return v[0]
	}
	got, err := s.Evaluate("u_xy + x", []float64{x, y})
	require.NoError(t, err)
	want := (at(x+h, y+h) - at(x+h, y-h) - at(x-h, y+h) + at(x-h, y-h)) / (4 * h * h)
	require.InDelta(t, want+x, got[0], 1e-5)
}

func TestBadProblems(t *testing.T) {
	base := func() *Problem { return testProblems["heat"].problem() }
	for _, c := range []struct {
		name, want string
		change     func(*Problem, *Settings)
	}{
		{"no domain", "domain: a problem needs at least one variable", func(p *Problem, s *Settings) { p.Domain = nil }},
		{"no fields", "fields: a problem needs at least one unknown function", func(p *Problem, s *Settings) { p.Fields = nil }},
		{"too few equations", "equations: 1 equation for 2 fields", func(p *Problem, s *Settings) { p.Fields = []string{"u", "v"} }},
		{"field without equation", `equations: no equation contains the field "v"`, func(p *Problem, s *Settings) {
			p.Fields = []string{"u", "v"}
			p.Equations = append(p.Equations, p.Equations[0])
		}},
		{"syntax", "equations[0]: column 8", func(p *Problem, s *Settings) { p.Equations = []Equation{{Text: "u_t = ("}} }},
		{"unknown", `equations[0]: column 7: unknown name "v"`, func(p *Problem, s *Settings) { p.Equations = []Equation{{Text: "u_t = v"}} }},
		{"off the domain", "conditions[0]: ", func(p *Problem, s *Settings) { p.Conditions[0].Text = "u = 0 at x=2" }},
		{"negative weight", "conditions[0]: weight -1", func(p *Problem, s *Settings) { p.Conditions[0].Weight = -1 }},
		{"data not finite", "conditions[3]: data: u of point 0 is not finite", func(p *Problem, s *Settings) {
			p.Conditions = append(p.Conditions, Condition{Data: &Table{[]float64{0, 0}, map[string][]float64{"u": {math.NaN()}}}})
		}},
		{"ansatz of no field", `ansatz.v: "v" is not a field`, func(p *Problem, s *Settings) { p.Ansatz = map[string]string{"v": "N"} }},
		{"ansatz without N", "ansatz.u: an ansatz must contain N", func(p *Problem, s *Settings) { p.Ansatz = map[string]string{"u": "x"} }},
		{"scale", "network.scale: scale -1 of u", func(p *Problem, s *Settings) { s.Network.Scale = map[string]float64{"u": -1} }},
		{"activation", `network.activation: unknown activation "relu": choose tanh`, func(p *Problem, s *Settings) { s.Network.Activation = "relu" }},
		{"width", "network.hidden: layer width 0", func(p *Problem, s *Settings) { s.Network.Hidden = []int{0} }},
		{"strategy", `points.strategy: unknown strategy "halton"`, func(p *Problem, s *Settings) { s.Points.Strategy = "halton" }},
		{"candidates", "points.resample: 10 candidates for 256", func(p *Problem, s *Settings) { s.Points.Resample = Resample{Every: 1, Candidates: 10} }},
		{"optimizer", `train[0]: unknown optimizer "sgd"`, func(p *Problem, s *Settings) { s.Train = []Stage{{Optimizer: "sgd", Iterations: 1}} }},
		{"iterations", "train[0]: adam: iterations 0", func(p *Problem, s *Settings) { s.Train = []Stage{{Optimizer: "adam"}} }},
		{"objective", `train[0]: unknown objective "exp"`, func(p *Problem, s *Settings) {
			s.Train = []Stage{{Optimizer: "lbfgs", Iterations: 1, Objective: "exp"}}
		}},
		{"integral mixed with its variable", "conditions[0]: a condition with integrals over x may hold", func(p *Problem, s *Settings) {
			p.Conditions[0].Text = "integral(u, x) = x"
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, s := base(), small()
			p.Conditions = append([]Condition(nil), p.Conditions...)
			c.change(p, &s)
			_, err := New(p, s)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestReadTable(t *testing.T) {
	table, err := ReadTable(strings.NewReader("u, x,t\n1,2,3\n-4e-3,5,6\n"), []string{"t", "x"}, []string{"u", "v"})
	require.NoError(t, err)
	require.Equal(t, &Table{Points: []float64{3, 2, 6, 5}, Values: map[string][]float64{"u": {1, -4e-3}}}, table)
	for text, want := range map[string]string{
		"":                        "line 1: empty",
		"t,x,u\n":                 "no rows",
		"t,x\n1,2\n":              "line 1: no column for a field (u)",
		"t,u\n1,2\n":              `line 1: no column for the variable "x"`,
		"t,x,u,w\n1,2,3,4\n":      `line 1: column "w" is neither`,
		"t,x,u,u\n1,2,3,4\n":      `line 1: column "u" stands twice`,
		"t,x,u\n1,2,3\n4,5\n":     "line 3",
		"t,x,u\n1,2,3\n4,5,NaN\n": `line 3, column "u": "NaN" is not a finite number`,
		"t,x,u\n1,y,3\n":          `line 2, column "x": "y" is not a finite number`,
		"t,x,u\n1,2,1e999\n":      `line 2, column "u"`,
	} {
		_, err := ReadTable(strings.NewReader(text), []string{"t", "x"}, []string{"u"})
		require.ErrorContains(t, err, want, text)
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add("t,x,u\n1,2,3\n")
	f.Add("u,\"t\",x\n1,2,-1e9\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := ReadTable(strings.NewReader(text), []string{"t", "x"}, []string{"u"})
		if err == nil {
			require.NoError(t, table.check([]string{"t", "x"}, []string{"u"}))
		}
	})
}
