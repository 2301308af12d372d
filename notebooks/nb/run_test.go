package nb

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/event"
)

const heat = `
ritz: 1
kind: pinn
name: heat
domain: {t: [0, 1], x: [0, 1]}
fields: [u]
equations: [u_t = 0.1*u_xx]
conditions: [u = sin(pi*x) at t=0, u = 0 at x=0, u = 0 at x=1]
network: {hidden: [8]}
points: {interior: 256}
train: [{adam: {iterations: 20}}, {ssbroyden: {iterations: 20}}]
`

func init() {
	cells["run"] = func() {
		r := Run("heat.yaml", Options{Set: []string{"seed=7"}, Threads: 1, Out: "out", Workers: 2, Connect: "cluster"})
		Table([]string{"status", "loss"}, []any{r.Status, r.Number("loss")})
	}
	cells["run without ado"] = func() { Run("heat.yaml") }
	cells["run text"] = func() { RunText(heat) }
	cells["run quietly"] = func() { RunText(heat, Options{Quiet: true}) }
	cells["run bad text"] = func() { RunText("ritz: 1\nkind: pinn\nnam: x\n") }
	cells["run -"] = func() { Run("-") }
	cells["run with options twice"] = func() { Run("heat.yaml", Options{}, Options{}) }
	cells["resume"] = func() { Resume("out") }
	cells["command"] = func() { Command("cluster", "status") }
}

func TestRunWithoutRitz(t *testing.T) {
	r := inTerminal(t, "run text", "PATH="+t.TempDir())
	assert.Equal(t, 1, r.code)
	assert.Equal(t, "ritz: the program ritz is not on PATH: the kernels of ritz jupyter setup have it there\n", r.stderr)
}

// What ritz says, and what becomes of it.
func TestWhatRitzSays(t *testing.T) {
	for _, c := range []struct {
		name, cell string
		says       []string
		code       int
		stdout     string
		stderr     string
	}{
		{"a fault in the job", "run text",
			[]string{"stderr job:3:1: unknown key", "exit 2"}, 1, "", "^job:3:1: unknown key\n$"},
		{"its arguments", "run",
			[]string{`{"event":"warning","text":"ARGS"}`, "exit 1"}, 1, "",
			"^warning: run --json heat.yaml --until-eof --set seed=7 --threads 1 --out out --workers 2 --connect cluster\n$"},
		{"the arguments of resume", "resume",
			[]string{`{"event":"warning","text":"ARGS"}`, "exit 1"}, 1, "", "^warning: run --json --resume out --until-eof\n$"},
		{"it was interrupted", "run text",
			[]string{`{"event":"started","dir":"out"}`, `{"event":"ended","dir":"out","status":"stopped","reason":"interrupted"}`, "exit 1"},
			1, "^stopped: out\n$", `^ritz: interrupted; go on with: nb.Resume\("out"\)` + "\n$"},
		{"it failed", "run text",
			[]string{`{"event":"ended","dir":"out","status":"failed","reason":"training diverged","summary":"loss 3\n"}`, "exit 1"},
			1, "^failed: out\nloss 3\n$", "^ritz: the run in out failed: training diverged\n$"},
		{"it is not ritz", "run text", []string{"hello"}, 1, "", "^ritz: the program ritz says something that is not understood: .*\n$"},
		{"it says nothing", "run text", []string{""}, 1, "", "^ritz: the program ritz ended without a result\n$"},
		{"it is done, and gone", "run text",
			[]string{`{"event":"ended","dir":"gone","status":"done"}`}, 1, "^done: gone\n$", "^ritz: gone holds no run: .*\n$"},
		{"it is done, but for a part", "run text",
			[]string{`{"event":"ended","dir":"gone","status":"done","reason":"1 of 3 runs failed"}`}, 1,
			"^done: gone\n$", "^warning: 1 of 3 runs failed\nritz: gone holds no run: .*\n$"},
		{"a command", "command", []string{"ARGS"}, 0, "^cluster status\n$", "^$"},
		{"a command that fails", "command", []string{"stderr ritz: no cluster", "exit 1"}, 1, "^$", "^ritz: no cluster\n$"},
		{"a name that is none", "run -", nil, 1, "^$", `^ritz: "-" names no job file`},
		{"options twice", "run with options twice", nil, 1, "^$", "^ritz: options once, not 2 times\n$"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := inTerminal(t, c.cell, saying(t, c.says...)...)
			assert.Equal(t, c.code, r.code)
			assert.Regexp(t, c.stdout, r.stdout)
			assert.Regexp(t, c.stderr, r.stderr)
		})
	}
}

func TestRun(t *testing.T) {
	ritz := theRitz(t)
	r := inTerminal(t, "run text", ritz)
	require.Zero(t, r.code, r.stderr)
	assert.Regexp(t, `^done: runs.heat-[0-9-]+
loss .* after 40 iterations, .* evaluations
figures u.png, loss.png
picture runs.heat-.*.u.png
picture runs.heat-.*.loss.png
$`, r.stdout)

	r = inTerminal(t, "run quietly", ritz)
	require.Zero(t, r.code, r.stderr)
	assert.Empty(t, r.stdout+r.stderr)

	r = inTerminal(t, "run bad text", ritz)
	assert.Equal(t, 1, r.code)
	assert.Contains(t, r.stderr, "job:3:1: unknown key \"nam\": did you mean \"name\"?\nnam: x\n^\n")

	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "heat.yaml"), []byte(heat), 0o666))
	for range 2 { // each run has its directory
		_, wait := start(t, dir, "run without ado", ritz)
		r = wait()
		require.Zero(t, r.code, r.stderr)
	}
	runs, err := os.ReadDir(filepath.Join(dir, "runs"))
	require.NoError(t, err)
	assert.Len(t, runs, 2)
}

func TestStepText(t *testing.T) {
	loss := 0.0123
	first := &event.Step{Seconds: 1, CPU: 3}
	s := &event.Step{
		Stage: 1, Stages: 2, Name: "adam", Iteration: 5, Iterations: 10, Seconds: 3, Left: 100, CPU: 6.8, Memory: 21e6,
		Measure: "loss", Value: &loss, Parameters: map[string]float64{"nu": 0.01, "k": 2},
	}
	assert.Equal(t, "stage 2/2 adam 5/10 loss 0.0123 k=2 nu=0.01, 1:40 left, 3.0 s, 1.9 processors busy, 21 MB", stepText(s, first))
	assert.Equal(t, "steps 1/3, 1.0 s", stepText(&event.Step{Stages: 1, Name: "steps", Iteration: 1, Iterations: 3, Seconds: 1, Left: -1}, first))
}
