package job

import (
	"context"
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
		values, err := v.on(g, stencil.Quantity(q), [2]float64{}, finite, "a finite number")
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
	t.findSpeeds()
	if err := t.findStep(); err != nil {
		return err
	}
	t.prepared = true
	t.findOddWaves()
	return nil
}

// findStep finds the time step and the number of steps; one that is not stable it
// refuses at its place in the file.
func (t *stencilTask) findStep() (err error) {
	if t.dt, t.limit, err = t.settings.Step(); errors.Is(err, stencil.ErrUnstable) {
		key, largest := "dt", format(round(t.limit, 10))
		if t.settings.CFL > 0 {
			key, largest = "cfl", fmt.Sprintf("1, a step of %.6g", t.limit)
		}
		n := t.job.tree.get(key)
		f := fault(n, key, fmt.Sprintf("%s is unstable: the largest stable %s is %s (order %d, fastest wave %.6g)",
			n.text, key, largest, t.settings.Order, t.fastest))
		f.Err = err
		return f
	}
	if err != nil {
		return t.placed(err)
	}
	t.allSteps, err = t.stepsOf(t.dt)
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

func (t *stencilTask) compile(ctx context.Context, o *Options) (work, error) {
	if err := t.prepareToRun(); err != nil {
		return nil, err
	}
	w := &stencilWork{task: t, progress: func(Progress) {}}
	if o.Progress != nil {
		w.progress = o.Progress
	}
	if err := t.openDevice(w); err != nil {
		return nil, err
	}
	settings := t.settings
	settings.Device, settings.Compiling = w.device, w.compiling(ctx)
	var err error
	if w.solver, err = stencil.New(settings); err != nil {
		w.release()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, t.placedOn(err)
	}
	w.steps, w.every = t.allSteps, t.interval()
	w.reset()
	return w, nil
}

// interval is the number of steps between outputs.
func (t *stencilTask) interval() int {
	if t.output.every > 0 {
		return t.output.every
	}
	return (t.allSteps + 99) / 100
}

// findSpeeds finds the slowest and the fastest speed of the medium.
func (t *stencilTask) findSpeeds() {
	m := t.settings.Medium
	density, modulus := m.Densities, m.BulkModuli
	if density == nil {
		density = []float64{m.Density}
	}
	if modulus == nil {
		modulus = []float64{m.BulkModulus}
	}
	least, most := math.Inf(1), 0.0
	for k := range max(len(density), len(modulus)) {
		c2 := modulus[k%len(modulus)] / density[k%len(density)]
		least, most = min(least, c2), max(most, c2)
	}
	t.slowest, t.fastest = math.Sqrt(least), math.Sqrt(most)
}

// diverged tells whether a run ended for its numbers.
func diverged(err error) bool { return errors.Is(err, stencil.ErrDiverged) }
