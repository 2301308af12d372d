package figure

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
)

// Lines shows curves and points over common axes, with a legend where a series
// has a name. A point with a coordinate that is not finite, or not positive on
// a logarithmic axis, is a gap.
type Lines struct {
	Title, XLabel, YLabel string

	XLog, YLog bool // logarithmic axes
	Series     []Series
}

// Series is one curve or cloud of points.
type Series struct {
	Name  string // in the legend; none if empty
	X, Y  []float64
	Style Style

	// Color defaults to the next of the palette or, where the series is
	// dashed, to black. Solid lines that come after the last of the palette's
	// six colours take them again with dots and dashes.
	Color color.Color
	Width float64 // of the line in points; default 1.9, dashed 1.4

	dashes []vg.Length
}

// Style is the way a series is drawn.
type Style int

const (
	Solid  Style = iota // a line
	Dashed              // a dashed line over all solid ones: a reference
	Points              // discs, over all lines
)

const (
	solidWidth  = vg.Length(1.9)
	dashedWidth = vg.Length(1.4)
	discRadius  = vg.Length(2.6)
)

var (
	referenceDashes = []vg.Length{5, 3.5}
	// roundDashes tell solid lines of the same colour apart: one pattern for
	// each round through the palette.
	roundDashes = [][]vg.Length{nil, {9, 2.5}, {9, 2.5, 2, 2.5}, {2, 2.5}}
)

func (l Lines) layout() (sheet, error) {
	x := extent{math.Inf(1), math.Inf(-1)}
	y := x
	points, total := false, 0
	for i, s := range l.Series {
		if len(s.X) != len(s.Y) {
			return sheet{}, fmt.Errorf("lines %q: series %d (%q) has %d x and %d y", l.Title, i, s.Name, len(s.X), len(s.Y))
		}
		if s.Style < Solid || s.Style > Points {
			return sheet{}, fmt.Errorf("lines %q: series %d (%q) has style %d, none of Solid, Dashed, Points", l.Title, i, s.Name, s.Style)
		}
		if !(s.Width >= 0 && s.Width <= 72) {
			return sheet{}, fmt.Errorf("lines %q: series %d (%q) is %g points wide, not from 0 to 72", l.Title, i, s.Name, s.Width)
		}
		for k := range s.X {
			if shows(s.X[k], l.XLog) && shows(s.Y[k], l.YLog) {
				x.add(s.X[k])
				y.add(s.Y[k])
			}
		}
		points = points || s.Style == Points
		total += len(s.X)
	}
	if total == 0 {
		return sheet{}, fmt.Errorf("lines %q: %w", l.Title, ErrNoData)
	}
	f := &frame{title: l.Title, grid: true}
	side := 0. // curves run to the sides of the frame
	if points {
		side = 0.03 // discs stay clear of them
	}
	f.x = newAxis(l.XLabel, l.XLog, x.lo, x.hi, side)
	f.y = newAxis(l.YLabel, l.YLog, y.lo, y.hi, 0.05)
	curves := l.curves()
	f.paint = func(c canvas, area vg.Rectangle) {
		for _, style := range []Style{Solid, Dashed, Points} {
			for _, s := range curves {
				if s.Style == style {
					s.draw(c, f.runs(s, area))
				}
			}
		}
	}
	f.legend = newLegend(curves, func(area, box vg.Rectangle) bool {
		for _, s := range curves {
			for _, run := range f.runs(s, area) {
				if s.meets(run, box) {
					return true
				}
			}
		}
		return false
	})
	return sheet{frames: []*frame{f}, cols: 1, width: 6.4, height: 4.2}, nil
}

// curves returns the series with their colours and dashes.
func (l Lines) curves() []Series {
	out := make([]Series, len(l.Series))
	next := 0
	for i, s := range l.Series {
		if s.Style == Dashed {
			s.dashes = referenceDashes
		}
		switch {
		case s.Color != nil:
		case s.Style == Dashed:
			s.Color = color.Black
		default:
			s.Color = okabeIto[next%len(okabeIto)]
			if s.Style == Solid {
				s.dashes = roundDashes[next/len(okabeIto)%len(roundDashes)]
			}
			next++
		}
		out[i] = s
	}
	return out
}

// runs returns the stretches of a series between gaps, in points on the page.
func (f *frame) runs(s Series, area vg.Rectangle) [][]vg.Point {
	var (
		runs [][]vg.Point
		run  []vg.Point
	)
	size := area.Size()
	for k := range s.X {
		if shows(s.X[k], f.x.log) && shows(s.Y[k], f.y.log) {
			run = append(run, vg.Point{
				X: area.Min.X + size.X*vg.Length(f.x.at(s.X[k])),
				Y: area.Min.Y + size.Y*vg.Length(f.y.at(s.Y[k])),
			})
		} else if len(run) > 0 {
			runs, run = append(runs, run), nil
		}
	}
	if len(run) > 0 {
		runs = append(runs, run)
	}
	return runs
}

func (s Series) draw(c canvas, runs [][]vg.Point) {
	for _, run := range runs {
		switch {
		case s.Style == Points:
			for _, p := range run {
				c.disc(s.Color, p, discRadius)
			}
		case len(run) == 1:
			c.disc(s.Color, run[0], s.width())
		default:
			run = thin(run)
			width := s.width()
			if columns := (run[len(run)-1].X - run[0].X) / pixel; vg.Length(len(run)) > 3*max(columns, -columns) {
				width /= 2 // noise in every column: a full line would be a smear
			}
			c.polyline(s.Color, width, s.dashes, run...)
		}
	}
}

func (s Series) width() vg.Length {
	switch {
	case s.Width > 0:
		return vg.Length(s.Width)
	case s.Style == Dashed:
		return dashedWidth
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

// meets reports whether a run passes through a rectangle.
func (s Series) meets(run []vg.Point, r vg.Rectangle) bool {
	for i, p := range run {
		if i == 0 || s.Style == Points {
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

// crosses reports whether the segment from p to q meets a rectangle, by the
// parametric clipping of Liang and Barsky (1984).
func crosses(p, q vg.Point, r vg.Rectangle) bool {
	enter, leave := vg.Length(0), vg.Length(1)
	clip := func(from, d, lo, hi vg.Length) bool {
		if d == 0 {
			return lo <= from && from <= hi
		}
		a, b := (lo-from)/d, (hi-from)/d
		enter, leave = max(enter, min(a, b)), min(leave, max(a, b))
		return enter <= leave
	}
	return clip(p.X, q.X-p.X, r.Min.X, r.Max.X) && clip(p.Y, q.Y-p.Y, r.Min.Y, r.Max.Y)
}
