package sampling

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPlan(t *testing.T) {
	owen := scrambled(t, 2, Owen, 7)
	skipped := make([]float64, 10)
	require.NoError(t, owen.Fill(skipped, 64))
	leaped, err := halton(t, 2).Leaped(409)
	require.NoError(t, err)
	tests := []struct {
		plan Plan
		want func() ([]float64, error)
	}{
		{Plan{Method: "sobol", N: 8}, func() ([]float64, error) { return sobol(t, 2).Points(8), nil }},
		{Plan{Method: "sobol", N: 5, Skip: 64, Scramble: Owen, Seed: 7}, func() ([]float64, error) { return skipped, nil }},
		{Plan{Method: "halton", N: 20, Leap: 409}, func() ([]float64, error) { return leaped.Points(20), nil }},
		{Plan{Method: "lhs", N: 9, Seed: 2, Centred: true, Optimise: Maximin, Exchanges: 5}, latinHypercubeOf(9)},
		{Plan{Method: "lattice", N: 100}, func() ([]float64, error) { return lattice(t, 2, 100).Points(), nil }},
		{Plan{Method: "poisson", Radius: 0.2, Seed: 3}, PoissonDisk{Dim: 2, Radius: 0.2, Seed: 3}.Points},
		{Plan{Method: "grid", N: 9}, Grid{Counts: []int{3, 3}}.Points},
		{Plan{Method: "grid", Levels: []int{2, 4}, Midpoints: true}, Grid{Counts: []int{2, 4}, Midpoints: true}.Points},
		{Plan{Method: "random", N: 4, Seed: 1}, func() ([]float64, error) { return Uniform{Dim: 2, Seed: 1}.Points(4) }},
	}
	for _, test := range tests {
		want, err := test.want()
		require.NoError(t, err)
		got, err := test.plan.Points(2)
		require.NoError(t, err)
		assert.Equal(t, want, got, "%+v", test.plan)
	}
	for _, m := range Methods() {
		p, want := Plan{Method: m, N: 16}, 32
		if m == "poisson" {
			p, want = Plan{Method: m, Radius: 2}, 2
		}
		x, err := p.Points(2)
		require.NoError(t, err, m)
		assert.Len(t, x, want, m)
	}
}

func latinHypercubeOf(n int) func() ([]float64, error) {
	l := LatinHypercube{Dim: 2, Seed: 2, Centred: true, Optimise: Maximin, Exchanges: 5}
	return func() ([]float64, error) { return l.Points(n) }
}

func TestPlanErrors(t *testing.T) {
	tests := []struct {
		plan Plan
		dim  int
		want string
	}{
		{Plan{N: 1}, 2, `method "" is none of sobol, halton, lhs`},
		{Plan{Method: "sobol"}, 2, "0 points: expected at least 1"},
		{Plan{Method: "sobol", N: -1}, 2, "-1 points"},
		{Plan{Method: "sobol", N: 1}, 0, "dimension 0"},
		{Plan{Method: "sobol", N: 1}, 21202, "Sobol dimension 21202 is outside 1..21201"},
		{Plan{Method: "sobol", N: 1 << 31}, 2, "at most 2147483648 coordinates"},
		{Plan{Method: "random", N: math.MaxInt}, 2, "at most 2147483648 coordinates"},
		{Plan{Method: "sobol", N: 1, Skip: -1}, 2, "-1 points to skip"},
		{Plan{Method: "sobol", N: 1, Skip: 1 << 53}, 2, "pass the last index"},
		{Plan{Method: "sobol", N: 1, Leap: 3}, 2, "leap has no meaning for the method sobol"},
		{Plan{Method: "lhs", N: 1, Skip: 3}, 2, "skip has no meaning for the method lhs"},
		{Plan{Method: "random", N: 1, Scramble: Owen}, 2, "scramble has no meaning for the method random"},
		{Plan{Method: "halton", N: 1, Scramble: Owen}, 2, `scramble "owen" of the Halton sequence is none of "none", "permutation", "rotation"`},
		{Plan{Method: "lattice", N: 8, Scramble: Owen}, 2, `none of "none", "rotation"`},
		{Plan{Method: "kronecker", N: 8, Scramble: Owen}, 2, `none of "none", "rotation"`},
		{Plan{Method: "poisson"}, 2, "radius 0 is not positive"},
		{Plan{Method: "poisson", Radius: 1, N: 1}, 2, "n has no meaning for the method poisson"},
		{Plan{Method: "grid", N: 80}, 2, "a grid of [9 9] points has 81, not 80"},
		{Plan{Method: "grid", Levels: []int{3}}, 2, "levels for 1 axes of a grid in 2 dimensions"},
	}
	for _, test := range tests {
		_, err := test.plan.Points(test.dim)
		assert.ErrorContains(t, err, test.want, "%+v", test.plan)
	}
}
