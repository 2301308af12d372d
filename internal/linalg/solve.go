package linalg

import (
	"fmt"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// SolveL solves L X = B in place: L is lower triangular, n x n, its rest not
// read; B is n x m, its rows or columns contiguous, and does not overlap L. For
// X Lᵀ = B, pass the transpose of B. A zero on the diagonal gives infinities and
// NaN.
func (w *Workspace) SolveL(l, b Matrix) { w.solve(l, b, (*worker).Trsm) }

// SolveLT solves Lᵀ X = B as SolveL does L X = B.
func (w *Workspace) SolveLT(l, b Matrix) { w.solve(l, b, (*worker).TrsmT) }

// solve gives every goroutine some of the right sides.
func (w *Workspace) solve(l, b Matrix, solve func(own *worker, l, b Matrix)) {
	l.RequireShape("L", b.Rows, b.Rows)
	b.RequireShape("B", b.Rows, b.Cols)
	b.RequireContiguous("B")
	// Few parts, because each packs all of L.
	const unit, least, most = 8, 24, 768
	cols := max(b.Cols, 1)
	if threads := len(w.workers); threads > 1 && b.Rows*b.Rows*b.Cols > 2*small {
		parts := max(1, min(threads, b.Cols/least))
		parts *= ceil(b.Cols, parts*most)
		cols = ceil(ceil(b.Cols, parts), unit) * unit
	}
	w.each(ceil(b.Cols, cols), func(own *worker, p int) {
		j := p * cols
		solve(own, l, b.Part(0, j, b.Rows, min(cols, b.Cols-j)))
	})
}

// Solve solves A X = B in place: B is n x m, its rows or columns contiguous, and
// does not overlap the factor.
func (c Cholesky) Solve(w *Workspace, b Matrix) {
	w.SolveL(c.l, b)
	w.SolveLT(c.l, b)
}

// SolveVec solves A x = b in place.
func (c Cholesky) SolveVec(b []float64) {
	c.SolveLVec(b)
	c.SolveLTVec(b)
}

// SolveLVec solves L x = b in place.
func (c Cholesky) SolveLVec(b []float64) {
	c.checkVector(b)
	for i := range b {
		row := c.l.Data[i*c.l.RowStride:]
		b[i] = (b[i] - simd.Dot(b[:i], row)) / row[i]
	}
}

// SolveLTVec solves Lᵀ x = b in place.
func (c Cholesky) SolveLTVec(b []float64) {
	c.checkVector(b)
	for i := len(b) - 1; i >= 0; i-- {
		row := c.l.Data[i*c.l.RowStride:]
		b[i] /= row[i]
		simd.AddScaled(b[:i], -b[i], row)
	}
}

func (c Cholesky) checkVector(b []float64) {
	if len(b) != c.l.Rows {
		panic(fmt.Sprintf("linalg: right side has %d elements: must have %d", len(b), c.l.Rows))
	}
}
