package stencil

import "github.com/seed-0772dd2d/ritz/internal/simd"

// scratch is a thread's own memory.
type scratch[T simd.Float] struct{ a, b []T }

// faces are the velocities that a step of the cells in s computes: those at
// the far side of each operator, and at a near wall all that remain.
func (e *engine[T]) faces(s span) span {
	f := span{s.lo + e.m, s.hi + e.m}
	if s.lo == 0 {
		f.lo = 1 - e.m
	}
	return f
}

// step advances the cells in the spans by a time step, with the vertical
// velocities in the rows fy; those of the cells that are not among them are there
// already. Its number in the block of steps chooses the amplitudes and the
// samples.
//
// The neighbours are at the times they must be at: what lies below in index is
// one step ahead, what lies above is not.
func (e *engine[T]) step(x, y, fy span, number int, b *block, s *scratch[T]) {
	if x.empty() || y.empty() {
		return
	}
	fx := e.faces(x)
	e.velocitiesY(x, span{fy.lo, min(fy.hi, y.lo+e.m)}, number, b, s)
	if e.special(x, y, fx, fy) {
		for j := y.lo; j < y.hi; j++ {
			e.velocityX(fx, j, number, b, s)
			if j+e.m < fy.hi {
				e.velocityY(x, j+e.m, number, b, s)
			}
			e.pressure(x, j, s)
		}
	} else {
		e.sweep(x, y, fx, fy)
	}
	inject(e, &e.injections[0], e.wave.P, x, y, number, b)
}

// sweep is step without anything special.
func (e *engine[T]) sweep(x, y, fx, fy span) {
	r := simd.WaveRows{
		Rows: min(max(fy.hi-e.m-y.lo, 0), y.len()),
		X:    e.at(fx.lo, y.lo), Xn: fx.len(), Y: e.at(x.lo, y.lo+e.m), Yn: x.len(), P: e.at(x.lo, y.lo), Pn: x.len(),
		Spill: x.hi == e.nx || x.len()%simd.Lanes[T]() == 0,
	}
	e.wave.Sweep(r)
	rest := r.Rows * e.wave.Stride
	e.wave.Sweep(simd.WaveRows{Rows: y.len() - r.Rows, X: r.X + rest, Xn: r.Xn, P: r.P + rest, Pn: r.Pn})
}

// velocitiesY advances rows of the vertical velocities.
func (e *engine[T]) velocitiesY(x, rows span, number int, b *block, s *scratch[T]) {
	if e.special(x, span{}, span{}, rows) {
		for j := rows.lo; j < rows.hi; j++ {
			e.velocityY(x, j, number, b, s)
		}
		return
	}
	e.wave.Sweep(simd.WaveRows{Rows: rows.len(), Y: e.at(x.lo, rows.lo), Yn: x.len()})
}

// finish does what follows a step: images and samples.
func (e *engine[T]) finish(x, y, fy span, number int, b *block) {
	if x.empty() || y.empty() {
		return
	}
	e.reflect(x, y)
	sample(e, &e.probes[0], 0, e.wave.P, x, y, number, b)
	sample(e, &e.probes[1], 1, e.wave.Vx, e.faces(x), y, number, b)
	sample(e, &e.probes[2], 2, e.wave.Vy, x, fy, number, b)
}

// special tells whether the velocities need more than the sweep does.
func (e *engine[T]) special(x, y, fx, fy span) bool {
	if e.sponge != nil && e.sponge.touches(fx, fy) {
		return true
	}
	for _, l := range e.layers {
		if l.touches(fx, fy) {
			return true
		}
	}
	return e.injections[1].touches(fx, y) || e.injections[2].touches(x, fy)
}

// velocityX advances the faces f of row j.
func (e *engine[T]) velocityX(f span, j, number int, b *block, s *scratch[T]) {
	e.wave.Sweep(simd.WaveRows{Rows: 1, X: e.at(f.lo, j), Xn: f.len()})
	for _, l := range e.layers {
		if l.field == 1 {
			l.apply(e, e.wave.Vx, e.wave.Bx, e.wave.P, e.wave.X, 0, f, j, s)
		}
	}
	inject(e, &e.injections[1], e.wave.Vx, f, span{j, j + 1}, number, b)
	if e.sponge != nil {
		e.sponge.apply(e, e.wave.Vx, 1, f, j)
	}
}

// velocityY advances row j of the faces at the cells x.
func (e *engine[T]) velocityY(x span, j, number int, b *block, s *scratch[T]) {
	e.wave.Sweep(simd.WaveRows{Rows: 1, Y: e.at(x.lo, j), Yn: x.len()})
	for _, l := range e.layers {
		if l.field == 2 {
			l.apply(e, e.wave.Vy, e.wave.By, e.wave.P, e.wave.Y, 0, x, j, s)
		}
	}
	inject(e, &e.injections[2], e.wave.Vy, x, span{j, j + 1}, number, b)
	if e.sponge != nil {
		e.sponge.apply(e, e.wave.Vy, 2, x, j)
	}
}

// pressure advances the cells x of row j.
func (e *engine[T]) pressure(x span, j int, s *scratch[T]) {
	e.wave.Sweep(simd.WaveRows{Rows: 1, P: e.at(x.lo, j), Pn: x.len()})
	for _, l := range e.layers {
		switch {
		case l.field == 0 && l.axis == 0:
			l.apply(e, e.wave.P, e.wave.K, e.wave.Vx, e.wave.PX, 1, x, j, s)
		case l.field == 0:
			l.apply(e, e.wave.P, e.wave.K, e.wave.Vy, e.wave.PY, e.wave.Stride, x, j, s)
		}
	}
	if e.sponge != nil {
		e.sponge.apply(e, e.wave.P, 0, x, j)
	}
}
