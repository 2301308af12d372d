package stencil_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"github.com/seed-0772dd2d/ritz/stencil"
)

// The lowest resonance of a box with rigid walls, 3 m by 2 m, of air: c/(2L). The
// walls lie half a cell outside the outermost points, so with cells of 5 cm the
// points span 2.95 m by 1.95 m.
func ExampleSolver_Trace() {
	const rho, c = 1.2, 343.0
	grid := stencil.Grid{Nx: 60, Ny: 40, Lx: 2.95, Ly: 1.95}
	solver, err := stencil.New(stencil.Settings{
		Grid:      grid,
		Medium:    stencil.Medium{Density: rho, BulkModulus: rho * c * c},
		Pressure:  grid.Fill(func(x, y float64) float64 { return math.Cos(math.Pi * (x + 0.025) / 3) }),
		Receivers: []stencil.Receiver{{X: 0, Y: 1}},
		Order:     4,
		CFL:       0.5,
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := solver.Advance(context.Background(), 2000); err != nil {
		log.Fatal(err)
	}
	p := solver.Trace(0) // after each step
	first, last, halves := 0, 0, -1
	for n := 1; n < len(p); n++ {
		if p[n-1]*p[n] < 0 { // half a period after the last time
			if halves++; halves == 0 {
				first = n
			}
			last = n
		}
	}
	f := float64(halves) / 2 / (float64(last-first) * solver.Dt())
	fmt.Printf("%.1f Hz, in theory %.1f Hz\n", f, c/(2*3))
	// Output: 57.2 Hz, in theory 57.2 Hz
}
