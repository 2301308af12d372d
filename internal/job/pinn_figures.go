package job

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seed-0772dd2d/ritz/figure"
	"github.com/seed-0772dd2d/ritz/pinn"
)

// Points of an axis on which a solution is drawn.
const (
	curveLevels = 401
	planeLevels = 101
)

// drawSolution draws every field and the history of the loss, and returns the
// names of the files.
func (t *pinnTask) drawSolution(d *directory, s *pinn.Solution, ref *pinn.Reference) ([]string, error) {
	w := newDrawing(d, t.output.figures)
	if len(w.formats) == 0 {
		return w.files, nil
	}
	g := newFieldGrid(s, t.refined(ref), t.measured)
	for _, name := range s.Fields() {
		p, err := g.panel(s, name)
		w.save(name, p, err)
	}
	if len(g.names) == 1 && len(s.Fields()) > 1 {
		p, err := g.together(s)
		w.save("fields", p, err)
	}
	p, err := lossPanel(d.file("history.csv"), len(t.problem.Parameters))
	w.save("loss", p, err)
	return w.files, w.failed
}

// refined returns a reference that is known everywhere on the levels that are
// drawn, or else as it is.
func (t *pinnTask) refined(ref *pinn.Reference) *pinn.Reference {
	names := t.variables()
	if t.reference.exact == nil || len(names) == 2 || len(names) > 3 {
		return ref
	}
	grid := map[string]int{names[0]: curveLevels}
	if len(names) == 3 {
		for _, name := range names {
			grid[name] = planeLevels
		}
		grid[names[slicing(names)]] = 5 // has the quarters
	}
	fine, err := pinn.ExactReference(&t.problem, t.reference.exact, grid)
	if err != nil { // not finite between the points of the coarser one
		return ref
	}
	return fine
}

// fieldGrid is what fields are drawn on: in one variable a fine axis, in two
// the grid of the reference or one of its own, in three a plane for each level
// of one variable.
type fieldGrid struct {
	names  []string // of the variables
	axes   [][]float64
	points []float64            // row-major, the last variable fastest
	exact  map[string][]float64 // values of the reference at the points; may be empty
	time   int                  // the variable t, or -1

	domain    []pinn.Interval
	reference *pinn.Reference // nil: none
	data      []*pinn.Table
}

func newFieldGrid(s *pinn.Solution, ref *pinn.Reference, data []*pinn.Table) *fieldGrid {
	g := &fieldGrid{names: s.Variables(), domain: s.Domain(), time: slices.Index(s.Variables(), "t"), reference: ref, data: data}
	if len(g.names) == 2 && ref != nil && drawable(ref.Axes) {
		g.axes, g.points, g.exact = ref.Axes, ref.Points, ref.Values
		return g
	}
	n := planeLevels
	if len(g.names) == 1 {
		n = curveLevels
	}
	for _, v := range g.domain {
		axis := make([]float64, n)
		for i := range axis {
			axis[i] = v.Lo + (v.Hi-v.Lo)*float64(i)/float64(n-1)
		}
		g.axes = append(g.axes, axis)
	}
	if len(g.names) < 3 {
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

// slicing is the variable of three of which a picture shows only some levels:
// time, or the last one.
func slicing(names []string) int {
	if t := slices.Index(names, "t"); t >= 0 {
		return t
	}
	return len(names) - 1
}

// panel draws a field, and its error where the reference knows it. Problems in
// more than three variables have none.
func (g *fieldGrid) panel(s *pinn.Solution, name string) (figure.Panel, error) {
	var panels []figure.Panel
	var err error
	switch len(g.axes) {
	case 1:
		panels, err = g.curve(s, name)
	case 2:
		var u []float64
		if u, err = s.Evaluate(name, g.points); err == nil {
			panels = g.plane(name, u, g.exact[name])
		}
	case 3:
		panels, err = g.volume(s, name)
	default:
		return nil, nil
	}
	columns := len(panels)
	switch {
	case err != nil:
		return nil, err
	case columns == 1:
		return panels[0], nil
	case columns > 3: // fields beside their errors
		columns = 2
	}
	return figure.Tile(columns, panels...), nil
}

// curve shows u(x) with the reference, dashed, and the data, and beside it the
// error.
func (g *fieldGrid) curve(s *pinn.Solution, name string) ([]figure.Panel, error) {
	x, label := g.axes[0], g.names[0]
	u, err := s.Evaluate(name, x)
	if err != nil {
		return nil, err
	}
	lines := figure.Lines{Title: name, XLabel: label, YLabel: name, Series: []figure.Series{{Name: "solution", X: x, Y: u}}}
	title := "data" // one entry in the legend
	for _, table := range g.data {
		if values := table.Values[name]; values != nil {
			lines.Series = append(lines.Series, figure.Series{Name: title, X: table.Points, Y: values, Style: figure.Points})
			title = ""
		}
	}
	if g.reference == nil || g.reference.Values[name] == nil {
		return []figure.Panel{lines}, nil
	}
	at, exact := g.reference.Points, g.reference.Values[name]
	known, err := s.Evaluate(name, at)
	if err != nil {
		return nil, err
	}
	style, below := figure.Dashed, figure.Solid
	if !drawable([][]float64{at}) { // in no order
		style, below = figure.Points, figure.Points
	}
	lines.Series = append(lines.Series, figure.Series{Name: "reference", X: at, Y: exact, Style: style})
	return []figure.Panel{lines, figure.Lines{
		Title: "absolute error", XLabel: label, YLabel: "|error|", YLog: true,
		Series: []figure.Series{{X: at, Y: distance(known, exact), Style: below}},
	}}, nil
}

// together shows all fields of one variable in one picture.
func (g *fieldGrid) together(s *pinn.Solution) (figure.Panel, error) {
	lines := figure.Lines{Title: "fields", XLabel: g.names[0]}
	for _, name := range s.Fields() {
		u, err := s.Evaluate(name, g.points)
		if err != nil {
			return nil, err
		}
		lines.Series = append(lines.Series, figure.Series{Name: name, X: g.axes[0], Y: u})
	}
	return lines, nil
}

// plane shows u as a map, its error beside it, and five slices.
func (g *fieldGrid) plane(name string, u, exact []float64) []figure.Panel {
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
	return append(panels, cuts)
}

// volume shows maps of u at three levels of one variable: of time the first,
// the middle and the last, of a space variable the quarters; and beside each its
// error, at the nearest level that the reference knows.
func (g *fieldGrid) volume(s *pinn.Solution, name string) ([]figure.Panel, error) {
	v := slicing(g.names)
	across, up := 0, 1
	if v == 0 {
		across, up = 1, 2
	} else if v == 1 {
		up = 2
	}
	fractions := []float64{0.25, 0.5, 0.75}
	if v == g.time {
		fractions = []float64{0, 0.5, 1}
	}
	add := func(panels []figure.Panel, level float64, axes [][]float64, exact []float64) ([]figure.Panel, error) {
		slice := &fieldGrid{names: g.names, axes: slices.Clone(axes), time: g.time}
		slice.axes[v] = []float64{level}
		u, err := s.Evaluate(name, tensor(slice.axes))
		if err != nil {
			return nil, err
		}
		maps := slice.maps(fmt.Sprintf("%s at %s = %.3g", name, g.names[v], level), name, across, up, v, 0, u, exact)
		return append(panels, maps[len(maps)-1]), nil
	}
	var panels []figure.Panel
	for _, f := range fractions {
		var err error
		level := g.domain[v].Lo + f*(g.domain[v].Hi-g.domain[v].Lo)
		if panels, err = add(panels, level, g.axes, nil); err != nil {
			return nil, err
		}
		if ref := g.reference; ref != nil && ref.Values[name] != nil && drawable(ref.Axes) {
			k := nearest(ref.Axes[v], level)
			if panels, err = add(panels, ref.Axes[v][k], ref.Axes, atLevel(ref.Values[name], ref.Axes, v, k)); err != nil {
				return nil, err
			}
		}
	}
	return panels, nil
}

func nearest(axis []float64, x float64) (k int) {
	for i := range axis {
		if math.Abs(axis[i]-x) < math.Abs(axis[k]-x) {
			k = i
		}
	}
	return k
}

// atLevel keeps the values of a grid at level k of the variable v.
func atLevel(values []float64, axes [][]float64, v, k int) []float64 {
	stride := 1
	for _, axis := range axes[v+1:] {
		stride *= len(axis)
	}
	var kept []float64
	for i, x := range values {
		if i/stride%len(axes[v]) == k {
			kept = append(kept, x)
		}
	}
	return kept
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
	m := figure.Heatmap{Title: title, XLabel: g.names[across], YLabel: g.names[up], X: x, Y: y, Z: plane(u), Equal: g.equal(across, up)}
	panels := []figure.Panel{m}
	if exact != nil {
		e := m
		e.Title, e.Log10 = fmt.Sprintf("|%s - reference|", name), true
		if title != name { // of a slice
			e.Title += strings.TrimPrefix(title, name)
		}
		e.Z = plane(distance(u, exact))
		if most := slices.Max(e.Z); most > 0 && !math.IsInf(most, 1) { // four decades say where the error is
			e.ZMin, e.ZMax = most/1e4, most
		}
		panels = append(panels, e)
	}
	return panels
}

// equal tells whether a map over two variables is shown true to scale: of two in space it is,
// unless that makes a sliver of it.
func (g *fieldGrid) equal(across, up int) bool {
	ratio := extent(g.axes[across]) / extent(g.axes[up])
	return across != g.time && up != g.time && max(ratio, 1/ratio) < 6
}

func extent(axis []float64) float64 { return axis[len(axis)-1] - axis[0] }

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
