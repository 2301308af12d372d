package job

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/figure"
	"github.com/seed-0772dd2d/ritz/stencil"
)

func prepared(t *testing.T, text string) *stencilTask {
	j, err := decode("a.yaml", text, nil)
	require.NoError(t, err)
	task := j.task.(*stencilTask)
	require.NoError(t, task.prepare())
	return task
}

// Of a grid that blocks of 3 x 3 points do not divide, each value stands for its
// block, the mean in the middle: a linear function stays what it is.
func TestCoarse(t *testing.T) {
	g := stencil.Grid{Nx: 20, Ny: 13, Lx: 38, Ly: 36}
	c := newCoarse(g, 7)
	require.Equal(t, [3]int{3, 7, 5}, [3]int{c.block, c.nx, c.ny})
	x, y := c.axes()
	z := c.of(g.Fill(func(x, y float64) float64 { return 1 + 2*x - 3*y }))
	require.Len(t, z, 35)
	for k, v := range z {
		require.InDelta(t, 1+2*x[k%7]-3*y[k/7], v, 1e-12)
	}
	require.Equal(t, 2.0, x[0])
	require.Equal(t, 36.0, y[4]) // the last row alone
	same := newCoarse(g, 20)
	p := g.Fill(math.Hypot)
	require.Equal(t, p, same.of(p))
}

// A frame shows its time, the sources, the receivers and the layers, and pressures
// in colours about zero.
func TestStencilFrame(t *testing.T) {
	task := prepared(t, shot+"output: {every: 30, animation: gif}\n")
	c := newCoarse(task.settings.Grid, pictured)
	z := make([]float64, 61*41)
	p := task.frame(2, c, z, 0.7)
	assert.Equal(t, "t = "+strconv.FormatFloat(60*task.dt, 'f', 0, 64), p.Title)
	assert.True(t, p.Diverging)
	assert.Equal(t, [2]float64{-0.7, 0.7}, [2]float64{p.ZMin, p.ZMax})
	require.Len(t, p.Series, 4)
	assert.Equal(t, figure.Triangles, p.Series[0].Style) // receivers, each place once
	assert.Equal(t, []float64{9, 1, 3, 5, 7, 9, 11}, p.Series[0].X)
	assert.Equal(t, []float64{3, 1, 1, 1, 1, 1, 1}, p.Series[0].Y)
	assert.Equal(t, []float64{3.03, 8}, p.Series[1].X)
	assert.Equal(t, []float64{2, 4}, p.Series[1].Y)
	assert.Equal(t, figure.Dashed, p.Series[3].Style)
	assert.InDelta(t, 7.5*0.2, p.Series[3].X[0], 1e-12) // the layer begins at the wall, half a cell outside
	assert.Equal(t, p.Series[3].X, p.Series[2].X)       // a pale line under the dashes
	task.dt = 0.001
	assert.Equal(t, "t = 0.06", task.frame(2, c, z, 0.7).Title)
}

func TestSeismogram(t *testing.T) {
	var pressure, velocity seismogram
	data := make([]float64, 10000*7)
	for n := range 10000 {
		for k := range 6 {
			data[7*n+k] = float64(k+1) * float64(n+1)
		}
		data[7*n+6] = -1
	}
	for k := range 6 {
		pressure.add(waveReceiver{Receiver: stencil.Receiver{X: float64(2 * k), Y: 1}}, k, 10000, data, 0.5)
	}
	velocity.add(waveReceiver{Receiver: stencil.Receiver{Field: stencil.VelocityY}}, 6, 10000, data, 0.5)
	// Every third sample; a velocity is that of half a step before.
	require.Len(t, pressure.time, 3334)
	assert.Equal(t, []float64{0.5, 2, 3.5}, pressure.time[:3])
	assert.Equal(t, []float64{2, 8, 14}, pressure.traces[1][:3])
	assert.Equal(t, []float64{0.25, 1.75, 3.25}, velocity.time[:3])
	assert.Equal(t, -1.0, velocity.traces[0][1])
	_, curves := velocity.panel().(figure.Lines)
	assert.True(t, curves)
	label, along := pressure.along()
	assert.Equal(t, "x", label)
	assert.Equal(t, []float64{0, 2, 4, 6, 8, 10}, along)

	loud := pressure.loud()
	wiggles := pressure.wiggles(label, along).(figure.Lines)
	require.Len(t, wiggles.Series, 6)
	assert.True(t, wiggles.YDown)
	assert.Equal(t, [2]float64{0.5, pressure.time[3333]}, [2]float64{wiggles.YMin, wiggles.YMax}, "the axis of the image beside it")
	assert.InDelta(t, 4+2*pressure.traces[2][1000]/loud, wiggles.Series[2].X[1000], 1e-9) // the loud one reaches its neighbour
	assert.Equal(t, 12.0, wiggles.Series[5].X[3333])                                      // no further
	picture := pressure.image(label, along).(figure.Heatmap)
	assert.True(t, picture.Diverging && picture.YDown)
	assert.Equal(t, [2]float64{-loud, loud}, [2]float64{picture.ZMin, picture.ZMax})
	assert.Equal(t, pressure.traces[4][7], picture.Z[7*6+4])

	pressure.x = []float64{0, 1, 1, 2, 3, 4}
	label, along = pressure.along()
	assert.Equal(t, "receiver", label)
	assert.Equal(t, 5.0, along[5])
}

// The tables of a run tell the right times.
func TestStencilTimesOfOutputs(t *testing.T) {
	r := wave(t, shot+"output: {every: 30, snapshots: vti, energy: true, figures: []}\n", Options{})
	require.Equal(t, Done, r.Status, r.Reason)
	dt := r.Body.(*stencilBody).Dt
	rows := readCSV(t, filepath.Join(r.Dir, "energy.csv"))
	assert.Equal(t, []string{"step", "time", "kinetic", "potential", "total"}, rows[0])
	index, err := os.ReadFile(filepath.Join(r.Dir, "snapshots.pvd"))
	require.NoError(t, err)
	lines := strings.Split(string(index), "\n")
	for k, row := range rows[1:] {
		var v [5]float64
		for i := range v {
			v[i], err = strconv.ParseFloat(row[i], 64)
			require.NoError(t, err)
		}
		assert.Equal(t, float64(30*k), v[0])
		assert.InDelta(t, float64(30*k)*dt, v[1], 1e-14)
		assert.InEpsilon(t, v[2]+v[3], v[4], 1e-14)
		assert.Contains(t, lines[3+k], `timestep="`+format(float64(30*k)*dt)+`" file="`+snapshotName(stencil.Pressure, 30*k, "vti"))
	}
	assert.Len(t, rows, 5)
}
