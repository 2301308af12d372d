package linalg

import "github.com/seed-0772dd2d/ritz/internal/simd"

// inverseOrder is the order of the tiles of an inverse: smaller than those of a
// factor, because the zeros of a tile on the diagonal count as elements.
const inverseOrder = 128

// Inverse computes A⁻¹ = L⁻ᵀ L⁻¹, n x n with contiguous rows, symmetric bit for
// bit. What it overwrites is not read and does not overlap the factor. It takes
// twice the operations of the factor, and n² elements of the workspace.
//
// Z = L⁻ᵀ comes from Lᵀ Z = I, not from L Zᵀ = I: only so the residual of
// A Z Zᵀ = I is of the order of n ε κ(A) (Du Croz and Higham, Stability of
// methods for matrix inversion, IMA J. Numer. Anal. 12, 1992).
func (c Cholesky) Inverse(w *Workspace, inverse Matrix) {
	n := c.l.Rows
	inverse.RequireShape("the inverse", n, n)
	inverse.RequireContiguousRows("the inverse")
	z := w.squareMatrix(n)
	w.invert(c.l, z)
	// Element (i, j), i >= j, sums over the columns k >= i of Z.
	across := ceil(n, inverseOrder)
	w.each(triangular(across), func(own *worker, t int) {
		i, j := lowerTile(t)
		i, j = i*inverseOrder, j*inverseOrder
		ni := min(inverseOrder, n-i)
		zi := z.Part(i, i, ni, n-i)
		if i == j {
			tile := inverse.Part(i, i, ni, ni)
			own.Syrk(1, zi, 0, tile)
			MirrorLower(tile)
			return
		}
		tile := inverse.Part(i, j, ni, inverseOrder)
		own.Gemm(1, zi, z.Part(j, i, inverseOrder, n-i).T(), 0, tile)
		simd.Transpose(inverse.Part(j, i, inverseOrder, ni), tile)
	})
}

// invert computes Z = L⁻ᵀ, with zeros below the diagonal within its tiles only;
// what lies further down is not written.
func (w *Workspace) invert(l, z Matrix) {
	n := l.Rows
	across := ceil(n, inverseOrder)
	w.each(across, func(own *worker, t int) {
		// The columns from j on, the longest first: their rows past the
		// diagonal tile are zero, in the identity as in Z.
		j := (across - 1 - t) * inverseOrder
		nj := min(inverseOrder, n-j)
		part := z.Part(0, j, j+nj, nj)
		for i := range part.Rows {
			row := part.Data[i*part.RowStride : i*part.RowStride+nj]
			clear(row)
			if i >= j {
				row[i-j] = 1
			}
		}
		own.TrsmT(l.Part(0, 0, j+nj, j+nj), part)
	})
}
