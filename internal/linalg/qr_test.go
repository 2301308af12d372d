package linalg

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

var shapes = [][2]int{{1, 1}, {2, 1}, {2, 2}, {5, 3}, {31, 31}, {32, 32}, {33, 33}, {100, 31}, {100, 65}, {300, 40}}

// The residual is orthogonal to the columns, and the solution gonum's.
func TestLeastSquares(t *testing.T) {
	w := NewWorkspace(2)
	for _, s := range shapes {
		m, n := s[0], s[1]
		a, b := normals(1, m, n), normals(2, m, 3)
		x := clone(b)
		require.NoError(t, w.QR(clone(a)).Solve(w, x))
		got := x.Part(0, 0, n, 3)
		var residual mat.Dense
		residual.Sub(dense(b), product(dense(a), dense(got)))
		require.LessOrEqual(t, norm(product(dense(a).T(), &residual)), 50*float64(m)*unit*norm(dense(a))*(norm(dense(b))+norm(dense(a))*norm(dense(got))), s)
		for j := range 3 {
			tail := 0.0
			for i := n; i < m; i++ {
				tail = math.Hypot(tail, at(x, i, j))
			}
			require.InDelta(t, mat.Norm(residual.ColView(j), 2), tail, 1e-10)
		}
		var want mat.Dense
		require.NoError(t, want.Solve(dense(a), dense(b)))
		requireNear(t, &want, dense(got), 1e-9*norm(&want), s)
	}
}

// ‖A - Q R‖ <= c m ε ‖A‖, and R is gonum's up to the signs of its rows.
func TestQRBackwardError(t *testing.T) {
	w := NewWorkspace(2)
	for _, s := range shapes {
		m, n := s[0], s[1]
		a := normals(3, m, n)
		q := w.QR(clone(a))
		// Qᵀ A = [R; 0].
		reduced := clone(a)
		for j := 0; j < n; j += panel {
			nj := min(panel, n-j)
			v, rest := w.panels(m-j, nj, n)
			simd.Transpose(v, q.a.Part(j, j, m-j, nj))
			unitTrapezoid(v)
			w.reflect(v, q.t.Part(0, j, nj, nj), reduced.Part(j, 0, m-j, n), rest)
		}
		want := dense(q.a)
		for i := range m {
			for j := range min(i, n) {
				want.Set(i, j, 0)
			}
		}
		requireNear(t, want, dense(reduced), 8*float64(m)*unit*norm(dense(a)), s)
		var g mat.QR
		g.Factorize(dense(a))
		var r mat.Dense
		g.RTo(&r)
		for i := range n {
			for j := i; j < n; j++ {
				require.InDelta(t, math.Abs(r.At(i, j)), math.Abs(want.At(i, j)), 1e-9*norm(&r), s)
			}
		}
	}
}

func TestRank(t *testing.T) {
	w := NewWorkspace(1)
	for name, change := range map[string]func(a Matrix){
		"repeated": func(a Matrix) {
			for i := range a.Rows {
				a.Data[i*a.Cols+37] = 2*at(a, i, 3) - at(a, i, 20)
			}
		},
		"zero": func(a Matrix) {
			for i := range a.Rows {
				a.Data[i*a.Cols+37] = 0
			}
		},
	} {
		a, b := normals(1, 60, 40), normals(2, 60, 1)
		change(a)
		before := clone(b)
		var bad *RankError
		require.ErrorAs(t, w.QR(a).Solve(w, b), &bad, name)
		require.Equal(t, 37, bad.Column, name)
		require.Equal(t, before, b)
	}
	for _, x := range []float64{math.NaN(), math.Inf(1)} {
		a := normals(1, 60, 40)
		a.Data[50*40+7] = x
		var bad *RankError
		require.ErrorAs(t, w.QR(a).Solve(w, normals(2, 60, 1)), &bad)
	}
	// Neither overflow nor underflow where the answer is in range.
	for _, scale := range []float64{1e-200, 1e200} {
		a, x := normals(1, 60, 40), normals(2, 60, 1)
		want := clone(x)
		require.NoError(t, w.QR(clone(a)).Solve(w, want))
		for i := range a.Data {
			a.Data[i] *= scale
		}
		for i := range x.Data {
			x.Data[i] *= scale
		}
		require.NoError(t, w.QR(a).Solve(w, x))
		for i := range 40 {
			require.InEpsilon(t, want.Data[i], x.Data[i], 1e-10)
		}
	}
}

func TestNoColumns(t *testing.T) {
	w := NewWorkspace(1)
	require.NoError(t, w.QR(RowMajor(nil, 3, 0)).Solve(w, normals(1, 3, 2)))
}

// Columns of very different size are not dependent ones, and a value that is
// no number is found in its own column.
func TestQRRankByColumn(t *testing.T) {
	w := NewWorkspace(1)
	q := w.QR(RowMajor([]float64{1, 0, 0, 1e-20}, 2, 2))
	b := []float64{1, 1e-20}
	require.NoError(t, q.Solve(w, RowMajor(b, 2, 1)))
	require.InDeltaSlice(t, []float64{1, 1}, b, 1e-14)

	a := make([]float64, 12)
	for i := range a {
		a[i] = 1 / float64(1+i*i)
	}
	a[2] = math.NaN() // column 2 of 3
	var rank *RankError
	require.ErrorAs(t, w.QR(RowMajor(a, 4, 3)).Solve(w, RowMajor(make([]float64, 4), 4, 1)), &rank)
	require.Equal(t, 2, rank.Column)
}

// Rᵀ R = Aᵀ A.
func TestR(t *testing.T) {
	w := NewWorkspace(2)
	for _, s := range shapes {
		m, n := s[0], s[1]
		a := normals(4, m, n)
		r := w.QR(clone(a)).R()
		upper := mat.NewDense(n, n, nil)
		for i := range n {
			for j := i; j < n; j++ {
				upper.Set(i, j, at(r, i, j))
			}
		}
		requireNear(t, product(dense(a).T(), dense(a)), product(upper.T(), upper), 1e-12*float64(m), s)
	}
}
