package opencl_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/gpu/gputest"
	"github.com/seed-0772dd2d/ritz/gpu/gputest/kernels"
	"github.com/seed-0772dd2d/ritz/gpu/internal/dl"
	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// The suite leaves nothing alive, and uses nothing that is not.
func TestSuite(t *testing.T) {
	need(t)
	gputest.Run(t, open, gputest.Options{})
}

// A device without double precision does all else.
func TestSuiteWithoutFloat64(t *testing.T) {
	need(t)
	answer(0x1032, make([]byte, 8)) // CL_DEVICE_DOUBLE_FP_CONFIG
	d := open(t)
	assert.False(t, d.Info().Float64)
	_, err := d.Compile(kernels.Axpy(true))
	assert.ErrorIs(t, err, gpu.ErrNoFloat64)
	require.NoError(t, d.Close())
	gputest.Run(t, open, gputest.Options{})
}

func words(w ...uint32) []byte {
	var bytes []byte
	for _, w := range w {
		bytes = binary.NativeEndian.AppendUint32(bytes, w)
	}
	return bytes
}

// What devices of the vendors answer, each by its own extension.
func TestInfo(t *testing.T) {
	need(t)
	text := func(s string) []byte { return []byte(s + "\x00") }
	type answers map[uintptr][]byte
	topology := append(append(words(1), make([]byte, 17)...), 0x65, 0x00, 0x1)
	for _, c := range []struct {
		name    string
		answers answers
		want    func(i *driver.Info)
	}{
		{"nvidia", answers{
			0x1000: words(4, 0), 0x102B: text("NVIDIA A100"), 0x1030: text("cl_khr_fp64 cl_nv_device_attribute_query"),
			0x4000: words(8), 0x4001: words(0), 0x4003: words(32), 0x4008: words(0xb1), 0x4009: words(0x1a), 0x400A: words(2),
		}, func(i *driver.Info) {
			i.Name, i.Architecture, i.Width, i.Bus, i.CPU = "NVIDIA A100", "sm_80", 32, "0002:b1:03.2", false
		}},
		{"an older of nvidia's, that does not tell its bus", answers{
			0x1000: words(4, 0), 0x1030: text("cl_nv_device_attribute_query"),
			0x4000: words(7), 0x4001: words(0), 0x4003: words(32), 0x4008: nil,
		}, func(i *driver.Info) { i.Architecture, i.Width, i.CPU = "sm_70", 32, false }},
		{"amd", answers{
			0x1000: words(4, 0), 0x102B: text("gfx90a:sramecc+:xnack-"), 0x1030: text("cl_amd_device_attribute_query cl_khr_fp64"),
			0x4038: text("AMD Instinct MI250 "), 0x4043: words(64), 0x4037: topology,
		}, func(i *driver.Info) {
			i.Name, i.Architecture, i.Width, i.Bus, i.CPU = "AMD Instinct MI250", "gfx90a", 64, "0000:65:00.1", false
		}},
		{"amd without a board and a bus", answers{
			0x1000: words(4, 0), 0x102B: text("gfx900"), 0x1030: text("cl_amd_device_attribute_query"),
			0x4038: nil, 0x4043: words(64), 0x4037: nil,
		}, func(i *driver.Info) { i.Name, i.Architecture, i.Width, i.CPU = "gfx900", "gfx900", 64, false }},
		{"intel", answers{
			0x1000: words(4, 0), 0x1067: nil, 0x1030: text("cl_intel_required_subgroup_size cl_khr_pci_bus_info"),
			0x4108: words(8, 0, 32, 0, 16, 0), 0x410F: words(1, 2, 3, 4),
		}, func(i *driver.Info) { i.Architecture, i.Width, i.Bus, i.CPU = "", 32, "0001:02:03.4", false }},
		{"numbers", answers{
			0x1000: words(8, 0), 0x101F: words(0, 16), 0x1010: words(0, 4), 0x1023: words(65536, 0), 0x1002: words(64), 0x100C: words(1500),
			0x1067: words(16, 0), 0x1004: words(256, 0), 0x1032: words(0, 0), 0x1030: text(""),
			0x102B: text("  a name "), 0x102C: text("a vendor"), 0x102D: text("1.5"), 0x102F: text("OpenCL 1.2 of a vendor"),
		}, func(i *driver.Info) {
			*i = driver.Info{ID: i.ID, Backend: "opencl", Name: "a name", Vendor: "a vendor", Driver: "OpenCL 1.2 of a vendor, 1.5",
				Memory: 16 << 32, MaxAlloc: 4 << 32, LocalMemory: 65536, ComputeUnits: 64, Clock: 1500, Width: 16, MaxGroup: 256}
		}},
		{"nothing known", answers{0x101F: nil, 0x1004: nil, 0x102C: nil, 0x1067: nil},
			func(i *driver.Info) { i.Memory, i.MaxGroup, i.Vendor, i.Width = 0, 0, "", 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			devices, err := list()
			require.NoError(t, err)
			want := devices[0]
			if kind := c.answers[0x1000]; kind != nil {
				want.Architecture = ""
			}
			c.want(&want)
			for what, bytes := range c.answers {
				answer(what, bytes)
			}
			defer dl.Call(watch.library.Function("watch_forget"))
			devices, err = list()
			require.NoError(t, err)
			assert.Equal(t, want, devices[0])
		})
	}
}

// A buffer larger than the device's largest is refused, whatever the driver would do.
func TestLargestBuffer(t *testing.T) {
	need(t)
	answer(0x1010, words(1<<20, 0))
	defer dl.Call(watch.library.Function("watch_forget"))
	d := open(t)
	require.EqualValues(t, 1<<20, d.Info().MaxAlloc)
	b, err := gpu.NewBuffer[int32](d, 1<<18)
	require.NoError(t, err)
	require.NoError(t, b.Close())
	_, err = gpu.NewBuffer[int32](d, 1<<18+1)
	require.ErrorIs(t, err, gpu.ErrMemory)
	require.ErrorContains(t, err, "1048580 bytes on opencl:0, which has at most 1048576 in one buffer: opencl: clCreateBuffer: CL_INVALID_BUFFER_SIZE (-61)")
	require.NoError(t, d.Close())
}

// A device of OpenCL 1.1 does not have the functions that are called.
func TestOldDevice(t *testing.T) {
	need(t)
	for version, listed := range map[string]bool{
		"OpenCL 1.0 x": false, "OpenCL 1.1 ": false, "OpenCL 1.2 x": true, "OpenCL 2.0": true, "OpenCL 3.0 x": true, "Metal": false,
	} {
		answer(0x102F, []byte(version+"\x00"))
		devices, err := list()
		require.NoError(t, err)
		assert.Equal(t, listed, len(devices) > 0, version)
		dl.Call(watch.library.Function("watch_forget"))
	}
}

// ready makes a queue, the kernel triple and four numbers for it.
func ready(t *testing.T, d *gpu.Device) (*gpu.Queue, *gpu.Module, *gpu.Kernel, *gpu.Buffer) {
	q, err := d.NewQueue()
	require.NoError(t, err)
	m, err := d.Compile(kernels.Triple)
	require.NoError(t, err)
	k, err := m.Kernel("triple")
	require.NoError(t, err)
	b, err := gpu.NewBuffer[uint32](d, 4)
	require.NoError(t, err)
	return q, m, k, b
}

// Every call that can fail does, and the error tells which and why.
func TestFaults(t *testing.T) {
	need(t)
	d := open(t)
	q, m, k, b := ready(t, d)
	e, err := q.Record()
	require.NoError(t, err)
	live := d.Live()
	changed := uint32(0)
	launch := func() error {
		changed++
		return q.Launch(k, gpu.Over(4, 4), gpu.Mem(b), gpu.Uint(changed), gpu.Int(1), gpu.Int(4))
	}
	openOther := func() error {
		d, err := gpu.Open("opencl:0")
		if err == nil {
			require.NoError(t, d.Close())
		}
		return err
	}
	closeQueue := func() error {
		q, err := d.NewQueue()
		require.NoError(t, err)
		return q.Close()
	}
	for _, c := range []struct {
		call string
		code int
		name string
		kind error
		do   func() error
	}{
		{"clCreateContext", -2, "CL_DEVICE_NOT_AVAILABLE", gpu.ErrLost, openOther},
		{"clCreateCommandQueue", -6, "CL_OUT_OF_HOST_MEMORY", gpu.ErrMemory, func() error { _, err := d.NewQueue(); return err }},
		{"clCreateBuffer", -4, "CL_MEM_OBJECT_ALLOCATION_FAILURE", gpu.ErrMemory, func() error { _, err := gpu.NewBuffer[int8](d, 1); return err }},
		{"clCreateProgramWithSource", -5, "CL_OUT_OF_RESOURCES", gpu.ErrMemory, func() error { _, err := d.Compile(kernels.Sum); return err }},
		{"clBuildProgram", -3, "CL_COMPILER_NOT_AVAILABLE", nil, func() error { _, err := d.Compile(kernels.Sum); return err }},
		{"clBuildProgram", -43, "CL_INVALID_BUILD_OPTIONS", gpu.ErrArgument, func() error { _, err := d.Compile(kernels.Sum); return err }},
		{"clCreateKernel", -46, "CL_INVALID_KERNEL_NAME", gpu.ErrArgument, func() error { _, err := m.Kernel("triple"); return err }},
		{"clSetKernelArg", -51, "CL_INVALID_ARG_SIZE", nil, launch},
		{"clEnqueueNDRangeKernel", -54, "CL_INVALID_WORK_GROUP_SIZE", gpu.ErrArgument, launch},
		{"clEnqueueNDRangeKernel", -5, "CL_OUT_OF_RESOURCES", gpu.ErrMemory, launch},
		{"clEnqueueNDRangeKernel", -1121, "CL_CONTEXT_TERMINATED_KHR", gpu.ErrLost, launch},
		{"clEnqueueWriteBuffer", -4, "CL_MEM_OBJECT_ALLOCATION_FAILURE", gpu.ErrMemory, func() error { return gpu.Write(q, b, 0, []uint32{1}) }},
		{"clEnqueueReadBuffer", -5, "CL_OUT_OF_RESOURCES", gpu.ErrLost, func() error { return gpu.Read(q, []uint32{1}, b, 0) }},
		{"clEnqueueReadBuffer", -9999, "NVIDIA: illegal access of a buffer", gpu.ErrLost, func() error { return gpu.Read(q, []uint32{1}, b, 0) }},
		{"clEnqueueCopyBuffer", -38, "CL_INVALID_MEM_OBJECT", nil, func() error { return q.Copy(b, 0, b, 8, 4) }},
		{"clEnqueueFillBuffer", -30, "CL_INVALID_VALUE", nil, func() error { return gpu.Fill(q, b, uint32(1)) }},
		{"clEnqueueMarkerWithWaitList", -5, "CL_OUT_OF_RESOURCES", gpu.ErrMemory, func() error { _, err := q.Record(); return err }},
		{"clWaitForEvents", -14, "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST", gpu.ErrLost, e.Wait},
		{"clGetEventProfilingInfo", -7, "CL_PROFILING_INFO_NOT_AVAILABLE", nil, func() error { _, err := e.Since(e); return err }},
		{"clFlush", -36, "CL_INVALID_COMMAND_QUEUE", nil, q.Flush},
		{"clFinish", -5, "CL_OUT_OF_RESOURCES", gpu.ErrLost, q.Wait},
		{"clFinish", -12345, "", nil, q.Wait},
		{"clFinish", -2, "CL_DEVICE_NOT_AVAILABLE", gpu.ErrLost, closeQueue}, // and it is released
	} {
		require.NoError(t, c.do(), c.call)
		fail(c.call, c.code)
		err := c.do()
		fail("", 0)
		var of *gpu.DriverError
		require.ErrorAs(t, err, &of, c.call)
		assert.Equal(t, gpu.DriverError{Backend: "opencl", Call: c.call, Code: c.code, Name: c.name, Kind: c.kind}, *of)
		assert.ErrorContains(t, err, c.call)
		if c.kind != nil {
			assert.ErrorIs(t, err, c.kind)
		}
	}
	assert.GreaterOrEqual(t, d.Live(), live)
	require.NoError(t, d.Close())
}

// A fault of a release is told, and what else there is released.
func TestFaultsOfReleases(t *testing.T) {
	need(t)
	for _, call := range []string{"clReleaseMemObject", "clReleaseProgram", "clReleaseKernel", "clReleaseCommandQueue", "clReleaseEvent", "clReleaseContext"} {
		d := open(t)
		q, err := d.NewQueue()
		require.NoError(t, err)
		_, err = q.Record()
		require.NoError(t, err)
		m, err := d.Compile(kernels.Nothing)
		require.NoError(t, err)
		_, err = m.Kernel("nothing")
		require.NoError(t, err)
		_, err = gpu.NewBuffer[int8](d, 1)
		require.NoError(t, err)
		fail(call, -6)
		err = d.Close()
		fail("", 0)
		var of *gpu.DriverError
		require.ErrorAs(t, err, &of)
		assert.Equal(t, call, of.Call)
		left := uintptr(0)
		for k := range kinds {
			left += dl.Call(watch.library.Function("watch_live"), uintptr(k))
		}
		assert.EqualValues(t, 1, left, call)
		dl.Call(watch.library.Function("watch_abandon"))
	}
}

// A launch sets the arguments that have changed; all when memory has been freed, whose
// handle may be of other memory then.
func TestArgumentsAreKept(t *testing.T) {
	need(t)
	d := open(t)
	q, _, k, b := ready(t, d)
	require.NoError(t, gpu.Fill(q, b, uint32(1)))
	spare, err := gpu.NewBuffer[uint32](d, 4)
	require.NoError(t, err)
	launch := func(c uint32, n int32) error {
		return q.Launch(k, gpu.Over(4, 4), gpu.Mem(b), gpu.Uint(c), gpu.Int(1), gpu.Int(n))
	}
	sets := func() int { return int(dl.Call(watch.library.Function("watch_sets"))) }
	sets()
	require.NoError(t, launch(1, 4))
	assert.Equal(t, 4, sets())
	require.NoError(t, launch(1, 4))
	assert.Zero(t, sets())
	require.NoError(t, launch(2, 3))
	assert.Equal(t, 2, sets())
	require.NoError(t, spare.Close())
	require.NoError(t, launch(2, 3))
	assert.Equal(t, 4, sets())
	fail("clSetKernelArg", -6)
	require.ErrorIs(t, launch(3, 3), gpu.ErrMemory)
	fail("", 0)
	sets()
	require.NoError(t, launch(3, 4))
	assert.Equal(t, 4, sets(), "after a fault nothing is known")
	got := make([]uint32, 4)
	require.NoError(t, gpu.Read(q, got, b, 0))
	f := func(x uint32) uint32 { return 3*(3*(3*x+1)+1) + 2 } // the first three
	assert.Equal(t, []uint32{3*(3*f(1)+2) + 3, 3*(3*f(1)+2) + 3, 3*(3*f(1)+2) + 3, 3*(3*(3*1+1)+1) + 3}, got)
	require.NoError(t, d.Close())
}

// BenchmarkLaunch measures a launch with 4 arguments, of which one changes, or all: on
// the device, and with calls that do nothing, which leaves our own cost.
func BenchmarkLaunch(b *testing.B) {
	need(b)
	d := open(b)
	q, err := d.NewQueue()
	require.NoError(b, err)
	m, err := d.Compile(kernels.Triple)
	require.NoError(b, err)
	k, err := m.Kernel("triple")
	require.NoError(b, err)
	x, err := gpu.NewBuffer[uint32](d, 64)
	require.NoError(b, err)
	y, err := gpu.NewBuffer[uint32](d, 64)
	require.NoError(b, err)
	idle := watch.library.Function("watch_idle")
	for name, on := range map[string]uintptr{"device": 0, "own": 1} {
		launch := func(b *testing.B, all int32) {
			dl.Call(idle, on)
			defer dl.Call(idle, 0)
			b.ReportAllocs()
			for i := int32(0); b.Loop(); i++ {
				x, y = y, x
				if err := q.Launch(k, gpu.Over(64, 64), gpu.Mem(x), gpu.Uint(uint32(i*all)), gpu.Int(i&1*all), gpu.Int(64-i&1*all)); err != nil {
					b.Fatal(err)
				}
			}
			require.NoError(b, q.Wait())
		}
		b.Run(name+"/one", func(b *testing.B) { launch(b, 0) })
		b.Run(name+"/all", func(b *testing.B) { launch(b, 1) })
	}
	require.NoError(b, d.Close())
}
