//go:build !(goamdsmi && cgo)

package gpu_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
)

// Of AMD's libraries the newer one is read.
func TestMonitorPrefersAMDSMI(t *testing.T) {
	management(t, "off", fakeLibrary(t, "amd_smi.c", "-DYEAR=26"), fakeLibrary(t, "rocm_smi.c"))
	m, err := gpu.OpenMonitor()
	require.ErrorIs(t, err, gpu.ErrNoBackend) // NVML
	assert.NotContains(t, err.Error(), "smi:")
	defer m.Close()
	all, err := m.Read()
	require.NoError(t, err)
	require.Len(t, all, 2)
	assert.Equal(t, "amd_smi", all[0].Source)
	assert.Equal(t, "amd_smi", all[1].Source)
}

// The cards of all vendors.
func TestMonitor(t *testing.T) {
	nvml := fakeLibrary(t, "nvml.c")
	rocm := fakeLibrary(t, "rocm_smi.c")
	management(t, nvml, "off", rocm)
	m, err := gpu.OpenMonitor()
	require.NoError(t, err)
	all, err := m.Read()
	require.NoError(t, err)
	var names []string
	for _, card := range all {
		names = append(names, card.Source+" "+card.Bus)
	}
	assert.Equal(t, []string{"nvml 0000:65:00.0", "nvml 0001:0b:1f.0"}, names[:2])
	assert.Len(t, names, 4)

	text, err := json.Marshal(all[0])
	require.NoError(t, err)
	assert.JSONEq(t, `{"source": "nvml", "name": "NVIDIA H100 PCIe", "bus": "0000:65:00.0", "memory_used": 3221225472,
		"memory_total": 85899345920, "load": 0.37, "temperature_c": 41, "power_w": 123.456, "power_limit_w": 350,
		"core_clock_mhz": 1755, "memory_clock_mhz": 1593}`, string(text))

	require.NoError(t, m.Close())
	require.ErrorIs(t, m.Close(), gpu.ErrClosed)
	_, err = m.Read()
	require.ErrorIs(t, err, gpu.ErrClosed)
}
