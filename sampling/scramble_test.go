package sampling

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func scrambled(t testing.TB, dim int, by Scramble, seed uint64) *Sobol {
	t.Helper()
	s, err := sobol(t, dim).Scrambled(by, seed)
	require.NoError(t, err)
	return s
}

// netQuality returns the least t for which n = 2^m points are a (t,m,d)-net:
// every elementary interval of volume 2^(t-m) holds exactly 2^t of them.
func netQuality(x []float64, m, dim int) int {
	for t := range m {
		if netWith(x, m-t, dim, make([]int, dim), 0) {
			return t
		}
	}
	return m
}

// netWith tells whether all boxes of volume 2^-sum(k) hold equally many points,
// for all k with that sum given by left and the k fixed so far.
func netWith(x []float64, left, dim int, k []int, j int) bool {
	if j < dim-1 {
		for k[j] = range left + 1 {
			if !netWith(x, left-k[j], dim, k, j+1) {
				return false
			}
		}
		return true
	}
	k[j] = left
	volume := 0
	for _, k := range k {
		volume += k
	}
	count := make([]int, 1<<volume)
	for row := x; len(row) > 0; row = row[dim:] {
		cell := 0
		for j, u := range row[:dim] {
			cell = cell<<k[j] | int(u*float64(int(1)<<k[j]))
		}
		count[cell]++
	}
	want := len(x) / dim >> volume
	for _, c := range count {
		if c != want {
			return false
		}
	}
	return true
}

// Scrambled nets are nets of the same quality.
func TestScrambledSobolIsNet(t *testing.T) {
	const m = 8
	for dim, quality := range map[int]int{1: 0, 2: 0, 3: 1, 4: 3} {
		require.Equal(t, quality, netQuality(sobol(t, dim).Points(1<<m), m, dim), "dimension %d", dim)
		for _, by := range []Scramble{Owen, Linear} {
			for seed := range uint64(10) {
				x := scrambled(t, dim, by, seed).Points(1 << m)
				require.Equal(t, quality, netQuality(x, m, dim), "%s, dimension %d", by, dim)
			}
		}
	}
	assert.Greater(t, netQuality(scrambled(t, 2, Rotation, 1).Points(1<<m), m, 2), 0, "the test can fail")
}

// Scrambles permute the digits of each coordinate by place: two points agree
// in exactly as many leading digits as before.
func TestScramblesKeepCommonDigits(t *testing.T) {
	const n, dim = 64, 7
	plain := sobol(t, dim).Points(n)
	for _, by := range []Scramble{Owen, Linear} {
		x := scrambled(t, dim, by, 3).Points(n)
		for j := range dim {
			for k := 1; k < 50; k++ {
				scale := math.Ldexp(1, k)
				for i := range n {
					for l := range i {
						was := math.Floor(plain[i*dim+j]*scale) == math.Floor(plain[l*dim+j]*scale)
						is := math.Floor(x[i*dim+j]*scale) == math.Floor(x[l*dim+j]*scale)
						if was != is {
							t.Fatalf("%s: points %d and %d in dimension %d, digit %d", by, i, l, j, k)
						}
					}
				}
			}
		}
	}
}

// The coins of Owen's scrambling are fair and pairwise independent: all 31 of
// the first five digits, and pairs at later digits for prefixes that part late
// or early. Bounds are of five standard deviations.
func TestOwenCoins(t *testing.T) {
	const digits, coins, seeds = 5, 1<<5 - 1, 100000
	rng := rand.New(rand.NewPCG(1, 2))
	var mean [coins]int
	var product [coins][coins]int
	for range seeds {
		add, multiply := rng.Uint64(), rng.Uint64()
		var coin [coins]int
		for k := range digits {
			for prefix := range uint64(1) << k {
				y := owen(prefix, add, multiply) >> (sobolBits - 1 - k)
				coin[1<<k-1+int(prefix)] = 1 - 2*int(y&1)
			}
		}
		for a := range coins {
			mean[a] += coin[a]
			for b := range a {
				product[a][b] += coin[a] * coin[b]
			}
		}
	}
	bound := 5 * math.Sqrt(seeds)
	for a := range coins {
		assert.Less(t, math.Abs(float64(mean[a])), bound, "coin %d", a)
		for b := range a {
			assert.Less(t, math.Abs(float64(product[a][b])), bound, "coins %d and %d", a, b)
		}
	}
	const pairs = 5000
	for _, k := range []int{8, 20, 35, 52} {
		for s := 0; s < k; s += 5 {
			sum := 0
			for range pairs {
				add, multiply := rng.Uint64(), rng.Uint64()
				a, same := rng.Uint64()&(1<<k-1), uint64(1)<<s-1
				b := rng.Uint64()&(1<<k-1)&^same | a&same
				b = b&^(1<<s) | ^a&(1<<s)
				ya, yb := owen(a, add, multiply), owen(b, add, multiply)
				sum += 1 - 2*int((ya^yb)>>(sobolBits-1-k)&1)
			}
			assert.Less(t, math.Abs(float64(sum)), 5*math.Sqrt(pairs), "digit %d of prefixes that part at digit %d", k+1, s+1)
		}
	}
}

// Means are unbiased. Of a smooth function in one dimension the variance falls
// as n^-3; in more, logarithms come in. Rotated points are no net.
func TestScrambledVariance(t *testing.T) {
	const seeds = 400
	tests := []struct {
		by               Scramble
		dim              int
		order, tolerance float64 // of the variance
	}{{Owen, 1, -3, 0.1}, {Linear, 1, -3, 0.2}, {Owen, 3, -2.7, 0.3}, {Linear, 3, -2.7, 0.3}, {Rotation, 1, -2, 0.1}}
	for _, test := range tests {
		variance := map[int]float64{}
		for _, n := range []int{1, 64, 1024} {
			x := make([]float64, n*test.dim)
			var sum float64
			for seed := range uint64(seeds) {
				require.NoError(t, scrambled(t, test.dim, test.by, seed).Fill(x, 0))
				e := meanProduct(x, test.dim) - 1
				sum += e / seeds
				variance[n] += e * e / seeds
			}
			assert.InDelta(t, 0, sum, 4*math.Sqrt(variance[n]/seeds), "%s, %d points in dimension %d: bias", test.by, n, test.dim)
		}
		order := math.Log2(variance[1024]/variance[64]) / 4
		assert.InDelta(t, test.order, order, test.tolerance, "%s in dimension %d", test.by, test.dim)
	}
}

// meanProduct is the mean of the product of x_j exp(x_j), whose integral is 1.
func meanProduct(x []float64, dim int) (mean float64) {
	for row := x; len(row) > 0; row = row[dim:] {
		y := 1.
		for _, u := range row[:dim] {
			y *= u * math.Exp(u)
		}
		mean += y
	}
	return mean / float64(len(x)/dim)
}

func TestScrambledPoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dim := rapid.IntRange(1, 130).Draw(t, "dim")
		by := rapid.SampledFrom([]Scramble{Unscrambled, Owen, Linear, Rotation}).Draw(t, "by")
		seed := rapid.Uint64().Draw(t, "seed")
		first := rapid.Uint64Range(0, 1<<sobolBits-100).Draw(t, "first")
		n := rapid.IntRange(1, 70).Draw(t, "n")
		plain, err := NewSobol(dim)
		require.NoError(t, err)
		s, err := plain.Scrambled(by, seed)
		require.NoError(t, err)
		x := make([]float64, n*dim)
		require.NoError(t, s.Fill(x, first))
		for _, v := range x {
			require.True(t, 0 <= v && v < 1 && v == math.Floor(v*(1<<53))/(1<<53))
		}

		row := make([]float64, dim)
		i := rapid.IntRange(0, n-1).Draw(t, "i")
		require.NoError(t, s.Fill(row, first+uint64(i)))
		require.Equal(t, x[i*dim:(i+1)*dim], row, "a point does not depend on those before it")

		fewer, err := NewSobol((dim + 1) / 2)
		require.NoError(t, err)
		fewer, err = fewer.Scrambled(by, seed)
		require.NoError(t, err)
		short := make([]float64, fewer.Dim())
		require.NoError(t, fewer.Fill(short, first+uint64(i)))
		require.Equal(t, row[:fewer.Dim()], short, "a dimension does not depend on the number of dimensions")
	})
}

func TestScrambledErrors(t *testing.T) {
	s := sobol(t, 2)
	for _, by := range []Scramble{"own", Permutation} {
		_, err := s.Scrambled(by, 1)
		assert.ErrorContains(t, err, `is none of "none", "owen", "linear", "rotation"`)
	}
	o, err := s.Scrambled(Owen, 1)
	require.NoError(t, err)
	_, err = o.Scrambled(Linear, 1)
	assert.ErrorContains(t, err, "scrambled already")
	again, err := s.Scrambled("", 5)
	require.NoError(t, err)
	assert.Equal(t, s.Points(10), again.Points(10))
}
