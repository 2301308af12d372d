package stencil

import (
	"sync"
	"sync/atomic"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// adjoint goes back in time through the states of a simulation. Its fields are
//
//	y = κ λ_p,   u = -λ_v/ρ
//
// for the derivatives λ of the misfit with respect to the state, which make of
// the transposed step the step itself (see [Misfit]).
type adjoint struct {
	*run[float64]
	gains    [3][]float64 // of p, vx, vy: Σ state · what the adjoint field gains, in the layout of the fields
	memories []*memory
	traces   [][]float64 // derivatives of the misfit with respect to the traces
	olds     [][]float64 // of each thread: a row
}

// state is a simulation between two steps.
type state struct {
	fields [3][]float64 // p, vx, vy with their margins
	psi    [][]float64
}

func (r *run[T]) psis() [][]T {
	var list [][]T
	for _, l := range r.layers {
		list = append(list, l.psi)
	}
	return list
}

// newAdjoint builds the adjoint of a simulation, at rest.
func newAdjoint(forward *Solver, traces [][]float64) (*adjoint, error) {
	s := *forward
	s.s.Sources, s.s.Receivers = nil, nil
	built, err := newRun[float64](&s)
	if err != nil {
		return nil, err
	}
	a := &adjoint{run: built, traces: traces}
	e := a.engine
	a.memories, e.layers = e.transposed(), nil
	for q := range a.gains {
		a.gains[q] = make([]float64, len(e.wave.P))
	}
	for range a.memory {
		a.olds = append(a.olds, make([]float64, e.nx+2*e.m))
	}
	a.block.amplitudes = [][]float64{make([]float64, len(traces))}
	dx, dy := s.s.Grid.Spacing()
	for k, rec := range forward.s.Receivers {
		f := e.footprint(int(rec.Field), rec.X/dx, rec.Y/dy, rec.Interpolation, k)
		for i := range f {
			q := &f[i]
			if rec.Field == Pressure {
				q.weight *= s.s.Medium.modulus(s.s.Grid, q.i, q.j)
			} else {
				q.weight *= -e.lightness(&s.s, rec.Field, q.i, q.j)
			}
		}
		if rec.Field != Pressure {
			f = e.injected(int(rec.Field), f)
		}
		e.injections[rec.Field].add(f)
	}
	for q := range e.injections {
		e.injections[q].index()
	}
	return a, nil
}

// visit takes the adjoint from the time after to that of the state, which is
// reached after a number of steps.
func (a *adjoint) visit(x *state, steps int) {
	e := a.engine
	for k, trace := range a.traces {
		a.block.amplitudes[0][k] = trace[steps-1]
	}
	threads := len(a.memory)
	var arrived atomic.Int64
	var wg sync.WaitGroup
	for worker := range a.memory {
		wg.Go(func() {
			rows := span{e.ny * worker / threads, e.ny * (worker + 1) / threads}
			faces := rows
			if worker == 0 {
				faces.lo = 1 - e.m
			}
			if worker == threads-1 {
				faces.hi = e.ny + e.m
			}
			s, old := &a.memory[worker], a.olds[worker]
			// A row of uy waits for the pressures around it, and these no more for it.
			inner := span{rows.lo + e.m, rows.hi - e.m + 1}.and(faces)
			if inner.empty() {
				inner = span{faces.hi, faces.hi}
			}
			y := func(f span) {
				for j := f.lo; j < f.hi; j++ {
					a.velocity(VelocityY, span{0, e.nx}, x, j, old, s)
				}
			}
			for j := rows.lo; j < rows.hi; j++ {
				a.pressure(x, j, old, s)
				a.velocity(VelocityX, e.faces(span{0, e.nx}), x, j, old, s)
				y(inner.and(span{j - e.m + 1, j - e.m + 2}))
			}
			arrived.Add(1)
			await(&arrived, int64(threads))
			if worker == 0 {
				e.reflectY(e.wave.P, span{0, e.nx}, span{0, e.ny})
				for _, l := range a.memories {
					if l.field == 0 && l.axis == 1 {
						e.reflectY(l.psi, span{0, e.nx}, span{0, e.ny})
					}
				}
			}
			arrived.Add(1)
			await(&arrived, int64(2*threads))
			y(span{faces.lo, inner.lo})
			y(span{inner.hi, faces.hi})
		})
	}
	wg.Wait()
}

// pressure advances row j of y.
func (a *adjoint) pressure(x *state, j int, old []float64, s *scratch[float64]) {
	e, at := a.engine, a.at(0, j)
	cells, one := span{0, e.nx}, span{j, j + 1}
	row := e.wave.P[at:][:e.nx]
	copy(old, row)
	e.wave.Sweep(simd.WaveRows{Rows: 1, P: at, Pn: e.nx})
	for _, l := range a.memories {
		if l.field != 0 {
			l.correct(e, cells, j, s)
		}
	}
	inject(e, &e.injections[0], e.wave.P, cells, one, 0, &a.block)
	gain(a.gains[0][at:], x.fields[0][at:], row, old)
	if e.sponge != nil {
		e.sponge.apply(e, e.wave.P, 0, cells, j)
	}
	e.reflectX(e.wave.P, cells, one)
	for _, l := range a.memories {
		if l.field == 0 {
			l.remember(e, e.wave.P, cells, j)
			if l.axis == 0 {
				e.reflectX(l.psi, cells, one)
			}
		}
	}
}

// velocity advances the faces f of row j of u.
func (a *adjoint) velocity(q Quantity, f span, x *state, j int, old []float64, s *scratch[float64]) {
	e, at := a.engine, a.at(f.lo, j)
	u, sweep := e.wave.Vx, simd.WaveRows{Rows: 1, X: at, Xn: f.len()}
	if q == VelocityY {
		u, sweep = e.wave.Vy, simd.WaveRows{Rows: 1, Y: at, Yn: f.len()}
	}
	row := u[at:][:f.len()]
	copy(old, row)
	e.wave.Sweep(sweep)
	for _, l := range a.memories {
		if l.field == 0 && l.axis == int(q)-1 {
			l.correct(e, f, j, s)
		}
	}
	inject(e, &e.injections[q], u, f, span{j, j + 1}, 0, &a.block)
	gain(a.gains[q][at:], x.fields[q][at:], row, old)
	if e.sponge != nil {
		e.sponge.apply(e, u, int(q), f, j)
	}
	for _, l := range a.memories {
		if l.field == int(q) {
			l.remember(e, u, f, j)
		}
	}
}

// gain adds x (now - old) to g.
func gain(g, x, now, old []float64) {
	g, x, old = g[:len(now)], x[:len(now)], old[:len(now)]
	for i, v := range now {
		g[i] += x[i] * (v - old[i])
	}
}

// gradient is what all visits add up to, x being the state at the start.
func (a *adjoint) gradient(x *state, s *Settings) Gradient {
	e, nx := a.engine, a.nx
	g := Gradient{make([]float64, s.Grid.Cells()), make([]float64, s.Grid.Cells())}
	sum := func(q Quantity, field []float64, i, j int) float64 {
		at := e.at(i, j)
		return a.gains[q][at] - x.fields[q][at]*field[at]
	}
	for j := range e.ny {
		for i := range nx {
			k := s.Medium.modulus(s.Grid, i, j)
			g.BulkModulus[j*nx+i] = sum(0, e.wave.P, i, j) / k / k
		}
	}
	share := func(q Quantity, field []float64, i, j, before, at int, part float64) {
		half := part / 2 * sum(q, field, i, j)
		g.Density[before] += half
		g.Density[at] += half
	}
	for j := range e.ny {
		for i := range nx + 1 {
			b, _ := e.fold(0, i-1, 0)
			c, _ := e.fold(0, i, 0)
			share(VelocityX, e.wave.Vx, i, j, j*nx+b, j*nx+c, edge(i, nx))
		}
	}
	for j := range e.ny + 1 {
		b, _ := e.fold(1, j-1, 0)
		c, _ := e.fold(1, j, 0)
		for i := range nx {
			share(VelocityY, e.wave.Vy, i, j, b*nx+i, c*nx+i, edge(j, e.ny))
		}
	}
	return g
}
