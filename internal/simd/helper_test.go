package simd

import (
	"flag"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The property tests draw the same cases on every run; -rapid.seed changes it.
func init() {
	if err := flag.Set("rapid.seed", "1"); err != nil {
		panic(err)
	}
}

// poison is a NaN that no arithmetic produces: a kernel that reads it spoils
// its result, and one that overwrites it is seen.
var poison = math.Float64frombits(0x7ff8_dead_beef_0001)

// guarded is a slice between two margins of poison.
type guarded struct{ memory, data []float64 }

const margin = 24

func newGuarded(x ...float64) guarded {
	m := make([]float64, len(x)+2*margin)
	for i := range m {
		m[i] = poison
	}
	copy(m[margin:], x)
	return guarded{m, m[margin : margin+len(x)]}
}

// long is the data with its rear margin: a slice longer than needed.
func (g guarded) long() []float64 { return g.memory[margin:] }

// requireIntact fails when a margin has changed.
func (g guarded) requireIntact(t require.TestingT) {
	for i, v := range g.memory {
		if (i < margin || i >= margin+len(g.data)) && math.Float64bits(v) != math.Float64bits(poison) {
			require.Failf(t, "wrote outside", "at %d of %d", i-margin, len(g.data))
		}
	}
}

// integers draws n whole numbers below 2^bits. On them sums of products are
// exact in any order, fused or not, so that results must be equal.
func integers(rng *rand.Rand, n, bits int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(rng.IntN(1<<(bits+1)-1) - (1<<bits - 1))
	}
	return x
}

// fractions draws n numbers in [-1, 1].
func fractions(t *rapid.T, label string, n int) []float64 {
	return rapid.SliceOfN(rapid.Float64Range(-1, 1), n, n).Draw(t, label)
}

// requireSame compares bit for bit, save that any NaN equals any other.
func requireSame(t require.TestingT, want, got []float64) {
	require.Len(t, got, len(want))
	for i := range want {
		if math.IsNaN(want[i]) && math.IsNaN(got[i]) {
			continue
		}
		require.Equal(t, math.Float64bits(want[i]), math.Float64bits(got[i]), "element %d: want %g, got %g", i, want[i], got[i])
	}
}

func TestPoisonSpoils(t *testing.T) {
	g := newGuarded(1, 2)
	g.requireIntact(t)
	require.True(t, math.IsNaN(Sum(g.memory[margin-1:margin+1])))
}
