package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
)

const quarterTurn = math.Pi / 2

var (
	ink      = color.RGBA{0x20, 0x20, 0x20, 0xff}
	paleGrey = color.RGBA{0xe4, 0xe4, 0xe4, 0xff}
)

// canvas adds the few shapes that figures are made of. Lengths are points,
// y upwards.
type canvas struct {
	backend
	window *vg.Rectangle // lines, areas and marks beyond are cut off; nil: they are not
}

// polyline strokes a path; the dash pattern may be nil.
func (c canvas) polyline(col color.Color, width vg.Length, dashes []vg.Length, points ...vg.Point) {
	if len(points) < 2 {
		return
	}
	if c.window != nil {
		window := *c.window
		c.window = nil
		for _, piece := range pieces(points, window) {
			c.polyline(col, width, dashes, piece...)
		}
		return
	}
	path := make(vg.Path, 0, len(points))
	path.Move(points[0])
	for _, p := range points[1:] {
		path.Line(p)
	}
	c.SetColor(col)
	c.SetLineWidth(width)
	c.SetLineDash(dashes, 0)
	c.Stroke(path)
}

func (c canvas) fill(col color.Color, points ...vg.Point) {
	if c.window != nil {
		if points = trim(points, *c.window); len(points) == 0 {
			return
		}
	}
	path := make(vg.Path, 0, len(points)+1)
	path.Move(points[0])
	for _, p := range points[1:] {
		path.Line(p)
	}
	path.Close()
	c.SetColor(col)
	c.Fill(path)
}

// disc fills a circle, each quarter a cubic.
func (c canvas) disc(col color.Color, centre vg.Point, radius vg.Length) {
	if !c.holds(centre) {
		return
	}
	const kappa = 0.5522847498 // 4/3 (sqrt 2 - 1)
	at := func(x, y vg.Length) vg.Point { return centre.Add(vg.Point{X: x * radius, Y: y * radius}) }
	var path vg.Path
	path.Move(at(1, 0))
	path.CubeTo(at(1, kappa), at(kappa, 1), at(0, 1))
	path.CubeTo(at(-kappa, 1), at(-1, kappa), at(-1, 0))
	path.CubeTo(at(-1, -kappa), at(-kappa, -1), at(0, -1))
	path.CubeTo(at(kappa, -1), at(1, -kappa), at(1, 0))
	path.Close()
	c.SetColor(col)
	c.Fill(path)
}

// corners returns the corners of a rectangle, anticlockwise from the lower left.
func corners(r vg.Rectangle) []vg.Point {
	return []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}}
}

// closed strokes a polygon.
func (c canvas) closed(points []vg.Point, width vg.Length) {
	path := make(vg.Path, 0, len(points)+1)
	path.Move(points[0])
	for _, p := range points[1:] {
		path.Line(p)
	}
	path.Close()
	c.SetColor(ink)
	c.SetLineWidth(width)
	c.SetLineDash(nil, 0)
	c.Stroke(path)
}

// snap rounds to whole pixels.
func snap(x vg.Length) vg.Length {
	return vg.Length(math.Round(float64(x/pixel))) * pixel
}

// pixels returns a length in whole pixels.
func pixels(x vg.Length) int { return int(x/pixel + 0.5) }
