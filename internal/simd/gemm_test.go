package simd

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// layout is how the elements of a matrix lie in memory.
type layout int

const (
	byRow layout = iota
	byColumn
	spread // neither rows nor columns contiguous
)

// laidOut is a matrix still without data, with a gap between rows (or columns),
// and the number of elements it needs.
func laidOut[T Float](rows, cols, gap int, how layout) (a Matrix[T], need int) {
	a = Matrix[T]{nil, rows, cols, cols + gap, 1}
	switch how {
	case byColumn:
		a.RowStride, a.ColStride = 1, rows+gap
	case spread:
		a.RowStride, a.ColStride = 2*cols+gap, 2
	}
	if rows > 0 && cols > 0 {
		need = (rows-1)*a.RowStride + (cols-1)*a.ColStride + 1
	}
	return a, need
}

// place views guarded memory as a matrix of whole numbers, with gaps of poison
// between rows (or columns).
func place[T Float](rng *rand.Rand, rows, cols int, how layout) (Matrix[T], guarded[T]) {
	a, need := laidOut[T](rows, cols, rng.IntN(4), how)
	memory := make([]T, need)
	for i := range memory {
		memory[i] = poison[T]()
	}
	g := newGuarded(memory...)
	a.Data = g.long()
	numbers := integers[T](rng, rows*cols)
	for i := range rows {
		for j := range cols {
			*a.at(i, j) = numbers[i*cols+j]
		}
	}
	return a, g
}

func (a Matrix[T]) at(i, j int) *T { return &a.Data[i*a.RowStride+j*a.ColStride] }

// clone copies the matrix, gaps and all.
func (a Matrix[T]) clone() Matrix[T] {
	a.Data = append([]T(nil), a.Data...)
	return a
}

func TestGemm(t *testing.T) { each(t, testGemm[float64], testGemm[float32]) }

// Exactly the sum that defines the product, and nothing beside it changes.
func testGemm[T Float](t *testing.T) {
	var w Workspace[T]
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		// One dimension may pass the end of its block.
		size := [3]int{}
		long := rapid.IntRange(0, 8).Draw(t, "long")
		for d := range size {
			size[d] = rapid.IntRange(0, 50).Draw(t, "size")
			if long < 3 {
				size[d] = min(size[d], 20)
			}
		}
		switch long {
		case 0, 1:
			size[long] += max(height, depth) - 10
		case 2:
			size[2] += width - 10
		}
		m, k, n := size[0], size[1], size[2]
		any := rapid.SampledFrom([]layout{byRow, byColumn, spread})
		a, _ := place[T](rng, m, k, any.Draw(t, "A"))
		b, _ := place[T](rng, k, n, any.Draw(t, "B"))
		c, memory := place[T](rng, m, n, rapid.SampledFrom([]layout{byRow, byColumn}).Draw(t, "C"))
		alpha := T(rapid.SampledFrom([]float64{1, -1, 2, 0}).Draw(t, "alpha"))
		beta := T(rapid.SampledFrom([]float64{0, 1, -1, 3}).Draw(t, "beta"))
		want := c.clone()
		for i := range m {
			for j := range n {
				var s T
				for p := range k {
					s += *a.at(i, p) * *b.at(p, j)
				}
				*want.at(i, j) = alpha*s + beta**c.at(i, j)
				if beta == 0 {
					*c.at(i, j) = T(math.NaN()) // what it overwrites it does not read
				}
			}
		}
		w.Gemm(alpha, a, b, beta, c)
		requireEqualMatrices(t, want, c)
		memory.requireIntact(t)
	})
}

// requireEqualMatrices compares all of the memory, but 0 and -0 are equal.
func requireEqualMatrices[T Float](t require.TestingT, want, got Matrix[T]) {
	for e, v := range want.Data {
		if g := got.Data[e]; v != g && bitsOf(v) != bitsOf(g) {
			i, j := 0, e
			if got.RowStride > 0 {
				i, j = e/got.RowStride, e%got.RowStride
			}
			require.Failf(t, "differ", "%d x %d at %d, %d: want %g, got %g", want.Rows, want.Cols, i, j, v, g)
		}
	}
}

func TestGemmIgnoresWhatItMust(t *testing.T) {
	each(t, testGemmIgnores[float64], testGemmIgnores[float32])
}

// alpha = 0 hides what A and B hold.
func testGemmIgnores[T Float](t *testing.T) {
	nan := T(math.NaN())
	var w Workspace[T]
	c := []T{1, 2, 3, 4}
	w.Gemm(0, RowMajor([]T{nan, nan}, 2, 1), RowMajor([]T{nan, nan}, 1, 2), 2, RowMajor(c, 2, 2))
	require.Equal(t, []T{2, 4, 6, 8}, c)
	w.Gemm(1, RowMajor([]T{}, 2, 0), RowMajor([]T{}, 0, 2), 0, RowMajor(c, 2, 2))
	require.Equal(t, []T{0, 0, 0, 0}, c)
	// A zero in A hides nothing.
	w.Gemm(1, RowMajor([]T{0, 0}, 2, 1), RowMajor([]T{T(math.Inf(1)), 1}, 1, 2), 1, RowMajor(c, 2, 2))
	requireSame(t, []T{nan, 0, nan, 0}, c)
}

func TestSyrk(t *testing.T) { each(t, testSyrk[float64], testSyrk[float32]) }

func testSyrk[T Float](t *testing.T) {
	var w Workspace[T]
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		n, k := rapid.IntRange(0, 70).Draw(t, "n"), rapid.IntRange(0, 20).Draw(t, "k")
		if rapid.IntRange(0, 8).Draw(t, "long") == 0 {
			n += height - 20
		}
		a, _ := place[T](rng, n, k, rapid.SampledFrom([]layout{byRow, byColumn, spread}).Draw(t, "A"))
		c, memory := place[T](rng, n, n, byRow)
		alpha := T(rapid.SampledFrom([]float64{1, -1, 0}).Draw(t, "alpha"))
		beta := T(rapid.SampledFrom([]float64{0, 1, 2}).Draw(t, "beta"))
		want := c.clone()
		for i := range n {
			for j := range n {
				if j > i {
					*want.at(i, j), *c.at(i, j) = poison[T](), poison[T]() // neither read nor written
					continue
				}
				var s T
				for p := range k {
					s += *a.at(i, p) * *a.at(j, p)
				}
				*want.at(i, j) = alpha*s + beta**c.at(i, j)
				if beta == 0 {
					*c.at(i, j) = T(math.NaN())
				}
			}
		}
		w.Syrk(alpha, a, beta, c)
		requireEqualMatrices(t, want, c)
		memory.requireIntact(t)
	})
}

func TestTrsm(t *testing.T) { each(t, testTrsm[float64], testTrsm[float32]) }

// For whole numbers, with powers of two on the diagonal, B = L X gives back
// exactly X.
func testTrsm[T Float](t *testing.T) {
	var w Workspace[T]
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		n, m := rapid.IntRange(0, 100).Draw(t, "n"), rapid.IntRange(0, 150).Draw(t, "m")
		transposed := rapid.Bool().Draw(t, "transposed")
		any := rapid.SampledFrom([]layout{byRow, byColumn, spread})
		l, _ := place[T](rng, n, n, any.Draw(t, "L"))
		x, _ := place[T](rng, n, m, byRow)
		b, memory := place[T](rng, n, m, rapid.SampledFrom([]layout{byRow, byColumn}).Draw(t, "B"))
		for i := range n {
			for j := range n {
				switch {
				case j > i:
					*l.at(i, j) = poison[T]()
				case j == i:
					*l.at(i, j) = T(int(1) << rng.IntN(3))
				}
			}
		}
		factor := func(i, p int) T {
			if transposed {
				i, p = p, i
			}
			if p > i {
				return 0
			}
			return *l.at(i, p)
		}
		want := b.clone()
		for i := range n {
			for j := range m {
				var s T
				for p := range n {
					s += factor(i, p) * *x.at(p, j)
				}
				*b.at(i, j), *want.at(i, j) = s, *x.at(i, j)
			}
		}
		if transposed {
			w.TrsmT(l, b)
		} else {
			w.Trsm(l, b)
		}
		requireEqualMatrices(t, want, b)
		memory.requireIntact(t)
	})
}

func TestShapesPanic(t *testing.T) {
	var w Workspace[float64]
	m := func(rows, cols int) Matrix[float64] { return RowMajor(make([]float64, rows*cols), rows, cols) }
	short := Matrix[float64]{make([]float64, 5), 2, 3, 3, 1}
	spread := Matrix[float64]{make([]float64, 100), 3, 3, 10, 2}
	columns := RowMajor(make([]float64, 9), 3, 3).T()
	for name, call := range map[string]func(){
		"inner":         func() { w.Gemm(1, m(3, 2), m(3, 3), 0, m(3, 3)) },
		"rows":          func() { w.Gemm(1, m(2, 3), m(3, 3), 0, m(3, 3)) },
		"columns":       func() { w.Gemm(1, m(3, 3), m(3, 2), 0, m(3, 3)) },
		"short A":       func() { w.Gemm(1, short, m(3, 3), 0, m(2, 3)) },
		"short C":       func() { w.Gemm(1, m(2, 3), m(3, 3), 0, short) },
		"strides of C":  func() { w.Gemm(1, m(3, 3), m(3, 3), 0, spread) },
		"square C":      func() { w.Syrk(1, m(3, 3), 0, m(3, 2)) },
		"columns of C":  func() { w.Syrk(1, m(3, 3), 0, columns) },
		"columns of A":  func() { w.Cholesky(columns) },
		"square L":      func() { w.Trsm(m(3, 2), m(3, 3)) },
		"strides of B":  func() { w.Trsm(m(3, 3), spread) },
		"short B":       func() { w.TrsmT(m(2, 2), short) },
		"negative part": func() { m(3, 3).Part(-1, 0, 1, 1) },
		"part beyond":   func() { m(3, 3).Part(1, 1, 3, 1) },
		"part of short": func() { short.Part(1, 2, 1, 1) },
		"short rows":    func() { RowMajor(make([]float64, 5), 2, 3) },
	} {
		require.Panics(t, call, name)
	}
}

// A matrix of one column or one row may have any strides, also as the result.
func TestStridedVectors(t *testing.T) {
	each(t, testStridedVectors[float64], testStridedVectors[float32])
}

func testStridedVectors[T Float](t *testing.T) {
	var w Workspace[T]
	column := Matrix[T]{Rows: 3, Cols: 1, RowStride: 7, ColStride: 3}
	row := Matrix[T]{Rows: 1, Cols: 3, RowStride: 3, ColStride: 7}
	l := RowMajor([]T{1, 0, 0, 2, 1, 0, 0, 0, 4}, 3, 3)
	one := RowMajor([]T{4}, 1, 1)
	for _, c := range []struct {
		name   string
		result Matrix[T]
		do     func(result Matrix[T])
		want   [3]T // of 0, 7, 14
	}{
		{"Trsm, column", column, func(b Matrix[T]) { w.Trsm(l, b) }, [3]T{0, 7, 14. / 4}},
		{"Trsm, row", row, func(b Matrix[T]) { w.Trsm(one, b) }, [3]T{0, 7. / 4, 14. / 4}},
		{"TrsmT, column", column, func(b Matrix[T]) { w.TrsmT(l, b) }, [3]T{-14, 7, 14. / 4}},
		{"TrsmT, row", row, func(b Matrix[T]) { w.TrsmT(one, b) }, [3]T{0, 7. / 4, 14. / 4}},
		{"Gemm, column", column, func(c Matrix[T]) { w.Gemm(1, l, RowMajor([]T{1, 2, 3}, 3, 1), 2, c) }, [3]T{1, 18, 40}},
		{"Gemm, row", row, func(c Matrix[T]) { w.Gemm(1, RowMajor([]T{1, 2, 3}, 1, 3), l, 2, c) }, [3]T{5, 16, 40}},
	} {
		c.result.Data = make([]T, 20)
		for i := range c.result.Data {
			c.result.Data[i] = T(i)
		}
		c.do(c.result)
		for i, v := range c.result.Data {
			want := T(i)
			if i%7 == 0 {
				want = c.want[i/7]
			}
			require.Equal(t, want, v, "%s, element %d", c.name, i)
		}
	}
}
