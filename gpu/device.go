package gpu

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// Info describes a device.
type Info = driver.Info

// Devices lists the devices of all drivers. The error tells of drivers that are not
// there, each of which wraps ErrNoBackend, or that failed; it may be there beside
// devices of other drivers.
func Devices() ([]Info, error) {
	var all []Info
	var errs []error
	for _, k := range backends {
		b, err := k.load()
		if err == nil {
			var list []Info
			list, err = b.Devices()
			all = append(all, list...)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return all, errors.Join(errs...)
}

// Device is an open device. It is safe for concurrent use.
type Device struct {
	info     Info
	d        driver.Device
	programs programs

	mu     sync.Mutex
	closed bool
	live   []closer // what was made on it and is not closed yet
}

// closer is a thing made on a device.
type closer interface{ release() error }

// Open opens a device by its name, "opencl:0", "cuda:0" or "hip:0". "auto" is the
// first that is no CPU, else the first that is one. Of several drivers that offer the same card it
// takes the vendor's own.
func Open(id string) (*Device, error) {
	if id == "auto" {
		return openAuto()
	}
	name, number, ok := strings.Cut(id, ":")
	index, err := strconv.Atoi(number)
	if load := backends.find(name); ok && err == nil && index >= 0 && load != nil {
		b, err := load()
		if err != nil {
			return nil, err
		}
		return open(b, index)
	}
	return nil, fmt.Errorf("gpu: %w: device %q, want opencl:0, cuda:0, hip:0 or auto", ErrArgument, id)
}

func openAuto() (*Device, error) {
	list, err := Devices()
	if len(list) == 0 && err == nil {
		err = fmt.Errorf("gpu: %w: the drivers have none", ErrNoDevice)
	}
	if len(list) == 0 {
		return nil, err
	}
	rank := func(i Info) int {
		switch {
		case i.CPU:
			return 2
		case i.Backend == "opencl":
			return 1
		}
		return 0
	}
	slices.SortStableFunc(list, func(a, b Info) int { return rank(a) - rank(b) })
	return Open(list[0].ID)
}

func open(b driver.Backend, index int) (*Device, error) {
	list, err := b.Devices()
	if index >= len(list) {
		return nil, errors.Join(fmt.Errorf("gpu: %w: %s:%d, there are %d", ErrNoDevice, b.Name(), index, len(list)), err)
	}
	d, err := b.Open(index)
	if err != nil {
		return nil, err
	}
	return &Device{info: list[index], d: d}, nil
}

// Info describes the device.
func (d *Device) Info() Info { return d.info }

// Close frees everything that was made on the device, the newest first, and the device.
// What is in its queues is waited for.
func (d *Device) Close() error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return fmt.Errorf("gpu: device %s: %w", d.info.ID, ErrClosed)
	}
	d.closed = true
	live := d.live
	d.live = nil
	d.mu.Unlock()
	var errs []error
	for _, c := range live {
		if q, ok := c.(*Queue); ok {
			errs = append(errs, q.q.Wait())
		}
	}
	for _, c := range slices.Backward(live) {
		errs = append(errs, c.release())
	}
	return errors.Join(append(errs, d.d.Close())...)
}

// Live is the number of buffers, modules, queues and events that are not closed.
func (d *Device) Live() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.live)
}

// usable tells whether the device is open.
func (d *Device) usable() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return fmt.Errorf("gpu: device %s: %w", d.info.ID, ErrClosed)
	}
	return nil
}

// own makes the device free c when it is closed.
func (d *Device) own(c closer) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return errors.Join(fmt.Errorf("gpu: device %s: %w", d.info.ID, ErrClosed), c.release())
	}
	d.live = append(d.live, c)
	return nil
}

// disown closes c, once.
func (d *Device) disown(c closer, what string) error {
	d.mu.Lock()
	k := slices.Index(d.live, c)
	if k >= 0 {
		d.live = slices.Delete(d.live, k, k+1)
	}
	d.mu.Unlock()
	if k < 0 {
		return fmt.Errorf("gpu: %s: %w", what, ErrClosed)
	}
	return c.release()
}
