package surrogate

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/sampling"
)

// branin has the minimum 0.39788735772973816 on [-5, 10] x [0, 15].
func krigingBranin(x []float64) float64 {
	a := x[1] - 5.1/(4*math.Pi*math.Pi)*x[0]*x[0] + 5/math.Pi*x[0] - 6
	return a*a + 10*(1-1/(8*math.Pi))*math.Cos(x[0]) + 10
}

// sobolData samples f on n points of the Sobol sequence from the first on.
func sobolData(t testing.TB, f func([]float64) float64, lower, upper []float64, first uint64, n int) Data {
	t.Helper()
	d := len(lower)
	s, err := sampling.NewSobol(d)
	require.NoError(t, err)
	x := make([]float64, n*d)
	require.NoError(t, s.Fill(x, first))
	require.NoError(t, sampling.Scale(x, lower, upper))
	y := make([]float64, n)
	for i := range y {
		y[i] = f(x[i*d : (i+1)*d])
	}
	return Data{X: x, Y: y, Inputs: d, Lower: lower, Upper: upper}
}

// setA is the sample of a published study of Branin's function: Sobol points 64
// to 143.
func setA(t testing.TB) Data {
	return sobolData(t, krigingBranin, []float64{-5, 0}, []float64{10, 15}, 64, 80)
}

func fitKriging(t testing.TB, s Kriging, d Data) *KrigingModel {
	t.Helper()
	m, err := s.Fit(context.Background(), d)
	require.NoError(t, err)
	return m.(*KrigingModel)
}

// gridRMSE is the error on the 100 x 100 grid over the domain of d.
func gridRMSE(t testing.TB, m Model, f func([]float64) float64, d Data) float64 {
	t.Helper()
	x, err := sampling.Grid{Counts: []int{100, 100}}.Points()
	require.NoError(t, err)
	require.NoError(t, sampling.Scale(x, d.Lower, d.Upper))
	y := make([]float64, len(x)/2)
	require.NoError(t, m.Predict(x, y))
	s := 0.0
	for i, v := range y {
		e := v - f(x[2*i:2*i+2])
		s += e * e
	}
	return math.Sqrt(s / float64(len(y)))
}

func TestKrigingPublishedSettings(t *testing.T) {
	data := setA(t)
	require.Equal(t, []float64{-4.6484375, 5.9765625}, data.X[:2])
	m := fitKriging(t, Kriging{Correlation: "power_exponential", P: []float64{1.9}, Theta: []float64{.030516153075, .030529751835}}, data)
	mean, variance := make([]float64, 2), make([]float64, 2)
	require.NoError(t, m.PredictVariance([]float64{0, 0, 2.5, 7.5}, mean, variance))
	h := m.Hyperparameters()
	assert.Zero(t, h.Nugget)
	assert.InDelta(t, 100.8455183383, h.Trend[0], 1e-9)
	assert.InDelta(t, 2646.6934951, h.Sigma2, 1e-6)
	assert.InDeltaSlice(t, []float64{55.3096130091, 24.0738747795}, mean, 1e-9)
	assert.InDeltaSlice(t, []float64{17.777442279, 1.018017787}, variance, 1e-8)
	assert.InDelta(t, 2.647382098, gridRMSE(t, m, krigingBranin, data), 1e-8)
}

func TestKrigingPublishedNugget(t *testing.T) {
	data := setA(t)
	m := fitKriging(t, Kriging{Correlation: "power_exponential", P: []float64{2}, Theta: []float64{.03, .003}, Nugget: 3.99547137e-7}, data)
	assert.InDelta(t, 0.17481687, gridRMSE(t, m, krigingBranin, data), 1e-7)
	assert.Equal(t, 3.99547137e-7, m.Hyperparameters().Nugget)
}
