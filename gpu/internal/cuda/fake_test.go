package cuda

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu/internal/dl"
	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// realNVRTC is what the environment names as NVRTC, before the tests name theirs.
var realNVRTC = os.Getenv(VariableNVRTC)

// TestMain compiles the drivers of testdata and makes them those that are found.
func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "ritz-cuda")
	if err != nil {
		panic(err)
	}
	fakes.missing = fakes.build(folder)
	code := m.Run()
	_ = os.RemoveAll(folder) // a temporary folder
	os.Exit(code)
}

// linked is the driver of CUDA that the program of the tests is linked with, if it is.
var linked string

// fakes are the libraries that testdata makes.
var fakes fakeLibraries

type fakeLibraries struct {
	missing           error // why there are none
	cuda, nvrtc       string
	hip, hiprtc, hip5 string // hip5: the version that has its compiler within
}

func (f *fakeLibraries) build(folder string) error {
	sources, err := filepath.Abs("testdata")
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	errs := make([]error, 5)
	for i, c := range []struct {
		path    *string
		file    string
		options string
		sources []string
	}{
		{&f.cuda, "libcuda.so.1", "", []string{"driver.c"}},
		{&f.nvrtc, "libnvrtc.so.12", "", []string{"compiler.c"}},
		{&f.hip, "libamdhip64.so.6", "-DHIP", []string{"driver.c"}},
		{&f.hiprtc, "libhiprtc.so.6", "-DHIP", []string{"compiler.c"}},
		{&f.hip5, "libamdhip64.so.5", "-DHIP -DHIP5", []string{"driver.c", "compiler.c"}},
	} {
		*c.path = filepath.Join(folder, c.file)
		all.Go(func() {
			args := []string{
				"-O1", "-Wall", "-Werror", "-Wno-unused-result", "-shared", "-fPIC", "-pthread",
				"-DSOURCES=" + fmt.Sprintf("%q", sources), "-DWORK=" + fmt.Sprintf("%q", folder), "-o", *c.path,
			}
			args = append(args, strings.Fields(c.options)...)
			for _, s := range c.sources {
				args = append(args, filepath.Join(sources, s))
			}
			if text, err := exec.Command("cc", append(args, "-ldl")...).CombinedOutput(); err != nil {
				errs[i] = fmt.Errorf("cc: %w\n%s", err, text)
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	if linked != "" {
		f.cuda = linked
	}
	// The header of all kernels, once.
	kernel := exec.Command("c++", "-std=c++17", "-O1", "-w", "-fPIC", "-fvisibility=hidden", "-fno-gnu-unique",
		"-x", "c++-header", filepath.Join(sources, "kernel.h"), "-o", filepath.Join(folder, "kernel.h.gch"))
	if text, err := kernel.CombinedOutput(); err != nil {
		return fmt.Errorf("c++: %w\n%s", err, text)
	}
	for variable, path := range map[string]string{VariableCUDA: f.cuda, VariableNVRTC: f.nvrtc, VariableHIP: f.hip, VariableHIPRTC: f.hiprtc} {
		if err := os.Setenv(variable, path); err != nil {
			return err
		}
	}
	return nil
}

// need skips a test without something, or fails it where everything must be there.
func need(t testing.TB, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("RITZ_REQUIRE_ENGINES") == "1" {
		t.Fatalf("no %s: %v", what, err)
	}
	t.Skipf("no %s: %v", what, err)
}

// NeedFakes skips a test without the drivers of testdata, for tests outside of the package.
func NeedFakes(t testing.TB) { need(t, "drivers to test against", fakes.missing) }

// fake is a driver of testdata, as a test sees it.
type fake struct {
	t       testing.TB
	name    string // cuda or hip
	library *dl.Library
	*backend
}

// forBoth runs a test on the drivers of CUDA and of HIP. Both begin as new, and at the
// end nothing must be left on them.
func forBoth(t *testing.T, test func(t *testing.T, f *fake)) {
	for _, name := range []string{"cuda", "hip"} {
		t.Run(name, func(t *testing.T) { test(t, newFake(t, name)) })
	}
}

func newFake(t testing.TB, name string) *fake {
	t.Helper()
	NeedFakes(t)
	load := map[string]func() (driver.Backend, error){"cuda": Load, "hip": LoadHIP}[name]
	b, err := load()
	require.NoError(t, err)
	f := &fake{t: t, name: name, backend: b.(*backend)}
	f.library = f.backend.library
	f.call("fake_reset")
	t.Cleanup(func() {
		assert.Zero(t, int(f.call("fake_live")), "objects of the driver that are not freed")
		f.call("fake_reset")
	})
	return f
}

// call calls a function of the driver that is there for tests.
func (f *fake) call(name string, args ...uintptr) uintptr {
	address := f.library.Function(name)
	require.NotZero(f.t, address, name)
	return dl.Call(address, args...)
}

// set sets a property: devices, major, minor, memory, version, local.
func (f *fake) set(key string, value int) {
	k := text(key)
	f.call("fake_set", uintptr(unsafe.Pointer(k)), uintptr(value))
}

// fail makes the nth call of a function fail, by its names with CUDA and HIP.
func (f *fake) fail(cuda, hip string, nth, code int) {
	call := text(map[string]string{"cuda": cuda, "hip": hip}[f.name])
	f.call("fake_fail", uintptr(unsafe.Pointer(call)), uintptr(nth), uintptr(code))
}

// record is what has been called since the last time, without what made a device current.
func (f *fake) record() []string {
	var lines []string
	for line := range strings.SplitSeq(dl.Text(f.call("fake_record")), "\n") {
		if line != "" && !strings.HasPrefix(line, "cuCtxSetCurrent") && !strings.HasPrefix(line, "hipSetDevice") {
			lines = append(lines, line)
		}
	}
	f.call("fake_forget")
	return lines
}

// open opens a device, which is closed at the end of the test.
func (f *fake) open(index int) driver.Device {
	d, err := f.Open(index)
	require.NoError(f.t, err)
	f.t.Cleanup(func() { assert.NoError(f.t, d.Close()) })
	return d
}
