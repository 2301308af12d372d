package sampling_test

import (
	"fmt"
	"log"
	"math"

	"github.com/seed-0772dd2d/ritz/sampling"
)

// The mean of the Branin function over its domain from 1024 Sobol points.
func Example() {
	sobol, err := sampling.NewSobol(2)
	if err != nil {
		log.Fatal(err)
	}
	x := sobol.Points(1024)
	if err := sampling.Scale(x, []float64{-5, 0}, []float64{10, 15}); err != nil {
		log.Fatal(err)
	}
	var sum float64
	for i := 0; i < len(x); i += 2 {
		sum += branin(x[i], x[i+1])
	}
	fmt.Printf("mean %.1f\n", sum/1024)
	// Output: mean 54.3
}

func branin(x1, x2 float64) float64 {
	a := x2 - 5.1/(4*math.Pi*math.Pi)*x1*x1 + 5/math.Pi*x1 - 6
	return a*a + 10*(1-1/(8*math.Pi))*math.Cos(x1) + 10
}

func ExampleGrid() {
	x, err := sampling.Grid{Counts: []int{2, 3}}.Points()
	if err != nil {
		log.Fatal(err)
	}
	for i := 0; i < len(x); i += 2 {
		fmt.Println(x[i : i+2])
	}
	// Output:
	// [0 0]
	// [0 0.5]
	// [0 1]
	// [1 0]
	// [1 0.5]
	// [1 1]
}
