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

// each runs a test of the exported functions under every implementation the CPU
// has, for both element types.
func each(t *testing.T, float64s, float32s func(t *testing.T)) {
	saved := active
	defer func() { active = saved }()
	for i := range implementations {
		active = &implementations[i]
		t.Run(active.level+"/float64", float64s)
		t.Run(active.level+"/float32", float32s)
	}
}

func isSingle[T Float]() bool {
	_, single := any(T(0)).(float32)
	return single
}

func bitsOf[T Float](x T) uint64 {
	if s, ok := any(x).(float32); ok {
		return uint64(math.Float32bits(s))
	}
	return math.Float64bits(float64(x))
}

func fromBits[T Float](b uint64) T {
	var x T
	switch p := any(&x).(type) {
	case *float32:
		*p = math.Float32frombits(uint32(b))
	case *float64:
		*p = math.Float64frombits(b)
	}
	return x
}

// poison is a NaN that no arithmetic produces: a kernel that reads it spoils
// its result, and one that overwrites it is seen.
func poison[T Float]() T {
	if isSingle[T]() {
		return fromBits[T](0x7fde_ad01)
	}
	return fromBits[T](0x7ff8_dead_beef_0001)
}

// guarded is a slice between two margins of poison.
type guarded[T Float] struct{ memory, data []T }

const margin = 24

func newGuarded[T Float](x ...T) guarded[T] {
	m := make([]T, len(x)+2*margin)
	for i := range m {
		m[i] = poison[T]()
	}
	copy(m[margin:], x)
	return guarded[T]{m, m[margin : margin+len(x)]}
}

// long is the data with its rear margin: a slice longer than needed.
func (g guarded[T]) long() []T { return g.memory[margin:] }

// requireIntact fails when a margin has changed.
func (g guarded[T]) requireIntact(t require.TestingT) {
	for i, v := range g.memory {
		if (i < margin || i >= margin+len(g.data)) && bitsOf(v) != bitsOf(poison[T]()) {
			require.Failf(t, "wrote outside", "at %d of %d", i-margin, len(g.data))
		}
	}
}

// integers draws n whole numbers so small that sums of products of three are
// exact in any order, fused or not, so that results must be equal.
func integers[T Float](rng *rand.Rand, n int) []T {
	bits := 14
	if isSingle[T]() {
		bits = 5
	}
	x := make([]T, n)
	for i := range x {
		x[i] = T(rng.IntN(1<<(bits+1)-1) - (1<<bits - 1))
	}
	return x
}

// fractions draws n numbers in [-1, 1].
func fractions[T Float](t *rapid.T, label string, n int) []T {
	return numbers[T](t, label, n, 1)
}

// numbers draws n numbers in [-limit, limit].
func numbers[T Float](t *rapid.T, label string, n int, limit float64) []T {
	x := make([]T, n)
	for i, v := range rapid.SliceOfN(rapid.Float64Range(-limit, limit), n, n).Draw(t, label) {
		x[i] = T(v)
	}
	return x
}

// requireSame compares bit for bit, save that any NaN equals any other.
func requireSame[T Float](t require.TestingT, want, got []T) {
	require.Len(t, got, len(want))
	for i := range want {
		if want[i] != want[i] && got[i] != got[i] {
			continue
		}
		if bitsOf(want[i]) != bitsOf(got[i]) {
			require.Failf(t, "differ", "element %d: want %g, got %g", i, want[i], got[i])
		}
	}
}

func TestPoisonSpoils(t *testing.T) { each(t, testPoisonSpoils[float64], testPoisonSpoils[float32]) }

func testPoisonSpoils[T Float](t *testing.T) {
	g := newGuarded[T](1, 2)
	g.requireIntact(t)
	require.True(t, math.IsNaN(float64(Sum(g.memory[margin-1:margin+1]))))
	g.memory[margin+2] = 0
	r := &recorder{}
	g.requireIntact(r)
	require.True(t, r.failed)
}

// recorder notes a failure.
type recorder struct{ failed bool }

func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) FailNow()              { r.failed = true }
