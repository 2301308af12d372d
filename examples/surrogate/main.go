// Command surrogate fits Kriging to 40 values of a function and asks it elsewhere.
package main

import (
	"context"
	"fmt"
	"log"
	"math"

	"github.com/seed-0772dd2d/ritz/sampling"
	"github.com/seed-0772dd2d/ritz/surrogate"
)

func main() {
	x, err := sampling.LatinHypercube{Dim: 2, Seed: 1}.Points(40)
	data := surrogate.Data{Inputs: 2, X: x, Lower: []float64{0, 0}, Upper: []float64{1, 1}}
	for i := 0; i < len(x); i += 2 {
		data.Y = append(data.Y, math.Sin(5*x[i])+x[i+1]*x[i+1])
	}
	if err != nil {
		log.Fatal(err)
	}
	model, err := surrogate.Kriging{}.Fit(context.Background(), data)
	if err != nil {
		log.Fatal(err)
	}
	mean, variance := make([]float64, 1), make([]float64, 1)
	err = model.(surrogate.Variance).PredictVariance([]float64{0.3, 0.5}, mean, variance)
	fmt.Printf("%.4f ± %.4f, in truth %.4f %v\n", mean[0], math.Sqrt(variance[0]), math.Sin(1.5)+0.25, err)
}
