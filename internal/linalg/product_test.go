package linalg

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Sums of products of small whole numbers are exact in any order.
func wholeNumbers(seed uint64, rows, cols int) Matrix {
	a := normals(seed, rows, cols)
	for i, x := range a.Data {
		a.Data[i] = math.Round(10 * x)
	}
	return a
}

func TestProducts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.OneOf(rapid.IntRange(0, 40), rapid.Just(150))
		m, k, n := size.Draw(t, "m"), size.Draw(t, "k"), size.Draw(t, "n")
		w := NewWorkspace(rapid.IntRange(1, 5).Draw(t, "threads"))
		turn := func(a Matrix, label string) Matrix {
			if !rapid.Bool().Draw(t, label) {
				return a
			}
			return Matrix{Data: dataOf(a.T()), Rows: a.Rows, Cols: a.Cols, RowStride: 1, ColStride: max(a.Rows, 1)}
		}
		a, b := turn(wholeNumbers(1, m, k), "A"), turn(wholeNumbers(2, k, n), "B")
		c := wholeNumbers(3, m, n)
		want := clone(c)
		if m > 0 && n > 0 && k > 0 {
			p := product(dense(a), dense(b))
			for i := range want.Data {
				want.Data[i] = 2*p.RawMatrix().Data[i] - want.Data[i]
			}
		} else {
			for i := range want.Data {
				want.Data[i] *= -1
			}
		}
		got := turn(c, "C")
		w.Gemm(2, a, b, -1, got)
		require.Equal(t, want.Data, dataOf(got))

		if m == 0 || k == 0 {
			return
		}
		s := wholeNumbers(4, m, m)
		p := product(dense(a), dense(a).T())
		full := clone(s)
		poison(s)
		w.Syrk(-1, a, 1, s)
		for i := range m {
			for j := range m {
				if j > i {
					require.True(t, math.IsNaN(at(s, i, j)))
				} else {
					require.Equal(t, at(full, i, j)-p.At(i, j), at(s, i, j))
				}
			}
		}
		MirrorLower(s)
		require.Equal(t, s.Data, dataOf(s.T()))
	})
}

// Every element belongs to one tile, whatever the shape.
func TestGemmTiles(t *testing.T) {
	for _, s := range [][3]int{{1600, 5, 40}, {40, 5, 1600}, {800, 3, 800}, {3, 60000, 2}} {
		for _, threads := range []int{1, 7} {
			a, b, c := wholeNumbers(1, s[0], s[1]), wholeNumbers(2, s[1], s[2]), wholeNumbers(3, s[0], s[2])
			w := NewWorkspace(threads)
			w.Gemm(1, a, b, 0, c)
			require.Equal(t, product(dense(a), dense(b)).RawMatrix().Data, c.Data, s)
		}
	}
}
