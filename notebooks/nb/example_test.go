package nb_test

import (
	"math"

	"github.com/seed-0772dd2d/ritz/figure"
	"github.com/seed-0772dd2d/ritz/notebooks/nb"
	"github.com/seed-0772dd2d/ritz/stencil"
)

// A pulse that spreads from the middle of a square.
func ExampleAnimate() {
	grid := stencil.Grid{Nx: 101, Ny: 101, Lx: 1, Ly: 1}
	solver := nb.Must(stencil.New(stencil.Settings{
		Grid:     grid,
		Pressure: grid.Fill(func(x, y float64) float64 { return math.Exp(-400 * ((x-0.5)*(x-0.5) + (y-0.5)*(y-0.5))) }),
	}))
	var x []float64
	for i := range grid.Nx {
		x = append(x, float64(i)/float64(grid.Nx-1))
	}
	p := make([]float64, grid.Cells())
	nb.Animate(60, 20, func(i int) figure.Panel {
		nb.Check(solver.Advance(nb.Context(), 2))
		nb.Check(solver.Read(stencil.Pressure, p))
		return figure.Heatmap{X: x, Y: x, Z: p, Diverging: true, ZMin: -1, ZMax: 1}
	})
}
