package figure

import (
	"math"

	"gonum.org/v1/plot/vg"
)

// names are the ticks of an axis across that has words in the place of
// numbers, at 0, 1, 2, ...
type names struct {
	text  []string
	size  vg.Length
	angle float64 // by which the words are turned
}

// longestName bounds the length of a turned name; what is longer is set smaller.
const longestName = vg.Length(120)

// fit turns the names by an eighth or a quarter of a turn, and sets them
// smaller, as far as they need it to stand clear of each other along the axis.
func (n *names) fit(length vg.Length) {
	space := length / vg.Length(len(n.text))
	n.size, n.angle = tickSize, 0
	clear := true
	for i := range n.text {
		w := n.width(i)
		if i > 0 {
			w = (w + n.width(i-1)) / 2
		}
		clear = clear && w+0.8*tickSize <= space
	}
	switch {
	case clear:
	case space >= 1.7*tickSize:
		n.angle = math.Pi / 4
	default:
		n.angle = quarterTurn
		n.size = min(tickSize, space/1.15)
	}
}

// width returns the length of a name along its line.
func (n *names) width(i int) vg.Length {
	w := label{text: n.text[i]}.width(n.size)
	if n.angle != 0 {
		w = min(w, longestName)
	}
	return w
}

// around returns the box about a name whose tick is at the origin.
func (n *names) around(i int) vg.Rectangle {
	h := capHeight * n.size
	if n.angle == 0 {
		half := n.width(i) / 2
		return vg.Rectangle{Min: vg.Point{X: -half, Y: -h - 0.25*n.size}, Max: vg.Point{X: half}}
	}
	sin, cos := math.Sincos(n.angle)
	end := vg.Point{X: -n.width(i) * vg.Length(cos), Y: -n.width(i) * vg.Length(sin)}
	side := vg.Length(0.6) * n.size
	return vg.Rectangle{
		Min: vg.Point{X: end.X - side*vg.Length(sin), Y: end.Y - side*vg.Length(cos) - h/2*vg.Length(cos)},
		Max: vg.Point{X: side * vg.Length(sin)},
	}
}

// height returns the room the names take below the axis.
func (n *names) height() (h vg.Length) {
	for i := range n.text {
		h = max(h, -n.around(i).Min.Y)
	}
	return h
}

// draw draws a name below its place p on the axis.
func (n *names) draw(c canvas, i int, p vg.Point) {
	c.SetColor(ink)
	if n.angle == 0 {
		c.text(label{text: n.text[i]}, n.size, p, 0.5, 1, 0)
		return
	}
	p.Y -= capHeight * n.size / 2 * vg.Length(math.Cos(n.angle))
	c.text(label{text: n.text[i]}, fit(n.text[i], n.size, longestName), p, 1, 0.5, n.angle)
}
