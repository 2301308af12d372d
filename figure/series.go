package figure

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
)

// Series is one curve or cloud of points.
type Series struct {
	Name string // in the legend; none if empty
	X, Y []float64

	// Err is the uncertainty of Y, as two standard deviations of a prediction:
	// a pale band from Y-Err to Y+Err about a line, bars on marks. Where it is
	// not finite there is none. Empty, or as long as Y and not negative.
	Err []float64

	Style Style

	// Color defaults to the next of the palette or, where the series is
	// dashed, to black. Solid lines that come after the last of the palette's
	// six colours take them again with dots and dashes.
	Color color.Color
	Width float64 // of the line in points; default 1.9, dashed 1.4, crosses 1.5

	dashes []vg.Length
	rim    color.Color // around marks on a coloured ground; nil for none
}

// Style is the way a series is drawn: Solid, Dashed, Points, Steps, Crosses or
// Triangles.
type Style int

const (
	Solid     Style = iota // a line
	Dashed                 // a dashed line over all solid ones: a reference
	Points                 // discs, over all lines
	Steps                  // a line that keeps its height until the next point: the best so far
	Crosses                // diagonal crosses, over all lines
	Triangles              // triangles that stand on their base, over all lines

	bars // in the legend of Bars
)

func (s Style) marks() bool { return s == Points || s == Crosses || s == Triangles }

const (
	solidWidth  = vg.Length(1.9)
	dashedWidth = vg.Length(1.4)
	crossWidth  = vg.Length(1.5)
	markRadius  = vg.Length(2.6)
	rimWidth    = vg.Length(0.9)
	capLength   = vg.Length(2.2) // half the cross-bar at the ends of an error bar
)

var (
	referenceDashes = []vg.Length{5, 3.5}
	// roundDashes tell solid lines of the same colour apart: one pattern for
	// each round through the palette.
	roundDashes = [][]vg.Length{nil, {9, 2.5}, {9, 2.5, 2, 2.5}, {2, 2.5}}
)

// check reports what is wrong with the i-th series.
func (s Series) check(i int) error {
	switch {
	case len(s.X) != len(s.Y):
		return fmt.Errorf("series %d (%q) has %d x and %d y", i, s.Name, len(s.X), len(s.Y))
	case len(s.Err) != 0 && len(s.Err) != len(s.Y):
		return fmt.Errorf("series %d (%q) has %d errors of %d y", i, s.Name, len(s.Err), len(s.Y))
	case s.Style < Solid || s.Style > Triangles:
		return fmt.Errorf("series %d (%q) has style %d, none of Solid, Dashed, Points, Steps, Crosses, Triangles", i, s.Name, s.Style)
	case !(s.Width >= 0 && s.Width <= 72):
		return fmt.Errorf("series %d (%q) is %g points wide, not from 0 to 72", i, s.Name, s.Width)
	}
	for k, e := range s.Err {
		if e < 0 {
			return fmt.Errorf("series %d (%q): Err[%d] = %g is negative", i, s.Name, k, e)
		}
	}
	return nil
}

// uncertain reports whether the k-th point has an error that can be shown.
func (s Series) uncertain(k int) bool { return len(s.Err) > 0 && shows(s.Err[k], false) }

// dress returns the series with their colours and dashes.
func dress(series []Series) []Series {
	out := make([]Series, len(series))
	next := 0
	for i, s := range series {
		if s.Style == Dashed {
			s.dashes = referenceDashes
		}
		switch {
		case s.Color != nil:
		case s.Style == Dashed:
			s.Color = color.Black
		default:
			s.Color = okabeIto[next%len(okabeIto)]
			if s.Style == Solid || s.Style == Steps {
				s.dashes = roundDashes[next/len(okabeIto)%len(roundDashes)]
			}
			next++
		}
		out[i] = s
	}
	return out
}

// point returns where data coordinates are on the page.
func (f *frame) point(x, y float64, area vg.Rectangle) vg.Point {
	size := area.Size()
	return vg.Point{
		X: area.Min.X + size.X*vg.Length(f.x.at(x)),
		Y: area.Min.Y + size.Y*vg.Length(f.y.at(y)),
	}
}

// runs returns the stretches of a series between gaps, in points on the page.
func (f *frame) runs(s Series, area vg.Rectangle) [][]vg.Point {
	var (
		runs [][]vg.Point
		run  []vg.Point
	)
	for k := range s.X {
		if shows(s.X[k], f.x.log) && shows(s.Y[k], f.y.log) {
			p := f.point(s.X[k], s.Y[k], area)
			if s.Style == Steps && len(run) > 0 {
				run = append(run, vg.Point{X: p.X, Y: run[len(run)-1].Y})
			}
			run = append(run, p)
		} else if len(run) > 0 {
			runs, run = append(runs, run), nil
		}
	}
	if len(run) > 0 {
		runs = append(runs, run)
	}
	return runs
}

// reach is how far the error of a point extends, in points on the page.
type reach struct{ low, high vg.Point }

// reaches returns the extents of the errors between gaps. On a logarithmic
// axis what reaches down to zero ends at the bottom.
func (f *frame) reaches(s Series, area vg.Rectangle) [][]reach {
	var (
		runs [][]reach
		run  []reach
	)
	for k := range s.X {
		if shows(s.X[k], f.x.log) && shows(s.Y[k], f.y.log) && s.uncertain(k) {
			lo, hi := s.Y[k]-s.Err[k], s.Y[k]+s.Err[k]
			if f.y.log {
				lo = max(lo, f.y.lo)
			}
			r := reach{f.point(s.X[k], lo, area), f.point(s.X[k], hi, area)}
			if n := len(run); s.Style == Steps && n > 0 {
				run = append(run, reach{vg.Point{X: r.low.X, Y: run[n-1].low.Y}, vg.Point{X: r.high.X, Y: run[n-1].high.Y}})
			}
			run = append(run, r)
		} else if len(run) > 0 {
			runs, run = append(runs, run), nil
		}
	}
	if len(run) > 0 {
		runs = append(runs, run)
	}
	return runs
}

// drawErrors draws bands, which come under everything, or bars.
func (s Series) drawErrors(c canvas, runs [][]reach) {
	for _, run := range runs {
		if !s.Style.marks() && len(run) > 1 {
			var low, high []vg.Point
			for _, r := range run {
				low, high = append(low, r.low), append(high, r.high)
			}
			outline := thin(low)
			high = thin(high)
			for i := len(high) - 1; i >= 0; i-- {
				outline = append(outline, high[i])
			}
			c.fill(mix(s.Color, color.White, 0.78), outline...)
			continue
		}
		for _, r := range run {
			c.errorBar(mix(s.Color, color.White, 0.25), r)
		}
	}
}

// errorBar draws an error, none if it is zero.
func (c canvas) errorBar(col color.Color, r reach) {
	if r.low == r.high {
		return
	}
	c.polyline(col, lineWidth, nil, r.low, r.high)
	for _, p := range []vg.Point{r.low, r.high} {
		c.polyline(col, lineWidth, nil, vg.Point{X: p.X - capLength, Y: p.Y}, vg.Point{X: p.X + capLength, Y: p.Y})
	}
}

func (s Series) draw(c canvas, runs [][]vg.Point) {
	for _, run := range runs {
		switch {
		case s.Style.marks():
			for _, p := range run {
				s.mark(c, p)
			}
		case len(run) == 1:
			c.disc(s.Color, run[0], s.width())
		default:
			run = thin(run)
			width := s.width()
			if columns := (run[len(run)-1].X - run[0].X) / pixel; vg.Length(len(run)) > 3*max(columns, -columns) && s.Style != Steps && s.rim == nil {
				width /= 2 // noise in every column: a full line would be a smear
			}
			c.polyline(s.Color, width, s.dashes, run...)
		}
	}
}

// mark draws one mark, with its rim below it.
func (s Series) mark(c canvas, p vg.Point) {
	if !c.holds(p) {
		return
	}
	c.window = nil // marks on the edge are whole
	if s.rim != nil {
		s.shape(c, s.rim, p, rimWidth)
	}
	s.shape(c, s.Color, p, 0)
}

// shape draws the shape of a mark, grown outwards.
func (s Series) shape(c canvas, col color.Color, p vg.Point, grow vg.Length) {
	switch s.Style {
	case Crosses:
		r := markRadius + grow/2
		for _, d := range []vg.Point{{X: r, Y: r}, {X: r, Y: -r}} {
			c.polyline(col, s.width()+2*grow, nil, p.Sub(d), p.Add(d))
		}
	case Triangles:
		// Equilateral, of the same area as a disc half again as large.
		r := 1.5*markRadius + 2*grow
		c.fill(col, vg.Point{X: p.X, Y: p.Y + r}, vg.Point{X: p.X - 0.866*r, Y: p.Y - r/2}, vg.Point{X: p.X + 0.866*r, Y: p.Y - r/2})
	default:
		c.disc(col, p, markRadius+grow)
	}
}

func (s Series) width() vg.Length {
	switch {
	case s.Width > 0:
		return vg.Length(s.Width)
	case s.Style == Dashed:
		return dashedWidth
	case s.Style == Crosses:
		return crossWidth
	}
	return solidWidth
}

// thin leaves out what cannot be seen: of consecutive points in the same
// column of pixels it keeps the first, the lowest, the highest and the last
// (Jugel et al., M4, Proc. VLDB Endow. 7 (2014) 797).
func thin(run []vg.Point) []vg.Point {
	column := func(i int) int { return int(math.Floor(float64(run[i].X / pixel))) }
	var out []vg.Point
	for i := 0; i < len(run); {
		low, high, j := i, i, i
		for ; j < len(run) && column(j) == column(i); j++ {
			if run[j].Y < run[low].Y {
				low = j
			}
			if run[j].Y > run[high].Y {
				high = j
			}
		}
		last := i - 1
		for _, k := range []int{i, min(low, high), max(low, high), j - 1} {
			if k > last {
				out = append(out, run[k])
				last = k
			}
		}
		i = j
	}
	return out
}

// covers reports whether a series passes through a rectangle.
func (f *frame) covers(s Series, area, box vg.Rectangle) bool {
	for _, run := range f.runs(s, area) {
		if s.meets(run, box) {
			return true
		}
	}
	for _, run := range f.reaches(s, area) {
		for _, r := range run {
			if crosses(r.low, r.high, box) {
				return true
			}
		}
	}
	return false
}

// meets reports whether a run passes through a rectangle.
func (s Series) meets(run []vg.Point, r vg.Rectangle) bool {
	for i, p := range run {
		if i == 0 || s.Style.marks() {
			if crosses(p, p, r) {
				return true
			}
			continue
		}
		if crosses(run[i-1], p, r) {
			return true
		}
	}
	return false
}
