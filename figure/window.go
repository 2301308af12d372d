package figure

import "gonum.org/v1/plot/vg"

// holds reports whether a point is where the canvas shows it.
func (c canvas) holds(p vg.Point) bool { return c.window == nil || crosses(p, p, *c.window) }

// pieces returns what a rectangle shows of a path.
func pieces(path []vg.Point, r vg.Rectangle) (out [][]vg.Point) {
	var piece []vg.Point
	end := func() {
		if len(piece) > 1 {
			out = append(out, piece)
		}
		piece = nil
	}
	for i, q := range path[1:] {
		p := path[i]
		enter, leave, meets := chord(p, q, r)
		if !meets || enter > 0 {
			end()
		}
		if !meets {
			continue
		}
		if piece == nil {
			piece = append(piece, along(p, q, enter, r))
		}
		piece = append(piece, along(p, q, leave, r))
		if leave < 1 {
			end()
		}
	}
	end()
	return out
}

// along is the point at the fraction t of the way from p to q, which is in r
// but for rounding.
func along(p, q vg.Point, t vg.Length, r vg.Rectangle) vg.Point {
	at := p.Add(q.Sub(p).Scale(t))
	return vg.Point{X: min(max(at.X, r.Min.X), r.Max.X), Y: min(max(at.Y, r.Min.Y), r.Max.Y)}
}

// crosses reports whether the segment from p to q meets a rectangle.
func crosses(p, q vg.Point, r vg.Rectangle) bool {
	_, _, meets := chord(p, q, r)
	return meets
}

// chord returns the fractions of the way from p to q between which it is in a
// rectangle, by the parametric clipping of Liang and Barsky (1984).
func chord(p, q vg.Point, r vg.Rectangle) (enter, leave vg.Length, meets bool) {
	enter, leave = 0, 1
	clip := func(from, d, lo, hi vg.Length) bool {
		if d == 0 {
			return lo <= from && from <= hi
		}
		a, b := (lo-from)/d, (hi-from)/d
		enter, leave = max(enter, min(a, b)), min(leave, max(a, b))
		return enter <= leave
	}
	meets = clip(p.X, q.X-p.X, r.Min.X, r.Max.X) && clip(p.Y, q.Y-p.Y, r.Min.Y, r.Max.Y)
	return enter, leave, meets
}

// trim returns what a rectangle shows of a polygon (Sutherland and Hodgman,
// 1974).
func trim(polygon []vg.Point, r vg.Rectangle) []vg.Point {
	for _, depth := range []func(vg.Point) vg.Length{
		func(p vg.Point) vg.Length { return p.X - r.Min.X },
		func(p vg.Point) vg.Length { return r.Max.X - p.X },
		func(p vg.Point) vg.Length { return p.Y - r.Min.Y },
		func(p vg.Point) vg.Length { return r.Max.Y - p.Y },
	} {
		var out []vg.Point
		for i, q := range polygon {
			p := polygon[(i+len(polygon)-1)%len(polygon)]
			a, b := depth(p), depth(q)
			if (a < 0) != (b < 0) {
				out = append(out, p.Add(q.Sub(p).Scale(a/(a-b))))
			}
			if b >= 0 {
				out = append(out, q)
			}
		}
		polygon = out
	}
	return polygon
}
