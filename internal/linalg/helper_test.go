package linalg

import (
	"flag"
	"fmt"
	"math"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// The property tests draw the same cases on every run; -rapid.seed changes it.
func init() {
	if err := flag.Set("rapid.seed", "1"); err != nil {
		panic(err)
	}
}

// unit is the unit roundoff of float64.
const unit = 0x1p-53

// orders are those around the edges of the tiles, in the kernels and here.
var orders = []int{0, 1, 2, 8, 9, 64, 65, order, order + 1}

func at(a Matrix, i, j int) float64 { return a.Data[i*a.RowStride+j*a.ColStride] }

func clone(a Matrix) Matrix {
	a.Data = append([]float64{}, a.Data...)
	return a
}

// dense copies a matrix for gonum, which has none that are empty.
func dense(a Matrix) *mat.Dense {
	if a.Rows == 0 || a.Cols == 0 {
		return new(mat.Dense)
	}
	d := mat.NewDense(a.Rows, a.Cols, nil)
	for i := range a.Rows {
		for j := range a.Cols {
			d.Set(i, j, at(a, i, j))
		}
	}
	return d
}

// fromGonum copies a matrix of gonum's.
func fromGonum(a mat.Matrix) Matrix {
	d := mat.DenseCopyOf(a)
	return RowMajor(d.RawMatrix().Data, d.RawMatrix().Rows, d.RawMatrix().Cols)
}

func identity(n int) *mat.Dense {
	d := dense(RowMajor(make([]float64, n*n), n, n))
	for i := range n {
		d.Set(i, i, 1)
	}
	return d
}

// absolute is |A|, element by element.
func absolute(a mat.Matrix) *mat.Dense {
	d := mat.DenseCopyOf(a)
	d.Apply(func(_, _ int, x float64) float64 { return math.Abs(x) }, d)
	return d
}

// lower is the matrix without what lies above its diagonal.
func lower(a Matrix) *mat.Dense {
	d := dense(a)
	for i := range a.Rows {
		for j := i + 1; j < a.Cols; j++ {
			d.Set(i, j, 0)
		}
	}
	return d
}

// gram is A Aᵀ + ridge I for a random n x n A: positive definite.
func gram(seed uint64, n int, ridge float64) Matrix {
	a := normals(seed, n, n)
	g := RowMajor(make([]float64, n*n), n, n)
	if n == 0 {
		return g
	}
	mat.NewDense(n, n, g.Data).Mul(mat.NewDense(n, n, a.Data), mat.NewDense(n, n, a.Data).T())
	MirrorLower(g)
	for i := range n {
		g.Data[i*(n+1)] += ridge
	}
	return g
}

// hilbert has elements 1/(i + j + 1), and the ridge on its diagonal.
func hilbert(n int, ridge float64) Matrix {
	h := RowMajor(make([]float64, n*n), n, n)
	for i := range n {
		for j := range n {
			h.Data[i*n+j] = 1 / float64(i+j+1)
		}
		h.Data[i*(n+1)] += ridge
	}
	return h
}

// kernel is the squared-exponential correlation of n points of a plane.
func kernel(n int, length, ridge float64) Matrix {
	p := normals(5, n, 2)
	k := RowMajor(make([]float64, n*n), n, n)
	for i := range n {
		for j := range n {
			x, y := at(p, i, 0)-at(p, j, 0), at(p, i, 1)-at(p, j, 1)
			k.Data[i*n+j] = math.Exp(-(x*x + y*y) / (2 * length * length))
		}
		k.Data[i*(n+1)] += ridge
	}
	return k
}

// factored factors a copy, with poison above the diagonal, and checks that it
// is still there.
func factored(t require.TestingT, threads int, a Matrix) Cholesky {
	l := clone(a)
	poison(l)
	c, err := NewWorkspace(threads).Cholesky(l)
	require.NoError(t, err)
	for i := range l.Rows {
		for j := i + 1; j < l.Cols; j++ {
			require.True(t, math.IsNaN(at(l, i, j)))
		}
	}
	return c
}

func poison(a Matrix) {
	for i := range a.Rows {
		for j := i + 1; j < a.Cols; j++ {
			a.Data[i*a.RowStride+j] = math.NaN()
		}
	}
}

// requireNear requires ‖want - got‖ <= bound in the 1-norm.
func requireNear(t require.TestingT, want, got mat.Matrix, bound float64, name ...any) {
	r, c := want.Dims()
	gr, gc := got.Dims()
	require.Equal(t, [2]int{r, c}, [2]int{gr, gc})
	if r == 0 || c == 0 {
		return
	}
	var d mat.Dense
	d.Sub(want, got)
	require.LessOrEqual(t, mat.Norm(&d, 1), bound, fmt.Sprint(name...))
}

func norm(a mat.Matrix) float64 {
	if r, _ := a.Dims(); r == 0 {
		return 0
	}
	return mat.Norm(a, 1)
}

// product multiplies by gonum, empty matrices too.
func product(a, b mat.Matrix) *mat.Dense {
	var p mat.Dense
	if r, _ := a.Dims(); r > 0 {
		p.Mul(a, b)
	}
	return &p
}
