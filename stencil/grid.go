package stencil

import (
	"errors"
	"fmt"
)

var (
	// ErrSettings reports settings outside their legal range.
	ErrSettings = errors.New("stencil: invalid settings")

	// ErrUnstable reports a time step beyond the limit of stability.
	ErrUnstable = errors.New("stencil: unstable time step")

	// ErrDiverged reports a field that is no longer finite.
	ErrDiverged = errors.New("stencil: diverged")
)

// Grid is a rectangle of Nx times Ny points at x_i = i dx, y_j = j dy, with
// dx = Lx/(Nx-1), dy = Ly/(Ny-1). Fields on it are row-major with x running
// fastest: the value at (x_i, y_j) is element j Nx + i. A point stands for the
// cell around it: the boundary lies half a cell outside the outermost points.
type Grid struct {
	Nx, Ny int     // at least 2
	Lx, Ly float64 // positive
}

// Spacing returns dx and dy.
func (g Grid) Spacing() (dx, dy float64) {
	return g.Lx / float64(g.Nx-1), g.Ly / float64(g.Ny-1)
}

// Cells is the number of points.
func (g Grid) Cells() int { return g.Nx * g.Ny }

// Fill evaluates f at the points.
func (g Grid) Fill(f func(x, y float64) float64) []float64 {
	dx, dy := g.Spacing()
	v := make([]float64, 0, g.Cells())
	for j := range g.Ny {
		for i := range g.Nx {
			v = append(v, f(float64(i)*dx, float64(j)*dy))
		}
	}
	return v
}

func (g Grid) check() error {
	if g.Nx < 2 || g.Ny < 2 || g.Nx > 1<<24 || g.Ny > 1<<24 {
		return fmt.Errorf("%w: grid of %d x %d points, want 2 or more each way", ErrSettings, g.Nx, g.Ny)
	}
	if g.Cells() > 1<<35 {
		return fmt.Errorf("%w: grid of %d x %d points, want at most %d", ErrSettings, g.Nx, g.Ny, 1<<35)
	}
	if !(g.Lx > 0) || !(g.Ly > 0) || g.Lx-g.Lx != 0 || g.Ly-g.Ly != 0 {
		return fmt.Errorf("%w: grid of %g x %g, want positive lengths", ErrSettings, g.Lx, g.Ly)
	}
	return nil
}
