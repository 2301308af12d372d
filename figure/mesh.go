package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
)

const (
	mostLines    = 160 // grid lines a side that are drawn at all
	fineCells    = 120 // a coarser grid is divided to about so many cells a side
	mostMesh     = 22  // mesh lines a side
	meshWidth    = vg.Length(0.45)
	heightColors = 64        // different ones between the lowest and the highest place
	thinnest     = 3 * pixel // strip of one colour
	ambient      = 0.58      // light without a direction; the rest depends on the slope
	fullLight    = 1.07      // light on a slope that faces it
	seamBleeds   = pixel * 0.6
)

// mesh is a surface in the unit coordinates of its box, on a grid of nx x ny
// points that is fine enough to look smooth.
type mesh struct {
	box    *box
	x, y   []float64
	z      []float64 // NaN for a hole
	normal []vector  // of length 1
	lineX  []bool    // whether a mesh line runs along x[i], along y[j]
	lineY  []bool
}

func newMesh(x, y, z []float64, b *box) *mesh {
	ix, iy := some(len(x), mostLines), some(len(y), mostLines)
	u, v := make([]float64, len(ix)), make([]float64, len(iy))
	for i, k := range ix {
		u[i] = b.x.at(x[k])
	}
	for j, k := range iy {
		v[j] = b.y.at(y[k])
	}
	t := make([]float64, 0, len(u)*len(v))
	for _, j := range iy {
		for _, i := range ix {
			h := math.NaN()
			if value := z[j*len(x)+i]; shows(value, false) {
				h = b.z.at(value)
			}
			t = append(t, h)
		}
	}
	m := &mesh{box: b}
	var px, py []float64 // positions in the grid
	m.x, px, m.lineX = divide(u)
	m.y, py, m.lineY = divide(v)
	normals := slopes(u, v, t, b)
	m.z, m.normal = make([]float64, len(m.x)*len(m.y)), make([]vector, len(m.x)*len(m.y))
	for j, q := range py {
		for i, p := range px {
			k, a, bb := corner(p, q, len(u), len(v))
			m.z[j*len(m.x)+i] = bilinear(t[k], t[k+1], t[k+len(u)], t[k+len(u)+1], a, bb)
			var n vector
			for c, w := range [4]float64{(1 - a) * (1 - bb), a * (1 - bb), (1 - a) * bb, a * bb} {
				n = n.plus(normals[k+c%2+c/2*len(u)].times(w))
			}
			m.normal[j*len(m.x)+i] = n.unit()
		}
	}
	return m
}

// some returns at most most of the indices below n, the first and the last
// among them: equally spaced if that leaves at least half as many, else nearly so.
func some(n, most int) []int {
	parts := min(n, most) - 1
	for k := parts; k > parts/2; k-- {
		if (n-1)%k == 0 {
			parts = k
			break
		}
	}
	out := make([]int, parts+1)
	for i := range out {
		out[i] = (i*(n-1) + parts/2) / parts
	}
	return out
}

// divide puts points between the grid lines v where those are few. It returns
// the places, their positions in units of grid lines, and whether a line of
// the mesh runs there.
func divide(v []float64) (places, positions []float64, line []bool) {
	parts := max(1, (fineCells+len(v)-2)/(len(v)-1))
	mesh := make([]bool, len(v))
	for _, i := range some(len(v), mostMesh) {
		mesh[i] = true
	}
	for i := range len(v) - 1 {
		for k := range parts {
			s := float64(k) / float64(parts)
			places = append(places, v[i]+s*(v[i+1]-v[i]))
			positions = append(positions, float64(i)+s)
			line = append(line, k == 0 && mesh[i])
		}
	}
	last := len(v) - 1
	return append(places, v[last]), append(positions, float64(last)), append(line, true)
}

// corner returns the grid point at the lower left of a position in the grid
// and the fractions of the cell beyond it.
func corner(p, q float64, nx, ny int) (k int, a, b float64) {
	i, j := min(int(p), nx-2), min(int(q), ny-2)
	return j*nx + i, p - float64(i), q - float64(j)
}

func bilinear(z00, z10, z01, z11, a, b float64) float64 {
	return between(between(z00, z10, a), between(z01, z11, a), b)
}

// between returns p + t (q - p); at an end what is at the other does not matter.
func between(p, q, t float64) float64 {
	switch t {
	case 0:
		return p
	case 1:
		return q
	}
	return (1-t)*p + t*q
}

// slopes returns the normals of the surface at the grid points, from
// differences with the neighbours that are no holes.
func slopes(x, y, z []float64, b *box) []vector {
	nx, ny := len(x), len(y)
	out := make([]vector, len(z))
	slope := func(v []float64, at, n, k, stride int) float64 {
		lo, hi := at, at
		if at > 0 && !math.IsNaN(z[k-stride]) {
			lo--
		}
		if at < n-1 && !math.IsNaN(z[k+stride]) {
			hi++
		}
		if lo == hi || math.IsNaN(z[k]) {
			return 0
		}
		return (z[k+(hi-at)*stride] - z[k+(lo-at)*stride]) / (v[hi] - v[lo])
	}
	for j := range ny {
		for i := range nx {
			k := j*nx + i
			out[k] = vector{-b.tall * slope(x, i, nx, k, 1), -b.tall * slope(y, j, ny, k, nx), 1}.unit()
		}
	}
	return out
}

// draw paints the cells from the farthest to the nearest: along any line of
// sight those come first which are further away both in x and in y.
func (m *mesh) draw(c canvas, bar *colorBar) {
	nx, ny := len(m.x), len(m.y)
	for _, j := range towards(ny-1, m.box.eye.y) {
		for _, i := range towards(nx-1, m.box.eye.x) {
			m.cell(c, bar, i, j)
		}
	}
}

// towards counts n cells in the direction of the eye.
func towards(n int, eye float64) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
		if eye < 0 {
			out[i] = n - 1 - i
		}
	}
	return out
}

// whole reports whether there is a cell (i, j) without a hole.
func (m *mesh) whole(i, j int) bool {
	nx := len(m.x)
	if i < 0 || j < 0 || i >= nx-1 || j >= len(m.y)-1 {
		return false
	}
	k := j*nx + i
	sum := m.z[k] + m.z[k+1] + m.z[k+nx] + m.z[k+nx+1]
	return !math.IsNaN(sum)
}

func (m *mesh) at(i, j int) vector {
	return vector{m.x[i], m.y[j], m.z[j*len(m.x)+i]}
}

func (m *mesh) cell(c canvas, bar *colorBar, i, j int) {
	if !m.whole(i, j) {
		return
	}
	corners := [4][2]int{{i, j}, {i + 1, j}, {i + 1, j + 1}, {i, j + 1}}
	var (
		normal  vector
		outline []vector
	)
	for _, k := range corners {
		p := m.at(k[0], k[1])
		normal = normal.plus(m.normal[k[1]*len(m.x)+k[0]])
		outline = append(outline, p)
	}
	outline = cut(outline, 0, 1)
	if len(outline) < 3 {
		return
	}
	light := m.box.light(normal.unit())
	color := func(height float64) color.RGBA {
		return shade(bar.colors.at(bar.axis.at(m.box.z.value(height))), light)
	}
	lo, hi := outline[0].z, outline[0].z
	for _, p := range outline {
		lo, hi = min(lo, p.z), max(hi, p.z)
	}
	// A steep cell has several colours, as many as can be seen.
	tall := m.box.flat(vector{z: hi - lo}).Y
	slices := max(1, int(math.Ceil(min((hi-lo)*heightColors, math.Abs(float64(tall/thinnest))))))
	for k := range slices {
		from, to := lo+(hi-lo)*float64(k)/float64(slices), lo+(hi-lo)*float64(k+1)/float64(slices)
		piece := outline
		if slices > 1 {
			piece = cut(outline, from, to)
		}
		page := make([]vg.Point, len(piece))
		for i, p := range piece {
			page[i] = m.box.page(p)
		}
		if len(page) >= 3 {
			c.fill(color((from+to)/2), swell(page, seamBleeds)...)
		}
	}

	// The sides away from the eye, whose other cells are drawn already, and
	// those without another cell.
	farX, farY := i, j
	if m.box.eye.x < 0 {
		farX++
	}
	if m.box.eye.y < 0 {
		farY++
	}
	line := mix(color((lo+hi)/2), ink, 0.35)
	for _, x := range []int{i, i + 1} {
		if m.lineX[x] && (x == farX || !m.whole(i+2*(x-i)-1, j)) {
			m.edge(c, line, m.at(x, j), m.at(x, j+1))
		}
	}
	for _, y := range []int{j, j + 1} {
		if m.lineY[y] && (y == farY || !m.whole(i, j+2*(y-j)-1)) {
			m.edge(c, line, m.at(i, y), m.at(i+1, y))
		}
	}
}

func (m *mesh) edge(c canvas, col color.Color, p, q vector) {
	if piece := cut([]vector{p, q}, 0, 1); len(piece) >= 2 {
		c.polyline(col, meshWidth, nil, m.box.page(piece[0]), m.box.page(piece[1]))
	}
}

// cut clips a polygon to heights from lo to hi (Sutherland and Hodgman, 1974).
func cut(polygon []vector, lo, hi float64) []vector {
	for _, side := range [2]struct{ sign, at float64 }{{1, lo}, {-1, -hi}} {
		var out []vector
		for i, q := range polygon {
			p := polygon[(i+len(polygon)-1)%len(polygon)]
			a, b := side.sign*p.z-side.at, side.sign*q.z-side.at
			if (a < -slack) != (b < -slack) {
				out = append(out, p.plus(q.plus(p.times(-1)).times(a/(a-b))))
			}
			if b >= -slack {
				out = append(out, q)
			}
		}
		polygon = out
	}
	return polygon
}

// swell moves the sides of a polygon outwards, over the seams that smoothing
// leaves between neighbours.
func swell(points []vg.Point, by vg.Length) []vg.Point {
	n := len(points)
	var area vg.Length
	for i, p := range points {
		q := points[(i+1)%n]
		area += p.X*q.Y - p.Y*q.X
	}
	if area < 0 {
		by = -by // clockwise
	}
	normal := func(p, q vg.Point) vg.Point {
		d := direction(q.Sub(p), vg.Point{})
		return vg.Point{X: d.Y, Y: -d.X}
	}
	out := make([]vg.Point, n)
	for i, p := range points {
		u, v := normal(points[(i+n-1)%n], p), normal(p, points[(i+1)%n])
		sharp := max(1+u.X*v.X+u.Y*v.Y, 0.5)
		out[i] = p.Add(u.Add(v).Scale(by / sharp))
	}
	return out
}

// shade returns the colour in light of the given strength.
func shade(c color.RGBA, light float64) color.RGBA {
	part := func(v uint8) uint8 { return uint8(min(255, float64(v)*light) + 0.5) }
	return color.RGBA{part(c.R), part(c.G), part(c.B), 0xff}
}

// height returns the height of the surface at a place; NaN where there is none.
func (m *mesh) height(p vector) float64 {
	return interpolate(m.x, m.y, m.z, p.x, p.y, bilinear)
}

// hides reports whether the surface is between a place and the eye. The place
// is above the surface (side > 0), below (side < 0), or on it (side = 0).
func (m *mesh) hides(p vector, side float64) bool {
	// To the side of the box, in steps of about a cell.
	d := m.box.eye
	reach := math.Inf(1)
	for _, a := range [][2]float64{{p.x, d.x}, {p.y, d.y}} {
		switch {
		case a[1] > 0:
			reach = min(reach, (1-a[0])/a[1])
		case a[1] < 0:
			reach = min(reach, -a[0]/a[1])
		}
	}
	const nearby = 0.012 // what lies on the surface is not hidden by it
	steps := 2*fineCells + len(m.x) + len(m.y)
	for k := 1; k <= steps; k++ {
		q := p.plus(d.times(reach * float64(k) / float64(steps)))
		h := m.height(q)
		if math.IsNaN(h) || h < 0 || h > 1 {
			side = 0
			continue
		}
		gap := q.z - h
		if math.Abs(gap) < nearby {
			continue
		}
		if side == 0 {
			side = gap
		}
		if side*gap < 0 {
			return true
		}
	}
	return false
}
