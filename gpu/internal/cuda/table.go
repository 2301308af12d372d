package cuda

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"unsafe"

	"github.com/seed-0772dd2d/ritz/gpu/internal/dl"
)

// calls are the functions of a driver that are used: their names in libcuda and in
// libamdhip64, and their parameters in Go. A device is a number, a handle a uintptr; C's
// int and enumerations are int32, its size_t is uintptr. The error of a call is a
// *driver.Error. A name that ends in a question mark may be missing from the library;
// such a call is nil then.
type calls struct {
	Init            func(flags uint32) error                                                            `cuda:"cuInit" hip:"hipInit"`
	DriverVersion   func(version *int32) error                                                          `cuda:"cuDriverGetVersion" hip:"hipDriverGetVersion"`
	DeviceCount     func(n *int32) error                                                                `cuda:"cuDeviceGetCount" hip:"hipGetDeviceCount"`
	Device          func(device *int32, index int32) error                                              `cuda:"cuDeviceGet" hip:"hipDeviceGet"`
	DeviceName      func(text *byte, size, device int32) error                                          `cuda:"cuDeviceGetName" hip:"hipDeviceGetName"`
	DeviceAttribute func(value *int32, attribute, device int32) error                                   `cuda:"cuDeviceGetAttribute" hip:"hipDeviceGetAttribute"`
	DeviceMemory    func(bytes *uintptr, device int32) error                                            `cuda:"cuDeviceTotalMem_v2" hip:"hipDeviceTotalMem"`
	DeviceBus       func(text *byte, size, device int32) error                                          `cuda:"cuDeviceGetPCIBusId" hip:"hipDeviceGetPCIBusId"`
	Properties6     func(properties *byte, device int32) error                                          `hip:"hipGetDevicePropertiesR0600?"`
	Properties      func(properties *byte, device int32) error                                          `hip:"hipGetDeviceProperties?"`
	Retain          func(context *uintptr, device int32) error                                          `cuda:"cuDevicePrimaryCtxRetain"`
	Release         func(device int32) error                                                            `cuda:"cuDevicePrimaryCtxRelease_v2"`
	Alloc           func(memory *uintptr, bytes uintptr) error                                          `cuda:"cuMemAlloc_v2" hip:"hipMalloc"`
	Free            func(memory uintptr) error                                                          `cuda:"cuMemFree_v2" hip:"hipFree"`
	CopyIn          func(dst uintptr, src unsafe.Pointer, bytes, stream uintptr) error                  `cuda:"cuMemcpyHtoDAsync_v2" hip:"hipMemcpyHtoDAsync"`
	CopyOut         func(dst unsafe.Pointer, src, bytes, stream uintptr) error                          `cuda:"cuMemcpyDtoHAsync_v2" hip:"hipMemcpyDtoHAsync"`
	Copy            func(dst, src, bytes, stream uintptr) error                                         `cuda:"cuMemcpyDtoDAsync_v2" hip:"hipMemcpyDtoDAsync"`
	Fill            func(dst uintptr, word uint32, words, stream uintptr) error                         `cuda:"cuMemsetD32Async" hip:"hipMemsetD32Async"`
	ModuleLoad      func(module *uintptr, image *byte, n uint32, options *int32, values *uintptr) error `cuda:"cuModuleLoadDataEx" hip:"hipModuleLoadDataEx"`
	ModuleUnload    func(module uintptr) error                                                          `cuda:"cuModuleUnload" hip:"hipModuleUnload"`
	Function        func(function *uintptr, module uintptr, name *byte) error                           `cuda:"cuModuleGetFunction" hip:"hipModuleGetFunction"`
	Attribute       func(value *int32, attribute int32, function uintptr) error                         `cuda:"cuFuncGetAttribute" hip:"hipFuncGetAttribute"`
	StreamCreate    func(stream *uintptr, flags uint32) error                                           `cuda:"cuStreamCreate" hip:"hipStreamCreateWithFlags"`
	StreamDestroy   func(stream uintptr) error                                                          `cuda:"cuStreamDestroy_v2" hip:"hipStreamDestroy"`
	StreamWait      func(stream uintptr) error                                                          `cuda:"cuStreamSynchronize" hip:"hipStreamSynchronize"`
	StreamQuery     func(stream uintptr) error                                                          `cuda:"cuStreamQuery" hip:"hipStreamQuery"`
	EventCreate     func(event *uintptr, flags uint32) error                                            `cuda:"cuEventCreate" hip:"hipEventCreateWithFlags"`
	EventDestroy    func(event uintptr) error                                                           `cuda:"cuEventDestroy_v2" hip:"hipEventDestroy"`
	EventRecord     func(event, stream uintptr) error                                                   `cuda:"cuEventRecord" hip:"hipEventRecord"`
	EventWait       func(event uintptr) error                                                           `cuda:"cuEventSynchronize" hip:"hipEventSynchronize"`
	EventElapsed    func(milliseconds *float32, start, end uintptr) error                               `cuda:"cuEventElapsedTime" hip:"hipEventElapsedTime"`

	// These two are called at every launch and allocate nothing: what they take is on
	// the heap already.
	SetCurrent func(context *[1]uintptr) error // cuCtxSetCurrent, hipSetDevice
	Launch     func(*launch) error             // cuLaunchKernel, hipModuleLaunchKernel
}

// launch is what a launch needs.
type launch struct {
	args   [11]uintptr      // of the call, but for the tenth, the address of params[0]
	values []uint64         // of the kernel's arguments
	params []unsafe.Pointer // to each of them
}

// fault makes the error of a call.
type fault func(call string, code int32) error

// bind sets the functions of a table to those of a library, by the names under a key of
// the fields' tags.
func bind(table any, key string, library *dl.Library, fault fault) error {
	fields := reflect.ValueOf(table).Elem()
	for i := range fields.NumField() {
		tag, ok := fields.Type().Field(i).Tag.Lookup(key)
		if !ok {
			continue
		}
		name, optional := strings.CutSuffix(tag, "?")
		address := library.Function(name)
		switch {
		case address != 0:
			fields.Field(i).Set(reflect.MakeFunc(fields.Field(i).Type(), caller(address, name, fault)))
		case !optional:
			return fmt.Errorf("%s has no %s: it is too old", library.Path, name)
		}
	}
	return nil
}

// caller calls a function of C that returns a code, 0 for none.
func caller(address uintptr, name string, fault fault) func([]reflect.Value) []reflect.Value {
	return func(in []reflect.Value) []reflect.Value {
		args := make([]uintptr, len(in))
		for i, v := range in {
			switch v.Kind() {
			case reflect.Pointer, reflect.UnsafePointer:
				args[i] = v.Pointer() // on the heap: what a function value is given has escaped
			case reflect.Int32:
				args[i] = uintptr(v.Int())
			default:
				args[i] = uintptr(v.Uint())
			}
		}
		code := int32(dl.Call(address, args...))
		runtime.KeepAlive(in)
		var err error
		if code != 0 {
			err = fault(name, code)
		}
		return []reflect.Value{reflect.ValueOf(&err).Elem()}
	}
}

// direct calls a function of a library without an allocation.
func direct(library *dl.Library, name string, fault fault) (func(args []uintptr) error, error) {
	address := library.Function(name)
	if address == 0 {
		return nil, fmt.Errorf("%s has no %s: it is too old", library.Path, name)
	}
	return func(args []uintptr) error {
		if code := int32(dl.Call(address, args...)); code != 0 {
			return fault(name, code)
		}
		return nil
	}, nil
}

// hot sets the two calls of a launch.
func (c *calls) hot(library *dl.Library, current, launchKernel string, fault fault) error {
	setCurrent, err := direct(library, current, fault)
	if err != nil {
		return err
	}
	c.SetCurrent = func(context *[1]uintptr) error { return setCurrent(context[:]) }
	start, err := direct(library, launchKernel, fault)
	if err != nil {
		return err
	}
	c.Launch = func(l *launch) error {
		l.args[9] = uintptr(unsafe.Pointer(unsafe.SliceData(l.params)))
		err := start(l.args[:])
		runtime.KeepAlive(l)
		return err
	}
	return nil
}

// text is a string of C.
func text(s string) *byte { return &append([]byte(s), 0)[0] }
