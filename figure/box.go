package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
)

// vector is a place or a direction in space.
type vector struct{ x, y, z float64 }

func (v vector) plus(w vector) vector   { return vector{v.x + w.x, v.y + w.y, v.z + w.z} }
func (v vector) times(s float64) vector { return vector{s * v.x, s * v.y, s * v.z} }
func (v vector) dot(w vector) float64   { return v.x*w.x + v.y*w.y + v.z*w.z }
func (v vector) unit() vector           { return v.times(1 / max(math.Sqrt(v.dot(v)), 1e-300)) }
func (v vector) with(k int, t float64) vector {
	*[]*float64{&v.x, &v.y, &v.z}[k] = t
	return v
}

// box holds a surface and its axes. In its unit coordinates it is the cube
// from 0 to 1; on the page its height is a fraction tall of its sides.
type box struct {
	x, y, z axis
	tall    float64

	// Directions in space to the right, upwards on the page, towards the eye;
	// the last also in unit coordinates.
	right, up, out vector
	eye            vector

	scale  vg.Length // of the sides of the box
	origin vg.Point  // of its centre on the page
	edges  [3]edge   // the axes
	shrink vg.Length // of the labels of the axes, 1 for none
}

// edge is an axis of the box as it is drawn.
type edge struct {
	from, to  vg.Point
	ticks     []boxTick
	label     label
	labelAt   vg.Point
	labelSize vg.Length
	angle     float64
}

type boxTick struct {
	value    float64 // in unit coordinates
	from, to vg.Point
	label    label
	at       vg.Point // the middle of the label
	box      vg.Rectangle
}

var (
	wallGrey = color.RGBA{0xf8, 0xf8, 0xf8, 0xff}
	edgeGrey = color.RGBA{0xb8, 0xb8, 0xb8, 0xff}
)

const (
	endOn     = vg.Length(24)  // an axis shorter on the page has no ticks and no label
	leastBox  = vg.Length(100) // smallest side of the space for a box
	mostMarks = 6              // labels along an axis of a box
)

// look turns the box. Angles are in degrees.
func (b *box) look(azimuth, elevation float64) {
	if azimuth == 0 && elevation == 0 {
		azimuth, elevation = -60, 30
	}
	b.tall = 0.7
	sa, ca := math.Sincos(azimuth * math.Pi / 180)
	se, ce := math.Sincos(elevation * math.Pi / 180)
	b.right = vector{-sa, ca, 0}
	b.up = vector{-se * ca, -se * sa, ce}
	b.out = vector{ce * ca, ce * sa, se}
	b.eye = vector{b.out.x, b.out.y, b.out.z / b.tall}
}

// unit returns the place of data in unit coordinates.
func (b *box) unit(x, y, z float64) vector { return vector{b.x.at(x), b.y.at(y), b.z.at(z)} }

// page returns where a place in unit coordinates is on the page.
func (b *box) page(p vector) vg.Point { return b.origin.Add(b.flat(p.plus(vector{-0.5, -0.5, -0.5}))) }

// flat returns a difference in unit coordinates on the page.
func (b *box) flat(d vector) vg.Point {
	d.z *= b.tall
	return vg.Point{X: b.scale * vg.Length(d.dot(b.right)), Y: b.scale * vg.Length(d.dot(b.up))}
}

// light returns the strength of light on a slope of the given normal: it
// comes over the left shoulder of who looks, to either side of the surface.
func (b *box) light(normal vector) float64 {
	if normal.dot(b.out) < 0 {
		normal = normal.times(-1)
	}
	from := b.out.times(0.75).plus(b.up.times(0.5)).plus(b.right.times(-0.5)).unit()
	return ambient + (fullLight-ambient)*max(0, normal.dot(from))
}

// near returns 1 where the side of the box at 1 faces the eye, else 0.
func near(eye float64) float64 {
	if eye >= 0 {
		return 1
	}
	return 0
}

// fit sizes the box so that it and its labels fill the area, with labels as
// large as there is room for.
func (b *box) fit(area vg.Rectangle) {
	for b.shrink = 1; ; b.shrink *= 0.8 {
		fits := b.fill(area)
		if b.shrink < 0.3 || fits && !b.crowded() {
			return
		}
	}
}

// crowded reports whether the label of an axis meets another or one of a tick.
func (b *box) crowded() bool {
	var all []slab
	for _, e := range b.edges {
		for _, t := range e.ticks {
			if t.label.text != "" {
				all = append(all, slab{t.at, t.label.width(tickSize), capHeight * tickSize, 0})
			}
		}
	}
	for _, e := range b.edges {
		if e.label.text == "" {
			continue
		}
		s := slab{e.labelAt, e.label.width(e.labelSize), capHeight * e.labelSize, e.angle}
		for _, o := range all {
			if s.meets(o) {
				return true
			}
		}
		all = append(all, s)
	}
	return false
}

// slab is a turned rectangle about its centre.
type slab struct {
	centre        vg.Point
	width, height vg.Length
	angle         float64
}

// meets reports whether two slabs have a point in common: if not, a side of
// one of them separates them.
func (s slab) meets(o slab) bool {
	d := o.centre.Sub(s.centre)
	for _, a := range [4]float64{s.angle, s.angle + quarterTurn, o.angle, o.angle + quarterTurn} {
		u := vg.Point{X: vg.Length(math.Cos(a)), Y: vg.Length(math.Sin(a))}
		distance := vg.Length(math.Abs(float64(d.X*u.X + d.Y*u.Y)))
		if distance >= support(u, s.width, s.height, s.angle)+support(u, o.width, o.height, o.angle) {
			return false
		}
	}
	return true
}

// fill sizes the box to the area, places it in its middle, and reports whether
// it fits there.
func (b *box) fill(area vg.Rectangle) (fits bool) {
	b.origin = vg.Point{}
	size := area.Size()
	b.scale = min(size.X, size.Y)
	var whole vg.Rectangle
	for k := range 25 {
		b.layout()
		inner := b.corners()
		whole = b.whole(inner)
		if k < 5 {
			free := size.Sub(whole.Size()).Add(inner.Size())
			b.scale = max(1, b.scale*min(free.X/inner.Size().X, free.Y/inner.Size().Y))
			continue
		}
		// Labels that come and go with the scale may keep it from settling.
		if fits = whole.Size().X <= size.X+pixel && whole.Size().Y <= size.Y+pixel; fits {
			break
		}
		b.scale *= 0.95
	}
	b.origin = area.Min.Add(area.Max).Sub(whole.Min).Sub(whole.Max).Scale(0.5)
	b.layout()
	return fits
}

// corners returns the extent of the box on the page.
func (b *box) corners() vg.Rectangle {
	r := vg.Rectangle{Min: b.page(vector{}), Max: b.page(vector{})}
	for k := range 8 {
		p := b.page(vector{float64(k & 1), float64(k >> 1 & 1), float64(k >> 2)})
		r = cover(r, vg.Rectangle{Min: p, Max: p})
	}
	return r
}

// whole returns the extent of the box, given its corners', with its labels.
func (b *box) whole(r vg.Rectangle) vg.Rectangle {
	for _, e := range b.edges {
		for _, t := range e.ticks {
			r = cover(r, t.box)
		}
		if e.label.text != "" {
			w, h := e.label.width(e.labelSize), (capHeight+2*descent)*e.labelSize
			r = cover(r, around(e.labelAt, w, h, e.angle))
		}
	}
	return r
}

func cover(r, s vg.Rectangle) vg.Rectangle {
	return vg.Rectangle{
		Min: vg.Point{X: min(r.Min.X, s.Min.X), Y: min(r.Min.Y, s.Min.Y)},
		Max: vg.Point{X: max(r.Max.X, s.Max.X), Y: max(r.Max.Y, s.Max.Y)},
	}
}

// layout places the axes: x and y on the two lowest edges on the page, which
// are the near ones of the floor seen from above and the far ones seen from
// below, z on the edge furthest left.
func (b *box) layout() {
	sideX, sideY := near(b.eye.x), near(b.eye.y)
	if b.eye.z < 0 {
		sideX, sideY = 1-sideX, 1-sideY
	}
	// An axis along the line of sight goes to the right, away from z.
	if math.Abs(b.eye.x) < 1e-3 {
		sideX = near(b.right.x)
	}
	if math.Abs(b.eye.y) < 1e-3 {
		sideY = near(b.right.y)
	}
	b.edges[0] = b.edge(&b.x, 0, vector{0, sideY, 0}, b.flat(vector{0, 2*sideY - 1, 0}))
	b.edges[1] = b.edge(&b.y, 1, vector{sideX, 0, 0}, b.flat(vector{2*sideX - 1, 0, 0}))
	left := vector{near(-b.right.x), near(-b.right.y), 0}
	b.edges[2] = b.edge(&b.z, 2, left, vg.Point{X: -1})
	// Labels near a corner, and those of an axis along the line of sight, may
	// meet: then one of them goes.
	var taken []vg.Rectangle
	for i := range b.edges {
		for k := range b.edges[i].ticks {
			t := &b.edges[i].ticks[k]
			if meetsAny(t.box, taken) {
				t.label = label{}
				t.box = vg.Rectangle{Min: t.from, Max: t.from}
				continue
			}
			taken = append(taken, t.box)
		}
	}
	shared := b.page(vector{sideX, sideY, 0})
	b.edges[0].name(b.x.label, b.shrink, &shared)
	b.edges[1].name(b.y.label, b.shrink, &shared)
	b.edges[2].name(b.z.label, b.shrink, nil)
}

func (e *edge) length() vg.Length {
	d := e.to.Sub(e.from)
	return vg.Length(math.Hypot(float64(d.X), float64(d.Y)))
}

// edge lays out the axis a along the k-th coordinate from a corner of the box,
// its ticks pointing outwards on the page.
func (b *box) edge(a *axis, k int, corner vector, outwards vg.Point) edge {
	e := edge{from: b.page(corner.with(k, 0)), to: b.page(corner.with(k, 1))}
	if e.length() < endOn {
		return e
	}
	u := direction(outwards, vg.Point{Y: -1})
	for n := mostMarks; ; n-- {
		a.setTicks(n)
		e.ticks = e.ticks[:0]
		var boxes []vg.Rectangle
		clear := true
		for _, t := range a.ticks {
			m := boxTick{value: a.at(t.value), label: t.label}
			m.from = b.page(corner.with(k, m.value))
			m.to = m.from.Add(u.Scale(tickLength))
			w, h := m.label.width(tickSize), capHeight*tickSize
			m.at = m.to.Add(u.Scale(3 + support(u, w, h, 0)))
			m.box = around(m.at, w, h, 0)
			air := around(m.at, w+0.5*tickSize, h+0.4*tickSize, 0)
			clear = clear && !meetsAny(air, boxes)
			boxes = append(boxes, air)
			e.ticks = append(e.ticks, m)
		}
		if clear || n <= 2 {
			return e
		}
	}
}

// name places the label of the axis beyond the labels of its ticks: along the
// edge, or upright where it is as short as the name of a variable. What is
// longer than its edge ends at the corner that is shared
// with another axis, if any, to leave room for the label of that.
func (e *edge) name(text string, shrink vg.Length, shared *vg.Point) {
	length := e.length()
	if text == "" || length < endOn {
		return
	}
	e.label, e.labelSize = label{text: text}, shrink*labelSize
	d := e.to.Sub(e.from)
	middle := e.from.Add(e.to).Scale(0.5)
	n := direction(vg.Point{X: -d.Y, Y: d.X}, vg.Point{Y: -1})
	if len(e.ticks) > 0 {
		if u := e.ticks[0].to.Sub(e.ticks[0].from); n.X*u.X+n.Y*u.Y < 0 {
			n = n.Scale(-1)
		}
	}
	far := tickLength
	for _, t := range e.ticks {
		size := t.box.Size()
		at := t.box.Min.Add(t.box.Max).Scale(0.5).Sub(e.from)
		far = max(far, at.X*n.X+at.Y*n.Y+support(n, size.X, size.Y, 0))
	}
	if !upright(text) {
		e.angle = readable(math.Atan2(float64(d.Y), float64(d.X)))
		e.labelSize = max(fit(text, e.labelSize, 1.2*length), 0.75*e.labelSize)
	}
	w, h := e.label.width(e.labelSize), (capHeight+descent)*e.labelSize
	if beyond := w - length; e.angle != 0 && beyond > 0 && shared != nil {
		middle = middle.Add(direction(middle.Sub(*shared), vg.Point{}).Scale(beyond / 2))
	}
	e.labelAt = middle.Add(n.Scale(far + 5 + support(n, w, h, e.angle)))
}

// direction returns a vector scaled to length 1, another where it has none.
func direction(v, other vg.Point) vg.Point {
	r := vg.Length(math.Hypot(float64(v.X), float64(v.Y)))
	if r < 1e-6 {
		return other
	}
	return v.Scale(1 / r)
}

// support returns how far a turned rectangle reaches from its middle in the
// direction u.
func support(u vg.Point, width, height vg.Length, angle float64) vg.Length {
	sin, cos := math.Sincos(angle)
	along := u.X*vg.Length(cos) + u.Y*vg.Length(sin)
	across := u.Y*vg.Length(cos) - u.X*vg.Length(sin)
	return vg.Length(math.Abs(float64(along)))*width/2 + vg.Length(math.Abs(float64(across)))*height/2
}

// walls draws the three faces behind the surface, with lines at the ticks.
func (b *box) walls(c canvas) {
	back := [3]float64{1 - near(b.eye.x), 1 - near(b.eye.y), 1 - near(b.eye.z)}
	for k := range 3 {
		i, j := (k+1)%3, (k+2)%3
		at := func(s, t float64) vg.Point {
			return b.page(vector{}.with(k, back[k]).with(i, s).with(j, t))
		}
		face := []vg.Point{at(0, 0), at(1, 0), at(1, 1), at(0, 1)}
		c.fill(wallGrey, face...)
		for _, t := range b.edges[i].ticks {
			c.polyline(paleGrey, 0.7, nil, at(t.value, 0), at(t.value, 1))
		}
		for _, t := range b.edges[j].ticks {
			c.polyline(paleGrey, 0.7, nil, at(0, t.value), at(1, t.value))
		}
		c.polyline(edgeGrey, 0.7, nil, append(face, face[0])...)
	}
}

// axes draws the axes over the surface.
func (b *box) axes(c canvas) {
	for _, e := range b.edges {
		c.polyline(ink, lineWidth, nil, e.from, e.to)
		for _, t := range e.ticks {
			c.polyline(ink, lineWidth, nil, t.from, t.to)
			c.SetColor(ink)
			c.text(t.label, tickSize, t.at, 0.5, 0.5, 0)
		}
		c.text(e.label, e.labelSize, e.labelAt, 0.5, 0.5, e.angle)
	}
}
