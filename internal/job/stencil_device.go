package job

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/stencil"
)

// openDevice opens the device of a job, if it has one, and refuses it where it cannot
// do the job.
func (t *stencilTask) openDevice(w *stencilWork) (err error) {
	id := t.device()
	if t.job.ranOn = ""; id == "cpu" {
		t.job.ranOn = id // where the job says auto
		return nil
	}
	if w.device, err = gpu.Open(id); err != nil {
		return t.faultAt("device", Unopened(id, err), err)
	}
	info := w.device.Info()
	if err := t.suits(info); err != nil {
		w.release()
		return err
	}
	t.job.ranOn = shown(info)
	return nil
}

// Unopened says in a line why there is no such device, and which there are; the rest is
// for ritz devices to say.
func Unopened(id string, err error) string {
	why := err.Error()
	switch {
	case errors.Is(err, gpu.ErrNoBackend):
		why = "no driver for " + id
	case errors.Is(err, gpu.ErrNoDevice):
		why = "there is no " + id
	default:
		return why
	}
	there := []string{"cpu"}
	list, _ := gpu.Devices() // those of drivers that work
	for _, d := range list {
		there = append(there, d.ID)
	}
	return why + " on this machine, which has " + strings.Join(there, ", ") + "; ritz devices says what is missing"
}

// compiling tells that kernels are compiled, until the run is interrupted.
func (w *stencilWork) compiling(ctx context.Context) func(done, all int) error {
	start := time.Now()
	return func(done, all int) error {
		w.progress(Progress{
			Name: "compiling kernels for " + w.task.job.ranOn, Iteration: done, Iterations: all, Seconds: time.Since(start).Seconds(),
		})
		return ctx.Err()
	}
}

// device is the one to run on: auto stands for the first GPU, or the cpu if there is none.
func (t *stencilTask) device() string {
	if t.job.Device != "auto" {
		return t.job.Device
	}
	list, _ := gpu.Devices() // those of drivers that work
	for _, d := range list {
		if !d.CPU {
			return d.ID
		}
	}
	return "cpu"
}

// suits tells whether a device can do the job.
func (t *stencilTask) suits(info gpu.Info) error {
	err := t.settings.FitsDevice(info)
	all, largest := t.settings.DeviceMemory()
	switch cells := float64(t.settings.Grid.Cells()); {
	case errors.Is(err, gpu.ErrNoFloat64):
		return t.faultAt("device", shown(info)+" has no double precision: it wants precision: float32", err)
	case errors.Is(err, gpu.ErrMemory) && info.Memory > 0 && all > info.Memory:
		return t.faultAt("grid", fmt.Sprintf("%.3g points want about %s of the memory of %s, which has %s",
			cells, size(all), shown(info), size(info.Memory)), err)
	case errors.Is(err, gpu.ErrMemory):
		return t.faultAt("grid", fmt.Sprintf("%.3g points want a buffer of %s in the memory of %s, whose buffers have at most %s",
			cells, size(largest), shown(info), size(info.MaxAlloc)), err)
	case err != nil:
		return t.placedOn(err)
	}
	return nil
}

// faultAt is an error at a key of the job.
func (t *stencilTask) faultAt(key, text string, err error) error {
	f := fault(t.job.tree.get(key), key, text)
	f.Err = err
	return f
}

// shown is a device as results name it.
func shown(info gpu.Info) string { return fmt.Sprintf("%s (%s)", info.ID, info.Name) }

// checkDevice returns what a check says of the device, or refuses it as a run would. One
// that is not on this machine is a warning: the job may be meant for another.
func (t *stencilTask) checkDevice() (string, error) {
	id := t.device()
	if id == "cpu" {
		return id, nil
	}
	d, err := gpu.Open(id)
	switch {
	case errors.Is(err, gpu.ErrNoBackend), errors.Is(err, gpu.ErrNoDevice):
		t.warn("device: %s", Unopened(id, err))
		return id, nil
	case err != nil:
		return "", t.faultAt("device", Unopened(id, err), err)
	}
	defer d.Close()
	return shown(d.Info()), t.suits(d.Info())
}

// release frees the device.
func (w *stencilWork) release() {
	if w.device == nil {
		return
	}
	// What fails here has failed before: a device that is lost.
	if w.solver != nil {
		_ = w.solver.Close()
	}
	_ = w.device.Close()
	w.device = nil
}

// placedOn gives an error of a simulation on a device its place: too little memory is
// a fault of the grid.
func (t *stencilTask) placedOn(err error) error {
	switch {
	case errors.Is(err, gpu.ErrMemory):
		return t.faultAt("grid", err.Error(), err)
	case errors.Is(err, stencil.ErrSettings):
		for _, key := range []string{"plan", "grid"} {
			if text, ok := strings.CutPrefix(err.Error(), stencil.ErrSettings.Error()+": "+key+": "); ok {
				return t.faultAt(key, text, err)
			}
		}
	case errors.Is(err, stencil.ErrDevice):
		return t.faultAt("device", err.Error(), err)
	}
	return t.placed(err)
}
