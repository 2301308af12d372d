package linalg

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// definite are symmetric positive definite matrices, well and badly conditioned.
func definite(n int) map[string]Matrix {
	return map[string]Matrix{
		"random":  gram(uint64(n), n, 0.1),
		"Hilbert": hilbert(n, 1e-13),
		"kernel":  kernel(n, 1, 1e-10),
	}
}

// ‖A - L Lᵀ‖ <= c n ε ‖A‖.
func TestCholeskyBackwardError(t *testing.T) {
	for _, n := range append(orders, order-1, 385) {
		for name, a := range definite(n) {
			c := factored(t, 2, a)
			l, d := lower(c.L()), dense(a)
			requireNear(t, d, product(l, l.T()), 2*float64(n)*unit*norm(d), name, n)
			for i := range n {
				require.Positive(t, at(c.L(), i, i))
			}
		}
	}
}

// The largest tiles.
func TestCholeskyLarge(t *testing.T) {
	n := 5*order + 1
	require.Equal(t, order, tileOrder(n))
	a := dominant(n)
	c := factored(t, 3, a)
	want := normals(1, n, 1)
	x := RowMajor(make([]float64, n), n, 1)
	NewWorkspace(2).Gemm(1, a, want, 0, x)
	c.SolveVec(x.Data)
	require.InDeltaSlice(t, want.Data, x.Data, 1e-13)

	a.Data[(n-2)*(n+1)] = -1
	_, err := NewWorkspace(3).Cholesky(a)
	var bad *NotPositiveDefiniteError
	require.ErrorAs(t, err, &bad)
	require.Equal(t, n-2, bad.Index)
}

func TestCholeskyWithStride(t *testing.T) {
	n := order + 30
	a := gram(1, n, 1)
	wide := normals(2, n, n+5)
	before := clone(wide)
	part := wide.Part(0, 0, n, n)
	copyLower(part, a, 0)
	c, err := NewWorkspace(2).Cholesky(part)
	require.NoError(t, err)
	want := factored(t, 2, a)
	for i := range n {
		require.Equal(t, want.L().Data[i*n:i*n+i+1], c.L().Data[i*(n+5):i*(n+5)+i+1])
		require.Equal(t, before.Data[i*(n+5)+i+1:(i+1)*(n+5)], wide.Data[i*(n+5)+i+1:(i+1)*(n+5)])
	}
}

// With a pivot of L Lᵀ lowered by more than itself, that is where it fails.
func TestIndefinitePivot(t *testing.T) {
	for _, n := range append(orders[1:], 385) {
		whole := gram(3, n, 1)
		l := factored(t, 1, whole).L()
		for _, p := range []int{0, n / 2, n - 1} {
			a := clone(whole)
			a.Data[p*(n+1)] -= 1.001 * at(l, p, p) * at(l, p, p)
			for _, threads := range []int{1, 3} {
				_, err := NewWorkspace(threads).Cholesky(clone(a))
				var bad *NotPositiveDefiniteError
				require.ErrorAs(t, err, &bad)
				require.Equal(t, p, bad.Index)
				require.InEpsilon(t, -0.001*at(l, p, p)*at(l, p, p), bad.Pivot, 1e-3, "%d of %d", p, n)
				require.ErrorContains(t, err, fmt.Sprintf("pivot %d is %g", bad.Index, bad.Pivot))
			}
		}
	}
}

func TestSemidefiniteAndZero(t *testing.T) {
	for _, a := range []Matrix{
		RowMajor([]float64{0}, 1, 1),
		RowMajor([]float64{4, 2, 2, 1}, 2, 2),
		RowMajor([]float64{-1}, 1, 1),
	} {
		_, err := NewWorkspace(1).Cholesky(clone(a))
		var bad *NotPositiveDefiniteError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, a.Rows-1, bad.Index)
	}
}

// A NaN or an infinity anywhere below the diagonal gives an error in its row at
// the latest.
func TestNotFinite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{1, 2, 9, 65, order + 10}).Draw(t, "n")
		i := rapid.IntRange(0, n-1).Draw(t, "i")
		j := rapid.IntRange(0, i).Draw(t, "j")
		a := dominant(n)
		a.Data[i*n+j] = rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1)}).Draw(t, "value")
		_, err := NewWorkspace(2).Cholesky(a)
		var bad *NotPositiveDefiniteError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, i, bad.Index)
	})
}

// The same bits for any number of goroutines.
func TestThreadIndependence(t *testing.T) {
	n := order + 140
	a, b := gram(1, n, 1), normals(2, n, 70)
	var want [][]float64
	for _, threads := range []int{1, 2, 5} {
		w := NewWorkspace(threads)
		c, err := w.Cholesky(clone(a))
		require.NoError(t, err)
		x, inverse, g, s := clone(b), clone(a), clone(a), clone(a)
		c.Solve(w, x)
		c.Inverse(w, inverse)
		w.Gemm(1, b, b.T(), 0.5, g)
		w.Syrk(-1, b, 1, s)
		grown, err := c.Append(w, grownRows(a, 30))
		require.NoError(t, err)
		tall := clone(b)
		q := w.QR(tall)
		y := normals(3, n, 4)
		require.NoError(t, q.Solve(w, y))
		got := [][]float64{c.L().Data, x.Data, inverse.Data, g.Data, s.Data, grown.L().Data, tall.Data, y.Data}
		if want == nil {
			want = got
			continue
		}
		for i := range want {
			require.Equal(t, bits(want[i]), bits(got[i]), "%d with %d goroutines", i, threads)
		}
	}
}

func bits(x []float64) []uint64 {
	b := make([]uint64, len(x))
	for i, v := range x {
		b[i] = math.Float64bits(v)
	}
	return b
}

func TestShapesPanic(t *testing.T) {
	w := NewWorkspace(2)
	m := func(rows, cols int) Matrix { return RowMajor(make([]float64, rows*cols), rows, cols) }
	short := Matrix{Data: make([]float64, 5), Rows: 2, Cols: 3, RowStride: 3, ColStride: 1}
	c := factored(t, 1, gram(1, 3, 1))
	for name, call := range map[string]func(){
		"Gemm":  func() { w.Gemm(1, m(3, 2), m(3, 3), 0, m(3, 3)) },
		"short": func() { w.Gemm(1, m(2, 3), m(3, 3), 0, short) },
		"columns": func() {
			w.Gemm(1, m(3, 3), m(3, 3), 0, Matrix{Data: make([]float64, 99), Rows: 3, Cols: 3, RowStride: 9, ColStride: 2})
		},
		"Syrk":            func() { w.Syrk(1, m(3, 2), 0, m(3, 2)) },
		"transposed Syrk": func() { w.Syrk(1, m(3, 2), 0, m(3, 3).T()) },
		"Cholesky":        func() { _, _ = w.Cholesky(m(3, 2)) },
		"solve":           func() { c.Solve(w, m(2, 2)) },
		"solve vector":    func() { c.SolveVec(make([]float64, 4)) },
		"inverse":         func() { c.Inverse(w, m(3, 4)) },
		"append":          func() { _, _ = c.Append(w, m(1, 3)) },
		"wide QR":         func() { w.QR(m(2, 3)) },
		"QR solve":        func() { _ = w.QR(dominant(3)).Solve(w, m(2, 1)) },
	} {
		require.Panics(t, call, name)
	}
}

// A workspace is used again without new memory.
func TestNoAllocation(t *testing.T) {
	n := order + 40
	w, a, l, x := NewWorkspace(1), gram(1, n, 1), normals(1, n, n), normals(1, n, n)
	allocs := testing.AllocsPerRun(3, func() {
		copy(l.Data, a.Data)
		c, err := w.Cholesky(l)
		if err != nil {
			panic(err)
		}
		c.Inverse(w, x)
		c.Solve(w, x)
		w.Gemm(1, a, l, 0, x)
	})
	require.LessOrEqual(t, allocs, 20.0) // a few closures
}
