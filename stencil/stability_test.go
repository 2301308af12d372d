package stencil

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// largestEigenvalue is that of the operator that two steps apply to the pressure, by
// power iteration on the scheme itself: a step of dt from rest takes dt² times it
// from p. It is never above the true one.
func largestEigenvalue(t require.TestingT, set Settings, iterations int) float64 {
	s, err := New(set)
	require.NoError(t, err)
	g := set.Grid
	rng := rand.New(rand.NewPCG(4, 4))
	p, before := make([]float64, g.Cells()), make([]float64, g.Cells())
	for k := range p {
		p[k] = rng.NormFloat64()
	}
	zero := [2][]float64{make([]float64, g.size(VelocityX)), make([]float64, g.size(VelocityY))}
	quotient := 0.0
	for range iterations {
		copy(before, p)
		s.e.write(Pressure, p)
		s.e.write(VelocityX, zero[0])
		s.e.write(VelocityY, zero[1])
		require.NoError(t, s.Advance(context.Background(), 1))
		s.e.read(Pressure, p)
		above, below, size := 0.0, 0.0, 0.0
		for k := range p {
			p[k] = (before[k] - p[k]) / s.dt / s.dt
			kappa := s.s.Medium.modulus(g, k%g.Nx, k/g.Nx) // it is symmetric after division by κ
			above += before[k] * p[k] / kappa
			below += before[k] * before[k] / kappa
			size = max(size, math.Abs(p[k]))
		}
		quotient = max(quotient, above/below)
		for k := range p {
			p[k] /= size
		}
	}
	return quotient
}

// The largest step is stable, dt² λ <= 4, whatever the medium, and in a uniform one
// none larger is.
func TestLargestStep(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "numbers"), 1))
		order := rapid.SampledFrom(Orders).Draw(r, "order")
		g := Grid{rapid.IntRange(order, 18).Draw(r, "nx"), rapid.IntRange(order, 18).Draw(r, "ny"), 3, 0.5 + 5*rng.Float64()}
		contrast := rapid.SampledFrom([]float64{0, 1, 3, 6}).Draw(r, "decades")
		patches := rapid.IntRange(1, 4).Draw(r, "points a patch")
		medium := func() []float64 {
			v := g.Fill(func(x, y float64) float64 { return math.Pow(10, contrast*(rng.Float64()-0.5)) })
			for k := range v {
				i, j := k%g.Nx, k/g.Nx
				v[k] = v[(j-j%patches)*g.Nx+i-i%patches]
			}
			return v
		}
		set := Settings{Grid: g, Order: order, CFL: 1, Medium: Medium{Densities: medium(), BulkModuli: medium()}}
		kinds := []SideKind{Rigid, Free}
		for k, side := range set.sides() {
			side.Kind = rapid.SampledFrom(kinds).Draw(r, sidesNames[k])
		}
		if rapid.Bool().Draw(r, "periodic x") {
			set.X0.Kind, set.X1.Kind = Periodic, Periodic
		}
		if rapid.Bool().Draw(r, "periodic y") {
			set.Y0.Kind, set.Y1.Kind = Periodic, Periodic
		}
		_, largest, err := set.Step()
		require.NoError(r, err)
		lambda := largestEigenvalue(r, set, 200)
		require.LessOrEqual(r, lambda*largest*largest, 4*(1+1e-9))
		require.Greater(r, lambda*largest*largest, 1.0, "the step could be twice as large")
		if contrast == 0 {
			set.Medium = Medium{}
			_, uniform, err := set.Step()
			require.NoError(r, err)
			require.InEpsilon(r, uniform, largest, 1e-12)
		}
	})
	for _, order := range Orders {
		set := Settings{Grid: Grid{40, 30, 3, 4}, Order: order, CFL: 1, X0: Side{Kind: Periodic}, X1: Side{Kind: Periodic}, Y0: Side{Kind: Periodic}, Y1: Side{Kind: Periodic}}
		_, largest, err := set.Step()
		require.NoError(t, err)
		require.InDelta(t, 4, largestEigenvalue(t, set, 400)*largest*largest, 0.02)
	}
}

// Between water and a gas of a millionth of its density, the default step is stable.
func TestDefaultStepInAnyMedium(t *testing.T) {
	for _, order := range Orders {
		g := Grid{40, 30, 39, 29}
		gas := func(light, heavy float64) []float64 {
			return g.Fill(func(x, y float64) float64 {
				if y < 15 {
					return light
				}
				return heavy
			})
		}
		set := Settings{Grid: g, Order: order, Medium: Medium{Densities: gas(1e-3, 1e3), BulkModuli: gas(1, 2e9)}}
		set.Pressure = g.Fill(func(x, y float64) float64 { return math.Exp(-(x-20)*(x-20) - (y-18)*(y-18)) })
		s, err := New(set)
		require.NoError(t, err)
		k0, p0 := energy(t, s)
		advance(t, s, 2000)
		k1, p1 := energy(t, s)
		require.InEpsilon(t, k0+p0, k1+p1, 1e-10, "order %d", order)
		require.Greater(t, k1, 1e-3*p0)
	}
	for _, v := range []float64{1e-300, 1e300} { // a step that is no number
		_, _, err := Settings{Grid: Grid{9, 9, 1, 1}, Medium: Medium{Density: v, BulkModulus: 1 / v}}.Step()
		require.ErrorIs(t, err, ErrSettings)
	}
}
