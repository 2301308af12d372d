// Package notebooks holds the notebooks. Its tests run them as a person would,
// through Jupyter and the Go kernel.
package notebooks

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	// What cells run: the result of a test is not taken from the cache when it changes.
	_ "github.com/seed-0772dd2d/ritz/internal/job"
	"github.com/seed-0772dd2d/ritz/internal/jupyter"
)

// kernelName is not that of a kernel that a person uses.
const kernelName = "ritz-test"

// lacking skips the test for what is not on this machine, unless it must be.
func lacking(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("RITZ_REQUIRE_ENGINES") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// needKernel installs the kernel for a test, with ritz of this checkout, in a
// data folder of Jupyter of its own, which has the programs of the user's: building
// GoNB takes too long for a test, it must have been done.
func needKernel(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("notebooks take a while")
	}
	built, err := jupyter.Built(t.Context(), jupyter.Settings{})
	if err != nil {
		lacking(t, err.Error())
	}
	if !built {
		lacking(t, "the Go kernel has not been built: go run ./cmd/ritz jupyter setup")
	}
	if _, err := exec.LookPath("jupyter-nbconvert"); err != nil {
		lacking(t, "missing: nbconvert: python3 -m pip install nbconvert")
	}
	_, users, err := jupyter.Installed(t.Context(), jupyter.Settings{})
	require.NoError(t, err)
	data := t.TempDir()
	require.NoError(t, os.Symlink(filepath.Join(users, "ritz"), filepath.Join(data, "ritz")))
	t.Setenv("JUPYTER_DATA_DIR", data)
	out, err := exec.Command("go", "run", "../cmd/ritz", "jupyter", "setup", "--name", kernelName).CombinedOutput()
	require.NoError(t, err, string(out))
}

// Tests of two checkouts at once have a kernel each.
func TestKernelsApart(t *testing.T) {
	needKernel(t)
	before, data, err := jupyter.Installed(t.Context(), jupyter.Settings{})
	require.NoError(t, err)
	require.Len(t, before, 1)
	assert.Equal(t, kernelName, before[0].Name)
	t.Run("the other", func(t *testing.T) {
		needKernel(t)
		specs, other, err := jupyter.Installed(t.Context(), jupyter.Settings{})
		require.NoError(t, err)
		assert.Len(t, specs, 1)
		assert.NotEqual(t, data, other)
	})
	after, _, err := jupyter.Installed(t.Context(), jupyter.Settings{})
	require.NoError(t, err)
	assert.Equal(t, before, after)
}

// notebook is what the tests read and write of a notebook file.
type notebook struct {
	Cells []cell `json:"cells"`

	Metadata      map[string]any `json:"metadata"`
	Format        int            `json:"nbformat"`
	FormatOfMinor int            `json:"nbformat_minor"`
}

type cell struct {
	ID       string         `json:"id"`
	Type     string         `json:"cell_type"`
	Source   text           `json:"source"`
	Metadata map[string]any `json:"metadata"`
	Count    *int           `json:"execution_count"`
	Outputs  []output       `json:"outputs"`
}

type output struct {
	Type  string          `json:"output_type"`
	Text  text            `json:"text"`
	Data  map[string]text `json:"data"`
	Value string          `json:"evalue"` // of an error
}

// printed is what a cell has written to standard output and standard error.
func (c cell) printed() string {
	var b strings.Builder
	for _, o := range c.Outputs {
		b.WriteString(string(o.Text))
	}
	return b.String()
}

// text is a string or a list of its lines.
type text string

func (s *text) UnmarshalJSON(data []byte) error {
	var lines []string
	if json.Unmarshal(data, &lines) == nil {
		*s = text(strings.Join(lines, ""))
		return nil
	}
	return json.Unmarshal(data, (*string)(s))
}

// execute runs a notebook in its folder and returns it with its outputs, and
// what nbconvert says.
func execute(t *testing.T, path string, flags ...string) (n notebook, said string, err error) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.ipynb")
	args := append([]string{"--to", "notebook", "--execute", "--ExecutePreprocessor.kernel_name=" + kernelName, "--output", out}, flags...)
	cmd := exec.CommandContext(t.Context(), "jupyter-nbconvert", append(args, path)...)
	told, err := cmd.CombinedOutput()
	if data, unread := os.ReadFile(out); unread == nil {
		require.NoError(t, json.Unmarshal(data, &n))
	}
	return n, string(told), err
}

// write writes a notebook of these cells into dir.
func write(t *testing.T, dir string, sources ...string) string {
	t.Helper()
	spec := map[string]any{"name": kernelName, "display_name": "Go (" + kernelName + ")", "language": "go"}
	n := notebook{Metadata: map[string]any{"kernelspec": spec}, Format: 4, FormatOfMinor: 5}
	for i, s := range sources {
		n.Cells = append(n.Cells, cell{
			ID: string(rune('a' + i)), Type: "code", Source: text(s), Metadata: map[string]any{}, Outputs: []output{},
		})
	}
	data, err := json.Marshal(n)
	require.NoError(t, err)
	path := filepath.Join(dir, "notebook.ipynb")
	require.NoError(t, os.WriteFile(path, data, 0o666))
	return path
}

const imports = `import (
	"github.com/seed-0772dd2d/ritz/figure"
	"github.com/seed-0772dd2d/ritz/notebooks/nb"
)`

// A first cell needs nothing but imports; values outlive a cell by name; a job
// runs with its figures; and a cell that fails stops the notebook, with ritz's
// message and its place, and no stack.
func TestKernel(t *testing.T) {
	needKernel(t)
	path := write(t, t.TempDir(),
		imports,
		"%%\nx := nb.Once(\"x\", func() []float64 { return []float64{0, 1, 4} })\nnb.Show(figure.Lines{Series: []figure.Series{{X: x, Y: x}}})",
		"%%\nx := nb.Once(\"x\", func() []float64 { panic(\"again\") })\nnb.Table([]string{\"n\"}, []any{len(x)})",
		"%%\nr := nb.RunText(`"+job+"`)\nnb.Table([]string{\"error\"}, []any{r.Number(\"errors.u.relative_l2\")})",
		"%%\nnb.RunText(\"ritz: 1\\nkind: pinn\\nnam: x\\n\")",
		"%%\nnb.Markdown(\"the next\")",
		"%%\n\nnb.Open(\"nowhere\")",
		"// open opens.\nfunc open() {\n	nb.Open(\"nowhere\")\n}\n\n%%\nopen()",
		"%%\nopen()",
	)
	n, said, err := execute(t, path, "--allow-errors")
	require.NoError(t, err, said)
	require.Len(t, n.Cells, 9)
	assert.Empty(t, n.Cells[0].Outputs)

	outputs := n.Cells[1].Outputs
	require.Len(t, outputs, 2)
	assert.Contains(t, outputs[0].Data["text/plain"], "x: computed in")
	assert.NotEmpty(t, outputs[1].Data["image/png"])

	outputs = n.Cells[2].Outputs
	require.Len(t, outputs, 2)
	assert.Contains(t, outputs[0].Data["text/plain"], "x: kept since")
	assert.Equal(t, text("n\n3"), outputs[1].Data["text/plain"])

	outputs = n.Cells[3].Outputs
	require.Len(t, outputs, 4, "the run, its two figures, and the table")
	assert.Contains(t, outputs[0].Data["text/plain"], "done: runs")
	assert.NotEmpty(t, outputs[1].Data["image/png"])
	assert.NotEmpty(t, outputs[2].Data["image/png"])
	assert.Contains(t, outputs[3].Data["text/plain"], "error\n")

	fails(t, n.Cells[4], `(?m)^job:3:1: unknown key "nam": did you mean "name"\?`)
	fails(t, n.Cells[6], `(?m)^ritz: nowhere holds no run: .*\nat .*\[\[ Cell \[7\] Line 3 \]\]`)
	for _, c := range n.Cells[7:] { // the function's
		fails(t, c, `(?m)^at .*\[\[ Cell \[8\] Line 3 \]\]`)
	}
}

// fails asserts that a cell has failed: with ritz's message on standard error,
// not with a stack.
func fails(t *testing.T, c cell, message string) {
	t.Helper()
	require.NotEmpty(t, c.Outputs)
	assert.Regexp(t, `^(ritz: |job:\d+:\d+: )`, c.printed())
	assert.Regexp(t, message, c.printed())
	assert.NotContains(t, c.printed(), "goroutine")
	failure := c.Outputs[len(c.Outputs)-1]
	assert.Equal(t, "error", failure.Type, "stops a notebook that does not allow errors")
	assert.Equal(t, "the program of this cell ended with exit status 1", failure.Value)
}

// A cell whose coordinator is gone fails with what to do, and soon: no cell
// takes longer than nbconvert waits here.
func TestCoordinatorGone(t *testing.T) {
	needKernel(t)
	path := write(t, t.TempDir(),
		"%env RITZ_CLUSTER=cluster\n"+imports,
		"%%\nnb.Command(\"cluster\", \"start\", \"--workers\", \"0\", \"--idle-after\", \"5m\")",
		"!kill -9 $(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/' cluster/coordinator.json)",
		"%%\nnb.RunText(`"+sweep+"`, nb.Options{Connect: \"cluster\"})",
		"%%\nnb.Command(\"jobs\")",
		"%%\nnb.Command(\"cluster\", \"stop\")",
	)
	n, said, err := execute(t, path, "--allow-errors", "--ExecutePreprocessor.timeout=120")
	require.NoError(t, err, said)
	require.Len(t, n.Cells, 6)
	for _, i := range []int{3, 4} {
		fails(t, n.Cells[i], `^ritz: no coordinator at nats://127\.0\.0\.1:\d+: start one with "ritz cluster start"`)
	}
	assert.Contains(t, n.Cells[5].printed(), "the coordinator was not running")
}

// Each notebook runs from clean, without an error, and shows something, with
// numbers that are right.
func TestNotebooks(t *testing.T) {
	files, err := filepath.Glob("*.ipynb")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	needKernel(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".ipynb"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			examples, err := filepath.Abs("../examples")
			require.NoError(t, err)
			house := t.TempDir() // where no run is yet
			require.NoError(t, os.Symlink(examples, filepath.Join(house, "examples")))
			require.NoError(t, os.Mkdir(filepath.Join(house, "notebooks"), 0o777))
			clean := filepath.Join(house, "notebooks", file)
			require.NoError(t, os.WriteFile(clean, text, 0o666))
			n, said, err := execute(t, clean, "--ExecutePreprocessor.timeout=180")
			require.NoError(t, err, said)
			pictures := 0
			for _, c := range n.Cells {
				if tags, _ := c.Metadata["tags"].([]any); slices.Contains(tags, any("raises-exception")) {
					fails(t, c, "")
				}
				moving := false
				for _, o := range c.Outputs {
					moving = moving || strings.Contains(string(o.Data["text/html"]), `src="data:image/gif;base64,`)
					if o.Data["image/png"] != "" || strings.Contains(string(o.Data["text/html"]), "<img ") {
						pictures++
					}
				}
				if strings.Contains(string(c.Source), "nb.Animate") && c.Type == "code" {
					assert.True(t, moving, "an animation of\n%s", c.Source)
				}
			}
			assert.Positive(t, pictures)
			checkNumbers(t, strings.TrimSuffix(file, ".ipynb"), n)
		})
	}
}

const job = `
ritz: 1
kind: pinn
name: sine
domain: {x: [0, 1]}
fields: [u]
equations: [u_x = cos(x)]
conditions: [u = 0 at x=0]
reference: {exact: {u: sin(x)}, grid: {x: 21}}
network: {hidden: [8]}
points: {interior: 64}
train: [{ssbroyden: {iterations: 30}}]
`

const sweep = `
ritz: 1
kind: sweep
name: sines
command: {run: [echo, "{x}"]}
vary: {x: [1, 2]}
`
