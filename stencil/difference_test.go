package stencil

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func newField(t require.TestingT, g Grid, at Location, halo int) *Field {
	f, err := NewField(g, at, halo)
	require.NoError(t, err)
	return f
}

func operators(t require.TestingT, order int) map[string][2]*Operator {
	m := map[string][2]*Operator{}
	for _, a := range []Axis{X, Y} {
		d, err := Difference(a, order)
		require.NoError(t, err)
		m["difference"] = set(m["difference"], a, d)
		v, err := Average(a, order)
		require.NoError(t, err)
		m["average"] = set(m["average"], a, v)
	}
	return m
}

func set(o [2]*Operator, a Axis, p *Operator) [2]*Operator { o[a] = p; return o }

// The averages as published: Hermite's midpoint rule and its kin.
func TestAverageWeights(t *testing.T) {
	for order, want := range map[int][]float64{
		2: {1. / 2},
		4: {9. / 16, -1. / 16},
		6: {150. / 256, -25. / 256, 3. / 256},
		8: {1225. / 2048, -245. / 2048, 49. / 2048, -5. / 2048},
	} {
		a, err := AverageWeights(order)
		require.NoError(t, err)
		require.InDeltaSlice(t, want, a, 2e-16)
	}
	_, err := AverageWeights(3)
	require.ErrorIs(t, err, ErrSettings)
	require.Error(t, checkOrder([]float64{1.1, -0.1}, 0))
}

// locations of the source of an operator along an axis, all of them.
func sources(a Axis) []Location {
	if a == X {
		return []Location{Points, FacesX, FacesY, Corners}
	}
	return []Location{Points, FacesY, FacesX, Corners}
}

// Between walls of either kind, on grids of spacing h and h/2, the largest error
// falls by 2^order.
func TestOperatorsConverge(t *testing.T) {
	for _, order := range Orders {
		for name, pair := range operators(t, order) {
			for _, a := range []Axis{X, Y} {
				for _, at := range sources(a) {
					for _, extension := range []Extension{Even, Odd, Wrap} {
						t.Run(fmt.Sprint(name, order, " ", a, " of ", at, extension), func(t *testing.T) {
							n := 40
							coarse := largestError(t, pair[a], a, at, extension, n)
							fine := largestError(t, pair[a], a, at, extension, 2*n)
							require.InDelta(t, float64(order), math.Log2(coarse/fine), 0.1, "%g %g", coarse, fine)
						})
					}
				}
			}
		}
	}
}

// largestError is that of an operator on the cosine or sine of waves along its
// axis, even or odd at the walls, on n cells over [0, 1].
func largestError(t *testing.T, o *Operator, a Axis, at Location, extension Extension, n int) float64 {
	h := 1 / float64(n)
	g := Grid{Nx: n, Ny: 9, Lx: 1 - h, Ly: 2}
	if a == Y {
		g = Grid{Nx: 9, Ny: n, Lx: 2, Ly: 1 - h}
	}
	along := func(x, y float64) float64 { // 0 and 1 at the walls
		if a == Y {
			return y + h/2
		}
		return x + h/2
	}
	k := 3 * math.Pi
	f, df := func(s float64) float64 { return math.Cos(k * s) }, func(s float64) float64 { return -k * math.Sin(k*s) }
	switch extension {
	case Odd:
		f, df = func(s float64) float64 { return math.Sin(k * s) }, func(s float64) float64 { return k * math.Cos(k*s) }
	case Wrap:
		k = 4 * math.Pi
		f, df = func(s float64) float64 { return math.Sin(k*s + 1) }, func(s float64) float64 { return k * math.Cos(k*s+1) }
	}
	want := f
	if o.sign < 0 {
		want = df
	}
	src, dst := newField(t, g, at, 4), newField(t, g, at.across(a), 0)
	src.Fill(func(x, y float64) float64 { return f(along(x, y)) })
	if a == X {
		src.X0, src.X1 = extension, extension
	} else {
		src.Y0, src.Y1 = extension, extension
	}
	require.NoError(t, src.Extend(o.order/2))
	require.NoError(t, o.Set(dst, 1, src, g.Whole()))
	largest := 0.0
	for j := dst.y.lo; j < dst.y.hi; j++ {
		for i, v := range dst.Row(dst.x.lo, dst.x.hi, j) {
			x, y := dst.Position(i, j)
			largest = max(largest, math.Abs(v-want(along(x, y))))
		}
	}
	require.Less(t, largest, 2.0)
	return largest
}

// A difference of order 2m is exact for polynomials of degree 2m, an average for
// those of degree 2m - 1, and not for the next: there the error is that of the
// first condition that fails.
func TestOperatorsOnPolynomials(t *testing.T) {
	g := Grid{Nx: 16, Ny: 16, Lx: 3, Ly: 1.5} // dx = 1/5, dy = 1/10
	for _, order := range Orders {
		for name, pair := range operators(t, order) {
			exact := order - 1
			if name == "difference" {
				exact = order
			}
			for _, a := range []Axis{X, Y} {
				rapid.Check(t, func(t *rapid.T) {
					c := rapid.SliceOfN(rapid.Float64Range(-1, 1), exact+1, exact+1).Draw(t, "c")
					beyond := rapid.SampledFrom([]float64{0, 1}).Draw(t, "beyond")
					c = append(c, beyond)
					at := rapid.SampledFrom(sources(a)).Draw(t, "at")
					u, v := newField(t, g, at, 4), newField(t, g, at.across(a), 0)
					coordinate := func(f *Field, i, j int) float64 {
						x, y := f.Position(i, j)
						return [...]float64{x, y}[a]
					}
					for j := u.y.lo - 4; j < u.y.hi+4; j++ {
						for i := u.x.lo - 4; i < u.x.hi+4; i++ {
							u.Row(i, i+1, j)[0] = polynomial(c, coordinate(u, i, j))
						}
					}
					require.NoError(t, pair[a].Set(v, 1, u, g.Whole()))
					dx, dy := g.Spacing()
					h := [...]float64{dx, dy}[a]
					// Of the terms of the Taylor series the first that is not annulled.
					wrong := 0.0
					for k, w := range pair[a].weights {
						if name == "difference" {
							wrong += 2 * w * math.Pow((float64(k)+0.5)*h, float64(order+1)) / h
						} else {
							wrong += 2 * w * math.Pow((float64(k)+0.5)*h, float64(order))
						}
					}
					slope := derivative(c)
					for j := v.y.lo; j < v.y.hi; j++ {
						for i := v.x.lo; i < v.x.hi; i++ {
							s := coordinate(v, i, j)
							want := polynomial(c, s)
							if name == "difference" {
								want = polynomial(slope, s)
							}
							require.InDelta(t, want+beyond*wrong, v.Row(i, i+1, j)[0], 1e-12*math.Pow(5, float64(exact)))
						}
					}
					if order < 8 {
						require.Greater(t, math.Abs(wrong), 1e-7)
					}
				})
			}
		}
	}
}

func polynomial(c []float64, x float64) float64 {
	sum := 0.0
	for k := len(c) - 1; k >= 0; k-- {
		sum = sum*x + c[k]
	}
	return sum
}

func derivative(c []float64) []float64 {
	var d []float64
	for k := 1; k < len(c); k++ {
		d = append(d, float64(k)*c[k])
	}
	return d
}

// Summation by parts: with u even and q odd across the walls, u odd and q even, or
// both periodic,
//
//	Σ_faces q ∂u = -Σ_points u ∂q,  Σ_faces q ū = Σ_points u q̄ (both even or odd)
//
// where a face on a wall counts half.
func TestOperatorsAreAdjoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		order := rapid.SampledFrom(Orders).Draw(t, "order")
		a := rapid.SampledFrom([]Axis{X, Y}).Draw(t, "axis")
		name := rapid.SampledFrom([]string{"difference", "average"}).Draw(t, "operator")
		ends := [2]Extension{}
		ends[0] = rapid.SampledFrom([]Extension{Even, Odd, Wrap}).Draw(t, "low")
		ends[1] = ends[0]
		if ends[0] != Wrap {
			ends[1] = rapid.SampledFrom([]Extension{Even, Odd}).Draw(t, "high")
		}
		m := order / 2
		g := Grid{Nx: rapid.IntRange(4, 12).Draw(t, "nx"), Ny: rapid.IntRange(4, 12).Draw(t, "ny"), Lx: 2, Ly: 3}
		from := rapid.SampledFrom([]Location{Points, sources(a)[2]}).Draw(t, "at")
		value := rapid.Float64Range(-1, 1)
		u, q := newField(t, g, from, m), newField(t, g, from.across(a), m)
		du, dq := newField(t, g, from.across(a), 0), newField(t, g, from, 0)
		for _, f := range []*Field{u, q} {
			nx, ny := f.Size()
			require.NoError(t, f.SetValues(rapid.SliceOfN(value, nx*ny, nx*ny).Draw(t, "values")))
		}
		other := func(e Extension) Extension {
			if name == "difference" && e != Wrap {
				return Odd - e
			}
			return e
		}
		if a == X {
			u.X0, u.X1, q.X0, q.X1 = ends[0], ends[1], other(ends[0]), other(ends[1])
		} else {
			u.Y0, u.Y1, q.Y0, q.Y1 = ends[0], ends[1], other(ends[0]), other(ends[1])
		}
		// What an odd field is on its wall, and a periodic one at both ends.
		_, n := u.along(a)
		each := func(f *Field, visit func(p *float64, k int)) {
			for j := f.y.lo; j < f.y.hi; j++ {
				row := f.Row(f.x.lo, f.x.hi, j)
				for i := range row {
					visit(&row[i], [...]int{i, j}[a])
				}
			}
		}
		each(q, func(p *float64, k int) {
			low, high := q.sides(a)
			if k == 0 && low == Odd || k == n && high == Odd {
				*p = 0
			}
		})
		if ends[0] == Wrap {
			for j := q.y.lo; j < q.y.hi; j++ {
				if a == X {
					q.Row(n, n+1, j)[0] = q.Row(0, 1, j)[0]
				}
			}
			if a == Y {
				copy(q.Row(q.x.lo, q.x.hi, n), q.Row(q.x.lo, q.x.hi, 0))
			}
		}
		require.NoError(t, OneRank{}.Start([]*Field{u, q}, m))
		o := operators(t, order)[name][a]
		require.NoError(t, o.Set(du, 1, u, g.Whole()))
		require.NoError(t, o.Set(dq, 1, q, g.Whole()))
		left, right, size := 0.0, 0.0, 0.0
		values := q.Values()
		l := 0
		each(du, func(p *float64, k int) {
			weight := 1.0
			if k == 0 || k == n {
				weight = 0.5
			}
			left += weight * values[l] * *p
			size += math.Abs(values[l] * *p)
			l++
		})
		values, l = u.Values(), 0
		each(dq, func(p *float64, k int) { right += values[l] * *p; l++ })
		if name == "difference" {
			right = -right
		}
		require.InDelta(t, left, right, 1e-13*(1+size))
	})
}

// Set and Add scale; both write the tile and nothing else, halos where it reaches
// there.
func TestSetAndAdd(t *testing.T) {
	g := Grid{Nx: 12, Ny: 10, Lx: 11, Ly: 9}
	u, q := newField(t, g, Points, 4), newField(t, g, FacesX, 2)
	for j := -4; j < 14; j++ {
		for i := -4; i < 16; i++ {
			u.Row(i, i+1, j)[0] = float64(i*i) + 100*float64(j)
		}
	}
	tile := Tile{-2, 5, 3, 12} // into both halos, but not to the last face
	d, err := Difference(X, 4)
	require.NoError(t, err)
	for k := range q.data {
		q.data[k] = 7
	}
	require.NoError(t, d.Set(q, 2, u, tile))
	require.NoError(t, d.Add(q, -5, u, tile))
	for j := -2; j < 12; j++ {
		for i := -2; i < 15; i++ {
			want := 7.0
			if i < 5 && j >= 3 {
				want = (2 - 5) * (2*float64(i) - 1) // d(x²)/dx at i - 1/2
			}
			require.InDelta(t, want, q.Row(i, i+1, j)[0], 1e-12, "(%d, %d)", i, j)
		}
	}
	require.NoError(t, d.Set(q, 1, u, Tile{5, 3, 0, 2}), "an empty tile")
	require.NoError(t, q.Multiply(q, Tile{5, 3, 0, 2}))
	allocations := testing.AllocsPerRun(10, func() {
		_ = d.Set(q, 2, u, tile)
		_ = d.Add(q, 2, u, tile)
		_ = u.Extend(4)
		_ = q.Multiply(q, tile)
	})
	require.Zero(t, allocations)
}

func TestOperatorErrors(t *testing.T) {
	for _, order := range []int{-2, 0, 1, 3, 10} {
		_, err := Difference(X, order)
		require.ErrorIs(t, err, ErrSettings)
		_, err = Average(Y, order)
		require.ErrorIs(t, err, ErrSettings)
	}
	_, err := Difference(2, 2)
	require.ErrorContains(t, err, "axis 2, want X or Y")

	g := Grid{Nx: 12, Ny: 10, Lx: 1, Ly: 1}
	finer := Grid{Nx: 12, Ny: 10, Lx: 0.5, Ly: 1}
	u, qx, qy := newField(t, g, Points, 1), newField(t, g, FacesX, 1), newField(t, g, FacesY, 0)
	o := operators(t, 4)
	dx, dy := o["difference"][X], o["difference"][Y]
	part, err := NewFieldOn(g, Tile{0, 6, 0, 10}, FacesX, 1)
	require.NoError(t, err)
	for _, c := range []struct {
		err  error
		want string
	}{
		{dx.Set(qx, 1, u, g.Whole()), "difference of order 4 along x of a field at points on the tile [0, 12) x [0, 10): want a halo of 2, not 1"},
		{dx.Set(qx, 1, u, Tile{0, 6, 0, 10}), "want a halo of 2, not 1"},
		{dx.Set(qx, 1, u, Tile{6, 12, 0, 10}), "want a halo of 2, not 1"},
		{dy.Add(u, 1, qy, Tile{0, 12, 0, 5}), "want a halo of 1, not 0"},
		{dy.Add(u, 1, qy, Tile{0, 12, 5, 10}), "want a halo of 1, not 0"},
		{dy.Add(u, 1, qy, g.Whole()), "difference of order 4 along y of a field at faces y on the tile [0, 12) x [0, 10): want a halo of 1, not 0"},
		{o["average"][Y].Set(qy, 1, u, g.Whole()), "average of order 4 along y"},
		{dx.Set(qy, 1, u, g.Whole()), "difference along x of a field at points to one at faces y, want one at faces x"},
		{dy.Set(u, 1, u, g.Whole()), "to one at points, want one at faces y"},
		{dx.Set(newField(t, finer, FacesX, 0), 1, u, g.Whole()), "want one grid"},
		{dx.Set(part, 1, u, g.Whole()), "want one grid"},
		{dx.Set(u, 1, qx, Tile{0, 14, 0, 10}), "reaches 1 cells beyond the halo"},
		{dx.Set(u, 1, qx, Tile{0, 12, -3, 10}), "reaches 2 cells beyond the halo"},
		{u.Multiply(qx, g.Whole()), "at points times one at faces x"},
		{u.Multiply(newField(t, finer, Points, 0), g.Whole()), "want one grid"},
		{u.Multiply(newField(t, g, Points, 0), Tile{-1, 3, 0, 1}), "reaches 1 cells beyond the halo"},
		{newField(t, g, Points, 0).Multiply(u, Tile{0, 3, 0, 11}), "reaches 1 cells beyond the halo"},
		{u.Multiply(u, Tile{-2, 3, 0, 1}), "reaches 1 cells beyond the halo"},
	} {
		require.ErrorIs(t, c.err, ErrSettings)
		require.ErrorContains(t, c.err, c.want)
	}
}

func BenchmarkDifference(b *testing.B) {
	g := Grid{Nx: 512, Ny: 64, Lx: 1, Ly: 1}
	for _, order := range []int{2, 8} {
		for a, at := range map[Axis]Location{X: FacesX, Y: FacesY} {
			b.Run(fmt.Sprint(order, a), func(b *testing.B) {
				u, q := newField(b, g, Points, 4), newField(b, g, at, 0)
				o := operators(b, order)["difference"][a]
				for b.Loop() {
					_ = o.Set(q, 1, u, g.Whole())
				}
				b.ReportMetric(float64(g.Cells())*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gcell/s")
			})
		}
	}
}
