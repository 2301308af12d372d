package stencil

import (
	"math"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// layer is the convolutional perfectly matched layer at one side for one field:
// the derivative D across the side becomes D + ψ with the memory variable
//
//	ψ ← b ψ + a D,   b = exp(-(d + α) dt),   a = d/(d + α) (b - 1),
//
// one for each element of the layer. With the depth δ in the layer from 0 to 1,
// the damping is d = d0 δ², d0 = -3 c ln(R)/(2 L) for a layer of thickness L and
// a reflection R in theory, and the shift of the pole α = π f (1 - δ) for waves
// of frequency f (Komatitsch and Martin, Geophysics 72 (2007) SM155-SM167,
// equations 24, 25 and section "Numerical tests", with κ = 1).
type layer[T simd.Float] struct {
	field int  // 0: pressure, 1: vx, 2: vy
	axis  int  // 0: the side is at an end of x, 1: of y
	along span // of indices along the axis
	a, b  []T  // by index along the axis
	psi   []T
	row   int // elements of psi a row
	first int // of x in a row of psi
}

// layerReflection is R.
const layerReflection = 1e-6

// addLayer adds the layer of n cells at the low or the high end of an axis, for
// waves of speed c and frequency f, h apart.
func (e *engine[T]) addLayer(axis int, high bool, n int, c, f, h, dt float64) {
	cells, rows := e.nx, e.ny
	if axis == 1 {
		cells, rows = e.ny, e.nx
	}
	d0 := -3 * c * math.Log(layerReflection) / (2 * float64(n) * h)
	for _, velocity := range []bool{true, false} {
		l := &layer[T]{axis: axis, along: span{0, n}}
		if velocity {
			l.field = axis + 1
			l.along = span{1 - e.m, n} // the inner edge is face n, depth 0
		}
		for i := l.along.lo; i < l.along.hi; i++ {
			depth := (float64(n) - 0.5 - float64(i)) / float64(n)
			if velocity {
				depth = max(float64(n)-math.Abs(float64(i)), 0) / float64(n)
			}
			d, alpha := d0*depth*depth, math.Pi*f*(1-depth)
			b := math.Exp(-(d + alpha) * dt)
			a := 0.0
			if d > 0 {
				a = d / (d + alpha) * (b - 1)
			}
			l.a, l.b = append(l.a, T(a)), append(l.b, T(b))
		}
		if high {
			last := cells - 1
			if velocity {
				last = cells // the face of the wall
			}
			l.along = span{last - l.along.hi + 1, last - l.along.lo + 1}
			for i, j := 0, len(l.a)-1; i < j; i, j = i+1, j-1 {
				l.a[i], l.a[j] = l.a[j], l.a[i]
				l.b[i], l.b[j] = l.b[j], l.b[i]
			}
		}
		if axis == 0 {
			l.row, l.first = l.along.len(), l.along.lo
			l.psi = make([]T, rows*l.row)
		} else {
			l.row = rows
			l.psi = make([]T, l.along.len()*l.row)
		}
		e.layers = append(e.layers, l)
	}
}

// touches tells whether the layer lies in those faces.
func (l *layer[T]) touches(fx, fy span) bool {
	if l.axis == 0 {
		return !fx.and(l.along).empty()
	}
	return !fy.and(l.along).empty()
}

// apply corrects the elements x of row j of dst, whose derivative was taken of
// u, shift elements on.
func (l *layer[T]) apply(e *engine[T], dst, coefficient, u, w []T, shift int, x span, j int, s *scratch[T]) {
	stride := 1
	a, b, row := l.a, l.b, j
	if l.axis == 0 {
		x = x.and(l.along)
		if x.empty() {
			return
		}
		a, b = a[x.lo-l.first:], b[x.lo-l.first:]
	} else {
		if j < l.along.lo || j >= l.along.hi || x.empty() {
			return
		}
		stride, row = e.wave.Stride, j-l.along.lo
		s.a, s.b = constant(s.a, x.len(), a[row]), constant(s.b, x.len(), b[row])
		a, b = s.a, s.b
	}
	n, at := x.len(), e.at(x.lo, j)
	c := e.ones
	if coefficient != nil {
		c = coefficient[at:]
	}
	psi := l.psi[row*l.row+x.lo-l.first:]
	simd.WaveLayer(dst[at:at+n], psi[:n], a[:n], b[:n], c[:n], w, u, at+shift, stride)
}

// constant fills n elements of memory that is kept.
func constant[T simd.Float](memory []T, n int, v T) []T {
	if cap(memory) < n {
		memory = make([]T, n)
	}
	memory = memory[:n]
	for i := range memory {
		memory[i] = v
	}
	return memory
}
