package figure

import (
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/vg"
)

// label is a line of text with an optional superscript after it, as in 10^-3.
type label struct{ text, exponent string }

// sans is Liberation Sans, an embedded font: it parses.
var sans = func() *sfnt.Font {
	f, err := sfnt.Parse(liberationsansregular.TTF)
	if err != nil {
		panic(err)
	}
	return f
}()

const (
	capHeight   = 0.72 // of Liberation Sans, in units of the size
	descent     = 0.22
	superSize   = 0.72 // size and rise of a superscript
	superRaise  = 0.42
	lineSpacing = 1.35
)

func (l label) width(size vg.Length) vg.Length {
	return shape(l.text, size, nil) + shape(l.exponent, superSize*size, nil)
}

// fit returns the largest size up to the given one at which the text is no wider than width.
func fit(s string, size, width vg.Length) vg.Length {
	if w := shape(s, size, nil); w > width {
		return size * width / w
	}
	return size
}

// shape sets a line of text from the origin to the right, calls glyph (if not
// nil) for each character with its distance from the origin, and returns the
// length of the line.
func shape(s string, size vg.Length, glyph func(i sfnt.GlyphIndex, x vg.Length)) vg.Length {
	var (
		buf  sfnt.Buffer
		prev sfnt.GlyphIndex
		x    vg.Length
	)
	em := sans.UnitsPerEm()
	ppem := fixed.Int26_6(em) // makes one unit of the font one unit of fixed point
	scale := size / vg.Length(em)
	for _, r := range s {
		if r == '\n' {
			r = ' '
		}
		// A character the font lacks has glyph 0, a box.
		i, _ := sans.GlyphIndex(&buf, r)
		if x > 0 {
			if kern, err := sans.Kern(&buf, prev, i, ppem, font.HintingNone); err == nil {
				x += vg.Length(kern) * scale
			}
		}
		if glyph != nil {
			glyph(i, x)
		}
		if advance, err := sans.GlyphAdvance(&buf, i, ppem, font.HintingNone); err == nil {
			x += vg.Length(advance) * scale
		}
		prev = i
	}
	return x
}

// text draws a label in the current colour. The point ax of the way along the
// text and ay of the way from the baseline to the top of a capital comes to
// lie on p; the text runs to the right, turned by an angle anticlockwise.
func (c canvas) text(l label, size vg.Length, p vg.Point, ax, ay vg.Length, angle float64) {
	c.Push()
	defer c.Pop()
	c.Translate(p)
	if angle != 0 {
		c.Rotate(angle)
	}
	x, y := -ax*l.width(size), -ay*capHeight*size
	if w := c.glyphs(l.text, size, x, y); l.exponent != "" {
		c.glyphs(l.exponent, superSize*size, x+w, y+superRaise*size)
	}
}

func (c canvas) glyphs(s string, size, x0, y0 vg.Length) vg.Length {
	var buf sfnt.Buffer
	em := sans.UnitsPerEm()
	scale := size / vg.Length(em)
	return shape(s, size, func(i sfnt.GlyphIndex, x vg.Length) {
		segments, err := sans.LoadGlyph(&buf, i, fixed.Int26_6(em), nil)
		if err != nil {
			return
		}
		at := func(p fixed.Point26_6) vg.Point {
			return vg.Point{X: x0 + x + vg.Length(p.X)*scale, Y: y0 - vg.Length(p.Y)*scale}
		}
		var (
			path vg.Path
			last vg.Point
		)
		for _, s := range segments {
			switch p := at(s.Args[0]); s.Op {
			case sfnt.SegmentOpMoveTo:
				if len(path) > 0 {
					path.Close()
				}
				path.Move(p)
				last = p
			case sfnt.SegmentOpLineTo:
				path.Line(p)
				last = p
			case sfnt.SegmentOpQuadTo:
				// Raised to a cubic, which every format draws as such.
				q := at(s.Args[1])
				path.CubeTo(last.Add(p.Sub(last).Scale(2./3)), q.Add(p.Sub(q).Scale(2./3)), q)
				last = q
			case sfnt.SegmentOpCubeTo:
				last = at(s.Args[2])
				path.CubeTo(p, at(s.Args[1]), last)
			}
		}
		if len(path) > 0 {
			path.Close()
			c.Fill(path)
		}
	})
}
