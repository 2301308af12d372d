package linalg

// small is the number of multiplications below which an operation is not worth
// a second goroutine.
const small = 1 << 18

// Gemm computes C = alpha A B + beta C: A is m x k, B is k x n, C is m x n, any
// of them also transposed views, except that rows or columns of C must be
// contiguous. C must not overlap A or B; if beta is 0 it is not read, if alpha
// is 0 A and B are not.
func (w *Workspace) Gemm(alpha float64, a, b Matrix, beta float64, c Matrix) {
	a.RequireShape("A", c.Rows, a.Cols)
	b.RequireShape("B", a.Cols, c.Cols)
	c.RequireShape("C", c.Rows, c.Cols)
	c.RequireContiguous("C")
	rows, cols := w.tileShape(c.Rows, c.Cols, a.Cols)
	across := ceil(c.Cols, cols)
	w.each(ceil(c.Rows, rows)*across, func(own *worker, t int) {
		i, j := t/across*rows, t%across*cols
		ni, nj := min(rows, c.Rows-i), min(cols, c.Cols-j)
		own.Gemm(alpha, a.Part(i, 0, ni, a.Cols), b.Part(0, j, a.Cols, nj), beta, c.Part(i, j, ni, nj))
	})
}

// tileShape cuts an m x n product of depth k into tiles: few, because each packs
// its operands anew, but enough to keep the goroutines evenly busy.
func (w *Workspace) tileShape(m, n, k int) (rows, cols int) {
	// Multiples of the tiles of the kernels.
	const unit, least, most = 24, 96, 768
	threads := len(w.workers)
	if threads == 1 || m*n*k <= small {
		return max(m, 1), max(n, 1)
	}
	r, c := ceil(m, most), ceil(n, most)
	for r*c < 2*threads {
		if h, v := m/(2*r), n/(2*c); max(h, v) < least {
			break
		} else if h >= v {
			r *= 2
		} else {
			c *= 2
		}
	}
	return ceil(ceil(m, r), unit) * unit, ceil(ceil(n, c), unit) * unit
}

// Syrk computes the lower triangle of C = alpha A Aᵀ + beta C, with its
// diagonal: A is n x k, C is n x n with contiguous rows. The rest of C is
// neither read nor written. C must not overlap A; if beta is 0 it is not read,
// if alpha is 0 A is not.
func (w *Workspace) Syrk(alpha float64, a Matrix, beta float64, c Matrix) {
	a.RequireShape("A", c.Rows, a.Cols)
	c.RequireShape("C", c.Rows, c.Rows)
	c.RequireContiguousRows("C")
	n, k := c.Rows, a.Cols
	tile := tileOrder(n)
	if len(w.workers) == 1 || n*n*k <= 2*small {
		tile = max(n, 1)
	}
	w.each(triangular(ceil(n, tile)), func(own *worker, t int) {
		i, j := lowerTile(t)
		i, j = i*tile, j*tile
		ai := a.Part(i, 0, min(tile, n-i), k)
		if i == j {
			own.Syrk(alpha, ai, beta, c.Part(i, i, ai.Rows, ai.Rows))
			return
		}
		own.Gemm(alpha, ai, a.Part(j, 0, tile, k).T(), beta, c.Part(i, j, ai.Rows, tile))
	})
}

// triangular is the number of tiles of a lower triangle of n rows of tiles, and
// lowerTile the row and column of tile t, row after row.
func triangular(n int) int { return n * (n + 1) / 2 }

func lowerTile(t int) (i, j int) {
	for triangular(i+1) <= t {
		i++
	}
	return i, t - triangular(i)
}

// MirrorLower copies the lower triangle of C, n x n with any strides, over the
// upper, which is not read.
func MirrorLower(c Matrix) {
	c.RequireShape("C", c.Rows, c.Rows)
	const block = 32 // two blocks stay in the L1 cache
	for i0 := 0; i0 < c.Rows; i0 += block {
		for j0 := 0; j0 <= i0; j0 += block {
			for i := i0; i < min(i0+block, c.Rows); i++ {
				for j := j0; j < min(j0+block, i); j++ {
					c.Data[j*c.RowStride+i*c.ColStride] = c.Data[i*c.RowStride+j*c.ColStride]
				}
			}
		}
	}
}

func ceil(n, d int) int { return (n + d - 1) / d }
