package cuda

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// A driver's fault is an error with its code and name and of the right kind, and leaves
// nothing behind.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		cuda, hip string
		code      int
		kind      error
		name      [2]string
		do        func(f *fake, d driver.Device) error
	}{
		{"cuInit", "hipInit", 100, driver.ErrNoDevice, [2]string{"CUDA_ERROR_NO_DEVICE", "hipErrorNoDevice"}, func(f *fake, _ driver.Device) error {
			_, err := f.Devices()
			return err
		}},
		{"cuDeviceGetName", "hipDeviceGetName", 214, driver.ErrLost, [2]string{"CUDA_ERROR_ECC_UNCORRECTABLE", "hipErrorECCNotCorrectable"}, func(f *fake, _ driver.Device) error {
			_, err := f.Devices()
			return err
		}},
		{"cuDevicePrimaryCtxRetain", "hipGetDevicePropertiesR0600", 2, driver.ErrMemory, [2]string{"CUDA_ERROR_OUT_OF_MEMORY", "hipErrorOutOfMemory"}, func(f *fake, _ driver.Device) error {
			_, err := f.Open(0)
			return err
		}},
		{"cuCtxSetCurrent", "hipSetDevice", 101, driver.ErrNoDevice, [2]string{"CUDA_ERROR_INVALID_DEVICE", "hipErrorInvalidDevice"}, func(_ *fake, d driver.Device) error {
			_, err := d.Alloc(8)
			return err
		}},
		{"cuMemAlloc_v2", "hipMalloc", 2, driver.ErrMemory, [2]string{"CUDA_ERROR_OUT_OF_MEMORY", "hipErrorOutOfMemory"}, func(_ *fake, d driver.Device) error {
			_, err := d.Alloc(8)
			return err
		}},
		{"cuStreamCreate", "hipStreamCreateWithFlags", 2, driver.ErrMemory, [2]string{"CUDA_ERROR_OUT_OF_MEMORY", "hipErrorOutOfMemory"}, func(_ *fake, d driver.Device) error {
			_, err := d.NewQueue()
			return err
		}},
		{"cuEventRecord", "hipEventRecord", 400, nil, [2]string{"CUDA_ERROR_INVALID_HANDLE", "hipErrorInvalidHandle"}, func(f *fake, d driver.Device) error {
			q, err := d.NewQueue()
			require.NoError(f.t, err)
			_, fault := q.Record()
			require.NoError(f.t, q.Close())
			return fault
		}},
		{"cuStreamQuery", "hipStreamQuery", 719, driver.ErrLost, [2]string{"CUDA_ERROR_LAUNCH_FAILED", "hipErrorLaunchFailure"}, func(f *fake, d driver.Device) error {
			q, err := d.NewQueue()
			require.NoError(f.t, err)
			fault := q.Flush()
			f.call("fake_reset")
			require.NoError(f.t, q.Close())
			return fault
		}},
		{"cuModuleLoadDataEx", "hipModuleLoadDataEx", 2, driver.ErrMemory, [2]string{"CUDA_ERROR_OUT_OF_MEMORY", "hipErrorOutOfMemory"}, func(_ *fake, d driver.Device) error {
			_, err := d.Compile(scale, nil)
			return err
		}},
		{"cuLaunchKernel", "hipModuleLaunchKernel", 701, driver.ErrArgument, [2]string{"CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "hipErrorLaunchOutOfResources"}, func(f *fake, d driver.Device) error {
			m, k := kernelOf(f.t, d, scale, "scale")
			q, err := d.NewQueue()
			require.NoError(f.t, err)
			fault := q.Launch(k, one, one, make([]uint64, 5), nil)
			require.NoError(f.t, m.Close())
			require.NoError(f.t, q.Close())
			return fault
		}},
	} {
		t.Run(c.cuda, func(t *testing.T) {
			forBoth(t, func(t *testing.T, f *fake) {
				d := f.open(0)
				f.fail(c.cuda, c.hip, 1, c.code)
				err := c.do(f, d)
				require.Error(t, err)
				var e *driver.Error
				require.ErrorAs(t, err, &e)
				want := driver.Error{Backend: f.name, Call: c.cuda, Code: c.code, Name: c.name[0], Kind: c.kind}
				if f.name == "hip" {
					want.Call, want.Name = c.hip, c.name[1]
				}
				assert.Equal(t, want, *e)
				f.call("fake_reset")
			})
		})
	}
}

// Whatever call fails, the error says so, and what had been made can be freed.
func TestAnyCallFails(t *testing.T) {
	forBoth(t, func(t *testing.T, f *fake) {
		d := f.open(0)
		session := func() (err error) {
			do := func(e error) bool {
				err = errors.Join(err, e)
				return e == nil
			}
			m, e := d.Compile(scale, nil)
			if !do(e) {
				return err
			}
			defer func() { do(m.Close()) }()
			k, e := m.Kernel("scale")
			if !do(e) {
				return err
			}
			q, e := d.NewQueue()
			if !do(e) {
				return err
			}
			defer func() { do(q.Close()) }()
			b, e := d.Alloc(8)
			if !do(e) {
				return err
			}
			defer func() { do(d.Free(b)) }()
			x := []float64{1}
			do(q.Fill(b, 0, 8, 0))
			do(q.Write(b, 0, bytesOf(x), 8))
			do(q.Launch(k, one, one, []uint64{uint64(b), 0, 1, 0, 0}, nil))
			do(q.Copy(b, 0, b, 0, 8))
			do(q.Flush())
			var events []driver.Event
			for range 2 {
				if e, err := q.Record(); do(err) {
					events = append(events, e)
					defer func() { do(e.Close()) }()
				}
			}
			do(q.Wait())
			if len(events) == 2 {
				_, e := events[1].Since(events[0])
				do(e)
			}
			do(q.Read(bytesOf(x), b, 0, 8))
			return err
		}
		f.record()
		require.NoError(t, session())
		failed, open := 0, int(f.call("fake_live")) // the device itself
		for i, call := range slices.DeleteFunc(f.record(), func(call string) bool { return strings.Contains(call, "GetVersion") }) {
			name, _, _ := strings.Cut(call, " ")
			f.fail("", "", i+1, 2)
			err := session()
			f.call("fake_reset")
			switch {
			case strings.HasSuffix(name, "FuncGetAttribute"): // -1: not told
				assert.NoError(t, err)
				continue
			case strings.Contains(name, "Destroy"), strings.Contains(name, "Unload"), strings.Contains(name, "Free"):
				f.call("fake_sweep") // what could not be freed is left
			}
			assert.ErrorIs(t, err, driver.ErrMemory, name)
			assert.ErrorContains(t, err, name)
			assert.Equal(t, open, int(f.call("fake_live")), name)
			failed++
		}
		assert.Greater(t, failed, 15)
	})
}

func TestNoSuchKernel(t *testing.T) {
	forBoth(t, func(t *testing.T, f *fake) {
		m, _ := kernelOf(t, f.open(0), scale, "scale")
		_, err := m.Kernel("scal")
		assert.ErrorIs(t, err, driver.ErrArgument)
		assert.ErrorContains(t, err, "(500)")
		require.NoError(t, m.Close())
	})
}

// More memory than there is, and again when some is free.
func TestOutOfMemory(t *testing.T) {
	forBoth(t, func(t *testing.T, f *fake) {
		f.set("memory", 1<<20)
		d := f.open(0)
		b, err := d.Alloc(1 << 19)
		require.NoError(t, err)
		_, err = d.Alloc(1<<19 + 1)
		assert.ErrorIs(t, err, driver.ErrMemory)
		c, err := d.Alloc(1 << 19)
		require.NoError(t, err)
		require.NoError(t, d.Free(b))
		require.NoError(t, d.Free(c))
		assert.Error(t, d.Free(c), "freed before")
	})
}

// A kernel that goes astray is found out at the next wait. All that follows fails and says so.
func TestLost(t *testing.T) {
	forBoth(t, func(t *testing.T, f *fake) {
		d, err := f.Open(0)
		require.NoError(t, err)
		other := f.open(1)
		m, k := kernelOf(t, d, scale, "scale")
		q, err := d.NewQueue()
		require.NoError(t, err)
		b, err := d.Alloc(8)
		require.NoError(t, err)
		values := []uint64{8, 0, 1, 0, 0} // no such address
		require.NoError(t, q.Launch(k, one, one, values, nil))
		assert.ErrorIs(t, q.Wait(), driver.ErrLost)
		x := []float64{1}
		for name, err := range map[string]error{
			"write":  q.Write(b, 0, bytesOf(x), 8),
			"read":   q.Read(bytesOf(x), b, 0, 8),
			"fill":   q.Fill(b, 0, 8, 0),
			"launch": q.Launch(k, one, one, values, nil),
			"flush":  q.Flush(),
			"wait":   q.Wait(),
			"free":   d.Free(b),
			"module": m.Close(),
			"queue":  q.Close(),
		} {
			assert.ErrorIs(t, err, driver.ErrLost, name)
			assert.ErrorContains(t, err, "(700)", name)
		}
		_, err = d.Alloc(8)
		assert.ErrorIs(t, err, driver.ErrLost)
		_, err = q.Record()
		assert.ErrorIs(t, err, driver.ErrLost)
		elsewhere, err := other.NewQueue()
		require.NoError(t, err, "the other device")
		require.NoError(t, elsewhere.Close())
		// Repaired, all of it can be freed.
		f.call("fake_reset")
		require.NoError(t, d.Free(b))
		require.NoError(t, m.Close())
		require.NoError(t, q.Close())
		require.NoError(t, d.Close())
	})
}

// A barrier that a part of a group does not reach is found out by the driver of the
// tests: it is as strict as they need it.
func TestFakeIsStrict(t *testing.T) {
	forBoth(t, func(t *testing.T, f *fake) {
		d := f.open(0)
		m, k := kernelOf(t, d, `extern "C" __global__ void half(int *x) { if (threadIdx.x % 2) __syncthreads(); x[threadIdx.x] = 1; }`, "half")
		q, err := d.NewQueue()
		require.NoError(t, err)
		b, err := d.Alloc(16)
		require.NoError(t, err)
		// What belongs to another device.
		other, err := f.Open(1)
		require.NoError(t, err)
		foreign, err := other.NewQueue()
		require.NoError(t, err)
		for what, err := range map[string]error{
			"kernel of another device": foreign.Launch(k, one, one, []uint64{uint64(b)}, nil),
			"memory of another device": foreign.Fill(b, 0, 16, 0),
			"past the end":             q.Fill(b, 4, 16, 0),
			"too many groups":          q.Launch(k, [3]int{1, 65536, 1}, one, []uint64{uint64(b)}, nil),
			"groups too large":         q.Launch(k, one, [3]int{32, 33, 1}, []uint64{uint64(b)}, nil),
			"groups for the registers": q.Launch(k, one, [3]int{513, 1, 1}, []uint64{uint64(b)}, nil),
		} {
			assert.Error(t, err, what)
		}
		require.NoError(t, foreign.Close())
		require.NoError(t, other.Close())
		require.NoError(t, q.Launch(k, one, [3]int{4, 1, 1}, []uint64{uint64(b)}, nil))
		assert.ErrorIs(t, q.Wait(), driver.ErrLost)
		f.call("fake_reset")
		require.NoError(t, d.Free(b))
		require.NoError(t, m.Close())
		assert.Error(t, m.Close(), "freed before")
		require.NoError(t, q.Close())
		assert.Error(t, q.Close(), "freed before")
	})
}
