package stencil

import "slices"

// What wave.h says of layers and sponges, for a simulation: the memory ψ on the device
// holds the elements in the grid, the host's those beyond the sides as well.

// layerCells are the cells of the absorbing layers at the sides x0, x1, y0, y1.
func (s *Settings) layerCells() (n [4]int) {
	for k, side := range s.sides() {
		if side.Kind == CPML {
			n[k] = side.Cells
		}
	}
	return n
}

// clear are the spans that no layer and no sponge touches.
func (s *Settings) clear() (x, y span) {
	n := [4]int{}
	for k, side := range s.sides() {
		if side.Kind == CPML || side.Kind == Sponge {
			n[k] = side.Cells
		}
	}
	return span{n[0], s.Grid.Nx - n[1]}, span{n[2], s.Grid.Ny - n[3]}
}

// deviceLayers is where a device keeps what belongs to the layers.
type deviceLayers struct {
	nx, ny int
	cells  [4]int
}

// memories is the number of elements of ψ.
func (d deviceLayers) memories() int {
	return 2*d.ny*(d.cells[0]+d.cells[1]) + 2*d.nx*(d.cells[2]+d.cells[3])
}

// each calls f for the elements of a layer in the grid with their places in the host's ψ
// and the device's; at is the index along the axis.
func (r *run[T]) eachMemory(d deviceLayers, l *layer[T], f func(at, host, device int)) {
	along, slot := d.slots(l.axis, l.field != 0, l.along)
	for at := along.lo; at < along.hi; at++ {
		if l.axis == 0 {
			lx := d.cells[0] + d.cells[1]
			base := slot + at - along.lo
			if l.field == 0 {
				base += d.ny * lx
			}
			for j := range d.ny {
				f(at, j*l.row+at-l.first, base+j*lx)
			}
			continue
		}
		ly := d.cells[2] + d.cells[3]
		row := slot + at - along.lo
		if l.field == 0 {
			row += ly
		}
		for i := range d.nx {
			f(at, (at-l.along.lo)*l.row+i, 2*d.ny*(d.cells[0]+d.cells[1])+row*d.nx+i)
		}
	}
}

// slots are, of the indices along an axis that a layer has, those in the grid, and the
// place of the first among the elements of the layers at both ends.
func (d deviceLayers) slots(axis int, face bool, along span) (inGrid span, first int) {
	n := [2]int{d.nx, d.ny}[axis]
	if face {
		n++
	}
	inGrid = along.and(span{0, n})
	if along.lo > 0 { // the high side
		first = d.cells[2*axis]
	}
	return inGrid, first
}

// toDevice copies ψ of the host to memory as the device has it.
func (r *run[T]) toDevice(d deviceLayers, psi []T) {
	for _, l := range r.layers {
		r.eachMemory(d, l, func(_, host, device int) { psi[device] = l.psi[host] })
	}
}

// fromDevice is the way back; beyond the sides ψ goes on as its field does.
func (r *run[T]) fromDevice(d deviceLayers, psi []T) {
	for _, l := range r.layers {
		r.eachMemory(d, l, func(_, host, device int) { l.psi[host] = psi[device] })
		inGrid, _ := d.slots(l.axis, l.field != 0, l.along)
		for at := l.along.lo; at < l.along.hi; at++ {
			if at < inGrid.lo || at >= inGrid.hi {
				r.reflectMemory(l, at, inGrid)
			}
		}
	}
}

// reflectMemory writes the images of ψ at an index beyond a side; where the layer has no
// element that they are images of, ψ is always 0.
func (r *run[T]) reflectMemory(l *layer[T], at int, inGrid span) {
	n, low, high := r.nx, r.x0, r.x1
	if l.axis == 1 {
		n, low, high = r.ny, r.y0, r.y1
	}
	of, sign := fold(at, n, true, low, high)
	if of < inGrid.lo || of >= inGrid.hi {
		return
	}
	if l.axis == 0 {
		for j := range r.ny {
			l.psi[j*l.row+at-l.first] = T(sign) * l.psi[j*l.row+of-l.first]
		}
		return
	}
	dst, src := l.psi[(at-l.along.lo)*l.row:][:l.row], l.psi[(of-l.along.lo)*l.row:][:l.row]
	for i, v := range src {
		dst[i] = T(sign) * v
	}
}

// layerCoefficients are a and b of vx, of p along x, of vy, of p along y.
func (r *run[T]) layerCoefficients(d deviceLayers) []T {
	var all []T
	for axis := range 2 {
		n := d.cells[2*axis] + d.cells[2*axis+1]
		for _, field := range []int{axis + 1, 0} {
			a, b := make([]T, n), make([]T, n)
			for _, l := range r.layers {
				if l.axis != axis || l.field != field {
					continue
				}
				inGrid, first := d.slots(axis, field != 0, l.along)
				copy(a[first:], l.a[inGrid.lo-l.along.lo:][:inGrid.len()])
				copy(b[first:], l.b[inGrid.lo-l.along.lo:][:inGrid.len()])
			}
			all = slices.Concat(all, a, b)
		}
	}
	return all
}

// spongeFactors are those of x at points, at faces, then of y.
func (r *run[T]) spongeFactors() []T {
	if r.sponge == nil {
		return nil
	}
	s, first := r.sponge, r.m-1 // index 0
	return slices.Concat(
		s.x[0][first:][:r.nx], s.x[1][first:][:r.nx+1],
		s.y[0][first:][:r.ny], s.y[1][first:][:r.ny+1])
}
