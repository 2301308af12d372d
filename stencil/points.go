package stencil

import (
	"math"
	"slices"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// points are elements of one field with weights: the footprints of sources or
// of receivers, by row.
type points struct {
	list  []point
	start map[int]int // of a row in the list
}

// point is the share of one element in the source or receiver of that index.
type point struct {
	i, j   int
	weight float64
	owner  int
}

// add appends a footprint.
func (p *points) add(f []point) { p.list = append(p.list, f...) }

// index sorts the list by row, so that a row finds its own.
func (p *points) index() {
	slices.SortStableFunc(p.list, func(a, b point) int {
		if a.j != b.j {
			return a.j - b.j
		}
		return a.i - b.i
	})
	p.start = map[int]int{}
	for k := len(p.list) - 1; k >= 0; k-- {
		p.start[p.list[k].j] = k
	}
}

// each calls f for the points in the spans, k their place in the list.
func (p *points) each(x, y span, f func(k int, q *point)) {
	if len(p.list) == 0 {
		return
	}
	for j := y.lo; j < y.hi; j++ {
		k, ok := p.start[j]
		if !ok {
			continue
		}
		for ; k < len(p.list) && p.list[k].j == j; k++ {
			if q := &p.list[k]; q.i >= x.lo && q.i < x.hi {
				f(k, q)
			}
		}
	}
}

func (p *points) touches(x, y span) (found bool) {
	p.each(x, y, func(int, *point) { found = true })
	return found
}

// block is what a number of steps that are taken together share with the
// outside: the amplitudes of the sources and the values at the probes.
type block struct {
	first      int         // number of the first step
	amplitudes [][]float64 // [step][source]
	samples    [3][]float64
	probes     [3]int // length of the lists
}

// inject adds the sources of a field in the spans.
func inject[T simd.Float](e *engine[T], p *points, dst []T, x, y span, number int, b *block) {
	p.each(x, y, func(_ int, q *point) {
		dst[e.at(q.i, q.j)] += T(q.weight * b.amplitudes[number][q.owner])
	})
}

// sample keeps the values of a field at its probes in the spans.
func sample[T simd.Float](e *engine[T], p *points, field int, src []T, x, y span, number int, b *block) {
	p.each(x, y, func(k int, q *point) {
		b.samples[field][number*b.probes[field]+k] = float64(src[e.at(q.i, q.j)])
	})
}

// Interpolation is how a position between grid points is made of them.
type Interpolation int

// The interpolations.
const (
	// Bilinear takes the four points around the position.
	Bilinear Interpolation = iota
	// Sinc takes 8 x 8 points with the Kaiser-windowed sinc function of Hicks
	// (Geophysics 67 (2002) 156-165): radius 4, b = 6.31, his choice for waves of
	// four points or more, whose interpolation along an axis is off by 0.13 % at
	// most; by 8 % at three points. Points beyond a wall are folded back, with a
	// change of sign at a free surface.
	Sinc
)

const (
	sincRadius = 4
	sincShape  = 6.31
)

// weights1 are the first index and the weights along one axis of the position u,
// in units of the spacing.
func (in Interpolation) weights1(u float64) (first int, w []float64) {
	base := math.Floor(u)
	if u-base > 1-1e-12 { // a grid point, but for rounding
		base++
	}
	f := max(u-base, 0)
	if f < 1e-12 {
		return int(base), []float64{1}
	}
	if in == Bilinear {
		return int(base), []float64{1 - f, f}
	}
	first = int(base) - sincRadius + 1
	for k := range 2 * sincRadius {
		d := u - float64(first+k)
		r := d / sincRadius
		w = append(w, math.Sin(math.Pi*d)/(math.Pi*d)*bessel0(sincShape*math.Sqrt(max(1-r*r, 0)))/bessel0(sincShape))
	}
	return first, w
}

// bessel0 is the modified Bessel function I0, by its power series.
func bessel0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-17*sum; k++ {
		term *= x * x / (4 * k * k)
		sum += term
	}
	return sum
}

// footprint returns the elements of a field (0: p, 1: vx, 2: vy) that make up
// the value at the position (u, v) in units of the spacings, and their weights.
func (e *engine[T]) footprint(field int, u, v float64, in Interpolation, owner int) []point {
	if field == 1 {
		u += 0.5 // face i is at i - 1/2
	}
	if field == 2 {
		v += 0.5
	}
	i0, wx := in.weights1(u)
	j0, wy := in.weights1(v)
	sum := map[[2]int]float64{}
	for b, wv := range wy {
		for a, wu := range wx {
			i, si := e.fold(0, i0+a, field)
			j, sj := e.fold(1, j0+b, field)
			sum[[2]int{i, j}] += wu * wv * si * sj
		}
	}
	var list []point
	for k, w := range sum {
		if w != 0 {
			list = append(list, point{k[0], k[1], w, owner})
		}
	}
	slices.SortFunc(list, func(a, b point) int {
		if a.j != b.j {
			return a.j - b.j
		}
		return a.i - b.i
	})
	return list
}

// fold is fold of an index of a field along an axis, one index for each unknown:
// the first face of a periodic axis stands for the last as well, and a face on a
// rigid side, where the velocity is 0, has the sign 0.
func (e *engine[T]) fold(axis, i, field int) (int, float64) {
	n, low, high := e.nx, e.x0, e.x1
	if axis == 1 {
		n, low, high = e.ny, e.y0, e.y1
	}
	face := field == axis+1
	i, sign := fold(i, n, face, low, high)
	switch {
	case !face || i > 0 && i < n:
	case low == wrap:
		i = 0
	case i == 0 && low == even, i == n && high == even:
		sign = 0
	}
	return i, sign
}

// injected makes of the footprint of a sample of a velocity what a source adds:
// twice the weight to a face on a free surface, of which half is in the grid, and
// images, in all elements that hold the same unknown.
func (e *engine[T]) injected(field int, footprint []point) []point {
	axis, n, low := field-1, e.nx, e.x0
	if axis == 1 {
		n, low = e.ny, e.y0
	}
	var list []point
	for _, q := range footprint {
		at := &q.i
		if axis == 1 {
			at = &q.j
		}
		unknown, weight := *at, q.weight
		if low != wrap {
			weight /= edge(unknown, n)
		}
		for k := 1 - e.m; k < n+e.m; k++ {
			if i, sign := e.fold(axis, k, field); i == unknown {
				*at, q.weight = k, weight*sign
				list = append(list, q)
			}
		}
	}
	return list
}

// fold returns the index in the grid whose value, times sign, stands beyond a
// side for index i of n cells, or of faces across the side.
func fold(i, n int, face bool, low, high image) (int, float64) {
	sign := 1.0
	for {
		kind := low
		mirror := -1 - i
		if face {
			mirror = -i
		}
		switch {
		case face && i >= 0 && i <= n || !face && i >= 0 && i < n:
			return i, sign
		case i >= 0:
			kind, mirror = high, 2*n-1-i
			if face {
				mirror = 2*n - i
			}
		}
		switch {
		case kind == wrap:
			i = ((i % n) + n) % n
			continue
		case kind == odd && !face, kind == even && face:
			sign = -sign
		}
		i = mirror
	}
}
