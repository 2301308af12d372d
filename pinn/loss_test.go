package pinn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// lossProblems are problems that between them hold every kind of term.
func lossProblems() map[string]struct {
	problem  *Problem
	settings Settings
} {
	data := &Table{
		Points: []float64{0.1, 0.2, 0.5, 0.6, 0.9, 0.3},
		Values: map[string][]float64{"u1": {1, 2, 3}, "u3": {0.5, 0.25, 0.125}},
	}
	system := testProblems["system"].problem()
	system.Conditions = append(system.Conditions, Condition{Data: data, Weight: 3})
	inverse := testProblems["heat"].problem()
	inverse.Parameters = map[string]float64{"k": 0.3, "c": 1.5}
	inverse.Equations = []Equation{{Text: "u_t = k*u_xx + (c - 1)*u^2", Weight: 2}}
	inverse.Conditions = append(inverse.Conditions,
		Condition{Text: "integral(u^2 + c*u_x, x) = k*exp(-t)", Points: 12},
		Condition{Text: "integral(u, x) = 1/2 at t=0.5"})
	ansatz := testProblems["wave"].problem()
	ansatz.Ansatz = map[string]string{"u": "x*(1-x) + t^2*x*(1-x)*exp(N)"}
	result := map[string]struct {
		problem  *Problem
		settings Settings
	}{
		"networks a field":  {system, Settings{Network: Network{Hidden: []int{7, 5}}}},
		"shared network":    {system, Settings{Network: Network{Hidden: []int{7, 5}, Shared: true, Activation: "swish"}}},
		"inverse, integral": {inverse, Settings{Network: Network{Hidden: []int{6, 6}, Activation: "sin"}}},
		"ansatz":            {ansatz, Settings{Network: Network{Hidden: []int{8}}}},
		"periodic":          {testProblems["periodic"].problem(), Settings{Network: Network{Hidden: []int{8}, Activation: "softplus"}}},
		"three dimensions":  {testProblems["poisson3"].problem(), Settings{Network: Network{Hidden: []int{6}, Activation: "sigmoid"}}},
		"fourth order":      {testProblems["kuramoto_sivashinsky"].problem(), Settings{Network: Network{Hidden: []int{6, 6}}}},
	}
	for name, r := range result {
		r.settings.Points = Points{Interior: 53, Boundary: 9}
		r.settings.Threads = 2
		result[name] = r
	}
	return result
}

// TestGradient compares the gradient with fourth-order differences along
// random directions.
func TestGradient(t *testing.T) {
	for name, p := range lossProblems() {
		t.Run(name, func(t *testing.T) {
			trainer, err := New(p.problem, p.settings)
			require.NoError(t, err)
			rng := rand.New(rand.NewPCG(7, 7))
			n := trainer.m.weights()
			theta, grad, scratch := trainer.state.Theta, make([]float64, n), make([]float64, n)
			terms := make([]float64, len(trainer.loss.terms))
			for i := range theta {
				theta[i] += 0.1 * rng.NormFloat64() // biases start at zero
			}
			loss, err := trainer.loss.gradient(t.Context(), theta, grad, terms)
			require.NoError(t, err)
			for range 5 {
				direction := make([]float64, n)
				slope := 0.0
				for i := range direction {
					direction[i] = rng.NormFloat64()
					slope += direction[i] * grad[i]
				}
				at := func(h float64) float64 {
					x := make([]float64, n)
					for i := range x {
						x[i] = theta[i] + h*direction[i]
					}
					value, err := trainer.loss.gradient(t.Context(), x, scratch, terms)
					require.NoError(t, err)
					return value
				}
				h := 1e-3
				difference := (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * h)
				// Richardson with half the step
				h /= 2
				finer := (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * h)
				require.InDelta(t, (16*finer-difference)/15, slope, 1e-7*(loss+math.Abs(slope)))
			}
		})
	}
}

// TestLossIndependentOfThreads: blocks are dealt out differently, so sums may
// differ in rounding only.
func TestLossIndependentOfThreads(t *testing.T) {
	for name, p := range lossProblems() {
		t.Run(name, func(t *testing.T) {
			var losses []float64
			var grads [][]float64
			for _, threads := range []int{1, 2, 3, 8} {
				p.settings.Threads = threads
				trainer, err := New(p.problem, p.settings)
				require.NoError(t, err)
				grad := make([]float64, trainer.m.weights())
				terms := make([]float64, len(trainer.loss.terms))
				loss, err := trainer.loss.gradient(t.Context(), trainer.state.Theta, grad, terms)
				require.NoError(t, err)
				losses, grads = append(losses, loss), append(grads, grad)
			}
			for k := range losses {
				require.InEpsilon(t, losses[0], losses[k], 1e-13)
				for i := range grads[k] {
					require.InDelta(t, grads[0][i], grads[k][i], 1e-11*(1+losses[0]))
				}
			}
		})
	}
}

// TestGradientDoesNotAllocate: one step of the loss, all kinds of terms.
func TestGradientDoesNotAllocate(t *testing.T) {
	for name, p := range lossProblems() {
		t.Run(name, func(t *testing.T) {
			trainer, err := New(p.problem, p.settings)
			require.NoError(t, err)
			grad := make([]float64, trainer.m.weights())
			terms := make([]float64, len(trainer.loss.terms))
			ctx := t.Context()
			require.Zero(t, testing.AllocsPerRun(20, func() {
				_, err = trainer.loss.gradient(ctx, trainer.state.Theta, grad, terms)
			}))
			require.NoError(t, err)
		})
	}
}
