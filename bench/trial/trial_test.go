package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/internal/pocl"
)

func TestMain(m *testing.M) { os.Exit(pocl.Run(m)) }

// open begins a trial of a device of OpenCL.
func open(t *testing.T, settings Settings) *session {
	require.NoError(t, settings.complete())
	device, err := gpu.Open("opencl:0")
	if err != nil && os.Getenv("RITZ_REQUIRE_ENGINES") != "1" {
		t.Skipf("no OpenCL: %v", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, device.Close()) })
	queue, err := device.NewQueue()
	require.NoError(t, err)
	return &session{settings: settings, device: device, queue: queue, Report: &Report{Quick: settings.Quick, Device: device.Info()}}
}

func TestStages(t *testing.T) {
	var stages []string
	s := open(t, Settings{Quick: true, Orders: []int{2}, Progress: func(stage string, done, total int) {
		if done == total {
			stages = append(stages, stage)
		}
	}})
	require.NoError(t, s.check(t.Context()))
	assert.Len(t, s.Checks, 9)
	for _, c := range s.Checks {
		assert.Nil(t, c.Fault, c.Name)
	}

	require.NoError(t, s.agree(t.Context()))
	assert.Len(t, s.Agreement, 2*2*len(schemes))
	for _, a := range s.Agreement {
		assert.True(t, a.Passed, "%+v", a)
		assert.LessOrEqual(t, a.Difference, a.Tolerance)
	}

	require.NoError(t, s.transfer(t.Context()))
	assert.Nil(t, s.Transfer.Fault)
	for _, x := range []float64{s.Transfer.Copy, s.Transfer.Update, s.Transfer.Up, s.Transfer.Down, s.Transfer.Launch, s.Transfer.Call, s.Transfer.Round} {
		assert.True(t, x > 0 && !math.IsInf(x, 0), "%+v", s.Transfer)
	}

	require.NoError(t, s.waves(t.Context()))
	assert.Len(t, s.Waves, 2*len(schemes))
	for _, w := range s.Waves {
		assert.Nil(t, w.Fault, "%+v", w)
		assert.InEpsilon(t, float64(w.N*w.N)*float64(w.Steps)/w.Seconds/1e9, w.GCells, 1e-12)
		assert.Positive(t, w.OfCopy)
	}
	assert.Equal(t, []string{"checks", "agreement", "transfer", "waves"}, stages)
	assert.Zero(t, s.faults())

	// What a stage makes is closed, but for kernels that are compiled once a device.
	live := s.device.Live()
	require.NoError(t, errors.Join(s.check(t.Context()), s.transfer(t.Context()), s.waves(t.Context())))
	assert.Equal(t, live, s.device.Live())
}

// Every specialisation compiles; in short those of one order.
func TestPrograms(t *testing.T) {
	settings := Settings{}
	if testing.Short() {
		settings.Orders = []int{2}
	}
	s := open(t, settings)
	require.NoError(t, s.compile(t.Context()))
	for _, p := range s.Programs {
		assert.Nil(t, p.Fault, p.name())
		require.NotEmpty(t, p.Kernels, p.name())
		assert.NotEmpty(t, p.Kernels[0].Name)
	}
	assert.GreaterOrEqual(t, len(s.Programs), 6+2*16)
}

// A device without double precision is tried in single precision, and must refuse what is
// in double.
func TestNoDoublePrecision(t *testing.T) {
	s := open(t, Settings{Orders: []int{4}})
	s.Device.Float64 = false
	assert.Equal(t, []bool{false}, s.precisions())
	for _, source := range s.sources() {
		assert.False(t, source.Double, source.Name)
	}
	assert.ErrorContains(t, doubles(s), "says that it has none", "this one has")
}

func TestFaults(t *testing.T) {
	driver := &gpu.DriverError{Backend: "opencl", Call: "clBuildProgram", Code: -5, Name: "CL_OUT_OF_RESOURCES", Kind: gpu.ErrMemory}
	f := fault(errors.Join(errors.New("first"), driver))
	assert.Equal(t, "clBuildProgram", f.Call)
	assert.Equal(t, -5, f.Code)
	assert.Equal(t, "CL_OUT_OF_RESOURCES", f.Name)
	assert.Contains(t, f.Text, "first")
	assert.Nil(t, fault(nil))

	assert.NoError(t, over(t.Context(), driver), "the others go on")
	assert.ErrorIs(t, over(t.Context(), gpu.ErrLost), gpu.ErrLost)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, over(ctx, nil), context.Canceled)

	r := Report{Checks: []Check{{Fault: f}, {}}, Programs: []Program{{Fault: f}}, Agreement: []Agreement{{}, {Passed: true}},
		Transfer: &Transfer{Fault: f}, Waves: []Wave{{Fault: f}, {}}}
	assert.Equal(t, 5, r.faults())
}

func TestDifference(t *testing.T) {
	for _, c := range []struct {
		name      string
		want, got [][]float64
		d         float64
	}{
		{"none", [][]float64{{1, -2}}, [][]float64{{1, -2}}, 0},
		{"of the largest", [][]float64{{1, -4}, {100}}, [][]float64{{2, -4}, {101}}, 0.25},
		{"zeros", [][]float64{{0, 0}, {2}}, [][]float64{{0, 0}, {2}}, 0},
	} {
		d, err := difference(c.want, c.got)
		require.NoError(t, err, c.name)
		assert.InDelta(t, c.d, d, 1e-15, c.name)
	}
	for name, got := range map[string][][]float64{
		"not a number": {{1, math.NaN()}, {0}}, "infinite": {{1, math.Inf(1)}, {0}}, "shorter": {{1}, {0}}, "not zero": {{1, 2}, {1e-300}},
	} {
		_, err := difference([][]float64{{1, 2}, {0}}, got)
		assert.ErrorIs(t, err, errDifferent, name)
	}
}

// A device that differs from the CPU does not pass.
func TestAgreementFails(t *testing.T) {
	a := Agreement{Scheme: "fused", Order: 4, Precision: "float64", Case: "periodic", Difference: 0.3, Tolerance: 1e-13}
	r := Report{Agreement: []Agreement{a, {Scheme: "fused", Order: 2, Precision: "float64", Passed: true}}}
	var b bytes.Buffer
	require.NoError(t, r.Print(&b))
	assert.Regexp(t, `fused +float64 +0\.0e\+00 +FAIL 3\.0e-01`, b.String())
	assert.Contains(t, b.String(), "FAIL  fused, order 4, float64, periodic on 0 x 0 points: difference 0.3")
	assert.Contains(t, b.String(), "1 failed")
}

func TestRunRefuses(t *testing.T) {
	for name, want := range map[string]error{"nothing:0": gpu.ErrArgument, "opencl:x": gpu.ErrArgument} {
		r, err := Run(t.Context(), name, "v", Settings{})
		assert.ErrorIs(t, err, want)
		assert.Nil(t, r)
	}
	_, err := Run(t.Context(), "opencl:0", "v", Settings{Orders: []int{3}})
	assert.ErrorIs(t, err, gpu.ErrArgument)
}

// A report is saved after each stage and says that it has not ended; a trial that is
// interrupted ends, and does not pass.
func TestRunInterrupted(t *testing.T) {
	open(t, Settings{}).queue.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var saved []Report
	settings := Settings{Quick: true, Orders: []int{2},
		Progress: func(stage string, done, _ int) {
			if stage == "programs" && done == 2 {
				cancel()
			}
		},
		Save: func(r *Report) error { saved = append(saved, *r); return nil }}
	r, err := Run(ctx, "opencl:0", "v9", settings)
	require.NoError(t, err)
	require.Len(t, saved, 3)
	assert.False(t, saved[0].Ended)
	assert.Empty(t, saved[0].Programs)
	assert.Len(t, saved[1].Programs, 3)
	assert.True(t, saved[2].Ended)
	assert.False(t, r.Passed)
	require.NotNil(t, r.Stopped)
	assert.Equal(t, context.Canceled.Error(), r.Stopped.Text)
	assert.Nil(t, r.Transfer)

	text, err := json.Marshal(r)
	require.NoError(t, err)
	var back Report
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, *r, back)
	var b bytes.Buffer
	require.NoError(t, r.Print(&b))
	assert.Contains(t, b.String(), "Stopped: context canceled\n\nnot finished in")

	// A disk that is full is told, whatever the device does.
	settings.Save = func(*Report) error { return os.ErrPermission }
	settings.Progress = nil
	r, err = Run(t.Context(), "opencl:0", "v9", settings)
	assert.ErrorIs(t, err, os.ErrPermission)
	assert.NotNil(t, r.Stopped)
}
