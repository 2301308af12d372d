package stencil

import (
	"context"
	"fmt"
)

// MisfitOptions say what [Misfit] computes and what it may use.
type MisfitOptions struct {
	// Memory bounds the bytes of the states of the forward run that are kept for the
	// way back, each about 24 bytes a point and 8 a point of a layer of CPML. With
	// room for all of them none is computed twice; with room for c of them any
	// number of steps up to (c+r)!/(c! r!) is taken at most r times. It changes no
	// bit of the result. 0: 1 GiB. Besides it take the two wave fields, media and
	// the gradient about 150 bytes a point.
	Memory int

	// Function, unless nil, is the misfit instead of that of least squares. It
	// returns its value for the traces of the receivers and writes the derivatives
	// with respect to each of their samples. It takes Steps of a simulation and no
	// observed traces.
	Function func(traces, derivatives [][]float64) (float64, error)
	Steps    int
}

// Gradient holds the derivatives with respect to the values of the medium at the
// points of the grid. Of a uniform medium the derivative is their sum.
type Gradient struct{ Density, BulkModulus []float64 }

// Misfit simulates as many steps as the observed traces have samples, one trace
// a receiver, and returns the misfit
//
//	J = ½ Σ_r Σ_n dt (d_r(n) - observed_r(n))²
//
// of what the receivers record and its gradient: the exact derivative of the
// discrete scheme with its boundaries, sources (whose effect in the step holds κ
// or 1/ρ), initial fields and receivers, in float64, for the price of three to five
// simulations that go over the fields at each step. Of those in tiles it is
// about six.
//
// The time step must be given as Dt, and each CPML its Speed: by default they follow from
// the medium, in jumps that have no derivative. Signals are called more than once
// for the same time.
//
// # Derivation
//
// Let v and p be the values at the faces and points, E the images beyond the sides,
// D and G dt times the differences that the step takes of v and of E p, and S the
// factors of a sponge (else 1). The step from n to n+1 is
//
//	v(n+1) = S [v(n) - 1/ρ (G p(n) - f)],    p(n+1) = S [p(n) - κ D v(n+1)] + κ q
//
// with sources f and q. Let λ(n) be the derivative of J with respect to the state
// n, and r(n) that part of it which comes from the receivers directly. Transposed
// from the last factor to the first, the step is
//
//	λp = S λp(n+1),   λv = S [λv(n+1) - D'κ λp],   λp(n) = λp - G'(1/ρ) λv + r(n),
//	λv(n) = λv + r(n).
//
// That the scheme conserves energy means D' = -W G, where W weights a face on a side
// by the half of it that is in the grid. Thus y = κ λp and u = -λv/(ρ W) obey
//
//	u = S [u - 1/ρ (G y + r/W)],   y ← y - κ D u + κ r,
//
// the same scheme with the receivers as its sources, from rest at the last
// step, back in time (Tarantola, Geophysics 49 (1984) 1259-1266, for the equations).
// Only CPML, not symmetric, has another transpose: with ψ ← b ψ + a D v, D v + ψ in
// place of D v, the memory stands before the derivative, ψ ← b ψ + a y and
// G (y + ψ) in place of G y.
//
// What a step adds to p, but for the factor S, is proportional to κ:
//
//	κ ∂J/∂κ = Σ_n λp(n+1) p(n+1) - S λp(n+1) p(n) = Σ_n p(n) [λp(n) - S λp(n+1)],
//
// at each point, but for the ends of the sum: the state times what the adjoint
// state gains when it reaches it. In the same way the faces give the derivative
// with respect to 1/ρ, and each of the two points beside a face, whose ρ is the
// mean of theirs, has half of it.
//
// The states are had from the last to the first by keeping some and repeating
// the steps from there (Griewank and Walther, ACM Trans. Math. Softw. 26 (2000)
// 19-45).
//
// An error wraps ErrSettings, ErrUnstable or ErrDiverged, or is that of ctx or of
// o.Function.
func Misfit(ctx context.Context, s Settings, observed [][]float64, o MisfitOptions) (float64, Gradient, error) {
	steps, err := o.check(&s, observed)
	if err != nil {
		return 0, Gradient{}, err
	}
	forward, err := New(s)
	if err != nil {
		return 0, Gradient{}, err
	}
	b := &back{ctx: ctx, forward: forward, run: forward.e.(*run[float64]), steps: steps, observed: observed, o: o}
	room := o.Memory
	if room == 0 {
		room = 1 << 30
	}
	if room /= b.bytes(); room < 1 {
		return 0, Gradient{}, fmt.Errorf("%w: memory of %d bytes, want at least the %d of a state", ErrSettings, o.Memory, b.bytes())
	}
	b.keep()
	r := reversal{b.advance, b.keep, b.restore, b.drop, b.visit}
	if err := r.run(steps+1, room); err != nil {
		return 0, Gradient{}, err
	}
	return b.value, b.adjoint.gradient(b.kept[0], &forward.s), nil
}

// check returns the number of steps.
func (o MisfitOptions) check(s *Settings, observed [][]float64) (steps int, err error) {
	fail := func(format string, args ...any) (int, error) {
		return 0, fmt.Errorf("%w: "+format, append([]any{ErrSettings}, args...)...)
	}
	switch {
	case s.Device != nil:
		return fail("a gradient is computed on the processor, not on a Device")
	case s.Single:
		return fail("a gradient is computed in float64, not Single")
	case s.Dt == 0:
		return fail("a gradient needs a given Dt, not one that depends on the medium")
	case len(s.Receivers) == 0:
		return fail("a misfit without receivers")
	case o.Memory < 0:
		return fail("memory of %d bytes", o.Memory)
	}
	for k, side := range s.sides() {
		if side.Kind == CPML && side.Speed == 0 {
			return fail("a gradient needs a given Speed of the cpml at side %s, not one that depends on the medium", sidesNames[k])
		}
	}
	if o.Function != nil {
		if o.Steps < 1 || observed != nil {
			return fail("%d steps and %d observed traces for a function of the traces, want at least 1 step and no traces", o.Steps, len(observed))
		}
		return o.Steps, nil
	}
	if o.Steps != 0 {
		return fail("%d steps without a function of the traces, want 0: as many as the observed traces have samples", o.Steps)
	}
	if len(observed) != len(s.Receivers) {
		return fail("%d observed traces of %d receivers", len(observed), len(s.Receivers))
	}
	for k, trace := range observed {
		if len(trace) == 0 || len(trace) != len(observed[0]) {
			return fail("%d samples of the observed trace %d, want as many as of trace 0, %d, and at least 1", len(trace), k, len(observed[0]))
		}
		for n, v := range trace {
			if v-v != 0 {
				return fail("sample %d of the observed trace %d is %g", n, k, v)
			}
		}
	}
	return len(observed[0]), nil
}

// leastSquares is the misfit of least squares.
func leastSquares(traces, observed, derivatives [][]float64, dt float64) float64 {
	value := 0.0
	for r, trace := range traces {
		for n, v := range trace {
			d := v - observed[r][n]
			value += dt * d * d / 2
			derivatives[r][n] = dt * d
		}
	}
	return value
}

// back is a simulation on the way back, with the states that it keeps.
type back struct {
	ctx      context.Context
	forward  *Solver
	run      *run[float64]
	steps    int
	observed [][]float64
	o        MisfitOptions

	kept, spare []*state
	at          []int // steps of those kept
	adjoint     *adjoint
	value       float64
}

func (b *back) bytes() int {
	n := 3 * len(b.run.wave.P)
	for _, psi := range b.run.psis() {
		n += len(psi)
	}
	return 8 * n
}

// current is the state of the simulation, not a copy.
func (b *back) current() *state {
	w := &b.run.wave
	return &state{[3][]float64{w.P, w.Vx, w.Vy}, b.run.psis()}
}

func (s *state) copy(from *state) {
	for q := range s.fields {
		copy(s.fields[q], from.fields[q])
	}
	for k := range s.psi {
		copy(s.psi[k], from.psi[k])
	}
}

func (b *back) keep() {
	now := b.current()
	if len(b.spare) == 0 {
		s := &state{psi: make([][]float64, len(now.psi))}
		for q, f := range now.fields {
			s.fields[q] = make([]float64, len(f))
		}
		for k, psi := range now.psi {
			s.psi[k] = make([]float64, len(psi))
		}
		b.spare = append(b.spare, s)
	}
	last := len(b.spare) - 1
	s := b.spare[last]
	b.spare = b.spare[:last]
	s.copy(now)
	b.kept, b.at = append(b.kept, s), append(b.at, b.forward.steps)
}

func (b *back) restore() {
	last := len(b.kept) - 1
	b.current().copy(b.kept[last])
	b.forward.steps = b.at[last]
}

func (b *back) drop() {
	last := len(b.kept) - 1
	b.spare = append(b.spare, b.kept[last])
	b.kept, b.at = b.kept[:last], b.at[:last]
}

func (b *back) advance(steps int) error { return b.run.run(b.ctx, b.forward, steps) }

func (b *back) visit(top bool) error {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	x, steps := b.current(), b.forward.steps
	if top {
		last := len(b.kept) - 1
		x, steps = b.kept[last], b.at[last]
	}
	if b.adjoint == nil {
		if err := b.turn(); err != nil {
			return err
		}
	}
	if steps > 0 {
		b.adjoint.visit(x, steps)
	}
	return nil
}

// turn computes the misfit once the traces are complete.
func (b *back) turn() error {
	if ok, _ := b.run.finite(); !ok {
		return fmt.Errorf("%w: the pressure is not finite after %d steps", ErrDiverged, b.steps)
	}
	b.run.quiet = true
	traces := b.forward.traces
	derivatives := make([][]float64, len(traces))
	for r := range derivatives {
		derivatives[r] = make([]float64, b.steps)
	}
	if b.o.Function == nil {
		b.value = leastSquares(traces, b.observed, derivatives, b.forward.dt)
	} else {
		value, err := b.o.Function(traces, derivatives)
		if err != nil {
			return err
		}
		b.value = value
	}
	for r, trace := range derivatives {
		for n, v := range trace {
			if v-v != 0 || b.value-b.value != 0 {
				return fmt.Errorf("%w: misfit %g, its derivative %g with respect to sample %d of trace %d", ErrSettings, b.value, v, n, r)
			}
		}
	}
	var err error
	b.adjoint, err = newAdjoint(b.forward, derivatives)
	return err
}
