package exactsum

import (
	"flag"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Property tests draw the same values every time; -rapid.seed=N draws others.
func init() {
	if err := flag.Set("rapid.seed", "1"); err != nil {
		panic(err)
	}
}

// exact is the sum with so many bits that it is exact, rounded once.
func exact(x []float64) float64 {
	total := new(big.Float).SetPrec(2300)
	for _, v := range x {
		total.Add(total, new(big.Float).SetFloat64(v))
	}
	y, _ := total.Float64()
	return y + 0
}

func sum(x []float64) *Sum {
	s := new(Sum)
	for _, v := range x {
		s.Add(v)
	}
	return s
}

func TestSum(t *testing.T) {
	for _, x := range [][]float64{
		{}, {0}, {math.Copysign(0, -1)}, {1}, {-1}, {1e308, -1e308}, {0.1, 0.2, 0.3},
		{1, 1e100, 1, -1e100}, {1e16, 1, 1, -1e16}, {math.SmallestNonzeroFloat64}, {math.SmallestNonzeroFloat64, -1, 1},
		{1, math.Ldexp(1, -53)}, {1, math.Ldexp(1, -53), math.SmallestNonzeroFloat64}, {1 + math.Ldexp(1, -52), math.Ldexp(1, -53)},
		{math.MaxFloat64, math.MaxFloat64}, {math.MaxFloat64, math.MaxFloat64, -math.MaxFloat64}, {-math.MaxFloat64, math.SmallestNonzeroFloat64},
		{0x1p-1022, -0x1p-1074}, {math.Inf(1), 1}, {-1, math.Inf(-1)},
	} {
		require.Equal(t, math.Float64bits(exactOrSpecial(x)), math.Float64bits(sum(x).Value()), "%g", x)
	}
	assert.True(t, math.IsNaN(sum([]float64{math.Inf(1), math.Inf(-1)}).Value()))
	assert.True(t, math.IsNaN(sum([]float64{math.NaN(), 1}).Value()))
}

func exactOrSpecial(x []float64) float64 {
	for _, v := range x {
		if math.IsInf(v, 0) {
			return v
		}
	}
	return exact(x)
}

// More additions than a digit takes without carries, of the largest mantissa.
func TestManyAdditions(t *testing.T) {
	const n = 100000
	for _, v := range []float64{math.Nextafter(2, 1), -math.Nextafter(2, 1), math.Ldexp(math.Nextafter(2, 1), 31), math.Ldexp(-math.Nextafter(2, 1), 30)} {
		s := new(Sum)
		for range n {
			s.Add(v)
		}
		want, _ := new(big.Float).SetPrec(200).Mul(new(big.Float).SetFloat64(v), big.NewFloat(n)).Float64()
		require.Equal(t, want, s.Value())
		for range n {
			s.Add(-v)
		}
		require.Zero(t, s.Value())
	}
}

// However values are parted and merged, encoded on the way or not, the sum is the
// exact one.
func TestPartsMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOf(rapid.Float64()).Draw(t, "x")
		parts := make([]Sum, rapid.IntRange(1, 4).Draw(t, "parts"))
		for i, v := range x {
			parts[rapid.IntRange(0, len(parts)-1).Draw(t, "part")].Add(v)
			_ = i
		}
		var total Sum
		for i := range parts {
			before := parts[i].Value()
			b, err := parts[i].MarshalBinary()
			require.NoError(t, err)
			var p Sum
			require.NoError(t, p.UnmarshalBinary(b))
			require.Equal(t, before, p.Value())
			total.Merge(&p)
			require.Equal(t, before, p.Value())
		}
		require.Equal(t, exact(x), total.Value())
	})
}

func FuzzUnmarshal(f *testing.F) {
	b, _ := sum([]float64{1, 1e100, -5}).MarshalBinary()
	f.Add(b)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Sum
		if s.UnmarshalBinary(b) != nil {
			return
		}
		s.Add(1)
		var other Sum
		other.Merge(&s)
		x, y := s.Value(), other.Value()
		require.True(t, x == y || x != x && y != y)
	})
}

func BenchmarkAdd(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float64, 1024)
	for i := range x {
		x[i] = 100*r.Float64() - 20
	}
	var s Sum
	for b.Loop() {
		for _, v := range x {
			s.Add(v)
		}
	}
}
