package surrogate

import (
	"fmt"
	"math"

	"github.com/seed-0772dd2d/ritz/internal/linalg"
)

// factorWithNugget factors the symmetric matrix of order n whose lower rows fill
// writes, row i in its first i + 1 elements. If it is not positive definite to
// rounding, the least nugget of 1e-15, 1e-14, ... 1e-4 times the mean size of its
// diagonal with which it is, is added to the diagonal; a nugget that is not negative
// is what to add, no more and no less. It returns what it added. The error wraps
// ErrData.
func factorWithNugget(n int, nugget float64, fill func(i int, row []float64)) (linalg.Cholesky, float64, error) {
	a := linalg.RowMajor(make([]float64, n*n), n, n)
	w := linalg.NewWorkspace(0)
	given := nugget >= 0
	nugget = max(nugget, 0)
	for relative := 0.0; ; {
		inBlocks(n, func(first, last int) {
			for i := first; i < last; i++ {
				fill(i, a.Data[i*n:i*n+i+1])
			}
		})
		size := 0.0
		for i := range n {
			size += math.Abs(a.Data[i*(n+1)]) / float64(n)
		}
		if !given {
			nugget = relative * size
		}
		for i := range n {
			a.Data[i*(n+1)] += nugget
		}
		chol, err := w.Cholesky(a)
		if err == nil {
			return chol, nugget, nil
		}
		if relative = max(1e-15, 10*relative); given || size-size != 0 || relative > 2e-4 {
			return chol, 0, fmt.Errorf("%w: the basis functions of %d points are dependent: %w", ErrData, n, err)
		}
	}
}

// leaveOut is the prediction of output o at row i from the other rows, of a model
// whose coefficient at the row's point is c and whose matrix (K + λ I, on the
// complement of a tail) has the inverse diagonal element q there: y - c/q, where
// with further rows at the point only their mean changes.
func leaveOut(points distinct, d Data, i, o int, c, q, ridge float64) float64 {
	k := points.of[i]
	y := points.y[k*d.Outputs+o]
	if points.count[k] == 1 {
		return y - c/q
	}
	// The prediction at the point is y - λ c, and c is linear in y.
	change := points.withoutRow(d, i, o)
	return y + change - ridge*(c+q*change)
}

// allNaN returns n times NaN.
func allNaN(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = math.NaN()
	}
	return v
}
