package stencil

import "github.com/seed-0772dd2d/ritz/internal/simd"

// elementList are elements of fields as the kernels want them: of each its place, and
// the first and last of its terms, or the column of its sample. A term is the share that
// an element has of a source.
type elementList[T simd.Float] struct {
	elements []int32
	shares   []T
	sources  []int32
}

func (l *elementList[T]) len() int { return len(l.elements) / 3 }

// element is one of a field to which sources add, in the grid.
type element struct {
	i, j  int
	terms []point
}

// add appends an element whose value in the grid has a sign.
func (l *elementList[T]) add(place int, terms []point, sign float64) {
	first := len(l.shares)
	for _, t := range terms {
		l.shares, l.sources = append(l.shares, T(sign*t.weight)), append(l.sources, int32(t.owner))
	}
	l.elements = append(l.elements, int32(place), int32(first), int32(len(l.shares)))
}

func (l *elementList[T]) addProbe(place, column int) {
	l.elements = append(l.elements, int32(place), int32(column), 0)
}

// targets are the elements in the grid that sources of a field add to. Those beyond the
// sides, which the host adds to as well, are images on a device.
func (r *run[T]) targets(q Quantity) []element {
	nx, ny := r.shape(q)
	var list []element
	for _, p := range r.injections[q].list { // by row and column
		if p.i < 0 || p.j < 0 || p.i >= nx || p.j >= ny || p.weight == 0 {
			continue
		}
		if k := len(list) - 1; k >= 0 && list[k].i == p.i && list[k].j == p.j {
			list[k].terms = append(list[k].terms, p)
			continue
		}
		list = append(list, element{p.i, p.j, []point{p}})
	}
	return list
}

// shape is the size of a field in the grid.
func (e *engine[T]) shape(q Quantity) (nx, ny int) {
	nx, ny = e.nx, e.ny
	switch q {
	case VelocityX:
		nx++
	case VelocityY:
		ny++
	}
	return nx, ny
}

// injectionOrder is the order in which a step adds to the fields.
var injectionOrder = [3]Quantity{VelocityX, VelocityY, Pressure}

// listPoints are the elements of sources and receivers for inject and sample: ranges[k]
// is where those of the k-th begin, first what sources add to in the order of injectionOrder,
// then what receivers have of p, vx and vy.
func (r *run[T]) listPoints() (l elementList[T], ranges [7]int32) {
	for k, q := range injectionOrder {
		ranges[k] = int32(l.len())
		for _, e := range r.targets(q) {
			l.add(e.j*r.wave.Stride+e.i, e.terms, 1)
		}
	}
	column := 0
	for q := range r.probes {
		ranges[3+q] = int32(l.len())
		for _, p := range r.probes[q].list {
			l.addProbe(p.j*r.wave.Stride+p.i, column)
			column++
		}
	}
	ranges[6] = int32(l.len())
	return l, ranges
}

// local is an element in the local memory of a tile.
type local struct {
	place  int
	terms  []point
	sign   float64
	column int
}

// tilePoints are, by tile, the elements in its local memory that sources add to, images
// and those of its neighbours included, and those in the tile itself that receivers have.
func (r *run[T]) tilePoints(t deviceTiling) map[int]*[6][]local {
	across, down := t.across(r.nx), t.down(r.ny)
	columns := t.width + 2*t.halo
	all := map[int]*[6][]local{}
	put := func(k, tx, ty, i, j int, e local) {
		list := all[ty*across+tx]
		if list == nil {
			list = new([6][]local)
			all[ty*across+tx] = list
		}
		e.place = (j-ty*t.height+t.halo)*columns + i - tx*t.width + t.halo
		list[k] = append(list[k], e)
	}
	for k, q := range injectionOrder {
		for _, e := range r.targets(q) {
			for _, x := range images(e.i, r.nx, q == VelocityX, r.x0, r.x1, -t.halo, across*t.width+t.halo) {
				for _, y := range images(e.j, r.ny, q == VelocityY, r.y0, r.y1, -t.halo, down*t.height+t.halo) {
					for _, ty := range around(y.index, t.height, t.halo, down) {
						for _, tx := range around(x.index, t.width, t.halo, across) {
							put(k, tx, ty, x.index, y.index, local{terms: e.terms, sign: x.sign * y.sign})
						}
					}
				}
			}
		}
	}
	column := 0
	for q := range r.probes {
		for _, p := range r.probes[q].list {
			tx, ty := min(p.i/t.width, across-1), min(p.j/t.height, down-1)
			put(3+q, tx, ty, p.i, p.j, local{column: column})
			column++
		}
	}
	return all
}

// mirrorImage is an index beyond a side, or in the grid, that stands for one in the grid.
type mirrorImage struct {
	index int
	sign  float64
}

// images are the indices from lo to hi that stand for i, of n cells or the faces around
// them.
func images(i, n int, face bool, low, high image, lo, hi int) []mirrorImage {
	list := []mirrorImage{{i, 1}}
	for k := lo; k < hi; k++ {
		if k == 0 { // the grid holds each once
			k = n
			if face {
				k++
			}
			if k >= hi {
				break
			}
		}
		if of, sign := fold(k, n, face, low, high); of == i {
			list = append(list, mirrorImage{k, sign})
		}
	}
	return list
}

// around are the tiles, of a number, whose local memory holds an index along an axis.
func around(i, width, halo, tiles int) []int {
	var list []int
	for k := max((i-width-halo)/width, 0); k < tiles && k*width-halo <= i; k++ {
		if i < (k+1)*width+halo {
			list = append(list, k)
		}
	}
	return list
}

// tileLists are the tiles that meet no side, layer, sponge, source or receiver, and
// those that do, with the ranges of their elements.
type tileLists[T simd.Float] struct {
	inner, outer []int32
	ranges       []int32 // 7 of each outer tile
	points       elementList[T]
}

// sort tells tiles apart. clear is what no side, layer or sponge touches.
func (r *run[T]) sort(t deviceTiling, clearX, clearY span) tileLists[T] {
	points := map[int]*[6][]local{}
	if t.scheme == tiledScheme {
		points = r.tilePoints(t)
	}
	var l tileLists[T]
	across := t.across(r.nx)
	for ty := range t.down(r.ny) {
		rows := span{ty*t.height - t.halo, (ty+1)*t.height + t.halo}
		for tx := range across {
			columns := span{tx*t.width - t.halo, (tx+1)*t.width + t.halo}
			tile := ty*across + tx
			if points[tile] == nil && rows.and(clearY) == rows && columns.and(clearX) == columns {
				l.inner = append(l.inner, int32(tile))
				continue
			}
			l.outer = append(l.outer, int32(tile))
		}
	}
	for _, tile := range l.outer {
		list := points[int(tile)]
		if list == nil {
			list = new([6][]local)
		}
		for k, elements := range list {
			l.ranges = append(l.ranges, int32(l.points.len()))
			for _, e := range elements {
				if k < 3 {
					l.points.add(e.place, e.terms, e.sign)
				} else {
					l.points.addProbe(e.place, e.column)
				}
			}
		}
		l.ranges = append(l.ranges, int32(l.points.len()))
	}
	return l
}
