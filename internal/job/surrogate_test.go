package job

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/pocl"
)

// TestMain lets the test binary be the program that a job runs: it notes the
// call in a file and prints, crashes, hangs or is silent.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == "swept" {
		sweptProgram(os.Args[2], os.Args[3])
	}
	if len(os.Args) > 3 && os.Args[1] == "simulate" {
		simulate(os.Args[2], os.Args[3], os.Args[4:])
	}
	os.Exit(pocl.Run(m))
}

func simulate(how, log string, x []string) {
	switch {
	case how == "hang":
		time.Sleep(time.Hour)
	case how == "crash", how == "sometimes" && strings.HasPrefix(x[0], "0.75"):
		fmt.Fprintln(os.Stderr, "out of cheese")
		os.Exit(3)
	case how == "silent":
		fmt.Println("no result")
		os.Exit(0)
	}
	f, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(f, strings.Join(x, " "))
	f.Close()
	var a, b float64
	fmt.Sscan(x[0], &a)
	fmt.Sscan(x[1], &b)
	fmt.Println("f =", a*a+2*b)
	os.Exit(0)
}

const surrogateHead = "ritz: 1\nkind: surrogate\n"

const braninSurrogate = surrogateHead + `inputs: {x1: [-5, 10], x2: [0, 15]}
constants: {b: 5.1/(4*pi^2)}
function: (x2 - b*x1^2 + 5/pi*x1 - 6)^2 + 10*(1 - 1/(8*pi))*cos(x1) + 10
sample: {method: sobol, n: 80, skip: 64}
`

func study(t *testing.T, text string, sets ...string) (*Result, *surrogateBody) {
	j, err := decode("a.yaml", text, sets)
	require.NoError(t, err)
	r, err := Run(t.Context(), j, filepath.Join(t.TempDir(), "out"), Options{})
	require.NoError(t, err)
	require.Equal(t, Done, r.Status, r.Reason)
	require.Empty(t, r.Reason)
	return r, r.Body.(*surrogateBody)
}

func readCSV(t *testing.T, path string) [][]string {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	return rows
}

// The classical study of Branin's function; the errors are those that were
// computed independently.
func TestSurrogateBranin(t *testing.T) {
	r, body := study(t, braninSurrogate+`models:
  - kriging
  - kriging: {name: given, correlation: power_exponential, p: 1.9, theta: [.030516153075, .030529751835]}
  - inverse_distance
  - inverse_distance: {name: tutorial, p: 1}
  - lobachevsky: {alpha: 2.8, n: 8}
  - lobachevsky: {name: scaled, alpha: 2.8, n: 8, scale: true}
validate: {grid: 100}
sensitivity: {samples: 1024}
output: {figures: [svg]}
`)
	for name, want := range map[string]float64{"given": 2.647382098, "tutorial": 38.63003672, "inverse_distance": 21.42285585, "lobachevsky": 61.58577332} {
		assert.InEpsilon(t, want, float64(body.Models[name].RMSE), 1e-8, name)
	}
	assert.InDelta(t, 0.4485, float64(body.Models["scaled"].RMSE), 5e-5)
	assert.Less(t, float64(body.Models["kriging"].RMSE), 0.0157)
	assert.Equal(t, "kriging", body.Best)
	assert.Equal(t, "grid of 10000 points", body.Validation)
	given := body.Models["given"]
	assert.InEpsilon(t, 2646.6934951, given.Hyperparameters["sigma2"], 1e-9)
	assert.Greater(t, float64(given.LOO), 0.0)
	assert.InDelta(t, 0.95, float64(given.Coverage), 0.05)
	assert.InDelta(t, 54.307198271908, float64(body.Sensitivity.Mean), 0.02)
	assert.Equal(t, samplesResult{N: 80, Sample: 80}, body.Samples)

	rows := readCSV(t, filepath.Join(r.Dir, "samples.csv"))
	require.Len(t, rows, 81)
	assert.Equal(t, []string{"evaluation", "x1", "x2", "y", "error"}, rows[0])
	assert.Equal(t, []string{"-4.6484375", "5.9765625"}, rows[1][1:3])
	rows = readCSV(t, filepath.Join(r.Dir, "validation.csv"))
	require.Len(t, rows, 10001)
	assert.Equal(t, []string{"x1", "x2", "y", "kriging", "kriging deviation", "given", "given deviation", "inverse_distance", "tutorial", "lobachevsky", "scaled"}, rows[0])
	rows = readCSV(t, filepath.Join(r.Dir, "history.csv"))
	assert.Equal(t, []string{"evaluation", "stage", "y", "best"}, rows[0])
	assert.Len(t, rows, 81)

	want := []string{"truth.svg", "kriging.svg", "given.svg", "inverse_distance.svg", "tutorial.svg", "lobachevsky.svg", "scaled.svg", "predicted.svg", "leave_one_out.svg", "sensitivity.svg"}
	assert.Equal(t, want, body.Figures)
	read, err := ReadResult(r.Dir)
	require.NoError(t, err)
	assert.Equal(t, body.Models["scaled"].RMSE, read.Body.(*surrogateBody).Models["scaled"].RMSE)
	again, err := Resume(t.Context(), r.Dir, Options{})
	require.NoError(t, err)
	assert.True(t, again.Idle)

	// The saved models are those that were validated.
	var out bytes.Buffer
	points := "x2,note,x1\n7.5,a,2.5\n0,b,0\n"
	require.NoError(t, Predict(t.Context(), r.Dir, "points", strings.NewReader(points), PredictOptions{Model: "given", Variance: true}, &out))
	table, err := csv.NewReader(&out).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, []string{"x2", "note", "x1", "y", "y variance"}, table[0])
	for i, want := range [][2]float64{{24.0738747795, 1.018017787}, {55.3096130091, 17.777442279}} {
		var mean, variance float64
		fmt.Sscan(table[i+1][3], &mean)
		fmt.Sscan(table[i+1][4], &variance)
		assert.InEpsilon(t, want[0], mean, 1e-9)
		assert.InEpsilon(t, want[1], variance, 1e-7)
	}
	for want, o := range map[string]PredictOptions{
		`no model "givn": did you mean "given"?`:       {Model: "givn"},
		"the model inverse_distance knows no variance": {Model: "inverse_distance", Variance: true},
		"no derivatives": {Derivatives: "y_x1"},
	} {
		assert.ErrorContains(t, Predict(t.Context(), r.Dir, "points", strings.NewReader(points), o, io.Discard), want)
	}
	assert.ErrorContains(t, Predict(t.Context(), r.Dir, "points", strings.NewReader("x1,x3\n1,2\n"), PredictOptions{}, io.Discard), `points: line 1: no column for the variable "x2"`)

	// The job as run gives the same samples and models.
	text, err := os.ReadFile(filepath.Join(r.Dir, "job.yaml"))
	require.NoError(t, err)
	_, second := study(t, string(text))
	for name, m := range body.Models {
		assert.Equal(t, m.RMSE, second.Models[name].RMSE)
	}
}

// command is a job that runs this test binary.
func command(t *testing.T, how, log, more string) string {
	exe, err := os.Executable()
	require.NoError(t, err)
	return surrogateHead + fmt.Sprintf(`inputs: {a: [0, 1], b: [0, 1]}
command: {run: ['%s', simulate, %s, '%s', '{a}', '{b}'], parallel: 1, timeout: 20}
sample: {n: 16}
models: [{kriging: {starts: 2}}]
output: {figures: []}
%s`, exe, how, log, more)
}

// What the program was asked for is not asked again by a run that goes on.
func TestSurrogateResume(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	j, err := decode("a.yaml", command(t, "count", log, "optimize: {evaluations: 4, kriging: {starts: 2}}\n"), nil)
	require.NoError(t, err)
	calls := func() int {
		text, err := os.ReadFile(log)
		require.NoError(t, err)
		return bytes.Count(text, []byte("\n"))
	}
	dir := filepath.Join(t.TempDir(), "out")
	interrupted := func(stage string, after int, start func(ctx context.Context, o Options) (*Result, error)) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r, err := start(ctx, Options{Progress: func(p Progress) {
			if p.Name == stage && p.Iteration == after {
				cancel()
			}
		}})
		require.NoError(t, err)
		require.Equal(t, Stopped, r.Status, r.Reason)
	}
	interrupted("sample", 5, func(ctx context.Context, o Options) (*Result, error) { return Run(ctx, j, dir, o) })
	assert.Equal(t, 5, calls())
	// A killed process may leave half a line.
	f, err := os.OpenFile(filepath.Join(dir, "samples.csv"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	fmt.Fprint(f, "6,0.875,0.8")
	require.NoError(t, f.Close())
	resume := func(ctx context.Context, o Options) (*Result, error) { return Resume(ctx, dir, o) }
	interrupted("optimize", 2, resume)
	assert.Equal(t, 18, calls())
	r, err := resume(t.Context(), Options{})
	require.NoError(t, err)
	require.Equal(t, Done, r.Status, r.Reason)
	assert.Equal(t, 20, calls())
	rows := readCSV(t, filepath.Join(dir, "samples.csv"))
	require.Len(t, rows, 21)

	// It all comes to what an uninterrupted run does.
	whole, err := Run(t.Context(), j, filepath.Join(t.TempDir(), "whole"), Options{})
	require.NoError(t, err)
	assert.Equal(t, readCSV(t, filepath.Join(whole.Dir, "samples.csv")), rows)
	a, b := r.Body.(*surrogateBody), whole.Body.(*surrogateBody)
	assert.Equal(t, b.Optimum, a.Optimum)
	assert.Equal(t, b.Models["kriging"].RMSE, a.Models["kriging"].RMSE)
	assert.InDelta(t, 0, float64(a.Optimum.Y), 0.05)

	// Another job cannot go on from these samples.
	text, err := os.ReadFile(filepath.Join(dir, "job.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "job.yaml"), bytes.Replace(text, []byte("skip: 0"), []byte("skip: 16"), 1), 0o666))
	result, err := os.ReadFile(filepath.Join(dir, "result.json"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "result.json"), bytes.Replace(result, []byte(`"done"`), []byte(`"stopped"`), 1), 0o666))
	r, err = resume(t.Context(), Options{})
	require.NoError(t, err)
	assert.Equal(t, Failed, r.Status)
	assert.Contains(t, r.Reason, "evaluation 1 is at another point")
}

// A program that fails at some points is left alone there; one that fails
// everywhere fails the run.
func TestSurrogateCommandFails(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	r, body := study(t, command(t, "sometimes", log, ""))
	assert.Equal(t, samplesResult{N: 16, Sample: 16, Failed: 1}, body.Samples)
	rows := readCSV(t, filepath.Join(r.Dir, "samples.csv"))
	assert.Equal(t, []string{"3", "0.75", "0.25", "", "the command failed: exit status 3; its standard error ends with: out of cheese"}, rows[3])
	assert.NotEmpty(t, body.Models["kriging"].RMSE)

	for how, want := range map[string]string{
		"crash":  "none of the 16 evaluations has a value; the first: the command failed: exit status 3",
		"silent": "there is no number in the standard output",
		"hang":   "killed at its time limit of 50ms",
	} {
		sets := []string{}
		if how == "hang" {
			sets = []string{"command.timeout=0.05", "sample.n=2", "validate=leave_one_out"}
		}
		j, err := decode("a.yaml", command(t, how, log, ""), sets)
		require.NoError(t, err)
		r, err := Run(t.Context(), j, filepath.Join(t.TempDir(), "out"), Options{})
		require.NoError(t, err)
		assert.Equal(t, Failed, r.Status)
		assert.Contains(t, r.Reason, want)
		rows := readCSV(t, filepath.Join(r.Dir, "samples.csv"))
		assert.NotEmpty(t, rows[1][4])
	}
}

func TestSurrogateAuto(t *testing.T) {
	r, body := study(t, braninSurrogate+"models: auto\nvalidate: {folds: 5}\noutput: {figures: []}\n", "sample={n: 40}")
	require.NotEmpty(t, body.Trials)
	best := 0
	for i, trial := range body.Trials {
		if trial.RMSE < body.Trials[best].RMSE {
			best = i
		}
	}
	assert.Equal(t, body.Trials[best].Name, body.Chosen)
	assert.Equal(t, body.Trials[best].RMSE, body.Models["auto"].RMSE)
	assert.Equal(t, "auto", body.Best)
	assert.FileExists(t, filepath.Join(r.Dir, "models", "auto.json"))
	var b bytes.Buffer
	body.Summary(&b)
	assert.Contains(t, b.String(), "cross-validated rmse")
}

// A model that cannot be fitted to what is left is told of, and is no obstacle.
func TestSurrogateModelFails(t *testing.T) {
	text := surrogateHead + "inputs: {a: [0, 1]}\nfunction: log(a - 1/2)\nsample: {n: 8}\nmodels: [inverse_distance, {polynomial: {degree: 6}}]\nvalidate: leave_one_out\noutput: {figures: []}\n"
	_, body := study(t, text)
	assert.Equal(t, samplesResult{N: 8, Sample: 8, Failed: 5}, body.Samples)
	assert.Empty(t, body.Models["inverse_distance"].Error)
	assert.NotEmpty(t, body.Models["polynomial"].Error)
	assert.Equal(t, body.Models["inverse_distance"].LOO, body.Models["inverse_distance"].RMSE)
	var b bytes.Buffer
	body.Summary(&b)
	assert.Contains(t, b.String(), "polynomial: ")

	j, err := decode("a.yaml", text, []string{"models=[{polynomial: {degree: 6}}]"})
	require.NoError(t, err)
	r, err := Run(t.Context(), j, filepath.Join(t.TempDir(), "out"), Options{})
	require.NoError(t, err)
	assert.Equal(t, Failed, r.Status)
	assert.Contains(t, r.Reason, "polynomial: ")
}

func TestSurrogateSensitivityAndSlices(t *testing.T) {
	r, body := study(t, surrogateHead+`inputs: {x1: [-pi, pi], x2: [-pi, pi], x3: [-pi, pi]}
function: sin(x1) + 7*sin(x2)^2 + 0.1*x3^4*sin(x1)
sample: {n: 128}
models: [polynomial_chaos]
sensitivity: {samples: 1024, second_order: true, model: polynomial_chaos}
output: {figures: [svg]}
`)
	s := body.Sensitivity
	assert.Equal(t, "polynomial_chaos", s.Of)
	assert.InDelta(t, 0.3139, float64(s.First["x1"].Value), 0.05)
	assert.InDelta(t, 0.2437, float64(s.Total["x3"].Value), 0.05)
	assert.InDelta(t, 0.2437, float64(s.Second["x1*x3"].Value), 0.05)
	assert.Len(t, s.Second, 3)
	assert.Equal(t, []string{"slices.svg", "predicted.svg", "sensitivity.svg"}, body.Figures)
	assert.FileExists(t, filepath.Join(r.Dir, "slices.svg"))
	files, err := Draw(r.Dir)
	require.NoError(t, err)
	assert.Equal(t, body.Figures, files)

	// Of the function, without a sample's worth of models.
	_, body = study(t, surrogateHead+"inputs: {a: [0, 1]}\nfunction: 2\nmodels: []\nsensitivity: {samples: 64}\noutput: {figures: [svg]}\n")
	assert.Equal(t, "function", body.Sensitivity.Of)
	assert.True(t, body.Sensitivity.First["a"].Value != body.Sensitivity.First["a"].Value, "a constant has no indices")
}

func TestSurrogateOptimize(t *testing.T) {
	r, body := study(t, braninSurrogate+`models: []
optimize: {evaluations: 12, constraints: [x1 <= -4], kriging: {starts: 3}}
output: {figures: [svg]}
`, "sample={n: 12}")
	o := body.Optimum
	require.NotNil(t, o)
	assert.True(t, o.Feasible)
	assert.LessOrEqual(t, o.X[0], -4.0)
	assert.Less(t, float64(o.Y), 6.0)
	assert.Equal(t, 24, o.Evaluations)
	assert.Contains(t, body.Figures, "convergence.svg")
	rows := readCSV(t, filepath.Join(r.Dir, "history.csv"))
	assert.Equal(t, "sample", rows[12][1])
	assert.Equal(t, "optimize", rows[13][1])
	assert.Equal(t, format(float64(o.Y)), rows[24][3], "of the points that are allowed")
	for _, method := range strategies[1:] {
		_, body := study(t, surrogateHead+"inputs: {a: [-1, 2]}\nfunction: -(a - 0.3)^2\nmodels: []\nsample: {n: 5}\noptimize: {maximize: true, evaluations: 5, method: "+method+"}\noutput: {figures: []}\n")
		assert.InDelta(t, 0.3, body.Optimum.X[0], 0.2, method)
	}
}

func TestSurrogateCheck(t *testing.T) {
	j, err := decode("a.yaml", braninSurrogate+"models: [kriging, {kriging: {name: second}}]\nvalidate: {grid: [10, 20]}\noptimize: {evaluations: 7, constraints: [x1 > 0]}\nsensitivity: {}\n", nil)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, j.Check(&b))
	assert.Equal(t, `a: surrogate

y = (x2 - b*x1^2 + 5/pi*x1 - 6)^2 + 10*(1 - 1/(8*pi))*cos(x1) + 10

inputs
  x1  [-5, 10]
  x2  [0, 15]

samples 80, sobol, the first 64 left out

models
  kriging
  second (kriging)
validated on a grid of 200 points

minimise by expected_improvement, at most 7 evaluations beyond the sample
  where x1 > 0

Sobol' indices of the function from 16384 evaluations
`, b.String())
}

// What stands in samples.csv never brings a run down, and is written as it was read.
func FuzzReadRecords(f *testing.F) {
	f.Add("evaluation,a,y,error\n1,0.5,2,\n3,1,,it failed\n")
	f.Add("evaluation,a,y,error\n0,0.5,2,\n")
	f.Add("evaluation,a,y,error\n1e9,0.5,2,\n")
	f.Add("evaluation,a,y\n1,0.5,2\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := readRecords("samples.csv", []byte(text), []string{"a"}, "y")
		if err != nil {
			return
		}
		r := &recorder{names: []string{"a"}, response: "y"}
		again := r.encode(-1, nil)
		for i := range rows {
			if rows[i].x != nil {
				again = append(again, r.encode(i, &rows[i])...)
			}
		}
		second, err := readRecords("samples.csv", again, []string{"a"}, "y")
		require.NoError(t, err)
		require.Len(t, second, len(rows))
		for i := range rows {
			require.Equal(t, rows[i].x, second[i].x)
			require.Equal(t, strings.TrimSpace(strings.ReplaceAll(rows[i].fail, "\r", "")) != "", strings.TrimSpace(strings.ReplaceAll(second[i].fail, "\r", "")) != "")
		}
	})
}
