package main

import (
	"context"
	"errors"
	"math"
	"sync"

	"github.com/seed-0772dd2d/ritz/stencil"
)

// experiment is a tank of side 1, in which density and speed of sound are 1 but
// for a lens, with a ring of sources and receivers around the lens.
type experiment struct {
	grid     stencil.Grid
	truth    []float64          // κ at the points
	unknown  []int              // the points inside the ring
	shots    []stencil.Settings // one a source, in the empty tank
	observed [][][]float64      // the traces of each shot with the lens
}

// newExperiment takes so many sources, of Ricker wavelets of a frequency, and
// receivers on a tank of n x n points.
func newExperiment(n, sources, receivers int, frequency float64) (*experiment, error) {
	e := &experiment{grid: stencil.Grid{Nx: n, Ny: n, Lx: 1, Ly: 1}}
	e.truth = e.grid.Fill(func(x, y float64) float64 {
		return 1 - 0.3*math.Exp(-(math.Pow(x-0.46, 2)+math.Pow(y-0.53, 2))/(2*0.07*0.07))
	})
	dx, _ := e.grid.Spacing()
	for k := range e.truth {
		if math.Hypot(float64(k%n)*dx-0.5, float64(k/n)*dx-0.5) < 0.27 {
			e.unknown = append(e.unknown, k)
		}
	}
	side := stencil.Side{Kind: stencil.CPML, Cells: n / 8, Speed: 1}
	shot := stencil.Settings{Grid: e.grid, Order: 4, Dt: 0.5 * dx, Threads: 1, X0: side, X1: side, Y0: side, Y1: side}
	ring := func(k, n int) (x, y float64) {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / float64(n))
		return 0.5 + 0.32*cos, 0.5 + 0.32*sin
	}
	for k := range receivers {
		x, y := ring(k, receivers)
		shot.Receivers = append(shot.Receivers, stencil.Receiver{X: x, Y: y})
	}
	steps := int((1 + 1.5/frequency) / shot.Dt)
	for k := range sources {
		x, y := ring(k, sources)
		shot.Sources = []stencil.Source{{X: x, Y: y, Signal: stencil.Ricker(frequency, 0)}}
		e.shots = append(e.shots, shot)
		shot.Medium.BulkModuli = e.truth
		s, err := stencil.New(shot)
		if err != nil {
			return nil, err
		}
		if err := s.Advance(context.Background(), steps); err != nil {
			return nil, err
		}
		shot.Medium.BulkModuli = nil
		var traces [][]float64
		for r := range receivers {
			traces = append(traces, s.Trace(r))
		}
		e.observed = append(e.observed, traces)
	}
	return e, nil
}

// modulus is κ at all points, of its logarithms m at the unknown ones.
func (e *experiment) modulus(m []float64) []float64 {
	kappa := e.grid.Fill(func(x, y float64) float64 { return 1 })
	for i, k := range e.unknown {
		kappa[k] = math.Exp(m[i])
	}
	return kappa
}

// misfit sums the shots, each on a goroutine, and writes the derivatives with
// respect to m to g.
func (e *experiment) misfit(ctx context.Context, m, g []float64) (float64, error) {
	kappa := e.modulus(m)
	values, gradients, errs := make([]float64, len(e.shots)), make([]stencil.Gradient, len(e.shots)), make([]error, len(e.shots))
	var wg sync.WaitGroup
	for k, shot := range e.shots {
		shot.Medium.BulkModuli = kappa
		wg.Go(func() {
			values[k], gradients[k], errs[k] = stencil.Misfit(ctx, shot, e.observed[k], stencil.MisfitOptions{Memory: 64 << 20})
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return 0, err
	}
	clear(g)
	sum := 0.0
	for s, gradient := range gradients {
		sum += values[s]
		for i, k := range e.unknown {
			g[i] += gradient.BulkModulus[k] * kappa[k]
		}
	}
	return sum, nil
}

// wrong is the relative L2 error of κ - 1.
func (e *experiment) wrong(m []float64) float64 {
	difference, size := 0.0, 0.0
	for k, v := range e.modulus(m) {
		difference += (v - e.truth[k]) * (v - e.truth[k])
		size += (e.truth[k] - 1) * (e.truth[k] - 1)
	}
	return math.Sqrt(difference / size)
}
