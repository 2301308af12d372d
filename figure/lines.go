package figure

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
)

// Lines shows curves and points over common axes, with a legend where a series
// has a name. A point with a coordinate that is not finite, or not positive on
// a logarithmic axis, is a gap.
type Lines struct {
	Title, XLabel, YLabel string

	// XNames are words in the place of numbers along X, at 0, 1, 2, ...: the
	// axis then has half a step more on both sides.
	XNames []string

	XLog, YLog bool // logarithmic axes
	Series     []Series

	// Equal gives both axes the same scale: a unit or, on logarithmic axes, a
	// decade is as long across as upwards. Not with one axis logarithmic.
	Equal bool

	// XMin and XMax set the range of X, YMin and YMax that of Y, to compare
	// pictures or to keep the axes of an animation still; both zero takes it
	// from the data. What lies beyond is cut off.
	XMin, XMax, YMin, YMax float64

	// YDown puts the largest Y at the bottom: for a depth, or the time of a
	// seismogram.
	YDown bool
}

// Parity compares predictions with the truth: a point for each pair, with bars
// of +-sigma where sigma is not nil, and the diagonal on which they should lie.
func Parity(truth, predicted, sigma []float64) Lines {
	ends := extent{math.Inf(1), math.Inf(-1)}
	for _, values := range [][]float64{truth, predicted} {
		for _, v := range values {
			if shows(v, false) {
				ends.add(v)
			}
		}
	}
	return Lines{XLabel: "true", YLabel: "predicted", Equal: true, Series: []Series{
		{X: truth, Y: predicted, Err: sigma, Style: Points},
		{X: []float64{ends.lo, ends.hi}, Y: []float64{ends.lo, ends.hi}, Style: Dashed},
	}}
}

func (l Lines) layout() (sheet, error) {
	f, err := l.frame()
	if err != nil {
		return sheet{}, fmt.Errorf("lines %q: %w", l.Title, err)
	}
	width, height := f.size(6.4, 4.2, 1.1)
	return sheet{frames: []*frame{f}, cols: 1, width: width, height: height}, nil
}

func (l Lines) frame() (*frame, error) {
	if l.Equal && l.XLog != l.YLog {
		return nil, errors.New("option Equal needs both axes logarithmic or none")
	}
	if len(l.XNames) > 0 && (l.XLog || l.Equal || l.XMin != 0 || l.XMax != 0) {
		return nil, errors.New("option XNames goes with no other setting of the axis of X")
	}
	if err := checkRange("XMin and XMax", l.XMin, l.XMax, l.XLog); err != nil {
		return nil, err
	}
	if err := checkRange("YMin and YMax", l.YMin, l.YMax, l.YLog); err != nil {
		return nil, err
	}
	x := extent{math.Inf(1), math.Inf(-1)}
	y := x
	marks, total := false, 0
	for i, s := range l.Series {
		if err := s.check(i); err != nil {
			return nil, err
		}
		for k := range s.X {
			if !shows(s.X[k], l.XLog) || !shows(s.Y[k], l.YLog) {
				continue
			}
			x.add(s.X[k])
			y.add(s.Y[k])
			if s.uncertain(k) {
				y.add(s.Y[k] + s.Err[k])
				if lo := s.Y[k] - s.Err[k]; shows(lo, l.YLog) {
					y.add(lo)
				}
			}
		}
		marks = marks || s.Style.marks()
		total += len(s.X)
	}
	if total == 0 {
		return nil, ErrNoData
	}
	f := &frame{title: l.Title, grid: true, equal: l.Equal}
	side, above := 0., 0.05 // curves run to the sides of the frame
	switch {
	case l.Equal:
		side, above = 0.04, 0.04
	case marks:
		side = 0.03 // marks stay clear of them
	}
	if l.XMin != 0 || l.XMax != 0 {
		x, side, f.cuts = extent{l.XMin, l.XMax}, 0, true
	}
	if l.YMin != 0 || l.YMax != 0 {
		y, above, f.cuts = extent{l.YMin, l.YMax}, 0, true
	}
	f.x = newAxis(l.XLabel, l.XLog, x.lo, x.hi, side)
	if n := len(l.XNames); n > 0 {
		if x.lo < -0.5 || x.hi > float64(n)-0.5 {
			return nil, fmt.Errorf("the X run from %g to %g for %d XNames", x.lo, x.hi, n)
		}
		f.x = axis{label: l.XLabel, lo: -0.5, hi: float64(n) - 0.5, names: &names{text: l.XNames}}
	}
	f.y = newAxis(l.YLabel, l.YLog, y.lo, y.hi, above)
	f.y.down = l.YDown
	curves := dress(l.Series)
	f.paint = func(c canvas, area vg.Rectangle) { f.drawSeries(c, curves, area) }
	f.legend = newLegend(curves, f.covered(curves))
	return f, nil
}

// checkRange reports what is wrong with a range that is set, not both zero.
func checkRange(name string, lo, hi float64, log bool) error {
	if lo == 0 && hi == 0 || shows(lo, log) && shows(hi, log) && lo < hi {
		return nil
	}
	return fmt.Errorf("%s = %g and %g must be finite and increase, and be positive on a logarithmic axis", name, lo, hi)
}

// drawSeries draws bands under solid lines under dashed ones under marks.
func (f *frame) drawSeries(c canvas, curves []Series, area vg.Rectangle) {
	if f.cuts {
		c.window = &area
	}
	for _, s := range curves {
		if !s.Style.marks() {
			s.drawErrors(c, f.reaches(s, area))
		}
	}
	for _, styles := range [][]Style{{Solid, Steps}, {Dashed}, {Points, Crosses, Triangles}} {
		for _, s := range curves {
			for _, style := range styles {
				if s.Style != style {
					continue
				}
				if style.marks() {
					s.drawErrors(c, f.reaches(s, area))
				}
				s.draw(c, f.runs(s, area))
			}
		}
	}
}

// covered returns whether any of the curves passes through a box.
func (f *frame) covered(curves []Series) func(area, box vg.Rectangle) bool {
	return func(area, box vg.Rectangle) bool {
		for _, s := range curves {
			if f.covers(s, area, box) {
				return true
			}
		}
		return false
	}
}
