package stencil

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// random draws a small simulation of any kind that has a gradient.
func random(r *rapid.T) (Settings, *rand.Rand) {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "numbers"), 1))
	order := rapid.SampledFrom(Orders).Draw(r, "order")
	g := Grid{rapid.IntRange(order, 16).Draw(r, "nx"), rapid.IntRange(order, 16).Draw(r, "ny"), 3, 2}
	noise := func(float64, float64) float64 { return rng.NormFloat64() }
	medium := func(float64, float64) float64 { return 1 + rng.Float64() }
	set := Settings{Grid: g, Order: order, Threads: rapid.IntRange(1, 3).Draw(r, "threads"),
		Medium: Medium{Densities: g.Fill(medium), BulkModuli: g.Fill(medium)}, Pressure: g.Fill(noise)}
	if rapid.Bool().Draw(r, "uniform") {
		set.Medium = Medium{Density: medium(0, 0), BulkModulus: medium(0, 0)}
	}
	for q, v := range []*[]float64{nil, &set.Vx, &set.Vy} {
		if v != nil && rapid.Bool().Draw(r, "velocity") {
			*v = make([]float64, g.size(Quantity(q)))
			for k := range *v {
				(*v)[k] = rng.NormFloat64()
			}
		}
	}
	kinds := []SideKind{Rigid, Free, Sponge, CPML}
	for k, side := range set.sides() {
		n := [2]int{g.Nx, g.Ny}[k/2]
		*side = Side{Kind: rapid.SampledFrom(kinds).Draw(r, sidesNames[k]), Speed: 1.3}
		if side.Kind == Sponge || side.Kind == CPML {
			side.Cells = max(n/2-rng.IntN(3), 2)
			if n < 4 {
				side.Kind = Rigid
			}
		}
	}
	if rapid.Bool().Draw(r, "periodic x") {
		set.X0.Kind, set.X1.Kind = Periodic, Periodic
	}
	if rapid.Bool().Draw(r, "periodic y") {
		set.Y0.Kind, set.Y1.Kind = Periodic, Periodic
	}
	set.InnerFaces = order == 2 && rapid.Bool().Draw(r, "inner faces")
	limit, err := LargestStep(g, set.Medium, order)
	require.NoError(r, err)
	set.Dt = 0.8 * limit
	for q := range Quantity(3) {
		for range rapid.IntRange(0, 2).Draw(r, "sources") {
			set.Sources = append(set.Sources, Source{X: 3 * rng.Float64(), Y: 2 * rng.Float64(), Field: q,
				Signal: Ricker(1, 0.3), Interpolation: Interpolation(rng.IntN(2))})
		}
		for range rapid.IntRange(0, 2).Draw(r, "receivers") {
			set.Receivers = append(set.Receivers, Receiver{X: 3 * rng.Float64(), Y: 2 * rng.Float64(), Field: q,
				Interpolation: Interpolation(rng.IntN(2))})
		}
	}
	set.Receivers = append(set.Receivers, Receiver{X: 3, Y: 1})
	return set, rng
}

func normals(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for k := range v {
		v[k] = rng.NormFloat64()
	}
	return v
}

func dot(a, b []float64) (sum float64) {
	for k := range a {
		sum += a[k] * b[k]
	}
	return sum
}

// <J m, d> = <m, J' d> for the Jacobian J of the traces with respect to the
// medium, of the scheme written down anew in dual numbers.
func TestAdjointOfTangent(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		set, rng := random(r)
		const steps = 25
		cells := set.Grid.Cells()
		dRho, dKappa := normals(rng, cells), normals(rng, cells)
		rho := set.Grid.Fill(func(float64, float64) float64 { return set.Medium.Density })
		kappa := set.Grid.Fill(func(float64, float64) float64 { return set.Medium.BulkModulus })
		if set.Medium.Densities != nil {
			rho, kappa = set.Medium.Densities, set.Medium.BulkModuli
		}
		want := tangent(t, set, duals(rho, dRho), duals(kappa, dKappa), steps)

		weights := make([][]float64, len(set.Receivers))
		for k := range weights {
			weights[k] = normals(rng, steps)
		}
		value, g, err := Misfit(t.Context(), set, nil, MisfitOptions{Steps: steps, Function: func(traces, derivatives [][]float64) (float64, error) {
			sum := 0.0
			for k := range traces {
				for n, v := range traces[k] {
					require.InDelta(r, want[k][n].v, v, 1e-11, "trace %d, step %d", k, n)
				}
				sum += dot(traces[k], weights[k])
				copy(derivatives[k], weights[k])
			}
			return sum, nil
		}})
		require.NoError(r, err)
		require.NotZero(r, value)
		left, size := 0.0, 0.0
		for k := range want {
			for n, v := range want[k] {
				left += v.d * weights[k][n]
				size += math.Abs(v.d * weights[k][n])
			}
		}
		right := dot(dRho, g.Density) + dot(dKappa, g.BulkModulus)
		require.InDelta(r, left, right, 1e-12*size)
	})
}
