package figure

import (
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/vg"
)

var okabeBlack = color.RGBA{0, 0, 0, 0xff}

func TestErrorBars(t *testing.T) {
	l := Lines{Series: []Series{{X: []float64{0, 1, 2, 3}, Y: []float64{0, 0, 0, 0}, Err: []float64{2, 1, nan, 0}, Style: Points}}}
	img := render(t, 4, 3, l)
	bar := mix(okabeIto[0], color.White, 0.25)
	assertColor(t, bar, img.dataAt(0, 1.5))
	assertColor(t, bar, img.dataAt(0, -1.5))
	assertColor(t, bar, img.dataAt(1, 0.8))
	assert.NotEqual(t, bar, img.dataAt(1, 1.3))
	for _, x := range []float64{2, 3} {
		assertColor(t, okabeIto[0], img.dataAt(x, 0))
		assert.NotEqual(t, bar, img.dataAt(x, 0.6), "no bar at %g", x)
	}
}

func TestBand(t *testing.T) {
	l := Lines{Series: []Series{{X: []float64{0, 1, 2, 3, 4}, Y: []float64{0, 1, 2, 3, 4}, Err: []float64{1, 1, nan, 1, 1}}}}
	img := render(t, 4, 3, l)
	band := mix(okabeIto[0], color.White, 0.78)
	assertColor(t, band, img.dataAt(0.5, 1.3))
	assertColor(t, band, img.dataAt(0.5, -0.3))
	assertColor(t, band, img.dataAt(3.5, 4.3))
	assertColor(t, okabeIto[0], img.dataAt(0.5, 0.5), "the line is over its band")
	assertColor(t, okabeIto[0], img.dataAt(1.5, 1.5))
	assert.NotEqual(t, band, img.dataAt(1.5, 1.9), "a gap of the band alone")
	assertColor(t, paper, img.dataAt(0.5, 1.7))
}

// On a logarithmic axis an error that exceeds the value reaches to the bottom.
func TestErrorsOnLogAxis(t *testing.T) {
	s, err := Lines{YLog: true, Series: []Series{{X: []float64{0, 1}, Y: []float64{1, 10}, Err: []float64{2, 5}, Style: Points}}}.layout()
	require.NoError(t, err)
	f := s.frames[0]
	area := vg.Rectangle{Max: vg.Point{X: 100, Y: 100}}
	runs := f.reaches(Series{X: []float64{0, 1}, Y: []float64{1, 10}, Err: []float64{2, 5}, Style: Points}, area)
	require.Len(t, runs, 1)
	assert.InDelta(t, 0, float64(runs[0][0].low.Y), 1e-9)
	assert.InDelta(t, 100*f.y.at(5), float64(runs[0][1].low.Y), 1e-9)
	assert.InDelta(t, 100*f.y.at(15), float64(runs[0][1].high.Y), 1e-9)
}

func TestSteps(t *testing.T) {
	l := Lines{Series: []Series{{X: []float64{0, 1, 2}, Y: []float64{3, 1, 0}, Style: Steps}}}
	img := render(t, 4, 3, l)
	assertColor(t, okabeIto[0], img.dataAt(0.6, 3))
	assertColor(t, okabeIto[0], img.dataAt(1, 2.2))
	assertColor(t, okabeIto[0], img.dataAt(1.6, 1))
	assertColor(t, paper, img.dataAt(0.6, 1.9))
}

func TestMarks(t *testing.T) {
	for _, style := range []Style{Points, Crosses, Triangles} {
		img := render(t, 4, 3, Lines{Series: []Series{{X: []float64{0, 0.37, 1}, Y: []float64{0, 0.37, 1}, Style: style}}})
		assertColor(t, okabeIto[0], img.dataAt(0.37, 0.37), "style %d", style)
		assert.Equal(t, paper, img.dataAt(0.33, 0.33), "not joined")
		// Right of the middle a cross is open, diagonally a triangle is.
		d := 0.7 * markRadius / img.areas[0].Size().X * 1.06
		right := img.dataAt(0.37+float64(d), 0.37)
		assert.Equal(t, style == Crosses, right == paper, "style %d", style)
	}
}

func TestSeriesErrors(t *testing.T) {
	for want, s := range map[string]Series{
		"has 1 errors of 2 y":     {X: []float64{1, 2}, Y: []float64{1, 2}, Err: []float64{1}},
		"Err[1] = -3 is negative": {X: []float64{1, 2}, Y: []float64{1, 2}, Err: []float64{1, -3}},
		"has 1 x and 2 y":         {X: []float64{1}, Y: []float64{1, 2}},
	} {
		_, err := Lines{Series: []Series{s}}.layout()
		assert.ErrorContains(t, err, want)
		h := field(3, 3)
		h.Series = []Series{s}
		_, err = h.layout()
		assert.ErrorContains(t, err, want)
	}
	_, err := Lines{Equal: true, XLog: true, Series: []Series{{X: []float64{1}, Y: []float64{1}}}}.layout()
	assert.ErrorContains(t, err, "Equal needs both axes")
}

// The legend stays clear of error bars and bands.
func TestLegendAvoidsErrors(t *testing.T) {
	for _, style := range []Style{Solid, Points} {
		l := Lines{Series: []Series{{Name: "a", X: []float64{0, 1}, Y: []float64{0, 1}, Style: style}}}
		s, err := l.layout()
		require.NoError(t, err)
		_, err = s.place(400, 300)
		require.NoError(t, err)
		assert.False(t, s.frames[0].legend.outside)
		l.Series[0].X, l.Series[0].Y = steps(50, 0, 1), make([]float64, 50)
		l.Series[0].Err = steps(50, 1, 1)
		s, err = l.layout()
		require.NoError(t, err)
		_, err = s.place(400, 300)
		require.NoError(t, err)
		assert.True(t, s.frames[0].legend.outside)
	}
}

func TestParity(t *testing.T) {
	truth, predicted, sigma := []float64{0, 1, 4, nan}, []float64{0.5, 1, 3, 2}, []float64{0.5, 0.1, 2, 1}
	p := Parity(truth, predicted, sigma)
	img := render(t, 5, 4, p)
	assertColor(t, okabeIto[0], img.dataAt(4, 3))
	assertColor(t, mix(okabeIto[0], color.White, 0.25), img.dataAt(4, 4.5))
	// The diagonal of the data is that of the frame.
	f, area := img.sheet.frames[0], img.areas[0]
	a, b := f.point(0, 0, area), f.point(4, 4, area)
	assert.InDelta(t, float64(b.X-a.X), float64(b.Y-a.Y), 1)
	ink, all := 0, 0
	for v := 1.3; v < 2.9; v += 0.01 {
		all++
		if img.dataAt(v, v).G < 0x80 {
			ink++
		}
	}
	assert.InDelta(t, 5/8.5, float64(ink)/float64(all), 0.15, "dashed")

	_, err := Parity(nil, nil, nil).layout()
	require.NoError(t, err, "an empty frame with a diagonal")
	_, err = Parity([]float64{1}, []float64{1, 2}, nil).layout()
	assert.ErrorContains(t, err, "has 1 x and 2 y")
	assert.True(t, math.IsInf(Parity(nil, nil, nil).Series[1].X[0], 1))
}
