package simd

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// longest covers several steps of the widest kernel and every tail.
const longest = 75

func TestDotAndSum(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := range longest {
		x, y := newGuarded(integers(rng, n, 20)...), newGuarded(integers(rng, n, 20)...)
		var dot, sum float64
		for p := range n {
			dot += x.data[p] * y.data[p]
			sum += x.data[p]
		}
		require.Equal(t, dot, Dot(x.data, y.long()), "length %d", n)
		require.Equal(t, sum, Sum(x.data), "length %d", n)
	}
}

// vectorOps are the kernels that write a vector, beside their plain formulas.
var vectorOps = []struct {
	name    string
	do      func(dst []float64, c float64, x, y []float64)
	formula func(dst, c, x, y float64) float64
	inPlace bool // dst may be x or y
}{
	{"AddScaled", func(dst []float64, c float64, x, _ []float64) { AddScaled(dst, c, x) },
		func(dst, c, x, _ float64) float64 { return dst + c*x }, false},
	{"Scale", func(dst []float64, c float64, x, _ []float64) { Scale(dst, c, x) },
		func(_, c, x, _ float64) float64 { return c * x }, true},
	{"AddConst", func(dst []float64, c float64, _, _ []float64) { AddConst(dst, c) },
		func(dst, c, _, _ float64) float64 { return dst + c }, false},
	{"ScaledMul", ScaledMul,
		func(_, c, x, y float64) float64 { return c * x * y }, true},
	{"AddScaledMul", AddScaledMul,
		func(dst, c, x, y float64) float64 { return dst + c*x*y }, false},
}

func TestVectorOps(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, op := range vectorOps {
		for n := range longest {
			c := integers(rng, 1, 10)[0]
			x, y := integers(rng, n, 20), integers(rng, n, 20)
			want := make([]float64, n)
			check := func(dst, gx, gy guarded) {
				for p := range want {
					want[p] = op.formula(dst.data[p], c, gx.data[p], gy.data[p])
				}
				op.do(dst.data, c, gx.long(), gy.long())
				require.Equal(t, want, dst.data, "%s, length %d", op.name, n)
				dst.requireIntact(t)
			}
			gx, gy := newGuarded(x...), newGuarded(y...)
			check(newGuarded(integers(rng, n, 20)...), gx, gy)
			require.Equal(t, x, gx.data, op.name)
			require.Equal(t, y, gy.data, op.name)
			if op.inPlace {
				check(gx, gx, gy)
				check(gy, newGuarded(x...), gy)
				gx = newGuarded(x...)
				check(gx, gx, gx)
			}
		}
	}
}

// A term of a Taylor series must not depend on where its point lies in a block.
func TestVectorOpsElementwise(t *testing.T) {
	for _, op := range vectorOps {
		t.Run(op.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				n := rapid.IntRange(1, 70).Draw(t, "n")
				c := fractions(t, "c", 1)[0]
				x, y, dst := fractions(t, "x", n), fractions(t, "y", n), fractions(t, "dst", n)
				split := append([]float64(nil), dst...)
				i := rapid.IntRange(0, n).Draw(t, "i")
				op.do(split[:i], c, x, y)
				op.do(split[i:], c, x[i:], y[i:])
				op.do(dst, c, x, y)
				requireSame(t, dst, split)
			})
		})
	}
}

// The capacity of the short slices suffices, so that only a check of the
// lengths can notice.
func TestShortVectorsPanic(t *testing.T) {
	for _, n := range []int{1, 3, 4, 5, 8, 9, 17, 33} {
		full, short := make([]float64, n), make([]float64, 2*n)[:n-1]
		require.Panics(t, func() { Dot(full, short) }, "Dot, %d", n)
		require.Panics(t, func() { AddScaled(full, 1, short) }, "AddScaled, %d", n)
		require.Panics(t, func() { Scale(full, 1, short) }, "Scale, %d", n)
		require.Panics(t, func() { ScaledMul(full, 1, short, full) }, "ScaledMul x, %d", n)
		require.Panics(t, func() { ScaledMul(full, 1, full, short) }, "ScaledMul y, %d", n)
		require.Panics(t, func() { AddScaledMul(full, 1, short, full) }, "AddScaledMul x, %d", n)
		require.Panics(t, func() { AddScaledMul(full, 1, full, short) }, "AddScaledMul y, %d", n)
		require.Panics(t, func() { Tanh(full, short) }, "Tanh, %d", n)
		require.Panics(t, func() { Sigmoid(full, short) }, "Sigmoid, %d", n)
		require.Panics(t, func() { Softplus(full, short) }, "Softplus, %d", n)
		require.Panics(t, func() { SinCos(full, short, full) }, "SinCos cos, %d", n)
		require.Panics(t, func() { SinCos(full, full, short) }, "SinCos x, %d", n)
	}
}
