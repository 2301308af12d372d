package stencil

import (
	"fmt"
	"math"
	"slices"
	"sync"
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
	most := make([]float64, min(s.Threads, g.Ny))
	var wg sync.WaitGroup
	for k := range most {
		wg.Go(func() { most[k] = s.largestSum(w, span{g.Ny * k / len(most), g.Ny * (k + 1) / len(most)}) })
	}
	wg.Wait()
	return 2 / math.Sqrt(slices.Max(most))
}

// largestSum is the largest of the sums of magnitudes
//
//	sqrt(κ_i) Σ_f |D_if| 1/ρ_f Σ_j |D_jf| sqrt(κ_j)
//
// in the rows of the operator that belong to the points i of some rows of the grid. D
// are the differences across the faces f, along x and along y.
func (s *Settings) largestSum(w []float64, rows span) (most float64) {
	g, m := s.Grid, len(w)
	dx, dy := s.Grid.Spacing()
	kind := func(side Side) image {
		if side.Kind == Periodic {
			return wrap
		}
		return even
	}
	margin := 2 * m // of points beyond the sides x0 and x1
	columns := make([]int, g.Nx+2*margin)
	for k := range columns {
		columns[k], _ = fold(k-margin, g.Nx, false, kind(s.X0), kind(s.X0))
	}
	// Of the 2m rows around a face in y, and around a point.
	density, root, faces := newRing(2*m, len(columns)), newRing(2*m, len(columns)), newRing(2*m, g.Nx)
	along, sum := make([]float64, len(columns)), make([]float64, g.Nx)
	next := rows.lo - 2*m + 1
	for f := rows.lo - m + 1; f < rows.hi+m; f++ {
		for ; next < f+m; next++ {
			j, _ := fold(next, g.Ny, false, kind(s.Y0), kind(s.Y0))
			rho, kappa := density.row(next), root.row(next)
			for k, i := range columns {
				rho[k], kappa[k] = s.Medium.density(g, i, j), math.Sqrt(s.Medium.modulus(g, i, j))
			}
		}
		face := faces.row(f)
		clear(face)
		for k, c := range w {
			addPairs(face, math.Abs(c), root.row(f + k)[margin:], root.row(f - 1 - k)[margin:])
		}
		divide(face, dy*dy/2, density.row(f)[margin:], density.row(f - 1)[margin:])
		j := f - m // has all its faces
		if j < rows.lo {
			continue
		}
		clear(sum)
		clear(along)
		for k, c := range w {
			addPairs(sum, math.Abs(c), faces.row(j+1+k), faces.row(j-k))
			addPairs(along[m:len(along)-m+1], math.Abs(c), root.row(j)[m+k:], root.row(j)[m-1-k:])
		}
		divide(along[m:len(along)-m+1], dx*dx/2, density.row(j)[m:], density.row(j)[m-1:])
		for k, c := range w {
			addPairs(sum, math.Abs(c), along[margin+1+k:], along[margin-k:])
		}
		for i, v := range root.row(j)[margin:][:g.Nx] {
			most = max(most, v*sum[i])
		}
	}
	return most
}

// ring holds the last of the rows that go by.
type ring [][]float64

func newRing(n, width int) ring {
	r := make(ring, n)
	for k := range r {
		r[k] = make([]float64, width)
	}
	return r
}

func (r ring) row(j int) []float64 { return r[(j+len(r)*len(r))%len(r)] }

// addPairs adds c (a + b) to dst.
func addPairs(dst []float64, c float64, a, b []float64) {
	n := min(len(dst), len(a), len(b))
	dst, a, b = dst[:n], a[:n], b[:n]
	for i := range dst {
		dst[i] += c * (a[i] + b[i])
	}
}

// divide divides dst by c (a + b).
func divide(dst []float64, c float64, a, b []float64) {
	n := min(len(dst), len(a), len(b))
	dst, a, b = dst[:n], a[:n], b[:n]
	for i := range dst {
		dst[i] /= c * (a[i] + b[i])
	}
}
