package job

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/figure"
)

// wavePanels is a job with its field, medium and seismogram of pressure and vx, as
// they would be drawn.
func wavePanels(t *testing.T, text string) (field figure.Heatmap, medium figure.Panel, p, vx figure.Lines) {
	j, err := decode("a.yaml", waveHead+"grid: {n: [9, 8], length: [4, 3]}\ncfl: 0.5\nsteps: 10\nreceivers: [{at: [1, 1], fields: [pressure, vx]}]\n"+text, nil)
	require.NoError(t, err)
	task := j.task.(*stencilTask)
	require.NoError(t, task.prepare())
	c := newCoarse(task.settings.Grid, pictured)
	seen := func(k int, field string) figure.Lines {
		s := seismogram{field: field, units: task.output.units, rest: task.initial == [3]*gridValues{}}
		s.add(task.receivers[k], k, 2, []float64{1, 2, 3, 4}, 0.5)
		return s.panel().(figure.Lines)
	}
	return task.field(c, make([]float64, 72), 1), task.mediumPanel(c), seen(0, "pressure"), seen(1, "vx")
}

func TestStencilUnits(t *testing.T) {
	field, medium, p, vx := wavePanels(t, "medium: {speed: 1 + y}\n")
	assert.Equal(t, []string{"x", "y", "pressure"}, []string{field.XLabel, field.YLabel, field.ZLabel})
	assert.Equal(t, "speed", medium.(figure.Heatmap).ZLabel)
	assert.Equal(t, []string{"t", "pressure", "t", "vx"}, []string{p.XLabel, p.YLabel, vx.XLabel, vx.YLabel})

	const units = "output: {units: {length: km, time: s, pressure: MPa, density: kg/m³}}\n"
	field, medium, p, vx = wavePanels(t, "medium: {density: 1 + y}\n"+units)
	assert.Equal(t, []string{"x (km)", "y (km)", "pressure (MPa)"}, []string{field.XLabel, field.YLabel, field.ZLabel})
	assert.NotNil(t, medium)
	assert.Equal(t, []string{"t (s)", "pressure (MPa)", "t (s)", "vx (km/s)"}, []string{p.XLabel, p.YLabel, vx.XLabel, vx.YLabel})

	_, _, _, vx = wavePanels(t, "output: {units: {length: km}}\n")
	assert.Equal(t, []string{"t", "vx"}, []string{vx.XLabel, vx.YLabel})
	assert.Equal(t, "t = 0.25", waveUnits{}.at("0.25"))
	assert.Equal(t, "t = 0.25 ms", waveUnits{time: "ms"}.at("0.25"))
	_, err := decode("a.yaml", small+"steps: 1\noutput: {units: {lenght: m}}\n", nil)
	assert.ErrorContains(t, err, `output.units: unknown key "lenght": did you mean "length"?`)
}

// Energies have the unit of a pressure times an area.
func TestStencilEnergyUnit(t *testing.T) {
	task := prepared(t, small+"steps: 1\noutput: {units: {length: m, pressure: Pa}}\n")
	file := filepath.Join(t.TempDir(), "energy.csv")
	require.NoError(t, os.WriteFile(file, []byte("step,time,kinetic,potential,total\n0,0,1,2,3\n1,0.5,2,1,3\n"), 0o666))
	for unit, want := range map[string]string{"Pa": "energy (Pa m²)", "": "energy"} {
		task.output.units.pressure = unit
		p, err := task.energyFigure(file)
		require.NoError(t, err)
		assert.Equal(t, want, p.(figure.Lines).YLabel)
	}
}

// The marks on the pictures of a medium are named once.
func TestStencilMediumLegend(t *testing.T) {
	names := func(h figure.Heatmap) (named []string) {
		for _, s := range h.Series {
			if s.Name != "" {
				named = append(named, s.Name)
			}
		}
		return named
	}
	for medium, maps := range map[string]int{"speed: 1 + x": 1, "speed: 1 + x, density: 1 + y": 2} {
		task := prepared(t, small+"steps: 1\nreceivers: [{at: [1, 1]}]\nmedium: {"+medium+"}\n")
		m := task.mediumMaps(newCoarse(task.settings.Grid, pictured))
		require.Len(t, m, maps)
		assert.Equal(t, []string{"receivers"}, names(m[maps-1]))
		if maps == 2 {
			assert.Empty(t, names(m[0]))
			assert.Len(t, m[0].Series, len(m[1].Series))
		}
	}
}

// What is drawn of the medium is what varies.
func TestStencilMediumPanel(t *testing.T) {
	for medium, want := range map[string]string{
		"speed: 2, density: 3":         "",
		"speed: 1 + x, density: 3":     "speed",
		"speed: 2, density: 1 + x":     "density",
		"bulk_modulus: 1 + x":          "speed",
		"speed: 1 + x, density: 1 + y": "both",
	} {
		_, panel, _, _ := wavePanels(t, "medium: {"+medium+"}\n")
		switch h, single := panel.(figure.Heatmap); {
		case want == "":
			assert.Nil(t, panel, medium)
		case want == "both":
			assert.NotNil(t, panel)
			assert.False(t, single)
		default:
			assert.Equal(t, want, h.ZLabel, medium)
		}
	}
}

// Traces are drawn from t = 0 if nothing moves then; velocities are those of half a
// step before the pressures.
func TestStencilTraceTimes(t *testing.T) {
	_, _, p, vx := wavePanels(t, "")
	assert.Equal(t, []float64{0, 0.5, 1}, p.Series[0].X)
	assert.Equal(t, []float64{0, 1, 3}, p.Series[0].Y)
	assert.Equal(t, []float64{0, 0.25, 0.75}, vx.Series[0].X)
	assert.Equal(t, []float64{0, 2, 4}, vx.Series[0].Y)
	_, _, p, _ = wavePanels(t, "initial: {pressure: 1}\n")
	assert.Equal(t, []float64{0.5, 1}, p.Series[0].X)
	assert.Equal(t, []float64{1, 3}, p.Series[0].Y)
}
