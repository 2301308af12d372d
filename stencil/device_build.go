package stencil

import (
	"errors"
	"slices"
	"strings"
	"unsafe"

	"github.com/seed-0772dd2d/ritz/gpu"
)

// deviceParts is what a simulation has made on its device. After an error its methods do
// nothing.
type deviceParts struct {
	device *gpu.Device
	queue  *gpu.Queue
	own    []interface{ Close() error }
	err    error
}

// close frees everything. What the device itself has freed, as it was closed, is fine.
func (p *deviceParts) close() error {
	var errs []error
	for _, c := range slices.Backward(p.own) {
		if err := c.Close(); !errors.Is(err, gpu.ErrClosed) {
			errs = append(errs, err)
		}
	}
	p.own = nil
	return errors.Join(errs...)
}

// upload makes a buffer of values, of one zero if there is none.
func upload[E gpu.Element](p *deviceParts, values []E) *gpu.Buffer {
	if len(values) == 0 {
		values = make([]E, 1)
	}
	var b *gpu.Buffer
	if p.err == nil {
		b, p.err = gpu.NewBuffer[E](p.device, len(values))
	}
	if p.err == nil {
		p.own = append(p.own, b)
		p.err = gpu.Write(p.queue, b, 0, values)
	}
	return b
}

// launch is a kernel, which [deviceRun.compile] makes, with its arguments. Some change from step to step: at which place,
// 0 for none, are the beginnings of the amplitudes and of the samples, and the number of
// steps.
type launch struct {
	source                   gpu.Source
	kernel                   *gpu.Kernel
	grid                     gpu.Grid
	args                     []gpu.Arg
	amplitude, sample, steps int
}

// at sets the arguments of a step.
func (l *launch) at(amplitude, sample, steps int) {
	if l.amplitude > 0 {
		l.args[l.amplitude] = gpu.Int(int32(amplitude))
	}
	if l.sample > 0 {
		l.args[l.sample] = gpu.Int(int32(sample))
	}
	if l.steps > 0 {
		l.args[l.steps] = gpu.Int(int32(steps))
	}
}

func (l *launch) launch(q *gpu.Queue) error { return q.Launch(l.kernel, l.grid, l.args...) }

// arguments are buffers, and numbers.
func arguments(list ...any) []gpu.Arg {
	args := make([]gpu.Arg, len(list))
	for i, a := range list {
		switch a := a.(type) {
		case *gpu.Buffer:
			args[i] = gpu.Mem(a)
		case int:
			args[i] = gpu.Int(int32(a))
		}
	}
	return args
}

// looking work groups look for numbers that are not finite.
const looking = 64

func (d *deviceRun[T]) build(s *Settings) (err error) {
	h := d.host
	d.layers = deviceLayers{h.nx, h.ny, s.layerCells()}
	if d.tiling, err = s.tilingOn(d.device.Info()); err != nil {
		return err
	}
	if d.queue, err = d.device.NewQueue(); err != nil {
		return err
	}
	d.own = append(d.own, d.queue)

	d.sources = len(s.Sources)
	for _, p := range h.probes {
		d.columns += len(p.list)
	}
	whole := func(steps int) int { return max(steps/d.tiling.steps, 1) * d.tiling.steps }
	d.length, d.room = d.tiling.steps, whole(min(blockRoom/max(d.columns+d.sources, 1), blockSteps))
	d.sent, d.received = make([]T, d.room*d.sources), make([]T, d.room*d.columns)
	d.amplitudes, d.samples = upload(&d.deviceParts, d.sent), upload(&d.deviceParts, d.received)
	d.memory = make([]T, d.layers.memories())
	d.flagged = make([]int32, looking*pointGroup)
	d.flags = upload(&d.deviceParts, d.flagged)
	d.makeFields()
	d.makeLaunches(s)
	if d.err == nil {
		d.err = d.compile(s.Compiling)
	}
	return d.err
}

// compile compiles the kernels of the launches, each once for the device, and takes a step of
// the fields at rest, which leaves them so: drivers may compile a kernel, or the better part of
// it, when it is launched first, and that is no part of the simulation.
func (d *deviceRun[T]) compile(before func(done, all int) error) error {
	all := []*launch{&d.looks[0]}
	for k := range d.stride[0] {
		all = append(all, &d.stride[0][k])
	}
	for k, l := range all {
		if before != nil {
			if err := before(k, len(all)); err != nil {
				return err
			}
		}
		var err error
		if l.kernel, err = d.device.Kernel(l.source, strings.TrimSuffix(l.source.Name, ".c")); err != nil {
			return err
		}
		l.at(0, 0, d.tiling.steps)
		if err := l.launch(d.queue); err != nil {
			return err
		}
		if err := d.queue.Wait(); err != nil {
			return err
		}
	}
	d.looks[1].kernel = d.looks[0].kernel
	for k := range d.stride[1] { // none if the scheme works in place
		d.stride[1][k].kernel = d.stride[0][k].kernel
	}
	return nil
}

// makeFields makes the fields at rest, a second set unless the scheme works in place.
func (d *deviceRun[T]) makeFields() {
	for k := range 2 {
		if k == 1 && d.tiling.scheme == plainScheme {
			d.fields[1], d.psi[1] = d.fields[0], d.psi[0]
			return
		}
		for q := range Quantity(3) {
			d.fields[k][q] = upload(&d.deviceParts, d.field(q))
		}
		d.psi[k] = upload(&d.deviceParts, d.memory)
	}
}

func (d *deviceRun[T]) makeLaunches(s *Settings) {
	h, p := d.host, &d.deviceParts
	w := &h.wave
	none := upload[T](p, nil)
	bx, by, k := none, none, none
	if w.K != nil {
		bx, by, k = upload(p, d.onHost(w.Bx, VelocityX)), upload(p, d.onHost(w.By, VelocityY)), upload(p, d.onHost(w.K, Pressure))
	}
	weights := upload(p, slices.Concat(w.X, w.Y, w.PX, w.PY))
	coefficients, sponge := upload(p, h.layerCoefficients(d.layers)), upload(p, h.spongeFactors())
	shape := []int32{int32(h.nx), int32(h.ny), int32(w.Stride), int32(h.x0), int32(h.x1), int32(h.y0), int32(h.y1)}
	for _, n := range d.layers.cells {
		shape = append(shape, int32(n))
	}
	if h.sponge != nil {
		shape = append(shape, 1)
	} else {
		shape = append(shape, 0)
	}
	grid := upload(p, shape)

	double := unsafe.Sizeof(T(0)) == 8
	look := pointVariant(double).source("finite")
	for now := range d.looks {
		d.looks[now] = launch{source: look, grid: over(looking * pointGroup), args: arguments(d.fields[now][Pressure], h.nx, h.ny, w.Stride, d.flags)}
	}
	v := variant{half: h.m, medium: w.K != nil, double: double, tiling: d.tiling}
	clearX, clearY := s.clear()
	tiles := h.sort(d.tiling, clearX, clearY)
	before, after := d.pointLaunches(double)
	switch d.tiling.scheme {
	case plainScheme:
		all, n := v, d.tiling.across(h.nx)*d.tiling.down(h.ny)
		all.outer, all.layers = true, true
		f := d.fields[0]
		d.stride[0] = slices.Concat(before[0], []launch{
			{source: all.source("velocities"), grid: d.groups(n), args: arguments(grid, weights, f[0], f[1], f[2], bx, by, d.psi[0], coefficients, sponge)},
			{source: all.source("pressures"), grid: d.groups(n), args: arguments(grid, weights, f[0], f[1], f[2], k, d.psi[0], coefficients, sponge)},
		}, after[0])
	case fusedScheme:
		d.eachGroup(v, "fused", tiles.inner, tiles.outer, func(now int, list *gpu.Buffer) launch {
			from, to := d.fields[now], d.fields[1-now]
			return launch{args: arguments(grid, weights, list, from[0], from[1], from[2], to[0], to[1], to[2], bx, by, k,
				d.psi[now], d.psi[1-now], coefficients, sponge)}
		})
		for now := range d.stride {
			d.stride[now] = slices.Concat(before[now], d.stride[now], after[1-now])
		}
	case tiledScheme:
		ranges, elements := upload(p, tiles.ranges), upload(p, tiles.points.elements)
		shares, sources := upload(p, tiles.points.shares), upload(p, tiles.points.sources)
		d.eachGroup(v, "tiles", tiles.inner, tiles.outer, func(now int, list *gpu.Buffer) launch {
			from, to := d.fields[now], d.fields[1-now]
			return launch{
				args: arguments(grid, weights, list, from[0], from[1], from[2], to[0], to[1], to[2], bx, by, k,
					d.psi[now], d.psi[1-now], coefficients, sponge, ranges, elements, shares, sources,
					d.amplitudes, 0, d.sources, d.samples, 0, d.columns, 0),
				amplitude: 21, sample: 24, steps: 26,
			}
		})
	}
}

// groups is the grid of n work groups of the scheme.
func (d *deviceRun[T]) groups(n int) gpu.Grid {
	return gpu.Grid{Groups: [3]int{n}, Group: d.tiling.group}
}

// over is the grid of work items for a list.
func over(n int) gpu.Grid { return gpu.Over(n, pointGroup) }

// eachGroup appends the launches of a kernel from either state: for the inner groups as
// far as there are any, and for the others.
func (d *deviceRun[T]) eachGroup(v variant, name string, inner, outer []int32, with func(now int, list *gpu.Buffer) launch) {
	for _, part := range []struct {
		list  []int32
		outer bool
	}{{inner, false}, {outer, true}} {
		if len(part.list) == 0 {
			continue
		}
		v.outer, v.layers = part.outer, part.outer && len(d.memory) > 0
		list := upload(&d.deviceParts, part.list)
		for now := range d.stride {
			l := with(now, list)
			l.source, l.grid = v.source(name), d.groups(len(part.list))
			d.stride[now] = append(d.stride[now], l)
		}
	}
}

// pointLaunches are those of sources and receivers for the schemes of one step a launch: forces
// on the fields before it, a source adds to the velocity before or after what
// the pressure does; the rest on those after it.
func (d *deviceRun[T]) pointLaunches(double bool) (before, after [2][]launch) {
	if d.tiling.scheme == tiledScheme {
		return before, after
	}
	p := &d.deviceParts
	list, ranges := d.host.listPoints()
	if list.len() == 0 {
		return before, after
	}
	elements, shares, sources := upload(p, list.elements), upload(p, list.shares), upload(p, list.sources)
	inject, sample := pointVariant(double).source("inject"), pointVariant(double).source("sample")
	for now, fields := range d.fields {
		for k := range 6 {
			first, n := int(ranges[k]), int(ranges[k+1]-ranges[k])
			switch {
			case n == 0:
			case k < 2:
				before[now] = append(before[now], launch{source: inject, grid: over(n), amplitude: 6,
					args: arguments(elements, first, n, shares, sources, d.amplitudes, 0, fields[injectionOrder[k]])})
			case k == 2:
				after[now] = append(after[now], launch{source: inject, grid: over(n), amplitude: 6,
					args: arguments(elements, first, n, shares, sources, d.amplitudes, 0, fields[Pressure])})
			default:
				after[now] = append(after[now], launch{source: sample, grid: over(n), sample: 5,
					args: arguments(elements, first, n, fields[k-3], d.samples, 0)})
			}
		}
	}
	return before, after
}
