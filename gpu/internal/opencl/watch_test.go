package opencl_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/gpu/internal/dl"
	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
	"github.com/seed-0772dd2d/ritz/gpu/internal/opencl"
	"github.com/seed-0772dd2d/ritz/internal/pocl"
)

// watch is the library testdata/watch.c, which all tests here go through.
var watch struct {
	library *dl.Library
	missing error // why there is none
}

// kinds of things that the library counts, in its order.
var kinds = []string{"contexts", "buffers", "programs", "kernels", "queues", "events"}

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "ritz-opencl")
	if err != nil {
		panic(err)
	}
	if v := os.Getenv(opencl.Variable); v != "" {
		os.Setenv("WATCHED_OPENCL", v)
	}
	watch.library, watch.missing = build(folder)
	code := pocl.Run(m)
	os.RemoveAll(folder)
	os.Exit(code)
}

// build compiles the library and makes it the one to load.
func build(folder string) (*dl.Library, error) {
	path := filepath.Join(folder, "watch.so")
	said, err := exec.Command("cc", "-shared", "-fPIC", "-O1", "-o", path, "testdata/watch.c", "-ldl", "-lpthread").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("no C compiler for a library of the test: %w\n%s", err, said)
	}
	os.Setenv(opencl.Variable, path)
	library, _, err := dl.Open(opencl.Variable)
	if err != nil {
		return nil, err
	}
	devices, err := list()
	if len(devices) == 0 {
		return nil, fmt.Errorf("no OpenCL: %w", err)
	}
	return library, nil
}

// need skips a test where the library or a driver behind it is missing. After the test
// nothing is alive, and nothing was misused.
func need(t testing.TB) {
	if watch.missing != nil {
		if os.Getenv("RITZ_REQUIRE_ENGINES") == "1" {
			t.Fatal(watch.missing)
		}
		t.Skip(watch.missing)
	}
	t.Cleanup(func() {
		fail("", 0)
		dl.Call(watch.library.Function("watch_forget"))
		for k, name := range kinds {
			assert.Zero(t, dl.Call(watch.library.Function("watch_live"), uintptr(k)), "%s left alive", name)
		}
		assert.Zero(t, dl.Call(watch.library.Function("watch_misuses")), "handles used after release")
	})
}

// fail makes calls of a function fail.
func fail(call string, code int) {
	name := append([]byte(call), 0)
	dl.Call(watch.library.Function("watch_fail"), uintptr(unsafe.Pointer(&name[0])), uintptr(code))
}

// answer is what devices answer from now on, nil: that they do not know.
func answer(what uintptr, bytes []byte) {
	start := append(bytes, 0)
	dl.Call(watch.library.Function("watch_answer"), what, uintptr(unsafe.Pointer(&start[0])), uintptr(len(bytes)))
}

// list lists the devices.
func list() ([]driver.Info, error) {
	b, err := opencl.Load()
	if err != nil {
		return nil, err
	}
	return b.Devices()
}

// open opens the first device.
func open(t testing.TB) *gpu.Device {
	d, err := gpu.Open("opencl:0")
	require.NoError(t, err)
	return d
}

func TestNoLibrary(t *testing.T) {
	nothing := filepath.Join(t.TempDir(), "libOpenCL.so")
	require.NoError(t, os.WriteFile(nothing, []byte("text"), 0o600))
	for _, c := range []struct{ value, says string }{
		{"off", "opencl: no driver: RITZ_OPENCL=off"},
		{"/no/such/libOpenCL.so", "/no/such/libOpenCL.so"},
		{nothing, nothing},
	} {
		t.Setenv(opencl.Variable, c.value)
		b, err := opencl.Load()
		require.ErrorIs(t, err, driver.ErrNoBackend)
		assert.Nil(t, b)
		assert.ErrorContains(t, err, c.says)
		var of *driver.NoBackend
		require.ErrorAs(t, err, &of)
		assert.Equal(t, "opencl", of.Backend)
		assert.Error(t, of.Cause)
	}
}

// A library that is none of OpenCL 1.2 is taken for none.
func TestOtherLibrary(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("looks for libm.so.6")
	}
	t.Setenv(opencl.Variable, "libm.so.6")
	_, err := opencl.Load()
	require.ErrorIs(t, err, driver.ErrNoBackend)
	assert.ErrorContains(t, err, "libm.so.6 has no cl")
}

func TestNoPlatform(t *testing.T) {
	need(t)
	for _, c := range []struct {
		call string
		code int
		kind error // nil: no device and no error
		says string
	}{
		{"clGetPlatformIDs", -1001, driver.ErrNoBackend, "no driver is installed"},
		{"clGetPlatformIDs", -6, driver.ErrMemory, "CL_OUT_OF_HOST_MEMORY (-6)"},
		{"clGetDeviceIDs", -1, nil, ""},
		{"clGetDeviceIDs", -2, driver.ErrLost, "clGetDeviceIDs: CL_DEVICE_NOT_AVAILABLE (-2)"},
	} {
		fail(c.call, c.code)
		devices, err := list()
		assert.Empty(t, devices)
		if c.kind == nil {
			assert.NoError(t, err)
			_, err = gpu.Open("opencl:0")
			assert.ErrorIs(t, err, gpu.ErrNoDevice)
			_, err = gpu.Open("auto")
			assert.ErrorIs(t, err, gpu.ErrNoDevice)
			continue
		}
		assert.ErrorIs(t, err, c.kind)
		assert.ErrorContains(t, err, c.says)
		_, err = gpu.Open("opencl:0")
		assert.ErrorIs(t, err, c.kind)
	}
}

func TestNoSuchDevice(t *testing.T) {
	need(t)
	devices, err := list()
	require.NoError(t, err)
	for i := range devices {
		assert.Equal(t, fmt.Sprintf("opencl:%d", i), devices[i].ID)
	}
	_, err = gpu.Open(fmt.Sprintf("opencl:%d", len(devices)))
	assert.ErrorIs(t, err, gpu.ErrNoDevice)
	b, err := opencl.Load()
	require.NoError(t, err)
	_, err = b.Open(len(devices))
	assert.ErrorIs(t, err, driver.ErrNoDevice)
}
