package cuda

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// scale computes x = a x + k for n numbers.
const scale = `
extern "C" __global__ void scale(double *x, const float a, const int n, const unsigned long long k, const double b)
{
	const int i = blockIdx.x * blockDim.x + threadIdx.x;
	if (i < n)
		x[i] = a * x[i] + k + b;
}
`

// module compiles a program and returns its kernel of that name.
func kernelOf(t testing.TB, d driver.Device, source, name string) (driver.Module, driver.Kernel) {
	m, err := d.Compile(source, []string{"-DREAL_SIZE=8"})
	require.NoError(t, err)
	k, err := m.Kernel(name)
	require.NoError(t, err)
	return m, k
}

func bytesOf(x []float64) unsafe.Pointer { return unsafe.Pointer(&x[0]) }

// one is one group of one work item.
var one = [3]int{1, 1, 1}

// A program from beginning to end, call by call.
func TestCalls(t *testing.T) {
	forBoth(t, func(t *testing.T, f *fake) {
		f.record()
		d, err := f.Open(1)
		require.NoError(t, err)
		m, k := kernelOf(t, d, scale, "scale")
		q, err := d.NewQueue()
		require.NoError(t, err)
		x := []float64{1, 2, 3, 4}
		b, err := d.Alloc(40)
		require.NoError(t, err)
		require.NoError(t, q.Fill(b, 4, 36, 0xabadcafe))
		require.NoError(t, q.Write(b, 8, bytesOf(x), 32))
		start, err := q.Record()
		require.NoError(t, err)
		values := []uint64{uint64(b) + 8, uint64(math.Float32bits(0.5)), 3, 10, math.Float64bits(-1)}
		require.NoError(t, q.Launch(k, [3]int{2, 1, 1}, [3]int{2, 1, 1}, values, []int{8, 4, 4, 8, 8}))
		end, err := q.Record()
		require.NoError(t, err)
		require.NoError(t, q.Copy(b, 0, b, 32, 8))
		require.NoError(t, q.Flush())
		got := make([]float64, 5)
		require.NoError(t, q.Read(bytesOf(got), b, 0, 40))
		assert.Equal(t, []float64{4, 9.5, 10, 10.5, 4}, got)
		_, err = end.Since(start)
		require.NoError(t, err)
		for _, c := range []interface{ Close() error }{start, end, k, m, q} {
			require.NoError(t, c.Close())
		}
		require.NoError(t, d.Free(b))
		require.NoError(t, d.Close())

		argument := func(v any) string {
			text, err := binary.Append(nil, binary.LittleEndian, v)
			require.NoError(t, err)
			return " " + hex.EncodeToString(text)
		}
		want := map[string][]string{
			"cuda": {
				"cuInit 0", "cuDeviceGetCount", "cuDeviceGet 1",
				"cuDeviceGetAttribute 75 1", "cuDeviceGetAttribute 76 1", "cuDevicePrimaryCtxRetain 1",
				"cuDriverGetVersion", "cuModuleLoadDataEx 2", "cuModuleGetFunction scale",
			},
			"hip": {
				"hipInit 0", "hipGetDeviceCount", "hipDeviceGet 1", "hipGetDevicePropertiesR0600 1",
				"hipDriverGetVersion", "hipModuleLoadDataEx 2", "hipModuleGetFunction scale",
			},
		}[f.name]
		names := strings.NewReplacer()
		if f.name == "hip" {
			names = strings.NewReplacer(
				"cuStreamCreate", "hipStreamCreateWithFlags", "cuEventCreate", "hipEventCreateWithFlags",
				"cuMemAlloc", "hipMalloc", "cuMemFree", "hipFree", "cuLaunchKernel", "hipModuleLaunchKernel", "cu", "hip", "_v2", "")
		}
		for _, call := range []string{
			"cuFuncGetAttribute 4", "cuFuncGetAttribute 3", "cuFuncGetAttribute 1", "cuFuncGetAttribute 0",
			"cuStreamCreate 1",
			"cuMemAlloc_v2 40",
			"cuMemsetD32Async abadcafe 9",
			"cuMemcpyHtoDAsync_v2 32", "cuStreamSynchronize",
			"cuEventCreate 0", "cuEventRecord",
			"cuLaunchKernel scale 2,1,1 2,1,1 0" + argument(uint64(b)+8) + argument(float32(0.5)) + argument(int32(3)) + argument(uint64(10)) + argument(float64(-1)),
			"cuEventCreate 0", "cuEventRecord",
			"cuMemcpyDtoDAsync_v2 8",
			"cuStreamQuery = 600",
			"cuMemcpyDtoHAsync_v2 40", "cuStreamSynchronize",
			"cuEventElapsedTime",
			"cuEventDestroy_v2", "cuEventDestroy_v2",
			"cuModuleUnload",
			"cuStreamSynchronize", "cuStreamDestroy_v2",
			"cuMemFree_v2 40",
		} {
			want = append(want, names.Replace(call))
		}
		if f.name == "cuda" {
			want = append(want, "cuDevicePrimaryCtxRelease_v2 1")
		}
		assert.Equal(t, want, f.record())
	})
}

func TestInfo(t *testing.T) {
	forBoth(t, func(t *testing.T, f *fake) {
		list, err := f.Devices()
		require.NoError(t, err)
		want := driver.Info{
			ID: f.name + ":1", Backend: f.name, Name: "processor 1", Bus: "0000:bf:00.0",
			Memory: 1 << 30, MaxAlloc: 1 << 30, ComputeUnits: 108, Clock: 1410, MaxGroup: 1024, Float64: true,
		}
		switch f.name {
		case "cuda":
			want.Vendor, want.Driver, want.Architecture, want.LocalMemory, want.Width = "NVIDIA", "CUDA 12.4", "sm_80", 48<<10, 32
		case "hip":
			want.Vendor, want.Driver, want.Architecture, want.LocalMemory, want.Width = "AMD", "HIP 6.4.43483", "gfx90a", 64<<10, 64
		}
		require.Len(t, list, 2)
		assert.Equal(t, want, list[1])
	})
}

func TestUsage(t *testing.T) {
	forBoth(t, func(t *testing.T, f *fake) {
		f.set("local", 256)
		m, k := kernelOf(t, f.open(0), scale, "scale")
		assert.Equal(t, driver.Usage{Registers: 40, Spill: 16, Local: 256, MaxGroup: 512}, k.Usage())
		require.NoError(t, m.Close())
	})
}

func ExampleCompile() {
	_, err := Compile("", nil, "gfx90a; rm")
	fmt.Println(err)
	// Output: hiprtc: bad argument: architecture "gfx90a; rm", want gfx and a number, as gfx90a
}
