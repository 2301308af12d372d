package job

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/stencil"
)

// openDevice opens the device of a job, if it has one, and refuses it where it cannot
// do the job.
func (t *stencilTask) openDevice(w *stencilWork) (err error) {
	t.job.ranOn = ""
	id := t.device()
	if id == "cpu" {
		return nil
	}
	if w.device, err = gpu.Open(id); err != nil {
		return t.faultAt("device", err.Error()+"; ritz devices lists those that there are, and says what is missing", err)
	}
	info := w.device.Info()
	if err := t.suits(info); err != nil {
		w.release()
		return err
	}
	t.job.ranOn = shown(info)
	return nil
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
	switch need := t.settings.DeviceMemory(); {
	case !info.Float64 && !t.settings.Single:
		return t.faultAt("device", shown(info)+" has no double precision: it wants precision: float32", gpu.ErrNoFloat64)
	case info.Memory > 0 && need > info.Memory:
		return t.faultAt("grid", fmt.Sprintf("%.3g points want about %s of the memory of %s, which has %s",
			float64(t.settings.Grid.Cells()), size(need), shown(info), size(info.Memory)), gpu.ErrMemory)
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

// describeDevice is what a check says of the device. One that is not on this machine is
// a warning: the job may be meant for another.
func (t *stencilTask) describeDevice() string {
	id := t.device()
	if id == "cpu" {
		return id
	}
	d, err := gpu.Open(id)
	if err != nil {
		t.warn("device: %s is not on this machine: %v", id, err)
		return id
	}
	defer d.Close()
	return shown(d.Info())
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
	case errors.Is(err, stencil.ErrSettings) && strings.Contains(err.Error(), ": plan: "):
		return t.faultAt("plan", strings.TrimPrefix(err.Error(), stencil.ErrSettings.Error()+": plan: "), err)
	case errors.Is(err, stencil.ErrDevice):
		return t.faultAt("device", err.Error(), err)
	}
	return t.placed(err)
}
