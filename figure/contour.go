package figure

import (
	"image/color"
	"math"
	"sort"

	"gonum.org/v1/plot/vg"
)

// A field on a grid is continued between the grid points as a continuous,
// piecewise linear function: every cell is split by its centre, whose value is
// the mean of the corners, into four triangles. A level set then consists of
// one straight piece in each triangle it passes, saddles need no decision, and
// bands of colour end exactly at the lines. A cell with a corner that is not
// finite is a hole.

// contour returns the lines on which the field z[j*len(x)+i] at (x[i], y[j])
// has the given level. A closed line ends at the point where it begins.
func contour(x, y, z []float64, level float64) [][]vg.Point {
	c := tracer{index: map[int]int{}}
	nx := len(x)
	for j := range len(y) - 1 {
		for i := range nx - 1 {
			k := j*nx + i
			corner := [4]int{k, k + 1, k + nx + 1, k + nx} // anticlockwise
			v := [5]float64{z[corner[0]], z[corner[1]], z[corner[2]], z[corner[3]]}
			v[4] = (v[0] + v[1] + v[2] + v[3]) / 4
			if math.IsNaN(v[4]-v[4]) || allAbove(v[:4], level) || !anyAbove(v[:4], level) {
				continue
			}
			at := [5]vg.Point{
				{X: vg.Length(x[i]), Y: vg.Length(y[j])}, {X: vg.Length(x[i+1]), Y: vg.Length(y[j])},
				{X: vg.Length(x[i+1]), Y: vg.Length(y[j+1])}, {X: vg.Length(x[i]), Y: vg.Length(y[j+1])},
			}
			at[4] = at[0].Add(at[2]).Scale(0.5)
			// Six edges belong to a grid point: to its right, upwards, and the
			// four from the corners of its cell to the centre.
			side := [4]int{6 * k, 6*(k+1) + 1, 6 * (k + nx), 6*k + 1}
			for a := range 4 {
				b := (a + 1) % 4
				edges := [3][3]int{{a, b, side[a]}, {a, 4, 6*k + 2 + a}, {b, 4, 6*k + 2 + b}}
				var ends []int
				for _, e := range edges {
					if p, q := v[e[0]], v[e[1]]; (p >= level) != (q >= level) {
						s := vg.Length((level - p) / (q - p))
						ends = append(ends, c.crossing(e[2], at[e[0]].Add(at[e[1]].Sub(at[e[0]]).Scale(s))))
					}
				}
				if len(ends) == 2 {
					c.join(ends[0], ends[1])
				}
			}
		}
	}
	return c.lines()
}

func anyAbove(v []float64, level float64) bool {
	for _, u := range v {
		if u >= level {
			return true
		}
	}
	return false
}

func allAbove(v []float64, level float64) bool {
	for _, u := range v {
		if u < level {
			return false
		}
	}
	return true
}

// tracer joins the pieces of a level set. Each crosses two edges of the
// triangulation, and each edge has at most two pieces.
type tracer struct {
	index map[int]int // of the crossing of an edge
	at    []vg.Point
	next  [][2]int // neighbours of a crossing, plus 1; 0 for none
}

func (c *tracer) crossing(edge int, p vg.Point) int {
	i, ok := c.index[edge]
	if !ok {
		i = len(c.at)
		c.index[edge] = i
		c.at, c.next = append(c.at, p), append(c.next, [2]int{})
	}
	return i
}

func (c *tracer) join(i, j int) {
	for _, e := range [][2]int{{i, j}, {j, i}} {
		n := &c.next[e[0]]
		if n[0] != 0 {
			n[1] = e[1] + 1
		} else {
			n[0] = e[1] + 1
		}
	}
}

// lines walks along the open lines from an end, then around the closed ones.
func (c *tracer) lines() [][]vg.Point {
	var out [][]vg.Point
	seen := make([]bool, len(c.at))
	walk := func(from int) {
		line, at := []vg.Point{}, from
		for {
			seen[at] = true
			line = append(line, c.at[at])
			next := -1
			for _, n := range c.next[at] {
				if n > 0 && !seen[n-1] {
					next = n - 1
					break
				}
			}
			if next < 0 {
				break
			}
			at = next
		}
		if len(line) > 2 && (c.next[at][0] == from+1 || c.next[at][1] == from+1) {
			line = append(line, c.at[from])
		}
		out = append(out, line)
	}
	for i, n := range c.next {
		if !seen[i] && n[1] == 0 {
			walk(i)
		}
	}
	for i := range c.next {
		if !seen[i] {
			walk(i)
		}
	}
	return out
}

// inCell returns the piecewise linear function at the fractions u and v of a
// cell with the values z00 at its lower left corner, z10 at its lower right.
func inCell(z00, z10, z01, z11, u, v float64) float64 {
	u, v = 2*u-1, 2*v-1
	centre := (z00 + z10 + z01 + z11) / 4
	// In the triangle at the nearest side the function grows linearly from the
	// centre to the value at the side, where the ray through (u, v) meets it.
	r := max(math.Abs(u), math.Abs(v))
	if r == 0 {
		return centre
	}
	var side float64
	switch {
	case -v == r:
		side = z00 + (z10-z00)*(u/r+1)/2
	case v == r:
		side = z01 + (z11-z01)*(u/r+1)/2
	case -u == r:
		side = z00 + (z01-z00)*(v/r+1)/2
	default:
		side = z10 + (z11-z10)*(v/r+1)/2
	}
	return centre + r*(side-centre)
}

// interpolate returns the value at a position in the grid by a rule for a
// cell, [inCell] or [bilinear]; NaN in a hole.
func interpolate(x, y, z []float64, at, up float64, rule func(z00, z10, z01, z11, u, v float64) float64) float64 {
	cell := func(coord []float64, v float64) (int, float64) {
		if len(coord) == 1 {
			return 0, 0
		}
		k := min(max(sort.SearchFloat64s(coord, v)-1, 0), len(coord)-2)
		return k, (v - coord[k]) / (coord[k+1] - coord[k])
	}
	i, u := cell(x, at)
	j, v := cell(y, up)
	k, right, above := j*len(x)+i, min(1, len(x)-1), min(1, len(y)-1)*len(x)
	return rule(z[k], z[k+right], z[k+above], z[k+right+above], u, v)
}

// levelLine is one contour line on the page.
type levelLine struct {
	points []vg.Point
	label  label
	color  color.Color

	from, to int // of the points, those that make way for the label
	centre   vg.Point
	angle    float64 // of the label
}

const (
	contourWidth     = vg.Length(0.8)
	contourTextSize  = vg.Length(9.5)
	contourTextSpace = vg.Length(2.5) // on both sides of a label
)

func (l *levelLine) draw(c canvas) {
	if l.from == l.to {
		c.polyline(l.color, contourWidth, nil, l.points...)
		return
	}
	c.polyline(l.color, contourWidth, nil, l.points[:l.from+1]...)
	c.polyline(l.color, contourWidth, nil, l.points[l.to:]...)
	c.SetColor(l.color)
	c.text(l.label, contourTextSize, l.centre, 0.5, 0.5, l.angle)
}

// place finds the straightest stretch of the line that holds its label clear
// of the taken places and of the sides of the area; it reports whether there is one.
func (l *levelLine) place(area vg.Rectangle, taken []vg.Rectangle) bool {
	need := l.label.width(contourTextSize) + 2*contourTextSpace
	arc := make([]vg.Length, len(l.points))
	for i := 1; i < len(arc); i++ {
		d := l.points[i].Sub(l.points[i-1])
		arc[i] = arc[i-1] + vg.Length(math.Hypot(float64(d.X), float64(d.Y)))
	}
	if len(arc) == 0 || arc[len(arc)-1] < 3*need {
		return false
	}
	best := 0.96 // of the length along the line: the chord of a label that still looks straight
	for i, j := 0, 0; i < len(arc); i++ {
		for j < len(arc) && arc[j]-arc[i] < need {
			j++
		}
		if j == len(arc) {
			break
		}
		chord := l.points[j].Sub(l.points[i])
		straight := math.Hypot(float64(chord.X), float64(chord.Y)) / float64(arc[j]-arc[i])
		// Of equally straight ones the one in the middle.
		straight -= 0.02 * math.Abs(float64((arc[i]+arc[j])/arc[len(arc)-1])-1)
		if straight <= best {
			continue
		}
		centre := l.points[i].Add(l.points[j]).Scale(0.5)
		angle := math.Atan2(float64(chord.Y), float64(chord.X))
		box := around(centre, need, contourTextSize, angle)
		if !inside(box, area) || meetsAny(box, taken) {
			continue
		}
		best, l.from, l.to, l.centre, l.angle = straight, i, j, centre, readable(angle)
	}
	return l.from != l.to
}

// readable turns an angle by half a turn if text along it would stand on its head.
func readable(angle float64) float64 {
	angle = math.Remainder(angle, 2*math.Pi)
	switch {
	case angle > quarterTurn+1e-9:
		return angle - math.Pi
	case angle <= -quarterTurn+1e-9:
		return angle + math.Pi
	}
	return angle
}

// around returns the upright box about a turned rectangle.
func around(centre vg.Point, width, height vg.Length, angle float64) vg.Rectangle {
	sin, cos := math.Sincos(angle)
	s, c := vg.Length(math.Abs(sin)), vg.Length(math.Abs(cos))
	half := vg.Point{X: (width*c + height*s) / 2, Y: (width*s + height*c) / 2}
	return vg.Rectangle{Min: centre.Sub(half), Max: centre.Add(half)}
}

func inside(r, area vg.Rectangle) bool {
	return r.Min.X >= area.Min.X && r.Min.Y >= area.Min.Y && r.Max.X <= area.Max.X && r.Max.Y <= area.Max.Y
}

func meetsAny(r vg.Rectangle, others []vg.Rectangle) bool {
	for _, o := range others {
		if r.Min.X < o.Max.X && o.Min.X < r.Max.X && r.Min.Y < o.Max.Y && o.Min.Y < r.Max.Y {
			return true
		}
	}
	return false
}
