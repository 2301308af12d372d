package simd

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// products are the matrix products: the sizes of c, a and b, and the element of
// c they define as a sum of products of an element of a with one of b.
var products = []struct {
	name string
	do   func(c, a, b []float64, m, k, n int)
	// size gives the lengths of c, a, b and of the sum.
	size func(m, k, n int) (c, a, b, terms int)
	// term gives the indices in a and b of term p of element e of c.
	term func(e, p, m, k, n int) (a, b int)
	adds bool // to what c holds
}{
	{"MatMul", MatMul,
		func(m, k, n int) (int, int, int, int) { return m * n, m * k, k * n, k },
		func(e, p, m, k, n int) (int, int) { return e/n*k + p, p*n + e%n }, false},
	{"MatMulT", MatMulT,
		func(m, k, n int) (int, int, int, int) { return k * n, m * k, m * n, m },
		func(e, p, m, k, n int) (int, int) { return p*k + e/n, p*n + e%n }, false},
	{"AddMatMulBT", AddMatMulBT,
		func(m, k, n int) (int, int, int, int) { return m * k, m * n, k * n, n },
		func(e, p, m, k, n int) (int, int) { return e/k*n + p, e%k*n + p }, true},
}

// Every size, empty ones too, against the sum that defines the element.
func TestProducts(t *testing.T) {
	for _, prod := range products {
		rng := rand.New(rand.NewPCG(1, 2))
		checked := 0
		for size := range 10 * 10 * 37 {
			m, k, n := size%10, size/10%10, size/100
			nc, na, nb, terms := prod.size(m, k, n)
			a, b := newGuarded(integers(rng, na, 20)...), newGuarded(integers(rng, nb, 20)...)
			c := newGuarded(integers(rng, nc, 20)...)
			want := slices.Clone(c.data)
			for e := range want {
				if !prod.adds {
					want[e], c.data[e] = 0, math.NaN() // what it overwrites it does not read
				}
				for p := range terms {
					i, j := prod.term(e, p, m, k, n)
					want[e] += a.data[i] * b.data[j]
				}
			}
			prod.do(c.long(), a.long(), b.long(), m, k, n)
			for e, got := range c.data {
				if want[e] != got {
					require.Failf(t, prod.name, "element %d of %d x %d x %d: want %g, got %g", e, m, k, n, want[e], got)
				}
				checked++
			}
			c.requireIntact(t)
		}
		require.Greater(t, checked, 70000)
	}
}

// A column of MatMul and MatMulT does not depend on its neighbours: the size of
// a block of points changes no value.
func TestProductColumnsAreIndependent(t *testing.T) {
	for _, prod := range products[:2] {
		t.Run(prod.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				m := rapid.IntRange(1, 11).Draw(t, "m")
				k := rapid.IntRange(1, 11).Draw(t, "k")
				n := rapid.IntRange(1, 40).Draw(t, "n")
				nc, na, nb, terms := prod.size(m, k, n)
				a, b := fractions(t, "a", na), fractions(t, "b", nb)
				whole := make([]float64, nc)
				prod.do(whole, a, b, m, k, n)
				column, part := make([]float64, terms), make([]float64, nc/n)
				for j := range n {
					for p := range column {
						column[p] = b[p*n+j]
					}
					prod.do(part, a, column, m, k, 1)
					for i, v := range part {
						require.Equal(t, math.Float64bits(whole[i*n+j]), math.Float64bits(v), "row %d, column %d", i, j)
					}
				}
			})
		})
	}
}

// Zero weights hide no infinity: 0 Inf is NaN in the sum that defines c.
func TestProductsKeepNaN(t *testing.T) {
	const m, k, n = 5, 6, 7
	for _, prod := range products {
		nc, na, nb, _ := prod.size(m, k, n)
		c, a, b := make([]float64, nc), make([]float64, na), make([]float64, nb)
		for j := range b {
			b[j] = math.Inf(1)
		}
		prod.do(c, a, b, m, k, n)
		for _, v := range c {
			require.True(t, math.IsNaN(v), prod.name)
		}
	}
}

func TestShortMatricesPanic(t *testing.T) {
	short := func(n int) []float64 { return make([]float64, 2*n)[:n-1] }
	for _, prod := range products {
		for _, size := range [][3]int{{1, 1, 1}, {2, 3, 4}, {3, 2, 5}, {4, 4, 8}, {5, 7, 9}, {8, 8, 16}} {
			m, k, n := size[0], size[1], size[2]
			nc, na, nb, _ := prod.size(m, k, n)
			c, a, b := make([]float64, nc), make([]float64, na), make([]float64, nb)
			require.NotPanics(t, func() { prod.do(c, a, b, m, k, n) })
			require.Panics(t, func() { prod.do(short(nc), a, b, m, k, n) }, "%s %v: c", prod.name, size)
			require.Panics(t, func() { prod.do(c, short(na), b, m, k, n) }, "%s %v: a", prod.name, size)
			require.Panics(t, func() { prod.do(c, a, short(nb), m, k, n) }, "%s %v: b", prod.name, size)
		}
	}
}
