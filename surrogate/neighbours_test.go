package surrogate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The tree finds what a search through all points finds, in the same order, also
// where coordinates repeat.
func TestNearestAndInBox(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, d := rapid.IntRange(1, 300).Draw(t, "n"), rapid.IntRange(1, 5).Draw(t, "d")
		levels := rapid.SampledFrom([]float64{4, 1e6}).Draw(t, "levels")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		draw := func(n int) []float64 {
			x := make([]float64, n*d)
			for i := range x {
				x[i] = math.Floor(levels * rng.Float64())
			}
			return x
		}
		x := draw(n)
		tree := newKDTree(x, d)
		k, half := rapid.IntRange(1, n).Draw(t, "k"), levels*rapid.Float64Range(0, 0.6).Draw(t, "half")
		for range 10 {
			at := draw(1)
			var all []neighbour
			var inside []int
			for i := range n {
				p := x[i*d : (i+1)*d]
				all = append(all, neighbour{i, distance(at, p)})
				within := true
				for j := range p {
					within = within && math.Abs(at[j]-p[j]) < half
				}
				if within {
					inside = append(inside, i)
				}
			}
			slices.SortFunc(all, func(a, b neighbour) int {
				if a.before(b) {
					return -1
				}
				return 1
			})
			require.Equal(t, all[:k], tree.nearest(at, k, nil))
			got := tree.inBox(at, half, nil)
			slices.Sort(got)
			require.Equal(t, inside, got)
		}
	})
}

func TestDistance(t *testing.T) {
	require.Equal(t, 5.0, distance([]float64{1, 2}, []float64{4, 6}))
	require.InEpsilon(t, 5e-200, distance([]float64{0, 4e-200}, []float64{3e-200, 0}), 1e-15)
	require.InEpsilon(t, 5e200, distance([]float64{0, 4e200}, []float64{3e200, 0}), 1e-15)
	require.Zero(t, distance([]float64{1e300, -3}, []float64{1e300, -3}))
	require.Positive(t, distance([]float64{5e-324}, []float64{0}))
}
