package job

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"math"
	"time"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/stencil"
)

// stencilWork is a simulation made ready to run.
type stencilWork struct {
	task     *stencilTask
	solver   *stencil.Solver
	device   *gpu.Device // nil: the processor
	steps    int
	every    int
	progress func(Progress)
	frames   *frames // nil: none
	state    waveState
	values   [3][]float64 // fields as they are read
}

// waveState is what a checkpoint holds besides the solver.
type waveState struct {
	Seconds  float64 // of time steps
	Recorded int     // last step of which there is output; -1: none
	Energy   []waveEnergy
	Frames   int
}

type waveEnergy struct {
	Step               int
	Kinetic, Potential float64
}

func (w *stencilWork) reset() { w.state = waveState{Recorded: -1} }

func (w *stencilWork) restore(c *checkpoint) error {
	w.reset()
	if err := gob.NewDecoder(bytes.NewReader(c.State)).Decode(&w.state); err != nil {
		return err
	}
	_, err := w.solver.ReadFrom(c.rest)
	return err
}

// save writes a checkpoint.
func (w *stencilWork) save(d *directory) error {
	if w.frames != nil {
		if err := w.frames.sync(); err != nil {
			return err
		}
	}
	var state bytes.Buffer
	if err := gob.NewEncoder(&state).Encode(&w.state); err != nil {
		return err
	}
	return d.save(&checkpoint{Seconds: d.seconds(), State: state.Bytes(), large: w.solver})
}

// run takes the steps, with output and checkpoints as it goes, then writes what
// there is of the whole.
func (w *stencilWork) run(ctx context.Context, d *directory) (Body, error) {
	err := w.open(d)
	if err == nil {
		err = w.advance(ctx, d)
	}
	body, e := w.finish(d)
	if err == nil {
		err = e
	}
	if err == nil {
		err = w.animate(ctx, d, body)
	}
	if err != nil && !diverged(err) {
		// What was done is kept, if there is room.
		if e := w.save(d); e != nil && ctx.Err() != nil {
			err = e
		}
	}
	if e := w.close(); err == nil {
		err = e
	}
	return body, written(err)
}

// written wraps what is neither of the simulation nor an interruption.
func written(err error) error {
	if err == nil || diverged(err) || errors.Is(err, stencil.ErrDevice) || err == context.Canceled || err == context.DeadlineExceeded {
		return err
	}
	return &writeError{err}
}

// pace is how long the steps between two looks at the clock should take.
const pace = 200 * time.Millisecond

// advance takes the steps that are left.
func (w *stencilWork) advance(ctx context.Context, d *directory) error {
	saved := time.Now()
	chunk := 16
	for {
		n := w.solver.Steps()
		if err := w.record(d, n); err != nil {
			return err
		}
		if n >= w.steps {
			return nil
		}
		if time.Since(saved).Seconds() > w.task.output.checkpoint {
			if err := w.save(d); err != nil {
				return err
			}
			saved = time.Now()
		}
		next := min(w.steps, n+chunk)
		if w.task.recorded() {
			next = min(next, (n/w.every+1)*w.every)
		}
		start := time.Now()
		err := w.solver.Advance(ctx, next-n)
		took := time.Since(start)
		done := w.solver.Steps() - n
		w.state.Seconds += took.Seconds()
		if err != nil {
			return err
		}
		// Tiles take 16 steps at a time, or a power of two the user fixes.
		rate := float64(done) / max(took.Seconds(), 1e-9)
		chunk = max(int(min(rate*pace.Seconds(), 1<<30))/64*64, 16)
		w.tell(d, w.solver.Steps())
	}
}

// speed is in cells a second.
func (w *stencilWork) speed() float64 {
	if w.state.Seconds == 0 {
		return 0
	}
	return float64(w.task.settings.Grid.Cells()) * float64(w.solver.Steps()) / w.state.Seconds
}

func (w *stencilWork) tell(d *directory, n int) {
	w.progress(Progress{
		Stages: w.stages(), Name: "steps", Iteration: n, Iterations: w.steps, Total: n, TotalMost: w.steps,
		Measure: "Gcell/s", Value: w.speed() / 1e9, Seconds: d.seconds(),
	})
}

func (w *stencilWork) stages() int {
	if w.frames != nil {
		return 2
	}
	return 1
}

// read reads a field.
func (w *stencilWork) read(q stencil.Quantity) ([]float64, error) {
	if w.values[q] == nil {
		nx, ny, _, _ := shape(w.task.settings.Grid, q)
		w.values[q] = make([]float64, nx*ny)
	}
	return w.values[q], w.solver.Read(q, w.values[q])
}

// body is what the simulation came to so far; without its fields if a device does not give
// them, with the error.
func (w *stencilWork) body() (*stencilBody, error) {
	p, err := w.read(stencil.Pressure)
	g := w.task.settings.Grid
	size := 8.0
	if w.task.settings.Single {
		size = 4
	}
	b := &stencilBody{
		Steps: w.solver.Steps(), Dt: w.solver.Dt(), LargestDt: w.solver.LargestDt(), Time: w.solver.Time(),
		GCells: Number(w.speed() / 1e9), TEff: Number(6 * size * w.speed() / 1e9), BytesPerCell: int(6 * size),
		Frames: w.state.Frames, Figures: []string{},
	}
	if len(w.task.output.snapshots) > 0 {
		b.Snapshots = w.state.Recorded/w.every + 1
	}
	if err == nil && w.task.output.energy {
		var kinetic, potential float64
		kinetic, potential, err = w.solver.Energy()
		total := Number(kinetic + potential)
		b.Energy = &total
	}
	if err != nil {
		none := Number(math.NaN())
		b.Energy, b.Pressure = nil, wavePressure{none, none, none, none, none}
		return b, err
	}
	least, most, sum, squares := math.Inf(1), math.Inf(-1), 0.0, 0.0
	for _, v := range p {
		least, most = min(least, v), max(most, v)
		sum += v
		squares += v * v
	}
	b.Pressure = wavePressure{Number(least), Number(most), Number(sum), Number(math.Sqrt(squares)), Number(p[g.Ny/2*g.Nx+g.Nx/2])}
	return b, nil
}
