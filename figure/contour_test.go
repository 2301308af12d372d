package figure

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"
)

// steps returns n equally spaced numbers from lo to hi.
func steps(n int, lo, hi float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = lo + (hi-lo)*float64(i)/float64(n-1)
	}
	return x
}

// sample returns the values of f on a grid.
func sample(x, y []float64, f func(x, y float64) float64) []float64 {
	var z []float64
	for _, v := range y {
		for _, u := range x {
			z = append(z, f(u, v))
		}
	}
	return z
}

// The level set of x^2 + y^2 is one closed circle, of second order in the step.
func TestContourOfACircle(t *testing.T) {
	const r = 0.7
	deviation := func(n int) (worst float64) {
		x := steps(n, -1, 1)
		lines := contour(x, x, sample(x, x, func(x, y float64) float64 { return x*x + y*y }), r*r)
		require.Len(t, lines, 1)
		line := lines[0]
		assert.Equal(t, line[0], line[len(line)-1])
		turn := 0.
		for i, p := range line {
			worst = max(worst, math.Abs(math.Hypot(float64(p.X), float64(p.Y))-r))
			if i > 0 {
				q := line[i-1]
				turn += math.Atan2(float64(q.X*p.Y-q.Y*p.X), float64(q.X*p.X+q.Y*p.Y))
			}
		}
		assert.InDelta(t, 2*math.Pi, math.Abs(turn), 1e-9, "once around")
		return worst
	}
	coarse, fine := deviation(20), deviation(39)
	assert.Less(t, coarse, 0.01)
	assert.InDelta(t, 2, math.Log2(coarse/fine), 0.25)
}

// Where the corners of a cell alternate, its mean decides which of them join.
func TestContourSaddle(t *testing.T) {
	unit := []float64{0, 1}
	for _, c := range []struct {
		level    float64
		cutsHigh bool
	}{{0.4, false}, {0.6, true}} {
		lines := contour(unit, unit, []float64{1, 0, 0, 1}, c.level)
		require.Len(t, lines, 2)
		for _, line := range lines {
			for _, p := range line {
				// The corner that the line cuts off is nearer than the middle.
				high := min(math.Hypot(float64(p.X), float64(p.Y)), math.Hypot(float64(p.X-1), float64(p.Y-1)))
				low := min(math.Hypot(float64(p.X-1), float64(p.Y)), math.Hypot(float64(p.X), float64(p.Y-1)))
				assert.Equal(t, c.cutsHigh, high < low, "level %g at %v", c.level, p)
			}
		}
	}
}

// Every point of a contour line has its level, and lines end only at the
// border of the grid or of a hole.
func TestContourProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nx, ny := rapid.IntRange(2, 7).Draw(t, "nx"), rapid.IntRange(2, 7).Draw(t, "ny")
		x, y := steps(nx, 0, float64(nx-1)), steps(ny, 0, float64(ny-1))
		value := rapid.OneOf(rapid.Float64Range(-1, 1), rapid.SampledFrom([]float64{0, 0.5, nan}))
		z := rapid.SliceOfN(value, nx*ny, nx*ny).Draw(t, "z")
		level := rapid.SampledFrom([]float64{0, 0.3, 0.5}).Draw(t, "level")
		hole := func(i, j int) bool {
			if i < 0 || j < 0 || i >= nx-1 || j >= ny-1 {
				return true
			}
			k := j*nx + i
			return math.IsNaN(z[k] + z[k+1] + z[k+nx] + z[k+nx+1])
		}
		for _, line := range contour(x, y, z, level) {
			require.GreaterOrEqual(t, len(line), 2)
			for _, p := range line {
				// On the side of a hole the neighbouring cell has the value.
				best := inf
				for _, d := range [][2]float64{{0, 0}, {1e-9, 0}, {-1e-9, 0}, {0, 1e-9}, {0, -1e-9}, {1e-9, 1e-9}, {-1e-9, -1e-9}, {1e-9, -1e-9}, {-1e-9, 1e-9}} {
					if v := interpolate(x, y, z, float64(p.X)+d[0], float64(p.Y)+d[1], inCell); !math.IsNaN(v) {
						best = min(best, math.Abs(v-level))
					}
				}
				require.Less(t, best, 1e-7)
			}
			first, last := line[0], line[len(line)-1]
			if first == last {
				continue
			}
			for _, p := range []vg.Point{first, last} {
				i, j := int(p.X), int(p.Y)
				onX, onY := float64(p.X) == math.Trunc(float64(p.X)), float64(p.Y) == math.Trunc(float64(p.Y))
				require.True(t, onX || onY, "an end within a cell")
				require.True(t, onX && (hole(i-1, j) || hole(i, j) || hole(i-1, j-1) || hole(i, j-1)) ||
					onY && (hole(i, j-1) || hole(i, j) || hole(i-1, j) || hole(i-1, j-1)), "an end at %v", p)
			}
		}
	})
}

// The function within a cell is that of the corners and, at the centre, of
// their mean, and continuous.
func TestInCell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.SliceOfN(rapid.Float64Range(-1, 1), 4, 4).Draw(t, "z")
		at := func(u, v float64) float64 { return inCell(z[0], z[1], z[2], z[3], u, v) }
		require.InDelta(t, z[0], at(0, 0), 1e-12)
		require.InDelta(t, z[1], at(1, 0), 1e-12)
		require.InDelta(t, z[2], at(0, 1), 1e-12)
		require.InDelta(t, z[3], at(1, 1), 1e-12)
		require.InDelta(t, (z[0]+z[1]+z[2]+z[3])/4, at(0.5, 0.5), 1e-12)
		require.InDelta(t, (z[0]+z[2])/2, at(0, 0.5), 1e-12)
		u, v := rapid.Float64Range(0, 1).Draw(t, "u"), rapid.Float64Range(0, 1).Draw(t, "v")
		require.InDelta(t, at(u, v), at(min(u+1e-9, 1), v), 1e-8)
		require.InDelta(t, at(u, v), at(u, min(v+1e-9, 1)), 1e-8)
	})
}

// Drawn, the line is on the circle to a pixel, all the way around.
func TestContourPixels(t *testing.T) {
	x := steps(41, -1, 1)
	h := Heatmap{X: x, Y: x, Z: sample(x, x, func(x, y float64) float64 { return x*x + y*y }), Levels: []float64{0.25}, Equal: true}
	img := render(t, 4, 3, h)
	line := contrast(viridis.at(0.25 / 2)).(interface{ RGBA() (r, g, b, a uint32) })
	r, _, _, _ := line.RGBA()
	unit := float64(pixel/img.areas[0].Size().X) * 2 // a pixel in data units
	for a := 0.01; a < 2*math.Pi; a += 0.05 {
		near := 0.
		for d := -1.; d <= 1; d += 0.5 {
			rho := 0.5 + d*unit
			near = max(near, float64(img.dataAt(rho*math.Cos(a), rho*math.Sin(a)).R))
		}
		assert.Greater(t, near, 0.8*float64(r>>8), "at angle %g", a)
		for _, rho := range []float64{0.5 - 4*unit, 0.5 + 4*unit} {
			assert.Less(t, float64(img.dataAt(rho*math.Cos(a), rho*math.Sin(a)).R), 0.6*float64(r>>8), "at angle %g", a)
		}
	}
}

func TestFilledContours(t *testing.T) {
	x := steps(5, 0, 4)
	h := Heatmap{X: x, Y: x, Z: sample(x, x, func(x, y float64) float64 { return x }), Levels: []float64{0.5, 2.5}, Filled: true}
	h.Z[24] = nan
	img := render(t, 4, 3, h)
	assertColor(t, viridis.at(0.0625), img.dataAt(0.3, 1.1))
	assertColor(t, viridis.at(0.375), img.dataAt(0.6, 1.1))
	assertColor(t, viridis.at(0.375), img.dataAt(2.4, 1.1), "the bands end at the levels, not at the grid")
	assertColor(t, viridis.at(0.8125), img.dataAt(2.6, 1.1))
	assertColor(t, masked, img.dataAt(3.1, 3.1), "a hole")
	// The colour bar has the same bands.
	area := img.areas[0]
	at := func(f vg.Length) vg.Point {
		return vg.Point{X: area.Max.X + barGap + barWidth/2, Y: area.Min.Y + f*area.Size().Y}
	}
	assertColor(t, viridis.at(0.375), img.pixelAt(at(0.2)))
	assertColor(t, viridis.at(0.375), img.pixelAt(at(0.6)))
	assertColor(t, viridis.at(0.8125), img.pixelAt(at(0.65)))
}

func TestContourLevels(t *testing.T) {
	labels := func(h Heatmap) (out []string) {
		h.X, h.Y, h.Z = []float64{0, 1}, []float64{0, 1}, []float64{1e-4, 1, 10, 95}
		a := h.colorAxis(h.Z)
		for _, l := range h.levels(&a) {
			s := l.label.text
			if l.label.exponent != "" {
				s += "^" + l.label.exponent
			}
			out = append(out, s)
		}
		return out
	}
	assert.Equal(t, []string{"20", "40", "60", "80"}, labels(Heatmap{Contours: 6}))
	assert.Equal(t, []string{"10^−4", "10^−3", "10^−2", "10^−1", "10^0", "10^1"}, labels(Heatmap{Contours: 6, Log10: true}))
	assert.Equal(t, []string{"−2.5", "0", "0.125", "3", "2×10^6", "3×10^7"}, labels(Heatmap{Levels: []float64{-2.5, 0, 0.125, 3, 2e6, 3e7}}))
	third := labels(Heatmap{Levels: []float64{1. / 3}})
	assert.Len(t, third[0], len("0.333333"), third[0])
}

// Labels stand in gaps of their lines, inside, clear of what is taken.
func TestContourLabels(t *testing.T) {
	area := vg.Rectangle{Max: vg.Point{X: 200, Y: 100}}
	l := levelLine{points: []vg.Point{}, label: label{text: "12.5"}}
	for i := range 101 {
		l.points = append(l.points, vg.Point{X: vg.Length(2 * i), Y: 50})
	}
	first := l
	require.True(t, first.place(area, nil))
	assert.InDelta(t, 100, float64(first.centre.X), 3, "in the middle")
	gap := first.points[first.to].X - first.points[first.from].X
	assert.InDelta(t, float64(l.label.width(contourTextSize)+2*contourTextSpace), float64(gap), 2.1)
	taken := around(first.centre, 60, 20, 0)
	second := l
	require.True(t, second.place(area, []vg.Rectangle{taken}))
	assert.False(t, meetsAny(around(second.centre, gap, contourTextSize, 0), []vg.Rectangle{taken}))
	third := l
	assert.False(t, third.place(area, []vg.Rectangle{area}))
	short := levelLine{points: l.points[:10], label: l.label}
	assert.False(t, short.place(area, nil))

	for _, a := range []float64{0, 1, 2, 3, 4, 5, 6, -1, -2, -3, math.Pi / 2, -math.Pi / 2} {
		assert.True(t, math.Cos(readable(a)) > -1e-9)
		assert.InDelta(t, 0, math.Sin(readable(a)-a), 1e-9)
	}
	for _, draw := range []bool{false, true} { // drawn, too
		h := field(40, 40)
		h.Contours, h.Labels = 8, draw
		render(t, 4, 3, h)
	}
}

func TestOverlay(t *testing.T) {
	h := field(11, 11)
	red := okabeIto[1]
	h.Series = []Series{
		{Name: "inside", X: []float64{0.25, 1.05, nan}, Y: []float64{0.75, 0.5, 0.5}, Style: Points},
		{X: []float64{0.5}, Y: []float64{0.5}, Style: Triangles},
		{X: []float64{0.75}, Y: []float64{0.25}, Style: Crosses, Color: red},
	}
	img := render(t, 6, 4, h)
	assertColor(t, paper, img.dataAt(0.25, 0.75))
	assertColor(t, okabeBlack, img.dataAt(0.5, 0.5))
	assertColor(t, red, img.dataAt(0.75, 0.25))
	// A dark rim around the white disc.
	edge := float64((markRadius + rimWidth/2) / img.areas[0].Size().X)
	assert.Less(t, img.dataAt(0.25+edge, 0.75).G, uint8(0x40))
	assert.True(t, img.sheet.frames[0].legend.outside)
	// The mark outside leaves no trace.
	h.Series[0].X, h.Series[0].Y = h.Series[0].X[:1], h.Series[0].Y[:1]
	assert.Equal(t, img.Image, render(t, 6, 4, h).Image)
}

func TestEqualScales(t *testing.T) {
	for _, size := range [][2]float64{{0, 0}, {8, 3}, {4, 7}} {
		h := Heatmap{X: []float64{0, 4}, Y: []float64{0, 1}, Z: make([]float64, 4), Equal: true}
		l := Lines{Equal: true, XLog: true, YLog: true, Series: []Series{{X: []float64{1, 1000}, Y: []float64{1, 10}}}}
		for _, p := range []Panel{h, l} {
			s, err := p.layout()
			require.NoError(t, err)
			width, height := s.width, s.height
			if size[0] > 0 {
				width, height = size[0], size[1]
			}
			areas, err := s.place(vg.Length(width)*vg.Inch, vg.Length(height)*vg.Inch)
			require.NoError(t, err)
			got := areas[0].Size()
			assert.InDelta(t, s.frames[0].ratio(), float64(got.X/got.Y), 0.02*s.frames[0].ratio())
		}
	}
}
