package figure

import (
	"fmt"
	"image/color"
	"unicode/utf8"

	"gonum.org/v1/plot/vg"
)

// Sizes of text and marks in points.
const (
	titleSize  = vg.Length(14)
	labelSize  = vg.Length(13)
	tickSize   = vg.Length(11.5)
	tickLength = vg.Length(4.5)
	lineWidth  = vg.Length(0.9) // axes and ticks
	padding    = vg.Length(10)  // around the picture
	gutter     = vg.Length(16)  // between panels
	nameGap    = vg.Length(6)   // between an axis and names in the place of ticks
	legendGap  = vg.Length(12)  // to a legend outside
	leastArea  = vg.Length(30)  // smallest side of the space for a data area
	leastSide  = vg.Length(6)   // smallest side of a data area of equal scales
)

// frame is one panel ready to be drawn: axes with what stands around them,
// and a function that draws the data between them.
type frame struct {
	title  string
	x, y   axis
	grid   bool
	equal  bool      // the same scale across and upwards
	cuts   bool      // data may lie beyond the axes
	box    *box      // in the place of the axes x and y; nil for none
	bar    *colorBar // nil for none
	legend *legend   // nil for none
	paint  func(c canvas, area vg.Rectangle)
}

// margins is the room a frame needs around its data area.
type margins struct{ left, right, bottom, top vg.Length }

func (m margins) union(n margins) margins {
	return margins{max(m.left, n.left), max(m.right, n.right), max(m.bottom, n.bottom), max(m.top, n.top)}
}

// ratio returns the width of a data area of equal scales in units of its height.
func (f *frame) ratio() float64 { return f.x.length() / f.y.length() }

// within returns the size of the data area in a space of the given size.
func (f *frame) within(width, height vg.Length) (w, h vg.Length) {
	if !f.equal {
		return width, height
	}
	ratio := vg.Length(f.ratio())
	w, h = min(width, height*ratio), min(height, width/ratio)
	return max(w, leastSide), max(h, leastSide)
}

// size returns the default size of a picture in inches: the given one or,
// with equal scales, what they fill of it; beside is the width of all but data.
func (f *frame) size(width, height, beside float64) (w, h float64) {
	if !f.equal {
		return width, height
	}
	const above = 0.95 // the height of all but data
	areaW, areaH := width-beside, height-above
	if ratio := f.ratio(); ratio < areaW/areaH {
		areaW = areaH * ratio
	} else {
		areaH = areaW / ratio
	}
	return max(areaW, 1.5) + beside, max(areaH, 1) + above
}

// measure chooses the ticks for a data area of the given size and returns the
// margins that go with them.
func (f *frame) measure(width, height vg.Length) margins {
	width, height = f.within(width, height)
	m := margins{left: 2, right: 2, bottom: 2, top: 2}
	if f.box == nil {
		m = f.measureAxes(width, height)
	}
	if f.title != "" {
		m.top = 9 + capHeight*titleSize
	}
	var bar vg.Length
	if f.bar != nil {
		bar = f.bar.measure(height)
		m.right = max(m.right, bar)
	}
	if f.legend != nil && f.legend.outside {
		f.legend.fit(0.5*width, height)
		m.right = max(m.right, bar+legendGap+f.legend.width)
	}
	return m
}

func (f *frame) measureAxes(width, height vg.Length) margins {
	f.x.fitTicks(width, tickSize, true)
	f.y.fitTicks(height, tickSize, false)
	m := margins{
		left:   tickLength + 3 + widest(f.y.ticks),
		right:  2,
		bottom: tickLength + 4 + capHeight*tickSize,
		top:    tickSize / 2,
	}
	if n := f.x.names; n != nil {
		m.bottom = nameGap + n.height()
		for i := range n.text {
			m.left = max(m.left, -n.around(i).Min.X-width*vg.Length(f.x.at(float64(i))))
		}
	}
	if f.y.label != "" {
		m.left += 6 + sideways(f.y.label)
	}
	if f.x.label != "" {
		m.bottom += 7 + (capHeight+descent)*labelSize
	}
	// Labels of the first and last tick reach out sideways.
	for _, t := range f.x.ticks {
		if t.minor() {
			continue
		}
		at, half := width*vg.Length(f.x.at(t.value)), t.label.width(tickSize)/2
		m.left = max(m.left, half-at)
		m.right = max(m.right, at+half-width)
	}
	return m
}

// A label beside a vertical axis runs upwards, unless it is as short as the
// name of a variable: that is easier to read upright.
func upright(s string) bool { return utf8.RuneCountInString(s) <= 2 }

// sideways returns the width a label takes beside a vertical axis.
func sideways(s string) vg.Length {
	if upright(s) {
		return label{text: s}.width(labelSize)
	}
	return (capHeight + descent) * labelSize
}

// beside draws the label of a vertical axis, x the left end of the room it takes.
func (c canvas) beside(s string, x vg.Length, area vg.Rectangle) {
	p := vg.Point{X: x, Y: (area.Min.Y + area.Max.Y) / 2}
	c.SetColor(ink)
	if upright(s) {
		c.text(label{text: s}, labelSize, p, 0, 0.5, 0)
		return
	}
	p.X += capHeight * labelSize
	c.text(label{text: s}, fit(s, labelSize, area.Size().Y), p, 0.5, 0, quarterTurn)
}

func widest(ticks []tick) (w vg.Length) {
	for _, t := range ticks {
		w = max(w, t.label.width(tickSize))
	}
	return w
}

// areas lays the sheet out on a picture of the given size: equal data areas,
// aligned over rows and columns, each with the margins its row and column need.
func (s sheet) areas(width, height vg.Length) ([]vg.Rectangle, error) {
	rows := (len(s.frames) + s.cols - 1) / s.cols
	// Ticks depend on the areas and areas on the ticks' labels: a first guess
	// of the areas and a few corrections settle it.
	w, h := 0.7*width/vg.Length(s.cols), 0.7*height/vg.Length(rows)
	var columns, lines []margins
	for range 4 {
		// Too small an intermediate area may still recover.
		w, h = max(w, leastArea), max(h, leastArea)
		columns, lines = make([]margins, s.cols), make([]margins, rows)
		for i, f := range s.frames {
			m := f.measure(w, h)
			columns[i%s.cols] = columns[i%s.cols].union(m)
			lines[i/s.cols] = lines[i/s.cols].union(m)
		}
		w = width - 2*padding - gutter*vg.Length(s.cols-1)
		for _, m := range columns {
			w -= m.left + m.right
		}
		h = height - 2*padding - gutter*vg.Length(rows-1)
		for _, m := range lines {
			h -= m.bottom + m.top
		}
		w, h = w/vg.Length(s.cols), h/vg.Length(rows)
	}
	least := leastArea
	for _, f := range s.frames {
		if f.box != nil {
			least = leastBox
		}
	}
	if w < least || h < least {
		return nil, fmt.Errorf("the labels leave no room for data in a picture of %.3g x %.3g inches",
			float64(width/vg.Inch), float64(height/vg.Inch))
	}
	areas := make([]vg.Rectangle, len(s.frames))
	y := height - padding
	for r, line := range lines {
		x := padding
		y -= line.top
		for c, column := range columns {
			x += column.left
			if i := r*s.cols + c; i < len(areas) {
				areaW, areaH := s.frames[i].within(w, h)
				left, top := x+(w-areaW)/2, y-(h-areaH)/2
				areas[i] = vg.Rectangle{
					Min: vg.Point{X: snap(left), Y: snap(top - areaH)},
					Max: vg.Point{X: snap(left + areaW), Y: snap(top)},
				}
			}
			x += w + column.right + gutter
		}
		y -= h + line.bottom + gutter
	}
	return areas, nil
}

// place lays the sheet out with every legend in a corner of its area that
// holds no data or, failing that, outside, which takes room from all areas.
func (s sheet) place(width, height vg.Length) ([]vg.Rectangle, error) {
	for {
		areas, err := s.areas(width, height)
		if err != nil {
			return nil, err
		}
		settled := true
		for i, f := range s.frames {
			if f.legend != nil && !f.legend.outside && !f.legend.place(areas[i]) {
				f.legend.outside, settled = true, false
			}
		}
		if settled {
			return areas, nil
		}
	}
}

// draw draws the whole picture.
func (s sheet) draw(c canvas, width, height vg.Length) error {
	areas, err := s.place(width, height)
	if err != nil {
		return err
	}
	c.fill(color.White, corners(vg.Rectangle{Max: vg.Point{X: width, Y: height}})...)
	for i, f := range s.frames {
		f.draw(c, areas[i])
	}
	return nil
}

// draw draws the frame around and the data within the area.
func (f *frame) draw(c canvas, area vg.Rectangle) {
	size := area.Size()
	if f.grid {
		for _, t := range f.x.ticks {
			if x := area.Min.X + size.X*vg.Length(f.x.at(t.value)); !t.minor() {
				c.polyline(paleGrey, 0.7, nil, vg.Point{X: x, Y: area.Min.Y}, vg.Point{X: x, Y: area.Max.Y})
			}
		}
		for _, t := range f.y.ticks {
			if y := area.Min.Y + size.Y*vg.Length(f.y.at(t.value)); !t.minor() {
				c.polyline(paleGrey, 0.7, nil, vg.Point{X: area.Min.X, Y: y}, vg.Point{X: area.Max.X, Y: y})
			}
		}
	}
	f.paint(c, area)
	if f.box == nil {
		c.closed(corners(area), lineWidth)
		f.drawX(c, area)
		f.drawY(c, area)
	}
	if f.title != "" {
		at := vg.Point{X: (area.Min.X + area.Max.X) / 2, Y: area.Max.Y + 8}
		c.SetColor(ink)
		c.text(label{text: f.title}, fit(f.title, titleSize, size.X), at, 0.5, 0, 0)
	}
	if f.bar != nil {
		f.bar.draw(c, area)
		area.Max.X += f.bar.measure(size.Y)
	}
	if f.legend != nil {
		f.legend.draw(c, area)
	}
}

func (f *frame) drawX(c canvas, area vg.Rectangle) {
	below := area.Min.Y - tickLength - 4 - capHeight*tickSize
	if n := f.x.names; n != nil {
		for i := range n.text {
			n.draw(c, i, f.point(float64(i), f.y.lo, area).Sub(vg.Point{Y: nameGap}))
		}
		below = area.Min.Y - nameGap - n.height()
	}
	for _, t := range f.x.ticks {
		x := area.Min.X + area.Size().X*vg.Length(f.x.at(t.value))
		length := tickLength
		if t.minor() {
			length /= 2
		}
		c.polyline(ink, lineWidth, nil, vg.Point{X: x, Y: area.Min.Y}, vg.Point{X: x, Y: area.Min.Y - length})
		c.text(t.label, tickSize, vg.Point{X: x, Y: below}, 0.5, 0, 0)
	}
	at := vg.Point{X: (area.Min.X + area.Max.X) / 2, Y: below - 7}
	c.text(label{text: f.x.label}, fit(f.x.label, labelSize, area.Size().X), at, 0.5, 1, 0)
}

func (f *frame) drawY(c canvas, area vg.Rectangle) {
	left := area.Min.X - tickLength - 3
	for _, t := range f.y.ticks {
		y := area.Min.Y + area.Size().Y*vg.Length(f.y.at(t.value))
		length := tickLength
		if t.minor() {
			length /= 2
		}
		c.polyline(ink, lineWidth, nil, vg.Point{X: area.Min.X, Y: y}, vg.Point{X: area.Min.X - length, Y: y})
		c.text(t.label, tickSize, vg.Point{X: left, Y: y}, 1, 0.5, 0)
	}
	c.beside(f.y.label, left-widest(f.y.ticks)-6-sideways(f.y.label), area)
}
