package job

import (
	"encoding/csv"
	"errors"
	"fmt"
	"image/color"
	"math"
	"os"
	"slices"
	"strconv"

	"github.com/seed-0772dd2d/ritz/figure"
	"github.com/seed-0772dd2d/ritz/stencil"
)

// draw draws the figures of a run that is done from its files. The animation is
// there; its frames have served.
func (w *stencilWork) draw(d *directory) ([]string, error) {
	files, err := w.task.drawStills(d)
	if w.frames != nil {
		files = append(files, w.task.animations()...)
		err = errors.Join(err, ignoreMissing(os.Remove(d.file("animation.raw"))))
	}
	return files, err
}

// draw draws the figures of a run again; of one that is not done the animation,
// too, as far as it came.
func (t *stencilTask) draw(d *directory) ([]string, error) {
	if err := t.prepare(); err != nil {
		return nil, err
	}
	files, err := t.drawStills(d)
	if len(t.output.animation) > 0 {
		more, e := t.drawFrames(d, func(int, int) error { return nil })
		if errors.Is(e, os.ErrNotExist) { // the run was done
			more, e = t.animations(), nil
		}
		files, err = append(files, more...), errors.Join(err, e)
	}
	return files, err
}

func (t *stencilTask) animations() (files []string) {
	for _, format := range t.output.animation {
		files = append(files, map[string]string{"gif": "animation.gif", "png": "frames"}[format])
	}
	return files
}

// drawFrames draws the animation from the file animation.raw; tell hears of each frame
// and may end it.
func (t *stencilTask) drawFrames(d *directory, tell func(k, n int) error) (files []string, err error) {
	c := newCoarse(t.settings.Grid, pictured)
	loud, err := loudness(d.file("animation.raw"), c)
	if err != nil {
		return nil, err
	}
	var gif *figure.Animation
	var pngs bool
	for _, format := range t.output.animation {
		switch format {
		case "gif":
			if gif, err = figure.NewAnimation(d.file("animation.gif"), 0, 0, 15); err != nil {
				return nil, err
			}
			defer gif.Close() // a second time does nothing
		case "png":
			pngs = true
			if err := os.MkdirAll(d.file("frames"), 0o777); err != nil {
				return nil, err
			}
		}
	}
	err = eachFrame(d.file("animation.raw"), c, func(k, n int, z []float64) error {
		if err := tell(k, n); err != nil {
			return err
		}
		p := t.frame(k, c, z, loud)
		if gif != nil {
			if err := gif.Frame(p); err != nil {
				return err
			}
		}
		if pngs {
			return figure.Save(d.file(fmt.Sprintf("frames/p_%06d.png", k*t.interval())), 0, 0, p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if gif != nil {
		if err := gif.Close(); err != nil {
			return nil, err
		}
	}
	return t.animations(), nil
}

// frame is picture k of the animation.
func (t *stencilTask) frame(k int, c coarse, z []float64, loud float64) figure.Heatmap {
	step := float64(t.interval()) * t.dt
	decimals := max(0, int(math.Ceil(-math.Log10(step))))
	p := t.field(c, z, loud)
	p.Title = t.output.units.at(strconv.FormatFloat(float64(k)*step, 'f', decimals, 64))
	p.Series = t.marks(false, mostMarks)
	return p
}

// field is the picture of a pressure on a coarsened grid; loud is the pressure of
// full colour, 0: the largest.
func (t *stencilTask) field(c coarse, z []float64, loud float64) figure.Heatmap {
	h := t.heatmap(c, z, in("pressure", t.output.units.pressure))
	h.Diverging, h.ZMin, h.ZMax = true, -loud, loud
	return h
}

// heatmap is the picture of what stands at the points of a coarsened grid.
func (t *stencilTask) heatmap(c coarse, z []float64, label string) figure.Heatmap {
	x, y := c.axes()
	u := &t.output.units
	return figure.Heatmap{
		X: x, Y: y, Z: z, XLabel: in("x", u.length), YLabel: in("y", u.length), ZLabel: label,
		Equal: t.equal(), YDown: t.output.down,
	}
}

// equal tells whether the grid is shown true to scale: it is unless that makes a
// sliver of it.
func (t *stencilTask) equal() bool {
	g := t.settings.Grid
	return max(g.Lx/g.Ly, g.Ly/g.Lx) < 6
}

// mostMarks is the most receivers that are marked in a picture alone.
const mostMarks = 24

// marks are at most so many receivers, the sources and the inner edges of absorbing layers.
func (t *stencilTask) marks(named bool, most int) (series []figure.Series) {
	var rx, ry, sx, sy []float64
	seen := map[[2]float64]bool{}
	for _, r := range t.receivers {
		if p := [2]float64{r.X, r.Y}; !seen[p] {
			seen[p] = true
			rx, ry = append(rx, r.X), append(ry, r.Y)
		}
	}
	if stride := (len(rx) + most - 1) / most; stride > 1 {
		for k := 0; k*stride < len(rx); k++ {
			rx[k], ry[k] = rx[k*stride], ry[k*stride]
		}
		n := (len(rx) + stride - 1) / stride
		rx, ry = rx[:n], ry[:n]
	}
	for _, s := range t.sources {
		sx, sy = append(sx, s.X), append(sy, s.Y)
	}
	add := func(name string, x, y []float64, style figure.Style) {
		if !named {
			name = ""
		}
		if len(x) > 0 {
			series = append(series, figure.Series{Name: name, X: x, Y: y, Style: style})
		}
	}
	add("receivers", rx, ry, figure.Triangles)
	add("sources", sx, sy, figure.Points)
	if x, y := t.layers(); len(x) > 0 {
		// Dark dashes on a pale line are seen on any colour.
		series = append(series, figure.Series{X: x, Y: y, Width: 1.2, Color: color.NRGBA{0xff, 0xff, 0xff, 0xb0}})
		add("absorbing layer", x, y, figure.Dashed)
		last := &series[len(series)-1]
		last.Width, last.Color = 0.8, color.Gray{0x50}
	}
	return series
}

// layerEdges are the coordinates, x or y, of the inner edges of the absorbing
// layers; of a side without one that of its outermost points.
func (t *stencilTask) layerEdges() [4]float64 {
	g := t.settings.Grid
	dx, dy := g.Spacing()
	at := [4]float64{0, g.Lx, 0, g.Ly}
	for k, side := range t.sides() {
		if side.Cells == 0 {
			continue
		}
		depth := (float64(side.Cells) - 0.5) * [2]float64{dx, dy}[k/2] // they begin at the boundary
		if k%2 == 1 {
			depth = -depth
		}
		at[k] += depth
	}
	return at
}

// layers is the line along the inner edges of the absorbing layers.
func (t *stencilTask) layers() (x, y []float64) {
	at := t.layerEdges()
	corners := [5][2]float64{{at[0], at[2]}, {at[0], at[3]}, {at[1], at[3]}, {at[1], at[2]}, {at[0], at[2]}}
	for k, side := range []int{0, 3, 1, 2} { // x0 upwards, y1, x1 downwards, y0
		if t.sides()[side].Cells > 0 {
			x = append(x, corners[k][0], corners[k+1][0], math.NaN())
			y = append(y, corners[k][1], corners[k+1][1], math.NaN())
		}
	}
	return x, y
}

// drawStills draws the pressure at the end, the medium, what the receivers saw
// and the energy.
func (t *stencilTask) drawStills(d *directory) ([]string, error) {
	w := newDrawing(d, t.output.figures)
	if len(t.output.figures) == 0 {
		return w.files, nil
	}
	c := newCoarse(t.settings.Grid, 2*pictured)
	if _, p, err := readNumbers(d.file("pressure.npy")); ignoreMissing(err) != nil {
		w.save("pressure", nil, err)
	} else if err == nil {
		z := c.of(p)
		panel := t.field(c, z, quantile(z, 0.9995))
		panel.Series = t.marks(true, mostMarks)
		if r, err := ReadResult(d.path); err == nil && r.Body.(*stencilBody).Time > 0 {
			panel.Title = t.output.units.at(strconv.FormatFloat(r.Body.(*stencilBody).Time, 'g', 4, 64))
		}
		w.save("pressure", panel, nil)
	}
	if panel := t.mediumPanel(c); panel != nil {
		w.save("medium", panel, nil)
	}
	if err := t.drawTraces(w); ignoreMissing(err) != nil {
		w.save("seismogram", nil, err)
	}
	if t.output.energy {
		panel, err := t.energyFigure(d.file("energy.csv"))
		if ignoreMissing(err) != nil || err == nil {
			w.save("energy", panel, err)
		}
	}
	return w.files, w.failed
}

// mediumPanel is the picture of what varies of speed and density, nil for nothing.
func (t *stencilTask) mediumPanel(c coarse) figure.Panel {
	switch maps := t.mediumMaps(c); len(maps) {
	case 0:
		return nil
	case 1:
		return maps[0]
	default:
		return figure.Tile(2, maps[0], maps[1])
	}
}

// mediumMaps are its maps; of two, one legend, at the side, says what the marks are.
func (t *stencilTask) mediumMaps(c coarse) (maps []figure.Heatmap) {
	u := &t.output.units
	if speeds := t.speeds(); varies(speeds) {
		maps = append(maps, t.heatmap(c, c.of(speeds), in("speed", u.speed())))
	}
	if m := t.settings.Medium; varies(m.Densities) {
		maps = append(maps, t.heatmap(c, c.of(m.Densities), in("density", u.density)))
	}
	for k := range maps {
		maps[k].Series = t.marks(k == len(maps)-1, mostMarks/len(maps))
	}
	return maps
}

// varies tells whether values differ by more than rounding.
func varies(v []float64) bool {
	return len(v) > 0 && slices.Max(v) > slices.Min(v)*(1+1e-12)
}

// speeds are the speeds of the medium at the points.
func (t *stencilTask) speeds() []float64 {
	m := t.settings.Medium
	c := make([]float64, t.settings.Grid.Cells())
	for k := range c {
		rho, kappa := m.Density, m.BulkModulus
		if m.Densities != nil {
			rho = m.Densities[k]
		}
		if m.BulkModuli != nil {
			kappa = m.BulkModuli[k]
		}
		c[k] = math.Sqrt(kappa / rho)
	}
	return c
}

func (t *stencilTask) energyFigure(path string) (figure.Panel, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	var columns [4][]float64 // time, kinetic, potential, total
	for _, row := range rows[1:] {
		for k := range columns {
			v, err := strconv.ParseFloat(row[k+1], 64)
			if err != nil {
				return nil, err
			}
			columns[k] = append(columns[k], v)
		}
	}
	return figure.Lines{XLabel: in("t", t.output.units.time), YLabel: in("energy", t.output.units.energy()), Series: []figure.Series{
		{Name: "kinetic", X: columns[0], Y: columns[1]},
		{Name: "potential", X: columns[0], Y: columns[2]},
		{Name: "total", X: columns[0], Y: columns[3]},
	}}, nil
}

// drawTraces draws a seismogram for each field that is received.
func (t *stencilTask) drawTraces(w *drawing) error {
	if len(t.receivers) == 0 {
		return nil
	}
	shape, data, err := readNumbers(w.dir.file("receivers.npy"))
	if err != nil {
		return err
	}
	if len(shape) != 2 || shape[1] != len(t.receivers) {
		return fmt.Errorf("receivers.npy has the shape %v, expected a column for each of %d receivers", shape, len(t.receivers))
	}
	for q, word := range fieldWords {
		s := seismogram{field: word, units: t.output.units, rest: t.initial == [3]*gridValues{}}
		for k, r := range t.receivers {
			if r.Field == stencil.Quantity(q) {
				s.add(r, k, shape[0], data, t.dt)
			}
		}
		if len(s.traces) > 0 && shape[0] > 0 {
			w.save("seismogram_"+word, s.panel(), nil)
		}
	}
	return nil
}
