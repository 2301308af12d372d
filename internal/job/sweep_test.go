package job

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const sweepHead = "ritz: 1\nkind: sweep\n"

const sweptSample = `job:
  ritz: 1
  kind: sample
  inputs: {a: [0, 1], b: [0, 1]}
  sample: {method: lhs, n: 32}
  output: {figures: []}
`

// countingPool counts the tasks, and interrupts the run after some of them.
type countingPool struct {
	pool  Pool
	tasks int
	most  int // 0: all
	stop  context.CancelFunc
}

func (p *countingPool) Do(ctx context.Context, tasks []Task, done func(int, []byte, error)) error {
	return p.pool.Do(ctx, tasks, func(i int, r []byte, err error) {
		done(i, r, err)
		if p.tasks++; p.tasks == p.most {
			p.stop()
		}
	})
}

func sweep(t *testing.T, text, dir string, o Options) (*Result, *sweepBody) {
	j, err := decode(filepath.Join(t.TempDir(), "a.yaml"), sweepHead+text, nil)
	require.NoError(t, err)
	r, err := Run(t.Context(), j, dir, o)
	require.NoError(t, err)
	return r, r.Body.(*sweepBody)
}

// rowsOf reads a CSV file without the column of seconds.
func rowsOf(t *testing.T, path string) [][]string {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	at := slices.Index(rows[0], "seconds")
	for i := range rows {
		rows[i] = slices.Delete(rows[i], at, at+1)
	}
	return rows
}

// A run of a sweep is the run of its job alone, and no pool makes a difference.
func TestSweepRunsAreThoseOfTheirJobs(t *testing.T) {
	const text = sweptSample + `vary: {sample.n: [16, 32], seed: {from: 1, to: 3, n: 3}}
criterion: {maximize: min_distance}
`
	dir := filepath.Join(t.TempDir(), "first")
	r, body := sweep(t, text, dir, Options{Pool: Local{Workers: 1}})
	require.Equal(t, Done, r.Status, r.Reason)
	require.Len(t, body.Runs, 6)
	var best *sweepRun
	for i, run := range body.Runs {
		n, seed := []int{16, 32}[i/3], 1+i%3
		require.Equal(t, map[string]any{"sample.n": float64(n), "seed": float64(seed)}, run.Parameters)
		j, err := decode("a.yaml", fmt.Sprintf("%sinputs: {a: [0, 1], b: [0, 1]}\nsample: {method: lhs, n: %d}\nseed: %d\noutput: {figures: []}\n", sampleHead, n, seed), nil)
		require.NoError(t, err)
		alone, err := Run(t.Context(), j, filepath.Join(t.TempDir(), "alone"), Options{})
		require.NoError(t, err)
		require.Equal(t, *alone.Body.(*sampleBody).MinDistance, *run.Criterion)
		for _, path := range []string{alone.Dir, filepath.Join(dir, runDir(run.Run))} {
			require.FileExists(t, filepath.Join(path, "points.csv"))
		}
		if best == nil || *run.Criterion > *best.Criterion {
			best = run
		}
	}
	assert.Equal(t, best, body.Best)
	assert.Equal(t, []string{"criterion.png"}, body.Figures)

	other := filepath.Join(t.TempDir(), "other")
	sweep(t, text, other, Options{Pool: Local{Workers: 5}})
	assert.Equal(t, rowsOf(t, filepath.Join(dir, "runs.csv")), rowsOf(t, filepath.Join(other, "runs.csv")))
}

func TestSweepResumes(t *testing.T) {
	text := sweptSample + `vary: {seed: {from: 1, to: 9, n: 9}}
criterion: {minimize: discrepancies.centred}
`
	whole := filepath.Join(t.TempDir(), "whole")
	sweep(t, text, whole, Options{})

	dir := filepath.Join(t.TempDir(), "out")
	ctx, cancel := context.WithCancel(t.Context())
	j, err := decode("a.yaml", sweepHead+text, nil)
	require.NoError(t, err)
	p := &countingPool{pool: Local{Workers: 1}, most: 4, stop: cancel}
	r, err := Run(ctx, j, dir, Options{Pool: p})
	require.NoError(t, err)
	require.Equal(t, Stopped, r.Status)
	require.Equal(t, 4, r.Body.(*sweepBody).Done)

	p = &countingPool{pool: Local{}}
	r, err = Resume(t.Context(), dir, Options{Pool: p})
	require.NoError(t, err)
	require.Equal(t, Done, r.Status, r.Reason)
	require.Equal(t, 5, p.tasks, "what is done is not done again")
	assert.Equal(t, rowsOf(t, filepath.Join(whole, "runs.csv")), rowsOf(t, filepath.Join(dir, "runs.csv")))
}

// The numbers of the bracket s = 4 in table 1 of the paper on Hyperband, and
// budgets that do not divide.
func TestHalvingRungs(t *testing.T) {
	h := halving{min: 1, max: 81, eta: 3, whole: true}
	assert.Equal(t, []float64{1, 3, 9, 27, 81}, h.budgets())
	assert.Equal(t, []int{81, 27, 9, 3, 1}, h.rungSizes(81))
	h = halving{min: 10, max: 100, eta: 2.5, whole: true}
	assert.Equal(t, []float64{10, 25, 63, 100}, h.budgets())
	assert.Equal(t, []int{3, 1, 1, 1}, h.rungSizes(3))
	h = halving{min: 0.1, max: 0.4, eta: 2}
	assert.Equal(t, []float64{0.1, 0.2, 0.4}, h.budgets())
	h = halving{min: 1, max: 2, eta: 1.01, whole: true}
	assert.Equal(t, []float64{1, 2}, h.budgets())
}

// The optimum of (x - a)^2 on a grid of n points: with more points a run comes
// nearer to zero, and which is nearest with few is known.
func TestHalvingGoesOnWithTheBest(t *testing.T) {
	r, body := sweep(t, sweptSample+`vary: {sample.method: [lhs, sobol, halton, random], seed: [1, 2, 3]}
halving: {budget: sample.n, min: 16, max: 128, eta: 3}
criterion: {minimize: discrepancies.centred}
`, filepath.Join(t.TempDir(), "out"), Options{})
	require.Equal(t, Done, r.Status, r.Reason)
	require.Len(t, body.Runs, 12+4+1)
	key := func(r *sweepRun) string { return fmt.Sprint(r.Parameters) }
	best := func(runs []*sweepRun, n int) (keys []string) {
		runs = slices.Clone(runs)
		slices.SortStableFunc(runs, func(a, b *sweepRun) int {
			if *a.Criterion < *b.Criterion {
				return -1
			}
			if *a.Criterion > *b.Criterion {
				return 1
			}
			return 0
		})
		for _, r := range runs[:n] {
			keys = append(keys, key(r))
		}
		return keys
	}
	var second []string
	for _, r := range body.Runs[12:16] {
		require.EqualValues(t, 48, *r.Budget)
		second = append(second, key(r))
	}
	require.ElementsMatch(t, best(body.Runs[:12], 4), second)
	require.Equal(t, best(body.Runs[12:16], 1), []string{key(body.Runs[16])})
	require.Equal(t, body.Runs[16], body.Best, "of the largest budget")
}

// Runs that fail are rows. One of a combination that cannot be is, too.
func TestSweepWithFailures(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "out")
	text := fmt.Sprintf("command: ['%s', swept, '{a}', '{words}']\nvary: {a: [1, 2, 1/2], words: [x, fail]}\ncriterion: {maximize: output.value}\n", exe)
	r, body := sweep(t, text, dir, Options{})
	require.Equal(t, Done, r.Status, r.Reason)
	require.Equal(t, 3, body.Done)
	require.Equal(t, 3, body.Failed)
	for i, run := range body.Runs {
		a := []float64{1, 2, 0.5}[i/2]
		if i%2 == 1 {
			assert.Equal(t, Failed, run.Status)
			assert.Contains(t, run.Reason, "exit status 3; its standard error ends with: it broke")
			assert.Nil(t, run.Criterion)
			continue
		}
		require.NotNil(t, run.Criterion, run.Reason)
		assert.EqualValues(t, 10*a, *run.Criterion)
		text, err := os.ReadFile(filepath.Join(dir, runDir(run.Run), "stdout.txt"))
		require.NoError(t, err)
		assert.Contains(t, string(text), "working")
	}
	assert.EqualValues(t, 20, *body.Best.Criterion)
	var summary strings.Builder
	body.Summary(&summary)
	assert.Contains(t, summary.String(), "3 runs done, 3 failed; the first: run 2: exit status 3")
	assert.Contains(t, summary.String(), "best output.value 20, run 3 (runs/0003)\n  a: 2\n  words: x\n")
}

// Files that values name are copied, as those of the job are.
func TestSweepOverFiles(t *testing.T) {
	in := t.TempDir()
	for name, y := range map[string]string{"a.csv": "1", "b.csv": "2"} {
		require.NoError(t, os.WriteFile(filepath.Join(in, name), []byte("x,y\n0,"+y+"\n0.5,"+y+"\n1,"+y+"\n"), 0o666))
	}
	base := "ritz: 1\nkind: surrogate\ninputs: {x: [0, 1]}\ndata: ../a.csv\nmodels: [inverse_distance]\nvalidate: {data: ../b.csv}\noutput: {figures: []}\n"
	require.NoError(t, os.Mkdir(filepath.Join(in, "sub"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(in, "sub", "base.yaml"), []byte(base), 0o666))
	path := filepath.Join(in, "sweep.yaml")
	require.NoError(t, os.WriteFile(path, []byte(sweepHead+"job: sub/base.yaml\nvary: {data: [a.csv, b.csv]}\ncriterion: {minimize: models.inverse_distance.rmse}\n"), 0o666))
	j, err := Load(path, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	dir := filepath.Join(t.TempDir(), "out")
	r, err := Run(ctx, j, dir, Options{Pool: &countingPool{pool: Local{Workers: 1}, most: 1, stop: cancel}})
	require.NoError(t, err)
	require.Equal(t, Stopped, r.Status)
	require.NoError(t, os.RemoveAll(in)) // the run directory has it all
	r, err = Resume(t.Context(), dir, Options{})
	require.NoError(t, err)
	require.Equal(t, Done, r.Status, r.Reason)
	runs := r.Body.(*sweepBody).Runs
	require.Len(t, runs, 2)
	require.NotNil(t, runs[0].Criterion, runs[0].Reason)
	assert.EqualValues(t, 1, *runs[0].Criterion)
	assert.EqualValues(t, 0, *runs[1].Criterion)
}

// A criterion that no result has ends the sweep early, says what there is, and is
// put right in the directory of the run.
func TestSweepWithoutItsCriterion(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	r, body := sweep(t, sweptSample+"vary: {seed: {from: 1, to: 50, n: 50}}\ncriterion: {minimize: discrepancies.centered}\n", dir, Options{Pool: Local{Workers: 1}})
	require.Equal(t, Failed, r.Status)
	assert.Contains(t, r.Reason, `result.json has no "centered" at discrepancies: did you mean "centred"?`)
	assert.Equal(t, 1, body.Done)
	text, err := os.ReadFile(filepath.Join(dir, "job.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "job.yaml"), []byte(strings.Replace(string(text), "centered", "centred", 1)), 0o666))
	r, err = Resume(t.Context(), dir, Options{})
	require.NoError(t, err)
	require.Equal(t, Done, r.Status, r.Reason)
	require.NotNil(t, r.Body.(*sweepBody).Best)
}

func TestSweepTable(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "p.csv"), []byte("sample.n,sample.method\n8,lhs\n 2^4 ,sobol\n9,lhs\n"), 0o666))
	j, err := decode(filepath.Join(dir, "a.yaml"), sweepHead+sweptSample+"table: p.csv\nconstraints: [n != 9]\n", nil)
	require.NoError(t, err)
	var check strings.Builder
	require.NoError(t, j.Check(&check))
	assert.Contains(t, check.String(), "2 points of a job of kind sample")
	r, err := Run(t.Context(), j, filepath.Join(t.TempDir(), "out"), Options{})
	require.NoError(t, err)
	body := r.Body.(*sweepBody)
	require.Len(t, body.Runs, 2)
	assert.Equal(t, map[string]any{"sample.n": 16.0, "sample.method": "sobol"}, body.Runs[1].Parameters)
	assert.Nil(t, body.Best)
	assert.Equal(t, 2, body.Done)
	var again Result
	text, err := os.ReadFile(filepath.Join(r.Dir, "runs", "0002", "result.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &again))
}

func TestSweepFaults(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"unknown.csv": "sample.n,sample.metod\n8,lhs\n",
		"twice.csv":   "seed,seed\n1,2\n",
		"empty.csv":   "seed\n",
		"nothing.csv": "",
		"ragged.csv":  "seed,sample.n\n1,2\n3\n",
		"cell.csv":    "seed,sample.n\n1,\n",
		"broken.yaml": "ritz: 1\nkind: sample\ninputs: {a: [0, 1]}\nsample: {n: 0}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
	const vary = "vary: {seed: [1, 2]}\n"
	for text, want := range map[string]string{
		vary:                                  `the key "job" is missing`,
		sweptSample:                           `the key "vary" is missing`,
		sweptSample + "command: [x]\n" + vary: `expected either job or command, got both`,
		sweptSample + vary + "table: twice.csv\n":                                                                       `expected either vary or table, got both`,
		sweptSample + "vary: {sample.metod: [lhs]}\n":                                                                   `a.yaml:9:23: sample: unknown key "metod": did you mean "method"?`,
		sweptSample + "vary: {sed: [1]}\n":                                                                              `unknown key "sed": did you mean "seed"?`,
		sweptSample + "vary: {inputs.c: [[0, 1]]}\n":                                                                    `inputs has no "c"`,
		sweptSample + "vary: {sample.method: [lhs, soboll]}\n":                                                          `a.yaml:9:29: sample.method: unknown "soboll": did you mean "sobol"?`,
		sweptSample + "vary: {seed: []}\n":                                                                              `vary.seed: there are no values: no combination`,
		sweptSample + "vary: {seed: 1}\n":                                                                               `vary.seed: expected a list, got "1"`,
		sweptSample + "vary: {}\n":                                                                                      `expected at least one parameter`,
		sweptSample + "vary: {seed: {from: 1, to: 2}}\n":                                                                `the key "n" is missing`,
		sweptSample + "vary: {seed: {from: 0, to: 2, n: 3, log: true}}\n":                                               `both ends must be above 0, got 0 and 2`,
		sweptSample + "vary: {seed: {from: 1, to: 1e6, n: 1e6}}\n":                                                      `more than 100000 runs`,
		sweptSample + "vary: {a: {from: 1, to: 2, n: 1000}, seed: {from: 1, to: 2, n: 1e3}}":                            `more than 100000 runs`,
		sweptSample + vary + "constraints: [sed > 1]\n":                                                                 `constraints[0]: column 1: unknown name "sed": did you mean "seed"?`,
		sweptSample + vary + "constraints: [seed > 2]\n":                                                                `they allow none of the 2 combinations`,
		sweptSample + vary + "criterion: min_distance\n":                                                                `expected a mapping`,
		sweptSample + vary + "criterion: {minimise: min_distance}\n":                                                    `unknown key "minimise": did you mean "minimize"?`,
		sweptSample + vary + "criterion: {minimize: min_dist}\n":                                                        `result.json will have no "min_dist": did you mean "min_distance"?`,
		sweptSample + vary + "criterion: {minimize: a..b}\n":                                                            `expected a path such as`,
		sweptSample + vary + "halving: {budget: sample.n, min: 1, max: 9}\n":                                            `without a criterion`,
		sweptSample + vary + "criterion: {minimize: min_distance}\nhalving: {budget: sample.k, min: 1, max: 9}\n":       `sample: unknown key "k"`,
		sweptSample + vary + "criterion: {minimize: min_distance}\nhalving: {budget: seed, min: 1, max: 9}\n":           `seed varies: it cannot be the budget too`,
		sweptSample + vary + "criterion: {minimize: min_distance}\nhalving: {budget: sample.n, min: 9, max: 9}\n":       `expected 0 < min < max, got 9 and 9`,
		sweptSample + vary + "criterion: {minimize: min_distance}\nhalving: {budget: sample.n, min: 1, max: 9, eta: 1}": `expected a number above 1, got 1`,
		sweptSample + vary + "criterion: {minimize: min_distance}\nhalving: {budget: sample.n, min: 0.5, max: 9}\n":     `sample.n: expected a whole number, got 0.5`,
		sweptSample + "table: unknown.csv\n":                                                                            `unknown.csv:2:1: sample: unknown key "metod": did you mean "method"?`,
		sweptSample + "table: twice.csv\n":                                                                              `twice.csv:1:1: column 2, "seed": expected a parameter that no other column has`,
		sweptSample + "table: empty.csv\n":                                                                              `there are no rows below the header`,
		sweptSample + "table: nothing.csv\n":                                                                            `nothing.csv:1:1: empty; expected a header`,
		sweptSample + "table: ragged.csv\n":                                                                             `ragged.csv:3:1: wrong number of fields`,
		sweptSample + "table: cell.csv\n":                                                                               `cell.csv:2:1: column "sample.n": expected a value, got ""`,
		sweptSample + "table: none.csv\n":                                                                               `table: open `,
		"job: none.yaml\n" + vary:                                                                                       `a.yaml:3:6: job: open `,
		"job: broken.yaml\n" + vary:                                                                                     `broken.yaml:4:13: sample.n: expected a whole number of at least 1, got 0`,
		"job: [1]\n" + vary:                                                                                             `expected a file or a job, got a list`,
		"job: {ritz: 1, kind: sweep, job: x.yaml, vary: {a: [1]}}\n" + vary:                                             `a sweep of sweeps`,
		"command: [go, '{seet}']\n" + vary:                                                                              `the command has no {seed}: did you mean "seet"?`,
		"command: []\n" + vary:                                                                                          `there is no program to run`,
		"command: [./no_such_program, '{seed}']\n" + vary:                                                               `no_such_program`,
		"command: {run: [go, '{seed}'], files: [none.txt]}\n" + vary:                                                    `none.txt`,
	} {
		j, err := decode(filepath.Join(dir, "a.yaml"), sweepHead+text, nil)
		if err == nil {
			err = j.Check(&strings.Builder{})
		}
		if assert.Error(t, err, text) {
			assert.Contains(t, err.Error(), want, text)
			var e *Error
			assert.True(t, errors.As(err, &e), "%s: %v", text, err)
		}
	}
}

// sweptProgram is the program of a sweep: TestMain makes the test binary it.
func sweptProgram(a, word string) {
	if word == "fail" {
		fmt.Fprintln(os.Stderr, "it broke")
		os.Exit(3)
	}
	var x float64
	if _, err := fmt.Sscan(a, &x); err != nil {
		os.Exit(4)
	}
	fmt.Printf("working\n{\"value\": %g}\n", 10*x)
	os.Exit(0)
}
