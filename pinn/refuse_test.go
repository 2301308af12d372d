package pinn

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

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
		{"nothing", "domain: a problem needs", func(p *Problem, s *Settings) { *p, *s = Problem{}, Settings{} }},
		{"a billion threads", "threads 1000000000: must be from 1 to 1024", func(p *Problem, s *Settings) { s.Threads = 1e9 }},
		{"negative threads", "threads -1", func(p *Problem, s *Settings) { s.Threads = -1 }},
		{"interior beyond memory", "points: a training would take about", func(p *Problem, s *Settings) { s.Points.Interior = 1e18 }},
		{"interior at the limit of integers", "points: a training would take about", func(p *Problem, s *Settings) {
			s.Points.Interior, s.Points.Resample.Every = math.MaxInt, 1
		}},
		{"boundary beyond memory", "points: a training would take about", func(p *Problem, s *Settings) { s.Points.Boundary = 1e18 }},
		{"condition beyond memory", "points: a training would take about", func(p *Problem, s *Settings) { p.Conditions[0].Points = 1e18 }},
		{"quadrature beyond memory", "points: a training would take about", func(p *Problem, s *Settings) {
			p.Conditions[0] = Condition{Text: "integral(u, x) = 1", Points: 1e18}
		}},
		{"candidates beyond memory", "points: a training would take about", func(p *Problem, s *Settings) {
			s.Points.Resample = Resample{Every: 1, Candidates: 1e18}
		}},
		{"widths beyond memory", "a training would take about", func(p *Problem, s *Settings) { s.Network.Hidden = []int{16384, 16384, 16384} }},
		{"width", "network.hidden: layer width 1000000", func(p *Problem, s *Settings) { s.Network.Hidden = []int{1e6} }},
		{"dense with too many weights", "train[0]: ssbroyden stores the square", func(p *Problem, s *Settings) {
			s.Network.Hidden = []int{200, 200}
			s.Train = []Stage{{Optimizer: "ssbroyden", Iterations: 1}}
		}},
		{"interior", "points.interior: -1 points", func(p *Problem, s *Settings) { s.Points.Interior = -1 }},
		{"boundary", "points.boundary: -1 points", func(p *Problem, s *Settings) { s.Points.Boundary = -1 }},
		{"every", "points.resample: every -1", func(p *Problem, s *Settings) { s.Points.Resample.Every = -1 }},
		{"k", "points.resample: k = NaN", func(p *Problem, s *Settings) { s.Points.Resample = Resample{Every: 1, K: math.NaN()} }},
		{"c", "points.resample: k = 1, c = -1", func(p *Problem, s *Settings) { s.Points.Resample = Resample{Every: 1, C: -1} }},
		{"fewer candidates than the grid", "points.resample: 250 candidates for 256", func(p *Problem, s *Settings) {
			s.Points = Points{Interior: 250, Strategy: "grid", Resample: Resample{Every: 1, Candidates: 250}}
		}},
		{"data and text", "conditions[0]: a condition is either a text or data", func(p *Problem, s *Settings) { p.Conditions[0].Data = &Table{} }},
		{"data without points", "conditions[0]: data: 0 coordinates for 2 variables", func(p *Problem, s *Settings) { p.Conditions[0] = Condition{Data: &Table{}} }},
		{"data with half a point", "conditions[0]: data: 3 coordinates for 2 variables", func(p *Problem, s *Settings) {
			p.Conditions[0] = Condition{Data: &Table{[]float64{0, 0, 0}, map[string][]float64{"u": {1}}}}
		}},
		{"data of other length", "conditions[0]: data: 2 values of u at 1 points", func(p *Problem, s *Settings) {
			p.Conditions[0] = Condition{Data: &Table{[]float64{0, 0}, map[string][]float64{"u": {1, 2}}}}
		}},
		{"data of no field", `conditions[0]: data: "w" is not a field`, func(p *Problem, s *Settings) {
			p.Conditions[0] = Condition{Data: &Table{[]float64{0, 0}, map[string][]float64{"w": {1}}}}
		}},
		{"points of data", "conditions[0]: data come with their points", func(p *Problem, s *Settings) {
			p.Conditions[0] = Condition{Data: &Table{[]float64{0, 0}, map[string][]float64{"u": {1}}}, Points: 3}
		}},
		{"points of a periodic condition", "conditions[0]: a periodic condition holds exactly", func(p *Problem, s *Settings) {
			p.Conditions[0] = Condition{Text: "periodic in x", Points: 3}
		}},
		{"weight of a periodic condition", "conditions[0]: a periodic condition holds exactly", func(p *Problem, s *Settings) {
			p.Conditions[0] = Condition{Text: "periodic in x", Weight: 3}
		}},
		{"negative points", "conditions[0]: points -3", func(p *Problem, s *Settings) { p.Conditions[0].Points = -3 }},
		{"weight not a number", "equations[0]: weight NaN", func(p *Problem, s *Settings) { p.Equations = []Equation{{"u_t = u_xx", math.NaN()}} }},
		{"scale and ansatz", "network.scale: u has an ansatz", func(p *Problem, s *Settings) {
			p.Ansatz, s.Network.Scale = map[string]string{"u": "N"}, map[string]float64{"u": 2}
		}},
		{"scale of no field", `network.scale: "v" is not a field`, func(p *Problem, s *Settings) { s.Network.Scale = map[string]float64{"v": 2} }},
		{"integral in an ansatz", "ansatz.u: column 1: an integral stands only in a condition", func(p *Problem, s *Settings) {
			p.Ansatz = map[string]string{"u": "integral(N, x)"}
		}},
		{"integrals over two variables", "conditions[0]: integrals over x and t in one condition: split it", func(p *Problem, s *Settings) {
			p.Conditions[0].Text = "integral(u, x) + integral(u, t) = 1"
		}},
		{"parameter", "parameters.k: starting value +Inf", func(p *Problem, s *Settings) { p.Parameters = map[string]float64{"k": math.Inf(1)} }},
		{"interval", "domain.x: ", func(p *Problem, s *Settings) { p.Domain = []Interval{{"t", 0, 1}, {"x", 1, 0}} }},
		{"condition not finite", "conditions[0]: not finite at t = 0, x = 0", func(p *Problem, s *Settings) { p.Conditions[0].Text = "u = 1/x at t=0, x=0" }},
		{"equation not finite", "equations[0]: not finite at t = 0.5, x = 0.5", func(p *Problem, s *Settings) {
			p.Equations = []Equation{{Text: "u_t = u_xx/(x - 0.5)"}}
			s.Points = Points{Interior: 1, Strategy: "sobol"}
		}},
		{"integral not finite", "conditions[0]: not finite", func(p *Problem, s *Settings) { p.Conditions[0].Text = "integral(u, x) = log(t - 2)" }},
		{"rate of lbfgs", "train[1]: lbfgs: rate and schedule belong to adam", func(p *Problem, s *Settings) {
			s.Train = []Stage{{Optimizer: "adam", Iterations: 1}, {Optimizer: "lbfgs", Iterations: 1, Rate: 1}}
		}},
		{"memory of adam", "train[0]: adam: memory belongs to lbfgs", func(p *Problem, s *Settings) {
			s.Train = []Stage{{Optimizer: "adam", Iterations: 1, Memory: 5}}
		}},
		{"tolerance", "train[0]: adam: tolerance -1", func(p *Problem, s *Settings) {
			s.Train = []Stage{{Optimizer: "adam", Iterations: 1, Tolerance: -1}}
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

// TestManyPointsAreTaken: only what does not fit into memory is refused.
func TestManyPointsAreTaken(t *testing.T) {
	for _, c := range []Condition{{Text: "u = 0 at x=0", Points: 100000}, {Text: "integral(u, x) = 1", Points: 1000}} {
		p := testProblems["heat"].problem()
		p.Conditions = []Condition{c}
		trainer, err := New(p, small())
		require.NoError(t, err, c.Text)
		require.Less(t, trainer.Info().Bytes, int64(100<<20))
	}
}

func TestEvaluateRefuses(t *testing.T) {
	trainer, err := New(testProblems["heat"].problem(), small())
	require.NoError(t, err)
	for _, c := range []struct {
		expression string
		points     []float64
		want       string
	}{
		{"", []float64{0, 0}, "column 1"},
		{"v", []float64{0, 0}, `unknown name "v"`},
		{"u_y", []float64{0, 0}, "y is not a variable"},
		{"integral(u, x)", []float64{0, 0}, "integral"},
		{"D(u, x, 99)", []float64{0, 0}, "order"},
		{"u", []float64{0, 0, 0}, "3 coordinates: not a multiple of the 2 variables"},
		{"u", []float64{0, 0, 0, math.NaN()}, "point 1: x is not finite"},
		{"u", []float64{math.Inf(-1), 0}, "point 0: t is not finite"},
	} {
		_, err := trainer.Solution().Evaluate(c.expression, c.points)
		require.ErrorContains(t, err, c.want, c.expression)
	}
	require.Empty(t, evaluate(t, trainer.Solution(), "u"), "no points, no values")
	require.Len(t, evaluate(t, trainer.Solution(), "x", 0.1, 0.2), 1, "no field, no network")
}

// TestProblemMayChangeAfterNew: the Trainer has copies of all it was given.
func TestProblemMayChangeAfterNew(t *testing.T) {
	given := func() (*Problem, Settings) {
		p := everyTerm()
		p.Constants, p.Let = map[string]float64{"a": 2}, []Let{{"s", "a*x"}}
		p.Ansatz = map[string]string{"v": "s + N"}
		s := small(Stage{Optimizer: "adam", Iterations: 3})
		s.Network.Scale = map[string]float64{"u": 3}
		s.Points.Resample = Resample{Every: 2, Candidates: 300}
		return p, s
	}
	outcome := func(change func(p *Problem, s *Settings)) (Info, *Report, []byte) {
		p, s := given()
		trainer, err := New(p, s)
		require.NoError(t, err)
		change(p, &s)
		info := trainer.Info()
		report, err := trainer.Run(t.Context())
		require.NoError(t, err)
		report.Seconds, trainer.state.Seconds = 0, 0
		path := filepath.Join(t.TempDir(), "solution.json")
		require.NoError(t, trainer.Solution().Save(path))
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		return info, report, file
	}
	info, report, file := outcome(func(*Problem, *Settings) {})
	changedInfo, changedReport, changedFile := outcome(func(p *Problem, s *Settings) {
		p.Domain[1] = Interval{"y", 5, 6}
		p.Fields[0] = "w"
		p.Constants["a"], p.Parameters["c"] = 7, 7
		p.Let[0].Text, p.Ansatz["v"] = "x", "N"
		p.Equations[0], p.Equations[1].Weight = Equation{}, 100
		for i := range p.Conditions {
			if data := p.Conditions[i].Data; data != nil {
				data.Points[0], data.Values["u"][0] = math.NaN(), math.NaN()
				delete(data.Values, "v")
			}
			p.Conditions[i] = Condition{Text: "u = ("}
		}
		s.Network.Hidden[0], s.Network.Scale["u"] = 1, 100
		s.Train[0] = Stage{}
	})
	require.Equal(t, info, changedInfo)
	require.Equal(t, report, changedReport)
	require.Equal(t, string(file), string(changedFile))
}
