package figure

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
)

// Surface shows a field on a rectangular grid as a surface in space, lit from
// the upper left and coloured by height, in a box with three axes.
//
// The projection is orthographic: equal heights are equally long wherever they
// stand. Hidden parts are hidden. Between the grid points the surface is
// bilinear; lines on it follow the grid, all lines of a coarse one, of a fine
// one about twenty each way. A cell with a corner that is not finite is a hole.
// Of a grid finer than 160 x 160 lines some are left out.
type Surface struct {
	Title, XLabel, YLabel, ZLabel string

	X, Y []float64 // coordinates, at least two each, finite and strictly increasing
	Z    []float64 // Z[j*len(X)+i] at (X[i], Y[j])

	// Diverging colours the distance from zero, as in [Heatmap]. The heights
	// still span the data.
	Diverging bool

	// ZMin and ZMax set the range of heights and colours, to compare pictures;
	// both zero takes it from the data. The surface is cut where it leaves it.
	ZMin, ZMax float64

	// Azimuth and Elevation say where the eye is, in degrees: anticlockwise
	// from the x axis seen from above, and up from the plane of x and y,
	// -80 to 80. Both zero is the default, -60 and 30.
	Azimuth, Elevation float64

	// Points are drawn at their height with a dark rim, those which the
	// surface hides are not. What lies outside the box is left out.
	Points []Point
	Stems  bool // from each point to the surface above or below it
}

// Point is a point in space.
type Point struct{ X, Y, Z float64 }

func (s Surface) layout() (sheet, error) {
	f, err := s.frame()
	if err != nil {
		return sheet{}, fmt.Errorf("surface %q: %w", s.Title, err)
	}
	return sheet{frames: []*frame{f}, cols: 1, width: 6.4, height: 4.8}, nil
}

func (s Surface) frame() (*frame, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	h := Heatmap{ZLabel: s.ZLabel, Diverging: s.Diverging, ZMin: s.ZMin, ZMax: s.ZMax}
	bar := &colorBar{axis: h.colorAxis(s.Z), colors: viridis, share: 0.7}
	if s.Diverging {
		bar.colors = blueRed
	}
	b := &box{x: newAxis(s.XLabel, false, s.X[0], s.X[len(s.X)-1], 0), y: newAxis(s.YLabel, false, s.Y[0], s.Y[len(s.Y)-1], 0)}
	h.Diverging = false
	b.z = h.colorAxis(s.Z)
	b.look(s.Azimuth, s.Elevation)
	f := &frame{title: s.Title, box: b, bar: bar}
	f.paint = func(c canvas, area vg.Rectangle) {
		b.fit(area)
		b.walls(c)
		m := newMesh(s.X, s.Y, s.Z, b)
		m.draw(c, bar)
		s.points(c, m)
		b.axes(c)
	}
	return f, nil
}

func (s Surface) check() error {
	if len(s.X) == 0 || len(s.Y) == 0 || len(s.Z) == 0 {
		return ErrNoData
	}
	if len(s.X) < 2 || len(s.Y) < 2 {
		return fmt.Errorf("a grid of %d x %d points, want at least 2 x 2", len(s.X), len(s.Y))
	}
	if err := (Heatmap{X: s.X, Y: s.Y, Z: s.Z, ZMin: s.ZMin, ZMax: s.ZMax}).check(); err != nil {
		return err
	}
	if !(math.Abs(s.Azimuth) <= 360) {
		return fmt.Errorf("azimuth of %g degrees, want -360 to 360", s.Azimuth)
	}
	if !(math.Abs(s.Elevation) <= 80) {
		return fmt.Errorf("elevation of %g degrees, want -80 to 80", s.Elevation)
	}
	if s.Stems && len(s.Points) == 0 {
		return errors.New("option Stems needs Points")
	}
	return nil
}

const (
	stemWidth  = vg.Length(0.9)
	stemPieces = 24 // of a stem, each seen or hidden
)

// points draws stems, then points, where nothing hides them.
func (s Surface) points(c canvas, m *mesh) {
	mark := Series{Style: Points, Color: color.White, rim: ink}
	var seen []vg.Point
	for _, p := range s.Points {
		if !shows(p.X, false) || !shows(p.Y, false) || !shows(p.Z, false) ||
			!m.box.x.inside(p.X) || !m.box.y.inside(p.Y) || !m.box.z.inside(p.Z) {
			continue
		}
		top := m.box.unit(p.X, p.Y, p.Z)
		if foot := m.height(top); s.Stems && !math.IsNaN(foot) {
			s.stem(c, m, top, foot)
		}
		if !m.hides(top, 0) {
			seen = append(seen, m.box.page(top))
		}
	}
	for _, p := range seen {
		mark.mark(c, p)
	}
}

// stem draws what is seen of the line from a place down or up to the surface.
func (s Surface) stem(c canvas, m *mesh, top vector, foot float64) {
	at := func(i int) vector { return top.with(2, top.z+(foot-top.z)*float64(i)/stemPieces) }
	for from := 0; from < stemPieces; from++ {
		to := from
		for to < stemPieces && !m.hides(at(to).plus(at(to+1)).times(0.5), top.z-foot) {
			to++
		}
		if to > from {
			c.polyline(ink, stemWidth, nil, m.box.page(at(from)), m.box.page(at(to)))
			from = to
		}
	}
}
