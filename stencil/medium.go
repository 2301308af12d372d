package stencil

import (
	"fmt"
	"math"
)

// Medium is what the wave runs through. Density ρ and bulk modulus κ are
// uniform, or given at every point of the grid. The scheme takes κ at the points
// and the mean of two ρ at the face between them.
//
// The scheme stays of second order where the medium jumps if a point stands for its
// cell: with the mean of ρ and the harmonic mean of κ, 1/mean(1/κ), over the cell
// (Moczo et al., Bull. Seism. Soc. Am. 92 (2002) 3042-3066). Where the jump lies half-way
// between points these are the values at the points. Else such values place it up to
// half a cell off, an error of first order.
type Medium struct {
	Density, BulkModulus float64 // 0: 1

	Densities, BulkModuli []float64 // at the points; nil: uniform
}

func (m Medium) check(g Grid) error {
	for _, p := range []struct {
		name    string
		uniform *float64
		values  []float64
	}{{"density", &m.Density, m.Densities}, {"bulk modulus", &m.BulkModulus, m.BulkModuli}} {
		if p.values == nil {
			if v := *p.uniform; !(v >= 0) || v-v != 0 {
				return fmt.Errorf("%w: %s %g, want a positive number", ErrSettings, p.name, v)
			}
			continue
		}
		if len(p.values) != g.Cells() {
			return fmt.Errorf("%w: %d values of the %s for %d x %d points", ErrSettings, len(p.values), p.name, g.Nx, g.Ny)
		}
		for k, v := range p.values {
			if !(v > 0) || v-v != 0 {
				return fmt.Errorf("%w: %s %g at point (%d, %d), want a positive number", ErrSettings, p.name, v, k%g.Nx, k/g.Nx)
			}
		}
	}
	return nil
}

// density and modulus are those of the point (i, j).
func (m Medium) density(g Grid, i, j int) float64 {
	if m.Densities == nil {
		return m.Density
	}
	return m.Densities[j*g.Nx+i]
}

func (m Medium) modulus(g Grid, i, j int) float64 {
	if m.BulkModuli == nil {
		return m.BulkModulus
	}
	return m.BulkModuli[j*g.Nx+i]
}

func (m Medium) uniform() bool { return m.Densities == nil && m.BulkModuli == nil }

// fastest is the largest speed of sound, sqrt(κ/ρ).
func (m Medium) fastest(g Grid) float64 {
	if m.uniform() {
		return math.Sqrt(m.BulkModulus / m.Density)
	}
	c2 := 0.0
	for j := range g.Ny {
		for i := range g.Nx {
			c2 = max(c2, m.modulus(g, i, j)/m.density(g, i, j))
		}
	}
	return math.Sqrt(c2)
}
