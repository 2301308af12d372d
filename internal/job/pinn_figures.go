package job

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"

	"github.com/seed-0772dd2d/ritz/figure"
	"github.com/seed-0772dd2d/ritz/pinn"
)

// levels is the number of points an axis on which a solution without a
// reference is drawn.
const levels = 101

// draw draws every field and the history of the loss, and returns the names of
// the files. What has no data to show is left out.
func (w *pinnWork) draw(d *directory, s *pinn.Solution) ([]string, error) {
	files := []string{}
	save := func(name string, p figure.Panel) error {
		if p == nil {
			return nil
		}
		for _, format := range w.task.output.figures {
			file := name + "." + format
			err := figure.Save(d.file(file), 0, 0, p)
			if errors.Is(err, figure.ErrNoData) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("cannot draw %s: %w", file, err)
			}
			files = append(files, file)
		}
		return nil
	}
	if len(w.task.output.figures) == 0 {
		return files, nil
	}
	g := newFieldGrid(s, w.reference)
	for _, name := range s.Fields() {
		p, err := g.panel(s, name)
		if err == nil {
			err = save(name, p)
		}
		if err != nil {
			return files, err
		}
	}
	p, err := lossPanel(d.file("history.csv"))
	if err == nil {
		err = save("loss", p)
	}
	return files, err
}

// fieldGrid is the tensor grid on which fields are drawn: that of the
// reference, or one of its own.
type fieldGrid struct {
	names  []string // of the variables
	axes   [][]float64
	points []float64            // row-major, the last variable fastest
	exact  map[string][]float64 // values of the reference; may be empty
	time   int                  // the variable t, or -1
}

func newFieldGrid(s *pinn.Solution, ref *pinn.Reference) *fieldGrid {
	g := &fieldGrid{names: s.Variables(), time: slices.Index(s.Variables(), "t")}
	if ref != nil && drawable(ref.Axes) {
		g.axes, g.points, g.exact = ref.Axes, ref.Points, ref.Values
		return g
	}
	domain := s.Domain()
	for _, v := range domain {
		axis := make([]float64, levels)
		for i := range axis {
			axis[i] = v.Lo + (v.Hi-v.Lo)*float64(i)/(levels-1)
		}
		g.axes = append(g.axes, axis)
	}
	if len(domain) == 3 { // only what is shown of it
		v := g.slicing()
		g.axes[v] = []float64{(domain[v].Lo + domain[v].Hi) / 2, domain[v].Hi}
	}
	if len(domain) <= 3 {
		g.points = tensor(g.axes)
	}
	return g
}

// drawable tells whether axes are those of a grid that can be drawn.
func drawable(axes [][]float64) bool {
	for _, axis := range axes {
		if len(axis) < 2 {
			return false
		}
		for i := 1; i < len(axis); i++ {
			if !(axis[i] > axis[i-1]) {
				return false
			}
		}
	}
	return len(axes) > 0
}

// tensor lists the points of a grid, the last axis running fastest.
func tensor(axes [][]float64) []float64 {
	n := 1
	for _, axis := range axes {
		n *= len(axis)
	}
	points := make([]float64, 0, n*len(axes))
	for i := range n {
		stride := n
		for _, axis := range axes {
			stride /= len(axis)
			points = append(points, axis[i/stride%len(axis)])
		}
	}
	return points
}

// slicing is the variable of which a picture shows only some levels: time, or
// the last one.
func (g *fieldGrid) slicing() int {
	if g.time >= 0 {
		return g.time
	}
	return len(g.axes) - 1
}

// panel draws a field, and its error where the reference knows it. Problems in
// more than three variables have none.
func (g *fieldGrid) panel(s *pinn.Solution, name string) (figure.Panel, error) {
	if len(g.axes) > 3 {
		return nil, nil
	}
	u, err := s.Evaluate(name, g.points)
	if err != nil {
		return nil, err
	}
	exact := g.exact[name]
	switch len(g.axes) {
	case 1:
		return g.curve(name, u, exact), nil
	case 2:
		return g.plane(name, u, exact), nil
	}
	return g.volume(name, u, exact), nil
}

// curve shows u(x), the reference dashed, and the error below.
func (g *fieldGrid) curve(name string, u, exact []float64) figure.Panel {
	x, label := g.axes[0], g.names[0]
	lines := figure.Lines{Title: name, XLabel: label, YLabel: name, Series: []figure.Series{{Name: "solution", X: x, Y: u}}}
	if exact == nil {
		return lines
	}
	lines.Series = append(lines.Series, figure.Series{Name: "reference", X: x, Y: exact, Style: figure.Dashed})
	return figure.Tile(2, lines, figure.Lines{
		Title: "absolute error", XLabel: label, YLabel: "|error|", YLog: true,
		Series: []figure.Series{{X: x, Y: distance(u, exact)}},
	})
}

// plane shows u as a map, its error beside it, and five slices.
func (g *fieldGrid) plane(name string, u, exact []float64) figure.Panel {
	across := 0
	if g.time == 1 {
		across = 1
	}
	panels := g.maps(name, name, across, 1-across, 0, 0, u, exact)
	cuts := figure.Lines{Title: "slices", XLabel: g.names[1-across], YLabel: name}
	steps := g.axes[across]
	x := g.axes[1-across]
	line := func(u []float64, k int) []float64 {
		y := make([]float64, len(x))
		for i := range y {
			if across == 0 {
				y[i] = u[k*len(x)+i]
			} else {
				y[i] = u[i*len(steps)+k]
			}
		}
		return y
	}
	chosen := spread(len(steps), 5, g.time >= 0)
	for _, k := range chosen {
		cuts.Series = append(cuts.Series, figure.Series{Name: fmt.Sprintf("%s = %.3g", g.names[across], steps[k]), X: x, Y: line(u, k)})
	}
	for i, k := range chosen {
		if exact == nil {
			break
		}
		s := figure.Series{X: x, Y: line(exact, k), Style: figure.Dashed}
		if i == 0 {
			s.Name = "reference"
		}
		cuts.Series = append(cuts.Series, s)
	}
	panels = append(panels, cuts)
	return figure.Tile(len(panels), panels...)
}

// volume shows maps of u at the middle and the last level of one variable.
func (g *fieldGrid) volume(name string, u, exact []float64) figure.Panel {
	v := g.slicing()
	across, up := 0, 1
	if v == 0 {
		across, up = 1, 2
	} else if v == 1 {
		up = 2
	}
	n := len(g.axes[v])
	var panels []figure.Panel
	for _, k := range []int{(n - 1) / 2, n - 1} {
		title := fmt.Sprintf("%s at %s = %.3g", name, g.names[v], g.axes[v][k])
		panels = append(panels, g.maps(title, name, across, up, v, k, u, exact)...)
	}
	return figure.Tile(2, panels...)
}

// maps shows u, and its error if there is a reference, over two variables at
// level k of the variable v (of a third one, or any level of one of the two).
func (g *fieldGrid) maps(title, name string, across, up, v, k int, u, exact []float64) []figure.Panel {
	x, y := g.axes[across], g.axes[up]
	plane := func(u []float64) []float64 {
		z := make([]float64, 0, len(x)*len(y))
		level := make([]int, len(g.axes))
		level[v] = k
		for j := range y {
			for i := range x {
				level[across], level[up] = i, j
				at := 0
				for d, axis := range g.axes {
					at = at*len(axis) + level[d]
				}
				z = append(z, u[at])
			}
		}
		return z
	}
	m := figure.Heatmap{Title: title, XLabel: g.names[across], YLabel: g.names[up], X: x, Y: y, Z: plane(u)}
	panels := []figure.Panel{m}
	if exact != nil {
		e := m
		e.Title, e.Log10 = fmt.Sprintf("|%s - reference|", name), true
		e.Z = plane(distance(u, exact))
		if most := slices.Max(e.Z); most > 0 && !math.IsInf(most, 1) { // four decades say where the error is
			e.ZMin, e.ZMax = most/1e4, most
		}
		panels = append(panels, e)
	}
	return panels
}

// spread chooses count of the indices 0..n-1 evenly, with the ends or without.
func spread(n, count int, ends bool) []int {
	lo, hi := 0, n-1
	if inner := (n - 1) / (count + 1); !ends && inner > 0 {
		lo, hi = inner, n-1-inner
	}
	count = min(count, hi-lo+1)
	chosen := make([]int, count)
	for i := range chosen {
		chosen[i] = lo + (i*(hi-lo)+(count-1)/2)/max(count-1, 1)
	}
	return chosen
}

// distance is |u - v|.
func distance(u, v []float64) []float64 {
	d := make([]float64, len(u))
	for i := range d {
		d[i] = math.Abs(u[i] - v[i])
	}
	return d
}

// lossPanel draws the loss and its terms from history.csv.
func lossPanel(path string) (figure.Panel, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	header := rows[0]
	columns := make([][]float64, len(header))
	for _, row := range rows[1:] {
		for i, text := range row {
			x, err := strconv.ParseFloat(text, 64)
			if err != nil { // the name of the optimizer
				x = math.NaN()
			}
			columns[i] = append(columns[i], x)
		}
	}
	lines := figure.Lines{Title: "loss", XLabel: "iteration", YLabel: "loss and its terms", YLog: true}
	last := len(header) - 2 // of the terms
	if last-4 == 1 {
		last-- // a single term is the loss
	}
	for i := 3; i < last; i++ {
		lines.Series = append(lines.Series, figure.Series{Name: shorten(header[i], 40), X: columns[0], Y: columns[i]})
	}
	return lines, nil
}

// shorten cuts a text for a legend.
func shorten(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-3]) + "..."
	}
	return text
}
