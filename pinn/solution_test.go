package pinn

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// evaluate is Solution.Evaluate where it must succeed.
func evaluate(t *testing.T, s *Solution, expression string, points ...float64) []float64 {
	t.Helper()
	values, err := s.Evaluate(expression, points)
	require.NoError(t, err)
	return values
}

// TestEvaluateDerivatives checks an expression of derivatives against
// differences of the field.
func TestEvaluateDerivatives(t *testing.T) {
	trainer, err := New(testProblems["poisson"].problem(), small())
	require.NoError(t, err)
	x, y, h := 0.3, 0.6, 1e-3
	at := func(x, y float64) float64 { return evaluate(t, trainer.Solution(), "u", x, y)[0] }
	want := (at(x+h, y+h) - at(x+h, y-h) - at(x-h, y+h) + at(x-h, y-h)) / (4 * h * h)
	require.InDelta(t, want+x, evaluate(t, trainer.Solution(), "u_xy + x", x, y)[0], 1e-5)
}

// TestPeriodicIsExact: an untrained network and its derivatives agree at the
// ends of the period, and a period apart anywhere.
func TestPeriodicIsExact(t *testing.T) {
	for _, activation := range []string{"tanh", "sin", "swish"} {
		trainer, err := New(testProblems["periodic"].problem(), Settings{Network: Network{Hidden: []int{9, 9}, Activation: activation}, Seed: 2})
		require.NoError(t, err)
		for _, derivative := range []string{"u", "u_x", "u_xx", "u_xxx", "u_xxxx", "u_tx", "u_txx"} {
			v := evaluate(t, trainer.Solution(), derivative, 0.3, 0, 0.3, 2, 0.3, 0.7, 0.3, 2.7, 0.9, 0.7)
			scale := math.Abs(v[0]) + math.Abs(v[2])
			require.InDelta(t, v[0], v[1], 1e-12*scale, "%s of %s at the ends", derivative, activation)
			require.InDelta(t, v[2], v[3], 1e-12*scale, "%s of %s inside", derivative, activation)
			require.Greater(t, math.Abs(v[0]-v[2]), 1e-6*scale, "%s of %s is not constant in x", derivative, activation)
			require.Greater(t, math.Abs(v[4]-v[2]), 1e-6*scale, "%s of %s is not constant in t", derivative, activation)
		}
	}
}

// TestErrors compares the field u = x, v = -x with tables made by hand.
func TestErrors(t *testing.T) {
	p := &Problem{
		Domain: []Interval{{"x", 0, 4}}, Fields: []string{"u", "v"},
		Equations: []Equation{{Text: "u_x = 1"}, {Text: "v_x = -1"}},
		Ansatz:    map[string]string{"u": "x + 1e-300*N", "v": "-x + 1e-300*N"},
	}
	trainer, err := New(p, small())
	require.NoError(t, err)
	for name, c := range map[string]struct {
		values map[string][]float64
		want   map[string]FieldError
	}{
		"largest in the middle": {map[string][]float64{"u": {1, 1, 4, 3}}, map[string]FieldError{"u": {math.Sqrt(5. / 27), 2}}},
		"negative difference":   {map[string][]float64{"u": {0, 4, 2, 4}}, map[string]FieldError{"u": {math.Sqrt(10. / 36), 3}}},
		"reference zero":        {map[string][]float64{"u": {0, 0, 0, 0}}, map[string]FieldError{"u": {math.Sqrt(14), 3}}},
		"exact":                 {map[string][]float64{"u": {0, 1, 2, 3}}, map[string]FieldError{"u": {0, 0}}},
		"two fields": {
			map[string][]float64{"u": {0, 1, 2, 5}, "v": {0, -1, -2, 1}},
			map[string]FieldError{"u": {2 / math.Sqrt(30), 2}, "v": {4 / math.Sqrt(6), 4}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			ref, err := NewReference(&Table{Points: []float64{0, 1, 2, 3}, Values: c.values}, p)
			require.NoError(t, err)
			got, err := trainer.Solution().Errors(ref)
			require.NoError(t, err)
			require.Len(t, got, len(c.want))
			for field, want := range c.want {
				require.InDelta(t, want.RelativeL2, got[field].RelativeL2, 1e-15)
				require.InDelta(t, want.MaxAbs, got[field].MaxAbs, 1e-15)
			}
		})
	}
	for name, table := range map[string]Table{
		"values without points": {Points: []float64{0, 1}, Values: map[string][]float64{"u": {1, 2, 3}}},
		"points without values": {Points: []float64{0, 1, 2}, Values: map[string][]float64{"u": {1, 2}}},
		"no such field":         {Points: []float64{0}, Values: map[string][]float64{"w": {1}}},
	} {
		_, err := trainer.Solution().Errors(&Reference{Table: table})
		require.Error(t, err, name)
	}
}

// TestScale: the default scale is the largest absolute value that conditions
// give the field itself.
func TestScale(t *testing.T) {
	for name, c := range map[string]struct {
		conditions []Condition
		scale      map[string]float64
		ansatz     map[string]string
		want       map[string]float64
	}{
		"largest, not last": {
			conditions: []Condition{{Text: "u = -5 at x=-1"}, {Text: "u = 2 at x=1"}},
			want:       map[string]float64{"u": 5, "v": 1},
		},
		"largest, not first": {
			conditions: []Condition{{Text: "u = 2 at x=-1"}, {Text: "u = 5 at x=1"}},
			want:       map[string]float64{"u": 5, "v": 1},
		},
		"largest inside a condition": {
			conditions: []Condition{{Text: "u = 8*t*(1 - t) at x=-1"}},
			want:       map[string]float64{"u": 2, "v": 1},
		},
		"data": {
			conditions: []Condition{
				{Text: "u = 1 at t=0"},
				{Data: &Table{Points: []float64{0, 0, 1, 1, 1, 0}, Values: map[string][]float64{"u": {3, -7, 4}, "v": {0.25, 0.5, 0}}}},
			},
			want: map[string]float64{"u": 7, "v": 0.5},
		},
		"conditions on something else": {
			conditions: []Condition{{Text: "u_x = 9 at x=-1"}, {Text: "u = 9*v at x=1"}, {Text: "2*u = 9 at x=1"}, {Text: "u = 0 at t=0"}, {Text: "integral(u, x) = 9"}},
			want:       map[string]float64{"u": 1, "v": 1},
		},
		"given": {
			conditions: []Condition{{Text: "u = 3 at t=0"}, {Text: "v = 3 at t=0"}},
			scale:      map[string]float64{"u": 2.5},
			want:       map[string]float64{"u": 2.5, "v": 3},
		},
		"ansatz": {
			conditions: []Condition{{Text: "u = 3 at t=0"}},
			ansatz:     map[string]string{"u": "N"},
			want:       map[string]float64{"v": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &Problem{
				Domain: []Interval{{"t", 0, 1}, {"x", -1, 1}}, Fields: []string{"u", "v"},
				Equations:  []Equation{{Text: "u_t = v_x"}, {Text: "v_t = u_x"}},
				Conditions: c.conditions, Ansatz: c.ansatz,
			}
			s := small()
			s.Network.Scale = c.scale
			scaled, err := New(p, s)
			require.NoError(t, err)
			require.Len(t, scaled.Info().Scale, len(c.want))
			p.Conditions = nil
			s.Network.Scale = nil
			plain, err := New(p, s)
			require.NoError(t, err)
			for field, want := range c.want {
				require.InEpsilon(t, want, scaled.Info().Scale[field], 1e-4)
				require.InEpsilon(t, want*evaluate(t, plain.Solution(), field, 0.3, 0.4)[0],
					evaluate(t, scaled.Solution(), field, 0.3, 0.4)[0], 1e-4, "the network's output is scaled")
			}
		})
	}
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
			for _, field := range solution.Fields() {
				expression := field + " + 2*D(" + field + ", x, 2)"
				require.Equal(t, evaluate(t, solution, expression, points...), evaluate(t, loaded, expression, points...))
			}
			require.Equal(t, solution.Parameters(), loaded.Parameters())
			require.Equal(t, solution.Variables(), loaded.Variables())
			require.Equal(t, solution.Domain(), loaded.Domain())
		})
	}
}

// solutionText is a solution file of five weights: layers 1-1-1 and one
// parameter.
func solutionText(weights string) string {
	return `{"Ritz":1,"Problem":{"Domain":[{"Name":"x","Lo":0,"Hi":1}],"Fields":["u"],"Parameters":{"k":1},` +
		`"Equations":[{"Text":"u_x = k"}],"Conditions":[{"Text":"u = 0 at x=0"}]},` +
		`"Network":{"Hidden":[1],"Activation":"tanh","Scale":{"u":2}},"Weights":` + weights + `}`
}

// badSolutions are files that Load must refuse.
var badSolutions = map[string]string{
	"":                                               "unexpected end of JSON",
	"{}":                                             "version 0",
	"null":                                           "version 0",
	`{"Ritz":2}`:                                     "version 2",
	`{"Ritz":1}`:                                     "domain: a problem needs",
	solutionText("null"):                             "0 weights for networks of 5",
	solutionText("[1,2,3,4]"):                        "4 weights for networks of 5",
	solutionText("[1,2,3,4,5,6]"):                    "6 weights for networks of 5",
	solutionText("[1,2,3,4,1e999]"):                  "cannot unmarshal",
	solutionText("[1,2,3,4,\"NaN\"]"):                "cannot unmarshal",
	solutionText("[1,2,3,4,5]")[:100]:                "unexpected end of JSON",
	replaced(`"Lo":0`, `"Lo":1`):                     "x",
	replaced(`"Hi":1`, `"Hi":1e308`):                 "weights", // fine but for the weights
	replaced(`[1]`, `[16384,16384]`):                 "weights for networks of",
	replaced(`[1]`, `[0]`):                           "layer width 0",
	replaced(`"tanh"`, `"relu"`):                     "activation",
	replaced(`{"u":2}`, `{"u":0}`):                   "scale 0 of u",
	replaced(`u_x = k`, `u_x = v`):                   `unknown name "v"`,
	replaced(`u = 0 at x=0`, `u = 0 at`):             "conditions[0]",
	replaced(`u_x = k`, `integral(u, x)`):            "equations[0]",
	replaced(`"Fields":["u"]`, `"Fields":["u","u"]`): "fields[1]",
	replaced(`"Parameters":{"k":1},`, `"Parameters":{"k":1},"Ansatz":{"v":"N"},`):  `"v" is not a field`,
	replaced(`{"Text":"u = 0 at x=0"}`, `{"Data":{"Points":[1,2],"Values":null}}`): "data: no values",
}

// replaced is a solution file of no weights with one change.
func replaced(old, new string) string { return strings.Replace(solutionText("[]"), old, new, 1) }

func TestLoadRefuses(t *testing.T) {
	directory := t.TempDir()
	load := func(text string) error {
		path := filepath.Join(directory, "solution.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Load(path)
		return err
	}
	require.NoError(t, load(solutionText("[1,2,3,4,5]")))
	for text, want := range badSolutions {
		require.ErrorContains(t, load(text), want, text)
	}
	_, err := Load(filepath.Join(directory, "nothing"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// FuzzLoad: a file is refused or evaluates; nothing panics.
func FuzzLoad(f *testing.F) {
	f.Add(solutionText("[1,2,3,4,5]"))
	for text := range badSolutions {
		f.Add(text)
	}
	for _, p := range lossProblems() {
		trainer, err := New(p.problem, p.settings)
		require.NoError(f, err)
		path := filepath.Join(f.TempDir(), "solution.json")
		require.NoError(f, trainer.Solution().Save(path))
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "solution.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		solution, err := Load(path)
		if err != nil {
			return
		}
		point := make([]float64, len(solution.Domain()))
		for i, v := range solution.Domain() {
			point[i] = v.Lo
		}
		for _, field := range solution.Fields() {
			values, err := solution.Evaluate(field, point)
			require.NoError(t, err)
			require.Len(t, values, 1, fmt.Sprint(point))
		}
	})
}
