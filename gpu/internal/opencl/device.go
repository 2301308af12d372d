package opencl

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/seed-0772dd2d/ritz/gpu/internal/dl"
	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

const (
	contextPlatform = 0x1084
	memReadWrite    = 1 << 0
	programBuildLog = 0x1183
)

// device is a device with a context of its own.
type device struct {
	cl      *functions
	id      uintptr
	context uintptr
	cpu     bool
	most    int           // bytes of a buffer, 0: not known
	frees   atomic.Uint64 // how often memory was freed
}

// Open opens the i-th device.
func (b *backend) Open(i int) (driver.Device, error) {
	places, err := b.places()
	if i >= len(places) {
		return nil, errors.Join(fmt.Errorf("opencl:%d: %w, there are %d", i, driver.ErrNoDevice, len(places)), err)
	}
	p := places[i]
	properties := &[3]uintptr{contextPlatform, p.platform, 0}
	var code int32
	context := dl.Call(b.cl.createContext.address, uintptr(unsafe.Pointer(properties)), 1,
		uintptr(unsafe.Pointer(&p.device)), 0, 0, uintptr(unsafe.Pointer(&code)))
	if code != 0 {
		return nil, b.cl.createContext.fault(code)
	}
	info := b.info(p)
	return &device{cl: &b.cl, id: p.device, context: context, cpu: info.CPU, most: int(info.MaxAlloc)}, nil
}

func (d *device) Close() error { return d.cl.releaseContext.do(d.context) }

// Alloc refuses what is larger than the device says it has in one buffer, as OpenCL would
// have its driver do: one that makes it all the same need not reach all of it.
func (d *device) Alloc(bytes int) (driver.Memory, error) {
	if d.most > 0 && bytes > d.most {
		return 0, d.cl.createBuffer.fault(invalidBufferSize)
	}
	var code int32
	memory := dl.Call(d.cl.createBuffer.address, d.context, memReadWrite, uintptr(bytes), 0, uintptr(unsafe.Pointer(&code)))
	if code != 0 {
		return 0, d.cl.createBuffer.fault(code)
	}
	return driver.Memory(memory), nil
}

func (d *device) Free(m driver.Memory) error {
	d.frees.Add(1)
	return d.cl.releaseMemObject.do(uintptr(m))
}

// standard is the language. There is no -cl-fast-relaxed-math and no
// -cl-denorms-are-zero: both change results, which must agree with the processor's to
// rounding; contraction to fused multiply-add is on without any option.
const standard = "-cl-std=CL1.2"

func (d *device) Compile(source string, options []string) (driver.Module, error) {
	text := append([]byte(source), 0)
	start := &text[0]
	var code int32
	program := dl.Call(d.cl.createProgramWithSource.address, d.context, 1, uintptr(unsafe.Pointer(&start)), 0, uintptr(unsafe.Pointer(&code)))
	if code != 0 {
		return nil, d.cl.createProgramWithSource.fault(code)
	}
	line := append([]byte(strings.Join(append([]string{standard}, options...), " ")), 0)
	err := d.cl.buildProgram.do(program, 1, uintptr(unsafe.Pointer(&d.id)), uintptr(unsafe.Pointer(&line[0])), 0, 0)
	m := &module{d: d, program: program, log: d.log(program)}
	if err == nil {
		return m, nil
	}
	var e *driver.Error
	if errors.As(err, &e) && e.Code == buildFailure {
		err = &driver.CompileError{Backend: "opencl", Log: m.log}
	}
	return nil, errors.Join(err, m.Close())
}

// log is what the compiler said.
func (d *device) log(program uintptr) string {
	size := new(uintptr)
	get := &d.cl.getProgramBuildInfo
	if get.do(program, d.id, programBuildLog, 0, 0, uintptr(unsafe.Pointer(size))) != nil || *size == 0 {
		return ""
	}
	text := make([]byte, *size)
	if get.do(program, d.id, programBuildLog, *size, uintptr(unsafe.Pointer(&text[0])), 0) != nil {
		return ""
	}
	return strings.TrimRight(string(text), "\x00")
}

// module is a built program.
type module struct {
	d       *device
	program uintptr
	log     string
}

func (m *module) Log() string { return m.log }

func (m *module) Close() error { return m.d.cl.releaseProgram.do(m.program) }

func (m *module) Kernel(name string) (driver.Kernel, error) {
	text := append([]byte(name), 0)
	var code int32
	handle := dl.Call(m.d.cl.createKernel.address, m.program, uintptr(unsafe.Pointer(&text[0])), uintptr(unsafe.Pointer(&code)))
	if code != 0 {
		return nil, m.d.cl.createKernel.fault(code)
	}
	return &kernel{d: m.d, handle: handle}, nil
}

// kernel is a function of a program.
type kernel struct {
	d      *device
	handle uintptr

	// The arguments that it has, which it keeps from launch to launch. Once memory is
	// freed, the same handle may be of other memory.
	set   []uint64
	frees uint64 // of the device, when they were set
}

func (k *kernel) Close() error { return k.d.cl.releaseKernel.do(k.handle) }

const (
	kernelWorkGroupSize  = 0x11B0
	kernelLocalMemSize   = 0x11B2
	kernelPrivateMemSize = 0x11B4
)

// Usage tells of no registers: OpenCL does not. On a GPU private memory is what does
// not fit into them; on a processor it is the stack.
func (k *kernel) Usage() driver.Usage {
	u := driver.Usage{
		Registers: -1,
		Spill:     -1,
		Local:     k.number(kernelLocalMemSize),
		MaxGroup:  k.number(kernelWorkGroupSize),
	}
	if !k.d.cpu {
		u.Spill = k.number(kernelPrivateMemSize)
	}
	return u
}

// number is what the driver tells, -1 if it does not.
func (k *kernel) number(what uintptr) int {
	answer := new(uint64)
	if k.d.cl.getKernelWorkGroupInfo.do(k.handle, k.d.id, what, 8, uintptr(unsafe.Pointer(answer)), 0) != nil {
		return -1
	}
	return int(*answer)
}
