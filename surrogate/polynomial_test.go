package surrogate

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// A polynomial of the degree is reproduced everywhere, by as many points as terms.
func TestPolynomialReproduces(t *testing.T) {
	f := func(x []float64) float64 { return 3 - x[0] + 2*x[1]*x[2] + x[0]*x[0]*x[1] - 4*x[2]*x[2]*x[2] }
	lower, upper := []float64{-3, 0, 10}, []float64{1, 100, 12}
	for _, n := range []int{20, 50} {
		m := mustFit(t, Polynomial{Degree: 3}, uniformData(f, 1, n, lower, upper))
		x := uniformPoints(2, 50, lower, upper)
		assert.InEpsilonSlice(t, values(f, x, 3), predict(t, m, x), 1e-8, "%d points", n)
	}
}

// On a line, what textbooks give: slope, intercept and the standard error of a
// prediction.
func TestPolynomialVariance(t *testing.T) {
	x, y := []float64{1, 2, 3, 4, 6}, []float64{2.1, 3.9, 6.2, 7.8, 12.5}
	m := mustFit(t, Polynomial{Degree: 1}, Data{X: x, Y: y, Inputs: 1}).(*PolynomialModel)
	meanX, meanY, sxx, sxy := 0.0, 0.0, 0.0, 0.0
	for i := range x {
		meanX, meanY = meanX+x[i]/5, meanY+y[i]/5
	}
	for i := range x {
		sxx += (x[i] - meanX) * (x[i] - meanX)
		sxy += (x[i] - meanX) * (y[i] - meanY)
	}
	rss := 0.0
	for i := range x {
		e := y[i] - meanY - sxy/sxx*(x[i]-meanX)
		rss += e * e
	}
	mean, variance := make([]float64, 2), make([]float64, 2)
	require.NoError(t, m.PredictVariance([]float64{0, 5}, mean, variance))
	for i, at := range []float64{0, 5} {
		require.InDelta(t, meanY+sxy/sxx*(at-meanX), mean[i], 1e-12)
		require.InDelta(t, rss/3*(1+1.0/5+(at-meanX)*(at-meanX)/sxx), variance[i], 1e-12)
	}
	through := mustFit(t, Polynomial{Degree: 4}, Data{X: x, Y: y, Inputs: 1}).(*PolynomialModel)
	require.NoError(t, through.PredictVariance([]float64{0, 5}, mean, variance))
	require.Equal(t, []float64{math.Inf(1), math.Inf(1)}, variance)
	two := mustFit(t, Polynomial{Degree: 1}, Data{X: x[:4], Y: []float64{1, 2, 3, 4, 5, 6, 7, 9}, Inputs: 1, Outputs: 2}).(*PolynomialModel)
	require.ErrorIs(t, two.PredictVariance([]float64{0, 5}, mean, variance), ErrShape)
	_, variance = two.LeaveOneOut()
	require.Nil(t, variance)
}

// The intervals hold what they promise where the model is right.
func TestPolynomialCoverage(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 0))
	f := func(x []float64) float64 { return 1 + 2*x[0] - x[0]*x[1] + 0.1*rng.NormFloat64() }
	lower, upper := []float64{0, 0}, []float64{1, 1}
	m := mustFit(t, Polynomial{}, uniformData(f, 1, 200, lower, upper))
	test := uniformData(f, 2, 5000, lower, upper)
	a, err := Validate(m, test.X, test.Y)
	require.NoError(t, err)
	require.InDelta(t, 0.95, a.Coverage, 0.015)
}

// The normal equations in gonum.
func TestPolynomialLeastSquares(t *testing.T) {
	data := setA(t)
	m := mustFit(t, Polynomial{Degree: 2}, data)
	row := func(x []float64) []float64 { return []float64{1, x[0], x[1], x[0] * x[0], x[0] * x[1], x[1] * x[1]} }
	f := mat.NewDense(80, 6, nil)
	for i := range 80 {
		f.SetRow(i, row(data.X[2*i:]))
	}
	var beta mat.VecDense
	require.NoError(t, beta.SolveVec(f, mat.NewVecDense(80, data.Y)))
	for _, x := range [][]float64{{0, 0}, {9, 14}, {-5, 3}} {
		require.InDelta(t, mat.Dot(mat.NewVecDense(6, row(x)), &beta), predict(t, m, x)[0], 1e-9)
	}
}

func TestPolynomialRefuses(t *testing.T) {
	line := Data{X: []float64{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6}, Y: make([]float64, 7), Inputs: 2}
	_, err := Polynomial{}.Fit(t.Context(), line)
	require.ErrorIs(t, err, ErrData)
	require.ErrorContains(t, err, "do not determine a polynomial of degree 2")
	_, err = Polynomial{Degree: 3}.Fit(t.Context(), line)
	require.ErrorIs(t, err, ErrData)
	require.ErrorContains(t, err, "7 rows do not determine a polynomial of degree 3 in 2 inputs, which has 10 terms")
}
