package job

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/figure"
	"github.com/seed-0772dd2d/ritz/pinn"
)

// What train: auto came to is part of the job that ran, so that the run can be
// resumed; also where a large network takes another optimizer.
func TestAutoResumes(t *testing.T) {
	for hidden, optimizer := range map[string]string{"[4]": "ssbroyden", "[80, 80]": "lbfgs"} {
		j, err := decode("a.yaml", head+poisson+"points: {interior: 16}\noutput: {figures: []}\n", []string{"network.hidden=" + hidden})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(context.Background())
		dir := filepath.Join(t.TempDir(), "out")
		o := Options{Progress: func(p Progress) {
			if p.Total == 3 {
				cancel()
			}
		}}
		r, err := Run(ctx, j, dir, o)
		require.NoError(t, err)
		require.Equal(t, Stopped, r.Status, r.Reason)
		text, err := os.ReadFile(filepath.Join(dir, "job.yaml"))
		require.NoError(t, err)
		assert.Contains(t, string(text), "- "+optimizer+": {iterations: ")
		r, err = Resume(ctx, dir, o)
		require.NoError(t, err, hidden)
		assert.Equal(t, Stopped, r.Status)
	}
}

func TestNumber(t *testing.T) {
	data, err := json.Marshal([]Number{1.5, Number(math.NaN()), Number(math.Inf(-1))})
	require.NoError(t, err)
	assert.Equal(t, "[1.5,null,null]", string(data))
	var back []Number
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Equal(t, Number(1.5), back[0])
	assert.True(t, math.IsNaN(float64(back[1])))
}

// A result reads back as it was written.
func TestResultRoundTrip(t *testing.T) {
	r := &Result{Ritz: 1, Kind: "pinn", Name: "a", Status: Done, Seconds: 2.5, Seed: 3, Threads: 4,
		Body: &pinnBody{Stages: []pinnStage{{"adam", 1, 2, 0.5, "iterations"}}, Loss: 0.25,
			Terms: map[string]Number{"u = <0> & 1": 1}, Errors: map[string]pinnError{"u": {1e-3, 2e-3}}, Figures: []string{"u.png"}}}
	data, err := r.json()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "result.json"), data, 0o666))
	got, err := ReadResult(dir)
	require.NoError(t, err)
	r.Dir = dir
	assert.Equal(t, r, got)
	assert.Contains(t, string(data), `"u = <0> & 1": 1`)
}

// A training that ends worse than it began says so, and a summary whose loss is not that of
// the last iteration says which it is.
func TestDiverged(t *testing.T) {
	trained := func(rate, how string) *Result {
		j, err := decode("a.yaml", `ritz: 1
kind: pinn
domain: {x: [0, 1]}
fields: [u]
equations: [u_xx = -1]
`+how+`
network: {hidden: [8]}
points: {interior: 64}
train: [{adam: {`+rate+`}}]
output: {figures: []}
`, nil)
		require.NoError(t, err)
		r, err := Run(t.Context(), j, filepath.Join(t.TempDir(), "out"), Options{})
		require.NoError(t, err)
		require.Equal(t, Done, r.Status, r.Reason)
		return r
	}
	train := func(rate string) *pinnBody {
		return trained("iterations: 40, rate: "+rate, "ansatz: {u: x*(1 - x)*N}").Body.(*pinnBody)
	}
	summary := func(b *pinnBody) string {
		var text bytes.Buffer
		b.Summary(&text)
		return text.String()
	}
	good, bad := train("1e-3"), train("1e6")
	assert.Empty(t, good.Warnings)
	assert.Less(t, good.Loss, good.Start)
	assert.Equal(t, good.Start, bad.Start)
	end := bad.Stages[0].Loss
	require.Len(t, bad.Warnings, 1)
	assert.Equal(t, fmt.Sprintf("the loss at the end, %.3g, is above %.3g, that of the start: the training diverged; a lower rate is needed", end, bad.Start), bad.Warnings[0])
	assert.Contains(t, summary(bad), "warning: "+bad.Warnings[0]+"\n")
	assert.Contains(t, summary(bad), fmt.Sprintf("\nloss %.3g of the best iteration, which is kept, and %.3g of the last, after 40 iterations", bad.Loss, end))
	// Where activations are flat the output is a constant, which Adam brings near the conditions
	// again: what the loss was on the way tells.
	lost := trained("iterations: 800, rate: 1e4", "conditions: [u = 1 at x=0, u = 0 at x=1]")
	require.Len(t, lost.Warnings(), 1)
	assert.Regexp(t, `^the loss rose to \S+ on the way, from \S+ at the start: the training diverged; a lower rate is needed$`, lost.Warnings()[0])
	assert.Less(t, lost.Body.(*pinnBody).Stages[0].Loss, lost.Body.(*pinnBody).Start)
	found := trained("iterations: 800, rate: 1e4", "ansatz: {u: x*(1 - x)*N}") // a constant is what is sought
	assert.Empty(t, found.Warnings())
	assert.Less(t, found.Body.(*pinnBody).Loss, Number(1e-9))
	assert.Regexp(t, `^loss \S+ after 40 iterations, \d+ evaluations\n`, summary(good))
}

func TestCheckpoint(t *testing.T) {
	d := &directory{path: t.TempDir()}
	want := &checkpoint{Seconds: 1.5, History: 99, Pending: []byte("row"), State: []byte{0, 1, 2}}
	require.NoError(t, d.save(&checkpoint{1.5, 99, []byte("row"), []byte{0, 1, 2}, bytes.NewBufferString("more"), nil}))
	got, err := d.load()
	require.NoError(t, err)
	rest, err := io.ReadAll(got.rest)
	require.NoError(t, err)
	assert.Equal(t, "more", string(rest))
	got.rest.Close()
	got.rest = nil
	assert.Equal(t, want, got)
	require.NoError(t, d.save(want))
	data, err := os.ReadFile(d.file("checkpoint"))
	require.NoError(t, err)
	for i := range data { // any flipped byte is found
		data[i] ^= 1
		require.NoError(t, os.WriteFile(d.file("checkpoint"), data, 0o666))
		_, err := d.load()
		assert.Error(t, err, "byte %d", i)
		data[i] ^= 1
	}
}

func TestSpread(t *testing.T) {
	assert.Equal(t, []int{0, 25, 50, 75, 100}, spread(101, 5, true))
	assert.Equal(t, []int{16, 33, 50, 67, 84}, spread(101, 5, false))
	assert.Equal(t, []int{0, 1, 2}, spread(3, 5, true))
	assert.Equal(t, []int{0, 1, 2}, spread(3, 5, false))
}

func TestSplitList(t *testing.T) {
	assert.Equal(t, []string{"u_x", "D(u, x, 2)", "min(u, max(x, 1))"}, splitList("u_x, D(u, x, 2) ,min(u, max(x, 1)),"))
	assert.Empty(t, splitList(" "))
	assert.Equal(t, []string{"(u, v"}, splitList("(u, v"))
}

// Pictures exist for one, two and three variables, with and without a
// reference, wherever time stands.
func TestFigures(t *testing.T) {
	for name, text := range map[string]string{
		"one":             "domain: {x: [0, 1]}\nfields: [u]\nequations: [u_x = 1]\nreference: {exact: {u: x}}\n",
		"one plain":       "domain: {x: [0, 1]}\nfields: [u]\nequations: [u_x = 1]\n",
		"one, two fields": "domain: {x: [0, 1]}\nfields: [u, v]\nequations: [u_x = v, v_x = u]\n",
		"time first":      "domain: {t: [0, 1], x: [0, 1]}\nfields: [u]\nequations: [u_t = u_x]\nreference: {exact: {u: t + x}, grid: {t: 7, x: 11}}\n",
		"time last":       "domain: {x: [0, 1], t: [0, 1]}\nfields: [u, v]\nequations: [u_t = u_x, v = u]\nreference: {exact: {u: t + x}, grid: {t: 7, x: 11}}\n",
		"plane":           "domain: {x: [0, 1], y: [0, 2]}\nfields: [u]\nequations: [u_x = u_y]\n",
		"space and time":  "domain: {x: [0, 1], y: [0, 2], t: [0, 1]}\nfields: [u]\nequations: [u_t = u_y + u_x]\nreference: {exact: {u: t + x + y}, grid: {t: 3, x: 5, y: 4}}\n",
		"time, then both": "domain: {t: [0, 1], x: [0, 1], y: [0, 2]}\nfields: [u]\nequations: [u_t = u_y + u_x]\n",
		"time between":    "domain: {x: [0, 1], t: [0, 1], y: [0, 2]}\nfields: [u]\nequations: [u_t = u_y + u_x]\n",
		"four":            "domain: {x: [0, 1], t: [0, 1], y: [0, 2], z: [0, 1]}\nfields: [u]\nequations: [u_t = u_y + u_x + u_z]\n",
	} {
		j, err := decode("a.yaml", head+text+"network: {hidden: [3]}\npoints: {interior: 8}\ntrain: [{adam: {iterations: 2}}]\noutput: {figures: [svg]}\n", nil)
		require.NoError(t, err, name)
		r, err := Run(context.Background(), j, filepath.Join(t.TempDir(), "out"), Options{})
		require.NoError(t, err, name)
		require.Equal(t, Done, r.Status, "%s: %s", name, r.Reason)
		want := []string{"u.svg", "loss.svg"}
		switch name {
		case "four":
			want = []string{"loss.svg"}
		case "time last":
			want = []string{"u.svg", "v.svg", "loss.svg"}
		case "one, two fields":
			want = []string{"u.svg", "v.svg", "fields.svg", "loss.svg"}
		}
		assert.Equal(t, want, r.Body.(*pinnBody).Figures, name)
		for _, f := range want {
			assert.FileExists(t, filepath.Join(r.Dir, f))
		}
	}
}

// Whatever the grid of the reference, three variables are drawn on fine planes
// at three levels, each with its error.
func TestSlices(t *testing.T) {
	for domain, c := range map[string]struct {
		titles []string
		exact  string
	}{
		"{x: [0, 1], y: [0, 2], t: [0, 4]}": {[]string{"u at t = 0", "u at t = 2", "u at t = 4"}, "t + x + y"},
		"{x: [0, 1], y: [0, 2], z: [0, 4]}": {[]string{"u at z = 1", "u at z = 2", "u at z = 3"}, "x + y + z"},
	} {
		j, err := decode("a.yaml", head+"domain: "+domain+"\nfields: [u]\nequations: [u_x = u_y]\nnetwork: {hidden: [3]}\npoints: {interior: 8}\n"+
			"reference: {exact: {u: "+c.exact+"}, grid: {x: 3, y: 4}}\n", nil)
		require.NoError(t, err)
		task := j.task.(*pinnTask)
		trainer, ref, err := task.solver(task.settings)
		require.NoError(t, err)
		s := trainer.Solution()
		for kind, ref := range map[string]*pinn.Reference{"fine": task.refined(ref), "coarse": ref, "none": nil} {
			panels, err := newFieldGrid(s, ref, nil).volume(s, "u")
			require.NoError(t, err)
			var titles, want []string
			for i, p := range panels {
				titles = append(titles, p.(figure.Heatmap).Title)
				assert.True(t, p.(figure.Heatmap).Equal, "x and y, to scale")
				if kind == "none" || i%2 == 0 {
					assert.Len(t, p.(figure.Heatmap).Z, 101*101)
				}
			}
			for _, title := range c.titles {
				want = append(want, title)
				if kind != "none" {
					want = append(want, strings.Replace(title, "u at", "|u - reference| at", 1))
				}
			}
			if kind == "coarse" {
				assert.Len(t, titles, 6)
			} else {
				assert.Equal(t, want, titles)
			}
		}
		// The planes.
		g := newFieldGrid(s, task.refined(ref), nil)
		assert.Equal(t, []int{101, 101, 101}, []int{len(g.axes[0]), len(g.axes[1]), len(g.axes[2])})
		assert.Equal(t, []int{101, 101, 5}, []int{len(g.reference.Axes[0]), len(g.reference.Axes[1]), len(g.reference.Axes[2])})
		k := nearest(g.reference.Axes[2], 2.1)
		assert.Equal(t, 2, k)
		exact := atLevel(g.reference.Values["u"], g.reference.Axes, 2, k)
		require.Len(t, exact, 101*101)
		points := tensor([][]float64{g.axes[0], g.axes[1], {2}})
		for i, u := range exact {
			require.InDelta(t, points[3*i]+points[3*i+1]+2, u, 1e-12)
		}
		dir := &directory{path: t.TempDir()}
		require.NoError(t, dir.write("history.csv", []byte("iteration,stage,optimizer,loss,a,evaluations,seconds\n1,1,adam,1,1,1,1\n")))
		task.output.figures = []string{"svg"}
		files, err := task.drawSolution(dir, s, ref)
		require.NoError(t, err)
		assert.Equal(t, []string{"u.svg", "loss.svg"}, files)
	}
}

// Numbers that are sought are columns of the history; the data are points in
// the figure. Terms with equal texts are told apart.
func TestInverse(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "m.csv"), []byte("x,u\n0,1\n1,2.7\n"), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "j.yaml"), []byte(head+`domain: {x: [0, 1]}
fields: [u]
parameters: {k: 0.5, a: 1}
equations: [u_x = k*u*a]
conditions: [{data: m.csv}, u = 1 at x=0, u = 1 at x=0]
network: {hidden: [4]}
points: {interior: 8}
train: [{adam: {iterations: 3}}]
output: {figures: [svg], log: 1}
`), 0o666))
	j, err := Load(filepath.Join(dir, "j.yaml"), nil)
	require.NoError(t, err)
	var last []float64
	r, err := Run(context.Background(), j, filepath.Join(dir, "out"), Options{Progress: func(p Progress) {
		assert.Equal(t, []string{"a", "k"}, p.Parameters)
		last = slices.Clone(p.Values)
	}})
	require.NoError(t, err)
	require.Equal(t, Done, r.Status, r.Reason)
	assert.Empty(t, r.Reason)
	assert.Len(t, r.Body.(*pinnBody).Terms, 4)
	f, err := os.Open(filepath.Join(r.Dir, "history.csv"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	header := rows[0]
	assert.Equal(t, []string{"a", "k", "evaluations", "seconds"}, header[8:])
	assert.Len(t, slices.Compact(slices.Sorted(slices.Values(header))), 12)
	for i, x := range last {
		assert.Equal(t, format(x), rows[3][8+i])
	}
	solution, err := loadSolution(r.Dir)
	require.NoError(t, err)
	panels, err := newFieldGrid(solution, nil, j.task.(*pinnTask).measured).curve(solution, "u")
	require.NoError(t, err)
	series := panels[0].(figure.Lines).Series
	require.Len(t, series, 2)
	assert.GreaterOrEqual(t, len(series[0].X), 400)
	assert.Equal(t, figure.Series{Name: "data", X: []float64{0, 1}, Y: []float64{1, 2.7}, Style: figure.Points}, series[1])

	_, err = newHistory(filepath.Join(dir, "h.csv"), 1, []string{"u = 0", "u = 0"}, nil)
	assert.ErrorContains(t, err, `two columns "u = 0"`)
}

// The loss lies over its terms; parameters are not among them.
func TestLossPanel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.csv")
	long := strings.Repeat("u + ", 30) + "v = 0"
	require.NoError(t, os.WriteFile(path, []byte("iteration,stage,optimizer,loss,u = 0,"+long+",k,evaluations,seconds\n1,1,adam,3,1,2,0.5,1,0.1\n"), 0o666))
	p, err := lossPanel(path, 1)
	require.NoError(t, err)
	var names []string
	for _, s := range p.(figure.Lines).Series {
		names = append(names, s.Name)
	}
	require.Len(t, names, 3)
	assert.Equal(t, []string{"u = 0", "loss"}, []string{names[0], names[2]})
	assert.Regexp(t, `^u \+ u .* \.\.\..* v = 0$`, names[1])
	assert.Len(t, names[1], 60)
	assert.Equal(t, []float64{3}, p.(figure.Lines).Series[2].Y)
}

// The map of u(t, x) has time across, whatever the order of the variables, and
// every value at its place.
func TestPlaneOrientation(t *testing.T) {
	axes := map[string][]float64{"t": {0, 1, 2}, "x": {0, 10}}
	for _, names := range [][]string{{"t", "x"}, {"x", "t"}} {
		g := &fieldGrid{names: names, axes: [][]float64{axes[names[0]], axes[names[1]]}, time: 0}
		if names[1] == "t" {
			g.time = 1
		}
		points := tensor(g.axes)
		u := make([]float64, len(points)/2)
		for i := range u {
			u[i] = points[2*i] + points[2*i+1]
		}
		m := g.maps("u", "u", g.time, 1-g.time, 0, 0, u, nil)[0].(figure.Heatmap)
		assert.Equal(t, axes["t"], m.X)
		assert.Equal(t, axes["x"], m.Y)
		assert.Equal(t, []float64{0, 1, 2, 10, 11, 12}, m.Z)
		assert.False(t, m.Equal, "a second is no metre")
	}
	for y, want := range map[float64]bool{2: true, 20: false, 0.1: false} {
		g := &fieldGrid{names: []string{"x", "y"}, axes: [][]float64{{1, 2}, {0, y}}, time: -1}
		assert.Equal(t, want, g.maps("u", "u", 0, 1, 0, 0, make([]float64, 4), nil)[0].(figure.Heatmap).Equal, y)
	}
}
