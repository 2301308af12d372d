package stencil

import (
	"fmt"
	"math"
)

// Step returns the time step that [New] takes for the settings, and the largest
// that is stable whatever the fields: 2/sqrt(λ) for a bound λ of the eigenvalues of
// the operator -κ ∇·(1/ρ ∇) of the scheme. In a uniform medium that is
//
//	1 / (c Σ_k |w_k| sqrt(1/dx² + 1/dy²))
//
// for the weights w (Levander, Geophysics 53 (1988) 1425-1436, for order 4), which
// the shortest wave along the diagonal reaches. In any other λ is the largest sum of
// magnitudes in a row of the operator, scaled by sqrt(κ) so that it is symmetric
// (Gershgorin's theorem).
//
// An error wraps ErrSettings or, if dt is beyond the largest step, ErrUnstable.
func (s Settings) Step() (dt, largest float64, err error) {
	if err := s.check(); err != nil {
		return 0, 0, err
	}
	return s.step()
}

// step is Step for settings that are checked.
func (s *Settings) step() (dt, largest float64, err error) {
	w, err := Weights(s.Order)
	if err != nil {
		return 0, 0, err
	}
	largest = s.largestStep(w)
	c := s.Medium.fastest(s.Grid)
	dx, dy := s.Grid.Spacing()
	switch {
	case s.CFL > 0:
		dt = s.CFL * largest
	case s.Dt > 0:
		dt = s.Dt
	default:
		dt = min(min(dx, dy)/c/4.1, 0.9*largest)
	}
	if !(dt > 0) || dt-dt != 0 {
		return 0, 0, fmt.Errorf("%w: a time step of %g: spacing %g and %g, fastest wave %g", ErrSettings, dt, dx, dy, c)
	}
	if dt > largest*(1+1e-12) {
		err = fmt.Errorf("%w: dt = %g, the largest stable step is %.10g (order %d, fastest wave %g)", ErrUnstable, dt, largest, s.Order, c)
	}
	return dt, largest, err
}

func (s *Settings) largestStep(w []float64) float64 {
	g, m := s.Grid, s.Medium
	dx, dy := g.Spacing()
	if m.uniform() {
		sum := 0.0
		for _, c := range w {
			sum += math.Abs(c)
		}
		return 1 / (m.fastest(g) * sum * math.Sqrt(1/(dx*dx)+1/(dy*dy)))
	}
	rows := make([]float64, g.Cells())
	// Of the points i = 0, 1, ... of a line, from the first by steps.
	line := newMagnitudes(w, max(g.Nx, g.Ny))
	axis := func(first, step, n int, h float64, periodic bool) {
		line.of(n, periodic, func(i int) (rho, kappa float64) {
			at := first + i*step
			return m.density(g, at%g.Nx, at/g.Nx), m.modulus(g, at%g.Nx, at/g.Nx)
		})
		for i, v := range line.sums[:n] {
			rows[first+i*step] += v / h / h
		}
	}
	for j := range g.Ny {
		axis(j*g.Nx, 1, g.Nx, dx, s.X0.Kind == Periodic)
	}
	for i := range g.Nx {
		axis(i, g.Nx, g.Ny, dy, s.Y0.Kind == Periodic)
	}
	most := 0.0
	for _, v := range rows {
		most = max(most, v)
	}
	return 2 / math.Sqrt(most)
}

// magnitudes are, for the points of a line, the sums of magnitudes
//
//	sqrt(κ_i) Σ_f |D_if| 1/ρ_f Σ_j |D_jf| sqrt(κ_j)
//
// in the rows of the operator, D being the differences with the weights w.
type magnitudes struct {
	w                []float64
	rho, root, faces []float64 // with images; face k lies before point k
	sums             []float64
}

func newMagnitudes(w []float64, n int) *magnitudes {
	size := n + 4*len(w)
	return &magnitudes{w, make([]float64, size), make([]float64, size), make([]float64, size), make([]float64, n)}
}

func (l *magnitudes) of(n int, periodic bool, medium func(i int) (rho, kappa float64)) {
	kind, m := even, len(l.w)
	if periodic {
		kind = wrap
	}
	margin := 2 * m
	for k := range n + 2*margin {
		i, _ := fold(k-margin, n, false, kind, kind)
		rho, kappa := medium(i)
		l.rho[k], l.root[k] = rho, math.Sqrt(kappa)
	}
	for f := m; f <= n+3*m; f++ { // what the points reach
		sum := 0.0
		for k, c := range l.w {
			sum += math.Abs(c) * (l.root[f+k] + l.root[f-1-k])
		}
		l.faces[f] = sum * 2 / (l.rho[f] + l.rho[f-1])
	}
	for i := range n {
		sum, at := 0.0, i+margin
		for k, c := range l.w {
			sum += math.Abs(c) * (l.faces[at+1+k] + l.faces[at-k])
		}
		l.sums[i] = l.root[at] * sum
	}
}
