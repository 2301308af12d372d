package linalg

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// Both libraries are backward stable, so that their results differ by a small
// multiple of ε κ(A) at most. The theory's multiple grows with n; rounding
// errors that average out do not, and none of the matrices here passes a half
// of this one.
const multiple = 8

// system is A = D H D with a diagonal D of powers of two: the entries of A may
// spread over any range, yet a solve by Cholesky loses no more digits than one
// of H (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002,
// theorem 10.6).
type system struct {
	h Matrix
	d []float64
}

// graded has a D from 1 down to 2^-most.
func graded(h Matrix, most int) system {
	d := make([]float64, h.Rows)
	for i := range d {
		d[i] = math.Ldexp(1, -most*i/max(h.Rows-1, 1))
	}
	return system{h, d}
}

func plain(h Matrix) system { return graded(h, 0) }

// systems have up to twelve digits to lose.
func systems() map[string]system {
	all := map[string]system{
		"4":                      plain(RowMajor([]float64{4}, 1, 1)),
		"1e300":                  plain(RowMajor([]float64{1e300}, 1, 1)),
		"1e-300":                 plain(RowMajor([]float64{1e-300}, 1, 1)),
		"2 x 2":                  plain(RowMajor([]float64{2, 1, 1, 2}, 2, 2)),
		"2 x 2, nearly singular": plain(RowMajor([]float64{1, 1 - 0x1p-36, 1 - 0x1p-36, 1}, 2, 2)),
		"2 x 2, graded":          graded(RowMajor([]float64{2, 1, 1, 2}, 2, 2), 400),
	}
	for _, n := range []int{2, 3, 5, 8, 9} {
		all[fmt.Sprintf("Hilbert %d", n)] = plain(hilbert(n, 0))
	}
	for _, n := range []int{3, 9, 65, order + 1} {
		all[fmt.Sprintf("Hilbert and 1e-10 I, %d", n)] = plain(hilbert(n, 1e-10))
		all[fmt.Sprintf("graded kernel %d", n)] = graded(kernel(n, 1, 1e-6), 200)
		if n > order {
			continue // two are enough of the large ones
		}
		all[fmt.Sprintf("random %d", n)] = plain(gram(uint64(n), n, 1e-3))
		all[fmt.Sprintf("kernel %d", n)] = plain(kernel(n, 1, 1e-8))
		all[fmt.Sprintf("graded %d", n)] = graded(gram(uint64(n), n, 1), 300)
	}
	return all
}

func (s system) matrix() Matrix { return s.times(s.times(s.h, 1).T(), 1) }

// times is D^power B, exactly.
func (s system) times(b Matrix, power int) Matrix {
	c := RowMajor(make([]float64, b.Rows*b.Cols), b.Rows, b.Cols)
	for i := range b.Rows {
		for j := range b.Cols {
			c.Data[i*b.Cols+j] = math.Pow(s.d[i], float64(power)) * at(b, i, j)
		}
	}
	return c
}

func TestAgainstGonum(t *testing.T) {
	w := NewWorkspace(2)
	for name, s := range systems() {
		n, a := s.h.Rows, s.matrix()
		bound := multiple * unit * mat.Cond(dense(s.h), 1)
		require.Less(t, bound, 0.1, "%s: digits are left to compare", name)
		// D^power X is compared, since D X or L/D is that of H.
		near := func(want mat.Matrix, got Matrix, power int, what string) {
			x, y := s.times(fromGonum(want), power), s.times(got, power)
			requireNear(t, dense(x), dense(y), bound*norm(dense(x)), name, ", ", what)
		}

		var g mat.Cholesky
		require.True(t, g.Factorize(mat.NewSymDense(n, a.Data)), name)
		c := factored(t, 2, a)
		require.Equal(t, n, c.Order())
		requireSameFactor(t, &g, c, bound, name)
		require.InDelta(t, g.LogDet(), c.LogDet(), bound+4*unit*math.Abs(g.LogDet()), name)

		for _, m := range []int{1, 3, 100} {
			b := s.times(normals(9, n, m), 1)
			var x mat.Dense
			requireSolved(t, g.SolveTo(&x, dense(b)))
			c.Solve(w, b)
			near(&x, b, 1, fmt.Sprint(m, " right sides"))
		}

		inverse := normals(1, n, n)
		c.Inverse(w, inverse)
		var y mat.SymDense
		requireSolved(t, g.InverseTo(&y))
		near(dense(s.times(fromGonum(&y), 1).T()), s.times(inverse, 1).T(), 1, "inverse")

		// Rows appended at once, and one by one.
		h := n / 2
		grown, err := factored(t, 2, a.Part(0, 0, h, h)).Append(w, a.Part(h, 0, n-h, n))
		require.NoError(t, err, name)
		var e mat.Cholesky
		require.True(t, e.Factorize(mat.NewSymDense(1, a.Data[:1])))
		for i := 1; i < n; i++ {
			require.True(t, e.ExtendVecSym(&e, mat.NewVecDense(i+1, a.Data[i*n:i*n+i+1])))
		}
		requireSameFactor(t, &e, grown, bound, name)
	}
}

// requireSameFactor requires ‖L_g⁻¹ L - I‖ <= bound, which weighs a small pivot
// like a large one.
func requireSameFactor(t *testing.T, g *mat.Cholesky, c Cholesky, bound float64, name ...any) {
	var l mat.TriDense
	var ratio mat.Dense
	g.LTo(&l)
	requireSolved(t, l.SolveTo(&ratio, false, lower(c.L())))
	requireNear(t, identity(c.Order()), &ratio, bound, name...)
}

// requireSolved allows gonum to say that the matrix is ill-conditioned.
func requireSolved(t *testing.T, err error) {
	var ill mat.Condition
	if !errors.As(err, &ill) {
		require.NoError(t, err)
	}
}

func TestTriangularAgainstGonum(t *testing.T) {
	w := NewWorkspace(2)
	for name, s := range systems() {
		n := s.h.Rows
		c := factored(t, 2, s.matrix())
		l := mat.NewTriDense(n, mat.Lower, lower(c.L()).RawMatrix().Data)
		for _, transposed := range []bool{false, true} {
			b := normals(3, n, 33)
			var want mat.Dense
			requireSolved(t, l.SolveTo(&want, transposed, dense(b)))
			var op mat.Matrix = l
			if transposed {
				op = l.T()
				w.SolveLT(c.L(), b)
			} else {
				w.SolveL(c.L(), b)
			}
			// |X - X_g| <= c √n ε |L⁻¹| |L| |X|, element by element (Higham 2002,
			// theorem 8.5).
			bound := multiple * math.Sqrt(float64(n)) * unit
			var inverse mat.Dense
			requireSolved(t, l.SolveTo(&inverse, transposed, identity(n)))
			e := product(absolute(&inverse), product(absolute(op), absolute(&want)))
			for i := range n {
				for j := range b.Cols {
					require.InDelta(t, want.At(i, j), at(b, i, j), bound*e.At(i, j), "%s %v: %d, %d", name, transposed, i, j)
				}
			}
		}
	}
}

// Every element to c √k ε (|alpha| |A| |A|ᵀ + |beta| |C|), whatever the range of A.
func TestRankUpdateAgainstGonum(t *testing.T) {
	w := NewWorkspace(2)
	for _, n := range orders[1:] {
		for _, k := range []int{1, 2, 33, order + 1} {
			for _, scales := range []int{0, 300} {
				s := graded(normals(1, n, 1), scales)
				a, c := s.times(normals(2, n, k), 1), normals(4, n, n)
				alpha, beta := -0.7, 1.3
				want := dense(c)
				sym := want.RawMatrix()
				blas64.Syrk(blas.NoTrans, alpha, dense(a).RawMatrix(), beta,
					blas64.Symmetric{N: n, Stride: n, Data: sym.Data, Uplo: blas.Lower})
				size := product(absolute(dense(a)), absolute(dense(a)).T())
				before := clone(c)
				bound := multiple * math.Sqrt(float64(k)) * unit
				w.Syrk(alpha, a, beta, c)
				for i := range n {
					for j := range i + 1 {
						e := math.Abs(alpha)*size.At(i, j) + math.Abs(beta*at(before, i, j))
						require.InDelta(t, want.At(i, j), at(c, i, j), bound*e, "%d x %d: %d, %d", n, k, i, j)
					}
				}
			}
		}
	}
}

// The factor of A + v vᵀ is gonum's update of that of A.
func TestRankOneAgainstGonum(t *testing.T) {
	w := NewWorkspace(2)
	for name, s := range systems() {
		n, a := s.h.Rows, s.matrix()
		v := s.times(normals(6, n, 1), 1)
		for i := range v.Data {
			v.Data[i] *= math.Sqrt(at(s.h, i, i))
		}
		var g mat.Cholesky
		require.True(t, g.Factorize(mat.NewSymDense(n, a.Data)), name)
		require.True(t, g.SymRankOne(&g, 1, mat.NewVecDense(n, v.Data)), name)
		w.Syrk(1, v, 1, a)
		requireSameFactor(t, &g, factored(t, 2, a), multiple*unit*mat.Cond(dense(s.h), 1), name)
	}
}

// Scaling rows and columns by powers of two scales every result, bit for bit.
func TestGradedExactly(t *testing.T) {
	w := NewWorkspace(2)
	for _, n := range []int{1, 2, 9, 65, order + 40} {
		s := graded(kernel(n, 1, 1e-6), 300)
		c, ch := factored(t, 2, s.matrix()), factored(t, 2, s.h)
		same := func(want, got Matrix) { require.Equal(t, bits(dataOf(want)), bits(dataOf(got)), n) }
		same(s.times(fromGonum(lower(ch.L())), 1), fromGonum(lower(c.L())))
		b := normals(1, n, 50)
		x := s.times(b, 1)
		c.Solve(w, x)
		ch.Solve(w, b)
		same(b, s.times(x, 1))
		y, yh := normals(1, n, n), normals(1, n, n)
		c.Inverse(w, y)
		ch.Inverse(w, yh)
		same(yh, s.times(s.times(y, 1).T(), 1))
	}
}

// Matrices of order 0, which gonum has not.
func TestEmpty(t *testing.T) {
	w := NewWorkspace(2)
	none := RowMajor(nil, 0, 0)
	c, err := w.Cholesky(none)
	require.NoError(t, err)
	require.Zero(t, c.LogDet())
	require.Zero(t, c.Order())
	for _, m := range []int{0, 3} {
		c.Solve(w, RowMajor(nil, 0, m))
		w.SolveL(none, RowMajor(nil, 0, m))
		w.Syrk(1, RowMajor(nil, 0, m), 0, none)
	}
	c.SolveVec(nil)
	c.Inverse(w, none)
	grown, err := c.Append(w, none)
	require.NoError(t, err)
	require.Zero(t, grown.Order())
	grown, err = c.Append(w, RowMajor([]float64{4, 0, 2, 5}, 2, 2))
	require.NoError(t, err)
	require.Equal(t, []float64{2, 0, 1, 2}, grown.L().Data)

	two, err := w.Cholesky(RowMajor([]float64{4, 0, 2, 5}, 2, 2))
	require.NoError(t, err)
	two.Solve(w, RowMajor(nil, 2, 0))
	w.SolveLT(two.L(), RowMajor(nil, 2, 0))
	same, err := two.Append(w, RowMajor(nil, 0, 2))
	require.NoError(t, err)
	require.Equal(t, []float64{2, 0, 1, 2}, same.L().Data)
	update := []float64{1, 7, 2, 3}
	w.Syrk(1, RowMajor(nil, 2, 0), 2, RowMajor(update, 2, 2))
	require.Equal(t, []float64{2, 7, 4, 6}, update)
}
