package figure

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Downwards a picture is the one upwards of the mirrored data, but for the ticks.
func TestYDown(t *testing.T) {
	h := Heatmap{
		X: []float64{0, 1, 3}, Y: []float64{0, 2}, Z: []float64{0, 1, 2, 3, -4, 10}, YDown: true,
		Series: []Series{{X: []float64{2.5}, Y: []float64{1.6}, Style: Points}},
	}
	for _, filled := range []bool{false, true} {
		if filled {
			h.Filled, h.Contours = true, 4
		}
		up := h
		up.YDown, up.Y = false, []float64{-2, 0}
		up.Z = []float64{3, -4, 10, 0, 1, 2}
		up.Series = []Series{{X: []float64{2.5}, Y: []float64{-1.6}, Style: Points}}
		down, reference := render(t, 4, 3, h), render(t, 4, 3, up)
		seen, off := map[uint8]bool{}, 0
		for i := range 29 {
			for j := range 19 {
				x, y := float64(i)/10+0.05, float64(j)/10+0.05
				want := reference.dataAt(x, -y)
				seen[want.R] = true
				if got := down.dataAt(x, y); max(want.R, got.R)-min(want.R, got.R) > 2 {
					off++
				}
			}
		}
		assert.Greater(t, len(seen), 4)
		assert.Less(t, off, 12, "of 551, on contour lines") // which fall on pixels a little differently
	}
	img := render(t, 4, 3, Lines{YDown: true, Series: []Series{{X: []float64{0, 4}, Y: []float64{0, 1}}}})
	area := img.areas[0]
	f := img.sheet.frames[0]
	assert.Equal(t, area.Max.Y, f.point(0, f.y.lo, area).Y)
	assert.InDelta(t, float64(area.Min.Y), float64(f.point(0, f.y.hi, area).Y), 1e-9)
	assertColor(t, okabeIto[0], img.dataAt(3, 0.75))
	for _, down := range []bool{false, true} {
		a := axis{lo: 2, hi: 6, down: down}
		for _, v := range []float64{2, 3, 6} {
			assert.InDelta(t, v, a.value(a.at(v)), 1e-15)
		}
		a.fitTicks(200, tickSize, false)
		assert.GreaterOrEqual(t, a.labels(), 4)
	}
}
