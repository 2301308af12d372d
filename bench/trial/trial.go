// Package trial tries a device: do its driver and its compiler work, do the kernels agree
// with the CPU, how fast are they. What comes out is a [Report] that can be sent to
// somebody who has no such device.
package trial

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/stencil"
)

// Settings of a trial.
type Settings struct {
	Quick bool // two orders, fewer and smaller grids
	// Orders of the differences to try; nil: all, quick: 2 and 8.
	Orders []int
	// Progress is told what has been done of a stage; nil: nobody is.
	Progress func(stage string, done, total int)
	// Save gets the report after each stage, so that there is one if the driver takes
	// the process down; nil: nobody does.
	Save func(*Report) error
}

// Report is what a trial found. Numbers that could not be found are 0 and left out.
type Report struct {
	Ritz    string    `json:"ritz"` // version
	Go      string    `json:"go"`
	System  string    `json:"system"` // linux/amd64
	Began   time.Time `json:"began"`
	Seconds float64   `json:"seconds"`
	Quick   bool      `json:"quick"`
	// Ended is false in a report that was written on the way.
	Ended  bool     `json:"ended"`
	Passed bool     `json:"passed"` // all that was tried
	Device gpu.Info `json:"device"`
	// Before and After are what the sensors of the card told, if any did.
	Before *gpu.Telemetry `json:"before,omitempty"`
	After  *gpu.Telemetry `json:"after,omitempty"`
	// Notes say what was left out and why.
	Notes     []string    `json:"notes,omitempty"`
	Checks    []Check     `json:"checks"`
	Programs  []Program   `json:"programs"`
	Agreement []Agreement `json:"agreement"`
	Transfer  *Transfer   `json:"transfer,omitempty"`
	Waves     []Wave      `json:"waves"`
	// Stopped is why the trial ended early: the device was lost, or the user did not wait.
	Stopped *Fault `json:"stopped,omitempty"`
}

// Fault is an error, with what the driver called it.
type Fault struct {
	Text    string `json:"text"`
	Backend string `json:"backend,omitempty"` // opencl, cuda, hip, nvrtc, hiprtc
	Call    string `json:"call,omitempty"`    // clCreateBuffer
	Code    int    `json:"code,omitempty"`
	Name    string `json:"name,omitempty"` // CL_OUT_OF_RESOURCES
}

// fault is nil for nil.
func fault(err error) *Fault {
	if err == nil {
		return nil
	}
	f := &Fault{Text: err.Error()}
	if e, ok := errors.AsType[*gpu.DriverError](err); ok {
		f.Backend, f.Call, f.Code, f.Name = e.Backend, e.Call, e.Code, e.Name
	}
	return f
}

// session is a trial that runs.
type session struct {
	*Report
	settings Settings
	device   *gpu.Device
	queue    *gpu.Queue
}

// Run tries the device of that name. The error says that it cannot be opened; all that
// goes wrong later is in the report.
func Run(ctx context.Context, id, version string, settings Settings) (*Report, error) {
	if err := settings.complete(); err != nil {
		return nil, err
	}
	device, err := gpu.Open(id)
	if err != nil {
		return nil, err
	}
	defer device.Close()
	start := time.Now()
	s := &session{settings: settings, device: device, Report: &Report{
		Ritz: version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Began: start.UTC().Truncate(time.Second), Quick: settings.Quick, Device: device.Info(),
	}}
	if !s.Device.Float64 {
		s.note("the device has no double precision: single precision only")
	}
	s.Before = sense(s.Device)
	s.queue, err = device.NewQueue()
	for _, stage := range []func(context.Context) error{s.check, s.compile, s.agree, s.transfer, s.waves} {
		if err != nil {
			break
		}
		err = stage(ctx)
		s.Seconds = time.Since(start).Seconds()
		if settings.Save != nil {
			err = errors.Join(err, settings.Save(s.Report))
		}
	}
	s.After = sense(s.Device)
	s.Stopped = fault(err)
	s.Ended, s.Passed = true, err == nil && s.faults() == 0
	if settings.Save != nil {
		err = settings.Save(s.Report)
	}
	return s.Report, err
}

// complete checks the orders, and sets them where they are not given.
func (s *Settings) complete() error {
	for _, order := range s.Orders {
		if !slices.Contains(stencil.Orders, order) {
			return fmt.Errorf("%w: order %d, want of %v", gpu.ErrArgument, order, stencil.Orders)
		}
	}
	switch {
	case len(s.Orders) > 0:
	case s.Quick:
		s.Orders = []int{2, 8}
	default:
		s.Orders = stencil.Orders
	}
	return nil
}

// sense is what the sensors of a device tell; nil for nothing.
func sense(device gpu.Info) *gpu.Telemetry {
	monitor, _ := gpu.OpenMonitor() // it is there in any case
	defer monitor.Close()
	cards, _ := monitor.Read() // as far as they can be read
	for i := range cards {
		if device.Bus != "" && strings.EqualFold(device.Bus, cards[i].Bus) {
			return &cards[i]
		}
	}
	return nil
}

// note says what is left out, once.
func (s *session) note(format string, args ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

// tell reports progress.
func (s *session) tell(stage string, done, total int) {
	if s.settings.Progress != nil {
		s.settings.Progress(stage, done, total)
	}
}

// over is the reason not to go on after err: the device is lost, or ctx is done.
func over(ctx context.Context, err error) error {
	if errors.Is(err, gpu.ErrLost) {
		return err
	}
	return ctx.Err()
}

// faults counts what did not pass.
func (r *Report) faults() int {
	n := 0
	for _, c := range r.Checks {
		n += count(c.Fault)
	}
	for _, p := range r.Programs {
		n += count(p.Fault)
	}
	for _, a := range r.Agreement {
		if !a.Passed {
			n++
		}
	}
	if r.Transfer != nil {
		n += count(r.Transfer.Fault)
	}
	for _, w := range r.Waves {
		n += count(w.Fault)
	}
	return n
}

func count(f *Fault) int {
	if f == nil {
		return 0
	}
	return 1
}

// precisions are those that the device has: double or not.
func (s *session) precisions() []bool {
	if s.Device.Float64 {
		return []bool{false, true}
	}
	return []bool{false}
}

func precision(double bool) string {
	if double {
		return "float64"
	}
	return "float32"
}

// width is the bytes of a number.
func width(double bool) int {
	if double {
		return 8
	}
	return 4
}
