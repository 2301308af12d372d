package gpu

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
	"github.com/seed-0772dd2d/ritz/internal/pocl"
)

func TestMain(m *testing.M) { os.Exit(pocl.Run(m)) }

// listed is a driver that lists devices and opens those of no fault.
type listed struct {
	name    string
	devices []Info
	fault   error // beside the devices
}

func (l *listed) Name() string             { return l.name }
func (l *listed) Devices() ([]Info, error) { return l.devices, l.fault }
func (l *listed) Open(i int) (driver.Device, error) {
	return opened{}, nil
}

type opened struct{ driver.Device }

func (opened) Close() error { return nil }

// with makes the drivers of a test the only ones.
func with(t *testing.T, drivers ...*listed) {
	all := backends
	t.Cleanup(func() { backends = all })
	backends = nil
	for _, d := range drivers {
		backends = append(backends, backend{d.name, func() (driver.Backend, error) {
			if d.devices == nil && d.fault != nil {
				return nil, d.fault
			}
			return d, nil
		}})
	}
}

func TestAuto(t *testing.T) {
	gone := &driver.NoBackend{Backend: "cuda", Cause: errors.New("none")}
	fault := errors.New("a platform fails")
	device := func(id, backend string, cpu bool) Info { return Info{ID: id, Backend: backend, CPU: cpu} }
	processor, card, vendor := device("opencl:0", "opencl", true), device("opencl:1", "opencl", false), device("hip:0", "hip", false)
	for _, c := range []struct {
		name    string
		drivers []*listed
		want    string // or "" for an error
		is      error
	}{
		{"a processor", []*listed{{"opencl", []Info{processor}, nil}}, "opencl:0", nil},
		{"a card before a processor", []*listed{{"opencl", []Info{processor, card}, nil}}, "opencl:1", nil},
		{"the vendor's driver first", []*listed{{"opencl", []Info{processor, card}, nil}, {"hip", []Info{vendor}, nil}}, "hip:0", nil},
		{"another driver is missing", []*listed{{"cuda", nil, gone}, {"opencl", []Info{processor}, nil}}, "opencl:0", nil},
		{"a fault beside a device", []*listed{{"opencl", []Info{processor}, fault}}, "opencl:0", nil},
		{"no driver", []*listed{{"cuda", nil, gone}}, "", ErrNoBackend},
		{"a fault", []*listed{{"opencl", []Info{}, fault}}, "", fault},
		{"no device", []*listed{{"opencl", []Info{}, nil}}, "", ErrNoDevice},
	} {
		t.Run(c.name, func(t *testing.T) {
			with(t, c.drivers...)
			d, err := Open("auto")
			if c.want == "" {
				require.ErrorIs(t, err, c.is)
				assert.Nil(t, d)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, d.Info().ID)
			require.NoError(t, d.Close())
		})
	}
}

func TestOpen(t *testing.T) {
	fault := errors.New("a platform fails")
	with(t, &listed{"opencl", []Info{{ID: "opencl:0"}, {ID: "opencl:1"}}, fault})
	for id, want := range map[string]error{
		"opencl:0": nil, "opencl:1": nil, "opencl:2": ErrNoDevice,
		"": ErrArgument, "opencl": ErrArgument, "opencl:": ErrArgument, "opencl:-1": ErrArgument, "opencl:x": ErrArgument,
		"opencl:0:0": ErrArgument, "metal:0": ErrArgument, ":0": ErrArgument, "Auto": ErrArgument,
	} {
		d, err := Open(id)
		if want != nil {
			assert.ErrorIs(t, err, want, id)
			assert.Nil(t, d, id)
			continue
		}
		require.NoError(t, err, id)
		assert.Equal(t, id, d.Info().ID)
	}
	_, err := Open("opencl:2")
	assert.ErrorIs(t, err, fault, "why there are fewer than expected")
	all, err := Devices()
	assert.Len(t, all, 2)
	assert.ErrorIs(t, err, fault)
}

// Without any driver everything says what is missing. The drivers are loaded once, so
// it runs in a process of its own.
func TestNoDriver(t *testing.T) {
	if os.Getenv("RITZ_TEST_NO_DRIVER") == "" {
		child := exec.Command(os.Args[0], "-test.run=^TestNoDriver$", "-test.v")
		child.Env = append(os.Environ(), "RITZ_TEST_NO_DRIVER=1", "RITZ_OPENCL=off", "RITZ_CUDA=off", "RITZ_HIP=off")
		said, err := child.CombinedOutput()
		require.NoError(t, err, string(said))
		assert.Contains(t, string(said), "--- PASS: TestNoDriver")
		return
	}
	all, err := Devices()
	assert.Empty(t, all)
	for _, id := range []string{"auto", "opencl:0"} {
		_, openErr := Open(id)
		for _, err := range []error{err, openErr} {
			assert.ErrorIs(t, err, ErrNoBackend)
			assert.ErrorContains(t, err, "RITZ_OPENCL=off")
		}
	}
	for _, b := range backends {
		_, err := Open(b.name + ":0")
		assert.ErrorIs(t, err, ErrNoBackend, b.name)
	}
}
