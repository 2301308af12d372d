//go:build goamdsmi && cgo

package smi

import (
	"os"
	"testing"

	goamdsmi "github.com/amd/go_amd_smi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// Against the real library on a machine without a card of AMD; or, if RITZ_ROCM_SMI names
// it, against testdata/rocm_smi.c, to which the binding must be linked as well.
func TestGoAMDSMI(t *testing.T) {
	if os.Getenv("RITZ_ROCM_SMI") == "" {
		if _, err := os.Stat("/dev/kfd"); err == nil {
			t.Skip("there is a card of AMD")
		}
		_, err := GoAMDSMI()
		require.ErrorIs(t, err, driver.ErrNoDevice)
		assert.Zero(t, goamdsmi.GO_rsmi_init())
		assert.Zero(t, goamdsmi.GO_rsmi_num_monitor_devices())
		return
	}
	l, err := GoAMDSMI()
	require.NoError(t, err)
	all, err := l.Read()
	require.NoError(t, err)
	same(t, []Telemetry{
		{"goamdsmi", "Radeon Instinct MI25", "0000:65:00.0", 3 * gib, 16 * gib, 0.37, 41, 123.456, 220, 5440, 945},
		{"goamdsmi", "Instinct MI250", "0001:c1:1f.1", 3 * gib, 16 * gib, 0.37, -5.5, 123.456, 220, 852, 167},
	}, all)
	require.NoError(t, l.Close())
}
