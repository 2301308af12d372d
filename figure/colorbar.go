package figure

import (
	"image"
	"image/color"
	"math"
	"sort"

	"gonum.org/v1/plot/vg"
)

// colorBar is the legend of a colour map, to the right of the data area.
type colorBar struct {
	axis         axis
	colors       colormap
	below, above bool // values beyond the axis exist: that end is pointed

	// bands are positions, ascending: from each to the next there is one colour.
	bands []float64

	share vg.Length // of the height of the data area, in its middle; 0 for all
}

const (
	barGap   = vg.Length(12)
	barWidth = vg.Length(13.5) // whole pixels
	barPoint = vg.Length(9)    // height of a pointed end, whole pixels
)

// positions returns where values are on the bar: 0 at its lower end, 1 at its
// upper. On a logarithmic scale zero is at its lower end. What is not finite
// is NaN.
func (b *colorBar) positions(z []float64) []float64 {
	t := make([]float64, len(z))
	for i, v := range z {
		switch {
		case !shows(v, false):
			t[i] = math.NaN()
		case !shows(v, b.axis.log):
			t[i] = 0
		default:
			t[i] = b.axis.at(v)
		}
	}
	return t
}

// at returns the colour at a position: of a band, that of its middle.
func (b *colorBar) at(t float64) color.RGBA {
	t = min(max(t, 0), 1)
	if len(b.bands) > 0 {
		lo, hi := 0., 1.
		k := sort.Search(len(b.bands), func(k int) bool { return b.bands[k] > t })
		if k > 0 {
			lo = max(lo, b.bands[k-1])
		}
		if k < len(b.bands) {
			hi = min(hi, b.bands[k])
		}
		t = (lo + hi) / 2
	}
	return b.colors.at(t)
}

// measure chooses the ticks and returns the room needed to the right.
func (b *colorBar) measure(height vg.Length) vg.Length {
	if b.share > 0 {
		height *= b.share
	}
	b.axis.fitTicks(height-2*barPoint, tickSize, false)
	w := barGap + barWidth + tickLength + 3 + widest(b.axis.ticks)
	if b.axis.label != "" {
		w += 8 + sideways(b.axis.label)
	}
	return w
}

func (b *colorBar) draw(c canvas, area vg.Rectangle) {
	if b.share > 0 {
		inset := snap((1 - b.share) / 2 * area.Size().Y)
		area.Min.Y += inset
		area.Max.Y -= inset
	}
	left := snap(area.Max.X + barGap)
	right := left + barWidth
	bar := vg.Rectangle{Min: vg.Point{X: left, Y: area.Min.Y}, Max: vg.Point{X: right, Y: area.Max.Y}}
	middle := (left + right) / 2
	border := []vg.Point{}
	if b.below {
		bar.Min.Y += barPoint
		tip := vg.Point{X: middle, Y: area.Min.Y}
		c.fill(b.at(0), tip, vg.Point{X: right, Y: bar.Min.Y}, bar.Min)
		border = append(border, tip)
	}
	if b.above {
		bar.Max.Y -= barPoint
	}
	border = append(border, corners(bar)[1:3]...)
	if b.above {
		tip := vg.Point{X: middle, Y: area.Max.Y}
		c.fill(b.at(1), tip, vg.Point{X: left, Y: bar.Max.Y}, bar.Max)
		border = append(border, tip)
	}
	border = append(border, vg.Point{X: left, Y: bar.Max.Y}, bar.Min)
	c.DrawImage(bar, b.raster(bar))
	c.closed(border, lineWidth)

	x := right + tickLength + 3
	for _, t := range b.axis.ticks {
		y := bar.Min.Y + bar.Size().Y*vg.Length(b.axis.at(t.value))
		length := tickLength
		if t.minor() {
			length /= 2
		}
		c.polyline(ink, lineWidth, nil, vg.Point{X: right, Y: y}, vg.Point{X: right + length, Y: y})
		c.text(t.label, tickSize, vg.Point{X: x, Y: y}, 0, 0.5, 0)
	}
	c.beside(b.axis.label, x+widest(b.axis.ticks)+8, area)
}

// raster returns the ramp of colours in the bar's pixels.
func (b *colorBar) raster(bar vg.Rectangle) image.Image {
	cols, rows := pixels(bar.Size().X), pixels(bar.Size().Y)
	img := image.NewRGBA(image.Rect(0, 0, cols, rows))
	for j := range rows {
		col := b.at((float64(rows-1-j) + 0.5) / float64(rows))
		for i := range cols {
			img.SetRGBA(i, j, col)
		}
	}
	return img
}
