package cuda

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/seed-0772dd2d/ritz/gpu/internal/dl"
	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// compiler makes programs that a driver loads.
type compiler interface {
	// compile compiles for an architecture, sm_80 or gfx90a. The error of a program that
	// does not compile is a *driver.CompileError.
	compile(source string, options []string, target string, driverVersion int32) (program, error)
}

var (
	offlineNVRTC  = sync.OnceValues(loadNVRTC)
	offlineHIPRTC = sync.OnceValues(func() (compiler, error) { return loadHIPRTC(nil) })
)

// Compile compiles for a processor that need not be there: by NVRTC to PTX for sm_80, by
// hipRTC to machine code for gfx90a. The error of a program that does not compile is a
// *driver.CompileError, that of a compiler that is not there a *driver.NoBackend.
func Compile(source string, options []string, processor string) ([]byte, error) {
	load := offlineHIPRTC
	if strings.HasPrefix(processor, "sm_") {
		load = offlineNVRTC
	}
	c, err := load()
	if err != nil {
		return nil, err
	}
	p, err := c.compile(source, options, processor, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	return p.image, nil
}

// program is what a compiler makes.
type program struct {
	image []byte // PTX ends in a zero byte
	log   string
}

// rtc are the calls of a compiler at run time, NVRTC or hipRTC, and what they share.
type rtc struct {
	name string
	path string
	mu   sync.Mutex // older versions compile one program at a time

	rtcCalls
	code, machine output
}

// rtcCalls are the functions of nvrtc.h and hiprtc.h.
type rtcCalls struct {
	Version           func(major, minor *int32) error                                                       `cuda:"nvrtcVersion" hip:"hiprtcVersion"`
	ArchitectureCount func(n *int32) error                                                                  `cuda:"nvrtcGetNumSupportedArchs"`
	Architectures     func(list *int32) error                                                               `cuda:"nvrtcGetSupportedArchs"`
	Create            func(program *uintptr, source, name *byte, headers int32, texts, names uintptr) error `cuda:"nvrtcCreateProgram" hip:"hiprtcCreateProgram"`
	Compile           func(program uintptr, n int32, options **byte) error                                  `cuda:"nvrtcCompileProgram" hip:"hiprtcCompileProgram"`
	LogSize           func(program uintptr, bytes *uintptr) error                                           `cuda:"nvrtcGetProgramLogSize" hip:"hiprtcGetProgramLogSize"`
	Log               func(program uintptr, text *byte) error                                               `cuda:"nvrtcGetProgramLog" hip:"hiprtcGetProgramLog"`
	CodeSize          func(program uintptr, bytes *uintptr) error                                           `cuda:"nvrtcGetPTXSize" hip:"hiprtcGetCodeSize"`
	Code              func(program uintptr, code *byte) error                                               `cuda:"nvrtcGetPTX" hip:"hiprtcGetCode"`
	BinarySize        func(program uintptr, bytes *uintptr) error                                           `cuda:"nvrtcGetCUBINSize?"`
	Binary            func(program uintptr, code *byte) error                                               `cuda:"nvrtcGetCUBIN?"`
	Destroy           func(program *uintptr) error                                                          `cuda:"nvrtcDestroyProgram" hip:"hiprtcDestroyProgram"`
}

// output is one of the things that a compiler makes: its size, and itself.
type output struct {
	size func(program uintptr, bytes *uintptr) error
	get  func(program uintptr, data *byte) error
}

const (
	invalidOption     = 5 // NVRTC_ERROR_INVALID_OPTION, and HIPRTC_
	compilationFailed = 6 // NVRTC_ERROR_COMPILATION, and HIPRTC_
)

func (r *rtc) bind(key string, library *dl.Library, errorString string) error {
	name := library.Function(errorString)
	fault := func(call string, code int32) error {
		e := &driver.Error{Backend: r.name, Call: call, Code: int(code)}
		if name != 0 {
			e.Name = dl.Text(dl.Call(name, uintptr(code)))
		}
		if code == invalidOption {
			e.Kind = driver.ErrArgument
		}
		return e
	}
	r.path = library.Path
	err := bind(&r.rtcCalls, key, library, fault)
	r.code, r.machine = output{r.CodeSize, r.Code}, output{r.BinarySize, r.Binary}
	return err
}

// run compiles and gets the output that is asked for.
func (r *rtc) run(source string, options []string, code output) (p program, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var handle uintptr
	if err := r.Create(&handle, text(source), text("ritz.cu"), 0, 0, 0); err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, r.Destroy(&handle)) }()
	list := make([]*byte, len(options))
	for i, o := range options {
		list[i] = text(o)
	}
	err = r.Compile(handle, int32(len(list)), &list[0])
	log, logErr := get(handle, output{r.LogSize, r.Log})
	p.log = strings.TrimSpace(cut(log))
	var e *driver.Error
	switch {
	case err == nil && logErr != nil:
		return p, logErr
	case errors.As(err, &e) && e.Code == compilationFailed:
		return p, &driver.CompileError{Backend: r.name, Log: p.log}
	case err != nil:
		return p, fmt.Errorf("%w: %s", err, p.log)
	}
	p.image, err = get(handle, code)
	return p, err
}

// get copies an output.
func get(handle uintptr, o output) ([]byte, error) {
	var size uintptr
	if err := o.size(handle, &size); err != nil || size == 0 {
		return nil, err
	}
	data := make([]byte, size)
	return data, o.get(handle, &data[0])
}

// cut is the text of C in a buffer.
func cut(buffer []byte) string {
	text, _, _ := bytes.Cut(buffer, []byte{0})
	return string(text)
}

// base is a target without its features: gfx90a of gfx90a:xnack-.
func base(target string) string {
	name, _, _ := strings.Cut(target, ":")
	return name
}
