package pinn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
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
				direction := randomDirection(n, rng)
				want := slopeByDifferences(func(h float64) float64 {
					value, err := trainer.loss.gradient(t.Context(), along(theta, direction, h), scratch, terms)
					require.NoError(t, err)
					return value
				})
				slope := floats.Dot(direction, grad)
				require.InDelta(t, want, slope, 1e-7*(loss+math.Abs(slope)))
			}
		})
	}
}

// slopeByDifferences is f'(0) by fourth-order differences and one step of
// Richardson's extrapolation.
func slopeByDifferences(f func(h float64) float64) float64 {
	difference := func(h float64) float64 {
		return (8*(f(h)-f(-h)) - (f(2*h) - f(-2*h))) / (12 * h)
	}
	const h = 1e-3
	return (16*difference(h/2) - difference(h)) / 15
}

func randomDirection(n int, rng *rand.Rand) []float64 {
	direction := make([]float64, n)
	for i := range direction {
		direction[i] = rng.NormFloat64()
	}
	return direction
}

// along is x + h d.
func along(x, d []float64, h float64) []float64 {
	return floats.AddScaledTo(make([]float64, len(x)), x, h, d)
}

// TestObjectiveGradient: what the optimisers see is f(L) with the gradient of
// f(L).
func TestObjectiveGradient(t *testing.T) {
	trainer, err := New(testProblems["heat"].problem(), small())
	require.NoError(t, err)
	theta, n := trainer.state.Theta, trainer.m.weights()
	grad, scratch := make([]float64, n), make([]float64, n)
	loss, err := trainer.loss.gradient(t.Context(), theta, grad, make([]float64, len(trainer.loss.terms)))
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(8, 8))
	for f, want := range map[transform]float64{identity: loss, root: math.Sqrt(loss), logarith: math.Log(loss)} {
		t.Run(string(f), func(t *testing.T) {
			o := newObjective(trainer.loss, f)
			value, err := o.Gradient(t.Context(), theta, grad)
			require.NoError(t, err)
			require.Equal(t, want, value)
			require.Equal(t, loss, o.find(value).loss)
			for range 3 {
				direction := randomDirection(n, rng)
				want := slopeByDifferences(func(h float64) float64 {
					value, err := o.Gradient(t.Context(), along(theta, direction, h), scratch)
					require.NoError(t, err)
					return value
				})
				slope := floats.Dot(direction, grad)
				require.InDelta(t, want, slope, 1e-7*(1+math.Abs(slope)))
			}
		})
	}
}

// noLoss is a problem whose loss is exactly zero wherever u is below 100.
func noLoss() *Problem {
	return &Problem{
		Domain: []Interval{{"x", 0, 1}}, Fields: []string{"u"},
		Equations: []Equation{{Text: "max(u, 100) = 100"}},
	}
}

// TestLossOfZero: nothing is left to gain, and log 0 does no harm.
func TestLossOfZero(t *testing.T) {
	for _, optimizer := range optimizers {
		for _, f := range []transform{identity, root, logarith} {
			t.Run(optimizer+" "+string(f), func(t *testing.T) {
				trainer, err := New(noLoss(), small(Stage{Optimizer: optimizer, Iterations: 50, Objective: string(f)}))
				require.NoError(t, err)
				report, err := trainer.Run(t.Context())
				require.NoError(t, err)
				require.Zero(t, report.Loss)
				require.Equal(t, []StageReport{{optimizer, 1, report.Stages[0].Evaluations, 0, "stalled"}}, report.Stages)
				require.LessOrEqual(t, report.Stages[0].Evaluations, 2)
			})
		}
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
