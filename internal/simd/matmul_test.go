package simd

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// matrixProduct is a product: the sizes of c, a and b, and the element of c it
// defines as a sum of products of an element of a with one of b.
type matrixProduct[T Float] struct {
	name string
	do   func(c, a, b []T, m, k, n int)
	// size gives the lengths of c, a, b and of the sum.
	size func(m, k, n int) (c, a, b, terms int)
	// term gives the indices in a and b of term p of element e of c.
	term func(e, p, m, k, n int) (a, b int)
	adds bool // to what c holds
}

func matrixProducts[T Float]() []matrixProduct[T] {
	return []matrixProduct[T]{
		{"MatMul", MatMul[T],
			func(m, k, n int) (int, int, int, int) { return m * n, m * k, k * n, k },
			func(e, p, m, k, n int) (int, int) { return e/n*k + p, p*n + e%n }, false},
		{"MatMulT", MatMulT[T],
			func(m, k, n int) (int, int, int, int) { return k * n, m * k, m * n, m },
			func(e, p, m, k, n int) (int, int) { return p*k + e/n, p*n + e%n }, false},
		{"AddMatMulBT", AddMatMulBT[T],
			func(m, k, n int) (int, int, int, int) { return m * k, m * n, k * n, n },
			func(e, p, m, k, n int) (int, int) { return e/k*n + p, e%k*n + p }, true},
	}
}

func TestProducts(t *testing.T) { each(t, testProducts[float64], testProducts[float32]) }

// Every size of the tiles and around, empty ones too, against the sum that
// defines the element.
func testProducts[T Float](t *testing.T) {
	sizes := []int{0, 1, 2, 3, 4, 5, 8, 9, 11, 15}
	long := []int{0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 33, 48, 49, 64, 70, 513, 1030}
	for _, prod := range matrixProducts[T]() {
		rng := rand.New(rand.NewPCG(1, 2))
		checked := 0
		for size := range len(sizes) * len(sizes) * len(long) {
			m, k, n := sizes[size%len(sizes)], sizes[size/len(sizes)%len(sizes)], long[size/len(sizes)/len(sizes)]
			if n > 100 && m*k > 20 || n > 40 && m*k > 80 {
				continue
			}
			nc, na, nb, terms := prod.size(m, k, n)
			a, b := newGuarded(integers[T](rng, na)...), newGuarded(integers[T](rng, nb)...)
			c := newGuarded(integers[T](rng, nc)...)
			want := slices.Clone(c.data)
			for e := range want {
				if !prod.adds {
					want[e], c.data[e] = 0, T(math.NaN()) // what it overwrites it does not read
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
		require.Greater(t, checked, 30000)
	}
}

// A column of MatMul and MatMulT does not depend on its neighbours: the size of
// a block of points changes no value.
func TestProductColumnsAreIndependent(t *testing.T) {
	each(t, testProductColumns[float64], testProductColumns[float32])
}

func testProductColumns[T Float](t *testing.T) {
	for _, prod := range matrixProducts[T]()[:2] {
		rapid.Check(t, func(t *rapid.T) {
			m := rapid.IntRange(1, 11).Draw(t, "m")
			k := rapid.IntRange(1, 11).Draw(t, "k")
			n := rapid.IntRange(1, 60).Draw(t, "n")
			nc, na, nb, terms := prod.size(m, k, n)
			a, b := fractions[T](t, "a", na), fractions[T](t, "b", nb)
			whole := make([]T, nc)
			prod.do(whole, a, b, m, k, n)
			column, part := make([]T, terms), make([]T, nc/n)
			for j := range n {
				for p := range column {
					column[p] = b[p*n+j]
				}
				prod.do(part, a, column, m, k, 1)
				for i, v := range part {
					require.Equal(t, bitsOf(whole[i*n+j]), bitsOf(v), "row %d, column %d", i, j)
				}
			}
		})
	}
}

func TestProductsKeepNaN(t *testing.T) {
	each(t, testProductsKeepNaN[float64], testProductsKeepNaN[float32])
}

// Zero weights hide no infinity: 0 Inf is NaN in the sum that defines c.
func testProductsKeepNaN[T Float](t *testing.T) {
	const m, k, n = 5, 6, 7
	for _, prod := range matrixProducts[T]() {
		nc, na, nb, _ := prod.size(m, k, n)
		c, a, b := make([]T, nc), make([]T, na), make([]T, nb)
		for j := range b {
			b[j] = T(math.Inf(1))
		}
		prod.do(c, a, b, m, k, n)
		for _, v := range c {
			require.True(t, math.IsNaN(float64(v)), prod.name)
		}
	}
}

func TestShortMatricesPanic(t *testing.T) {
	each(t, testShortMatricesPanic[float64], testShortMatricesPanic[float32])
}

func testShortMatricesPanic[T Float](t *testing.T) {
	short := func(n int) []T { return make([]T, 2*n)[:n-1] }
	for _, prod := range matrixProducts[T]() {
		for _, size := range [][3]int{{1, 1, 1}, {2, 3, 4}, {3, 2, 5}, {4, 4, 8}, {5, 7, 9}, {8, 8, 16}} {
			m, k, n := size[0], size[1], size[2]
			nc, na, nb, _ := prod.size(m, k, n)
			c, a, b := make([]T, nc), make([]T, na), make([]T, nb)
			require.NotPanics(t, func() { prod.do(c, a, b, m, k, n) })
			require.Panics(t, func() { prod.do(short(nc), a, b, m, k, n) }, "%s %v: c", prod.name, size)
			require.Panics(t, func() { prod.do(c, short(na), b, m, k, n) }, "%s %v: a", prod.name, size)
			require.Panics(t, func() { prod.do(c, a, short(nb), m, k, n) }, "%s %v: b", prod.name, size)
		}
	}
}

// Sizes whose products an int does not hold: half² is 0 in its bits, and four
// times a little more than a quarter is 4.
const (
	half    = 1 << (bits.UintSize / 2)
	quarter = 1<<(bits.UintSize-2) + 1
)

func TestAbsurdSizesPanic(t *testing.T) {
	each(t, testAbsurdSizesPanic[float64], testAbsurdSizesPanic[float32])
}

func testAbsurdSizesPanic[T Float](t *testing.T) {
	x := make([]T, 16)
	for _, prod := range matrixProducts[T]() {
		for _, s := range [][3]int{{half, half, half}, {-1, -1, -1}, {-2, -3, -1}, {0, -1, 0}} {
			require.Panics(t, func() { prod.do(x, x, x, s[0], s[1], s[2]) }, "%s %v", prod.name, s)
		}
		for _, s := range [][2]int{{half, half}, {4, quarter}, {math.MaxInt, math.MaxInt}, {-1, -1}, {0, -1}} {
			for i := range 3 { // sizes i and i+1, and the other
				for _, other := range []int{0, 1, 4} {
					size := [3]int{other, other, other}
					size[i], size[(i+1)%3] = s[0], s[1]
					require.Panics(t, func() { prod.do(x, x, x, size[0], size[1], size[2]) }, "%s %v", prod.name, size)
				}
			}
		}
	}
}

func TestAbsurdMatricesPanic(t *testing.T) {
	var w Workspace[float64]
	x := make([]float64, 16)
	m := RowMajor(x, 4, 4)
	negative := Matrix[float64]{x, -1, -1, 1, 1}
	wrapping := Matrix[float64]{x, 5, 5, 1 << (bits.UintSize - 2), 1} // row 4 would begin at 0
	for name, call := range map[string]func(){
		"rows times columns, 0":     func() { RowMajor(x, half, half) },
		"rows times columns, 4":     func() { RowMajor(x, 4, quarter) },
		"negative":                  func() { RowMajor(x, -1, -4) },
		"negative, none":            func() { RowMajor(x, -1, 0) },
		"part: end of its rows":     func() { m.Part(math.MaxInt, 0, 1, 0) },
		"part: end of its columns":  func() { m.Part(0, math.MaxInt, 0, 1) },
		"part: end of many rows":    func() { m.Part(1, 0, math.MaxInt, 1) },
		"part: end of many columns": func() { m.Part(0, 1, 1, math.MaxInt) },
		"part: row that wraps":      func() { wrapping.Part(4, 0, 1, 1) },
		"part: column that wraps":   func() { wrapping.T().Part(0, 4, 1, 1) },
		"part of negative":          func() { negative.Part(0, 0, 0, 0) },
		"transpose, rows":           func() { Transpose(RowMajor(make([]float64, 25), 5, 5), wrapping) },
		"transpose, columns":        func() { Transpose(wrapping.T(), RowMajor(make([]float64, 25), 5, 5)) },
		"transpose, negative":       func() { Transpose(negative, negative) },
		"Gemm":                      func() { w.Gemm(1, wrapping.T(), RowMajor(x, 5, 3), 0, RowMajor(make([]float64, 15), 5, 3)) },
		"Gemm, alpha = 0":           func() { w.Gemm(0, wrapping, RowMajor(x, 5, 3), 0, RowMajor(make([]float64, 15), 5, 3)) },
		"Gemm, negative":            func() { w.Gemm(1, negative, negative, 0, negative) },
		"Syrk, negative":            func() { w.Syrk(1, negative, 0, negative) },
		"Trsm, negative":            func() { w.Trsm(negative, negative) },
		"Cholesky":                  func() { w.Cholesky(wrapping) },
		"Cholesky, negative":        func() { w.Cholesky(negative) },
	} {
		require.Panics(t, call, name)
	}
	require.NotPanics(t, func() {
		empty := RowMajor(x, 0, math.MaxInt)
		w.Gemm(1, RowMajor(x, 0, 2), Matrix[float64]{x, 2, math.MaxInt, 0, 0}, 1, empty)
		Transpose(empty.T(), empty)
		w.Trsm(RowMajor(x, 0, 0), empty)
		m.Part(4, 4, 0, 0)
	}, "an empty matrix may have any length")
}
