package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/bench/trial"
	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/internal/cc"
	"github.com/seed-0772dd2d/ritz/internal/job"
)

// tryDevice runs ritz devices test in a folder of its own.
func tryDevice(t *testing.T, env []string, args ...string) (code int, out, errs, folder string) {
	var o, e bytes.Buffer
	c := asProcess(t, env, append([]string{"devices", "test"}, args...)...)
	c.Dir, c.Stdout, c.Stderr = t.TempDir(), &o, &e
	if err := c.Run(); err != nil {
		exit, ok := err.(*exec.ExitError)
		require.True(t, ok, err)
		code = exit.ExitCode()
	}
	return code, o.String(), e.String(), c.Dir
}

func readReport(t *testing.T, path string) trial.Report {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var r trial.Report
	require.NoError(t, json.Unmarshal(text, &r))
	return r
}

func TestDeviceTestRefuses(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "test which device"},
		{[]string{"opencl:0", "opencl:1"}, `unexpected argument "opencl:1"`},
		{[]string{"opencl:0", "--fast"}, "flag provided but not defined: -fast"},
		{[]string{"opencl:0", "--order", "two"}, "expected a whole number"},
		{[]string{"opencl:0", "--order", "3"}, "order 3, want of [2 4 6 8]"},
		{[]string{"gpu"}, `device "gpu", want opencl:0`},
		{[]string{"opencl:0"}, "ritz: no driver for opencl:0 on this machine, which has cpu; ritz devices says what is missing\n"},
		{[]string{"cuda:0"}, "ritz: no driver for cuda:0 on this machine, which has cpu; ritz devices says what is missing\n"},
		{[]string{"auto"}, "ritz: no device on this machine; ritz devices says what is missing\n"},
	} {
		code, out, errs, folder := tryDevice(t, noDevices(), c.args...)
		assert.Equal(t, exitUsage, code, c.args)
		assert.Empty(t, out, c.args)
		assert.Contains(t, errs, c.want, c.args)
		files, err := os.ReadDir(folder)
		require.NoError(t, err)
		assert.Empty(t, files, c.args)
	}
}

// A card without a compiler fails, and the report says at what.
func TestDeviceTestFails(t *testing.T) {
	sources, err := filepath.Abs(filepath.Join("..", "..", "gpu", "internal", "cuda", "testdata"))
	require.NoError(t, err)
	env := append(noDevices(), "RITZ_NVML="+nvml(t),
		"RITZ_CUDA="+cc.Library(t, filepath.Join(sources, "driver.c"), "-Wno-unused-result", "-pthread", "-DSOURCES=\""+sources+"\"", "-DWORK=\""+t.TempDir()+"\""))
	code, out, errs, folder := tryDevice(t, env, "cuda:0", "--quick", "--order", "2")
	assert.Equal(t, exitFailed, code, errs)
	assert.Contains(t, out, "ok    memory written and read\n")
	assert.Contains(t, out, "FAIL  arguments of every type: ")
	assert.Contains(t, out, "report: ritz-device-cuda-0.json\n")
	r := readReport(t, filepath.Join(folder, "ritz-device-cuda-0.json"))
	assert.True(t, r.Ended)
	assert.False(t, r.Passed)
	assert.Equal(t, "cuda:0", r.Device.ID)
	require.NotEmpty(t, r.Programs)
	require.NotNil(t, r.Programs[0].Fault)
	assert.Contains(t, r.Programs[0].Fault.Text, "RITZ_NVRTC=off")
	require.NotEmpty(t, r.Agreement)
	assert.NotNil(t, r.Agreement[0].Fault)
	require.NotNil(t, r.Before)
	assert.EqualValues(t, 41, r.Before.Temperature)
	assert.NotNil(t, r.After)
}

// The whole of it, where there is OpenCL.
func TestDeviceTest(t *testing.T) {
	if testing.Short() {
		t.Skip("some ten seconds")
	}
	if list, err := gpu.Devices(); len(list) == 0 && os.Getenv("RITZ_REQUIRE_ENGINES") != "1" {
		t.Skipf("no OpenCL: %v", err)
	}
	code, out, errs, folder := tryDevice(t, []string{"POCL_CACHE_DIR=" + t.TempDir()}, "opencl:0", "--quick", "--order", "2", "--report", "mine.json")
	require.Equal(t, exitDone, code, "%s\n%s", out, errs)
	assert.Regexp(t, `(?m)^\[#+-*\] +\d+% programs \d+/\d+$`, errs)
	assert.True(t, strings.HasPrefix(errs, "one program is wrong on purpose: "), errs)
	assert.Contains(t, out, "\nall passed in ")
	assert.Contains(t, out, "report: mine.json\n")
	r := readReport(t, filepath.Join(folder, "mine.json"))
	assert.True(t, r.Passed && r.Ended && r.Quick)
	assert.Equal(t, job.Version, r.Ritz)
	assert.Equal(t, "opencl", r.Device.Backend)
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Len(t, files, 1, "no file is left half written")
}
