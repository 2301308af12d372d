// Package gputest judges devices: one suite that every driver must pass.
package gputest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/gpu/gputest/kernels"
)

// Options say what a driver cannot do.
type Options struct {
	NoCompiler bool // it takes every source for a program
}

// Run judges a device. Open opens it, each time anew, as gpu.Open does; the suite closes
// it. Tests run side by side, each on a device of its own, so t must not be parallel
// with tests that count allocations.
func Run(t *testing.T, open func(testing.TB) *gpu.Device, o Options) {
	t.Run("allocations", func(t *testing.T) { testAllocations(t, open) })
	for _, c := range []struct {
		name string
		test func(*rig)
	}{
		{"info", testInfo},

		{"memory/int8", testMemory[int8]},
		{"memory/uint8", testMemory[uint8]},
		{"memory/int16", testMemory[int16]},
		{"memory/uint16", testMemory[uint16]},
		{"memory/int32", testMemory[int32]},
		{"memory/uint32", testMemory[uint32]},
		{"memory/int64", testMemory[int64]},
		{"memory/uint64", testMemory[uint64]},
		{"memory/float32", testMemory[float32]},
		{"memory/float64", testMemory[float64]},
		{"large memory", testLargeMemory},
		{"bounds", testBounds},
		{"too much memory", testTooMuch},

		{"arguments", testArguments},
		{"packing/float", testPacking[float32]},
		{"packing/double", testPacking[float64]},
		{"work items", testWorkItems},
		{"local memory", testReverse},
		{"barriers", testSum},
		{"whole numbers", testWhole},
		{"functions/float", testFunctions[float32]},
		{"functions/double", testFunctions[float64]},
		{"axpy/float", testAxpy[float32]},
		{"axpy/double", testAxpy[float64]},
		{"fixed groups", testFixedGroups},
		{"usage", testUsage},

		{"order", testOrder},
		{"two queues", testTwoQueues},
		{"events", testEvents},
		{"goroutines", testGoroutines},
		{"two devices", testTwoDevices},

		{"sources", testSources},
		{"wrong kernel", testWrongKernel},
		{"programs", testPrograms},
		{"wrong arguments", testWrongArguments},
		{"wrong grid", testWrongGrid},
		{"foreign", testForeign},
		{"closed", testClosed},
		{"closed device", testClosedDevice},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(start(t, open, o))
		})
	}
}

// rig is a device under test.
type rig struct {
	*testing.T
	Options
	open func(testing.TB) *gpu.Device
	d    *gpu.Device
	q    *gpu.Queue
}

// start opens a device. At the end of the test what is left on it is closed, and nothing
// must be left then.
func start(t *testing.T, open func(testing.TB) *gpu.Device, o Options) *rig {
	r := &rig{T: t, Options: o, open: open, d: open(t)}
	t.Cleanup(func() {
		require.NoError(t, r.d.Close())
		assert.Zero(t, r.d.Live(), "left alive")
	})
	q, err := r.d.NewQueue()
	require.NoError(t, err)
	r.q = q
	return r
}

// kernel compiles a kernel of the suite.
func (r *rig) kernel(name string) *gpu.Kernel {
	source, ok := kernels.All()[name]
	require.True(r, ok, name)
	return compile(r, r.d, source, name)
}

func compile(t require.TestingT, d *gpu.Device, source gpu.Source, name string) *gpu.Kernel {
	m, err := d.Compile(source)
	require.NoError(t, err)
	k, err := m.Kernel(name)
	require.NoError(t, err)
	return k
}

// double skips a test in double precision on a device without it.
func (r *rig) double() {
	if !r.d.Info().Float64 {
		r.Skipf("%s has no double precision", r.d.Info().ID)
	}
}

// launch launches a kernel.
func launch(t require.TestingT, q *gpu.Queue, k *gpu.Kernel, g gpu.Grid, args ...gpu.Arg) {
	require.NoError(t, q.Launch(k, g, args...))
}

// put is a new buffer that holds values.
func put[T gpu.Element](t require.TestingT, d *gpu.Device, q *gpu.Queue, values []T) *gpu.Buffer {
	b, err := gpu.NewBuffer[T](d, len(values))
	require.NoError(t, err)
	require.NoError(t, gpu.Write(q, b, 0, values))
	return b
}

// get reads the whole of a buffer.
func get[T gpu.Element](t require.TestingT, q *gpu.Queue, b *gpu.Buffer, n int) []T {
	values := make([]T, n)
	require.NoError(t, gpu.Read(q, values, b, 0))
	return values
}

func (r *rig) close(things ...interface{ Close() error }) {
	for _, c := range things {
		require.NoError(r, c.Close())
	}
}
