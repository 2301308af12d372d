package stencil

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// Settings describe a simulation.
type Settings struct {
	Grid   Grid
	Medium Medium
	Order  int // of the differences in space: 2 (default), 4, 6 or 8

	// Dt is the time step; 0 means min(dx, dy)/max(c)/4.1, but at most 0.9 of the
	// largest stable step, or, if CFL is given, that fraction of it.
	Dt, CFL float64

	// Pressure and the velocities at the start, nil for 0. Pressure at the points;
	// Vx at faces, (Nx+1) x Ny values, the face i at x = (i - 1/2) dx; Vy likewise,
	// Nx x (Ny+1). Velocities are those of half a step before the start.
	Pressure, Vx, Vy []float64

	X0, X1, Y0, Y1 Side // what happens at each side

	// InnerFaces holds the velocities along the outermost points at zero, as the
	// miniapp of ParallelStencil.jl does: vx in the rows j = 0 and Ny-1, vy in the
	// columns i = 0 and Nx-1. Order 2 only.
	InnerFaces bool

	Sources   []Source
	Receivers []Receiver

	Single  bool // float32 instead of float64
	Threads int  // 0: all
	Plan    Plan

	// Device takes the steps, nil: the processor. Its results differ from those of the
	// processor by rounding, and the states of both can be taken up by either. The
	// solver is to be closed before the device.
	Device *gpu.Device
	// Compiling, if set, is called before each kernel is compiled for the Device, which can
	// take seconds, with how many are done and how many there are. Its error, wrapped, is that
	// of New.
	Compiling func(done, all int) error
}

// SideKind is a kind of boundary: Rigid, Free, Periodic, Sponge or CPML.
type SideKind int

// The boundaries. All lie half a cell outside the outermost points.
const (
	Rigid    SideKind = iota // v·n = 0
	Free                     // p = 0
	Periodic                 // both sides of an axis
	Sponge                   // rigid behind a layer that damps all fields (Cerjan et al. 1985)
	CPML                     // rigid behind a convolutional perfectly matched layer
)

var sideNames = []string{"rigid", "free", "periodic", "sponge", "cpml"}

func (k SideKind) String() string { return name(sideNames, int(k)) }

// Side is the boundary at one side.
type Side struct {
	Kind  SideKind
	Cells int // thickness of Sponge and CPML; 0: 20
	// Frequency f of a narrow band, for a CPML that takes waves along the side a
	// little better: of one that has run ten wavelengths beside 20 cells, 1.3 % instead
	// of 1.5 % of its height are wrong. Waves far below f come back from it. 0: that at
	// which the layer is a tenth of a wavelength thick, for a broad band.
	Frequency float64
	// Speed of the waves that a CPML is made for. 0: the largest of the medium.
	Speed float64
}

// Source adds to the fields at a position: the equations have on their right
// side
//
//	Pressure:                1/κ ∂p/∂t + ∇·v = s(t) δ(x - X) δ(y - Y)
//	VelocityX, VelocityY:    ρ ∂v/∂t + ∇p    = s(t) δ(x - X) δ(y - Y) e, a force
type Source struct {
	X, Y  float64
	Field Quantity
	// Signal is s. A pressure source acts in the step from t to t + dt with
	// s(t + dt/2), a force with s(t).
	Signal        func(t float64) float64
	Interpolation Interpolation
}

// Receiver records a field at a position, after every step.
type Receiver struct {
	X, Y          float64
	Field         Quantity
	Interpolation Interpolation
}

// Quantity is one of the fields, or the force on it: Pressure, VelocityX or
// VelocityY.
type Quantity int

// The quantities.
const (
	Pressure Quantity = iota
	VelocityX
	VelocityY
)

var quantityNames = []string{"pressure", "vx", "vy"}

func (q Quantity) String() string { return name(quantityNames, int(q)) }

// name is that of k, or k itself.
func name(names []string, k int) string {
	if k < 0 || k >= len(names) {
		return strconv.Itoa(k)
	}
	return names[k]
}

// Solver advances a simulation. It is not safe for concurrent use.
type Solver struct {
	s      Settings
	dt     float64
	limit  float64
	steps  int
	e      runner
	traces [][]float64 // of each receiver
}

// runner is an engine of either precision.
type runner interface {
	run(ctx context.Context, s *Solver, steps int) error
	read(q Quantity, dst []float64) error
	write(q Quantity, src []float64) error
	energy() (kinetic, potential float64, err error)
	finite() (bool, error)
	carry(c *stream)
	close() error
}

func (m Medium) withDefaults() Medium {
	if m.Density == 0 {
		m.Density = 1
	}
	if m.BulkModulus == 0 {
		m.BulkModulus = 1
	}
	return m
}

// New prepares a simulation. An error wraps ErrSettings or ErrUnstable.
func New(s Settings) (*Solver, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	dt, limit, err := s.step()
	if err != nil {
		return nil, err
	}
	solver := &Solver{s: s, dt: dt, limit: limit, traces: make([][]float64, len(s.Receivers))}
	if s.Single {
		solver.e, err = newRunner[float32](solver)
	} else {
		solver.e, err = newRunner[float64](solver)
	}
	if err != nil {
		return nil, err
	}
	for q, v := range [][]float64{s.Pressure, s.Vx, s.Vy} {
		if v == nil {
			continue
		}
		if err := solver.e.write(Quantity(q), v); err != nil {
			return nil, errors.Join(err, solver.Close())
		}
	}
	return solver, nil
}

// newRunner builds the engine of a simulation.
func newRunner[T simd.Float](s *Solver) (runner, error) {
	host, err := newRun[T](s)
	if err != nil || s.s.Device == nil {
		return host, err
	}
	return newDeviceRun(&s.s, host)
}

// Close frees what the simulation has on its Device, which stays open. Without a device
// there is nothing to free.
func (s *Solver) Close() error { return s.e.close() }

// sides are x0, x1, y0, y1.
func (s *Settings) sides() [4]*Side { return [4]*Side{&s.X0, &s.X1, &s.Y0, &s.Y1} }

var sidesNames = [4]string{"x0", "x1", "y0", "y1"}

// check validates the settings and fills in defaults, but for the time step.
func (s *Settings) check() error {
	g := s.Grid
	if s.Order == 0 {
		s.Order = 2
	}
	if s.Threads == 0 {
		s.Threads = runtime.GOMAXPROCS(0)
	}
	if _, err := Weights(s.Order); err != nil {
		return err
	}
	if err := g.check(); err != nil {
		return err
	}
	if err := s.Medium.check(g); err != nil {
		return err
	}
	s.Medium = s.Medium.withDefaults()
	if s.Dt < 0 || s.Dt-s.Dt != 0 || s.CFL < 0 || s.CFL-s.CFL != 0 {
		return fmt.Errorf("%w: dt %g, cfl %g, want positive numbers", ErrSettings, s.Dt, s.CFL)
	}
	if s.Dt > 0 && s.CFL > 0 {
		return fmt.Errorf("%w: dt %g and cfl %g, want one of them", ErrSettings, s.Dt, s.CFL)
	}
	reach := s.Order - 1
	for k, side := range s.sides() {
		n, name := g.Nx, sidesNames[k]
		if k >= 2 {
			n = g.Ny
		}
		if n < reach+1 {
			return fmt.Errorf("%w: %d points between %s and %s, order %d needs %d", ErrSettings, n, sidesNames[k&2], sidesNames[k&2+1], s.Order, reach+1)
		}
		if side.Kind < Rigid || side.Kind > CPML {
			return fmt.Errorf("%w: unknown kind %d of side %s", ErrSettings, side.Kind, name)
		}
		if side.Kind == Sponge || side.Kind == CPML {
			if side.Cells == 0 {
				side.Cells = 20
			}
			if side.Cells < 2 || side.Cells > n/2 {
				return fmt.Errorf("%w: %s of %d cells at side %s of %d points, want from 2 to half of them", ErrSettings, side.Kind, side.Cells, name, n)
			}
			if side.Frequency < 0 || side.Frequency-side.Frequency != 0 {
				return fmt.Errorf("%w: frequency %g at side %s", ErrSettings, side.Frequency, name)
			}
			if side.Speed < 0 || side.Speed-side.Speed != 0 {
				return fmt.Errorf("%w: speed %g at side %s", ErrSettings, side.Speed, name)
			}
		}
	}
	if (s.X0.Kind == Periodic) != (s.X1.Kind == Periodic) || (s.Y0.Kind == Periodic) != (s.Y1.Kind == Periodic) {
		return fmt.Errorf("%w: a periodic side needs a periodic one across", ErrSettings)
	}
	if s.InnerFaces && s.Order != 2 {
		return fmt.Errorf("%w: inner faces only with order 2, not %d", ErrSettings, s.Order)
	}
	if s.Threads < 0 || s.Threads > 4096 {
		return fmt.Errorf("%w: %d threads", ErrSettings, s.Threads)
	}
	if s.Plan.Steps < 0 || s.Plan.Width < 0 || s.Plan.Height < 0 {
		return fmt.Errorf("%w: plan %+v", ErrSettings, s.Plan)
	}
	for q, v := range [][]float64{s.Pressure, s.Vx, s.Vy} {
		want := g.size(Quantity(q))
		if v != nil && len(v) != want {
			return fmt.Errorf("%w: %d values of the initial %s, want %d", ErrSettings, len(v), Quantity(q), want)
		}
		for k, x := range v {
			if x-x != 0 {
				return fmt.Errorf("%w: initial %s: value %d is %g", ErrSettings, Quantity(q), k, x)
			}
		}
	}
	for k, p := range s.Sources {
		if p.Signal == nil {
			return fmt.Errorf("%w: source %d has no signal", ErrSettings, k)
		}
		if err := g.place(p.X, p.Y, p.Field, p.Interpolation); err != nil {
			return fmt.Errorf("source %d: %w", k, err)
		}
	}
	for k, p := range s.Receivers {
		if err := g.place(p.X, p.Y, p.Field, p.Interpolation); err != nil {
			return fmt.Errorf("receiver %d: %w", k, err)
		}
	}
	return nil
}

// place checks a source or a receiver.
func (g Grid) place(x, y float64, q Quantity, in Interpolation) error {
	switch {
	case !(x >= 0 && x <= g.Lx && y >= 0 && y <= g.Ly):
		return fmt.Errorf("%w: position (%g, %g) is off the grid [0, %g] x [0, %g]", ErrSettings, x, y, g.Lx, g.Ly)
	case q < Pressure || q > VelocityY:
		return fmt.Errorf("%w: unknown field %d", ErrSettings, q)
	case in != Bilinear && in != Sinc:
		return fmt.Errorf("%w: unknown interpolation %d", ErrSettings, in)
	}
	return nil
}

// size is the number of values of a field as it is read and written.
func (g Grid) size(q Quantity) int {
	switch q {
	case VelocityX:
		return (g.Nx + 1) * g.Ny
	case VelocityY:
		return g.Nx * (g.Ny + 1)
	}
	return g.Nx * g.Ny
}

// Dt is the time step, LargestDt the largest stable one.
func (s *Solver) Dt() float64        { return s.dt }
func (s *Solver) LargestDt() float64 { return s.limit }

// Steps is the number of steps taken, Time the time reached.
func (s *Solver) Steps() int    { return s.steps }
func (s *Solver) Time() float64 { return float64(s.steps) * s.dt }

// Advance takes a number of time steps. It returns early with ctx.Err() once
// ctx is done, between two blocks of steps, and with an error that wraps
// ErrDiverged if a field is no longer finite.
func (s *Solver) Advance(ctx context.Context, steps int) error {
	if err := s.e.run(ctx, s, steps); err != nil {
		return err
	}
	if ok, err := s.e.finite(); err != nil {
		return err
	} else if !ok {
		return fmt.Errorf("%w: the pressure is not finite after %d steps", ErrDiverged, s.steps)
	}
	return nil
}

// Read writes a field to dst: Nx Ny values of the pressure at the current time,
// (Nx+1) Ny of vx or Nx (Ny+1) of vy half a step before.
func (s *Solver) Read(q Quantity, dst []float64) error {
	if q < Pressure || q > VelocityY {
		return fmt.Errorf("%w: unknown field %d", ErrSettings, q)
	}
	if want := s.s.Grid.size(q); len(dst) != want {
		return fmt.Errorf("%w: room for %d values of %s, want %d", ErrSettings, len(dst), q, want)
	}
	return s.e.read(q, dst)
}

// Trace is what a receiver has recorded, a value after each step. It is the
// solver's own slice, to be read only.
func (s *Solver) Trace(receiver int) []float64 { return s.traces[receiver] }

// Energy is the discrete energy
//
//	E = dx dy Σ ½ p²/κ + dx dy Σ ½ ρ v(t - dt/2) v(t + dt/2),
//
// which the scheme conserves to rounding between rigid, free or periodic sides
// without sources. An error is that of the Device.
func (s *Solver) Energy() (kinetic, potential float64, err error) {
	kinetic, potential, err = s.e.energy()
	dx, dy := s.s.Grid.Spacing()
	return kinetic * dx * dy, potential * dx * dy, err
}
