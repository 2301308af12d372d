package sampling

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func halton(t testing.TB, dim int) *Halton {
	t.Helper()
	h, err := NewHalton(dim)
	require.NoError(t, err)
	return h
}

// radicalInverse of i in base b by its definition, rounded once.
func radicalInverse(i, b uint64) float64 {
	num, den := new(big.Int), big.NewInt(1)
	base := new(big.Int).SetUint64(b)
	for ; i > 0; i /= b {
		num.Mul(num, base).Add(num, new(big.Int).SetUint64(i%b))
		den.Mul(den, base)
	}
	x, _ := new(big.Rat).SetFrac(num, den).Float64()
	return x
}

func TestHalton(t *testing.T) {
	x := halton(t, 2).Points(5)
	assert.Equal(t, []float64{0, 0, .5, 1. / 3, .25, 2. / 3, .75, 1. / 9, .125, 4. / 9}, x)

	const dim = 1000
	h := halton(t, dim)
	x = make([]float64, 3*dim)
	for _, first := range []uint64{0, 510, 7918, 1 << 30, 1<<50 - 3} {
		require.NoError(t, h.Fill(x, first))
		for i := range uint64(3) {
			for j := range dim {
				require.InDelta(t, radicalInverse(first+i, h.axes[j].base), x[int(i)*dim+j], 2.3e-16, "index %d, dimension %d", first+i, j)
			}
		}
	}
	assert.Equal(t, uint64(7919), h.axes[999].base)
}

// Values of scipy.stats.qmc.Halton(12, scramble=False).
func TestHaltonAgainstSciPy(t *testing.T) {
	x := make([]float64, 12)
	require.NoError(t, halton(t, 12).Fill(x, 1000))
	assert.InDeltaSlice(t, []float64{0.0927734375, 0.3475080018289895, 0.00512, 0.9162848812994586, 0.9316303531179565,
		0.9904415111515704, 0.8483614899246896, 0.6706516984983233, 0.5161502424591108, 0.4887449259912255,
		0.2591386660400792, 0.04674945215485756}, x, 1e-15)
}

func TestHaltonLeaped(t *testing.T) {
	h := halton(t, 5)
	leaped, err := h.Leaped(409)
	require.NoError(t, err)
	x, row := leaped.Points(300), make([]float64, 5)
	for i := range 300 {
		require.NoError(t, h.Fill(row, uint64(409*i)))
		require.Equal(t, row, x[5*i:5*i+5])
	}
}

// Permuted, any b^m points from a multiple of b^m on still have a coordinate
// in every interval of length b^-m, and a coordinate is uniform over seeds.
func TestHaltonPermuted(t *testing.T) {
	plain := halton(t, 4) // bases 2, 3, 5, 7
	for seed := range uint64(5) {
		h, err := plain.Scrambled(Permutation, seed)
		require.NoError(t, err)
		for j, n := range []int{1024, 729, 625, 343} {
			x := make([]float64, 4*n)
			require.NoError(t, h.Fill(x, uint64(5*n)))
			seen := make([]bool, n)
			for i := range n {
				k := int(x[4*i+j] * float64(n))
				require.False(t, seen[k], "seed %d, axis %d, stratum %d", seed, j, k)
				seen[k] = true
			}
		}
	}
	const seeds = 4000
	var mean, square [4]float64
	x := make([]float64, 4)
	for seed := range uint64(seeds) {
		h, err := plain.Scrambled(Permutation, seed)
		require.NoError(t, err)
		require.NoError(t, h.Fill(x, 0)) // all digits zero
		for j, u := range x {
			mean[j] += u / seeds
			square[j] += u * u / seeds
		}
	}
	for j := range 4 {
		assert.InDelta(t, 1./2, mean[j], 4*math.Sqrt(1./12/seeds), "axis %d", j)
		assert.InDelta(t, 1./3, square[j], 4*math.Sqrt(4./45/seeds), "axis %d", j)
	}
}

// The steps of one and two dimensions are known numbers; those of any solve
// the equation of the generalised golden ratio.
func TestKronecker(t *testing.T) {
	step := func(dim int) []uint64 {
		s, err := NewKronecker(dim)
		require.NoError(t, err)
		return s.step
	}
	assert.Equal(t, []uint64{0x9e3779b97f4a7c15}, step(1), "the golden ratio in 64 bits")
	assert.Equal(t, []uint64{0xc13fa9a902a6328f, 0x91e10da5c79e7b1c}, step(2), "the plastic number in 64 bits")
	for dim := 1; dim <= MaxKroneckerDim; dim++ {
		y := math.Ldexp(float64(step(dim)[0]), -64)
		assert.InDelta(t, 1, math.Pow(y, float64(dim))*(y+1), 1e-13)
	}

	s, err := NewKronecker(1)
	require.NoError(t, err)
	x := s.Points(233) // a Fibonacci number: nearly a regular lattice
	seen := map[int]int{}
	for i, u := range x {
		assert.InDelta(t, math.Mod(0.5+float64(i)*0.6180339887498949, 1), u, 1e-13)
		seen[int(u*116)]++
	}
	assert.Len(t, seen, 116)
	far := make([]float64, 1)
	require.NoError(t, s.Fill(far, math.MaxUint64))
	assert.InDelta(t, 0.5-0.6180339887498949+1, far[0], 1e-15, "index -1")
}

// Sequences made in parts are the same as whole, in [0,1), and allocate nothing.
func TestSequences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dim := rapid.IntRange(1, 40).Draw(t, "dim")
		seed := rapid.Uint64().Draw(t, "seed")
		h, err := NewHalton(dim)
		require.NoError(t, err)
		permuted, err := h.Scrambled(Permutation, seed)
		require.NoError(t, err)
		rotated, err := h.Scrambled(Rotation, seed)
		require.NoError(t, err)
		leaped, err := permuted.Leaped(409)
		require.NoError(t, err)
		k, err := NewKronecker(dim)
		require.NoError(t, err)
		shifted, err := k.Scrambled(Rotation, seed)
		require.NoError(t, err)
		l, err := NewLattice(dim, 1021, nil)
		require.NoError(t, err)
		moved, err := l.Scrambled(Rotation, seed)
		require.NoError(t, err)
		s := rapid.SampledFrom([]Sequence{h, permuted, rotated, leaped, k, shifted, l, moved}).Draw(t, "sequence")
		last := uint64(1 << 40)
		if _, ok := s.(*Lattice); ok {
			last = 1021 - 600
		}
		first := rapid.Uint64Range(0, last).Draw(t, "first")
		n := rapid.IntRange(0, 600).Draw(t, "n")
		x, row := make([]float64, n*dim), make([]float64, dim)
		require.NoError(t, s.Fill(x, first))
		for i := range n {
			require.NoError(t, s.Fill(row, first+uint64(i)))
			require.Equal(t, row, x[i*dim:(i+1)*dim])
		}
		for _, u := range x {
			require.True(t, 0 <= u && u < 1)
		}
		require.Zero(t, testing.AllocsPerRun(2, func() { _ = s.Fill(x, first) }))
	})
}
