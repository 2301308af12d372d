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

// The slope of a wave between insulated walls, at the faces between the points, to
// fourth order.
func ExampleOperator() {
	grid := stencil.Grid{Nx: 40, Ny: 4, Lx: 39, Ly: 3} // walls at x = -1/2 and 39 1/2
	k := math.Pi / 40
	u, err := stencil.NewField(grid, stencil.Points, 2)
	if err != nil {
		log.Fatal(err)
	}
	ux, err := stencil.NewField(grid, stencil.FacesX, 0)
	if err != nil {
		log.Fatal(err)
	}
	ddx, err := stencil.Difference(stencil.X, 4)
	if err != nil {
		log.Fatal(err)
	}
	u.Fill(func(x, y float64) float64 { return math.Cos(k * (x + 0.5)) })
	if err := u.Extend(2); err != nil { // even, as every field is unless told otherwise
		log.Fatal(err)
	}
	err = stencil.ForTiles(grid.Whole().Tiles(0, 2), 2, func(t stencil.Tile) error {
		return ddx.Set(ux, 1, u, t)
	})
	if err != nil {
		log.Fatal(err)
	}
	x, y := ux.Position(20, 1)
	fmt.Printf("at (%g, %g) %.8f, exactly %.8f\n", x, y, ux.Row(20, 21, 1)[0], -k*math.Sin(k*(x+0.5)))
	fmt.Println("at the wall", ux.Row(0, 1, 1)[0])
	// Output:
	// at (19.5, 1) -0.07853980, exactly -0.07853982
	// at the wall 0
}
