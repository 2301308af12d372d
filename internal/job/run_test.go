package job

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/figure"
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

func TestCheckpoint(t *testing.T) {
	d := &directory{path: t.TempDir()}
	want := &checkpoint{1.5, 99, []byte("row"), []byte{0, 1, 2}}
	require.NoError(t, d.save(want))
	got, err := d.load()
	require.NoError(t, err)
	assert.Equal(t, want, got)
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
		want := []string{"loss.svg"}
		if name != "four" {
			want = []string{"u.svg", "loss.svg"}
		}
		if name == "time last" {
			want = []string{"u.svg", "v.svg", "loss.svg"}
		}
		assert.Equal(t, want, r.Body.(*pinnBody).Figures, name)
		for _, f := range want {
			assert.FileExists(t, filepath.Join(r.Dir, f))
		}
	}
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
	}
}
