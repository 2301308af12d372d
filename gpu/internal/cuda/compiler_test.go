package cuda

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu/internal/dl"
	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// wrong does not compile, for what stands in line 3 of step.c.
const wrong = "#line 1 \"step.c\"\nextern \"C\" __global__ void step(double *x)\n{\n\tx[0] = missing;\n}\n"

// newNVRTC loads the NVRTC at a path, the usual ones for none.
func newNVRTC(t *testing.T, path string) *nvrtc {
	t.Setenv(VariableNVRTC, path)
	c, err := loadNVRTC()
	need(t, "NVRTC", err)
	return c.(*nvrtc)
}

func newHIPRTC(t *testing.T) *hiprtc {
	t.Setenv(VariableHIPRTC, "")
	c, err := loadHIPRTC(nil)
	need(t, "hipRTC", err)
	return c.(*hiprtc)
}

func TestNVRTC(t *testing.T) {
	c := newNVRTC(t, realNVRTC)
	for _, sm := range []string{"sm_70", "sm_80", "sm_90"} {
		p, err := c.compile(scale, nil, sm, math.MaxInt32)
		require.NoError(t, err, sm)
		assert.Regexp(t, `(?m)^\.target `+sm+`$`, string(p.image))
		assert.Regexp(t, `\.visible \.entry scale\(\s+\.param \.u64(\.ptr \.align 1)? scale_param_0,\s+\.param \.f32 scale_param_1,\s+\.param \.u32 scale_param_2,`, string(p.image))
		assert.Equal(t, byte(0), p.image[len(p.image)-1])

		// A driver that is older takes machine code.
		p, err = c.compile(scale, nil, sm, 11000)
		require.NoError(t, err, sm)
		assert.Equal(t, elf.ELFMAG, string(p.image[:4]))
		assert.Equal(t, elf.Machine(190), elf.Machine(binary.LittleEndian.Uint16(p.image[18:])), "EM_CUDA")
	}
	// A device that is newer than the compiler gets what the compiler knows.
	p, err := c.compile(scale, nil, "sm_999", 11000)
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^\.target sm_\d+$`, string(p.image))
	// For one that is older than it knows there is nothing.
	_, err = c.compile(scale, nil, "sm_20", 11000)
	assert.ErrorIs(t, err, driver.ErrNoBackend)
	assert.ErrorContains(t, err, "this device is sm_20: an older one is needed, named by RITZ_NVRTC")
	_, err = c.compile(scale, nil, "gfx900", 11000)
	assert.ErrorIs(t, err, driver.ErrArgument)
}

func TestHIPRTC(t *testing.T) {
	c := newHIPRTC(t)
	for _, gfx := range []string{"gfx906", "gfx90a", "gfx1030", "gfx90a:sramecc+:xnack-"} {
		p, err := c.compile(scale, nil, gfx, 0)
		require.NoError(t, err, gfx)
		file, err := elf.NewFile(bytes.NewReader(p.image))
		require.NoError(t, err)
		assert.Equal(t, elf.Machine(224), file.Machine, "EM_AMDGPU")
		symbols, err := file.DynamicSymbols()
		require.NoError(t, err)
		var names []string
		for _, s := range symbols {
			names = append(names, s.Name)
		}
		assert.Contains(t, names, "scale.kd")
		assert.True(t, bytes.Contains(p.image, []byte("amdgcn-amd-amdhsa--"+gfx)), gfx)
	}
	for _, name := range []string{"", "sm_80", "gfx", "gfx90a:", "gfx90a -o x"} {
		_, err := c.compile(scale, nil, name, 0)
		assert.ErrorIs(t, err, driver.ErrArgument, name)
	}
}

// What a compiler says of a source, of a warning, of definitions and of options.
func TestCompilers(t *testing.T) {
	for _, c := range []struct {
		name, target string
		load         func(t *testing.T) compiler
		wrong        string
	}{
		{"nvrtc", "sm_80", func(t *testing.T) compiler { return newNVRTC(t, realNVRTC) }, `step\.c\(3\): error: identifier "missing" is undefined`},
		{"hiprtc", "gfx90a", func(t *testing.T) compiler { return newHIPRTC(t) }, `step\.c:3:9: error: use of undeclared identifier 'missing'`},
	} {
		t.Run(c.name, func(t *testing.T) {
			compiler := c.load(t)
			_, err := compiler.compile(wrong, nil, c.target, math.MaxInt32)
			var e *driver.CompileError
			require.ErrorAs(t, err, &e)
			assert.ErrorIs(t, err, driver.ErrCompile)
			assert.Equal(t, c.name, e.Backend)
			assert.Regexp(t, c.wrong, e.Log)
			assert.NotContains(t, e.Log, "\x00")

			_, err = compiler.compile(wrong, []string{"-Dmissing=3"}, c.target, math.MaxInt32)
			assert.NoError(t, err)

			p, err := compiler.compile("#warning beware\n"+scale, nil, c.target, math.MaxInt32)
			require.NoError(t, err)
			assert.Contains(t, p.log, "beware")

			// Functions without an attribute are the device's.
			_, err = compiler.compile("__device__ static int one() { return 1; }\n#line 1 \"step.c\"\n"+strings.ReplaceAll(wrong, "missing", "one()"), nil, c.target, math.MaxInt32)
			assert.NoError(t, err)

			_, err = compiler.compile(scale, []string{"--no-such-option"}, c.target, math.MaxInt32)
			require.Error(t, err)
			assert.ErrorContains(t, err, "no-such-option")
		})
	}
	_, err := newNVRTC(t, realNVRTC).compile(scale, []string{"--no-such-option"}, "sm_80", math.MaxInt32)
	assert.ErrorIs(t, err, driver.ErrArgument)
	assert.ErrorContains(t, err, "NVRTC_ERROR_INVALID_OPTION (5)")
}

// The real compiler makes what the driver loads; here a driver that finds the kernels and
// their parameters in it.
func TestNVRTCAndDriver(t *testing.T) {
	newNVRTC(t, realNVRTC)
	f := newFake(t, "cuda")
	for _, c := range []struct{ major, minor, version int }{
		{7, 0, 13000}, {8, 0, 13000}, {9, 0, 13000}, // PTX
		{7, 0, 12000}, {9, 0, 11020}, // machine code
	} {
		f.set("major", c.major)
		f.set("minor", c.minor)
		f.set("version", c.version)
		d, err := f.Open(0)
		require.NoError(t, err)
		m, k := kernelOf(t, d, scale, "scale")
		_, err = m.Kernel("scal")
		assert.ErrorIs(t, err, driver.ErrArgument)
		q, err := d.NewQueue()
		require.NoError(t, err)
		f.record()
		require.NoError(t, q.Launch(k, [3]int{3, 2, 1}, [3]int{32, 4, 2}, []uint64{0x1122334455667788, 0xaabbccdd, 0xfffffffe, 5, 6}, nil))
		want := "cuLaunchKernel scale 3,2,1 32,4,2 0"
		if c.version == 13000 { // who has machine code does not tell the parameters
			want += " 8877665544332211 ddccbbaa feffffff 0500000000000000 0600000000000000"
		}
		assert.Equal(t, []string{want}, f.record())
		require.NoError(t, q.Close())
		require.NoError(t, m.Close())
		_, err = d.Compile(wrong, nil)
		assert.ErrorIs(t, err, driver.ErrCompile)
		require.NoError(t, d.Close())
	}
}

func TestHIPRTCAndDriver(t *testing.T) {
	newHIPRTC(t)
	f := newFake(t, "hip")
	// The compiler beside this driver is that of the tests; take the real one.
	hip := f.library
	t.Setenv(VariableHIPRTC, newHIPRTC(t).path)
	c, err := loadHIPRTC(hip)
	require.NoError(t, err)
	f.compilers = func() (compiler, error) { return c, nil }
	d := f.open(0)
	m, _ := kernelOf(t, d, scale, "scale")
	_, err = m.Kernel("scal")
	assert.ErrorIs(t, err, driver.ErrArgument)
	require.NoError(t, m.Close())
}

// Options say the processor of the device, and what the driver can take.
func TestTarget(t *testing.T) {
	const rest = "--std=c++14\n--device-as-default-execution-space\n-DREAL_SIZE=8\n"
	f := newFake(t, "cuda")
	library, _, err := dl.Open("", fakes.nvrtc)
	require.NoError(t, err)
	options := func() string { return dl.Text(dl.Call(library.Function("compiler_options"))) }
	for _, c := range []struct {
		major, minor, driver int
		want                 string
	}{
		{8, 0, 12040, "--gpu-architecture=compute_80"}, // a driver as old as the compiler
		{8, 0, 12050, "--gpu-architecture=compute_80"},
		{8, 0, 12030, "--gpu-architecture=sm_80"}, // an older one
		{8, 7, 12040, "--gpu-architecture=compute_86"},
		{8, 7, 12030, "--gpu-architecture=compute_86"}, // older than the device: let it try
		{12, 1, 13000, "--gpu-architecture=compute_90"},
	} {
		f.set("major", c.major)
		f.set("minor", c.minor)
		f.set("version", c.driver)
		d, err := f.Open(0)
		require.NoError(t, err)
		m, _ := kernelOf(t, d, scale, "scale")
		assert.Equal(t, c.want+"\n"+rest, options(), "%+v", c)
		require.NoError(t, m.Close())
		require.NoError(t, d.Close())
	}
	assert.Zero(t, int(dl.Call(library.Function("compiler_live"))), "programs that are not freed")

	h := newFake(t, "hip")
	library, _, err = dl.Open("", fakes.hiprtc)
	require.NoError(t, err)
	m, _ := kernelOf(t, h.open(0), scale, "scale")
	assert.Equal(t, "--offload-arch=gfx90a:sramecc+:xnack-\n-std=c++14\n-DREAL_SIZE=8\n", options())
	require.NoError(t, m.Close())
}

// HIP 5 tells the processor elsewhere and has its compiler within.
func TestHIP5(t *testing.T) {
	NeedFakes(t)
	t.Setenv(VariableHIP, fakes.hip5)
	t.Setenv(VariableHIPRTC, "")
	f := newFake(t, "hip")
	list, err := f.Devices()
	require.NoError(t, err)
	assert.Equal(t, "gfx906", list[0].Architecture)
	m, _ := kernelOf(t, f.open(0), scale, "scale")
	assert.Equal(t, "--offload-arch=gfx906:sramecc+:xnack-\n-std=c++14\n-DREAL_SIZE=8\n", dl.Text(f.call("compiler_options")))
	require.NoError(t, m.Close())
}

// The driver compiles PTX and says what it has against it.
func TestDriverCompiles(t *testing.T) {
	f := newFake(t, "cuda")
	d := f.open(0)
	f.fail("cuModuleLoadDataEx", "", 1, 218)
	_, err := d.Compile(scale, nil)
	var e *driver.CompileError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "cuda: cuModuleLoadDataEx: CUDA_ERROR_INVALID_PTX (218)\nptxas application ptx input, line 7; fatal   : Parsing error near '%r1'", e.Log)
	for _, code := range []int{200, 209, 222} {
		f.fail("cuModuleLoadDataEx", "", 1, code)
		_, err := d.Compile(scale, nil)
		assert.ErrorIs(t, err, driver.ErrCompile)
	}
}

func TestNoCompiler(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "nowhere.so")
	t.Setenv(VariableNVRTC, nowhere)
	t.Setenv(VariableHIPRTC, nowhere)
	forBoth(t, func(t *testing.T, f *fake) {
		d := f.open(0)
		_, err := d.Compile(scale, nil)
		assert.ErrorIs(t, err, driver.ErrNoBackend)
		assert.ErrorContains(t, err, nowhere)
		b, err := d.Alloc(8)
		require.NoError(t, err, "memory needs no compiler")
		require.NoError(t, d.Free(b))
	})
}

func TestNoDriver(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "text.so")
	require.NoError(t, os.WriteFile(text, []byte("no library"), 0o600))
	for _, v := range []struct {
		variable string
		load     func() (driver.Backend, error)
		missing  string
	}{
		{VariableCUDA, Load, "has no cuInit: it is too old"},
		{VariableHIP, LoadHIP, "has no hipInit: it is too old"},
	} {
		for path, want := range map[string]string{
			"off":                               v.variable + "=off",
			filepath.Join(folder, "nowhere.so"): "nowhere.so",
			text:                                "text.so",
			"":                                  "",
		} {
			t.Setenv(v.variable, path)
			_, err := v.load()
			if path == "" && err == nil {
				continue // there is one
			}
			assert.ErrorIs(t, err, driver.ErrNoBackend)
			assert.ErrorContains(t, err, want)
		}
		NeedFakes(t)
		t.Setenv(v.variable, fakes.nvrtc) // a library, but not this one
		_, err := v.load()
		assert.ErrorIs(t, err, driver.ErrNoBackend)
		assert.ErrorContains(t, err, v.missing)
	}
}

func TestNoDevice(t *testing.T) {
	forBoth(t, func(t *testing.T, f *fake) {
		_, err := f.Open(2)
		assert.ErrorIs(t, err, driver.ErrNoDevice)
		assert.ErrorContains(t, err, f.name+":2: no such device, there are 2")
		f.set("devices", 0)
		_, err = f.Devices()
		assert.ErrorIs(t, err, driver.ErrNoDevice)
		_, err = f.Open(0)
		assert.ErrorIs(t, err, driver.ErrNoDevice)
	})
}

// The real library of HIP, where there is no card, says so, and what it looked for.
func TestHIPWithoutCard(t *testing.T) {
	t.Setenv(VariableHIP, "")
	b, err := LoadHIP()
	need(t, "HIP", err)
	list, err := b.Devices()
	if err == nil {
		t.Skipf("there is a card: %s", list[0].Name)
	}
	assert.ErrorIs(t, err, driver.ErrNoDevice)
	assert.Regexp(t, regexp.MustCompile(`^hip: hip\w+: hipError\w+ \(\d+\): no such device: (there is no|no permission to use) /dev/kfd: .*(amdgpu|render and video)`), err.Error())
	_, err = b.Open(0)
	assert.ErrorIs(t, err, driver.ErrNoDevice)
}

func TestNode(t *testing.T) {
	folder := t.TempDir()
	n := node{path: filepath.Join(folder, "kfd"), module: "amdgpu", container: "--device=/dev/kfd", groups: ": join video"}
	assert.Contains(t, n.missing(), "there is no "+n.path+": is there a card and is the kernel module amdgpu loaded?")
	require.NoError(t, os.WriteFile(n.path, nil, 0o600))
	assert.Empty(t, n.missing())
	if os.Getuid() != 0 { // who has every permission
		require.NoError(t, os.Chmod(n.path, 0))
		assert.Equal(t, "no permission to use "+n.path+": join video", n.missing())
	}
}

// Compiler compiles for a processor with the real compiler, for tests outside of the package.
func Compiler(t *testing.T, processor string) func(source string, options []string) error {
	var c compiler
	if strings.HasPrefix(processor, "sm_") {
		c = newNVRTC(t, realNVRTC)
	} else {
		c = newHIPRTC(t)
	}
	return func(source string, options []string) error {
		_, err := c.compile(source, options, processor, math.MaxInt32)
		return err
	}
}
