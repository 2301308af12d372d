package bench

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/pinn"
)

// burgers is the problem of Raissi, Perdikaris and Karniadakis (2019) with
// conditions at 50 + 25 + 25 points.
func burgers() *pinn.Problem {
	return &pinn.Problem{
		Domain:    []pinn.Interval{{Name: "t", Lo: 0, Hi: 1}, {Name: "x", Lo: -1, Hi: 1}},
		Fields:    []string{"u"},
		Constants: map[string]float64{"nu": 0.01 / 3.14159265358979},
		Equations: []pinn.Equation{{Text: "u_t + u*u_x = nu*u_xx"}},
		Conditions: []pinn.Condition{
			{Text: "u = -sin(pi*x) at t=0", Points: 50},
			{Text: "u = 0 at x=-1", Points: 25},
			{Text: "u = 0 at x=1", Points: 25},
		},
	}
}

// BenchmarkBurgersStep is one Adam step, that is one evaluation of loss and
// gradient, on 10,000 interior and 100 condition points in float64.
func BenchmarkBurgersStep(b *testing.B) {
	for _, shape := range []struct {
		name   string
		hidden []int
	}{
		{"2-20x8-1", slices.Repeat([]int{20}, 8)},
		{"2-64x4-1", slices.Repeat([]int{64}, 4)},
	} {
		for _, c := range []struct {
			precision, name string
			threads         int
		}{
			{"float64", "threads=1", 1}, {"float64", "threads=all", 0},
			{"float32", "threads=1", 1}, {"float32", "threads=all", 0},
		} {
			name := fmt.Sprintf("%s/%s/%s", shape.name, c.precision, c.name)
			b.Run(name, func(b *testing.B) {
				trainer, err := pinn.New(burgers(), pinn.Settings{
					Network: pinn.Network{Hidden: shape.hidden},
					Points:  pinn.Points{Interior: 10000},
					Train:   []pinn.Stage{{Optimizer: "adam", Iterations: b.N + 1}},
					Threads: c.threads, Precision: c.precision,
					Progress: func(now pinn.Progress) {
						if now.Iteration == 1 { // the optimiser is built
							b.ResetTimer()
						}
					},
				})
				require.NoError(b, err)
				b.ReportAllocs()
				_, err = trainer.Run(context.Background())
				require.NoError(b, err)
			})
		}
	}
}
