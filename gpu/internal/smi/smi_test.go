package smi

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seed-0772dd2d/ritz/gpu/internal/dl"
	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
	"github.com/seed-0772dd2d/ritz/internal/cc"
)

// How testdata/fake.h says that a library behaves.
const (
	good = iota
	silent
	lost
	forbidden
	empty
	driverless
	half
)

const gib = 1 << 30

// fake is a library of testdata.
type fake struct {
	path string
	lib  *dl.Library
}

func newFake(t *testing.T, source string, flags ...string) fake {
	path := cc.Library(t, filepath.Join("testdata", source), flags...)
	lib, _, err := dl.Open("", path)
	require.NoError(t, err)
	return fake{path, lib}
}

func (f fake) behaves(as uintptr) { dl.Call(f.lib.Function("fake"), as) }
func (f fake) live() int          { return int(int32(dl.Call(f.lib.Function("fake_live")))) }

// kinds are the libraries, and what their fakes show.
var kinds = []struct {
	name, source string
	flags        []string
	open         func(...string) (Library, error)
	want         [2]Telemetry
	denied, gone string // the errors of a FORBIDDEN and of a LOST card
	driverless   string
}{
	{
		"nvml", "nvml.c", nil, openNVML,
		[2]Telemetry{
			{"nvml", "NVIDIA H100 PCIe", "0000:65:00.0", 3 * gib, 80 * gib, 0.37, 41, 123.456, 350, 1755, 1593},
			{"nvml", "NVIDIA A100-SXM4-80GB", "0001:0b:1f.0", 3 * gib, 80 * gib, 1, 42, 123.456, 350, 1755, 1593},
		},
		"NVIDIA H100 PCIe at 0000:65:00.0: nvml: nvmlDeviceGetPowerUsage: NVML_ERROR_NO_PERMISSION (4)",
		"NVIDIA A100-SXM4-80GB at 0001:0b:1f.0: nvml: nvmlDeviceGetMemoryInfo: NVML_ERROR_GPU_IS_LOST (15): device lost",
		"nvml: nvmlInit_v2: NVML_ERROR_DRIVER_NOT_LOADED (9): no such device",
	},
	{
		"rocm_smi of ROCm 5", "rocm_smi.c", nil, openROCmSMILibrary,
		[2]Telemetry{
			{"rocm_smi", "Radeon Instinct MI25", "0000:65:00.0", 3 * gib, 16 * gib, 0.37, 41, 123.456, 220, 5440, 945},
			{"rocm_smi", "Instinct MI250", "0001:c1:1f.1", 3 * gib, 16 * gib, 0.37, -5.5, 123.456, 220, 852, 167},
		},
		"Radeon Instinct MI25 at 0000:65:00.0: rocm_smi: rsmi_dev_power_ave_get: RSMI_STATUS_PERMISSION (4)",
		"Instinct MI250 at 0001:c1:1f.1: rocm_smi: device lost: it tells nothing any more",
		"rocm_smi: rsmi_init: RSMI_STATUS_INIT_ERROR (8): no such device",
	},
	{
		"rocm_smi of ROCm 6", "rocm_smi.c", []string{"-DROCM=6"}, openROCmSMILibrary,
		[2]Telemetry{
			{"rocm_smi", "Radeon Instinct MI25", "0000:65:00.0", 3 * gib, 16 * gib, 0.37, 41, 123.456, 220, 5440, 945},
			{"rocm_smi", "Instinct MI250", "0001:c1:1f.1", 3 * gib, 16 * gib, 0.37, -5.5, 212, 220, 852, 167},
		},
		"Radeon Instinct MI25 at 0000:65:00.0: rocm_smi: rsmi_dev_power_ave_get: RSMI_STATUS_PERMISSION (4)",
		"Instinct MI250 at 0001:c1:1f.1: rocm_smi: device lost: it tells nothing any more",
		"rocm_smi: rsmi_init: RSMI_STATUS_INIT_ERROR (8): no such device",
	},
	{
		"amd_smi of 2024", "amd_smi.c", []string{"-DYEAR=24"}, openAMDSMI, amdCards(123, 212),
		"AMD Instinct MI210 at 0000:65:00.0: amd_smi: amdsmi_get_power_info: AMDSMI_STATUS_NO_PERM (10)",
		"AMD Instinct MI300X at 0001:c1:1f.1: amd_smi: device lost: it tells nothing any more",
		"amd_smi: amdsmi_init: AMDSMI_STATUS_DRIVER_NOT_LOADED (34): no such device",
	},
	{
		"amd_smi of 2025", "amd_smi.c", []string{"-DYEAR=25"}, openAMDSMI, amdCards(123, 212),
		"AMD Instinct MI210 at 0000:65:00.0: amd_smi: amdsmi_get_power_info: AMDSMI_STATUS_NO_PERM (10)",
		"AMD Instinct MI300X at 0001:c1:1f.1: amd_smi: device lost: it tells nothing any more",
		"amd_smi: amdsmi_init: AMDSMI_STATUS_DRIVER_NOT_LOADED (34): no such device",
	},
	{
		"amd_smi of 2023, whose power is not understood", "amd_smi.c", []string{"-DYEAR=23"}, openAMDSMI, amdCards(None, None),
		"",
		"AMD Instinct MI300X at 0001:c1:1f.1: amd_smi: device lost: it tells nothing any more",
		"amd_smi: amdsmi_init: AMDSMI_STATUS_DRIVER_NOT_LOADED (34): no such device",
	},
}

func openROCmSMILibrary(files ...string) (Library, error) {
	r, err := openROCmSMI(files...)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func amdCards(first, second Reading) [2]Telemetry {
	return [2]Telemetry{
		{"amd_smi", "AMD Instinct MI210", "0000:65:00.0", 3 * gib, 64 * gib, 0.37, 41, first, 5300, 1700, 1600},
		{"amd_smi", "AMD Instinct MI300X", "0001:c1:1f.1", 3 * gib, 64 * gib, None, -5, second, 5300, 1700, 1600},
	}
}

// same compares, with readings that are none being equal.
func same(t *testing.T, want, got []Telemetry) {
	t.Helper()
	text := func(v any) string {
		b, err := json.MarshalIndent(v, "", " ")
		require.NoError(t, err)
		return string(b)
	}
	assert.Equal(t, text(want), text(got))
}

func TestReadings(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			f := newFake(t, k.source, k.flags...)
			l, err := k.open(f.path)
			require.NoError(t, err)
			all, err := l.Read()
			require.NoError(t, err)
			same(t, k.want[:], all)

			f.behaves(silent)
			all, err = l.Read()
			require.NoError(t, err)
			w := k.want[0]
			same(t, []Telemetry{{w.Source, w.Name, w.Bus, w.MemoryUsed, w.MemoryTotal, None, None, None, None, None, None}, k.want[1]}, all)

			f.behaves(forbidden)
			all, err = l.Read()
			if k.denied == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, k.denied)
				assert.NotErrorIs(t, err, driver.ErrLost)
			}
			w.Power = None
			same(t, []Telemetry{w}, all[:1])

			f.behaves(lost)
			all, err = l.Read()
			require.EqualError(t, err, k.gone)
			require.ErrorIs(t, err, driver.ErrLost)
			w = k.want[1]
			same(t, []Telemetry{k.want[0], {w.Source, w.Name, w.Bus, None, None, None, None, None, None, None, None}}, all)

			f.behaves(good)
			all, err = l.Read()
			require.NoError(t, err)
			same(t, k.want[:], all)

			assert.Equal(t, 1, f.live())
			require.NoError(t, l.Close())
			assert.Equal(t, 0, f.live())
		})
	}
}

func TestNoCards(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			f := newFake(t, k.source, k.flags...)
			f.behaves(driverless)
			l, err := k.open(f.path)
			assert.Nil(t, l)
			require.EqualError(t, err, k.driverless)
			require.ErrorIs(t, err, driver.ErrNoDevice)

			f.behaves(empty)
			l, err = k.open(f.path)
			assert.Nil(t, l)
			require.ErrorIs(t, err, driver.ErrNoDevice)
			assert.ErrorContains(t, err, f.path+" shows no card")
			assert.Equal(t, 0, f.live())
		})
	}
}

// A card that may not be opened does not hide the others.
func TestNVMLCardThatCannotBeOpened(t *testing.T) {
	f := newFake(t, "nvml.c")
	f.behaves(half)
	l, err := openNVML(f.path)
	require.NoError(t, err)
	all, err := l.Read()
	require.EqualError(t, err, "nvml: nvmlDeviceGetHandleByIndex_v2: NVML_ERROR_NO_PERMISSION (4)")
	same(t, kinds[0].want[1:], all)
	require.NoError(t, l.Close())
}

func TestMissing(t *testing.T) {
	for name, c := range map[string]struct {
		variable string
		open     func() (Library, error)
	}{"nvml": {"RITZ_NVML", NVML}, "amd_smi": {"RITZ_AMD_SMI", AMDSMI}, "rocm_smi": {"RITZ_ROCM_SMI", ROCmSMI}} {
		for _, value := range []string{"off", filepath.Join(t.TempDir(), "none.so")} {
			t.Setenv(c.variable, value)
			l, err := c.open()
			assert.Nil(t, l)
			require.ErrorIs(t, err, driver.ErrNoBackend, name)
			assert.ErrorContains(t, err, name+": ")
			assert.ErrorContains(t, err, value)
			var missing *driver.NoBackend
			require.True(t, errors.As(err, &missing))
		}
	}
}

// A library that is not the one it should be tells nothing, and does not crash.
func TestForeignLibrary(t *testing.T) {
	f := newFake(t, "nvml.c")
	for _, open := range []func(...string) (Library, error){openROCmSMILibrary, openAMDSMI} {
		_, err := open(f.path)
		require.ErrorContains(t, err, "no such function in "+f.path)
	}
}

// The real library, on a machine without a card of AMD, says that there is none.
func TestRealROCmSMI(t *testing.T) {
	if _, err := os.Stat("/dev/kfd"); err == nil || runtime.GOOS != "linux" {
		t.Skip("there is a card of AMD, or no Linux")
	}
	_, err := openROCmSMI("librocm_smi64.so.1", "librocm_smi64.so.5", "librocm_smi64.so.6", "librocm_smi64.so.7")
	if errors.Is(err, driver.ErrNoBackend) {
		cc.Missing(t, "ROCm SMI: "+err.Error())
	}
	require.ErrorIs(t, err, driver.ErrNoDevice)
	t.Log(err)

	if _, err := os.Stat("/sys/class/drm"); err != nil {
		_, err := ROCmSMI()
		require.EqualError(t, err, "rocm_smi: no such device: no /sys/class/drm: the kernel has loaded no driver of a graphics card")
	}
}

func TestReadingJSON(t *testing.T) {
	text, err := json.Marshal([]Reading{1.5, None, 0})
	require.NoError(t, err)
	assert.Equal(t, "[1.5,null,0]", string(text))
	var back []Reading
	require.NoError(t, json.Unmarshal(text, &back))
	assert.True(t, back[0] == 1.5 && !back[1].Known() && back[2] == 0, back)
	assert.Error(t, json.Unmarshal([]byte(`["warm"]`), &back))
}

// Whichever frequency is the current one, in either layout.
func TestRSMIClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hertz := rapid.SliceOfN(rapid.Uint64Range(1e6, 1e11), 1, 33).Draw(t, "hertz")
		current := rapid.IntRange(0, len(hertz)-1).Draw(t, "current")
		var words [80]uint32
		header := []uint32{uint32(len(hertz)), uint32(current)}
		if len(hertz) == 33 || rapid.Bool().Draw(t, "ROCm 6") {
			header = []uint32{uint32(rapid.IntRange(0, 1).Draw(t, "deep sleep")), uint32(len(hertz)), uint32(current), 0}
		}
		n := copy(words[:], header)
		for i, f := range hertz {
			words[n+2*i], words[n+2*i+1] = uint32(f), uint32(f>>32)
		}
		if got := rsmiClock(&words); math.Abs(float64(got)-float64(hertz[current])/1e6) > 1e-9 {
			t.Fatalf("%v of %v, want %v", got, hertz, hertz[current])
		}
		words[0], words[1], words[2] = 0, 0, 0 // no frequency
		if rsmiClock(&words).Known() {
			t.Fatal("a clock without frequencies")
		}
	})
}
