package surrogate

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every setting outside its range is refused, and the error says what is right.
func TestSettingsRefused(t *testing.T) {
	data := setA(t)
	nan, inf := math.NaN(), math.Inf(1)
	for message, specs := range map[string][]Spec{
		"want at least 1":                              {InverseDistance{P: 0.99}, InverseDistance{P: -2}, InverseDistance{P: nan}, InverseDistance{P: inf}},
		"want at least 1, or 0 for all":                {InverseDistance{Neighbours: -1}},
		"want an even number from 2 to 30":             {Lobachevsky{N: 3}, Lobachevsky{N: -2}, Lobachevsky{N: 32}},
		"3 values of alpha for 2 inputs, want 1 or 2":  {Lobachevsky{Alpha: []float64{1, 1, 1}}},
		"want it positive":                             {Lobachevsky{Alpha: []float64{1, 0}}, Lobachevsky{Alpha: []float64{nan}}, Lobachevsky{Alpha: []float64{inf}}, NeuralNetwork{Decay: -1}, NeuralNetwork{Decay: nan}},
		"want linear, cubic, thin_plate, multiquadric": {RadialBasis{Kernel: "quintic"}},
		"want none, constant, linear or quadratic":     {RadialBasis{Tail: "cubic"}},
		"which must be of degree 1 at least":           {RadialBasis{Tail: "constant"}, RadialBasis{Kernel: "thin_plate", Tail: "none"}},
		"which must be of degree 0 at least":           {RadialBasis{Kernel: "linear", Tail: "none"}, RadialBasis{Kernel: "multiquadric", Tail: "none"}},
		"cubic radial functions have none":             {RadialBasis{Shape: 1}},
		"or 0 to have it fitted":                       {RadialBasis{Kernel: "gaussian", Shape: -1}, RadialBasis{Kernel: "gaussian", Shape: nan}, RadialBasis{Kernel: "wendland", Shape: inf}},
		"want at least 0":                              {RadialBasis{Smoothing: -1}, RadialBasis{Smoothing: nan}, RadialBasis{Smoothing: inf}},
		"want 1 to 20":                                 {Polynomial{Degree: -1}, Polynomial{Degree: 21}},
		"want 1 to 50":                                 {PolynomialChaos{MaxDegree: 51}, PolynomialChaos{MaxDegree: -1}},
		"want it in (0, 1]":                            {PolynomialChaos{Q: 1.1}, PolynomialChaos{Q: nan}, PolynomialChaos{Q: -1}},
		"polynomial chaos of -1 terms":                 {PolynomialChaos{MaxTerms: -1}},
		"want more terms than inputs":                  {PolynomialChaos{MaxTerms: 2}},
		"want 1 to 1024":                               {NeuralNetwork{Hidden: []int{0}}, NeuralNetwork{Hidden: []int{8, 1025}}},
		"0 hidden layers, want 1 to 16":                {NeuralNetwork{Hidden: []int{}}},
		"-1 starts, want at least 1":                   {NeuralNetwork{Starts: -1}},
		"-1 iterations, want at least 1":               {NeuralNetwork{Iterations: -1}},
		"want a share in [0, 1)":                       {NeuralNetwork{Validation: 1}, NeuralNetwork{Validation: nan}, NeuralNetwork{Validation: -0.1}},
	} {
		for _, s := range specs {
			_, err := s.Fit(t.Context(), data)
			require.ErrorIs(t, err, ErrSettings, fmt.Sprintf("%#v", s))
			require.ErrorContains(t, err, message)
		}
	}
}

// Points almost the same, and far apart in value: there is a model, with or without
// a nugget, and what it predicts is finite.
func TestNearlyDuplicatePoints(t *testing.T) {
	for name, c := range methods {
		for _, gap := range []float64{1e-3, 1e-6, 1e-9, 1e-12, 1e-15} {
			d := conformanceData(true)
			d.X[40], d.X[41] = d.X[6]+gap, d.X[7]
			m, err := c.spec.Fit(t.Context(), d)
			require.NoError(t, err, "%s: %g", name, gap)
			require.NoError(t, allFinite(predict(t, m, uniformPoints(1, 50, d.Lower, d.Upper))), "%s: %g", name, gap)
		}
	}
}

// An input that never changes says nothing, but does no harm where it need not.
func TestConstantInput(t *testing.T) {
	d := conformanceData(true)
	for i := 0; i < len(d.X); i += 2 {
		d.X[i] = 3
	}
	d.Lower, d.Upper = nil, nil
	for name, c := range methods {
		m, err := c.spec.Fit(t.Context(), d)
		if err != nil {
			require.ErrorIs(t, err, ErrData, name)
			continue
		}
		require.NoError(t, allFinite(predict(t, m, []float64{3, 1, 3, 14})), name)
	}
}
