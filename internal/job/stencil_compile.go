package job

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/seed-0772dd2d/ritz/stencil"
)

// prepare completes the settings: it evaluates expressions, reads files, and
// finds the faults that show only then.
func (t *stencilTask) prepare() error {
	if t.prepared {
		return nil
	}
	if err := t.prepareMedium(); err != nil {
		return err
	}
	g, p := t.settings.Grid, &t.settings
	for q, dst := range []*[]float64{&p.Pressure, &p.Vx, &p.Vy} {
		v := t.initial[q]
		if v == nil {
			continue
		}
		values, err := v.on(g, stencil.Quantity(q), finite, "a finite number")
		if err != nil {
			return err
		}
		if len(values) == 1 {
			nx, ny, _, _ := shape(g, stencil.Quantity(q))
			uniform := values[0]
			values = make([]float64, nx*ny)
			for k := range values {
				values[k] = uniform
			}
		}
		*dst = values
	}
	p.Sources, p.Receivers = nil, nil
	for _, src := range t.sources {
		if s := src.series; s != nil {
			f, err := s.read()
			if err != nil {
				return err
			}
			src.Signal = scaled(f, src.amplitude)
		}
		p.Sources = append(p.Sources, src.Source)
	}
	for _, r := range t.receivers {
		p.Receivers = append(p.Receivers, r.Receiver)
	}
	if err := t.checkStep(); err != nil {
		return err
	}
	t.prepared = true
	t.findOddWaves()
	return nil
}

func (t *stencilTask) prepareMedium() error {
	g, m := t.settings.Grid, &t.settings.Medium
	*m = stencil.Medium{}
	density, err := t.density.on(g, stencil.Pressure, positive, "a positive number")
	if err != nil {
		return err
	}
	source, speed := t.modulus, false
	if t.speed != nil {
		source, speed = t.speed, true
	}
	modulus, err := source.on(g, stencil.Pressure, positive, "a positive number")
	if err != nil {
		return err
	}
	if speed { // κ = ρ c²
		if len(modulus) == 1 && len(density) > 1 {
			c := modulus[0]
			modulus = make([]float64, len(density))
			for k := range modulus {
				modulus[k] = c
			}
		}
		for k, c := range modulus {
			modulus[k] = density[k%len(density)] * c * c // one density, or one for each
			if !positive(modulus[k]) {
				return fault(source.node, source.path, fmt.Sprintf("the bulk modulus of the speed %s is %g", format(c), modulus[k]))
			}
		}
	}
	if len(density) == 1 {
		m.Density = density[0]
	} else {
		m.Densities = density
	}
	if len(modulus) == 1 {
		m.BulkModulus = modulus[0]
	} else {
		m.BulkModuli = modulus
	}
	return nil
}

// step returns the time step, the largest stable one, and the fastest wave.
func (t *stencilTask) step() (dt, limit, fastest float64, err error) {
	p := &t.settings
	limit, err = stencil.LargestStep(p.Grid, p.Medium, p.Order)
	if err != nil {
		return 0, 0, 0, err
	}
	w, err := stencil.Weights(p.Order)
	if err != nil {
		return 0, 0, 0, err
	}
	sum := 0.0
	for _, c := range w {
		sum += math.Abs(c)
	}
	dx, dy := p.Grid.Spacing()
	fastest = 1 / (limit * sum * math.Sqrt(1/(dx*dx)+1/(dy*dy)))
	switch {
	case p.Dt > 0:
		dt = p.Dt
	case p.CFL > 0:
		dt = p.CFL * limit
	default:
		dt = min(dx, dy) / fastest / 4.1
	}
	return dt, limit, fastest, nil
}

// checkStep refuses a step that is not stable, at its place in the file.
func (t *stencilTask) checkStep() error {
	dt, limit, fastest, err := t.step()
	if err != nil {
		return t.placed(err)
	}
	if dt > limit*(1+1e-12) {
		key, largest := "dt", format(round(limit, 10))
		if t.settings.CFL > 0 {
			key, largest = "cfl", "1"
		}
		n := t.job.tree.get(key)
		f := fault(n, key, fmt.Sprintf("%s is unstable: the largest stable %s is %s (a step of %.10g; order %d, fastest wave %.6g)",
			n.text, key, largest, limit, t.settings.Order, fastest))
		f.Err = stencil.ErrUnstable
		return f
	}
	_, err = t.stepsOf(dt)
	return err
}

// round rounds down to so many digits, so that what is shown may be used.
func round(x float64, digits int) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(x))-float64(digits-1))
	return math.Floor(x/unit) * unit
}

// placed gives an error of package stencil its place in the job file.
func (t *stencilTask) placed(err error) error {
	f := fault(t.job.tree, "", strings.TrimPrefix(err.Error(), stencil.ErrSettings.Error()+": "))
	f.Err = err
	return f
}

func (t *stencilTask) compile(o *Options) (work, error) {
	if err := t.prepare(); err != nil {
		return nil, err
	}
	w := &stencilWork{task: t, progress: func(Progress) {}}
	if o.Progress != nil {
		w.progress = o.Progress
	}
	var err error
	if w.solver, err = stencil.New(t.settings); err != nil {
		return nil, t.placed(err)
	}
	if w.steps, err = t.stepsOf(w.solver.Dt()); err != nil {
		return nil, err
	}
	w.every = t.interval(w.steps)
	w.reset()
	return w, nil
}

// interval is the number of steps between outputs.
func (t *stencilTask) interval(steps int) int {
	if t.output.every > 0 {
		return t.output.every
	}
	return (steps + 99) / 100
}

// slowest is the smallest speed of the medium.
func (t *stencilTask) slowest() float64 {
	m := t.settings.Medium
	density, modulus := m.Densities, m.BulkModuli
	if density == nil {
		density = []float64{m.Density}
	}
	if modulus == nil {
		modulus = []float64{m.BulkModulus}
	}
	least := math.Inf(1)
	for k := range max(len(density), len(modulus)) {
		least = min(least, modulus[k%len(modulus)]/density[k%len(density)])
	}
	return math.Sqrt(least)
}

// wavelengths is how many points there are in the shortest wave of a frequency.
func (t *stencilTask) wavelengths(frequency float64) float64 {
	dx, dy := t.settings.Grid.Spacing()
	return t.slowest() / frequency / max(dx, dy)
}

// fewest is how many points the shortest wave needs for an error of some percent
// over ten wavelengths or so.
func fewest(order int) float64 { return map[int]float64{2: 12, 4: 6, 6: 4.5, 8: 4}[order] }

func (t *stencilTask) findOddWaves() {
	t.odd = nil
	for i, src := range t.sources {
		if src.highest == 0 {
			continue
		}
		if n := t.wavelengths(src.highest); n < fewest(t.settings.Order) {
			t.odd = append(t.odd, fmt.Sprintf("source %d: %.2g points in the shortest wave, of frequency %.4g: order %d wants %g or so for a clear pulse",
				i, n, src.highest, t.settings.Order, fewest(t.settings.Order)))
		}
	}
	if len(t.output.animation) > 0 {
		dt, _, _, err := t.step()
		if err != nil {
			return
		}
		if steps, err := t.stepsOf(dt); err == nil {
			if n := steps/t.interval(steps) + 1; n > 1000 {
				t.odd = append(t.odd, fmt.Sprintf("an animation of %d frames: set output.every higher", n))
			}
		}
	}
}

func (t *stencilTask) warnings() []string { return t.odd }

// diverged tells whether a run ended for its numbers.
func diverged(err error) bool { return errors.Is(err, stencil.ErrDiverged) }
