//go:build mumax && cgo

package cuda

import (
	"unsafe"

	"github.com/mumax/3/cuda/cu"
)

// With the tag mumax the calls of CUDA's driver go through the binding of mumax3, by cgo:
// the program is linked with libcuda, is built with cuda.h of CUDA 12, and is under the
// binding's licence, GPL-3.0. The table stays the same, and what the binding lacks, or
// does otherwise, is called as without the tag:
//
//   - it has no primary contexts, events, names of errors, PCI addresses, and does not unload modules;
//   - its modules are loaded without a log, from a copy that is never freed, like the
//     names of devices and kernels;
//   - its streams wait for the default one.
//
// The binding panics at an error of the driver, which is an error again here, and its
// launch copies the arguments to memory of C, eight bytes each.
func init() {
	replace = func(c *calls, fault fault) {
		m := binding{fault}
		c.Init = func(flags uint32) error {
			return m.call("cuInit", func() { cu.Init(int(flags)) })
		}
		c.DriverVersion = func(version *int32) error {
			return m.call("cuDriverGetVersion", func() { *version = int32(cu.Version()) })
		}
		c.DeviceCount = func(n *int32) error {
			return m.call("cuDeviceGetCount", func() { *n = int32(cu.DeviceGetCount()) })
		}
		c.Device = func(device *int32, index int32) error {
			return m.call("cuDeviceGet", func() { *device = int32(cu.DeviceGet(int(index))) })
		}
		c.DeviceAttribute = func(value *int32, attribute, device int32) error {
			return m.call("cuDeviceGetAttribute", func() {
				*value = int32(cu.DeviceGetAttribute(cu.DeviceAttribute(attribute), cu.Device(device)))
			})
		}
		c.DeviceMemory = func(bytes *uintptr, device int32) error {
			return m.call("cuDeviceTotalMem_v2", func() { *bytes = uintptr(cu.DeviceTotalMem(cu.Device(device))) })
		}
		c.Alloc = func(memory *uintptr, bytes uintptr) error {
			return m.call("cuMemAlloc_v2", func() { *memory = uintptr(cu.MemAlloc(int64(bytes))) })
		}
		c.Free = func(memory uintptr) error {
			return m.call("cuMemFree_v2", func() { cu.MemFree(cu.DevicePtr(memory)) })
		}
		c.CopyIn = func(dst uintptr, src unsafe.Pointer, bytes, stream uintptr) error {
			return m.call("cuMemcpyHtoDAsync_v2", func() {
				cu.MemcpyHtoDAsync(cu.DevicePtr(dst), src, int64(bytes), cu.Stream(stream))
			})
		}
		c.CopyOut = func(dst unsafe.Pointer, src, bytes, stream uintptr) error {
			return m.call("cuMemcpyDtoHAsync_v2", func() {
				cu.MemcpyDtoHAsync(dst, cu.DevicePtr(src), int64(bytes), cu.Stream(stream))
			})
		}
		c.Copy = func(dst, src, bytes, stream uintptr) error {
			return m.call("cuMemcpyDtoDAsync_v2", func() {
				cu.MemcpyDtoDAsync(cu.DevicePtr(dst), cu.DevicePtr(src), int64(bytes), cu.Stream(stream))
			})
		}
		c.Fill = func(dst uintptr, word uint32, words, stream uintptr) error {
			return m.call("cuMemsetD32Async", func() {
				cu.MemsetD32Async(cu.DevicePtr(dst), word, int64(words), cu.Stream(stream))
			})
		}
		c.Attribute = func(value *int32, attribute int32, function uintptr) error {
			return m.call("cuFuncGetAttribute", func() {
				*value = int32(cu.FuncGetAttribute(cu.FunctionAttribute(attribute), cu.Function(function)))
			})
		}
		c.StreamDestroy = func(stream uintptr) error {
			return m.call("cuStreamDestroy_v2", func() {
				s := cu.Stream(stream)
				s.Destroy()
			})
		}
		c.StreamWait = func(stream uintptr) error {
			return m.call("cuStreamSynchronize", func() { cu.Stream(stream).Synchronize() })
		}
		c.StreamQuery = func(stream uintptr) error {
			return m.result("cuStreamQuery", cu.Stream(stream).Query())
		}
		c.SetCurrent = func(context *[1]uintptr) error {
			return m.call("cuCtxSetCurrent", func() { cu.CtxSetCurrent(cu.Context(context[0])) })
		}
		c.Launch = func(l *launch) error {
			return m.call("cuLaunchKernel", func() {
				a := &l.args
				cu.LaunchKernel(cu.Function(a[0]), int(a[1]), int(a[2]), int(a[3]), int(a[4]), int(a[5]), int(a[6]),
					int(a[7]), cu.Stream(a[8]), l.params)
			})
		}
	}
}

// binding makes errors of the binding's panics.
type binding struct{ fault fault }

func (m binding) call(name string, f func()) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case cu.Result:
			err = m.result(name, p)
		default:
			panic(p)
		}
	}()
	f()
	return nil
}

func (m binding) result(name string, r cu.Result) error {
	if r == cu.SUCCESS {
		return nil
	}
	return m.fault(name, int32(r))
}
