package figure

import (
	"fmt"
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"
)

var paper = color.RGBA{0xff, 0xff, 0xff, 0xff}

func TestLinesPixels(t *testing.T) {
	red := color.RGBA{0xff, 0, 0, 0xff}
	l := Lines{Series: []Series{
		{X: []float64{0, 4}, Y: []float64{0, 4}},
		{X: []float64{0, 4}, Y: []float64{1.3, 1.3}, Style: Dashed},
		{X: []float64{0.7, 2.3}, Y: []float64{3.3, 3.7}, Style: Points},
		{X: []float64{0, 4}, Y: []float64{2.7, 2.7}, Color: red},
	}}
	img := render(t, 4, 3, l)
	assertColor(t, okabeIto[0], img.dataAt(3.3, 3.3))
	assertColor(t, okabeIto[1], img.dataAt(0.7, 3.3))
	assertColor(t, okabeIto[1], img.dataAt(2.3, 3.7))
	assertColor(t, red, img.dataAt(1.3, 2.7))
	assertColor(t, paper, img.dataAt(3.3, 0.7))
	// Of a dashed line 5 parts in 8.5 are ink.
	ink, all := 0, 0
	for x := 0.2; x < 3.8; x += 0.005 {
		if (math.Abs(x-1.3) < 0.1) || x == math.Trunc(x) {
			continue
		}
		all++
		if img.dataAt(x, 1.3).G < 0x80 {
			ink++
		}
	}
	assert.InDelta(t, 5/8.5, float64(ink)/float64(all), 0.1)
}

// Words stand along X in the place of numbers, with room for what is at the first and the last.
func TestLinesOverNames(t *testing.T) {
	l := Lines{XNames: []string{"tanh", "sin"}, Series: []Series{{X: []float64{0, 1, 1}, Y: []float64{1, 2, 3}, Style: Points}}}
	s, err := l.layout()
	require.NoError(t, err)
	x := s.frames[0].x
	require.NotNil(t, x.names)
	assert.Equal(t, l.XNames, x.names.text)
	assert.Equal(t, []float64{-0.5, 1.5}, []float64{x.lo, x.hi})
	x.fitTicks(300, tickSize, true)
	assert.Empty(t, x.ticks)
	for want, change := range map[string]func(*Lines){
		"option XNames goes with no other": func(l *Lines) { l.XLog = true },
		"no other setting":                 func(l *Lines) { l.XMax = 2 },
		"X run from 0 to 1 for 1":          func(l *Lines) { l.XNames = l.XNames[:1] },
	} {
		wrong := l
		change(&wrong)
		_, err := wrong.layout()
		assert.ErrorContains(t, err, want)
	}
}

// No two lines look the same: after the palette's colours come its dashes.
func TestManyLines(t *testing.T) {
	var l Lines
	for range 24 {
		l.Series = append(l.Series, Series{X: []float64{0, 1}, Y: []float64{0, 1}})
	}
	seen := map[string]bool{}
	for i, s := range dress(l.Series) {
		seen[fmt.Sprint(s.Color, s.dashes)] = true
		assert.Equal(t, i < 6, s.dashes == nil, i)
	}
	assert.Len(t, seen, 24)
}

func TestWidth(t *testing.T) {
	thickness := func(width float64) (rows int) {
		img := render(t, 4, 3, Lines{Series: []Series{{X: []float64{0, 1, 1}, Y: []float64{0.5, 0.5, 1}, Width: width}}})
		for y := 0.4; y < 0.6; y += 0.0005 {
			if img.dataAt(0.37, y) == okabeIto[0] {
				rows++
			}
		}
		return rows
	}
	assert.InDelta(t, 2, float64(thickness(8))/float64(thickness(4)), 0.3)
	for _, width := range []float64{-1, 100, nan} {
		_, err := Lines{Series: []Series{{X: []float64{0}, Y: []float64{0}, Width: width}}}.layout()
		assert.ErrorContains(t, err, "points wide")
	}
}

func TestGaps(t *testing.T) {
	l := Lines{Series: []Series{{
		X: []float64{0, 1, 2, 3, 4, 5, 6, 7},
		Y: []float64{1, 1, nan, 1, 1, inf, 1, 2},
	}}}
	img := render(t, 4, 3, l)
	for _, x := range []float64{0.5, 3.5} {
		assertColor(t, okabeIto[0], img.dataAt(x, 1), "at %g", x)
	}
	for _, x := range []float64{1.5, 2.5, 4.5, 5.5} {
		assert.Greater(t, img.dataAt(x, 1).R, uint8(0xd0), "a gap at %g", x)
	}
	// Nothing to show is an empty frame, on a logarithmic axis too.
	for _, log := range []bool{false, true} {
		render(t, 4, 3, Lines{YLog: log, Series: []Series{{X: []float64{1, 2}, Y: []float64{nan, -inf}}}})
	}
}

func TestLogAxesStraightenPowers(t *testing.T) {
	l := Lines{XLog: true, YLog: true, Series: []Series{{X: []float64{1, 1000}, Y: []float64{1e-6, 1}}}}
	img := render(t, 4, 3, l)
	for _, x := range []float64{3, 30, 300} {
		assertColor(t, okabeIto[0], img.dataAt(x, 1e-6*x*x), "at %g", x)
	}
	// What is not positive is left out.
	l.Series[0] = Series{X: []float64{-1, 1, 1000}, Y: []float64{5, 1e-6, 1}}
	s, err := l.layout()
	require.NoError(t, err)
	assert.Equal(t, 1., s.frames[0].x.lo)
}

// A legend inside covers no data.
func TestLegendPlacement(t *testing.T) {
	place := func(series ...Series) (*legend, *frame, vg.Rectangle) {
		s, err := Lines{Series: series}.layout()
		require.NoError(t, err)
		areas, err := s.place(400, 300)
		require.NoError(t, err)
		return s.frames[0].legend, s.frames[0], areas[0]
	}
	corner := func(l *legend, area vg.Rectangle) [2]bool {
		middle := l.box.Min.Add(l.box.Max).Scale(0.5)
		return [2]bool{middle.X > (area.Min.X+area.Max.X)/2, middle.Y > (area.Min.Y+area.Max.Y)/2}
	}
	x := []float64{0, 1}
	rising, _, area := place(Series{Name: "a", X: x, Y: []float64{0, 1}})
	assert.Equal(t, [2]bool{false, true}, corner(rising, area))
	falling, _, area := place(Series{Name: "a", X: x, Y: []float64{1, 0}})
	assert.Equal(t, [2]bool{true, true}, corner(falling, area))
	cross, _, area := place(Series{Name: "a", X: []float64{0, 1, 1, 0}, Y: []float64{0, 1, 0, 1}},
		Series{X: []float64{0, 1}, Y: []float64{1, 1}}, Series{X: []float64{0, 1}, Y: []float64{0, 0}})
	assert.True(t, cross.outside)
	assert.Greater(t, cross.width, vg.Length(0))
	assert.Less(t, area.Max.X, vg.Length(400)-cross.width)
	none, _, _ := place(Series{X: x, Y: x})
	assert.Nil(t, none)

	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 12).Draw(t, "n")
		y := rapid.SliceOfN(rapid.Float64Range(0, 1), n, n).Draw(t, "y")
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(i)
		}
		l, f, area := place(Series{Name: "data", X: x, Y: y})
		if l.outside {
			return
		}
		for _, run := range f.runs(Series{X: x, Y: y}, area) {
			for i := 1; i < len(run); i++ {
				for s := vg.Length(0); s <= 1; s += 0.01 {
					p := run[i-1].Add(run[i].Sub(run[i-1]).Scale(s))
					require.False(t, l.box.Min.X < p.X && p.X < l.box.Max.X && l.box.Min.Y < p.Y && p.Y < l.box.Max.Y)
				}
			}
		}
	})
}

func TestCrosses(t *testing.T) {
	r := vg.Rectangle{Min: vg.Point{X: 1, Y: 1}, Max: vg.Point{X: 2, Y: 2}}
	tests := []struct {
		px, py, qx, qy vg.Length
		want           bool
	}{
		{0, 0, 3, 3, true}, {0, 1.5, 3, 1.5, true}, {1.5, 0, 1.5, 3, true},
		{1.2, 1.2, 1.3, 1.4, true}, {1.5, 1.5, 1.5, 1.5, true}, {1.5, 1.5, 9, 9, true},
		{0, 0, 0.5, 0.5, false}, {0, 1.9, 1.1, 3.1, false}, {0, 3, 3, 3, false},
		{0, 0, 3, 0.9, false}, {3, 3, 3, 3, false}, {1.5, 2.1, 1.5, 3, false},
	}
	for _, c := range tests {
		p, q := vg.Point{X: c.px, Y: c.py}, vg.Point{X: c.qx, Y: c.qy}
		assert.Equal(t, c.want, crosses(p, q, r), "%v", c)
		assert.Equal(t, c.want, crosses(q, p, r), "%v reversed", c)
	}
}

// Thinning keeps the ends, the order, and the highest and lowest point of
// every column of pixels, in at most four points for each passage of one.
func TestThin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "n")
		step := rapid.Float64Range(0, 0.5).Draw(t, "step")
		run := make([]vg.Point, n)
		for i := range run {
			run[i] = vg.Point{X: vg.Length(float64(i) * step), Y: vg.Length(rapid.Float64Range(0, 9).Draw(t, "y"))}
		}
		column := func(p vg.Point) int { return int(math.Floor(float64(p.X / pixel))) }
		extremes := func(points []vg.Point) map[int][2]vg.Length {
			m := map[int][2]vg.Length{}
			for _, p := range points {
				e, ok := m[column(p)]
				if !ok {
					e = [2]vg.Length{p.Y, p.Y}
				}
				m[column(p)] = [2]vg.Length{min(e[0], p.Y), max(e[1], p.Y)}
			}
			return m
		}
		out := thin(run)
		require.Equal(t, run[0], out[0])
		require.Equal(t, run[n-1], out[len(out)-1])
		require.Equal(t, extremes(run), extremes(out))
		require.LessOrEqual(t, len(out), min(n, 4*len(extremes(run))))
		k := 0
		for _, p := range out {
			for k < n && run[k] != p {
				k++
			}
			require.Less(t, k, n, "a subsequence")
		}
	})
}
