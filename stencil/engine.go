package stencil

import (
	"sync"
	"unsafe"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// engine is the state of a simulation in the precision of T. Fields have a
// margin all around, so that one rule holds at walls and within:
//
//	vx(i, j), faces i = 1-m ... nx+m-1, between p(i-1, j) and p(i, j)
//	p(i, j) with images beyond the walls to a depth of 2m-1
//
// for operators of half-width m. The images of the pressure (even at a rigid
// wall, odd at a free surface, periodic) make the velocities beyond the walls
// what they must be, to the last bit.
type engine[T simd.Float] struct {
	wave       simd.Wave[T]
	nx, ny, m  int
	origin     int // position of p(0, 0)
	x0, x1     image
	y0, y1     image
	layers     []*layer[T]
	sponge     *sponge[T]
	innerX     span // where no layer and no sponge acts
	innerY     span
	injections [3]points // into p, vx, vy
	probes     [3]points // of p, vx, vy
	ones       []T
	density    float64 // that the weights of wave hold, and modulus
	modulus    float64
}

// image is how the pressure goes on beyond a side.
type image int

const (
	even image = iota // rigid: p(-k) = p(k-1)
	odd               // free: p(-k) = -p(k-1)
	wrap              // periodic: p(-k) = p(n-k)
)

// span is a half-open range of indices.
type span struct{ lo, hi int }

func (s span) and(t span) span { return span{max(s.lo, t.lo), min(s.hi, t.hi)} }
func (s span) empty() bool     { return s.lo >= s.hi }
func (s span) len() int        { return max(s.hi-s.lo, 0) }

// hull is the smallest span with both.
func (s span) hull(t span) span { return span{min(s.lo, t.lo), max(s.hi, t.hi)} }

// parts of t before s, in s and after it.
func (s span) parts(t span) [3]span {
	return [3]span{t.and(span{t.lo, s.lo}), t.and(s), t.and(span{s.hi, t.hi})}
}

// margin is the depth of the images of the pressure.
func (e *engine[T]) margin() int { return 2*e.m - 1 }

// at is the position of p(i, j), vx(i, j) or vy(i, j).
func (e *engine[T]) at(i, j int) int { return e.origin + j*e.wave.Stride + i }

// newEngine allocates the fields. Each part is touched first by the thread that will
// work on its rows: that of a band, or of a row of tiles.
func newEngine[T simd.Float](g Grid, m int, medium bool, t tiling, threads int) *engine[T] {
	e := &engine[T]{nx: g.Nx, ny: g.Ny, m: m}
	size := int(unsafe.Sizeof(T(0)))
	line, stride := 64/size, rowStride(g.Nx, size) // elements of a cache line, of a row
	n := stride * (g.Ny + 2*e.margin() + 1)
	// p(0, 0), vx(m, 0) and vy(0, 0) begin a cache line: a sweep stores aligned
	// vectors.
	e.origin = e.margin()*stride + line
	array := func(k, shift int) []T {
		// Fields a multiple of a page apart would make stores look like the sources
		// of unrelated loads.
		first := k*19*line + line - shift
		return make([]T, first+n)[first:]
	}
	e.wave = simd.Wave[T]{P: array(0, 0), Vx: array(1, m), Vy: array(2, 0), Stride: stride}
	fields := [][]T{e.wave.P, e.wave.Vx, e.wave.Vy}
	if medium {
		e.wave.Bx, e.wave.By, e.wave.K = array(3, m), array(4, 0), array(5, 0)
		fields = append(fields, e.wave.Bx, e.wave.By, e.wave.K)
	}
	parts := t.y
	if t.steps == 0 {
		parts = make([]int, threads)
		for k := range parts {
			parts[k] = g.Ny * k / threads
		}
	}
	var wg sync.WaitGroup
	for worker := range threads {
		wg.Go(func() {
			for k := worker; k < len(parts); k += threads {
				lo, hi := 0, n
				if k > 0 {
					lo = (e.margin() + parts[k]) * stride
				}
				if k+1 < len(parts) {
					hi = (e.margin() + parts[k+1]) * stride
				}
				for _, f := range fields {
					clear(f[lo:hi])
				}
			}
		})
	}
	wg.Wait()
	e.ones = make([]T, g.Nx+2*e.margin())
	for i := range e.ones {
		e.ones[i] = 1
	}
	return e
}

// rowStride is the elements from row to row of fields whose elements have size bytes: an odd
// number of cache lines, with room for whole vectors, so that the rows of a tile do not
// compete for the same sets.
func rowStride(nx, size int) int {
	line := 64 / size
	return ((nx+line-1)/line + 2 | 1) * line
}

// reflect writes the images of the pressure beyond the sides that the cells in
// the spans touch.
func (e *engine[T]) reflect(x, y span) {
	e.reflectX(e.wave.P, x, y)
	e.reflectY(e.wave.P, x, y)
}

// reflectX is reflect for the sides x0 and x1 and any field at the points.
func (e *engine[T]) reflectX(p []T, x, y span) {
	if x.lo == 0 {
		for j := y.lo; j < y.hi; j++ {
			at := e.at(0, j)
			for k := 1; k <= e.margin(); k++ {
				p[at-k] = mirrored(p, at, k, e.nx, 1, e.x0)
			}
		}
	}
	if x.hi == e.nx {
		for j := y.lo; j < y.hi; j++ {
			at := e.at(e.nx-1, j)
			for k := 1; k <= e.margin(); k++ {
				p[at+k] = mirrored(p, at, k, e.nx, -1, e.x1)
			}
		}
	}
}

// reflectY is reflectX for the sides y0 and y1.
func (e *engine[T]) reflectY(p []T, x, y span) {
	rows := func(from, step int, kind image) {
		for k := 1; k <= e.margin(); k++ {
			source := from + step*(k-1)
			if kind == wrap {
				source = from + step*(e.ny-k)
			}
			dst, src := p[e.at(x.lo, from-step*k):][:x.len()], p[e.at(x.lo, source):][:x.len()]
			if kind != odd {
				copy(dst, src)
				continue
			}
			for i, v := range src {
				dst[i] = -v
			}
		}
	}
	if y.lo == 0 {
		rows(0, 1, e.y0)
	}
	if y.hi == e.ny {
		rows(e.ny-1, -1, e.y1)
	}
}

// reflectVelocity writes the images of the velocity across the sides of an axis,
// which later steps keep up.
func (e *engine[T]) reflectVelocity(q Quantity) {
	axis := func(v []T, at, step, n int, low, high image) {
		for k := 1 - e.m; k < 0; k++ {
			i, sign := fold(k, n, true, low, high)
			v[at+k*step] = T(sign) * v[at+i*step]
			i, sign = fold(n-k, n, true, low, high)
			v[at+(n-k)*step] = T(sign) * v[at+i*step]
		}
		if low == even {
			v[at] = 0
		}
		if high == even {
			v[at+n*step] = 0
		}
		if low == wrap {
			v[at+n*step] = v[at]
		}
	}
	if q == VelocityX {
		for j := range e.ny {
			axis(e.wave.Vx, e.at(0, j), 1, e.nx, e.x0, e.x1)
		}
		return
	}
	for i := range e.nx {
		axis(e.wave.Vy, e.at(i, 0), e.wave.Stride, e.ny, e.y0, e.y1)
	}
}

// mirrored is the image k cells beyond the outermost cell at, of n cells that
// follow it in the direction of step.
func mirrored[T simd.Float](p []T, at, k, n, step int, kind image) T {
	switch kind {
	case odd:
		return -p[at+step*(k-1)]
	case wrap:
		return p[at+step*(n-k)]
	}
	return p[at+step*(k-1)]
}
