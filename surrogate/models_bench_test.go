package surrogate

import (
	"testing"
)

// Prediction of 10,000 points by models of 400.
func BenchmarkPredict(b *testing.B) {
	lower, upper := []float64{-5, 0}, []float64{10, 15}
	data := sobolData(b, branin, lower, upper, 0, 400)
	x := uniformPoints(1, 10000, lower, upper)
	y := make([]float64, 10000)
	for name, s := range map[string]Spec{
		"inverse_distance":    InverseDistance{},
		"inverse_distance p3": InverseDistance{P: 2.5},
		"inverse_distance 10": InverseDistance{Neighbours: 10},
		"lobachevsky":         Lobachevsky{Scale: true, N: 8, Alpha: []float64{2.8}},
		"lobachevsky narrow":  Lobachevsky{Scale: true, N: 4, Alpha: []float64{20}},
		"cubic":               RadialBasis{},
		"gaussian":            RadialBasis{Kernel: "gaussian", Shape: 5},
		"thin_plate":          RadialBasis{Kernel: "thin_plate"},
		"polynomial_chaos":    PolynomialChaos{},
		"neural_network":      NeuralNetwork{Iterations: 10, Starts: 1},
	} {
		m := mustFit(b, s, data)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := m.Predict(x, y); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFit(b *testing.B) {
	data := sobolData(b, branin, []float64{-5, 0}, []float64{10, 15}, 0, 400)
	for name, s := range map[string]Spec{
		"lobachevsky":      Lobachevsky{Scale: true, N: 8, Alpha: []float64{20}},
		"cubic":            RadialBasis{},
		"gaussian":         RadialBasis{Kernel: "gaussian"},
		"polynomial":       Polynomial{Degree: 8},
		"polynomial_chaos": PolynomialChaos{},
		"neural_network":   NeuralNetwork{},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				mustFit(b, s, data)
			}
		})
	}
}
