package figure

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
)

// Bars shows a group of bars above each label, one bar of a group for each
// series, from zero to its value: sensitivities, errors of several models. A
// value that is not finite has no bar.
type Bars struct {
	Title, XLabel, YLabel string

	Labels []string // under the groups; turned where they would meet

	// Series have as many Y as there are labels, no X, and the Style Solid.
	// Err are the half lengths of error bars.
	Series []Series
}

const groupWidth = 0.76 // of a group of bars, in units of the distance between groups

func (b Bars) layout() (sheet, error) {
	f, err := b.frame()
	if err != nil {
		return sheet{}, fmt.Errorf("bars %q: %w", b.Title, err)
	}
	return sheet{frames: []*frame{f}, cols: 1, width: 6.4, height: 4.2}, nil
}

func (b Bars) frame() (*frame, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	y := extent{0, 0}
	curves := dress(b.Series)
	for i := range curves {
		s := &curves[i]
		s.Style = bars
		s.X = make([]float64, len(s.Y))
		for k, v := range s.Y {
			s.X[k] = float64(k) + groupWidth*((float64(i)+0.5)/float64(len(curves))-0.5)
			if !shows(v, false) {
				continue
			}
			y.add(v)
			if s.uncertain(k) {
				y.add(v - s.Err[k])
				y.add(v + s.Err[k])
			}
		}
	}
	f := &frame{title: b.Title, grid: true}
	f.x = axis{label: b.XLabel, lo: -0.5, hi: float64(len(b.Labels)) - 0.5, names: &names{text: b.Labels}}
	f.y = newAxis(b.YLabel, false, y.lo, y.hi, 0)
	// Room above the bars, none below zero.
	if pad := 0.05 * (f.y.hi - f.y.lo); y.lo < y.hi {
		if y.hi > 0 {
			f.y.hi += pad
		}
		if y.lo < 0 {
			f.y.lo -= pad
		}
	}
	f.paint = func(c canvas, area vg.Rectangle) {
		for _, s := range curves {
			for _, r := range f.rectangles(s, len(curves), area) {
				c.fill(s.Color, corners(r)...)
			}
			for _, run := range f.reaches(s, area) {
				for _, r := range run {
					c.errorBar(ink, r)
				}
			}
		}
		zero := f.point(f.x.lo, 0, area).Y
		c.polyline(ink, lineWidth, nil, vg.Point{X: area.Min.X, Y: zero}, vg.Point{X: area.Max.X, Y: zero})
	}
	f.legend = newLegend(curves, func(area, box vg.Rectangle) bool {
		for _, s := range curves {
			for _, r := range f.rectangles(s, len(curves), area) {
				if meetsAny(box, []vg.Rectangle{r}) {
					return true
				}
			}
			if f.covers(s, area, box) {
				return true
			}
		}
		return false
	})
	return f, nil
}

func (b Bars) check() error {
	if len(b.Labels) == 0 || len(b.Series) == 0 {
		return ErrNoData
	}
	for i, s := range b.Series {
		if len(s.X) != 0 || s.Style != Solid {
			return fmt.Errorf("series %d (%q) has X or a Style: its places are those of the labels, its style is that of bars", i, s.Name)
		}
		if len(s.Y) != len(b.Labels) {
			return fmt.Errorf("series %d (%q) has %d y for %d labels", i, s.Name, len(s.Y), len(b.Labels))
		}
		s.X = s.Y
		if err := s.check(i); err != nil {
			return err
		}
	}
	for i, label := range b.Labels {
		if label == "" {
			return fmt.Errorf("label %d: %w", i, errors.New("empty"))
		}
	}
	return nil
}

// rectangles returns the bars of a series on the page, of n series in a group.
func (f *frame) rectangles(s Series, n int, area vg.Rectangle) []vg.Rectangle {
	var out []vg.Rectangle
	half := groupWidth / 2 / float64(n)
	if n > 1 {
		half *= 0.94 // a slit between the bars of a group
	}
	for k, v := range s.Y {
		if shows(v, false) {
			out = append(out, vg.Rectangle{
				Min: f.point(s.X[k]-half, math.Min(v, 0), area),
				Max: f.point(s.X[k]+half, math.Max(v, 0), area),
			})
		}
	}
	return out
}
