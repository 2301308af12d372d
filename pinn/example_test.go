package pinn_test

import (
	"context"
	"fmt"
	"log"

	"github.com/seed-0772dd2d/ritz/pinn"
)

// The heat equation in a rod with cold ends.
func Example() {
	problem := &pinn.Problem{
		Domain:    []pinn.Interval{{Name: "t", Lo: 0, Hi: 1}, {Name: "x", Lo: 0, Hi: 1}},
		Fields:    []string{"u"},
		Equations: []pinn.Equation{{Text: "u_t = 0.1*u_xx"}},
		Conditions: []pinn.Condition{
			{Text: "u = sin(pi*x) at t=0"}, {Text: "u = 0 at x=0"}, {Text: "u = 0 at x=1"},
		},
	}
	trainer, err := pinn.New(problem, pinn.Settings{
		Network: pinn.Network{Hidden: []int{10, 10}},
		Points:  pinn.Points{Interior: 256, Boundary: 32},
		Train: []pinn.Stage{
			{Optimizer: "adam", Iterations: 200, Rate: 5e-3},
			{Optimizer: "ssbroyden", Iterations: 300},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := trainer.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	solution := trainer.Solution()
	u, err := solution.Evaluate("u", []float64{1, 0.5}) // exactly exp(-0.1 pi^2) = 0.3727
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("u(1, 1/2) = %.3f\n", u[0])
	// Output: u(1, 1/2) = 0.373
}
