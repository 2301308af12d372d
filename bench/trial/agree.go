package trial

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/seed-0772dd2d/ritz/stencil"
)

// Agreement compares a simulation on the device with the same on the CPU.
type Agreement struct {
	Scheme    string `json:"scheme"` // plain, fused, tiles
	Order     int    `json:"order"`
	Precision string `json:"precision"`
	Case      string `json:"case"`
	Nx        int    `json:"nx"`
	Ny        int    `json:"ny"`
	Steps     int    `json:"steps"`
	// Difference is the largest of a field or a trace, relative to the largest value of
	// that field or trace on the CPU.
	Difference float64 `json:"difference"`
	Tolerance  float64 `json:"tolerance"`
	Passed     bool    `json:"passed"`
	Fault      *Fault  `json:"fault,omitempty"`
}

// scheme is one of those of the kernels and the plan that asks for it.
type scheme struct {
	name string
	plan stencil.Plan
}

var schemes = []scheme{
	{"plain", stencil.Plan{Bands: true}},
	{"fused", stencil.Plan{Steps: 1}},
	{"tiles", stencil.Plan{}}, // the choice of a device with enough local memory
}

// situation is a simulation that the device is to agree on.
type situation struct {
	name   string
	nx, ny int
	edit   func(*stencil.Settings)
}

var situations = []situation{
	{"layers, source, varying medium", 97, 130, func(s *stencil.Settings) {
		s.X0, s.Y1 = stencil.Side{Kind: stencil.CPML, Cells: 12}, stencil.Side{Kind: stencil.CPML, Cells: 9}
		s.X1 = stencil.Side{Kind: stencil.Sponge, Cells: 10}
		s.Y0 = stencil.Side{Kind: stencil.Free}
		s.Medium.Densities = s.Grid.Fill(func(x, y float64) float64 { return 1 + 0.2*math.Sin(x+2*y) })
		s.Medium.BulkModuli = s.Grid.Fill(func(x, y float64) float64 { return 1 + 0.3*math.Cos(3*x-y) })
	}},
	{"uniform between walls", 256, 64, func(*stencil.Settings) {}},
	{"periodic", 33, 47, func(s *stencil.Settings) {
		s.X0.Kind, s.X1.Kind = stencil.Periodic, stencil.Periodic
	}},
	{"layers all around", 300, 280, func(s *stencil.Settings) {
		cpml := stencil.Side{Kind: stencil.CPML, Cells: 20}
		s.X0, s.X1, s.Y0, s.Y1 = cpml, cpml, cpml, cpml
	}},
}

// tolerance of the relative difference after some fifty steps. Device and CPU add up the
// same products in another order and may fuse a product with a sum.
func tolerance(double bool) float64 {
	if double {
		return 1e-13
	}
	return 5e-5
}

func (s *session) agree(ctx context.Context) error {
	cases := situations
	if s.Quick {
		cases = cases[:2]
	}
	orders := s.settings.Orders
	done, total := 0, len(cases)*len(orders)*len(s.precisions())*len(schemes)
	for _, double := range s.precisions() {
		for _, order := range orders {
			for _, c := range cases {
				on, err := c.simulate(ctx, stencil.Settings{Order: order, Single: !double})
				if err != nil {
					return fmt.Errorf("on the CPU: %s, order %d, %s: %w", c.name, order, precision(double), err)
				}
				for _, scheme := range schemes {
					s.tell("agreement", done, total)
					done++
					a := Agreement{Scheme: scheme.name, Order: order, Precision: precision(double), Case: c.name,
						Nx: c.nx, Ny: c.ny, Steps: steps, Tolerance: tolerance(double)}
					there, err := c.simulate(ctx, stencil.Settings{Order: order, Single: !double, Plan: scheme.plan, Device: s.device})
					if err == nil {
						a.Difference, err = difference(on, there)
					}
					a.Passed = err == nil && a.Difference <= a.Tolerance
					a.Fault = fault(err)
					s.Agreement = append(s.Agreement, a)
					if err := over(ctx, err); err != nil {
						return err
					}
				}
			}
		}
	}
	s.tell("agreement", total, total)
	return nil
}

const steps = 53 // of a comparison: no multiple of the steps of a tile

// simulate returns the fields and the traces after the steps.
func (c situation) simulate(ctx context.Context, set stencil.Settings) (results [][]float64, err error) {
	g := stencil.Grid{Nx: c.nx, Ny: c.ny, Lx: float64(c.nx-1) / 16, Ly: float64(c.ny-1) / 16}
	set.Grid = g
	set.Pressure = g.Fill(func(x, y float64) float64 { return math.Exp(-4 * ((x-g.Lx/3)*(x-g.Lx/3) + (y-g.Ly/2)*(y-g.Ly/2))) })
	c.edit(&set)
	if c.name != "uniform between walls" {
		set.Sources = []stencil.Source{{X: 0.61 * g.Lx, Y: 0.37 * g.Ly, Signal: stencil.Ricker(2, 0.5)},
			{X: 0.2 * g.Lx, Y: 0.7 * g.Ly, Field: stencil.VelocityY, Signal: stencil.Ricker(1, 0.7), Interpolation: stencil.Sinc}}
	}
	for q := stencil.Pressure; q <= stencil.VelocityY; q++ {
		set.Receivers = append(set.Receivers, stencil.Receiver{X: 0.47 * g.Lx, Y: 0.52 * g.Ly, Field: q})
	}
	solver, err := stencil.New(set)
	if err != nil {
		return nil, err
	}
	defer solver.Close()
	if err := solver.Advance(ctx, steps); err != nil {
		return nil, err
	}
	for q, n := range []int{g.Nx * g.Ny, (g.Nx + 1) * g.Ny, g.Nx * (g.Ny + 1)} {
		field := make([]float64, n)
		if err := solver.Read(stencil.Quantity(q), field); err != nil {
			return nil, err
		}
		results = append(results, field)
	}
	for r := range set.Receivers {
		results = append(results, solver.Trace(r))
	}
	return results, nil
}

// errDifferent is the fault of results that cannot be compared.
var errDifferent = errors.New("results differ")

// difference is the largest of got from want, relative to the largest of want in the
// same field or trace.
func difference(want, got [][]float64) (float64, error) {
	worst := 0.0
	for k := range want {
		if len(got[k]) != len(want[k]) {
			return 0, fmt.Errorf("%w: %d values, want %d", errDifferent, len(got[k]), len(want[k]))
		}
		largest, most := 0.0, 0.0
		for i, w := range want[k] {
			if got[k][i]-got[k][i] != 0 {
				return 0, fmt.Errorf("%w: value %d of result %d is %v, want %v", errDifferent, i, k, got[k][i], w)
			}
			largest, most = max(largest, math.Abs(w)), max(most, math.Abs(got[k][i]-w))
		}
		if largest > 0 {
			worst = max(worst, most/largest)
		} else if most > 0 {
			return 0, fmt.Errorf("%w: result %d is up to %v, want 0", errDifferent, k, most)
		}
	}
	return worst, nil
}
