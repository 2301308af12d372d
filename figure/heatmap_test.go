package figure

import (
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"
)

func TestHeatmapCells(t *testing.T) {
	h := Heatmap{
		X: []float64{0, 1, 3}, Y: []float64{-1, 0.5},
		Z: []float64{0, 1, 2, 3, nan, 10},
	}
	img := render(t, 4, 3, h)
	for j, y := range []float64{-0.9, 0.4} {
		for i, x := range []float64{0.1, 1, 2.9} {
			want := masked
			if z := h.Z[j*3+i]; !math.IsNaN(z) {
				want = viridis.at(z / 10)
			}
			assertColor(t, want, img.dataAt(x, y), "cell (%d, %d)", i, j)
		}
	}
	// Cells meet half way between the grid points.
	assertColor(t, viridis.at(.1), img.dataAt(1.98, -0.9))
	assertColor(t, viridis.at(.2), img.dataAt(2.02, -0.9))
	assertColor(t, viridis.at(.2), img.dataAt(2.5, -0.26))
	assertColor(t, viridis.at(1), img.dataAt(2.5, -0.24))
}

func TestColorBar(t *testing.T) {
	h := field(10, 10)
	h.Z[0], h.Z[1] = -2, 3
	img := render(t, 4, 3, h)
	area := img.areas[0]
	x := area.Max.X + barGap + barWidth/2
	for _, f := range []vg.Length{0.01, 0.25, 0.5, 0.99} {
		got := img.pixelAt(vg.Point{X: x, Y: area.Min.Y + f*area.Size().Y})
		assertColor(t, viridis.at(float64(f)), got, "at %g", f)
	}
	bar := img.sheet.frames[0].bar
	assert.Equal(t, -2., bar.axis.lo)
	assert.Equal(t, 3., bar.axis.hi)
	assert.False(t, bar.below || bar.above)
	assert.GreaterOrEqual(t, bar.axis.labels(), 4)
}

func TestDivergingIsCentredOnZero(t *testing.T) {
	h := Heatmap{X: []float64{0, 1, 2}, Y: []float64{0}, Z: []float64{-1, 0, 4}, Diverging: true}
	img := render(t, 4, 3, h)
	assertColor(t, blueRed[128], img.dataAt(1, 0))
	assertColor(t, blueRed[256], img.dataAt(1.9, 0))
	assertColor(t, blueRed[96], img.dataAt(0.1, 0))
	// Neutral in the middle, blue below, red above.
	middle := blueRed[128]
	assert.InDelta(t, float64(middle.R), float64(middle.B), 3)
	assert.Greater(t, blueRed[0].B, blueRed[0].R)
	assert.Greater(t, blueRed[256].R, blueRed[256].B)
}

func TestLog10(t *testing.T) {
	h := Heatmap{X: []float64{0, 1, 2, 3, 4}, Y: []float64{0}, Z: []float64{1e-8, -1e-4, 1, 0, inf}, Log10: true}
	img := render(t, 4, 3, h)
	assertColor(t, viridis.at(0), img.dataAt(0.1, 0))
	assertColor(t, viridis.at(0.5), img.dataAt(1, 0), "the sign does not matter")
	assertColor(t, viridis.at(1), img.dataAt(2, 0))
	assertColor(t, viridis.at(0), img.dataAt(3, 0), "zero has the lowest colour")
	assertColor(t, masked, img.dataAt(3.9, 0))
	assert.True(t, img.sheet.frames[0].bar.below)

	// The range begins at the 1% quantile, not at one accidental zero crossing.
	many := field(100, 10)
	for i := range many.Z {
		many.Z[i] = 1e-5 * (1 + float64(i))
	}
	many.Z[17] = 1e-40
	many.Log10 = true
	s, err := many.layout()
	require.NoError(t, err)
	assert.InEpsilon(t, 1e-4, s.frames[0].bar.axis.lo, 0.2)
	assert.Equal(t, 1e-2, s.frames[0].bar.axis.hi)
	assert.True(t, s.frames[0].bar.below)
}

func TestGivenRange(t *testing.T) {
	h := Heatmap{X: []float64{0, 1, 2}, Y: []float64{0}, Z: []float64{-5, 0.5, 2}, ZMin: 0, ZMax: 1}
	img := render(t, 4, 3, h)
	bar := img.sheet.frames[0].bar
	assert.True(t, bar.below && bar.above)
	assertColor(t, viridis.at(0), img.dataAt(0.1, 0))
	assertColor(t, viridis.at(0.5), img.dataAt(1, 0))
	assertColor(t, viridis.at(1), img.dataAt(1.9, 0))
	// The points of the bar have the colours of the ends; beside the tips is paper.
	area := img.areas[0]
	x := area.Max.X + barGap + barWidth/2
	assertColor(t, viridis.at(0), img.pixelAt(vg.Point{X: x, Y: area.Min.Y + barPoint - 2}))
	assertColor(t, viridis.at(1), img.pixelAt(vg.Point{X: x, Y: area.Max.Y - barPoint + 2}))
	assert.Equal(t, uint8(0xff), img.pixelAt(vg.Point{X: x - barWidth/2 + 1, Y: area.Min.Y + 1}).G)
}

// Cells much finer than pixels average instead of making a moiré.
func TestFineFieldAverages(t *testing.T) {
	const n = 6001
	h := Heatmap{X: make([]float64, n), Y: []float64{0}, Z: make([]float64, n), Diverging: true}
	for i := range h.X {
		h.X[i], h.Z[i] = float64(i), float64(i%2*2-1)
	}
	img := render(t, 4, 3, h)
	for _, x := range []float64{100, 1234, 3000, 5900} {
		got := img.dataAt(x, 0)
		assert.InDelta(t, float64(got.R), float64(got.B), 60, "nearly neutral at %g", x)
	}
}

// Each pixel shows its nearest grid point or those within it, and together
// they show all.
func TestSpans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.SliceOfN(rapid.Float64Range(0.01, 1), 1, 60).Draw(t, "steps")
		coord := []float64{0}
		for _, d := range steps {
			coord = append(coord, coord[len(coord)-1]+d)
		}
		n := rapid.IntRange(1, 40).Draw(t, "pixels")
		a := newAxis("", false, coord[0], coord[len(coord)-1], 0)
		shown := 0
		for i, s := range spans(coord, &a, n) {
			require.True(t, 0 <= s.from && s.from < s.to && s.to <= len(coord))
			centre := (float64(i) + 0.5) / float64(n)
			nearest := inf
			for _, c := range coord {
				nearest = min(nearest, math.Abs(a.at(c)-centre))
			}
			half := 0.5/float64(n) + 1e-12
			for k := s.from; k < s.to; k++ {
				d := math.Abs(a.at(coord[k]) - centre)
				require.True(t, d <= half || s.to == s.from+1 && d <= nearest+1e-12)
				if d <= half {
					shown++
				}
			}
		}
		require.GreaterOrEqual(t, shown, len(coord), "every grid point is in some pixel")
	})
}

func TestColormaps(t *testing.T) {
	require.Len(t, viridis, 256)
	assert.Equal(t, uint8(0x44), viridis[0].R)
	assert.Equal(t, uint8(0x25), viridis[255].B)
	// Viridis rises evenly in lightness (CIE L*); the diverging map does so
	// from both ends to its middle.
	for i := 0; i+32 < len(viridis); i += 16 {
		assert.InDelta(t, 9.7, lightness(viridis[i+32])-lightness(viridis[i]), 1.6, "from %d", i)
	}
	for i := 1; i <= 128; i++ {
		assert.Greater(t, lightness(blueRed[i]), lightness(blueRed[i-1])-0.3)
		assert.Greater(t, lightness(blueRed[256-i]), lightness(blueRed[257-i])-0.3)
	}
	assert.Equal(t, viridis[0], viridis.at(-1))
	assert.Equal(t, viridis[255], viridis.at(2))
}

// lightness is CIE L* of an sRGB colour.
func lightness(c color.RGBA) float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 116*math.Cbrt(0.2126*linear(c.R)+0.7152*linear(c.G)+0.0722*linear(c.B)) - 16
}
