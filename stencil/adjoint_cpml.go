package stencil

import (
	"slices"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// memory is the transpose of the layers at both ends of an axis. A layer makes
// the derivative D of a field into D + ψ, ψ ← b ψ + a D, so its transpose has
// the memory before the derivative: that of the field f becomes D(f + ψ) with
//
//	ψ ← b ψ + a f
//
// where the adjoint field f stands at the elements the layer corrects.
type memory struct {
	field, axis int       // f, 0: y, 1: ux, 2: uy
	psi         []float64 // in the layout of f, 0 between the layers
	a, b        []float64 // by index along the axis, 0 between the layers
	first       int       // index of the first
	layers      []span
	targets     []span // whose derivatives reach into the layers
}

// transposed returns the transposes of the layers of e.
func (e *engine[T]) transposed() []*memory {
	var list []*memory
	for field := range 3 {
		for axis, n := range [2]int{e.nx, e.ny} {
			t := &memory{field: field, axis: axis, first: 1 - e.m, a: make([]float64, n+2*e.m), b: make([]float64, n+2*e.m)}
			for _, l := range e.layers {
				if l.field != field || l.axis != axis {
					continue
				}
				for k, a := range l.a {
					at := l.along.lo + k - t.first
					t.a[at], t.b[at] = float64(a), float64(l.b[k])
				}
				t.layers = append(t.layers, l.along)
				t.targets = append(t.targets, t.reached(l.along, n, e.m))
			}
			if t.layers == nil {
				continue
			}
			if len(t.targets) == 2 && t.targets[0].hi > t.targets[1].lo {
				t.targets = []span{{t.targets[0].lo, t.targets[1].hi}}
			}
			t.psi = make([]float64, len(e.wave.P))
			list = append(list, t)
		}
	}
	return list
}

// reached returns the elements whose derivative takes a value in the layer, for
// n cells along the axis.
func (t *memory) reached(layer span, n, m int) span {
	if t.field != 0 {
		return span{layer.lo - m, layer.hi + m - 1}.and(span{0, n})
	}
	faces := span{1 - m, n + m}
	r := span{layer.lo - m + 1, layer.hi + m}.and(faces)
	// On a small grid also by images beyond a side.
	if r.lo <= m {
		r.lo = faces.lo
	}
	if r.hi >= n-m {
		r.hi = faces.hi
	}
	return r
}

// remember updates the memory of the elements x of row j.
func (t *memory) remember(e *engine[float64], f []float64, x span, j int) {
	if t.axis == 1 {
		if slices.ContainsFunc(t.layers, func(s span) bool { return j >= s.lo && j < s.hi }) {
			at := e.at(x.lo, j)
			psi, f := t.psi[at:][:x.len()], f[at:][:x.len()]
			a, b := t.a[j-t.first], t.b[j-t.first]
			for i, v := range f {
				psi[i] = b*psi[i] + a*v
			}
		}
		return
	}
	for _, s := range t.layers {
		at := e.at(s.lo, j)
		psi, f := t.psi[at:][:s.len()], f[at:][:s.len()]
		a, b := t.a[s.lo-t.first:][:len(psi)], t.b[s.lo-t.first:][:len(psi)]
		for i, v := range f {
			psi[i] = b[i]*psi[i] + a[i]*v
		}
	}
}

// correct adds the derivative of the memory to that of the elements x of row j.
func (t *memory) correct(e *engine[float64], x span, j int, s *scratch[float64]) {
	w := &e.wave
	dst, coefficient, weights, shift, step := w.P, w.K, w.PX, 1, 1
	if t.axis == 1 {
		weights, shift, step = w.PY, w.Stride, w.Stride
	}
	if t.field == 0 {
		dst, coefficient, weights, shift = w.Vx, w.Bx, w.X, 0
		if t.axis == 1 {
			dst, coefficient, weights = w.Vy, w.By, w.Y
		}
	}
	for _, r := range t.targets {
		cells := x
		if t.axis == 0 {
			cells = r
		} else if j < r.lo || j >= r.hi {
			continue
		}
		at, n := e.at(cells.lo, j), cells.len()
		c := e.ones
		if coefficient != nil {
			c = coefficient[at:]
		}
		s.a, s.b = constant(s.a, n, 0), constant(s.b, n, 0)
		simd.WaveLayer(dst[at:at+n], s.a, e.ones[:n], s.b, c[:n], weights, t.psi, at+shift, step)
	}
}
