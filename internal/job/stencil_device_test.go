package job

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/stencil"
)

// openCL skips a test where there is no device of OpenCL, and tells its name.
func openCL(t *testing.T) string {
	d, err := gpu.Open("opencl:0")
	if err != nil && os.Getenv("RITZ_REQUIRE_ENGINES") != "1" {
		t.Skipf("no OpenCL: %v", err)
	}
	require.NoError(t, err)
	defer d.Close()
	return shown(d.Info())
}

// near requires two files to hold the same numbers, but for rounding.
func near(t *testing.T, want, got string) {
	t.Helper()
	shape, a := array(t, want)
	other, b := array(t, got)
	require.Equal(t, shape, other)
	largest := 0.0
	for _, v := range a {
		largest = max(largest, math.Abs(v))
	}
	require.Positive(t, largest)
	for k, v := range a {
		require.InDelta(t, v, b[k], 1e-12*largest)
	}
}

// A job writes on a device what it writes on the processor, but for rounding.
func TestStencilOnDevice(t *testing.T) {
	name := openCL(t)
	host := wave(t, resumed, Options{})
	device := wave(t, resumed+"device: opencl:0\n", Options{})
	require.Equal(t, Done, device.Status, device.Reason)
	assert.Equal(t, name, device.Device)
	assert.Equal(t, "cpu", host.Device)
	want, got := contents(t, host.Dir), contents(t, device.Dir)
	for file := range want {
		require.Contains(t, got, file)
		if filepath.Ext(file) == ".npy" {
			near(t, filepath.Join(host.Dir, file), filepath.Join(device.Dir, file))
		}
	}
	require.Len(t, got, len(want))
	assert.InEpsilon(t, float64(*host.Body.(*stencilBody).Energy), float64(*device.Body.(*stencilBody).Energy), 1e-12)

	for id, want := range map[string]string{"opencl:0": `device +opencl:0 \(.+\), about \d.* of its memory`, "auto": `device +cpu`} {
		j, err := decode("a.yaml", resumed+"device: "+id+"\n", nil)
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, j.Check(&b))
		if list, err := gpu.Devices(); id == "auto" && slices.ContainsFunc(list, func(i gpu.Info) bool { return !i.CPU }) {
			t.Logf("there is a GPU: %v, %v", list, err)
			want = `device +\w+:\d+ \(.+\)`
		}
		assert.Regexp(t, want, b.String())
	}
}

// A result says what computed it, not what was asked for.
func TestStencilAuto(t *testing.T) {
	want := `^cpu$`
	if list, _ := gpu.Devices(); slices.ContainsFunc(list, func(i gpu.Info) bool { return !i.CPU }) {
		want = `^\w+:\d+ \(.+\)$`
	}
	r := wave(t, small+"steps: 1\ndevice: auto\n", Options{})
	require.Equal(t, Done, r.Status, r.Reason)
	assert.Regexp(t, want, r.Device)
}

// While kernels are compiled the run says so, and can be interrupted; nothing is left then.
func TestStencilCompiling(t *testing.T) {
	name := openCL(t)
	dir := filepath.Join(t.TempDir(), "out")
	j, err := decode("a.yaml", resumed+"device: opencl:0\n", nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var told []Progress
	r, err := Run(ctx, j, dir, Options{Progress: func(p Progress) {
		told = append(told, p)
		cancel()
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.Nil(t, r)
	require.Len(t, told, 1)
	require.Equal(t, "compiling kernels for "+name, told[0].Name)
	require.Zero(t, told[0].Stages)
	require.Zero(t, told[0].Iteration)
	require.Positive(t, told[0].Iterations)
	require.NoDirExists(t, dir)

	// A task ends with why it was ended.
	ended := errors.New("somebody ended it")
	why, end := context.WithCancelCause(t.Context())
	end(ended)
	task := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(task, "job.yaml"), []byte(resumed+"device: opencl:0\n"), 0o600))
	_, err = taskRun(why, nil, task, io.Discard)
	require.Equal(t, ended, err)
}

// A run that is interrupted goes on elsewhere: from device to processor, and back.
func TestStencilResumeElsewhere(t *testing.T) {
	openCL(t)
	whole := wave(t, resumed, Options{})
	dir := filepath.Join(t.TempDir(), "out")
	j, err := decode("a.yaml", resumed+"device: opencl:0\n", nil)
	require.NoError(t, err)
	until := func(step int) (context.Context, Options) {
		ctx, cancel := context.WithCancel(t.Context())
		return ctx, Options{Progress: func(p Progress) {
			if p.Iteration >= step {
				cancel()
			}
		}}
	}
	ctx, o := until(30)
	r, err := Run(ctx, j, dir, o)
	require.NoError(t, err)
	for _, to := range []string{"cpu", "opencl:0"} {
		require.Equal(t, Stopped, r.Status, r.Reason)
		file := filepath.Join(dir, "job.yaml")
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		from := map[string]string{"cpu": "device: 'opencl:0'", "opencl:0": "device: cpu"}[to]
		moved := strings.Replace(string(text), from, "device: "+to, 1)
		require.NotEqual(t, string(text), moved)
		require.NoError(t, os.WriteFile(file, []byte(moved), 0o600))
		ctx, o := until(map[string]int{"cpu": 60, "opencl:0": 1000}[to])
		r, err = Resume(ctx, dir, o)
		require.NoError(t, err)
	}
	require.Equal(t, Done, r.Status, r.Reason)
	require.Contains(t, r.Device, "opencl:0 (")
	for _, file := range []string{"pressure.npy", "receivers.npy", "snapshots/p_000090.npy"} {
		near(t, filepath.Join(whole.Dir, file), filepath.Join(dir, file))
	}
}

// When a device is lost, what was done is kept: outputs, traces, and the checkpoint from
// before, from which the run goes on.
func TestStencilDeviceIsLost(t *testing.T) {
	openCL(t)
	whole := wave(t, resumed, Options{})
	dir := filepath.Join(t.TempDir(), "out")
	j, err := decode("a.yaml", resumed+"device: opencl:0\n", nil)
	require.NoError(t, err)
	var w *stencilWork
	made, err := j.task.compile(t.Context(), &Options{Progress: func(p Progress) {
		if p.Iteration == 45 {
			require.NoError(t, w.device.Close())
		}
	}})
	require.NoError(t, err)
	w = made.(*stencilWork)
	d, err := create(dir, j)
	require.NoError(t, err)
	r, err := j.sit(t.Context(), w, d, Options{})
	require.NoError(t, err)
	w.release()
	d.unlock()
	require.Equal(t, Failed, r.Status)
	require.Contains(t, r.Reason, "stencil: on device opencl:0")
	body := r.Body.(*stencilBody)
	assert.Equal(t, 45, body.Steps)
	assert.True(t, math.IsNaN(float64(body.Pressure.Max)))
	assert.Len(t, readCSV(t, filepath.Join(dir, "receivers.csv")), 1+45)
	near(t, filepath.Join(whole.Dir, "snapshots/p_000030.npy"), filepath.Join(dir, "snapshots/p_000030.npy"))
	assert.NoFileExists(t, filepath.Join(dir, "pressure.npy"))

	r, err = Resume(t.Context(), dir, Options{})
	require.NoError(t, err)
	require.Equal(t, Done, r.Status, r.Reason)
	near(t, filepath.Join(whole.Dir, "receivers.npy"), filepath.Join(dir, "receivers.npy"))
}

// A device that is not there, or cannot do the job, is refused at its place in the file.
func TestStencilDeviceFaults(t *testing.T) {
	for text, want := range map[string]string{
		small + "steps: 1\ndevice: gpu\n":           `a.yaml:5:9: device: expected cpu, auto, or a device as ritz devices lists them, opencl:0, cuda:0 or hip:0, got "gpu"`,
		small + "steps: 1\ndevice: cuda\n":          `got "cuda"`,
		small + "steps: 1\ndevice: [cpu]\n":         "a.yaml:5:9: device: expected",
		"ritz: 1\nkind: sample\ndevice: opencl:0\n": "a.yaml:3:9: device: jobs of kind sample run on the cpu; those of kind stencil run on devices",
	} {
		_, err := decode("a.yaml", text, nil)
		assert.ErrorContains(t, err, want, text)
	}

	j, err := decode("a.yaml", small+"steps: 1\ndevice: cuda:77\n", nil)
	require.NoError(t, err)
	_, err = Run(t.Context(), j, filepath.Join(t.TempDir(), "out"), Options{})
	require.ErrorContains(t, err, "a.yaml:5:9: device: ")
	require.Regexp(t, `device: (no driver for|there is no) cuda:77 on this machine, which has cpu.*; ritz devices says what is missing\n`, err.Error())
	require.NoError(t, j.Check(new(bytes.Buffer)), "it may be meant for another machine")
	require.Len(t, j.Warnings(), 1)
	require.Regexp(t, "^device: .* cuda:77 on this machine, ", j.Warnings()[0])

	name := openCL(t)
	j, err = decode("a.yaml", small+"steps: 1\ndevice: opencl:0\nplan: {width: 1000, height: 1000, steps: 4}\n", nil)
	require.NoError(t, err)
	_, err = j.task.compile(t.Context(), &Options{})
	require.ErrorContains(t, err, "a.yaml:6:7: plan: tiles of 1000 x 1000 cells for 4 steps of order 2")
	require.Equal(t, err.Error(), j.Check(new(bytes.Buffer)).Error(), "as a run says it")

	task := j.task.(*stencilTask)
	task.settings.Plan = stencil.Plan{}
	for _, c := range []struct {
		change func(*gpu.Info)
		want   string
		kind   error
	}{
		{func(i *gpu.Info) { i.Float64 = false }, "a.yaml:5:9: device: " + name + " has no double precision: it wants precision: float32", gpu.ErrNoFloat64},
		{func(i *gpu.Info) { i.Memory = 100 }, "a.yaml:3:7: grid: 72 points want about ", gpu.ErrMemory},
		{func(i *gpu.Info) { i.MaxAlloc = 100 }, "a.yaml:3:7: grid: 72 points want a buffer of 1 MB in the memory of " + name, gpu.ErrMemory},
		{func(*gpu.Info) {}, "", nil},
	} {
		d, err := gpu.Open("opencl:0")
		require.NoError(t, err)
		info := d.Info()
		require.NoError(t, d.Close())
		c.change(&info)
		err = task.suits(info)
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, c.kind)
		require.ErrorContains(t, err, c.want)
	}
}
