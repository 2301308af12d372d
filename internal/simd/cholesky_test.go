package simd

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCholesky(t *testing.T) { each(t, testCholesky[float64], testCholesky[float32]) }

// For whole numbers, with powers of two on the diagonal, A = L Lᵀ gives back
// exactly L; with a pivot taken away it fails there.
func testCholesky[T Float](t *testing.T) {
	var w Workspace[T]
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		n := rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(60, 140)).Draw(t, "n")
		bad := n
		if n > 0 && rapid.Bool().Draw(t, "indefinite") {
			bad = rapid.IntRange(0, n-1).Draw(t, "bad")
		}
		a, memory := place[T](rng, n, n, byRow)
		l := a.clone()
		for i := range n {
			for j := range n {
				switch {
				case j > i:
					*l.at(i, j), *a.at(i, j) = poison[T](), poison[T]()
				case j == i:
					*l.at(i, j) = T(int(1) << rng.IntN(3))
				default:
					*l.at(i, j) = T(rng.IntN(7) - 3)
				}
			}
		}
		for i := range n {
			for j := range i + 1 {
				var s T
				for p := range j + 1 {
					s += *l.at(i, p) * *l.at(j, p)
				}
				*a.at(i, j) = s
			}
		}
		if bad < n {
			// The pivot becomes zero, or worse.
			d := *l.at(bad, bad)
			*a.at(bad, bad) -= d * d
			switch rng.IntN(4) {
			case 0:
				*a.at(bad, bad)--
			case 1:
				*a.at(bad, bad) = T(math.Inf(1))
			case 2:
				*a.at(bad, bad) = T(math.NaN())
			}
		}
		require.Equal(t, bad, w.Cholesky(a))
		for i := range n {
			for j := range n {
				switch {
				case j > i:
					require.Equal(t, bitsOf(poison[T]()), bitsOf(*a.at(i, j)))
				case i < bad:
					require.Equal(t, *l.at(i, j), *a.at(i, j), "%d of %d: %d, %d", bad, n, i, j)
				}
			}
		}
		if bad < n {
			p := *a.at(bad, bad)
			require.True(t, !(p > 0) || math.IsInf(float64(p), 1), p)
		}
		memory.requireIntact(t)
	})
}

func TestTranspose(t *testing.T) { each(t, testTranspose[float64], testTranspose[float32]) }

func testTranspose[T Float](t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		m, n := rapid.IntRange(0, 40).Draw(t, "m"), rapid.IntRange(0, 40).Draw(t, "n")
		any := rapid.SampledFrom([]layout{byRow, byColumn, spread})
		a, _ := place[T](rng, m, n, any.Draw(t, "A"))
		b, memory := place[T](rng, n, m, any.Draw(t, "B"))
		Transpose(b, a)
		for i := range m {
			for j := range n {
				require.Equal(t, *a.at(i, j), *b.at(j, i))
			}
		}
		memory.requireIntact(t)
	})
}
