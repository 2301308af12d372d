package linalg

import (
	"fmt"
	"math"
)

// order is the largest order of the tiles of a factor, and that of a matrix which
// is not cut.
const order = 256

// tileOrder is the order of the tiles of a triangle of order n: about six rows
// of tiles keep some goroutines busy, but small tiles are slow.
func tileOrder(n int) int { return min(max(ceil(n, 6*64)*64, 128), order) }

// NotPositiveDefiniteError is returned for a matrix that has no Cholesky factor
// in floating-point arithmetic, or is not finite.
type NotPositiveDefiniteError struct {
	Index int     // of the first bad pivot, from 0
	Pivot float64 // its value, a_ii - Σ_k l_ik²: not positive, infinite or NaN
}

func (e *NotPositiveDefiniteError) Error() string {
	return fmt.Sprintf("linalg: matrix is not positive definite: pivot %d is %g: must be positive and finite", e.Index, e.Pivot)
}

// Cholesky is the lower triangular L with positive diagonal of a symmetric
// positive definite A = L Lᵀ of order n.
type Cholesky struct{ l Matrix }

// Cholesky factors the symmetric A, n x n with contiguous rows, in place: the
// memory of its lower triangle belongs to the factor from then on. The rest of
// A is neither read nor written. The error is a *NotPositiveDefiniteError, and
// the lower triangle is lost.
//
// Tile (i, j) is A_ij - Σ_{k<j} L_ik L_jkᵀ, then factored if i = j, else solved
// with L_jj. Goroutines take the tiles column after column and wait for what
// they need, so the next columns progress while a diagonal tile is factored
// (Buttari, Langou, Kurzak and Dongarra, A class of parallel tiled linear algebra
// algorithms for multicore architectures, Parallel Computing 35, 2009). The
// backward error is at most about n ε ‖A‖ (Higham, Accuracy and Stability of
// Numerical Algorithms, 2nd ed., 2002, theorem 10.3).
func (w *Workspace) Cholesky(a Matrix) (Cholesky, error) {
	a.RequireShape("A", a.Rows, a.Rows)
	a.RequireContiguousRows("A")
	if bad := w.factor(a); bad < a.Rows {
		return Cholesky{}, &NotPositiveDefiniteError{bad, a.Data[bad*(a.RowStride+1)]}
	}
	return Cholesky{a}, nil
}

// factor returns the index of the first bad pivot, or n.
func (w *Workspace) factor(a Matrix) int {
	n := a.Rows
	if n <= order {
		return w.workers[0].Cholesky(a)
	}
	size := tileOrder(n)
	across := ceil(n, size)
	f := newProgress(across)
	tile := func(i, j int) Matrix {
		return a.Part(i*size, j*size, min(size, n-i*size), min(size, n-j*size))
	}
	bad := n
	w.each(triangular(across), func(own *worker, t int) {
		// Column after column, mirrored from the end.
		i, j := lowerTile(triangular(across) - 1 - t)
		i, j = across-1-j, across-1-i
		c := tile(i, j)
		for k := range j {
			if !f.wait(i, k) || !f.wait(j, k) {
				return
			}
			if i == j {
				own.Syrk(-1, tile(i, k), 1, c)
			} else {
				own.Gemm(-1, tile(i, k), tile(j, k).T(), 1, c)
			}
		}
		if i == j {
			if p := own.Cholesky(c); p < c.Rows {
				bad = j*size + p // no other goroutine comes here
				f.stop()
				return
			}
		} else {
			if !f.wait(j, j) {
				return
			}
			own.Trsm(tile(j, j), c.T())
		}
		f.finish(i)
	})
	return bad
}

// Order is n.
func (c Cholesky) Order() int { return c.l.Rows }

// L views the factor: its lower triangle only, not to be changed.
func (c Cholesky) L() Matrix { return c.l }

// LogDet is log det A = 2 Σ log l_ii.
func (c Cholesky) LogDet() float64 {
	s := 0.0
	for i := range c.l.Rows {
		s += math.Log(c.l.Data[i*(c.l.RowStride+1)])
	}
	return 2 * s
}
