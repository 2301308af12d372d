package stencil

import (
	"math"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// sponge is an absorbing layer that multiplies every field, at each step, by
//
//	exp(-(a (n - i))²)
//
// in the i-th of n cells from a side (Cerjan et al., Geophysics 50 (1985)
// 705-708), a n = 0.3 so that the wall's factor is exp(-0.09).
type sponge[T simd.Float] struct {
	x, y   [2][]T // factor by index and by whether it is a face; index 0 is 1-m
	m      int
	inner  span // cells where x has factor 1
	innerY span
}

const spongeStrength = 0.3

// newSponge returns the sponge of n[side] cells at the sides x0, x1, y0, y1.
func newSponge[T simd.Float](nx, ny, m int, n [4]int) *sponge[T] {
	s := &sponge[T]{m: m, inner: span{n[0] + 1, nx - n[1] - 1}, innerY: span{n[2] + 1, ny - n[3] - 1}}
	profile := func(cells, low, high, face int) []T {
		f := make([]T, 0, cells+2*m)
		for i := 1 - m; i < cells+m; i++ {
			// Distance of a point from the walls, in cells.
			d := math.Abs(float64(i))
			e := math.Abs(float64(cells - i))
			if face == 0 {
				d, e = math.Abs(float64(i)+0.5), math.Abs(float64(cells)-0.5-float64(i))
			}
			v := 1.0
			for _, side := range [2][2]float64{{d, float64(low)}, {e, float64(high)}} {
				if side[0] < side[1] {
					v *= math.Exp(-math.Pow(spongeStrength*(1-side[0]/side[1]), 2))
				}
			}
			f = append(f, T(v))
		}
		return f
	}
	for face := range 2 {
		s.x[face], s.y[face] = profile(nx, n[0], n[1], face), profile(ny, n[2], n[3], face)
	}
	return s
}

func (s *sponge[T]) touches(fx, fy span) bool {
	return fx.lo < s.inner.lo || fx.hi > s.inner.hi || fy.lo < s.innerY.lo || fy.hi > s.innerY.hi
}

// factors are those of a field by index along x and along y: 0 pressure, 1 vx,
// 2 vy.
func (s *sponge[T]) factors(field int) (fx, fy []T) {
	fx, fy = s.x[0], s.y[0]
	switch field {
	case 1:
		fx = s.x[1]
	case 2:
		fy = s.y[1]
	}
	return fx, fy
}

// factor is that of one element.
func (s *sponge[T]) factor(field, i, j int) T {
	fx, fy := s.factors(field)
	return fy[j-(1-s.m)] * fx[i-(1-s.m)]
}

// apply damps the elements x of row j of a field.
func (s *sponge[T]) apply(e *engine[T], dst []T, field int, x span, j int) {
	fx, fy := s.factors(field)
	row := dst[e.at(x.lo, j):][:x.len()]
	fx = fx[x.lo-(1-s.m):][:len(row)]
	g := fy[j-(1-s.m)]
	for i := range row {
		row[i] *= g * fx[i]
	}
}
