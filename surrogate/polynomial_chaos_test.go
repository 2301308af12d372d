package surrogate

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// Mean, variance and indices of the Ishigami function in closed form.
func TestPolynomialChaosIshigami(t *testing.T) {
	lower, upper := []float64{-math.Pi, -math.Pi, -math.Pi}, []float64{math.Pi, math.Pi, math.Pi}
	for n, tolerance := range map[int]float64{150: 1e-4, 400: 1e-8} {
		m := mustFit(t, PolynomialChaos{}, sobolData(t, ishigami, lower, upper, 64, n)).(*PolynomialChaosModel)
		mean, variance, err := m.Moments(0)
		require.NoError(t, err)
		first, total, err := m.Sobol(0)
		require.NoError(t, err)
		assert.InDelta(t, 3.5, mean, tolerance, n)
		assert.InDelta(t, 13.844587940719, variance, 14*tolerance, n)
		assert.InDeltaSlice(t, []float64{.313905191148, .442411144790, 0}, first, tolerance, n)
		assert.InDeltaSlice(t, []float64{.557588854910, .442411144790, .243683664062}, total, tolerance, n)
	}
}

// A sparse polynomial is found again, term by term, from far fewer points than
// candidates.
func TestPolynomialChaosRecovers(t *testing.T) {
	d := 8
	lower, upper := make([]float64, d), make([]float64, d)
	for j := range upper {
		lower[j], upper[j] = -1, 1
	}
	f := func(x []float64) float64 {
		return 2 + 3*math.Sqrt(3)*x[4] - math.Sqrt(3)*math.Sqrt(3)*x[0]*x[7] + 0.5*math.Sqrt(5)*(1.5*x[2]*x[2]-0.5)
	}
	m := mustFit(t, PolynomialChaos{Q: 1, MaxDegree: 4}, uniformData(f, 1, 60, lower, upper)).(*PolynomialChaosModel)
	alpha, c, err := m.Terms(0)
	require.NoError(t, err)
	want := map[[8]int]float64{{}: 2, {4: 1}: 3, {0: 1, 7: 1}: -1, {2: 2}: 0.5}
	for k, a := range alpha {
		assert.InDelta(t, want[[8]int(a)], c[k], 1e-12)
		delete(want, [8]int(a))
	}
	require.Empty(t, want)
	alpha[0][0] = 7 // a copy
	again, _, err := m.Terms(0)
	require.NoError(t, err)
	require.NotEqual(t, alpha, again)
	_, _, err = m.Terms(1)
	require.ErrorIs(t, err, ErrShape)
	_, _, err = m.Sobol(-1)
	require.ErrorIs(t, err, ErrShape)
}

// Coefficients, leverages and corrected error of the pursuit are those of least
// squares on the columns it chose.
func TestPursuit(t *testing.T) {
	data := setA(t)
	indices, err := multiIndices(2, 6, 1, 1000)
	require.NoError(t, err)
	basis := newPolynomials(2, indices)
	scale := centredScaling(data)
	p := newPursuit(basis.matrix(scale, data.X), 80, len(indices))
	e, err := p.run(t.Context(), data.Y)
	require.NoError(t, err)
	k := len(e.C)
	require.Greater(t, k, 5)
	psi := mat.NewDense(80, k, nil)
	for j, chosen := range p.chosen[:k] {
		psi.SetCol(j, p.column(chosen))
	}
	var c mat.VecDense
	require.NoError(t, c.SolveVec(psi, mat.NewVecDense(80, data.Y)))
	require.InDeltaSlice(t, c.RawVector().Data, e.C, 1e-8)
	var gram, inverse, hat mat.Dense
	gram.Mul(psi.T(), psi)
	require.NoError(t, inverse.Inverse(&gram))
	hat.Product(psi, &inverse, psi.T())
	var fitted mat.VecDense
	fitted.MulVec(psi, &c)
	sum, variance, mean := 0.0, 0.0, mat.Sum(mat.NewVecDense(80, data.Y))/80
	for i, y := range data.Y {
		r := (y - fitted.AtVec(i)) / (1 - hat.At(i, i))
		sum += r * r
		variance += (y - mean) * (y - mean)
	}
	want := sum / variance * 80 / float64(80-k) * (1 + mat.Trace(&inverse))
	require.InEpsilon(t, want, e.Error, 1e-7)
}
