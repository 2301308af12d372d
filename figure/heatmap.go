package figure

import (
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/plot/vg"
)

// Heatmap shows a field on a rectangular grid as colours, with a colour bar.
//
// The picture spans X[0] to X[len(X)-1] and Y likewise, upwards, and each of
// its pixels has the colour of the nearest grid point, so no interpolation
// invents values; where several grid points fall in a pixel it has the colour
// of their mean. A value that is not finite is grey.
type Heatmap struct {
	Title, XLabel, YLabel, ZLabel string

	X, Y []float64 // coordinates, finite and strictly increasing
	Z    []float64 // Z[j*len(X)+i] at (X[i], Y[j])

	// Diverging colours the distance from zero, blue below and red above. The
	// colour range is then symmetric: -max|Z| to max|Z|.
	Diverging bool

	// Log10 colours the logarithm of |Z|, as for a map of errors. The colour
	// range then begins at the 1% quantile of the non-zero |Z|, lest a few
	// accidentally tiny values stretch it; what lies below, zero included, has
	// the lowest colour and the colour bar is pointed. Not with Diverging.
	Log10 bool

	// ZMin and ZMax set the colour range, to compare pictures; both zero takes
	// it from the data. Values beyond have the colour of the end.
	ZMin, ZMax float64

	// Levels are the values, increasing, on which contour lines run. Contours,
	// from 1 to 50, takes round ones instead, at most about so many. The lines follow
	// the field that is linear between the grid points and the centres of their
	// cells, with Log10 the logarithm of |Z|.
	Levels   []float64
	Contours int
	Filled   bool // with contours: one colour from each level to the next
	Labels   bool // with contours: each line tells its level where it has room

	// Series are drawn over the map: sample points, sources and receivers, a
	// path. Marks are white, then black, then red, each with a rim. What lies
	// outside the map is left out.
	Series []Series

	// Equal gives both axes the same scale, YDown puts the largest Y at the
	// bottom, as they do in [Lines].
	Equal, YDown bool
}

func (h Heatmap) layout() (sheet, error) {
	f, err := h.frame()
	if err != nil {
		return sheet{}, fmt.Errorf("heat map %q: %w", h.Title, err)
	}
	width, height := f.size(6.8, 4.2, 1.9)
	if f.legend != nil {
		f.legend.fit(vg.Inch*3, vg.Inch*3)
		width += float64((legendGap + f.legend.width) / vg.Inch)
	}
	return sheet{frames: []*frame{f}, cols: 1, width: width, height: height}, nil
}

func (h Heatmap) frame() (*frame, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	z := h.Z
	if h.Log10 {
		z = make([]float64, len(h.Z))
		for i, v := range h.Z {
			z[i] = math.Abs(v)
		}
	}
	bar := &colorBar{axis: h.colorAxis(z), colors: viridis}
	if h.Diverging {
		bar.colors = blueRed
	}
	// Rounding of a logarithm is not worth a pointed end.
	for _, v := range z {
		if shows(v, false) {
			bar.below = bar.below || v < bar.axis.lo*(1-math.Copysign(slack, bar.axis.lo))
			bar.above = bar.above || v > bar.axis.hi*(1+math.Copysign(slack, bar.axis.hi))
		}
	}
	levels := h.levels(&bar.axis)
	if h.Filled {
		bar.bands = make([]float64, len(levels))
		for i, t := range levels {
			bar.bands[i] = bar.axis.at(t.value)
		}
	}
	f := &frame{
		title: h.Title,
		equal: h.Equal,
		x:     newAxis(h.XLabel, false, h.X[0], h.X[len(h.X)-1], 0),
		y:     newAxis(h.YLabel, false, h.Y[0], h.Y[len(h.Y)-1], 0),
		bar:   bar,
	}
	f.y.down = h.YDown
	series := f.overlay(h.Series)
	if f.legend = newLegend(series, f.covered(series)); f.legend != nil {
		f.legend.outside = true // within, there is field everywhere
	}
	f.paint = func(c canvas, area vg.Rectangle) {
		t := bar.positions(z)
		if h.Filled {
			c.DrawImage(area, f.bands(h.X, h.Y, t, area))
		} else {
			c.DrawImage(area, f.raster(h.X, h.Y, t, area))
		}
		f.contours(c, h, levels, t, series, area)
		f.drawSeries(c, series, area)
	}
	return f, nil
}

func (h Heatmap) check() error {
	if len(h.X) == 0 || len(h.Y) == 0 || len(h.Z) == 0 {
		return ErrNoData
	}
	if len(h.Z) != len(h.X)*len(h.Y) {
		return fmt.Errorf("%d values on a grid of %d x %d points, want %d", len(h.Z), len(h.X), len(h.Y), len(h.X)*len(h.Y))
	}
	if err := increases("X", h.X); err != nil {
		return err
	}
	if err := increases("Y", h.Y); err != nil {
		return err
	}
	if h.Diverging && h.Log10 {
		return errors.New("options Diverging and Log10 exclude each other")
	}
	if err := h.checkContours(); err != nil {
		return err
	}
	for i, s := range h.Series {
		if err := s.check(i); err != nil {
			return err
		}
	}
	if h.ZMin != 0 || h.ZMax != 0 {
		if !shows(h.ZMin, h.Log10) || !shows(h.ZMax, h.Log10) || h.ZMin >= h.ZMax {
			return fmt.Errorf("colour range [%g, %g] must be finite and increase, and be positive with Log10", h.ZMin, h.ZMax)
		}
	}
	return nil
}

func increases(name string, v []float64) error {
	for i := range v {
		if !shows(v[i], false) || i > 0 && !(v[i] > v[i-1]) {
			return fmt.Errorf("%s[%d] = %g: coordinates must be finite and increase", name, i, v[i])
		}
	}
	return nil
}

// colorAxis returns the colour range for the values z, already absolute where
// the scale is logarithmic.
func (h Heatmap) colorAxis(z []float64) axis {
	if h.ZMin != 0 || h.ZMax != 0 {
		return newAxis(h.ZLabel, h.Log10, h.ZMin, h.ZMax, 0)
	}
	var shown []float64
	for _, v := range z {
		if shows(v, h.Log10) {
			shown = append(shown, v)
		}
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	if len(shown) > 0 {
		lo, hi = slices.Min(shown), slices.Max(shown)
	}
	switch {
	case h.Diverging && len(shown) > 0:
		hi = max(-lo, hi)
		lo = -hi
	case h.Log10 && len(shown) > 0:
		slices.Sort(shown)
		lo = shown[len(shown)/100]
	}
	return newAxis(h.ZLabel, h.Log10, lo, hi, 0)
}

// raster returns the field, given by positions on the colour bar, in the
// pixels of the data area.
func (f *frame) raster(x, y, positions []float64, area vg.Rectangle) image.Image {
	t := make([]float64, len(positions))
	for i, v := range positions {
		t[i] = v
		if !math.IsNaN(v) {
			t[i] = min(max(v, 0), 1)
		}
	}
	cols, rows := pixels(area.Size().X), pixels(area.Size().Y)
	across, up := spans(x, &f.x, cols), spans(y, &f.y, rows)
	img := image.NewRGBA(image.Rect(0, 0, cols, rows))
	for j, v := range up {
		row := img.Pix[(rows-1-j)*img.Stride:][:img.Stride]
		if j > 0 && v == up[j-1] {
			copy(row, img.Pix[(rows-j)*img.Stride:])
			continue
		}
		for i, u := range across {
			col := masked
			if m := mean(t, len(x), u, v); !math.IsNaN(m) {
				col = f.bar.at(m)
			}
			img.SetRGBA(i, rows-1-j, col)
		}
	}
	return img
}

// span is a half-open range of grid lines.
type span struct{ from, to int }

// spans returns, for each of n pixels along an axis, the grid lines within it
// or, where there are none, the line nearest to its centre.
func spans(coord []float64, a *axis, n int) []span {
	if a.down {
		up := *a
		up.down = false
		s := spans(coord, &up, n)
		slices.Reverse(s)
		return s
	}
	s := make([]span, n)
	for i := range s {
		first := sort.Search(len(coord), func(k int) bool { return a.at(coord[k])*float64(n) >= float64(i) })
		end := sort.Search(len(coord), func(k int) bool { return a.at(coord[k])*float64(n) >= float64(i+1) })
		if i == n-1 {
			end = len(coord)
		}
		if first == end {
			centre := (float64(i) + 0.5) / float64(n)
			if first == len(coord) || first > 0 && centre-a.at(coord[first-1]) < a.at(coord[first])-centre {
				first--
			}
			end = first + 1
		}
		s[i] = span{first, end}
	}
	return s
}

// mean returns the mean of what is finite in a block of the grid, NaN if nothing is.
func mean(t []float64, stride int, across, up span) float64 {
	var sum float64
	n := 0
	for j := up.from; j < up.to; j++ {
		for _, v := range t[j*stride+across.from : j*stride+across.to] {
			if !math.IsNaN(v) {
				sum += v
				n++
			}
		}
	}
	return sum / float64(n)
}
