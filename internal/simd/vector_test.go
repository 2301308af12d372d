package simd

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// longest covers several steps of the widest kernel and every tail.
const longest = 85

func TestDotAndSum(t *testing.T) { each(t, testDotAndSum[float64], testDotAndSum[float32]) }

func testDotAndSum[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := range longest {
		x, y := newGuarded(integers[T](rng, n)...), newGuarded(integers[T](rng, n)...)
		var dot, sum T
		for p := range n {
			dot += x.data[p] * y.data[p]
			sum += x.data[p]
		}
		require.Equal(t, dot, Dot(x.data, y.long()), "length %d", n)
		require.Equal(t, sum, Sum(x.data), "length %d", n)
	}
}

// vectorOp is a kernel that writes a vector, beside its plain formula.
type vectorOp[T Float] struct {
	name    string
	do      func(dst []T, c T, x, y []T)
	formula func(dst, c, x, y T) T
	inPlace bool // dst may be x or y
}

func vectorOps[T Float]() []vectorOp[T] {
	return []vectorOp[T]{
		{"AddScaled", func(dst []T, c T, x, _ []T) { AddScaled(dst, c, x) },
			func(dst, c, x, _ T) T { return dst + c*x }, false},
		{"Scale", func(dst []T, c T, x, _ []T) { Scale(dst, c, x) },
			func(_, c, x, _ T) T { return c * x }, true},
		{"AddConst", func(dst []T, c T, _, _ []T) { AddConst(dst, c) },
			func(dst, c, _, _ T) T { return dst + c }, false},
		{"Triad", Triad[T],
			func(_, c, x, y T) T { return x + c*y }, true},
		{"StreamTriad", StreamTriad[T],
			func(_, c, x, y T) T { return x + c*y }, true},
		{"StreamScale", func(dst []T, c T, x, _ []T) { StreamScale(dst, c, x) },
			func(_, c, x, _ T) T { return c * x }, true},
	}
}

func TestVectorOps(t *testing.T) { each(t, testVectorOps[float64], testVectorOps[float32]) }

func testVectorOps[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, op := range vectorOps[T]() {
		for n := range longest {
			c := integers[T](rng, 1)[0]
			x, y := integers[T](rng, n), integers[T](rng, n)
			want := make([]T, n)
			check := func(dst, gx, gy guarded[T]) {
				for p := range want {
					want[p] = op.formula(dst.data[p], c, gx.data[p], gy.data[p])
				}
				op.do(dst.data, c, gx.long(), gy.long())
				require.Equal(t, want, dst.data, "%s, length %d", op.name, n)
				dst.requireIntact(t)
			}
			gx, gy := newGuarded(x...), newGuarded(y...)
			check(newGuarded(integers[T](rng, n)...), gx, gy)
			requireSame(t, x, gx.data)
			requireSame(t, y, gy.data)
			if op.inPlace {
				check(gx, gx, gy)
				check(gy, newGuarded(x...), gy)
				gx = newGuarded(x...)
				check(gx, gx, gx)
			}
		}
	}
}

// An element must not depend on where it lies in a block.
func TestVectorOpsElementwise(t *testing.T) {
	each(t, testVectorOpsElementwise[float64], testVectorOpsElementwise[float32])
}

func testVectorOpsElementwise[T Float](t *testing.T) {
	for _, op := range vectorOps[T]() {
		rapid.Check(t, func(t *rapid.T) {
			n := rapid.IntRange(1, 70).Draw(t, "n")
			c := fractions[T](t, "c", 1)[0]
			x, y, dst := fractions[T](t, "x", n), fractions[T](t, "y", n), fractions[T](t, "dst", n)
			split := append([]T(nil), dst...)
			i := rapid.IntRange(0, n).Draw(t, "i")
			op.do(split[:i], c, x, y)
			op.do(split[i:], c, x[i:], y[i:])
			op.do(dst, c, x, y)
			requireSame(t, dst, split)
		})
	}
}

// The capacity of the short slices suffices, so that only a check of the
// lengths can notice.
func TestShortVectorsPanic(t *testing.T) {
	each(t, testShortVectorsPanic[float64], testShortVectorsPanic[float32])
}

func testShortVectorsPanic[T Float](t *testing.T) {
	for _, n := range []int{1, 3, 4, 5, 8, 9, 17, 33} {
		full, short := make([]T, n), make([]T, 2*n)[:n-1]
		require.Panics(t, func() { Dot(full, short) }, "Dot, %d", n)
		require.Panics(t, func() { AddScaled(full, 1, short) }, "AddScaled, %d", n)
		require.Panics(t, func() { Scale(full, 1, short) }, "Scale, %d", n)
		require.Panics(t, func() { Triad(full, 1, short, full) }, "Triad x, %d", n)
		require.Panics(t, func() { Triad(full, 1, full, short) }, "Triad y, %d", n)
		require.Panics(t, func() { StreamTriad(full, 1, short, full) }, "StreamTriad x, %d", n)
		require.Panics(t, func() { StreamTriad(full, 1, full, short) }, "StreamTriad y, %d", n)
		require.Panics(t, func() { StreamScale(full, 1, short) }, "StreamScale, %d", n)
		require.Panics(t, func() { Exp(full, short) }, "Exp, %d", n)
		require.Panics(t, func() { Tanh(full, short) }, "Tanh, %d", n)
		require.Panics(t, func() { Sigmoid(full, short) }, "Sigmoid, %d", n)
		require.Panics(t, func() { Softplus(full, short) }, "Softplus, %d", n)
		require.Panics(t, func() { SinCos(full, short, full) }, "SinCos cos, %d", n)
		require.Panics(t, func() { SinCos(full, full, short) }, "SinCos x, %d", n)
	}
}

// Special values pass through the vector operations as through plain Go: every
// one meets every other at every position of a vector and of its tail.
func TestVectorSpecialValues(t *testing.T) {
	each(t, testVectorSpecialValues[float64], testVectorSpecialValues[float32])
}

func testVectorSpecialValues[T Float](t *testing.T) {
	nan, inf := T(math.NaN()), T(math.Inf(1))
	special := []T{nan, inf, -inf, 0, T(math.Copysign(0, -1)), 1, -2, T(math.SmallestNonzeroFloat32)}
	var x, y []T
	for _, a := range special {
		for _, b := range special {
			x, y = append(x, a), append(y, b)
		}
	}
	for cut := range 20 { // other positions, other tails
		x, y := x[cut:], y[cut:]
		dst := make([]T, len(x))
		check := func(name string, want func(d, x, y T) T) {
			t.Helper()
			for i := range dst {
				w := want(y[i], x[i], y[i])
				require.True(t, dst[i] == w || dst[i] != dst[i] && w != w, "%s(%v, %v): want %v, got %v", name, x[i], y[i], w, dst[i])
			}
		}
		copy(dst, y)
		AddScaled(dst, 1, x)
		check("AddScaled", func(d, x, _ T) T { return d + x })
		Scale(dst, 2, x)
		check("Scale", func(_, x, _ T) T { return 2 * x })
		Triad(dst, 1, x, y)
		check("Triad", func(_, x, y T) T { return x + y })
		// A factor of zero hides nothing.
		copy(dst, y)
		AddScaled(dst, 0, x)
		check("AddScaled", func(d, x, _ T) T { return d + 0*x })
		Scale(dst, 0, x)
		check("Scale", func(_, x, _ T) T { return 0 * x })
		frame := append(append(make([]T, len(x)), x...), y...)
		n := len(x)
		Products(frame, []Product{{Dst: 0, X: n, Y: 2 * n, C: 1}}, n, 1, 0)
		copy(dst, frame)
		check("Products", func(_, x, y T) T { return x * y })
		require.True(t, Dot(x, y) != Dot(x, y) && Sum(y) != Sum(y), "there is a NaN in y")
	}
}
