package simd

// Workspace is the memory in which operations on matrices of any shape pack
// their operands. The zero value is ready; a goroutine has its own. It grows
// with what it is used for, to 7 MB of float64 at most.
type Workspace[T Float] struct {
	kernels       *kernels[T] // nil: those in use
	a, b, l, tile []T
}

func (w *Workspace[T]) use() *kernels[T] {
	if w.kernels != nil {
		return w.kernels
	}
	return use[T]()
}

// The blocks of the product: depth x tileColumns elements of B pass through
// the L1 cache for every tile, height x depth of A stay in L2 and depth x width
// of B in L3 (Goto and van de Geijn, Anatomy of high-performance matrix
// multiplication, ACM TOMS 34, 2008; Van Zee and van de Geijn, BLIS, ACM TOMS
// 41, 2015).
const (
	depth  = 256
	height = 192
	width  = 3072
)

// Gemm computes C = alpha A B + beta C: A is m x k, B is k x n, C is m x n, any
// of them also transposed views, except that rows or columns of C must be
// contiguous. C must not overlap A or B; if beta is 0 it is not read, if alpha
// is 0 A and B are not.
func (w *Workspace[T]) Gemm(alpha T, a, b Matrix[T], beta T, c Matrix[T]) {
	a.RequireShape("A", c.Rows, a.Cols)
	b.RequireShape("B", a.Cols, c.Cols)
	c.RequireShape("C", c.Rows, c.Cols)
	c.RequireContiguous("C")
	if !c.contiguousRows() {
		a, b, c = b.T(), a.T(), c.T()
	}
	w.multiply(alpha, a, b, beta, c, false)
}

// Syrk computes the lower triangle of C = alpha A Aᵀ + beta C, with its
// diagonal: A is n x k, C is n x n with contiguous rows. The rest of C is
// neither read nor written. C must not overlap A; if beta is 0 it is not read,
// if alpha is 0 A is not.
func (w *Workspace[T]) Syrk(alpha T, a Matrix[T], beta T, c Matrix[T]) {
	a.RequireShape("A", c.Rows, a.Cols)
	c.RequireShape("C", c.Rows, c.Rows)
	c.RequireContiguousRows("C")
	w.multiply(alpha, a, a.T(), beta, c, true)
}

// multiply is Gemm, of the lower triangle only if asked for; rows of C are
// contiguous.
func (w *Workspace[T]) multiply(alpha T, a, b Matrix[T], beta T, c Matrix[T], lower bool) {
	k := w.use()
	if c.Rows == 0 || c.Cols == 0 {
		return
	}
	if alpha == 0 || a.Cols == 0 || beta != 0 && beta != 1 {
		for i := range c.Rows {
			ci := c.row(i)
			if lower {
				ci = ci[:i+1]
			}
			if beta == 0 {
				clear(ci)
			} else if beta != 1 {
				k.scale(ci, beta, ci)
			}
		}
	}
	if alpha == 0 {
		return
	}
	for j := 0; j < c.Cols; j += width {
		nj := min(width, c.Cols-j)
		for p := 0; p < a.Cols; p += depth {
			np := min(depth, a.Cols-p)
			w.b = pack(w.b, 1, b.Part(p, j, np, nj).T(), k.tileColumns)
			first := 0
			if lower {
				first = j // the rows above have no element here
			}
			for i := first; i < c.Rows; i += height {
				ni := min(height, c.Rows-i)
				w.a = pack(w.a, alpha, a.Part(i, p, ni, np), k.tileRows)
				w.multiplyBlock(k, c, i, j, ni, nj, np, beta != 0 || p > 0, lower)
			}
		}
	}
}

// multiplyBlock computes the block of C at (i, j) from its packed operands.
func (w *Workspace[T]) multiplyBlock(k *kernels[T], c Matrix[T], i, j, ni, nj, np int, accumulate, lower bool) {
	for t := 0; t < nj; t += k.tileColumns {
		nt := min(k.tileColumns, nj-t)
		b := w.b[t*np:]
		for s := 0; s < ni; s += k.tileRows {
			ns := min(k.tileRows, ni-s)
			a := w.a[s*np:]
			above := j + t + nt - 1 - (i + s) // the last column beyond the diagonal in the first row
			if lower && above >= nt+ns-1 {
				continue
			}
			tile := c.Data[(i+s)*c.RowStride+j+t:]
			if lower && above > 0 {
				w.addLower(k, tile, a, b, c.RowStride, ns, np, nt, nt-above, accumulate)
				continue
			}
			k.product(tile, a, b, c.RowStride, 1, ns, nt, ns, np, nt, accumulate)
		}
	}
}

// addLower computes a tile that the diagonal crosses: its row r has first + r
// elements in the lower triangle.
func (w *Workspace[T]) addLower(k *kernels[T], c, a, b []T, ldc, rows, terms, cols, first int, accumulate bool) {
	w.tile = grow(w.tile, rows*cols)
	k.product(w.tile, a, b, cols, 1, rows, cols, rows, terms, cols, false)
	for r := range rows {
		n := min(first+r, cols)
		if n <= 0 {
			continue
		}
		ci, ti := c[r*ldc:r*ldc+n], w.tile[r*cols:r*cols+n]
		if accumulate {
			k.addScaled(ci, 1, ti)
		} else {
			copy(ci, ti)
		}
	}
}

// pack writes alpha A by panels of the given number of rows (the last may have
// fewer), each column after column, and returns dst, grown if need be.
func pack[T Float](dst []T, alpha T, a Matrix[T], rows int) []T {
	dst = grow(dst, a.Rows*a.Cols)
	for i := 0; i < a.Rows; i += rows {
		n := min(rows, a.Rows-i)
		panel := dst[i*a.Cols : (i+n)*a.Cols]
		if a.RowStride == 1 {
			for p := range a.Cols {
				copy(panel[p*n:(p+1)*n], a.Data[i+p*a.ColStride:])
			}
		} else {
			interleave(panel, n, a.Part(i, 0, n, a.Cols))
		}
		if alpha != 1 {
			for e := range panel {
				panel[e] *= alpha
			}
		}
	}
	return dst
}

// interleave writes A column after column, ld apart, eight rows at once.
func interleave[T Float](dst []T, ld int, a Matrix[T]) {
	r := 0
	if a.ColStride == 1 {
		for ; r+8 <= a.Rows; r += 8 {
			x0, x1, x2, x3 := a.row(r), a.row(r+1), a.row(r+2), a.row(r+3)
			x4, x5, x6, x7 := a.row(r+4), a.row(r+5), a.row(r+6), a.row(r+7)
			x1, x2, x3 = x1[:len(x0)], x2[:len(x0)], x3[:len(x0)]
			x4, x5, x6, x7 = x4[:len(x0)], x5[:len(x0)], x6[:len(x0)], x7[:len(x0)]
			e := r
			for p := range x0 {
				d := dst[e : e+8 : e+8]
				d[0], d[1], d[2], d[3] = x0[p], x1[p], x2[p], x3[p]
				d[4], d[5], d[6], d[7] = x4[p], x5[p], x6[p], x7[p]
				e += ld
			}
		}
	}
	for ; r < a.Rows; r++ {
		for p := range a.Cols {
			dst[p*ld+r] = a.Data[r*a.RowStride+p*a.ColStride]
		}
	}
}

// grow returns x with length n; what it holds is lost.
func grow[T Float](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}
