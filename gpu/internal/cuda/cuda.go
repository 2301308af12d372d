// Package cuda is the driver of CUDA and of HIP. HIP's calls are CUDA's by other names
// (hipModuleLaunchKernel is cuLaunchKernel), so there is one implementation over a table
// of calls, and what differs is data: the [vendor].
//
// A CUDA call is made on a thread on which the device's context is current. Each call
// here locks its goroutine to a thread and makes the context current first: a device is
// then good for any goroutine, beside other devices and beside other libraries that
// make contexts of their own current. HIP has a current device instead.
//
// What was current on the thread before is not made so again: another call at each launch,
// for those few who could tell. Goroutines move between threads, so who relies on what is
// current has locked one, and only calls of this package from that very goroutine change it;
// then it is the primary context of the device, which the runtime APIs use as well. Who has
// several devices or contexts of their own makes them current after such calls.
package cuda

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/seed-0772dd2d/ritz/gpu/internal/dl"
	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// Variables of the environment that name a library, or are "off".
const (
	VariableCUDA   = "RITZ_CUDA"
	VariableNVRTC  = "RITZ_NVRTC"
	VariableHIP    = "RITZ_HIP"
	VariableHIPRTC = "RITZ_HIPRTC"
)

// Load loads CUDA's library, LoadHIP that of HIP. The error is a *driver.NoBackend if
// there is none. The compiler's library is loaded when it is needed.
func Load() (driver.Backend, error)    { return load(&nvidia) }
func LoadHIP() (driver.Backend, error) { return load(&amd) }

// vendor is what tells CUDA and HIP apart.
type vendor struct {
	name      string // of the backend, and the key of the tables' tags
	title     string
	maker     string
	variable  string
	libraries func() []string

	setCurrent, launchKernel string
	attributes               attributes
	version                  func(int32) string
	// errorName is the driver's name of a code.
	errorName func(*dl.Library) func(code int32) string
	// target is the architecture of a device, as the compiler is told it.
	target func(b *backend, device int32) (string, error)
	// compiler loads the compiler that goes with the driver.
	compiler func(driver *dl.Library) (compiler, error)
	need     node // without which the driver finds no device
}

// attributes are the numbers of a device's attributes.
type attributes struct{ units, clock, width, maxGroup, local int32 }

// replace, if any, sets calls of CUDA's that go another way than through the library
// that was found at run time.
var replace func(c *calls, fault fault)

// backend is a driver that has been loaded.
type backend struct {
	*vendor
	c         calls
	library   *dl.Library
	compilers func() (compiler, error)
}

func load(v *vendor) (driver.Backend, error) {
	library, looked, err := dl.Open(v.variable, v.libraries()...)
	if err != nil {
		return nil, &driver.NoBackend{Backend: v.name, Looked: looked, Cause: err}
	}
	b := &backend{vendor: v, library: library}
	names := v.errorName(library)
	fault := func(call string, code int32) error {
		return &driver.Error{Backend: v.name, Call: call, Code: int(code), Name: names(code), Kind: kinds[code]}
	}
	err = bind(&b.c, v.name, library, fault)
	if err == nil {
		err = b.c.hot(library, v.setCurrent, v.launchKernel, fault)
	}
	if err != nil {
		return nil, &driver.NoBackend{Backend: v.name, Looked: looked, Cause: err}
	}
	if v == &nvidia && replace != nil {
		replace(&b.c, fault)
	}
	b.compilers = sync.OnceValues(func() (compiler, error) { return v.compiler(library) })
	return b, nil
}

func (b *backend) Name() string { return b.name }

// count starts the driver and is the number of devices. The error wraps ErrNoDevice if
// there is none.
func (b *backend) count() (int, error) {
	n := new(int32)
	err := b.c.Init(0)
	if err == nil {
		err = b.c.DeviceCount(n)
	}
	if err == nil && *n == 0 {
		err = fmt.Errorf("%s: %w", b.name, driver.ErrNoDevice)
	}
	if errors.Is(err, driver.ErrNoDevice) {
		if why := b.need.missing(); why != "" {
			err = fmt.Errorf("%w: %s", err, why)
		}
	}
	return int(*n), err
}

// Devices lists the devices.
func (b *backend) Devices() ([]driver.Info, error) {
	n, err := b.count()
	if err != nil {
		return nil, err
	}
	list := make([]driver.Info, n)
	for i := range list {
		if list[i], err = b.info(int32(i)); err != nil {
			return list[:i], err
		}
	}
	return list, nil
}

// info describes a device. An attribute or an address that the driver does not tell is
// empty.
func (b *backend) info(index int32) (driver.Info, error) {
	var device, version int32
	var bytes uintptr
	name, bus := make([]byte, 256), make([]byte, 32)
	var target string
	err := b.c.Device(&device, index)
	if err == nil {
		err = b.c.DriverVersion(&version)
	}
	if err == nil {
		err = b.c.DeviceName(&name[0], int32(len(name)), device)
	}
	if err == nil {
		err = b.c.DeviceMemory(&bytes, device)
	}
	if err == nil {
		target, err = b.target(b, device)
	}
	if err != nil {
		return driver.Info{}, fmt.Errorf("%s:%d: %w", b.name, index, err)
	}
	attribute := func(number int32) int {
		var value int32
		if b.c.DeviceAttribute(&value, number, device) != nil {
			return 0
		}
		return int(value)
	}
	if b.c.DeviceBus(&bus[0], int32(len(bus)), device) != nil {
		bus = nil
	}
	return driver.Info{
		ID:           fmt.Sprintf("%s:%d", b.name, index),
		Backend:      b.name,
		Name:         cut(name),
		Vendor:       b.maker,
		Driver:       b.title + " " + b.version(version),
		Architecture: base(target),
		Bus:          strings.ToLower(cut(bus)), // CUDA writes 0000:3B:00.0
		Memory:       int64(bytes),
		MaxAlloc:     int64(bytes),
		LocalMemory:  attribute(b.attributes.local),
		ComputeUnits: attribute(b.attributes.units),
		Clock:        attribute(b.attributes.clock) / 1000, // of kHz
		Width:        attribute(b.attributes.width),
		MaxGroup:     attribute(b.attributes.maxGroup),
		Float64:      true, // as every device of these versions of the drivers
	}, nil
}

// Open opens a device.
func (b *backend) Open(index int) (driver.Device, error) {
	n, err := b.count()
	if err != nil {
		return nil, err
	}
	if index >= n {
		return nil, fmt.Errorf("%s:%d: %w, there are %d", b.name, index, driver.ErrNoDevice, n)
	}
	d := &device{backend: b}
	if err := b.c.Device(&d.number, int32(index)); err != nil {
		return nil, err
	}
	if d.architecture, err = b.target(b, d.number); err != nil {
		return nil, err
	}
	d.current[0] = uintptr(d.number)
	if b.c.Retain != nil {
		if err := b.c.Retain(&d.current[0], d.number); err != nil {
			return nil, err
		}
	}
	return d, nil
}
