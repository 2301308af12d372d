package job

import (
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/pinn"
)

// head starts every job of the tests below; line 3 is the first of theirs.
const head = "ritz: 1\nkind: pinn\n"

const poisson = `domain: {x: [0, 1]}
fields: [u]
equations: [u_xx = 1]
`

func TestDecode(t *testing.T) {
	j, err := decode("dir/a.yaml", head+`seed: 1e1
threads: 2
constants: {L: 2*pi, half: L/2}
domain:
  t: [0, 1]
  x: [-half, half]
fields: [u, v]
parameters: {k: 0.5}
let: {phi: 1 - x^2}
equations:
  - u_t = k*u_xx
  - {equation: "v_t = v_xx", weight: 1/4}
conditions:
  - u = phi at t=0
  - {equation: v = 0 at x=-half, weight: 10, points: 2^6}
  - periodic in x
  - {data: d/m.csv, weight: 3}
ansatz: {v: t*N}
reference: {exact: {u: x*t}, grid: {t: 10, x: 20}}
network: {hidden: [5, 7], activation: sin, shared: true, scale: {u: 10}}
points:
  interior: 1e3
  boundary: 50
  strategy: lhs
  resample: {every: 100, k: 2}
train:
  - adam: {iterations: 100, rate: 1e-2, schedule: {kind: cosine, over: 50, warmup: 5}}
  - lbfgs: {iterations: 10, memory: 5, objective: sqrt}
  - ssbroyden: {iterations: 20, tolerance: 1e-9}
output: {figures: [svg], checkpoint: 5, log: 1}
`, nil)
	require.NoError(t, err)
	assert.Equal(t, "a", j.Name)
	assert.Equal(t, uint64(10), j.Seed)
	p := j.task.(*pinnTask)
	assert.Equal(t, pinn.Problem{
		Domain:     []pinn.Interval{{Name: "t", Hi: 1}, {Name: "x", Lo: -math.Pi, Hi: math.Pi}},
		Fields:     []string{"u", "v"},
		Constants:  map[string]float64{"L": 2 * math.Pi, "half": math.Pi},
		Parameters: map[string]float64{"k": 0.5},
		Let:        []pinn.Let{{Name: "phi", Text: "1 - x^2"}},
		Equations:  []pinn.Equation{{Text: "u_t = k*u_xx"}, {Text: "v_t = v_xx", Weight: 0.25}},
		Conditions: []pinn.Condition{{Text: "u = phi at t=0"}, {Text: "v = 0 at x=-half", Weight: 10, Points: 64}, {Text: "periodic in x"}, {Weight: 3}},
		Ansatz:     map[string]string{"v": "t*N"},
	}, p.problem)
	assert.Equal(t, pinn.Settings{
		Network: pinn.Network{Hidden: []int{5, 7}, Activation: "sin", Shared: true, Scale: map[string]float64{"u": 10}},
		Points:  pinn.Points{Interior: 1000, Boundary: 50, Strategy: "lhs", Resample: pinn.Resample{Every: 100, Candidates: 5000, K: 2, C: 1}},
		Train: []pinn.Stage{
			{Optimizer: "adam", Iterations: 100, Rate: 0.01, Schedule: pinn.Schedule{Kind: "cosine", Over: 50, Warmup: 5}, Objective: "loss"},
			{Optimizer: "lbfgs", Iterations: 10, Memory: 5, Objective: "sqrt"},
			{Optimizer: "ssbroyden", Iterations: 20, Tolerance: 1e-9, Objective: "log"},
		},
		Seed: 10, Threads: 2, Precision: "float64",
	}, p.settings)
	assert.Equal(t, output{[]string{"svg"}, 5, 1}, p.output)
	assert.Equal(t, map[string]string{"u": "x*t"}, p.reference.exact)
	assert.Equal(t, map[string]int{"t": 10, "x": 20}, p.reference.grid)
	assert.Equal(t, filepath.Join("dir", "d", "m.csv"), p.data[0].file)
}

// The defaults that a job shows are those of package pinn.
func TestDefaultsAreThoseOfPinn(t *testing.T) {
	j, err := decode("a.yaml", head+poisson, nil)
	require.NoError(t, err)
	p := j.task.(*pinnTask)
	ours, _, err := p.solver(p.settings)
	require.NoError(t, err)
	plain, _, err := p.solver(pinn.Settings{Seed: 1})
	require.NoError(t, err)
	assert.Equal(t, plain.Info(), ours.Info())

	const stages = "train: [{adam: {iterations: 1}}, {lbfgs: {iterations: 1}}, {ssbroyden: {iterations: 1}}, {bfgs: {iterations: 1}}, {ssbfgs: {iterations: 1}}]\n"
	j, err = decode("a.yaml", head+poisson+stages, nil)
	require.NoError(t, err)
	p = j.task.(*pinnTask)
	ours, _, err = p.solver(p.settings)
	require.NoError(t, err)
	for i, s := range ours.Info().Stages {
		got := p.settings.Train[i]
		assert.Equal(t, s.Objective, got.Objective)
		assert.Equal(t, s.Optimizer, got.Optimizer)
	}
}

// Every fault is found, at its character.
func TestFaults(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"domain: {x: [0, 1]}\nfields: [u]\nequations:\n  - u_xx = uu\n", `j.yaml:6:12: equations[0]: column 8: unknown name "uu": did you mean "u"?
  - u_xx = uu
           ^`},
		{"domain: {x: [0, 1]}\nfields: [u]\nequations:\n  - {weight: 2, equation: \"u_xx + = 1\"}\n", "j.yaml:6:35: equations[0]: column 8: expected a number"},
		{poisson + "ansatz: {u: x*M}\n", `j.yaml:6:15: ansatz.u: column 3: unknown name "M"`},
		{poisson + "conditions:\n  - u = 0 at x=0\n  - u = 0 at z=1\n", "j.yaml:8:"},
		{poisson + "reference: {exact: {u: x + w}}\n", `j.yaml:6:28: reference.exact.u: column 5: unknown name "w"`},
		{poisson + "netwrok: {}\n", `j.yaml:6:1: unknown key "netwrok": did you mean "network"?
netwrok: {}
^`},
		{poisson + "network: {hiden: [1]}\n", `j.yaml:6:11: network: unknown key "hiden": did you mean "hidden"?
network: {hiden: [1]}
          ^`},
		{poisson + "output: {colour: red}\n", `j.yaml:6:10: output: unknown key "colour": expected figures, checkpoint, log`},
		{poisson + "seed: 1\nseed: 2\n", "j.yaml:7:1: seed: the key stands twice\nseed: 2\n^"},
		{poisson + "seed: [1]\n", "j.yaml:6:7: seed: expected a number or an expression, got a list"},
		{poisson + "seed: 1.5\n", "j.yaml:6:7: seed: expected a whole number, got 1.5"},
		{poisson + "seed: -1\n", "j.yaml:6:7: seed: expected a whole number of at least 0, got -1"},
		{poisson + "seed: 1e300\n", "j.yaml:6:7: seed: too large: 1e300"},
		{poisson + "constants: {nu: 0.01/pj}\n", `j.yaml:6:22: constants.nu: column 6: unknown name "pj": did you mean "pi"?
constants: {nu: 0.01/pj}
                     ^`},
		{poisson + "constants: {nu: 1/0}\n", "j.yaml:6:17: constants.nu: "},
		{poisson + "name: a/b\n", `j.yaml:6:7: name: expected letters, digits, '.', '_' and '-' (it names a folder), got "a/b"`},
		{poisson + "precision: flaot64\n", `j.yaml:6:12: precision: unknown "flaot64": did you mean "float64"?`},
		{poisson + "device: cuda:1\n", "j.yaml:6:9: device: jobs of kind pinn run on the cpu; those of kind stencil run on devices"},
		{poisson + "network: {activation: tahn}\n", `j.yaml:6:23: network.activation: unknown "tahn": did you mean "tanh"?`},
		{poisson + "network: {hidden: []}\n", "j.yaml:6:19: network.hidden: expected the width of at least one layer"},
		{poisson + "network: {hidden: [20, 0]}\n", "j.yaml:6:24: network.hidden[1]: expected a whole number of at least 1, got 0"},
		{poisson + "network: {shared: yes}\n", `j.yaml:6:19: network.shared: expected true or false, got "yes"`},
		{poisson + "network: {scale: {w: 1}}\n", `j.yaml:6:19: network.scale: unknown field "w"`},
		{poisson + "network: 3\n", `j.yaml:6:10: network: expected a mapping (key: value), got "3"`},
		{poisson + "points: {resample: {candidates: 10}}\n", "j.yaml:6:33: points.resample.candidates: expected at least as many candidates as interior points (4096), got 10"},
		{poisson + "points: {strategy: foo}\n", `j.yaml:6:20: points.strategy: unknown "foo": expected sobol, lhs, random, grid`},
		{poisson + "train: 3\n", `j.yaml:6:8: train: expected a list of stages or auto, got "3"`},
		{poisson + "train: []\n", "j.yaml:6:8: train: expected a list of stages or auto, got a list"},
		{poisson + "train: [adam]\n", `j.yaml:6:9: train[0]: expected one optimizer with its settings, {adam: {iterations: 1000}}, got "adam"`},
		{poisson + "train:\n  - adm: {iterations: 10}\n", `j.yaml:7:5: train[0]: unknown "adm": did you mean "adam"?`},
		{poisson + "train:\n  - adam: {iters: 3}\n", "j.yaml:7:12: train[0].adam: unknown key \"iters\": did you mean \"iterations\"?\n  - adam: {iters: 3}\n           ^"},
		{poisson + "network: {hidden: [9223372036854775807]}\n", "j.yaml:6:20: network.hidden[0]: too large: 9223372036854775807"},
		{poisson + "let: {f: u_x, g: D(f, x)}\n", "j.yaml:6:18: the parentheses do not match: within brackets [] {}, put a text with commas in quotes"},
		{poisson + "conditions: [D(u, x) = 0 at x=0]\n", "j.yaml:6:14: the parentheses do not match"},
		{poisson + "conditions:\n  - u = 0: at x=0\n", "j.yaml:7:5: conditions[0]: put a text with a colon in quotes"},
		{poisson + "let:\n  f: a: b\n", "j.yaml:7:"},
		{"domain: {x: [0, 1]}\nfields: [u]\nequations:\n", "j.yaml:5:12: equations: it is empty: at least one for each field"},
		{"domain: {x: [0, 1]}\nfields: [u]\nequations: [u_x = 1: 2]\n", "j.yaml:5:13: equations[0]: put a text with a colon in quotes"},
		{poisson + "reference: {exact: {u: x}, grid: {x: 1e8}}\n", "j.yaml:6:34: reference.grid: 1e+08 points: at most 1e+07 are evaluated; set fewer levels, grid: {x: 11}"},
		{"domain: {a: [0, 1], b: [0, 1], c: [0, 1], d: [0, 1], f: [0, 1], g: [0, 1]}\nfields: [u]\nequations: [u_a = 1]\nreference: {exact: {u: a}}\n", "j.yaml:6:20: reference.exact: 8.58e+07 points"},
		{poisson + "constants: {x: 1}\n", "j.yaml:6:16: constants.x: "},
		{poisson + "parameters: {sin: 1}\n", "j.yaml:6:19: parameters.sin: "},
		{poisson + "let: {u: 1}\n", "j.yaml:6:10: let.u: "},
		{"domain: {pi: [0, 1]}\nfields: [u]\nequations: [u_x = 1]\n", "j.yaml:3:14: domain.pi: "},
		{"domain: {x: [0, 1]}\nfields: [u, x]\nequations: [u_x = 1]\n", "j.yaml:4:13: fields[1]: "},
		{poisson + "train:\n  - adam: {rate: 1e-3}\n", `j.yaml:7:11: train[0].adam: the key "iterations" is missing: the most iterations of the stage`},
		{poisson + "train:\n  - adam: {iterations: 10, rate: 0}\n", "j.yaml:7:34: train[0].adam.rate: expected a number above 0, got 0"},
		{poisson + "train:\n  - lbfgs: {iterations: 10, rate: 1}\n", `j.yaml:7:29: train[0].lbfgs: unknown key "rate"`},
		{poisson + "train:\n  - lbfgs: {iterations: 10, tolerance: -1}\n", "j.yaml:7:40: train[0].lbfgs.tolerance: expected a number of at least 0, got -1"},
		{poisson + "train:\n  - adam: {iterations: 10, schedule: {kind: cosine}}\n", `j.yaml:7:38: train[0].adam.schedule: the key "over" is missing: the iterations that the cosine takes`},
		{poisson + "reference: {}\n", `j.yaml:6:12: reference: expected {file: u.csv} or {exact: {u: "..."}}`},
		{poisson + "reference: {file: a.csv, exact: {u: x}}\n", "j.yaml:6:12: reference: expected either file or exact, got both"},
		{poisson + "reference: {exact: {w: x}}\n", `j.yaml:6:21: reference.exact: unknown field "w": expected u`},
		{poisson + "reference: {exact: {u: x}, grid: {y: 3}}\n", `j.yaml:6:35: reference.grid: unknown variable "y": expected x`},
		{poisson + "reference: {exact: {u: x}, grid: {x: 1}}\n", "j.yaml:6:38: reference.grid.x: expected a whole number of at least 2, got 1"},
		{poisson + "conditions: [[u]]\n", "j.yaml:6:14: conditions[0]: expected a condition, {equation, weight, points} or {data, weight}, got a list"},
		{poisson + "conditions: [{weight: 1}]\n", "j.yaml:6:14: conditions[0]: expected the key equation or data"},
		{poisson + "conditions: [{data: a.csv, points: 1}]\n", `j.yaml:6:28: conditions[0]: unknown key "points": expected equation, data, weight`},
		{poisson + "output: {figures: [gif]}\n", `j.yaml:6:20: output.figures[0]: unknown "gif": expected png, svg, pdf`},
		{"domain: {x: [1, 0]}\nfields: [u]\nequations: [u_x = 1]\n", "j.yaml:3:13: domain.x: expected low < high, got [1, 0]"},
		{"domain: {x: 3}\nfields: [u]\nequations: [u_x = 1]\n", `j.yaml:3:13: domain.x: expected an interval [low, high], got "3"`},
		{"fields: [u]\nequations: [u_x = 1]\n", `j.yaml:1:1: the key "domain" is missing: the variables and their intervals, domain: {t: [0, 1], x: [-1, 1]}`},
		{"domain: {x: [0, 1]}\nfields: u\nequations: [u_x = 1]\n", `j.yaml:4:9: fields: expected a list, got "u"`},
		{"domain: [x]\nfields: [u]\nequations: [u_x = 1]\n", "j.yaml:3:9: domain: expected a mapping (key: value), got a list"},
		{poisson + "reference: {file: missing.csv}\n", "j.yaml:6:19: reference.file: open missing.csv: "},
		{"a: [1\n", "j.yaml:3:4: not readable as YAML: "},
		{poisson + "let: {a: &x 1}\n", "j.yaml:6:10: anchors (&), aliases (*) and tags (!) have no place in a job file; put a text that starts so in quotes"},
		{poisson + "---\nritz: 1\n", "j.yaml:7:1: a second YAML document: a job file holds one"},
	} {
		j, err := decode("j.yaml", head+c.text, nil)
		if err == nil {
			err = j.Check(io.Discard)
		}
		if assert.Error(t, err, c.text) {
			assert.True(t, strings.HasPrefix(err.Error(), c.want), "%s\ngot:  %v\nwant: %s", c.text, err, c.want)
		}
	}
	for text, want := range map[string]string{
		"":                    `j.yaml:1:1: the key "ritz" is missing: the version of the job file, ritz: 1`,
		"ritz: 1":             `j.yaml:1:1: the key "kind" is missing: one of mapreduce, pinn`,
		"ritz: 2\nkind: pinn": "j.yaml:1:7: ritz: version 2 of the job file: this ritz reads version 1",
		"ritz: 1\nkind: pin":  `j.yaml:2:7: kind: unknown "pin": did you mean "pinn"?`,
		"- a":                 "j.yaml:1:1: expected a mapping (key: value), got a list",
		"hello":               `j.yaml:1:1: expected a mapping (key: value), got "hello"`,
	} {
		_, err := decode("j.yaml", text, nil)
		if assert.Error(t, err, text) {
			assert.Contains(t, err.Error(), want)
		}
	}
}

// All faults are shown, in the order of the file.
func TestAllFaultsAtOnce(t *testing.T) {
	_, err := decode("j.yaml", head+poisson+`network: {hiden: [1]}
points: {interior: many}
colour: red
`, []string{"train=auto", "seeds=3"})
	var faults Errors
	require.ErrorAs(t, err, &faults)
	var places []string
	for _, f := range faults {
		first, _, _ := strings.Cut(f.Error(), "\n")
		places = append(places, first)
	}
	assert.Equal(t, []string{
		`--set seeds=3: unknown key "seeds": did you mean "seed"?`,
		`j.yaml:6:11: network: unknown key "hiden": did you mean "hidden"?`,
		`j.yaml:7:20: points.interior: column 1: unknown name "many": known are pi, e`,
		`j.yaml:8:1: unknown key "colour": expected ` + strings.Join([]string{"ritz", "kind", "name", "seed", "threads", "precision", "device",
			"constants", "domain", "fields", "parameters", "let", "equations", "conditions", "ansatz", "reference", "network", "points", "train", "output"}, ", "),
	}, places)
}

func TestSetFaults(t *testing.T) {
	for set, want := range map[string]string{
		"network.hiden=[1]":       `--set network.hiden=[1]: network: unknown key "hiden": did you mean "hidden"?`,
		"train.0.adam.rte=1":      `--set train.0.adam.rte=1: train[0].adam: unknown key "rte": did you mean "rate"?`,
		"constants.mu=1":          `--set constants.mu=1: constants has no "mu": did you mean "nu"?`,
		"let.psi=x":               `--set let.psi=x: let has no "psi": did you mean "phi"?`,
		"parameters.k=1":          `--set parameters.k=1: parameters has no "k"`,
		"domain.y=[0, 1]":         `--set domain.y=[0, 1]: domain has no "y"`,
		"ansatz.w=N":              `--set ansatz.w=N: ansatz: unknown field "w": expected u`,
		"reference.exact.w=x":     `--set reference.exact.w=x: reference.exact: unknown field "w": expected u`,
		"train.0.lbfgs.memory=3":  `--set train.0.lbfgs.memory=3: train[0]: expected one optimizer with its settings, got adam, lbfgs`,
		"constants={nu: 2}":       ``,
		"constants.nu=0.01/q":     `--set constants.nu=0.01/q: constants.nu: column 6: unknown name "q"`,
		"equations.0=u_xx = uu":   `--set equations.0=u_xx = uu: equations[0]: column 8: unknown name "uu": did you mean "u"?`,
		"points.resample.k=0":     `--set points.resample.k=0: points.resample.k: expected a number above 0, got 0`,
		"colour.red.dark=1":       `--set colour.red.dark=1: unknown key "colour": expected`,
		"threads=some":            `--set threads=some: threads: column 1: unknown name "some"`,
		"train.0.adam.rate=":      ``, // null: the default
		"points.resample.every=7": ``,
	} {
		j, err := decode("j.yaml", head+poisson+"constants: {nu: 1}\nlet: {phi: x}\ntrain: [{adam: {iterations: 3}}]\n", []string{set})
		if err == nil {
			err = j.Check(io.Discard)
		}
		if want == "" {
			assert.NoError(t, err, set)
		} else if assert.Error(t, err, set) {
			assert.True(t, strings.HasPrefix(err.Error(), want), "got:  %v\nwant: %s", err, want)
		}
	}
}

func TestDataFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
	write("nan.csv", "x,u\n0,1\n0.5,NaN\n")
	write("other.csv", "x,w\n0,1\n")
	for file, want := range map[string]string{
		"nan.csv":   `line 3, column "u": "NaN" is not a finite number`,
		"other.csv": `line 1: column "w" is neither a variable (x) nor a field (u)`,
	} {
		for key, text := range map[string]string{
			"reference.file": "reference: {file: " + file + "}\n",
			"conditions[0]":  "conditions: [{data: " + file + "}]\n",
		} {
			path := filepath.Join(dir, "j.yaml")
			write("j.yaml", head+poisson+text)
			j, err := Load(path, nil)
			require.NoError(t, err)
			assert.ErrorContains(t, j.Check(io.Discard), key+": "+file+": "+want)
		}
	}
}

// What YAML prints is the job, with nothing left to fill in.
func TestJobRoundTrip(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		j, err := Load(file, []string{"seed=7"})
		require.NoError(t, err)
		if j.Kind == "pinn" {
			j, err = Load(file, []string{"seed=7", "points.resample.every=50"})
			require.NoError(t, err)
		}
		again, err := decode(file, j.YAML(), nil)
		require.NoError(t, err)
		assert.Equal(t, j.YAML(), again.YAML())
		a, ok := j.task.(*pinnTask)
		if !ok {
			continue
		}
		b := again.task.(*pinnTask)
		assert.Equal(t, a.problem, b.problem)
		assert.Equal(t, a.settings, b.settings)
		assert.Equal(t, a.output, b.output)
		assert.Equal(t, a.reference.exact, b.reference.exact)
		assert.Equal(t, a.reference.file, b.reference.file)
		assert.NotEqual(t, 0, a.output.log)
	}
}

// A key that is misspelt makes no faults of what hangs on it.
func TestFirstFaultOnly(t *testing.T) {
	_, err := decode("j.yaml", head+strings.Replace(poisson, "fields:", "feilds:", 1)+"ansatz: {u: x*N}\nreference: {exact: {u: x}, grid: {x: 9}}\n", nil)
	require.Error(t, err)
	assert.Contains(t, err.Error(), `unknown key "feilds": did you mean "fields"?`)
	assert.NotContains(t, err.Error(), "unknown field")
	_, err = decode("j.yaml", head+poisson+"reference: {exact: {v: x}}\n", nil)
	assert.ErrorContains(t, err, `reference.exact: unknown field "v"`)
}

func TestLoadDirectory(t *testing.T) {
	dir := t.TempDir()
	_, err := Load(dir, nil)
	assert.EqualError(t, err, dir+" is a directory, not a job file")
	file := filepath.Join(dir, "job.yaml")
	require.NoError(t, os.WriteFile(file, []byte(head+poisson), 0o666))
	_, err = Load(dir, nil)
	assert.EqualError(t, err, dir+" is a directory, not a job file: did you mean "+file+"?")
}

func TestExamplesCheck(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 7)
	for _, file := range files {
		j, err := Load(file, nil)
		require.NoError(t, err)
		var b strings.Builder
		require.NoError(t, j.Check(&b), file)
		assert.Empty(t, j.Warnings(), file)
		assert.Contains(t, b.String(), j.Name)
	}
}

// Conditions are shown with the texts that they came from.
func TestCheckConditions(t *testing.T) {
	j, err := decode("j.yaml", head+poisson+"conditions: [u = 1 at x=0, {equation: u_x = u at x=1, weight: 2}, periodic in x]\n", nil)
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, j.Check(&b))
	assert.Contains(t, b.String(), `  condition 1  u - 1   (u = 1 at x=0)
  condition 2  u_x - u   (u_x = u at x=1)
  condition 3  periodic in x (exact)
`)
	j, err = decode("j.yaml", head+poisson+"network: {scale: {u: 1 - 1/3e4}}\n", nil)
	require.NoError(t, err)
	b.Reset()
	require.NoError(t, j.Check(&b))
	assert.Contains(t, b.String(), "; scale 0.999967\n")
}

func TestSize(t *testing.T) {
	for bytes, want := range map[int64]string{0: "1 MB", 45_200_000: "45 MB", 999_400_000: "999 MB", 999_600_000: "1.0 GB", 12_340_000_000: "12.3 GB"} {
		assert.Equal(t, want, size(bytes))
	}
}

func TestCheckBurgers(t *testing.T) {
	j, err := Load("../../examples/burgers.yaml", []string{"network.hidden=[30, 30, 30]", "points.interior=10000",
		"train=[{adam: {iterations: 1000, rate: 2e-3}}, {ssbroyden: {iterations: 5000, tolerance: 1e-12}}]"})
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, j.Check(&b))
	text := regexp.MustCompile(`about \d+ MB`).ReplaceAllString(b.String(), "about N MB") // depends on the cores
	assert.Equal(t, `burgers: pinn

residuals
  equation 1   u_t + u*u_x - nu*u_xx

fields
  u carries u, u_t, u_x, u_xx; is -sin(pi*x) + t*(1 - x^2)*N

networks 1, hidden layers 30 x 30 x 30, tanh, 1981 trainable numbers
memory about N MB

loss terms and their points
    10000  u_t + u*u_x = nu*u_xx

training
  1. adam, at most 1000 iterations on the loss, rate 0.002
  2. ssbroyden, at most 5000 iterations on the logarithm of the loss, until it is below 1e-12

reference at 25600 points
`, text)
}
