package pinn

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFloat32 compares loss and gradient of networks in float32 with those in
// float64, for every kind of term.
func TestFloat32(t *testing.T) {
	for name, p := range lossProblems() {
		t.Run(name, func(t *testing.T) {
			var losses [2]float64
			var grads [2][]float64
			for i, precision := range []string{"float64", "float32"} {
				p.settings.Precision = precision
				trainer, err := New(p.problem, p.settings)
				require.NoError(t, err)
				grads[i] = make([]float64, trainer.m.weights())
				losses[i], err = trainer.loss.gradient(t.Context(), trainer.state.Theta, grads[i], make([]float64, len(trainer.loss.terms)))
				require.NoError(t, err)
			}
			require.InEpsilon(t, losses[0], losses[1], 1e-4)
			require.NotEqual(t, losses[0], losses[1], "float32 was not used")
			difference, norm := 0.0, 0.0
			for k, g := range grads[0] {
				difference = math.Hypot(difference, grads[1][k]-g)
				norm = math.Hypot(norm, g)
			}
			require.Less(t, difference, 1e-4*norm)
		})
	}
}

func TestTrainingInFloat32(t *testing.T) {
	s := small(Stage{Optimizer: "adam", Iterations: 200, Rate: 5e-3}, Stage{Optimizer: "ssbroyden", Iterations: 200})
	s.Precision = "float32"
	p := testProblems["heat"]
	trainer, err := New(p.problem(), s)
	require.NoError(t, err)
	_, err = trainer.Run(t.Context())
	require.NoError(t, err)
	ref, err := ExactReference(p.problem(), p.exact, nil)
	require.NoError(t, err)
	errs, err := trainer.Solution().Errors(ref)
	require.NoError(t, err)
	require.Less(t, errs["u"].RelativeL2, 2e-3)

	s.Precision = "float16"
	_, err = New(p.problem(), s)
	require.ErrorContains(t, err, `precision: unknown precision "float16": choose float64, float32`)
}
