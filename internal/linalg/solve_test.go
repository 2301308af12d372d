package linalg

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// The backward error of a solve: ‖B - A X‖ <= c n ε ‖A‖ ‖X‖.
func TestSolve(t *testing.T) {
	w := NewWorkspace(2)
	for _, n := range orders {
		for name, a := range definite(n) {
			c, d := factored(t, 2, a), dense(a)
			for _, m := range []int{1, 3, 100} {
				b := normals(9, n, m)
				x := clone(b)
				c.Solve(w, x)
				requireNear(t, dense(b), product(d, dense(x)), 8*float64(n)*unit*norm(d)*norm(dense(x)), name, n, m)
				// By columns, and one by one, it is the same solution.
				columns := clone(b).T()
				turned := RowMajor(make([]float64, n*m), m, n)
				for i := range columns.Rows {
					for j := range columns.Cols {
						turned.Data[i*n+j] = at(columns, i, j)
					}
				}
				c.Solve(w, turned.T())
				require.Equal(t, x.Data, dataOf(turned.T()), "%s %d %d", name, n, m)
			}
			v, u := normals(9, n, 1), normals(9, n, 1)
			c.SolveVec(v.Data)
			requireNear(t, dense(u), product(d, dense(v)), 8*float64(n)*unit*norm(d)*norm(dense(v)), name, n)
		}
	}
}

// dataOf is the elements row after row.
func dataOf(a Matrix) []float64 {
	x := make([]float64, 0, a.Rows*a.Cols)
	for i := range a.Rows {
		for j := range a.Cols {
			x = append(x, at(a, i, j))
		}
	}
	return x
}

func TestSolveTriangular(t *testing.T) {
	w := NewWorkspace(2)
	for _, n := range orders {
		c := factored(t, 1, gram(4, n, float64(n)))
		l := lower(c.L())
		for _, transposed := range []bool{false, true} {
			b := normals(1, n, 120)
			x, v := clone(b), normals(2, n, 1)
			u := clone(v)
			var op mat.Matrix = l
			if transposed {
				op = l.T()
				w.SolveLT(c.L(), x)
				c.SolveLTVec(v.Data)
			} else {
				w.SolveL(c.L(), x)
				c.SolveLVec(v.Data)
			}
			bound := 4 * float64(n) * unit * norm(op)
			requireNear(t, dense(b), product(op, dense(x)), bound*norm(dense(x)), n)
			requireNear(t, dense(u), product(op, dense(v)), bound*norm(dense(v)), n)
		}
	}
}

// ‖A X - I‖ <= c n ε κ(A), and X = Xᵀ bit for bit.
func TestInverse(t *testing.T) {
	w := NewWorkspace(2)
	for _, n := range orders {
		for name, a := range definite(n) {
			c, d := factored(t, 2, a), dense(a)
			x := normals(1, n, n)
			for i := range x.Data {
				x.Data[i] = math.NaN() // not read
			}
			c.Inverse(w, x)
			require.Equal(t, bits(x.Data), bits(dataOf(x.T())), name)
			requireNear(t, identity(n), product(d, dense(x)), 8*float64(n)*unit*norm(d)*norm(dense(x)), name, n)
		}
	}
}

// The estimate is a lower bound, of the right size.
func TestCondition(t *testing.T) {
	for _, n := range orders[1:] {
		for name, a := range map[string]Matrix{
			"random": gram(uint64(n), n, 1e-3), "Hilbert": hilbert(n, 1e-6), "kernel": kernel(n, 1, 1e-5),
		} {
			c := factored(t, 2, a)
			x := normals(1, n, n)
			c.Inverse(NewWorkspace(2), x)
			exact := norm(dense(a)) * norm(dense(x))
			require.LessOrEqual(t, c.Condition(), exact*(1+1e-6), "%s %d", name, n)
			require.GreaterOrEqual(t, c.Condition(), exact/3, "%s %d", name, n)
		}
	}
	require.Equal(t, 1.0, Cholesky{}.Condition())
}
