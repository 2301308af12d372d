package figure

import (
	"image/color"

	"gonum.org/v1/plot/vg"
)

// legend names the series. It stands in a corner of the data area where it
// covers no data or else to the right of the area.
type legend struct {
	series  []Series
	covers  func(area, box vg.Rectangle) bool // whether data passes the box
	outside bool

	size, width, height vg.Length    // of the text, of the box
	box                 vg.Rectangle // where it stands inside
}

const (
	legendSize   = vg.Length(12)
	legendSample = vg.Length(24) // length of the piece of line
	legendInset  = vg.Length(10) // distance from the frame
	legendSpace  = vg.Length(7)  // between sample and text
)

// legendPad is the room within the legend's box.
var legendPad = vg.Point{X: 5, Y: 2}

// newLegend returns the legend of the series with a name, nil if there is none.
func newLegend(series []Series, covers func(area, box vg.Rectangle) bool) *legend {
	l := &legend{covers: covers}
	for _, s := range series {
		if s.Name != "" {
			l.series = append(l.series, s)
		}
	}
	if len(l.series) == 0 {
		return nil
	}
	return l
}

// fit sizes the legend to stay within width and height; it reports whether it
// does so with text of full size.
func (l *legend) fit(width, height vg.Length) bool {
	l.size = legendSize
	l.width = 0
	for _, s := range l.series {
		l.width = max(l.width, legendSample+legendSpace+label{text: s.Name}.width(l.size))
	}
	l.height = vg.Length(len(l.series)) * lineSpacing * l.size
	shrink := min(1, width/l.width, height/l.height)
	l.size, l.width, l.height = shrink*l.size, shrink*l.width, shrink*l.height
	return shrink == 1
}

// place finds a corner of the area without data and reports whether there is one.
func (l *legend) place(area vg.Rectangle) bool {
	size := area.Size()
	if !l.fit(0.6*size.X, 0.6*size.Y) {
		return false
	}
	right, top := area.Max.X-legendInset-l.width, area.Max.Y-legendInset-l.height
	left, bottom := area.Min.X+legendInset, area.Min.Y+legendInset
	for _, p := range []vg.Point{{X: right, Y: top}, {X: left, Y: top}, {X: left, Y: bottom}, {X: right, Y: bottom}} {
		l.box = vg.Rectangle{Min: p, Max: p.Add(vg.Point{X: l.width, Y: l.height})}
		// Twice the room keeps the width of the lines off the box.
		clear := legendPad.Scale(2)
		if !l.covers(area, vg.Rectangle{Min: l.box.Min.Sub(clear), Max: l.box.Max.Add(clear)}) {
			return true
		}
	}
	return false
}

func (l *legend) draw(c canvas, area vg.Rectangle) {
	if l.outside {
		p := vg.Point{X: area.Max.X + legendGap, Y: area.Max.Y - l.height}
		l.box = vg.Rectangle{Min: p, Max: p.Add(vg.Point{X: l.width, Y: l.height})}
	} else {
		box := corners(vg.Rectangle{Min: l.box.Min.Sub(legendPad), Max: l.box.Max.Add(legendPad)})
		c.fill(color.White, box...)
		c.polyline(paleGrey, 0.7, nil, append(box, box[0])...)
	}
	line := lineSpacing * l.size
	sample := legendSample * l.size / legendSize
	for i, s := range l.series {
		p := vg.Point{X: l.box.Min.X, Y: l.box.Max.Y - (vg.Length(i)+0.5)*line}
		q := vg.Point{X: p.X + sample, Y: p.Y}
		switch middle := (vg.Point{X: (p.X + q.X) / 2, Y: p.Y}); {
		case s.Style.marks():
			s.mark(c, middle)
		case s.Style == bars:
			half := vg.Point{X: sample / 2, Y: 0.36 * l.size}
			c.fill(s.Color, corners(vg.Rectangle{Min: middle.Sub(half), Max: middle.Add(half)})...)
		default:
			c.polyline(s.Color, s.width(), s.dashes, p, q)
		}
		c.SetColor(ink)
		c.text(label{text: s.Name}, l.size, vg.Point{X: q.X + legendSpace*l.size/legendSize, Y: p.Y}, 0, 0.5, 0)
	}
}
