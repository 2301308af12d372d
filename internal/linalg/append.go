package linalg

import "errors"

// Append returns the factor of A grown by k rows and columns,
//
//	[ A  Bᵀ ]   [ L   0  ] [ Lᵀ  Xᵀ  ]
//	[ B  C  ] = [ X  L_C ] [ 0   L_Cᵀ],   X Lᵀ = B,   L_C L_Cᵀ = C - X Xᵀ,
//
// in memory of its own, for O(n² k) operations. The rows are [B C], k x (n + k)
// with any strides, of which what lies above the diagonal of C is not read. The
// error is a *NotPositiveDefiniteError with an index in the grown matrix.
func (c Cholesky) Append(w *Workspace, rows Matrix) (Cholesky, error) {
	n, k := c.l.Rows, rows.Rows
	rows.RequireShape("[B C]", k, n+k)
	l := RowMajor(make([]float64, (n+k)*(n+k)), n+k, n+k)
	copyLower(l, c.l, 0)
	copyLower(l.Part(n, 0, k, n+k), rows, n)
	x, lc := l.Part(n, 0, k, n), l.Part(n, n, k, k)
	w.SolveL(c.l, x.T())
	w.Syrk(-1, x, 1, lc)
	if _, err := w.Cholesky(lc); err != nil {
		var bad *NotPositiveDefiniteError
		if errors.As(err, &bad) {
			bad.Index += n
		}
		return Cholesky{}, err
	}
	return Cholesky{l}, nil
}

// copyLower copies the first shift + i + 1 elements of every row i.
func copyLower(dst, src Matrix, shift int) {
	for i := range src.Rows {
		for j := range shift + i + 1 {
			dst.Data[i*dst.RowStride+j] = src.Data[i*src.RowStride+j*src.ColStride]
		}
	}
}
