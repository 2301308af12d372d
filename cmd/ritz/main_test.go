package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/internal/job"
)

// TestMain lets the test binary be ritz itself, or what waits for signals, for
// the tests of signals.
func TestMain(m *testing.M) {
	if os.Getenv("RITZ_TEST_AS_MAIN") != "" {
		main()
	}
	if grace, err := time.ParseDuration(os.Getenv("RITZ_TEST_GRACE")); err == nil {
		ctx := interruptible(context.Background(), grace)
		fmt.Println("ready")
		<-ctx.Done()
		fmt.Println("first")
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// sine is the initial value problem u' = cos(x), u(0) = 0.
const sine = `ritz: 1
kind: pinn
name: sine
domain: {x: [0, 1]}
fields: [u]
equations: [u_x = cos(x)]
conditions: [u = 0 at x=0]
reference: {exact: {u: sin(x)}, grid: {x: 21}}
network: {hidden: [8], activation: sin}
points: {interior: 64, resample: {every: 40}}
train:
  - adam: {iterations: 105, rate: 1e-2}
  - ssbroyden: {iterations: 85}
`

func write(t *testing.T, name, text string) string {
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	return path
}

func ritz(args ...string) (code int, stdout, stderr string) {
	return ritzIn(strings.NewReader(""), args...)
}

func ritzIn(in io.Reader, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(context.Background(), args, in, &out, &err)
	return code, out.String(), err.String()
}

type object = map[string]any

func result(t *testing.T, dir string) object {
	data, err := os.ReadFile(filepath.Join(dir, "result.json"))
	require.NoError(t, err)
	var r object
	require.NoError(t, json.Unmarshal(data, &r))
	return r
}

// history is the rows of history.csv without the column of seconds.
func history(t *testing.T, dir string) [][]string {
	f, err := os.Open(filepath.Join(dir, "history.csv"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	for i := range rows {
		rows[i] = rows[i][:len(rows[i])-1]
	}
	return rows
}

func files(t *testing.T, dir string) []string {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		if e.Name() != ".lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestRun(t *testing.T) {
	file := write(t, "sine.yaml", sine)
	dir := filepath.Join(t.TempDir(), "out")
	code, stdout, stderr := ritz("run", "--out", dir, file, "--set", "output.log=20", "--set", "output.figures=[svg]", "--set", "train.1.ssbroyden.iterations=90")
	require.Equal(t, 0, code, stderr)
	assert.Equal(t, []string{"history.csv", "job.yaml", "loss.svg", "result.json", "solution.json", "u.svg"}, files(t, dir))

	r := result(t, dir)
	for key, want := range map[string]any{"ritz": 1.0, "kind": "pinn", "name": "sine", "version": job.Version, "status": "done", "reason": "", "seed": 1.0, "device": "cpu"} {
		assert.Equal(t, want, r[key], key)
	}
	assert.Less(t, r["errors"].(object)["u"].(object)["relative_l2"], 1e-4)
	assert.Less(t, r["errors"].(object)["u"].(object)["max_abs"], 1e-4)
	assert.Equal(t, []any{"u.svg", "loss.svg"}, r["figures"])
	assert.Len(t, r["stages"], 2)
	assert.Len(t, r["terms"], 2)
	assert.Contains(t, stdout, "done after ")
	assert.Contains(t, stdout, dir)
	assert.Contains(t, stdout, "u: relative L2 error")
	assert.Contains(t, stdout, "figures u.svg, loss.svg")
	assert.Contains(t, stderr, "stage 1/2 adam 1/105 loss")

	rows := history(t, dir)
	assert.Equal(t, []string{"iteration", "stage", "optimizer", "loss", "u_x = cos(x)", "u = 0 at x=0", "evaluations"}, rows[0])
	var iterations []string
	for _, row := range rows[1:] {
		iterations = append(iterations, row[0]+" "+row[1]+" "+row[2])
	}
	assert.Equal(t, []string{"1 1 adam", "20 1 adam", "40 1 adam", "60 1 adam", "80 1 adam", "100 1 adam", "105 1 adam",
		"120 2 ssbroyden", "140 2 ssbroyden", "160 2 ssbroyden", "180 2 ssbroyden", "195 2 ssbroyden"}, iterations)

	// The job as run is a job; its run is the same.
	again := filepath.Join(t.TempDir(), "again")
	code, stdout, stderr = ritz("run", filepath.Join(dir, "job.yaml"), "--quiet", "--out", again)
	require.Equal(t, 0, code, stderr)
	assert.Empty(t, stdout+stderr)
	assert.Equal(t, rows, history(t, again))
	assertSame(t, dir, again, "solution.json")
	assertSame(t, dir, again, "job.yaml")

	t.Run("overwrite", func(t *testing.T) {
		code, stdout, stderr := ritz("run", file, "--out", dir)
		assert.Equal(t, 2, code)
		assert.Empty(t, stdout)
		assert.Equal(t, "ritz: "+dir+" already holds a run: go on with it (--resume "+dir+") or name another directory (--out)\n", stderr)
	})
	t.Run("among all runs", func(t *testing.T) {
		code, _, stderr := ritz("run", file, "--out", "runs/")
		assert.Equal(t, 2, code)
		assert.Equal(t, "ritz: cannot make the run directory: runs is the folder of all runs: name a directory within it, such as runs/mine\n", stderr)
	})
	t.Run("where it ran", func(t *testing.T) {
		file := filepath.Join(dir, "result.json")
		before, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, bytes.Replace(before, []byte(`"device": "cpu"`), []byte(`"device": "opencl:0 (GPU)"`), 1), 0o666))
		_, stdout, _ := ritz("run", "--resume", dir)
		assert.Regexp(t, `^done after \S+ s on opencl:0 \(GPU\): `, stdout)
		require.NoError(t, os.WriteFile(file, before, 0o666))
	})
	t.Run("where a wave ran", func(t *testing.T) {
		wave := write(t, "wave.yaml", "ritz: 1\nkind: stencil\ngrid: {n: [9, 9], length: [1, 1]}\nsteps: 1\noutput: {figures: []}\n")
		code, stdout, stderr := ritz("run", wave, "--out", filepath.Join(t.TempDir(), "wave"))
		require.Equal(t, 0, code, stderr)
		assert.Regexp(t, `^done after \S+ s on cpu: `, stdout)
	})
	t.Run("resume what is done", func(t *testing.T) {
		code, stdout, stderr := ritz("run", "--resume", dir)
		assert.Equal(t, 0, code)
		assert.Equal(t, "the run in "+dir+" is already finished\n", stderr)
		assert.Contains(t, stdout, "done after ")
		assert.Contains(t, stdout, "u: relative L2 error")
	})
	t.Run("predict", func(t *testing.T) {
		points := write(t, "p.csv", "id,x\na,0\nb,0.5\nc, 1e0\n")
		code, stdout, stderr := ritz("predict", dir, "--points", points, "--derivatives", "u_x, D(u, x, 2), u_x - cos(x)")
		require.Equal(t, 0, code, stderr)
		rows, err := csv.NewReader(strings.NewReader(stdout)).ReadAll()
		require.NoError(t, err)
		assert.Equal(t, []string{"id", "x", "u", "u_x", "D(u, x, 2)", "u_x - cos(x)"}, rows[0])
		require.Len(t, rows, 4)
		assert.Equal(t, []string{"c", "1e0"}, rows[3][:2])
		assert.True(t, strings.HasPrefix(rows[2][2], "0.479"), "sin(0.5) = 0.4794, got %s", rows[2][2])
		assert.True(t, strings.HasPrefix(rows[2][3], "0.87"), "cos(0.5) = 0.8776, got %s", rows[2][3])
	})
	t.Run("predict refuses", func(t *testing.T) {
		for in, want := range map[string]string{
			"":               "ritz: standard input: line 1: empty; expected a header that names the columns\n",
			"y\n1\n":         "ritz: standard input: line 1: no column for the variable \"x\"\n",
			"x\n1\n\nnan\n":  "ritz: standard input: line 4, column \"x\": \"nan\" is not a finite number\n",
			"x,y\n1,2\n3\n":  "ritz: standard input: record on line 3: wrong number of fields\n",
			"x,a,a\n1,2,3\n": "ritz: standard input: line 1: column \"a\" stands twice\n",
			"x;a\n1;2\n":     "ritz: standard input: line 1: no column for the variable \"x\": are the columns separated by ';'? Separate them by ','\n",
			"x\n1\n2\n12a\n": "ritz: standard input: line 4, column \"x\": \"12a\" is not a finite number\n",
		} {
			code, stdout, stderr := ritzIn(strings.NewReader(in), "predict", dir, "--points=-")
			assert.Equal(t, 2, code)
			assert.Empty(t, stdout)
			assert.Equal(t, want, stderr)
		}
		code, _, stderr := ritzIn(strings.NewReader("x\n1\n"), "predict", dir, "--points=-", "--derivatives", "u_y")
		assert.Equal(t, 2, code)
		assert.Contains(t, stderr, `"u_y"`)
		code, _, stderr = ritz("predict", t.TempDir(), "--points=-")
		assert.Equal(t, 2, code)
		assert.Contains(t, stderr, "holds no run")
	})
}

func assertSame(t *testing.T, dir, other, name string) {
	a, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	b, err := os.ReadFile(filepath.Join(other, name))
	require.NoError(t, err)
	assert.Equal(t, string(a), string(b), name)
}

// What is legal but hardly meant is said, also to those who want quiet.
func TestWarnings(t *testing.T) {
	text := strings.Replace(sine, "conditions: [u = 0 at x=0]\n", "constants: {nu: 1, mu: 2*nu}\nlet: {phi: x}\nparameters: {k: 1}\n", 1)
	file := write(t, "sine.yaml", text)
	want := ""
	for _, w := range []string{"7:20: constants.mu: nothing uses it", "9:14: parameters.k: nothing uses it", "8:7: let.phi: nothing uses it",
		"6:12: no conditions and no ansatz: nothing picks one of the solutions of the equations"} {
		want += "warning: " + file + ":" + w + "\n"
	}
	code, _, stderr := ritz("check", file)
	assert.Equal(t, 0, code)
	assert.Equal(t, want, stderr)
	code, _, stderr = ritz("run", file, "--quiet", "--out", t.TempDir(), "--set", "output.figures=[]", "--set", "train=[{adam: {iterations: 1}}]")
	assert.Equal(t, 0, code)
	assert.Equal(t, want, stderr)

	file = write(t, "heat.yaml", strings.Replace(sine, "equations: [u_x = cos(x)]", "equations: [u_xx = -sin(x)]", 1))
	code, _, stderr = ritz("check", file)
	assert.Equal(t, 0, code)
	assert.Equal(t, "warning: "+file+":7:13: no condition on u at x = 1: u_xx asks for 2 in x, and there is 1\n", stderr)

	table := write(t, "u.csv", "x,u\n0,0\n2,0\n-1,1\n")
	code, _, stderr = ritz("check", write(t, "a.yaml", sine), "--set", "conditions.0={data: "+table+"}", "--set", "reference={file: "+table+"}")
	assert.Equal(t, 0, code)
	assert.Contains(t, stderr, ": conditions[0]: 2 of the 3 points lie outside the domain\n")
	assert.Contains(t, stderr, ": reference.file: 2 of the 3 points lie outside the domain\n")
}

// A training that blows up says where, and keeps what was good, if anything.
// A run that is interrupted while kernels are compiled leaves nothing, and says so.
func TestInterruptedCompiling(t *testing.T) {
	if list, err := gpu.Devices(); len(list) == 0 && os.Getenv("RITZ_REQUIRE_ENGINES") != "1" {
		t.Skipf("no OpenCL: %v", err)
	}
	file := write(t, "wave.yaml", "ritz: 1\nkind: stencil\ngrid: {n: [9, 8], length: [4, 3]}\nsteps: 1\ndevice: opencl:0\n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, err bytes.Buffer
	code := run(ctx, []string{"run", file, "--out", filepath.Join(t.TempDir(), "out")}, nil, &out, &err)
	assert.Equal(t, exitFailed, code)
	assert.Empty(t, out.String())
	assert.Regexp(t, "^compiling kernels for opencl:0 \\(.+\\) 0/[23] [0-9.:]+( s)?\nritz: interrupted before the first step: nothing was run\n$", err.String())
}

func TestDiverged(t *testing.T) {
	file := write(t, "boom.yaml", `ritz: 1
kind: pinn
domain: {x: [0, 1]}
fields: [u]
equations: [u_x = exp(u)]
conditions: [u = 0 at x=0]
network: {hidden: [8]}
points: {interior: 32}
train:
  - adam: {iterations: 10}
  - adam: {iterations: 100, rate: 1e4}
output: {figures: [svg]}
`)
	dir := filepath.Join(t.TempDir(), "out")
	code, _, stderr := ritz("run", file, "--out", dir)
	require.Equal(t, 1, code, stderr)
	assert.Contains(t, stderr, "the run in "+dir+" failed: ")
	r := result(t, dir)
	assert.Equal(t, "failed", r["status"])
	assert.Regexp(t, `iteration \d+.*u_x = exp\(u\)`, r["reason"])
	assert.Equal(t, []string{"checkpoint", "history.csv", "job.yaml", "result.json", "solution.json"}, files(t, dir))
	code, stdout, stderr := ritzIn(strings.NewReader("x\n0.5\n"), "predict", dir, "--points", "-")
	require.Equal(t, 0, code, stderr)
	assert.Contains(t, stderr, "warning: the run in "+dir+" is not finished (failed: training diverged")
	assert.NotContains(t, stdout, "NaN")
	assert.NotContains(t, stdout, "Inf")

	// Numbers that stay finite are done, with a warning to all.
	code, stdout, stderr = ritz("run", write(t, "a.yaml", sine), "--quiet", "--out", filepath.Join(t.TempDir(), "finite"),
		"--set", "output.figures=[]", "--set", "train=[{adam: {iterations: 3, rate: 1e6}}]")
	assert.Equal(t, 0, code)
	assert.Empty(t, stdout)
	assert.Regexp(t, "^warning: the loss at the end, .*: the training diverged; a lower rate is needed\n$", stderr)

	dir = filepath.Join(t.TempDir(), "at once")
	code, _, stderr = ritz("run", file, "--out", dir, "--set", "train=[{adam: {iterations: 100, rate: 1e4}}]")
	require.Equal(t, 1, code, stderr)
	assert.Equal(t, []string{"checkpoint", "history.csv", "job.yaml", "result.json"}, files(t, dir))
}

func TestInputs(t *testing.T) {
	from := t.TempDir()
	var table, other strings.Builder
	table.WriteString("x,u\n")
	other.WriteString("u,x\n")
	for _, row := range [][2]string{{"0", "0"}, {"0.5", "0.479425538604203"}, {"1", "0.8414709848078965"}} {
		table.WriteString(row[0] + "," + row[1] + "\n")
		other.WriteString(row[1] + "," + row[0] + "\n")
	}
	require.NoError(t, os.MkdirAll(filepath.Join(from, "sub"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(from, "u.csv"), []byte(table.String()), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(from, "sub", "u.csv"), []byte(other.String()), 0o666))
	text := strings.Replace(sine, "{exact: {u: sin(x)}, grid: {x: 21}}", "{file: u.csv}", 1)
	text = strings.Replace(text, "[u = 0 at x=0]", "[{data: sub/u.csv}, {data: u.csv, weight: 2}]", 1)
	file := filepath.Join(from, "sine.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o666))

	dir := filepath.Join(t.TempDir(), "out")
	code, _, stderr := ritz("run", file, "--out", dir, "--quiet", "--set", "output.figures=[svg]")
	require.Equal(t, 0, code, stderr)
	assert.Equal(t, []string{"2-u.csv", "u.csv"}, files(t, filepath.Join(dir, "inputs")))
	assert.Contains(t, files(t, dir), "u.svg")
	saved, err := os.ReadFile(filepath.Join(dir, "job.yaml"))
	require.NoError(t, err)
	assert.Contains(t, string(saved), "conditions: [{data: inputs/u.csv, weight: 1}, {data: inputs/2-u.csv, weight: 2}]")
	assert.Contains(t, string(saved), "reference: {file: inputs/2-u.csv}")

	// The run directory needs nothing else.
	require.NoError(t, os.RemoveAll(from))
	again := filepath.Join(t.TempDir(), "again")
	code, _, stderr = ritz("run", filepath.Join(dir, "job.yaml"), "--out", again, "--quiet")
	require.Equal(t, 0, code, stderr)
	assertSame(t, dir, again, "solution.json")
}

func TestDefaultDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("sine.yaml", []byte(sine), 0o666))
	short := []string{"run", "sine.yaml", "--quiet", "--set", "output.figures=[]", "--set", "train=[{adam: {iterations: 1}}]"}
	for range 3 { // also within one second
		code, _, stderr := ritz(short...)
		require.Equal(t, 0, code, stderr)
	}
	names := files(t, "runs")
	require.Len(t, names, 3)
	assert.Regexp(t, `^sine-\d{8}-\d{6}$`, names[0])
}

func TestUnwritable(t *testing.T) {
	file := write(t, "sine.yaml", sine)
	code, stdout, stderr := ritz("run", file, "--out", filepath.Join(file, "x"))
	assert.Equal(t, 2, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "ritz: cannot make the run directory: ")
}

// What cannot be written ends the run with the reason.
func TestDiskFull(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /dev/full")
	}
	file, dir := write(t, "sine.yaml", sine), t.TempDir()
	require.NoError(t, os.Symlink("/dev/full", filepath.Join(dir, "history.csv")))
	code, _, stderr := ritz("run", file, "--out", dir)
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "no space left on device")
	assert.Equal(t, "failed", result(t, dir)["status"])
}

func TestBadInput(t *testing.T) {
	file := write(t, "a.yaml", strings.Replace(sine, "cos(x)", "cso(x)", 1))
	for _, command := range []string{"run", "check"} {
		code, stdout, stderr := ritz(command, file)
		assert.Equal(t, 2, code)
		assert.Empty(t, stdout)
		assert.True(t, strings.HasPrefix(stderr, file+`:6:19: equations[0]: column 7: unknown`), stderr)
		assert.Contains(t, stderr, "\nequations: [u_x = cso(x)]\n                  ^\n")
	}
}

// Output that cannot be written is a failure, of any command.
func TestOutputFull(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /dev/full")
	}
	dir := filepath.Join(t.TempDir(), "out")
	file := write(t, "sine.yaml", sine)
	code, _, stderr := ritz("run", file, "--out", dir, "--quiet", "--set", "output.figures=[]", "--set", "train=[{adam: {iterations: 2}}]")
	require.Equal(t, 0, code, stderr)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer full.Close()
	for _, args := range [][]string{{"predict", dir, "--points=-"}, {"check", file}, {"version"}} {
		var b bytes.Buffer
		assert.Equal(t, 1, run(context.Background(), args, strings.NewReader("x\n1\n"), full, &b), args)
		assert.Equal(t, 1, strings.Count(b.String(), "no space left on device"), b.String())
	}
}
