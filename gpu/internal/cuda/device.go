package cuda

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unsafe"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// device is an open device.
type device struct {
	*backend
	number       int32
	architecture string
	current      [1]uintptr // its primary context, or with HIP its number
}

// on calls f on a thread on which the device is current.
func (d *device) on(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := d.c.SetCurrent(&d.current); err != nil {
		return err
	}
	return f()
}

func (d *device) Close() error {
	if d.c.Release == nil {
		return nil
	}
	return d.c.Release(d.number)
}

func (d *device) Alloc(bytes int) (driver.Memory, error) {
	var memory uintptr
	err := d.on(func() error { return d.c.Alloc(&memory, uintptr(bytes)) })
	return driver.Memory(memory), err
}

func (d *device) Free(m driver.Memory) error {
	return d.on(func() error { return d.c.Free(uintptr(m)) })
}

func (d *device) Compile(source string, options []string) (driver.Module, error) {
	compiler, err := d.compilers()
	if err != nil {
		return nil, err
	}
	var version int32
	if err := d.c.DriverVersion(&version); err != nil {
		return nil, err
	}
	p, err := compiler.compile(source, options, d.architecture, version)
	if err != nil {
		return nil, err
	}
	return d.load(p)
}

// Options of cuModuleLoadDataEx. HIP has nothing to compile then and ignores them.
const (
	jitErrorLogBuffer     = 5 // CU_JIT_ERROR_LOG_BUFFER
	jitErrorLogBufferSize = 6 // CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES
	jitLogSize            = 16 << 10
)

// load loads a program, which CUDA compiles if it is PTX.
func (d *device) load(p program) (driver.Module, error) {
	m := &module{d: d, log: p.log}
	log := make([]byte, jitLogSize)
	var pin runtime.Pinner // the driver gets its address as a number
	pin.Pin(&log[0])
	defer pin.Unpin()
	options := []int32{jitErrorLogBuffer, jitErrorLogBufferSize}
	values := []uintptr{uintptr(unsafe.Pointer(&log[0])), jitLogSize}
	err := d.on(func() error {
		return d.c.ModuleLoad(&m.handle, &p.image[0], uint32(len(options)), &options[0], &values[0])
	})
	if err == nil {
		return m, nil
	}
	var e *driver.Error
	if errors.As(err, &e) && unloadable[e.Code] {
		return nil, &driver.CompileError{Backend: d.name, Log: strings.TrimSpace(fmt.Sprintf("%v\n%s", err, cut(log)))}
	}
	return nil, err
}

// module is a loaded program.
type module struct {
	d      *device
	handle uintptr
	log    string
}

func (m *module) Log() string { return m.log }

func (m *module) Close() error {
	return m.d.on(func() error { return m.d.c.ModuleUnload(m.handle) })
}

// Attributes of a function: CUfunction_attribute, and hipFunction_attribute with the
// same numbers.
const (
	functionMaxGroup  = 0 // MAX_THREADS_PER_BLOCK
	functionLocal     = 1 // SHARED_SIZE_BYTES
	functionSpill     = 3 // LOCAL_SIZE_BYTES
	functionRegisters = 4 // NUM_REGS
)

func (m *module) Kernel(name string) (driver.Kernel, error) {
	k := &kernel{}
	err := m.d.on(func() error {
		if err := m.d.c.Function(&k.handle, m.handle, text(name)); err != nil {
			return err
		}
		attribute := func(number int32) int {
			value := int32(-1)
			if m.d.c.Attribute(&value, number, k.handle) != nil {
				return -1
			}
			return int(value)
		}
		k.usage = driver.Usage{
			Registers: attribute(functionRegisters),
			Spill:     attribute(functionSpill),
			Local:     attribute(functionLocal),
			MaxGroup:  attribute(functionMaxGroup),
		}
		return nil
	})
	return k, err
}

// kernel is a function of a module, which owns it.
type kernel struct {
	handle uintptr
	usage  driver.Usage
}

func (k *kernel) Usage() driver.Usage { return k.usage }

func (k *kernel) Close() error { return nil }
