package gpu_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/internal/cc"
)

// management sets the variables that name the management libraries.
func management(t *testing.T, nvml, amd, rocm string) {
	t.Setenv("RITZ_NVML", nvml)
	t.Setenv("RITZ_AMD_SMI", amd)
	t.Setenv("RITZ_ROCM_SMI", rocm)
}

func fakeLibrary(t *testing.T, source string, flags ...string) string {
	return cc.Library(t, filepath.Join("internal", "smi", "testdata", source), flags...)
}

func TestMonitorWithoutLibraries(t *testing.T) {
	management(t, "off", "off", "off")
	m, err := gpu.OpenMonitor()
	require.ErrorIs(t, err, gpu.ErrNoBackend)
	for _, name := range []string{"nvml: ", "rocm_smi: ", "RITZ_NVML=off"} {
		assert.ErrorContains(t, err, name)
	}
	all, err := m.Read()
	require.NoError(t, err)
	assert.Empty(t, all)
	require.NoError(t, m.Close())
}
