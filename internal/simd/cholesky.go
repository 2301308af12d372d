package simd

import "math"

// Cholesky computes the lower triangular L with positive diagonal of A = L Lᵀ
// and writes it over the lower triangle of A, n x n with contiguous rows. The
// rest of A is neither read nor written. It returns n, or the index of the first
// pivot that is not positive and finite; its value is then in A, the rows before
// it are those of L and the rest is spoilt.
//
// It halves A: with L11 known, L21 = A21 L11⁻ᵀ and L22 L22ᵀ = A22 - L21 L21ᵀ.
func (w *Workspace[T]) Cholesky(a Matrix[T]) int {
	a.RequireShape("A", a.Rows, a.Rows)
	a.RequireContiguousRows("A")
	return w.factor(a)
}

func (w *Workspace[T]) factor(a Matrix[T]) int {
	n := a.Rows
	if n <= triangle {
		return w.factorSmall(a)
	}
	h := (n/2 + triangle - 1) / triangle * triangle
	a11, a21, a22 := a.Part(0, 0, h, h), a.Part(h, 0, n-h, h), a.Part(h, h, n-h, n-h)
	if p := w.factor(a11); p < h {
		return p
	}
	w.solve(a11, a21.T(), false)
	w.multiply(-1, a21, a21.T(), 1, a22, true)
	return h + w.factor(a22)
}

// factorSmall factors a matrix of order at most triangle, as U = Lᵀ on a copy,
// whose rows are long vectors where those of L are short: some pivots one by
// one, then all the rows below at once.
func (w *Workspace[T]) factorSmall(a Matrix[T]) int {
	const pivots = 8
	k, n := w.use(), a.Rows
	w.l, w.tile = grow(w.l, n*n), grow(w.tile, pivots*n)
	u, neg := w.l, w.tile
	transposeLower(RowMajor(u, n, n), a)
	done := 0
	for done < n {
		end := min(done+pivots, n)
		bad := false
		for r := done; r < end; r++ {
			row := u[r*n+r : (r+1)*n]
			for q := done; q < r; q++ {
				k.addScaled(row, -u[q*n+r], u[q*n+r:(q+1)*n])
			}
			d := float64(row[0])
			if bad = !(d > 0) || math.IsInf(d, 1); bad {
				end = r
				break
			}
			row[0] = T(math.Sqrt(d))
			k.scale(row[1:], 1/row[0], row[1:])
		}
		first := done
		done = end
		if bad {
			break
		}
		m := n - end
		for q := first; q < end; q++ {
			k.scale(neg[(q-first)*m:(q-first+1)*m], -1, u[q*n+end:(q+1)*n])
		}
		for r := end; r < n; r += pivots {
			k.product(u[r*n+r:], neg[r-end:], u[first*n+r:], n, 1, m, n, min(pivots, n-r), end-first, n-r, true)
		}
	}
	for i := 0; i < n; i += 8 {
		m := min(8, n-i)
		for r := i; r < i+m; r++ {
			for j := i; j <= r; j++ {
				a.Data[r*a.RowStride+j] = u[j*n+r]
			}
		}
		if rest := n - i - m; rest > 0 {
			interleave(a.Data[(i+m)*a.RowStride+i:], a.RowStride, Matrix[T]{u[i*n+i+m:], m, rest, n, 1})
		}
	}
	return done
}

// transposeLower writes the transposed lower triangle of A over the upper of U.
func transposeLower[T Float](u, a Matrix[T]) {
	for i := 0; i < a.Rows; i += 8 {
		m := min(8, a.Rows-i)
		interleave(u.Data[i:], u.RowStride, a.Part(i, 0, m, i))
		for r := i; r < i+m; r++ {
			for j := i; j <= r; j++ {
				u.Data[j*u.RowStride+r] = a.Data[r*a.RowStride+j]
			}
		}
	}
}
