package main

import (
	"errors"
	"log"
	"math"
	"slices"

	"github.com/seed-0772dd2d/ritz/stencil"
)

// diffuse returns u on n x n cells after a time, from u0, by explicit steps of
//
//	q = -D grad u,  u_t = -div q.
func diffuse(n int, diffusivity, u0 func(x, y float64) float64, time float64) ([]float64, error) {
	grid, h := square(n)
	field := func(at stencil.Location) *stencil.Field { return must(stencil.NewField(grid, at, 1)) }
	u, D := field(stencil.Points), field(stencil.Points)
	qx, Dx := field(stencil.FacesX), field(stencil.FacesX)
	qy, Dy := field(stencil.FacesY), field(stencil.FacesY)
	ddx, ddy := must(stencil.Difference(stencil.X, 2)), must(stencil.Difference(stencil.Y, 2))
	avx, avy := must(stencil.Average(stencil.X, 2)), must(stencil.Average(stencil.Y, 2))
	halos := stencil.OneRank{} // u is even across the walls: no flux
	all := grid.Whole()
	tiles := all.Tiles(0, 16)

	u.Fill(func(x, y float64) float64 { return u0(x+h/2, y+h/2) })
	D.Fill(func(x, y float64) float64 { return diffusivity(x+h/2, y+h/2) })
	err := errors.Join(D.Extend(1), avx.Set(Dx, 1, D, all), avy.Set(Dy, 1, D, all))
	steps := math.Ceil(time * slices.Max(D.Values()) / (0.2 * h * h)) // stable to 0.25
	dt := time / steps
	flux := func(t stencil.Tile) error {
		return errors.Join(
			ddx.Set(qx, -1, u, t), qx.Multiply(Dx, t), // qx = -D ∂u/∂x
			ddy.Set(qy, -1, u, t), qy.Multiply(Dy, t)) // qy = -D ∂u/∂y
	}
	step := func(t stencil.Tile) error {
		return errors.Join(ddx.Add(u, -dt, qx, t), ddy.Add(u, -dt, qy, t)) // u -= dt (∂qx/∂x + ∂qy/∂y)
	}
	for k := 0; k < int(steps) && err == nil; k++ {
		err = errors.Join(halos.Start([]*stencil.Field{u}, 1), halos.Wait(),
			stencil.ForTiles(tiles, 0, flux), stencil.ForTiles(tiles, 0, step))
	}
	return u.Values(), err
}

// square is the grid of n x n cells, of side h, of the unit square: the first
// centre is at (h/2, h/2) in the square and at (0, 0) in the grid.
func square(n int) (g stencil.Grid, h float64) {
	h = 1 / float64(n)
	return stencil.Grid{Nx: n, Ny: n, Lx: 1 - h, Ly: 1 - h}, h
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
