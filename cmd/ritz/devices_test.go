package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/internal/cc"
)

// libraries are the variables of all that is looked for.
var libraries = []string{"RITZ_OPENCL", "RITZ_CUDA", "RITZ_NVRTC", "RITZ_HIP", "RITZ_HIPRTC", "RITZ_NVML", "RITZ_AMD_SMI", "RITZ_ROCM_SMI"}

// noDevices are variables with which the command finds nothing. Drivers that this process
// has loaded before stay: tests of the whole command run it as a process.
func noDevices() []string {
	var env []string
	for _, v := range libraries {
		env = append(env, v+"=off")
	}
	return env
}

// nvml is a library of NVIDIA with two cards, see gpu/internal/smi/testdata.
func nvml(t *testing.T) string {
	return cc.Library(t, filepath.Join("..", "..", "gpu", "internal", "smi", "testdata", "nvml.c"))
}

// asProcess is ritz with arguments and more variables of the environment.
func asProcess(t *testing.T, env []string, args ...string) *exec.Cmd {
	exe, err := os.Executable()
	require.NoError(t, err)
	c := exec.Command(exe, args...)
	c.Env = append(append(os.Environ(), "RITZ_TEST_AS_MAIN=1"), env...)
	return c
}

func TestDevicesNone(t *testing.T) {
	var out, errs bytes.Buffer
	c := asProcess(t, noDevices(), "devices")
	c.Stdout, c.Stderr = &out, &errs
	require.NoError(t, c.Run(), errs.String())
	assert.Empty(t, out.String())
	for _, want := range []string{"no GPU to compute with. What was looked for", "\nNVIDIA", "\nAMD", "\nOpenCL", "opencl: no driver: RITZ_OPENCL=off",
		"nvml: no driver: RITZ_NVML=off", "rocm_smi: no driver: RITZ_ROCM_SMI=off", "needed:\n"} {
		assert.Contains(t, errs.String(), want)
	}

	for _, watch := range [][]string{{}, {"--watch"}} { // there is nothing to watch
		c = asProcess(t, noDevices(), append([]string{"devices", "--json"}, watch...)...)
		text, err := c.Output()
		require.NoError(t, err)
		var d object
		require.NoError(t, json.Unmarshal(text, &d))
		assert.Equal(t, []any{}, d["devices"])
		assert.Equal(t, []any{}, d["cards"])
		assert.Contains(t, d["messages"], "nvml: no driver: RITZ_NVML=off")
	}
}

// found are devices on the cards of nvml, and one without telemetry.
func found(t *testing.T) devicesFound {
	t.Setenv("RITZ_NVML", nvml(t))
	t.Setenv("RITZ_AMD_SMI", "off")
	t.Setenv("RITZ_ROCM_SMI", "off")
	m, err := gpu.OpenMonitor()
	t.Cleanup(func() { m.Close() })
	return devicesFound{[]gpu.Info{
		{ID: "cuda:0", Backend: "cuda", Name: "H100", Bus: "0000:65:00.0", Memory: 79 << 30, ComputeUnits: 114, Float64: true, Driver: "12.4"},
		{ID: "opencl:0", Backend: "opencl", Name: "H100", Bus: "0000:65:00.0", Memory: 79 << 30, ComputeUnits: 114, Driver: "550.54"},
		{ID: "opencl:1", Backend: "opencl", Name: "cpu", CPU: true, ComputeUnits: 2},
		{ID: "opencl:2", Backend: "opencl", Name: "Arc", ComputeUnits: 32},
	}, m, each(err)}
}

func TestDevicesTable(t *testing.T) {
	f := found(t)
	d := f.read(time.Unix(0, 0).UTC())
	var out, errs bytes.Buffer
	printDevices(&out, d)
	want := `DEVICE    NAME                   USED   MEMORY  LOAD   TEMP   POWER      CLOCKS         UNITS  FLOAT64  BUS           DRIVER
cuda:0    H100                   3 GiB  79 GiB  37 %   41 °C  123/350 W  1755/1593 MHz  114    yes      0000:65:00.0  12.4
opencl:0  H100                   3 GiB  79 GiB  37 %   41 °C  123/350 W  1755/1593 MHz  114    no       0000:65:00.0  550.54
opencl:1  cpu (CPU)              -      -       -      -      -          -              2      no       -             -
opencl:2  Arc                    -      -       -      -      -          -              32     no       -             -
-         NVIDIA A100-SXM4-80GB  3 GiB  80 GiB  100 %  42 °C  123/350 W  1755/1593 MHz  -      -        0001:0b:1f.0  -
`
	assert.Equal(t, want, out.String())
	explain(&errs, d, machine{"linux", t.TempDir()})
	lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
	require.Len(t, lines, 2)
	assert.Equal(t, "opencl:2: no telemetry; amd_smi: no driver: RITZ_AMD_SMI=off; rocm_smi: no driver: RITZ_ROCM_SMI=off", lines[0])
	assert.Equal(t, "NVIDIA A100-SXM4-80GB at 0001:0b:1f.0: no driver to compute with", lines[1])

	text, err := json.Marshal(d)
	require.NoError(t, err)
	var back devices
	require.NoError(t, json.Unmarshal(text, &back))
	require.Len(t, back.Devices, 4)
	assert.Equal(t, "cuda:0", back.Devices[0].ID)
	assert.EqualValues(t, 0.37, back.Devices[0].Telemetry.Load)
	assert.Nil(t, back.Devices[2].Telemetry)
	require.Len(t, back.Cards, 1)
	assert.Equal(t, "0001:0b:1f.0", back.Cards[0].Bus)
}

// From the driver and the management library to the command: a card of CUDA with its
// sensors.
func TestDevicesOfCUDA(t *testing.T) {
	sources, err := filepath.Abs(filepath.Join("..", "..", "gpu", "internal", "cuda", "testdata"))
	require.NoError(t, err)
	defines := []string{"-Wno-unused-result", "-pthread", "-DSOURCES=\"" + sources + "\"", "-DWORK=\"" + t.TempDir() + "\""}
	env := append(noDevices(), "RITZ_NVML="+nvml(t),
		"RITZ_CUDA="+cc.Library(t, filepath.Join(sources, "driver.c"), defines...),
		"RITZ_NVRTC="+cc.Library(t, filepath.Join(sources, "compiler.c"), defines...))
	var errs bytes.Buffer
	c := asProcess(t, env, "devices", "--json")
	c.Stderr = &errs
	text, err := c.Output()
	require.NoError(t, err, errs.String())
	var d devices
	require.NoError(t, json.Unmarshal(text, &d))
	require.NotEmpty(t, d.Devices, d.Messages)
	assert.Equal(t, "cuda:0", d.Devices[0].ID)
	require.NotNil(t, d.Devices[0].Telemetry, d.Devices[0].Bus)
	assert.EqualValues(t, 41, d.Devices[0].Telemetry.Temperature)
	require.Len(t, d.Cards, 1)

	c = asProcess(t, env, "devices")
	table, err := c.Output()
	require.NoError(t, err)
	assert.Regexp(t, `\ncuda:0 +.* 37 % +41 °C +123/350 W `, string(table))
}

// What a machine has of a vendor's driver is told.
func TestDevicesExplained(t *testing.T) {
	root := t.TempDir()
	put := func(path, text string) {
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	}
	put("sys/bus/pci/devices/0000:65:00.0/vendor", "0x1002\n")
	put("sys/bus/pci/devices/0000:65:00.0/class", "0x120000\n")
	put("sys/bus/pci/devices/0000:66:00.0/vendor", "0x1002\n")
	put("sys/bus/pci/devices/0000:66:00.0/class", "0x040300\n") // its sound
	put("dev/kfd", "")
	d := devices{Messages: []string{"hip: no driver: looked for libamdhip64.so.5", "cuda: no driver: looked for libcuda.so.1"}}
	d.Devices = []device{{}}
	d.Devices[0].ID, d.Devices[0].Name, d.Devices[0].Backend, d.Devices[0].CPU = "opencl:0", "pthread", "opencl", true
	d.faults = []error{errors.New("hip: it is ill")}
	d.Cards = []gpu.Telemetry{{Source: "nvml", Name: "A100", Bus: "0000:01:00.0"}}
	var b bytes.Buffer
	explain(&b, d, machine{"linux", root})
	for _, want := range []string{
		"warning: hip: it is ill\n",
		"\nNVIDIA: no card on the PCI bus\n  cuda: no driver: looked for libcuda.so.1\n  nvml: shows A100 at 0000:01:00.0\n  /dev/nvidiactl is not there\n  needed:\n",
		"\nAMD: a card at 0000:65:00.0\n  hip: no driver: looked for libamdhip64.so.5\n  /dev/kfd is there\n  /dev/dri is not there\n  needed:\n",
		"\n  opencl: only opencl:0, pthread, which is the processor\n",
		"--gpus all", "--device /dev/kfd", "beside this one the driver of a card",
	} {
		assert.Contains(t, b.String(), want)
	}
	assert.NotContains(t, b.String(), "the loader libOpenCL.so.1", "it is there")
	d.Devices = nil
	b.Reset()
	explain(&b, d, machine{"linux", root})
	assert.Contains(t, b.String(), "the loader libOpenCL.so.1")
	assert.Contains(t, b.String(), "pocl-opencl-icd")
	b.Reset()
	explain(&b, d, machine{"windows", root})
	assert.NotContains(t, b.String(), "/dev/")
	assert.NotContains(t, b.String(), "PCI")
}

func TestDevicesWatch(t *testing.T) {
	f := found(t)
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	done := make(chan int)
	var errs bytes.Buffer
	go func() { done <- watchDevices(ctx, f, time.Millisecond, false, streams{nil, w, &errs}) }()
	lines := bufio.NewScanner(r)
	var got []string
	for len(got) < 11 && lines.Scan() { // a header and five rows, five rows
		got = append(got, lines.Text())
	}
	cancel()
	go io.Copy(io.Discard, r)
	assert.Equal(t, exitDone, <-done)
	assert.Regexp(t, `^TIME +DEVICE    NAME `, got[0])
	for i, id := range []string{"cuda:0 ", "opencl:0 ", "opencl:1 ", "opencl:2 ", "- "} {
		assert.Regexp(t, `^\d{4}-\d\d-\d\dT\S+  `+id, got[1+i])
		assert.Regexp(t, `^\d{4}-\d\d-\d\dT\S+  `+id, got[6+i])
	}
	assert.Empty(t, errs.String())
}

func TestDevicesWatchJSON(t *testing.T) {
	f := found(t)
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	done := make(chan int)
	go func() { done <- watchDevices(ctx, f, time.Millisecond, true, streams{nil, w, io.Discard}) }()
	lines := bufio.NewScanner(r)
	for range 3 {
		require.True(t, lines.Scan())
		var d devices
		require.NoError(t, json.Unmarshal(lines.Bytes(), &d))
		assert.Len(t, d.Devices, 4)
	}
	cancel()
	go io.Copy(io.Discard, r)
	assert.Equal(t, exitDone, <-done)
}

// A reader that goes away ends it.
func TestDevicesWatchBrokenPipe(t *testing.T) {
	r, w := io.Pipe()
	require.NoError(t, r.Close())
	assert.Equal(t, exitFailed, watchDevices(context.Background(), found(t), time.Hour, false, streams{nil, w, io.Discard}))
}

// Ctrl-C is how it is meant to end.
func TestDevicesWatchInterrupted(t *testing.T) {
	c := asProcess(t, append(noDevices(), "RITZ_NVML="+nvml(t)), "devices", "--watch", "--every", "10ms")
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	lines := bufio.NewScanner(out)
	for range 5 {
		require.True(t, lines.Scan())
	}
	require.NoError(t, c.Process.Signal(syscall.SIGINT))
	for lines.Scan() {
		assert.Contains(t, lines.Text(), "NVIDIA")
	}
	require.NoError(t, c.Wait())
}

func TestOverwrite(t *testing.T) {
	var b bytes.Buffer
	n, err := overwrite(&b, "device one\ntwo °C\n", 0, 8)
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	assert.Equal(t, "device \ntwo °C\n", b.String())
	b.Reset()
	n, err = overwrite(&b, "one\n", 2, 80)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	assert.Equal(t, "\x1b[2A\x1b[Jone\n", b.String())
}

// A fault that lasts is told once.
func TestWarn(t *testing.T) {
	var b bytes.Buffer
	told := warn(&b, devices{faults: []error{errors.New("lost"), errors.New("hot")}}, nil)
	told = warn(&b, devices{faults: []error{errors.New("lost")}}, told)
	assert.Equal(t, "warning: lost\nwarning: hot\n", b.String())
	assert.Len(t, told, 2)
}
