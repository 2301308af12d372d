package figure

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"
)

// Axes that are set are those, whatever the data, and nothing is drawn beyond
// them: around the data area each pixel is that of a figure without data there.
func TestRange(t *testing.T) {
	red := okabeIto[0]
	x, near := []float64{-3, 0, 1, 2, 9}, []float64{-0.15, 0.5, 1, 1.5, 2.15}
	fixed := Lines{XMin: 0, XMax: 2, YMin: -1, YMax: 1}
	empty := fixed
	empty.Series = []Series{{X: []float64{-1}, Y: []float64{0}}}
	blank := render(t, 4, 3, empty)
	for name, s := range map[string]Series{
		"line":      {X: x, Y: []float64{-5, 0.5, -0.5, 0.5, 7}, Color: red},
		"vertical":  {X: []float64{1, 1}, Y: []float64{-1e9, 1e9}, Color: red},
		"steps":     {X: x, Y: []float64{-5, 0.5, -3, 0.5, 7}, Style: Steps, Color: red},
		"band":      {X: x, Y: []float64{0, 0, 0, 0, 0}, Err: []float64{5, 0.5, 3, 0.5, 9}, Color: red},
		"bars":      {X: x, Y: []float64{0, 0, 0, 0, 0}, Err: []float64{5, 0.5, 3, 0.5, 9}, Style: Points, Color: red},
		"crosses":   {X: near, Y: []float64{0, 1.15, 0, 1.15, 0}, Style: Crosses, Color: red},
		"triangles": {X: near, Y: []float64{0, 1.15, 0, 1.15, 0}, Style: Triangles, Color: red},
	} {
		t.Run(name, func(t *testing.T) {
			l := fixed
			l.Series = []Series{s}
			img := render(t, 4, 3, l)
			require.Equal(t, blank.areas, img.areas)
			f := img.sheet.frames[0]
			assert.Equal(t, [4]float64{0, 2, -1, 1}, [4]float64{f.x.lo, f.x.hi, f.y.lo, f.y.hi})
			area, height := img.areas[0], img.Bounds().Dy()
			out, in := 0, 0
			for py := range height {
				for px := range img.Bounds().Dx() {
					if img.At(px, py) == blank.At(px, py) {
						continue
					}
					p := vg.Point{X: (vg.Length(px) + 0.5) * pixel, Y: (vg.Length(height-py) - 0.5) * pixel}
					if crosses(p, p, vg.Rectangle{Min: area.Min.Sub(vg.Point{X: 4, Y: 4}), Max: area.Max.Add(vg.Point{X: 4, Y: 4})}) {
						in++ // or on the frame, where lines and marks are whole
					} else {
						out++
					}
				}
			}
			assert.Zero(t, out)
			assert.Positive(t, in)
		})
	}
	for _, l := range []Lines{{YMin: 1}, {YMin: 2, YMax: 1}, {YMax: nan}, {XMin: -inf, XMax: 1}, {XMax: 1, XLog: true}} {
		l.Series = empty.Series
		_, err := l.layout()
		assert.ErrorContains(t, err, "must be finite and increase", "%+v", l)
	}
	// A range of one axis leaves the other to the data.
	s, err := Lines{YMin: -2, YMax: 0, Series: []Series{{X: []float64{3, 5}, Y: []float64{0, 1}}}}.layout()
	require.NoError(t, err)
	assert.Equal(t, [4]float64{3, 5, -2, 0}, [4]float64{s.frames[0].x.lo, s.frames[0].x.hi, s.frames[0].y.lo, s.frames[0].y.hi})
}

// What is cut off a path lies outside, and what stays inside; together they are
// as long as it.
func TestPieces(t *testing.T) {
	r := vg.Rectangle{Min: vg.Point{X: 1, Y: 2}, Max: vg.Point{X: 5, Y: 4}}
	coordinate := rapid.Map(rapid.IntRange(-4, 28), func(k int) vg.Length { return vg.Length(k) / 4 })
	rapid.Check(t, func(t *rapid.T) {
		path := make([]vg.Point, rapid.IntRange(2, 9).Draw(t, "points"))
		for i := range path {
			path[i] = vg.Point{X: coordinate.Draw(t, "x"), Y: coordinate.Draw(t, "y")}
		}
		kept, within := 0., 0.
		for _, piece := range pieces(path, r) {
			for i, p := range piece {
				require.True(t, crosses(p, p, r))
				if i > 0 {
					d := p.Sub(piece[i-1])
					kept += math.Hypot(float64(d.X), float64(d.Y))
				}
			}
		}
		for i, q := range path[1:] { // in small steps
			const n = 4000
			d := q.Sub(path[i])
			for k := range n {
				if p := path[i].Add(d.Scale((vg.Length(k) + 0.5) / n)); crosses(p, p, r) {
					within += math.Hypot(float64(d.X), float64(d.Y)) / n
				}
			}
		}
		assert.InDelta(t, within, kept, 0.05)
	})
	// One stretch stays one piece: dashes go on.
	assert.Len(t, pieces([]vg.Point{{X: 0, Y: 3}, {X: 2, Y: 3}, {X: 3, Y: 2}, {X: 4, Y: 3}, {X: 9, Y: 3}}, r), 1)
}

// A polygon that is trimmed has the area that it shares with the rectangle.
func TestTrim(t *testing.T) {
	r := vg.Rectangle{Min: vg.Point{X: 0, Y: 0}, Max: vg.Point{X: 2, Y: 1}}
	area := func(p []vg.Point) (sum float64) {
		for i, a := range p {
			b := p[(i+1)%len(p)]
			sum += float64(a.X*b.Y-a.Y*b.X) / 2
		}
		return sum
	}
	assert.InDelta(t, 2, area(trim([]vg.Point{{X: -9, Y: -9}, {X: 9, Y: -9}, {X: 9, Y: 9}, {X: -9, Y: 9}}, r)), 1e-12)
	assert.InDelta(t, 0.5, area(trim([]vg.Point{{X: -1, Y: 0}, {X: 1, Y: 0}, {X: 0, Y: 1}}, r)), 1e-12)
	assert.Empty(t, trim([]vg.Point{{X: 3, Y: 0}, {X: 4, Y: 0}, {X: 4, Y: 1}}, r))
}
