package simd

// triangle is the order up to which a triangular solve does not pack.
const triangle = 64

// Trsm solves L X = B for lower triangular L, n x n, and writes X over B, n x m.
// The upper triangle of L is not read. Rows or columns of B must be contiguous;
// B must not overlap L. For X Lᵀ = B, pass the transpose of B. A zero on the
// diagonal gives infinities and NaN.
//
// It halves L: with X1 known, L22 X2 = B2 - L21 X1, nearly all of it in Gemm.
func (w *Workspace[T]) Trsm(l, b Matrix[T]) {
	l.RequireShape("L", b.Rows, b.Rows)
	b.RequireShape("B", b.Rows, b.Cols)
	b.RequireContiguous("B")
	w.solve(l, b, false)
}

// TrsmT solves Lᵀ X = B as Trsm does L X = B.
func (w *Workspace[T]) TrsmT(l, b Matrix[T]) {
	l.RequireShape("L", b.Rows, b.Rows)
	b.RequireShape("B", b.Rows, b.Cols)
	b.RequireContiguous("B")
	w.solve(l, b, true)
}

func (w *Workspace[T]) solve(l, b Matrix[T], transposed bool) {
	n := b.Rows
	if n == 0 || b.Cols == 0 {
		return
	}
	if n <= triangle {
		w.solveSmall(l, b, transposed)
		return
	}
	h := (n/2 + triangle - 1) / triangle * triangle
	l11, l21, l22 := l.Part(0, 0, h, h), l.Part(h, 0, n-h, h), l.Part(h, h, n-h, n-h)
	b1, b2 := b.Part(0, 0, h, b.Cols), b.Part(h, 0, n-h, b.Cols)
	if transposed {
		w.solve(l22, b2, true)
		w.Gemm(-1, l21.T(), b2, 1, b1)
		w.solve(l11, b1, true)
		return
	}
	w.solve(l11, b1, false)
	w.Gemm(-1, l21, b1, 1, b2)
	w.solve(l22, b2, false)
}

// solveSmall solves with at most triangle rows, by parts of the columns that
// stay in the L2 cache, on a copy if their rows are not contiguous in B.
func (w *Workspace[T]) solveSmall(l, b Matrix[T], transposed bool) {
	const columns = 256
	n := b.Rows
	w.l = grow(w.l, n*n)
	neg := RowMajor(w.l, n, n)
	for i := range n {
		row := neg.row(i)
		for j := range i {
			row[j] = -l.Data[i*l.RowStride+j*l.ColStride]
		}
		row[i] = l.Data[i*(l.RowStride+l.ColStride)]
	}
	for j := 0; j < b.Cols; j += columns {
		part := b.Part(0, j, n, min(columns, b.Cols-j))
		if b.contiguousRows() {
			w.substitute(neg, part, transposed)
			continue
		}
		w.tile = grow(w.tile, n*part.Cols)
		x := RowMajor(w.tile, n, part.Cols)
		interleave(x.Data, x.RowStride, part.T())
		w.substitute(neg, x, transposed)
		interleave(part.Data, part.ColStride, x)
	}
}

// substitute solves by the same halving down to one row, without packing. L
// comes with all but its diagonal negated.
func (w *Workspace[T]) substitute(l, b Matrix[T], transposed bool) {
	k, n := w.use(), b.Rows
	if n == 1 {
		row, d := b.row(0), l.Data[0]
		for j := range row {
			row[j] /= d // its reciprocal may overflow
		}
		return
	}
	h := n / 2
	l11, l21, l22 := l.Part(0, 0, h, h), l.Part(h, 0, n-h, h), l.Part(h, h, n-h, n-h)
	b1, b2 := b.Part(0, 0, h, b.Cols), b.Part(h, 0, n-h, b.Cols)
	ld := b.RowStride
	if transposed {
		w.substitute(l22, b2, true)
		k.product(b1.Data, l21.Data, b2.Data, ld, 1, l.RowStride, ld, h, n-h, b.Cols, true)
		w.substitute(l11, b1, true)
		return
	}
	w.substitute(l11, b1, false)
	k.product(b2.Data, l21.Data, b1.Data, ld, l.RowStride, 1, ld, n-h, h, b.Cols, true)
	w.substitute(l22, b2, false)
}
