package sampling

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func lattice(t testing.TB, dim, n int) *Lattice {
	t.Helper()
	l, err := NewLattice(dim, n, nil)
	require.NoError(t, err)
	return l
}

// The fast construction picks what the sums do, for primes and powers of them.
func TestLatticeFastIsDirect(t *testing.T) {
	weights := []float64{1, 0.5, 0.25, 0.2, 0.1, 0.05}
	for _, n := range []int{5, 7, 8, 9, 16, 25, 27, 49, 64, 101, 121, 127, 128, 243, 256, 343, 512, 625, 1009} {
		l, err := NewLattice(len(weights), n, weights)
		require.NoError(t, err)
		p := make([]float64, n)
		for k := range p {
			p[k] = 1
		}
		var want []int
		sum := 0.
		for j, weight := range weights {
			z := 1
			if j > 0 {
				z = pick(directMerits(p))
			}
			want = append(want, z)
			for k := range p {
				p[k] *= 1 + weight*korobov(k*z%n, n)
			}
		}
		for _, q := range p {
			sum += (q - 1) / float64(n)
		}
		assert.Equal(t, want, l.Vector(), "n = %d", n)
		assert.InEpsilon(t, sum, l.P2(), 1e-9, "n = %d", n)
	}
}

// P2 by its definition: the sum of prod gamma_j / h_j^2 over all integer h with
// h.z a multiple of n, h != 0, cut off at |h| <= H.
func TestLatticeP2(t *testing.T) {
	const n, cut = 13, 1300
	l := lattice(t, 2, n)
	sum := 0.
	for h1 := -cut; h1 <= cut; h1++ {
		for h2 := -cut; h2 <= cut; h2++ {
			if (h1 != 0 || h2 != 0) && (h1*l.vector[0]+h2*l.vector[1])%n == 0 {
				r := 1.
				if h1 != 0 {
					r *= l.weights[0] / float64(h1*h1)
				}
				if h2 != 0 {
					r *= l.weights[1] / float64(h2*h2)
				}
				sum += r
			}
		}
	}
	assert.InDelta(t, sum, l.P2(), 2./cut)
}

// P2 falls almost as n^-2, and the errors of a smooth periodic function do;
// rotated they are unbiased.
func TestLatticeOrder(t *testing.T) {
	a, b := lattice(t, 5, 257), lattice(t, 5, 4099)
	assert.Less(t, math.Log(b.P2()/a.P2())/math.Log(4099./257), -1.5)

	f := func(x []float64) float64 {
		y := 1.
		for j, u := range x {
			y *= 1 + korobov(int(u*1e6), 1e6)/20/float64(j+1)
		}
		return y
	}
	for _, n := range []int{1024, 4096} {
		l := lattice(t, 5, n)
		mean, squares := 0., 0.
		for seed := range uint64(20) {
			r, err := l.Scrambled(Rotation, seed)
			require.NoError(t, err)
			x, sum := r.Points(), 0.
			for ; len(x) > 0; x = x[5:] {
				sum += f(x[:5]) / float64(n)
			}
			mean += (sum - 1) / 20
			squares += (sum - 1) * (sum - 1) / 20
		}
		assert.Less(t, math.Sqrt(squares), 20/float64(n*n)*100, "n = %d", n)
		assert.InDelta(t, 0, mean, 4*math.Sqrt(squares/20)+1e-6)
	}
}

// Each projection on an axis is the regular grid.
func TestLatticeProjections(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 6, 100, 210, 1024} {
		x := lattice(t, 4, n).Points()
		for j := range 4 {
			seen := make([]bool, n)
			for i := range n {
				k := int(math.Round(x[4*i+j] * float64(n)))
				require.False(t, seen[k], "n = %d", n)
				seen[k] = true
			}
		}
	}
}

// Equal weights in many dimensions pass what the figure of merit can hold.
func TestLatticeOfTooLargeWeights(t *testing.T) {
	_, err := NewLattice(600, 127, slices.Repeat([]float64{1}, 600))
	require.ErrorContains(t, err, "weights up to dimension")
	_, err = NewLattice(3, 127, []float64{1e300, 1e300, 1})
	require.ErrorContains(t, err, "weights up to dimension 1")
	l, err := NewLattice(400, 127, slices.Repeat([]float64{1}, 400))
	require.NoError(t, err)
	require.False(t, math.IsInf(l.P2(), 0))
}
