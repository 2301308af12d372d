package job

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSurrogateFaults(t *testing.T) {
	const inputs, f = "inputs: {a: [0, 1], b: [0, 1]}\n", "function: a + b\n"
	for text, want := range map[string]string{
		f:                                                        `the key "inputs" is missing`,
		inputs:                                                   `the key "function" is missing`,
		"inputs: {a: [1, 0]}\nfunction: a\n":                     "a.yaml:3:13: inputs.a: expected low < high, got [1, 0]",
		"inputs: {a: [1, 1]}\nfunction: a\n":                     "expected low < high, got [1, 1]",
		"inputs: {a: [0, 1/0]}\nfunction: a\n":                   "inputs.a[1]: column 1: 1/0 is +Inf: a finite number is needed",
		"inputs: {y: [0, 1]}\nfunction: y\n":                     `response: an input has the name "y" too`,
		"inputs: {2a: [0, 1]}\nfunction: 1\n":                    `the input "2a": expected letters`,
		inputs + f + "command: [x]\n":                            "command: expected either function or command, got both",
		inputs + f + "data: x.csv\nsample: {n: 3}\n":             "the data are the sample",
		inputs + f + "precision: float32\n":                      "models are float64",
		inputs + f + "models: kriging\n":                         `expected a list of models or auto, got "kriging"`,
		inputs + f + "models: [krigin]\n":                        `models[0]: unknown "krigin": did you mean "kriging"?`,
		inputs + f + "models: [kriging, kriging]\n":              `two models are called "kriging"`,
		inputs + f + "models: [{kriging: {name: truth}}]\n":      `a figure of the run is called "truth"`,
		inputs + f + "models: [{kriging: {name: a/b}}]\n":        "it names a file",
		inputs + f + "models: [{kriging: {}, polynomial: {}}]\n": "expected a model with its settings",
		inputs + f + "models: [{kriging: {p: 2}}]\n":             `unknown key "p"`,
		inputs + f + "models: [{kriging: {correlation: power_exponential, p: 0}}]\n":        "models[0].kriging.p: expected an exponent above 0 and up to 2, got 0",
		inputs + f + "models: [{kriging: {correlation: power_exponential, p: [2, 2.1]}}]\n": "got 2.1",
		inputs + f + "models: [{kriging: {theta: [1, 2, 3]}}]\n":                            "3 numbers for 2 inputs",
		inputs + f + "models: [{kriging: {theta: -1}}]\n":                                   "expected a number above 0, got -1",
		inputs + f + "models: [{kriging: {theta: 1, lengths: 1}}]\n":                        "expected either theta or lengths",
		inputs + f + "models: [{kriging: {nugget: -1}}]\n":                                  "expected a number of at least 0, got -1",
		inputs + f + "models: [{kriging: {components: 2}}]\n":                               "fewer components than the 2 inputs",
		inputs + f + "models: [{inverse_distance: {p: 0.5}}]\n":                             "expected a number of at least 1, got 0.5",
		inputs + f + "models: [{lobachevsky: {n: 5}}]\n":                                    "models[0].lobachevsky.n: expected an even number from 2 to 30, got 5",
		inputs + f + "models: [{lobachevsky: {alpha: 0}}]\n":                                "expected a number above 0, got 0",
		inputs + f + "models: [{polynomial: {degree: 21}}]\n":                               "expected at most 20, got 21",
		inputs + f + "models: [{polynomial_chaos: {q: 2}}]\n":                               "up to 1, got 2",
		inputs + f + "models: [{neural_network: {hidden: []}}]\n":                           "the widths of 1 to 16 layers",
		inputs + f + "models: [{neural_network: {validation: 1}}]\n":                        "a share below 1",
		inputs + f + "models: [{ensemble: {members: []}}]\n":                                "at least one member",
		inputs + f + "models: [{ensemble: {members: [krigin]}}]\n":                          `models[0].ensemble.members[0]: unknown "krigin"`,
		inputs + f + "validate: {grid: [10]}\n":                                             "1 numbers of levels for 2 inputs",
		inputs + f + "validate: {grid: [10000, 10000]}\n":                                   "at most 1e+07 are evaluated",
		inputs + f + "validate: {grid: 10, folds: 3}\n":                                     "expected one of",
		inputs + f + "validate: {grid: }\n":                                                 "expected one of",
		inputs + f + "validate: {folds: 1}\n":                                               "at least 2, got 1",
		inputs + f + "validate: loo\n":                                                      `unknown "loo"`,
		inputs + "command: [x]\nvalidate: {grid: 10}\n":                                     "a grid needs a function in text",
		inputs + "data: x.csv\noptimize: {}\n":                                              "there is nothing to evaluate",
		inputs + f + "optimize: {method: ei}\n":                                             `unknown "ei"`,
		inputs + f + "optimize: {evaluations: 0}\n":                                         "at least 1, got 0",
		inputs + f + "sensitivity: {samples: 4}\n":                                          "at least 8, got 4",
		inputs + f + "sensitivity: {confidence: 1}\n":                                       "between 0 and 1, got 1",
		inputs + f + "sensitivity: {model: other}\n":                                        `unknown "other"`,
	} {
		_, err := decode("a.yaml", surrogateHead+text, nil)
		assert.ErrorContains(t, err, want, text)
	}
	// What the files, the function and the number of samples decide.
	for text, want := range map[string]string{
		inputs + "function: a + bb\n":                                                         `a.yaml:4:15: function: column 5: unknown name "bb"`,
		inputs + "function: a < b\n":                                                          "a comparison is not a number",
		inputs + "command: [no-such-program, '{a}', '{b}']\n":                                 `a.yaml:4:10: command: exec: "no-such-program"`,
		inputs + "command: [no-such-program, '{a}']\n":                                        "input b occurs in no argument or file",
		inputs + f + "sample: {n: 6}\nmodels: [{kriging: {trend: quadratic}}]\n":              "models[0].kriging.trend: a quadratic trend needs at least 7 samples, there are 6",
		inputs + f + "sample: {n: 1}\n":                                                       "a constant trend needs at least 2 samples, there are 1",
		inputs + f + "sample: {n: 9}\nmodels: [{polynomial: {degree: 3}}]\n":                  "a polynomial of this degree needs at least 10 samples, there are 9",
		inputs + f + "optimize: {constraints: [a <= c]}\n":                                    `a.yaml:5:31: optimize.constraints[0]: column 6: unknown name "c"`,
		inputs + f + "optimize: {constraints: [a]}\n":                                         "optimize.constraints[0]",
		inputs + f + "models: [{kriging: {components: 1, theta: 0.1}}]\n":                     "a.yaml:5:11: models[0].kriging: components are for fitting, but theta or lengths are given",
		inputs + f + "models:\n  - polynomial\n  - radial_basis: {kernel: cubic, shape: 2}\n": "a.yaml:7:5: models[1].radial_basis: shape 2, but cubic radial functions have none",
		inputs + f + "models: [{ensemble: {members: [{radial_basis: {tail: none}}]}}]\n":      `models[0].ensemble.members[0].radial_basis: cubic radial functions with the tail "none"`,
		inputs + f + "models: []\noptimize: {kriging: {components: 1, lengths: 1}}\n":         "optimize.kriging: components are for fitting",
		inputs + f + "optimize: {constraints: [a <= 1, a + b > 2]}\n":                         "a.yaml:5:34: optimize.constraints[1]: none of 100000 points of the box of the inputs satisfies it, together with",
		inputs + f + "optimize: {constraints: [a < -1]}\n":                                    "optimize.constraints[0]: none of 100000 points of the box of the inputs satisfies it",
		inputs + "data: none.csv\n":                                                           "no such file",
		"inputs: {" + manyInputs(21202) + "}\nfunction: x0\nsample: {n: 2}\nmodels: []\n":     "Sobol dimension 21202 is outside 1..21201",
	} {
		j, err := decode("a.yaml", surrogateHead+text, nil)
		require.NoError(t, err, text)
		assert.ErrorContains(t, j.Check(io.Discard), want)
		dir := filepath.Join(t.TempDir(), "out")
		_, err = Run(t.Context(), j, dir, Options{})
		assert.ErrorContains(t, err, want)
		assert.NoDirExists(t, dir)
	}
	_, err := decode("a.yaml", surrogateHead+"inputs: {"+manyInputs(10601)+"}\nfunction: x0\nsensitivity: {}\n", nil)
	assert.ErrorContains(t, err, "the Sobol sequence has points for at most 10600")
}

// table is a job on a table of samples.
func table(t *testing.T, text, more string) (*Job, error) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "d.csv"), []byte(text), 0o666))
	path := filepath.Join(dir, "a.yaml")
	require.NoError(t, os.WriteFile(path, []byte(surrogateHead+"inputs: {a: [0, 1], b: [0, 1]}\ndata: d.csv\n"+more), 0o666))
	return Load(path, nil)
}

func TestSurrogateTableFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "d.csv: line 1: empty",
		"a,b,y\n":                          "there are no rows below the header",
		"a,y\n1,2\n":                       `no column for the variable "b"`,
		"a,b,z\n1,2,3\n":                   `no column for the response "y"; another name is set by response: z`,
		"a;b;y\n1;2;3\n":                   "are the columns separated by ';'?",
		"a,b,y\n0,0,1\n0,1,NaN\n":          `d.csv: line 3, column "y": "NaN" is not a finite number`,
		"a,b,y\n0,0,1\n0,Inf,2\n":          `line 3, column "b": "Inf" is not a finite number`,
		"a,b,y\n0,0,1\n0,x,2\n":            `line 3, column "b": "x"`,
		"a,b,y\n0,0,1\n\n0,1\n":            "line 4: wrong number of fields",
		"a,b,y\n0,0,1\n":                   "a constant trend needs at least 2 samples, there are 1",
		"a,b,y,error\n0,0,1,\n1,1,,boom\n": "there are 1",
	} {
		j, err := table(t, text, "")
		require.NoError(t, err)
		err = j.Check(io.Discard)
		assert.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, "a.yaml:")
	}
}

func TestSurrogateTableOddities(t *testing.T) {
	rows := "b,a,more,y,error\n"
	for i := range 20 {
		a, b := float64(i%5)/4, float64(i/5)/3
		rows += fmt.Sprintf("%g,%g,x,%g,\n", b, a, a+b*b)
	}
	models := "models: [{kriging: {starts: 3}}, inverse_distance, {lobachevsky: {scale: true}}, radial_basis, polynomial, polynomial_chaos, {neural_network: {starts: 1, iterations: 50}}, {ensemble: {folds: 3, members: [radial_basis, inverse_distance]}}]\nvalidate: {folds: 4}\noutput: {figures: []}\n"
	for name, c := range map[string]struct {
		text string
		warn []string
	}{
		"clean":      {rows + "0.5,0.5,x,,boom\n", nil},
		"duplicates": {rows + "0,0,x,0,\n0,0,x,0.5,\n1e-9,0,x,0,\n", []string{"2 rows repeat the inputs of an earlier row, 1 more nearly do"}},
		"outside":    {rows + "2,0,x,4,\n", []string{"1 of the 21 rows lie outside the intervals"}},
		"constant":   {"a,b,y\n0,0,3\n0,1,3\n1,0,3\n1,1,3\n0.5,0.5,3\n0.2,0.3,3\n0.7,0.1,3\n0.1,0.8,3\n0.9,0.6,3\n0.4,0.9,3\n0.6,0.35,3\n", []string{"y is 3 in all rows"}},
		"large outs": {strings.ReplaceAll(rows, ",x,", ",x,1"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			j, err := table(t, c.text, models)
			require.NoError(t, err)
			var warned []string
			r, err := Run(t.Context(), j, filepath.Join(t.TempDir(), "out"), Options{Warn: func(w string) { warned = append(warned, w) }})
			require.NoError(t, err)
			require.Equal(t, Done, r.Status, r.Reason)
			require.Len(t, warned, len(c.warn))
			for i, w := range c.warn {
				assert.Contains(t, warned[i], w)
			}
			body := r.Body.(*surrogateBody)
			for name, m := range body.Models {
				assert.Empty(t, m.Error, name)
				assert.True(t, m.RMSE >= 0, "%s: %v", name, m.RMSE)
				if strings.HasPrefix(c.text, "a,b,y") && name != "lobachevsky" && name != "neural_network" { // the others have constants
					assert.Less(t, float64(m.RMSE), 1e-6, name)
				}
			}
			assert.FileExists(t, filepath.Join(r.Dir, "inputs", "d.csv"))
			assert.NoFileExists(t, filepath.Join(r.Dir, "history.csv"))
		})
	}
}

func TestSurrogateOddArguments(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	text := surrogateHead + "inputs: {width: [0, 1], b: [0, 1]}\ncommand: ['" + self + "', '{width}', '{b}', '{widht}', '{\"x\": {b}}', '{q}']\n"
	j, err := decode("a.yaml", text, nil)
	require.NoError(t, err)
	require.NoError(t, j.Check(io.Discard))
	require.Len(t, j.Warnings(), 2)
	assert.Contains(t, j.Warnings()[0], `command[3]: no input is called "widht": the program gets {widht} as it stands: did you mean "width"?`)
	assert.Contains(t, j.Warnings()[1], `command[5]: no input is called "q": the program gets {q} as it stands: expected width, b`)
}

// What is allowed may be little of the box: here 1 in 20!.
func TestSurrogateNarrowConstraint(t *testing.T) {
	sum := "x0"
	for i := range 19 {
		sum += fmt.Sprintf(" + x%d", i+1)
	}
	j, err := decode("a.yaml", surrogateHead+"inputs: {"+manyInputs(20)+"}\nfunction: x0\nmodels: []\noptimize: {constraints: ["+sum+" <= 1]}\n", nil)
	require.NoError(t, err)
	assert.NoError(t, j.Check(io.Discard))
}
