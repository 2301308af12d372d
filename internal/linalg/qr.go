package linalg

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// panel is the number of reflections applied at once.
const panel = 32

// RankError is returned when the columns of a matrix are linearly dependent in
// floating-point arithmetic, or not finite.
type RankError struct {
	Column  int     // the first such column, from 0
	R, Norm float64 // its |r_jj| and the norm of the column
}

func (e *RankError) Error() string {
	return fmt.Sprintf("linalg: column %d seems to depend on those before it: what they leave of its norm %g is %g", e.Column, e.Norm, e.R)
}

// QR is the orthogonal Q and the upper triangular R of A = Q [R; 0], m x n with
// m >= n. Q is a product of reflections I - τ v vᵀ, by panels of columns
// I - V T Vᵀ with unit lower trapezoidal V and upper triangular T (Schreiber and
// Van Loan, A storage-efficient WY representation for products of Householder
// transformations, SIAM J. Sci. Stat. Comput. 10, 1989).
type QR struct {
	a Matrix // R, and V below the diagonal
	t Matrix // the T of every panel, side by side, panel x n
}

// QR factors A, m x n with m >= n and contiguous rows, in place: its memory
// belongs to the factor from then on. No columns are exchanged: Solve tells
// whether the rank is full.
func (w *Workspace) QR(a Matrix) QR {
	if a.Rows < a.Cols {
		panic(fmt.Sprintf("linalg: A is %d x %d: must not have fewer rows than columns", a.Rows, a.Cols))
	}
	a.RequireShape("A", a.Rows, a.Cols)
	a.RequireContiguousRows("A")
	q := QR{a, RowMajor(make([]float64, panel*a.Cols), panel, a.Cols)}
	for j := 0; j < a.Cols; j += panel {
		nj := min(panel, a.Cols-j)
		v, rest := w.panels(a.Rows-j, nj, a.Cols-j-nj)
		t := q.t.Part(0, j, nj, nj)
		columns := a.Part(j, j, a.Rows-j, nj)
		simd.Transpose(v, columns)
		reflectors(v, t)
		simd.Transpose(columns, v)
		unitTrapezoid(v)
		w.reflect(v, t, a.Part(j, j+nj, a.Rows-j, a.Cols-j-nj), rest)
	}
	return q
}

// R views the upper triangular R, n x n: its upper triangle only, not to be
// changed.
func (q QR) R() Matrix { return q.a.Part(0, 0, q.a.Cols, q.a.Cols) }

// panels is the memory for Vᵀ, n x m, and for two matrices of n rows.
func (w *Workspace) panels(m, n, cols int) (v Matrix, rest [2]Matrix) {
	if need := n * (m + 2*cols); cap(w.memory) < need {
		w.memory = make([]float64, need)
	}
	x := w.memory[:cap(w.memory)]
	v = RowMajor(x, n, m)
	for i := range rest {
		rest[i] = RowMajor(x[n*(m+i*cols):], n, cols)
	}
	return v, rest
}

// reflectors factors the panel whose columns are the rows of v: R and, past it,
// V without its unit diagonal; and sets the upper triangle of T.
func reflectors(v, t Matrix) {
	for j := range v.Rows {
		x := v.Data[j*v.RowStride+j : j*v.RowStride+v.Cols]
		tau := householder(x)
		r := x[0]
		x[0] = 1
		for i := j + 1; i < v.Rows; i++ {
			y := v.Data[i*v.RowStride+j : i*v.RowStride+v.Cols]
			simd.AddScaled(y, -tau*simd.Dot(x, y), x)
		}
		// T_1..j,j = -τ T (V_1..jᵀ v).
		for i := range j {
			vi := v.Data[i*v.RowStride+j : i*v.RowStride+v.Cols]
			t.Data[i*t.RowStride+j] = -tau * simd.Dot(vi, x)
		}
		for i := range j {
			s := 0.0
			for k := i; k < j; k++ {
				s += t.Data[i*t.RowStride+k] * t.Data[k*t.RowStride+j]
			}
			t.Data[i*t.RowStride+j] = s
		}
		t.Data[j*t.RowStride+j] = tau
		x[0] = r
	}
}

// householder finds τ and v, v_1 = 1, with (I - τ v vᵀ) x = (r, 0, ..., 0), and
// writes (r, v_2, ...) over x.
func householder(x []float64) float64 {
	rest := floats.Norm(x[1:], 2)
	if rest == 0 {
		return 0
	}
	r := -math.Copysign(math.Hypot(x[0], rest), x[0])
	tau := (r - x[0]) / r
	scale := x[0] - r
	for i := range x[1:] {
		x[1+i] /= scale
	}
	x[0] = r
	return tau
}

// unitTrapezoid makes Vᵀ explicit where R is.
func unitTrapezoid(v Matrix) {
	for i := range v.Rows {
		row := v.Data[i*v.RowStride : i*v.RowStride+i+1]
		clear(row[:i])
		row[i] = 1
	}
}

// reflect computes C = (I - V T Vᵀ)ᵀ C.
func (w *Workspace) reflect(v, t, c Matrix, rest [2]Matrix) {
	if c.Cols == 0 {
		return
	}
	w.Gemm(1, v, c, 0, rest[0])
	w.Gemm(1, t.T(), rest[0], 0, rest[1])
	w.Gemm(-1, v.T(), rest[1], 1, c)
}

// Solve minimises ‖A X - B‖ for every column of B, m x k with contiguous rows,
// in place: the first n rows become X; the norm of a column of the others is
// that of its residual. The error is a *RankError if some |r_jj| is at most
// m ε times the norm of column j: without pivoting a sign of deficient rank, not
// a test for it. Then B is as it was.
func (q QR) Solve(w *Workspace, b Matrix) error {
	m, n := q.a.Rows, q.a.Cols
	b.RequireShape("B", m, b.Cols)
	b.RequireContiguousRows("B")
	if err := q.fullRank(); err != nil {
		return err
	}
	for j := 0; j < n; j += panel {
		nj := min(panel, n-j)
		v, rest := w.panels(m-j, nj, b.Cols)
		simd.Transpose(v, q.a.Part(j, j, m-j, nj))
		unitTrapezoid(v)
		w.reflect(v, q.t.Part(0, j, nj, nj), b.Part(j, 0, m-j, b.Cols), rest)
	}
	w.SolveLT(q.a.Part(0, 0, n, n).T(), b.Part(0, 0, n, b.Cols))
	return nil
}

func (q QR) fullRank() error {
	const epsilon = 0x1p-52
	for j := range q.a.Cols {
		norm := 0.0 // of column j of R, and so of A
		for i := range j + 1 {
			norm = math.Hypot(norm, q.a.Data[i*q.a.RowStride+j])
		}
		r := math.Abs(q.a.Data[j*(q.a.RowStride+1)])
		if !(r > float64(q.a.Rows)*epsilon*norm) || math.IsInf(norm, 1) {
			return &RankError{j, r, norm}
		}
	}
	return nil
}
