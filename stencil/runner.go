package stencil

import (
	"context"
	"unsafe"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// run is an engine with what connects it to the outside.
type run[T simd.Float] struct {
	*engine[T]
	memory []scratch[T] // of each thread
	tiling tiling       // without steps: bands
	block  block
	quiet  bool // record nothing
	// probes of receiver r are entries of the lists of its field
	entries [][]int
}

// newRun builds the engine of a simulation.
func newRun[T simd.Float](s *Solver) (*run[T], error) {
	set, g := &s.s, s.s.Grid
	m := set.Order / 2
	medium := !set.Medium.uniform() || set.InnerFaces
	tiling := set.Plan.choose(g, m, medium, int(unsafe.Sizeof(T(0))), simd.Lanes[T](), set)
	e := newEngine[T](g, m, medium, tiling, set.Threads)
	kinds := [5]image{Rigid: even, Free: odd, Periodic: wrap, Sponge: even, CPML: even}
	e.x0, e.x1, e.y0, e.y1 = kinds[set.X0.Kind], kinds[set.X1.Kind], kinds[set.Y0.Kind], kinds[set.Y1.Kind]
	w, err := Weights(set.Order)
	if err != nil {
		return nil, err
	}
	dx, dy := g.Spacing()
	b, k := 1.0, 1.0 // what the weights hold of the medium
	if !medium {
		b, k = 1/set.Medium.Density, set.Medium.BulkModulus
	}
	scaled := func(c float64) []T {
		list := make([]T, m)
		for i := range list {
			list[i] = T(w[i] * c)
		}
		return list
	}
	e.wave.X, e.wave.Y = scaled(s.dt*b/dx), scaled(s.dt*b/dy)
	e.wave.PX, e.wave.PY = scaled(s.dt*k/dx), scaled(s.dt*k/dy)
	e.wave.Ready()
	e.density, e.modulus = 1/b, k
	if medium {
		e.setMedium(set.Medium, g, set.InnerFaces)
	}
	var thickness, sponges [4]int // of all layers and of sponges, in cells
	speed := set.Medium.fastest(g)
	for i, side := range set.sides() {
		h := [2]float64{dx, dy}[i/2]
		switch side.Kind {
		case Sponge:
			thickness[i], sponges[i] = side.Cells+1, side.Cells
		case CPML:
			thickness[i] = side.Cells
			c, f := side.Speed, side.Frequency
			if c == 0 {
				c = speed
			}
			if f == 0 {
				f = 0.1 * c / (float64(side.Cells) * h)
			}
			e.addLayer(i/2, i%2 == 1, side.Cells, c, f, h, s.dt)
		}
	}
	if sponges != [4]int{} {
		e.sponge = newSponge[T](g.Nx, g.Ny, m, sponges)
	}
	e.innerX = inner(g.Nx, [2]int(thickness[:2]), m, simd.Lanes[T]())
	e.innerY = inner(g.Ny, [2]int(thickness[2:]), m, 1)
	r := &run[T]{engine: e, memory: make([]scratch[T], set.Threads), tiling: tiling}
	r.connect(s, dx, dy)
	return r, nil
}

// inner is the span of n cells which layers of that thickness at the ends, in
// cells, do not touch, nor the faces that go with them: from one multiple of the
// lanes to another.
func inner(n int, thickness [2]int, m, lanes int) span {
	s := span{0, n}
	if thickness[0] > 0 {
		s.lo = (thickness[0] + lanes - 1) / lanes * lanes
	}
	if thickness[1] > 0 {
		s.hi = (n - thickness[1] - m) / lanes * lanes
	}
	if s.empty() {
		return span{n, n}
	}
	return s
}

// setMedium fills 1/ρ at the faces, from the mean of the densities on both
// sides, and κ at the points (see [Medium]).
func (e *engine[T]) setMedium(m Medium, g Grid, inner bool) {
	for j := 1 - e.m; j < e.ny+e.m; j++ {
		for i := 1 - e.m; i < e.nx+e.m; i++ {
			fi, _ := fold(i, e.nx, false, e.x0, e.x1)
			fj, _ := fold(j, e.ny, false, e.y0, e.y1)
			gi, _ := fold(i-1, e.nx, false, e.x0, e.x1)
			gj, _ := fold(j-1, e.ny, false, e.y0, e.y1)
			rho, at := m.density(g, fi, fj), e.at(i, j)
			e.wave.K[at] = T(m.modulus(g, fi, fj))
			e.wave.Bx[at], e.wave.By[at] = T(2/(rho+m.density(g, gi, fj))), T(2/(rho+m.density(g, fi, gj)))
			if inner && (j == 0 || j == e.ny-1) {
				e.wave.Bx[at] = 0
			}
			if inner && (i == 0 || i == e.nx-1) {
				e.wave.By[at] = 0
			}
		}
	}
}

// connect places sources and receivers.
func (r *run[T]) connect(s *Solver, dx, dy float64) {
	e, set, g := r.engine, &s.s, s.s.Grid
	for k, src := range set.Sources {
		f := e.footprint(int(src.Field), src.X/dx, src.Y/dy, src.Interpolation, k)
		for i := range f {
			q := &f[i]
			q.weight *= s.dt / (dx * dy)
			if src.Field == Pressure {
				q.weight *= set.Medium.modulus(g, q.i, q.j)
			} else {
				q.weight *= e.lightness(set, src.Field, q.i, q.j)
			}
		}
		if src.Field != Pressure {
			f = e.injected(int(src.Field), f)
		}
		e.injections[src.Field].add(f)
	}
	for k, rec := range set.Receivers {
		e.probes[rec.Field].add(e.footprint(int(rec.Field), rec.X/dx, rec.Y/dy, rec.Interpolation, k))
	}
	r.entries = make([][]int, len(set.Receivers))
	for q := range e.probes {
		e.injections[q].index()
		e.probes[q].index()
		for k, p := range e.probes[q].list {
			r.entries[p.owner] = append(r.entries[p.owner], k)
		}
		r.block.probes[q] = len(e.probes[q].list)
	}
}

// lightness is 1/ρ at the face between a point and the one before it, 0 where
// InnerFaces holds the velocity at zero.
func (e *engine[T]) lightness(s *Settings, q Quantity, i, j int) float64 {
	g := s.Grid
	a, b, row, rows := i-1, j, j, g.Ny
	if q == VelocityY {
		a, b, row, rows = i, j-1, i, g.Nx
	}
	if s.InnerFaces && (row == 0 || row == rows-1) {
		return 0
	}
	density := func(i, j int) float64 {
		i, _ = e.fold(0, i, 0)
		j, _ = e.fold(1, j, 0)
		return s.Medium.density(g, i, j)
	}
	return 2 / (density(i, j) + density(a, b))
}

// plainSteps are the steps of a block in bands.
const plainSteps = 64

func (r *run[T]) run(ctx context.Context, s *Solver, steps int) error {
	longest := r.tiling.steps
	if longest == 0 {
		longest = plainSteps
	}
	for steps > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(steps, longest)
		r.begin(s, n)
		if r.tiling.steps > 0 {
			r.advanceTiled(r.tiling, n, &r.block, r.memory)
		} else {
			r.advanceBands(n, &r.block, r.memory)
		}
		if !r.quiet {
			r.end(s, n)
		}
		s.steps += n
		steps -= n
	}
	return nil
}

// begin computes the amplitudes of the sources over a block of n steps.
func (r *run[T]) begin(s *Solver, n int) {
	b := &r.block
	b.first = s.steps
	for len(b.amplitudes) < n {
		b.amplitudes = append(b.amplitudes, make([]float64, len(s.s.Sources)))
	}
	for number := range n {
		t := float64(b.first+number) * s.dt
		for k, src := range s.s.Sources {
			if src.Field == Pressure {
				b.amplitudes[number][k] = src.Signal(t + s.dt/2)
			} else {
				b.amplitudes[number][k] = src.Signal(t)
			}
		}
	}
	for q := range b.samples {
		if need := n * b.probes[q]; len(b.samples[q]) < need {
			b.samples[q] = make([]float64, need)
		}
	}
}

// end adds what the probes have seen to the traces.
func (r *run[T]) end(s *Solver, n int) {
	for k, rec := range s.s.Receivers {
		list, samples := r.probes[rec.Field].list, r.block.samples[rec.Field]
		for number := range n {
			v := 0.0
			for _, i := range r.entries[k] {
				v += list[i].weight * samples[number*len(list)+i]
			}
			s.traces[k] = append(s.traces[k], v)
		}
	}
}

// values calls f for the elements of a field as it is read and written.
func (e *engine[T]) values(q Quantity, f func(row []T, k int)) {
	array, nx, ny := e.wave.P, e.nx, e.ny
	switch q {
	case VelocityX:
		array, nx = e.wave.Vx, e.nx+1
	case VelocityY:
		array, ny = e.wave.Vy, e.ny+1
	}
	for j := range ny {
		f(array[e.at(0, j):][:nx], j*nx)
	}
}

func (r *run[T]) read(q Quantity, dst []float64) error {
	r.values(q, func(row []T, k int) {
		for i, v := range row {
			dst[k+i] = float64(v)
		}
	})
	return nil
}

func (r *run[T]) write(q Quantity, src []float64) error {
	r.values(q, func(row []T, k int) {
		for i := range row {
			row[i] = T(src[k+i])
		}
	})
	if q == Pressure {
		r.reflect(span{0, r.nx}, span{0, r.ny})
	} else {
		r.reflectVelocity(q)
	}
	return nil
}

func (r *run[T]) close() error { return nil }

func (r *run[T]) finite() (bool, error) {
	ok := true
	r.values(Pressure, func(row []T, _ int) {
		if s := simd.Sum(row); s-s != 0 {
			ok = false
		}
	})
	return ok, nil
}
