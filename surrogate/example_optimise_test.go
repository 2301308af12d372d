package surrogate_test

import (
	"context"
	"fmt"
	"log"

	"github.com/seed-0772dd2d/ritz/surrogate"
)

// The minimum of the Branin function, 0.397887, in 40 evaluations.
func ExampleOptimise() {
	branin, err := surrogate.NewExpression("(x2 - 5.1/(4*pi^2)*x1^2 + 5/pi*x1 - 6)^2 + 10*(1 - 1/(8*pi))*cos(x1) + 10", "x1", "x2")
	if err != nil {
		log.Fatal(err)
	}
	best, err := surrogate.Optimise(context.Background(), branin, surrogate.OptimiseSettings{
		Lower: []float64{-5, 0}, Upper: []float64{10, 15},
		Sample: 6, Evaluations: 34,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f after %d evaluations\n", best.Y, len(best.Log))
	// Output: 0.398 after 40 evaluations
}
