package optimize_test

import (
	"context"
	"fmt"

	"github.com/seed-0772dd2d/ritz/internal/optimize"
)

// rosenbrock is 100 (y - x^2)^2 + (1 - x)^2, with its minimum at (1, 1).
type rosenbrock struct{}

func (rosenbrock) Gradient(_ context.Context, x, g []float64) (float64, error) {
	a, b := x[1]-x[0]*x[0], 1-x[0]
	g[0] = -400*a*x[0] - 2*b
	g[1] = 200 * a
	return 100*a*a + b*b, nil
}

func Example() {
	method, err := optimize.NewSSBroyden(rosenbrock{}, []float64{-1.2, 1}, optimize.SSBroydenSettings{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var status optimize.Status
	for range 100 {
		status, err = method.Step(context.Background())
		if err != nil {
			fmt.Println(err)
			return
		}
		if status.Stalled || status.GradNorm < 1e-8 {
			break
		}
	}
	fmt.Printf("f(%.6f) < 1e-16: %v\n", method.X(), status.F < 1e-16)
	// Output: f([1.000000 1.000000]) < 1e-16: true
}
