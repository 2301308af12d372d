package surrogate

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestEnsembleBranin(t *testing.T) {
	data := setA(t)
	members := []Spec{RadialBasis{}, RadialBasis{Kernel: "linear"}, InverseDistance{P: 4}, Polynomial{Degree: 5}}
	best := math.Inf(1)
	for _, s := range members {
		best = min(best, gridRMSE(t, mustFit(t, s, data), branin, data))
	}
	for weights, factor := range map[string]float64{"optimal": 1.25, "goel": 2.5, "equal": 5} {
		m := mustFit(t, Ensemble{Members: members, Weights: weights}, data).(*EnsembleModel)
		assert.Less(t, gridRMSE(t, m, branin, data), factor*best, weights)
		models, w := m.Members()
		require.Len(t, models, 4)
		sum := 0.0
		for _, v := range w {
			require.GreaterOrEqual(t, v, 0.0)
			sum += v
		}
		require.InDelta(t, 1, sum, 1e-14)
		require.InDelta(t, gridRMSE(t, m, branin, data), rootMeanSquare(data.Y, m.CrossValidated()), 5)
	}
}

// The weights are a minimum over the simplex: no move between two members is
// better, of matrices of all ranks and scales.
func TestOptimalWeights(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	for trial := range 200 {
		k, rank := 2+trial%6, 1+rng.IntN(10)
		e := mat.NewDense(k, rank, nil)
		for i := range k {
			scale := math.Pow(10, -3*rng.Float64())
			for j := range rank {
				e.Set(i, j, scale*(0.3+rng.NormFloat64()))
			}
		}
		var c mat.SymDense
		c.SymOuterK(1, e)
		w := weightsOf("optimal", &c)
		value := func(w []float64) float64 {
			v := mat.NewVecDense(k, w)
			return mat.Inner(v, &c, v)
		}
		at := value(w)
		for i := range k {
			require.GreaterOrEqual(t, w[i], 0.0)
			for j := range k {
				step := min(1e-4, w[i])
				moved := append([]float64(nil), w...)
				moved[i] -= step
				moved[j] += step
				require.GreaterOrEqual(t, value(moved), at-1e-7*mat.Trace(&c)*step-1e-18)
			}
		}
	}
	// Two errors that are opposite cancel; two that are equal share.
	require.InDeltaSlice(t, []float64{0.75, 0.25}, weightsOf("optimal", mat.NewSymDense(2, []float64{1, -3, -3, 9})), 1e-5)
	require.InDeltaSlice(t, []float64{0.5, 0.5}, weightsOf("optimal", mat.NewSymDense(2, []float64{4, 4, 4, 4})), 1e-8)
	require.InDeltaSlice(t, []float64{0.8, 0.2}, weightsOf("optimal", mat.NewSymDense(2, []float64{1, 0, 0, 4})), 1e-8)
	require.Equal(t, []float64{0.5, 0.5}, weightsOf("optimal", mat.NewSymDense(2, nil)))
	// Root mean squares 1 and 3 of mean 2.
	require.InDeltaSlice(t, []float64{3.1 / 4.2, 1.1 / 4.2}, weightsOf("goel", mat.NewSymDense(2, []float64{1, 0, 0, 9})), 1e-14)
}

// In cross-validation the mean of the variance is the mean square error: by
// construction, so the same folds are used.
func TestEnsembleVariance(t *testing.T) {
	data := setA(t)
	m := mustFit(t, Ensemble{Members: []Spec{RadialBasis{}, RadialBasis{Kernel: "thin_plate"}}, Weights: "equal"}, data).(*EnsembleModel)
	mean, variance := make([]float64, 80), make([]float64, 80)
	require.NoError(t, m.PredictVariance(data.X, mean, variance))
	for i := range variance { // both interpolate
		require.InDelta(t, 0, variance[i], 1e-12)
		require.InDelta(t, data.Y[i], mean[i], 1e-8)
	}
	x := uniformPoints(1, 1000, data.Lower, data.Upper)
	mean, variance = make([]float64, 1000), make([]float64, 1000)
	require.NoError(t, m.PredictVariance(x, mean, variance))
	squares, sum := 0.0, 0.0
	for i, y := range values(branin, x, 2) {
		squares += (mean[i] - y) * (mean[i] - y)
		sum += variance[i]
	}
	require.InDelta(t, 1, math.Sqrt(sum/squares), 0.5)

	alone := mustFit(t, Ensemble{Members: []Spec{RadialBasis{}}}, data).(*EnsembleModel)
	require.NoError(t, alone.PredictVariance(x, mean, variance))
	require.InDelta(t, rootMeanSquare(data.Y, alone.CrossValidated()), math.Sqrt(variance[0]), 1e-12)
}

func TestEnsembleRefuses(t *testing.T) {
	data := setA(t)
	for message, s := range map[string]Ensemble{
		`weights "best", want optimal, goel or equal`: {Weights: "best"},
		"1 folds, want at least 2":                    {CrossValidation: CrossValidation{Folds: 1}},
		"an ensemble without members":                 {Members: []Spec{}},
		"member 1 of the ensemble is nil":             {Members: []Spec{Polynomial{}, nil}},
		"member 0 of the ensemble":                    {Members: []Spec{Lobachevsky{N: 3}}},
	} {
		_, err := s.Fit(t.Context(), data)
		require.ErrorIs(t, err, ErrSettings)
		require.ErrorContains(t, err, message)
	}
	_, err := Ensemble{}.Fit(t.Context(), data.rows(0, 1))
	require.ErrorIs(t, err, ErrData)
	// Of the default members some need more rows than others.
	m := mustFit(t, Ensemble{}, data.rows(0, 4)).(*EnsembleModel)
	require.NotEmpty(t, m.members)
	require.Less(t, len(m.members), len(Candidates()))
}
