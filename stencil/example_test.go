package stencil_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"github.com/seed-0772dd2d/ritz/stencil"
)

// A pulse in a box with rigid walls: the sum of the pressure is conserved.
func Example() {
	grid := stencil.Grid{Nx: 101, Ny: 101, Lx: 10, Ly: 10}
	solver, err := stencil.New(stencil.Settings{
		Grid:     grid,
		Pressure: grid.Fill(func(x, y float64) float64 { return math.Exp(-math.Hypot(x-5, y-5)) }),
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := solver.Advance(context.Background(), 500); err != nil {
		log.Fatal(err)
	}
	p := make([]float64, grid.Cells())
	if err := solver.Read(stencil.Pressure, p); err != nil {
		log.Fatal(err)
	}
	sum := 0.0
	for _, v := range p {
		sum += v
	}
	fmt.Printf("t = %.3f, sum %.3f\n", solver.Time(), sum)
	// Output: t = 12.195, sum 612.231
}
