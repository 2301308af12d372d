// Package opencl is the driver of OpenCL 1.2 and later.
package opencl

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/seed-0772dd2d/ritz/gpu/internal/dl"
	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// Variable of the environment that names the library, or is "off".
const Variable = "RITZ_OPENCL"

// Load loads the library. The error is a *driver.NoBackend if there is none.
func Load() (driver.Backend, error) {
	names := []string{"libOpenCL.so.1"}
	switch runtime.GOOS {
	case "darwin":
		names = []string{"/System/Library/Frameworks/OpenCL.framework/OpenCL", "libOpenCL.dylib"}
	case "windows":
		names = []string{"OpenCL.dll"}
	}
	library, looked, err := dl.Open(Variable, names...)
	if err != nil {
		return nil, &driver.NoBackend{Backend: "opencl", Looked: looked, Cause: err}
	}
	b := &backend{library: library.Path}
	if err := b.cl.find(library); err != nil {
		return nil, &driver.NoBackend{Backend: "opencl", Looked: looked, Cause: err}
	}
	return b, nil
}

// function is one of the library's.
type function struct {
	name    string
	address uintptr
}

// functions are those that the driver calls.
type functions struct {
	getPlatformIDs, getDeviceIDs, getDeviceInfo                                 function
	createContext, releaseContext, createBuffer, releaseMemObject               function
	createProgramWithSource, buildProgram, getProgramBuildInfo, releaseProgram  function
	createKernel, getKernelWorkGroupInfo, setKernelArg, releaseKernel           function
	createCommandQueue, releaseCommandQueue, flush, finish                      function
	enqueueWriteBuffer, enqueueReadBuffer, enqueueCopyBuffer, enqueueFillBuffer function
	enqueueNDRangeKernel, enqueueMarkerWithWaitList                             function
	waitForEvents, getEventProfilingInfo, releaseEvent                          function
}

// find looks the functions up.
func (c *functions) find(library *dl.Library) error {
	for name, f := range map[string]*function{
		"clGetPlatformIDs":            &c.getPlatformIDs,
		"clGetDeviceIDs":              &c.getDeviceIDs,
		"clGetDeviceInfo":             &c.getDeviceInfo,
		"clCreateContext":             &c.createContext,
		"clReleaseContext":            &c.releaseContext,
		"clCreateBuffer":              &c.createBuffer,
		"clReleaseMemObject":          &c.releaseMemObject,
		"clCreateProgramWithSource":   &c.createProgramWithSource,
		"clBuildProgram":              &c.buildProgram,
		"clGetProgramBuildInfo":       &c.getProgramBuildInfo,
		"clReleaseProgram":            &c.releaseProgram,
		"clCreateKernel":              &c.createKernel,
		"clGetKernelWorkGroupInfo":    &c.getKernelWorkGroupInfo,
		"clSetKernelArg":              &c.setKernelArg,
		"clReleaseKernel":             &c.releaseKernel,
		"clCreateCommandQueue":        &c.createCommandQueue,
		"clReleaseCommandQueue":       &c.releaseCommandQueue,
		"clFlush":                     &c.flush,
		"clFinish":                    &c.finish,
		"clEnqueueWriteBuffer":        &c.enqueueWriteBuffer,
		"clEnqueueReadBuffer":         &c.enqueueReadBuffer,
		"clEnqueueCopyBuffer":         &c.enqueueCopyBuffer,
		"clEnqueueFillBuffer":         &c.enqueueFillBuffer,
		"clEnqueueNDRangeKernel":      &c.enqueueNDRangeKernel,
		"clEnqueueMarkerWithWaitList": &c.enqueueMarkerWithWaitList,
		"clWaitForEvents":             &c.waitForEvents,
		"clGetEventProfilingInfo":     &c.getEventProfilingInfo,
		"clReleaseEvent":              &c.releaseEvent,
	} {
		f.name, f.address = name, library.Function(name)
		if f.address == 0 {
			return fmt.Errorf("%s has no %s: it is older than OpenCL 1.2", library.Path, name)
		}
	}
	return nil
}

// do calls a function that returns a code.
//
//go:uintptrescapes
func (f *function) do(args ...uintptr) error {
	if code := int32(dl.Call(f.address, args...)); code != 0 {
		return f.fault(code)
	}
	return nil
}

// backend is the library.
type backend struct {
	library string
	cl      functions
}

func (b *backend) Name() string { return "opencl" }

// place is where a device is found.
type place struct{ platform, device uintptr }

// places are the devices of OpenCL 1.2 and later of all platforms, in the order of the
// library. Beside them the error tells of platforms that failed.
func (b *backend) places() ([]place, error) {
	platforms, err := b.ids(func(n uintptr, ids *uintptr, found *uint32) error {
		return b.cl.getPlatformIDs.do(n, uintptr(unsafe.Pointer(ids)), uintptr(unsafe.Pointer(found)))
	})
	if err != nil {
		return nil, err
	}
	if len(platforms) == 0 {
		return nil, &driver.NoBackend{Backend: "opencl", Looked: []string{b.library}, Cause: errors.New("the library is there, but no driver is installed")}
	}
	var all []place
	var errs []error
	for _, p := range platforms {
		devices, err := b.ids(func(n uintptr, ids *uintptr, found *uint32) error {
			return b.cl.getDeviceIDs.do(p, deviceTypeAll, n, uintptr(unsafe.Pointer(ids)), uintptr(unsafe.Pointer(found)))
		})
		if err != nil {
			errs = append(errs, err)
		}
		for _, d := range devices {
			if (about{b, d}).recent() {
				all = append(all, place{p, d})
			}
		}
	}
	return all, errors.Join(errs...)
}

// ids lists handles, none if the library has none.
func (b *backend) ids(get func(n uintptr, ids *uintptr, found *uint32) error) ([]uintptr, error) {
	found := new(uint32)
	err := get(0, nil, found)
	if err == nil && *found > 0 {
		ids := make([]uintptr, *found)
		err = get(uintptr(len(ids)), &ids[0], found)
		return ids[:min(int(*found), len(ids))], err
	}
	var e *driver.Error
	if errors.As(err, &e) && (e.Code == platformNotFound || e.Code == deviceNotFound) {
		return nil, nil
	}
	return nil, err
}

// Devices lists the devices of all platforms.
func (b *backend) Devices() ([]driver.Info, error) {
	places, err := b.places()
	list := make([]driver.Info, len(places))
	for i, p := range places {
		list[i] = b.info(p)
		list[i].ID = fmt.Sprintf("opencl:%d", i)
	}
	return list, err
}
