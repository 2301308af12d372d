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
	// What layers and sponges do not touch goes apart, in the same order.
	for _, rows := range e.innerY.parts(y) {
		faces := span{rows.lo + e.m, min(rows.hi+e.m, fy.hi)}
		if rows.lo == y.lo {
			faces.lo = fy.lo
		}
		if rows.hi == y.hi {
			faces.hi = fy.hi
		}
		for _, columns := range e.innerX.parts(x) {
			if !columns.empty() && !rows.empty() {
				e.part(columns, rows, faces, number, b, s)
			}
		}
	}
	inject(e, &e.injections[0], e.wave.P, x, y, number, b)
}

// part is step in one part.
func (e *engine[T]) part(x, y, fy span, number int, b *block, s *scratch[T]) {
	fx := e.faces(x)
	if e.special(x.hull(fx), y.hull(fy)) || e.injections[1].touches(fx, y) || e.injections[2].touches(x, fy) {
		e.velocitiesX(fx, y, number, b, s)
		e.velocitiesY(x, fy, number, b, s)
		e.pressures(x, y, s)
		return
	}
	e.velocitiesY(x, span{fy.lo, min(fy.hi, y.lo+e.m)}, number, b, s)
	r := simd.WaveRows{
		Rows: min(max(fy.hi-e.m-y.lo, 0), y.len()),
		X:    e.at(fx.lo, y.lo), Xn: fx.len(), Y: e.at(x.lo, y.lo+e.m), Yn: x.len(), P: e.at(x.lo, y.lo), Pn: x.len(),
		Spill: x.hi == e.nx || x.len()%simd.Lanes[T]() == 0,
	}
	e.wave.Sweep(r)
	rest := r.Rows * e.wave.Stride
	e.wave.Sweep(simd.WaveRows{Rows: y.len() - r.Rows, X: r.X + rest, Xn: r.Xn, P: r.P + rest, Pn: r.Pn})
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

// special tells whether layers or sponges touch elements in the spans.
func (e *engine[T]) special(x, y span) bool {
	if e.sponge != nil && e.sponge.touches(x, y) {
		return true
	}
	for _, l := range e.layers {
		if l.touches(x, y) {
			return true
		}
	}
	return false
}

// velocitiesX advances the faces f of rows.
func (e *engine[T]) velocitiesX(f, rows span, number int, b *block, s *scratch[T]) {
	e.wave.Sweep(simd.WaveRows{Rows: rows.len(), X: e.at(f.lo, rows.lo), Xn: f.len()})
	e.absorb(1, f, rows, s)
	inject(e, &e.injections[1], e.wave.Vx, f, rows, number, b)
	e.damp(e.wave.Vx, 1, f, rows)
}

// velocitiesY advances rows of vertical velocities at the cells x.
func (e *engine[T]) velocitiesY(x, rows span, number int, b *block, s *scratch[T]) {
	e.wave.Sweep(simd.WaveRows{Rows: rows.len(), Y: e.at(x.lo, rows.lo), Yn: x.len()})
	e.absorb(2, x, rows, s)
	inject(e, &e.injections[2], e.wave.Vy, x, rows, number, b)
	e.damp(e.wave.Vy, 2, x, rows)
}

// pressures advances the cells x of rows.
func (e *engine[T]) pressures(x, rows span, s *scratch[T]) {
	e.wave.Sweep(simd.WaveRows{Rows: rows.len(), P: e.at(x.lo, rows.lo), Pn: x.len()})
	e.absorb(0, x, rows, s)
	e.damp(e.wave.P, 0, x, rows)
}

// absorb applies the convolutional layers of a field: 0 pressure, 1 vx, 2 vy.
func (e *engine[T]) absorb(field int, x, rows span, s *scratch[T]) {
	w := &e.wave
	for _, l := range e.layers {
		if l.field != field || !l.touches(x, rows) {
			continue
		}
		for j := rows.lo; j < rows.hi; j++ {
			switch {
			case field == 1:
				l.apply(e, w.Vx, w.Bx, w.P, w.X, 0, x, j, s)
			case field == 2:
				l.apply(e, w.Vy, w.By, w.P, w.Y, 0, x, j, s)
			case l.axis == 0:
				l.apply(e, w.P, w.K, w.Vx, w.PX, 1, x, j, s)
			default:
				l.apply(e, w.P, w.K, w.Vy, w.PY, w.Stride, x, j, s)
			}
		}
	}
}

// damp applies the sponge to a field.
func (e *engine[T]) damp(dst []T, field int, x, rows span) {
	if e.sponge == nil || !e.sponge.touches(x, rows) {
		return
	}
	for j := rows.lo; j < rows.hi; j++ {
		e.sponge.apply(e, dst, field, x, j)
	}
}
