package stencil

import (
	"fmt"
	"math"
)

// Medium is what the wave runs through. Density ρ and bulk modulus κ are
// uniform, or given at every point of the grid.
type Medium struct {
	Density, BulkModulus float64 // 0: 1

	Densities, BulkModuli []float64 // at the points; nil: uniform
}

// values returns ρ and κ at every point, checked; nil where uniform.
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

// density and modulus are those of the point (i, j), wherever it is folded to.
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

// fastest is the largest speed of sound sqrt(κ/ρ) that the scheme can see: with
// the smallest density of a face beside the point.
func (m Medium) fastest(g Grid) float64 {
	if m.uniform() {
		return math.Sqrt(m.BulkModulus / m.Density)
	}
	c2 := 0.0
	for j := range g.Ny {
		for i := range g.Nx {
			rho := m.density(g, i, j)
			light := rho
			for _, d := range [4][2]int{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
				a, b := i+d[0], j+d[1]
				if a >= 0 && a < g.Nx && b >= 0 && b < g.Ny {
					light = min(light, (rho+m.density(g, a, b))/2)
				}
			}
			c2 = max(c2, m.modulus(g, i, j)/light)
		}
	}
	return math.Sqrt(c2)
}
