package job

import (
	"fmt"

	"github.com/seed-0772dd2d/ritz/stencil"
)

// prepareMedium evaluates the medium: at the points or, with average n > 1, as the
// mean of the densities and the harmonic mean of the bulk moduli at n x n places in
// the cell of each.
func (t *stencilTask) prepareMedium() error {
	m, n := &t.settings.Medium, t.average
	*m = stencil.Medium{}
	var densities, compliances []float64 // sums of ρ and of 1/κ
	for k := range n * n {
		shift := [2]float64{(float64(k%n)+0.5)/float64(n) - 0.5, (float64(k/n)+0.5)/float64(n) - 0.5}
		density, modulus, err := t.mediumAt(shift)
		if err != nil {
			return err
		}
		if n == 1 {
			densities, compliances = density, modulus
			break
		}
		if k == 0 {
			densities, compliances = make([]float64, len(density)), make([]float64, len(modulus))
		}
		for i, rho := range density {
			densities[i] += rho
		}
		for i, kappa := range modulus {
			compliances[i] += 1 / kappa
		}
	}
	if n > 1 {
		for i := range densities {
			densities[i] /= float64(n * n)
		}
		for i, sum := range compliances {
			compliances[i] = float64(n*n) / sum
		}
	}
	if len(densities) == 1 {
		m.Density = densities[0]
	} else {
		m.Densities = densities
	}
	if len(compliances) == 1 {
		m.BulkModulus = compliances[0]
	} else {
		m.BulkModuli = compliances
	}
	return nil
}

// mediumAt returns density and bulk modulus at places by a part of a cell beside
// the points, of each one number if it is the same everywhere.
func (t *stencilTask) mediumAt(shift [2]float64) (density, modulus []float64, err error) {
	g := t.settings.Grid
	density, err = t.density.on(g, stencil.Pressure, shift, positive, "a positive number")
	if err != nil {
		return nil, nil, err
	}
	if t.speed == nil {
		modulus, err = t.modulus.on(g, stencil.Pressure, shift, positive, "a positive number")
		return density, modulus, err
	}
	speed, err := t.speed.on(g, stencil.Pressure, shift, positive, "a positive number")
	if err != nil {
		return nil, nil, err
	}
	modulus = make([]float64, max(len(speed), len(density)))
	for k := range modulus { // κ = ρ c²
		c := speed[k%len(speed)] // one number, or one for each
		modulus[k] = density[k%len(density)] * c * c
		if !positive(modulus[k]) {
			return nil, nil, fault(t.speed.node, t.speed.path, fmt.Sprintf("the bulk modulus of the speed %s is %g", format(c), modulus[k]))
		}
	}
	return density, modulus, nil
}
