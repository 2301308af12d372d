package sampling

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Optimised designs are Latin hypercubes, much better than random ones: of 60
// points in the plane the smallest distance is at least half that of the best
// packing of 60 discs in the square, 0.14.
func TestOptimisedLatinHypercube(t *testing.T) {
	const n, dim = 60, 2
	ctx := context.Background()
	for seed := range uint64(5) {
		plain := LatinHypercube{Dim: dim, Seed: seed}
		x, err := plain.Points(n)
		require.NoError(t, err)

		spread := plain
		spread.Optimise = Maximin
		y, err := spread.Points(n)
		require.NoError(t, err)
		before, err := MinDistance(ctx, x, dim, 0)
		require.NoError(t, err)
		after, err := MinDistance(ctx, y, dim, 0)
		require.NoError(t, err)
		assert.Greater(t, after, max(0.07, 2*before))

		even := plain
		even.Optimise = LowDiscrepancy
		z, err := even.Points(n)
		require.NoError(t, err)
		assert.Less(t, discrepancy(t, Centred, z, dim), 0.4*discrepancy(t, Centred, x, dim))
	}
}

// After any number of exchanges the table of pairs is that of the points, and
// every exchange was an improvement: more exchanges are never worse.
func TestExchanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := LatinHypercube{
			Dim: rapid.IntRange(1, 5).Draw(t, "dim"), Seed: rapid.Uint64().Draw(t, "seed"),
			Centred: rapid.Bool().Draw(t, "centred"), Optimise: LowDiscrepancy,
		}
		n := rapid.IntRange(2, 30).Draw(t, "n")
		last := 2.
		for _, l.Exchanges = range []int{1, 2, 3, 5, 10, 50, 200} {
			x, err := l.Points(n)
			require.NoError(t, err)
			d, err := Centred.Of(context.Background(), x, l.Dim, 1)
			require.NoError(t, err)
			if last != 2 {
				require.LessOrEqual(t, d, last+1e-13)
			}
			last = d
			for j := range l.Dim {
				seen := make([]bool, n)
				for i := range n {
					k := int(x[i*l.Dim+j] * float64(n))
					require.False(t, seen[k])
					seen[k] = true
				}
			}
		}
	})
}

// The change that a trial sees is that of the criterion.
func TestTrialsAgree(t *testing.T) {
	const n, dim = 12, 3
	x, err := LatinHypercube{Dim: dim, Seed: 5}.Points(n)
	require.NoError(t, err)
	sum := func(x []float64) (s float64) {
		for i := range n {
			for j := range i {
				s += tenth(squaredDistance(x[i*dim:(i+1)*dim], x[j*dim:(j+1)*dim]))
			}
		}
		return s
	}
	for _, c := range []Criterion{Maximin, LowDiscrepancy} {
		accepted := 0
		for a := range n {
			for b := range n {
				for k := range dim {
					if a == b {
						continue
					}
					p := pairs{x: append([]float64{}, x...), n: n, dim: dim, table: make([]float64, n*n), a: make([]float64, n), b: make([]float64, n)}
					p.fill(c)
					before, beforeSum := discrepancy(t, Centred, p.x, dim), sum(p.x)
					var better bool
					if c == Maximin {
						better = p.tryDistance(a, b, k)
					} else {
						better = p.tryDiscrepancy(a, b, k)
					}
					p.exchange(a, b, k)
					if c == Maximin {
						assert.Equal(t, sum(p.x) < beforeSum, better)
					} else {
						assert.Equal(t, discrepancy(t, Centred, p.x, dim) < before, better)
					}
					table := append([]float64{}, p.table...)
					p.fill(c)
					require.InDeltaSlice(t, p.table, table, 1e-14)
					if better {
						accepted++
					}
				}
			}
		}
		assert.Greater(t, accepted, 10)
	}
}
