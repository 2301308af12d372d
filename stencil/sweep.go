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

// step advances the cells in the spans, with their faces, by a time step: its
// number in the block of steps chooses the amplitudes and the samples.
//
// The neighbours are at the times they must be at: what lies below in index is
// one step ahead, what lies above is not.
func (e *engine[T]) step(x, y span, number int, b *block, s *scratch[T]) {
	if x.empty() || y.empty() {
		return
	}
	fx, fy := e.faces(x), e.faces(y)
	if e.special(x, y, fx, fy) {
		for j := fy.lo; j < y.lo+e.m; j++ {
			e.velocityY(x, j, number, b, s)
		}
		for j := y.lo; j < y.hi; j++ {
			e.velocityX(fx, j, number, b, s)
			e.velocityY(x, j+e.m, number, b, s)
			e.pressure(x, j, s)
		}
	} else {
		if n := y.lo + e.m - fy.lo; n > 0 {
			e.wave.Sweep(simd.WaveRows{Rows: n, Y: e.at(x.lo, fy.lo), Yn: x.len()})
		}
		e.wave.Sweep(simd.WaveRows{
			Rows: y.len(), X: e.at(fx.lo, y.lo), Xn: fx.len(),
			Y: e.at(x.lo, y.lo+e.m), Yn: x.len(), P: e.at(x.lo, y.lo), Pn: x.len(),
		})
	}
	e.finish(x, y, fx, fy, number, b)
}

// finish does what follows the pressure of a step: sources, images, samples.
func (e *engine[T]) finish(x, y, fx, fy span, number int, b *block) {
	inject(e, &e.injections[0], e.wave.P, x, y, number, b)
	e.reflect(x, y)
	sample(e, &e.probes[0], 0, e.wave.P, x, y, number, b)
	sample(e, &e.probes[1], 1, e.wave.Vx, fx, y, number, b)
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

// velocities advances rows of the horizontal and of the vertical velocities.
func (e *engine[T]) velocities(rows, faces span, number int, b *block, s *scratch[T]) {
	x := span{0, e.nx}
	fx := e.faces(x)
	if e.special(x, rows, fx, faces) {
		for j := rows.lo; j < rows.hi; j++ {
			e.velocityX(fx, j, number, b, s)
		}
		for j := faces.lo; j < faces.hi; j++ {
			e.velocityY(x, j, number, b, s)
		}
		return
	}
	e.wave.Sweep(simd.WaveRows{Rows: rows.len(), X: e.at(fx.lo, rows.lo), Xn: fx.len()})
	e.wave.Sweep(simd.WaveRows{Rows: faces.len(), Y: e.at(0, faces.lo), Yn: e.nx})
}

// pressures advances rows of the pressure.
func (e *engine[T]) pressures(rows span, number int, b *block, s *scratch[T]) {
	x := span{0, e.nx}
	if e.special(x, rows, e.faces(x), e.faces(rows)) {
		for j := rows.lo; j < rows.hi; j++ {
			e.pressure(x, j, s)
		}
		return
	}
	e.wave.Sweep(simd.WaveRows{Rows: rows.len(), P: e.at(0, rows.lo), Pn: e.nx})
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
