package figure

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
)

func (h Heatmap) checkContours() error {
	if h.Contours < 0 || h.Contours > 50 {
		return fmt.Errorf("%d contours, want 0 to 50", h.Contours)
	}
	if h.Contours > 0 && len(h.Levels) > 0 {
		return errors.New("options Contours and Levels exclude each other")
	}
	if (h.Filled || h.Labels) && h.Contours == 0 && len(h.Levels) == 0 {
		return errors.New("options Filled and Labels need Contours or Levels")
	}
	for i, v := range h.Levels {
		if !shows(v, h.Log10) || i > 0 && !(v > h.Levels[i-1]) {
			return fmt.Errorf("%s[%d] = %g: levels must be finite and increase, and be positive with Log10", "Levels", i, v)
		}
	}
	return nil
}

// levels returns the levels of the contour lines with their labels.
func (h Heatmap) levels(a *axis) []tick {
	if h.Contours > 0 {
		b := *a
		b.setTicks(h.Contours)
		return slices.DeleteFunc(b.ticks, tick.minor)
	}
	return exact(h.Levels)
}

// exact labels values with as many digits as all of them need, at most six
// significant ones.
func exact(values []float64) []tick {
	ticks := make([]tick, len(values))
	for i, v := range values {
		for exponent := decimal(v); ; exponent-- {
			ticks[i] = format([]float64{v}, exponent)[0]
			scale := math.Pow10(exponent)
			if math.Abs(math.Round(v/scale)*scale-v) <= 1e-6*math.Abs(v) {
				break
			}
		}
	}
	return ticks
}

// decimal returns the exponent of ten of the first digit.
func decimal(v float64) int {
	if v == 0 {
		return 0
	}
	return int(math.Floor(math.Log10(math.Abs(v)) + slack))
}

// bands returns the piecewise linear field in the pixels of the data area.
func (f *frame) bands(x, y, t []float64, area vg.Rectangle) image.Image {
	cols, rows := pixels(area.Size().X), pixels(area.Size().Y)
	img := image.NewRGBA(image.Rect(0, 0, cols, rows))
	for j := range rows {
		up := f.y.value((float64(rows-1-j) + 0.5) / float64(rows))
		for i := range cols {
			at := f.x.lo + (f.x.hi-f.x.lo)*(float64(i)+0.5)/float64(cols)
			col := masked
			if v := interpolate(x, y, t, at, up, inCell); !math.IsNaN(v) {
				col = f.bar.at(v)
			}
			img.SetRGBA(i, j, col)
		}
	}
	return img
}

// contours draws the contour lines, their labels clear of the marks of series.
func (f *frame) contours(c canvas, h Heatmap, levels []tick, t []float64, series []Series, area vg.Rectangle) {
	px, py := make([]float64, len(h.X)), make([]float64, len(h.Y))
	for i, v := range h.X {
		px[i] = float64(f.point(v, h.Y[0], area).X)
	}
	for j, v := range h.Y {
		py[j] = float64(f.point(h.X[0], v, area).Y)
	}
	var (
		lines []levelLine
		taken []vg.Rectangle
	)
	for _, s := range series {
		for _, run := range f.runs(s, area) {
			for _, p := range run {
				taken = append(taken, around(p, 4*markRadius, 4*markRadius, 0))
			}
		}
	}
	for _, level := range levels {
		position := f.bar.axis.at(level.value)
		for _, points := range contour(px, py, t, position) {
			l := levelLine{points: thin(points), label: level.label, color: contrast(f.bar.colors.at(position))}
			if h.Labels && l.place(area, taken) {
				taken = append(taken, around(l.centre, 1.5*l.label.width(contourTextSize), 2*contourTextSize, l.angle))
			}
			lines = append(lines, l)
		}
	}
	for i := range lines {
		lines[i].draw(c)
	}
}

// contrast returns a colour that is seen on the given one and goes with it.
func contrast(c color.RGBA) color.Color {
	if luma := 0.299*float64(c.R) + 0.587*float64(c.G) + 0.114*float64(c.B); luma < 110 {
		return mix(c, color.White, 0.65)
	}
	return mix(c, ink, 0.8)
}

// onMap are the colours of marks on a coloured ground, each with its rim.
var onMap = [][2]color.Color{{color.White, color.Black}, {color.Black, color.White}, {color.RGBA{0xd5, 0x1f, 0x1f, 0xff}, color.White}}

// overlay returns the series over a map with their colours, without what lies
// outside the axes.
func (f *frame) overlay(series []Series) []Series {
	out := make([]Series, len(series))
	for i, s := range series {
		pair := onMap[i%len(onMap)]
		if s.Color == nil {
			s.Color, s.rim = pair[0], pair[1]
		} else if s.rim = color.Color(color.White); mix(s.Color, s.Color, 0).G > 0xc0 {
			s.rim = color.Black
		}
		x, y := slices.Clone(s.X), slices.Clone(s.Y)
		for k := range x {
			if !shows(x[k], false) || !shows(y[k], false) || !f.x.inside(x[k]) || !f.y.inside(y[k]) {
				x[k], y[k] = math.NaN(), math.NaN()
			}
		}
		s.X, s.Y = x, y
		if s.Style == Dashed {
			s.dashes = referenceDashes
		}
		out[i] = s
	}
	return out
}
