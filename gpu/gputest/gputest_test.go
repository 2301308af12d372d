package gputest

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/internal/pocl"
)

func TestMain(m *testing.M) { os.Exit(pocl.Run(m)) }

// Every device that is here passes.
func TestDevices(t *testing.T) {
	devices, err := gpu.Devices()
	if len(devices) == 0 {
		if os.Getenv("RITZ_REQUIRE_ENGINES") == "1" {
			require.NoError(t, err)
			t.Fatal("no device, want PoCL at least")
		}
		t.Skipf("no device: %v", err)
	}
	for _, i := range devices {
		t.Run(i.ID, func(t *testing.T) {
			Run(t, func(t testing.TB) *gpu.Device {
				d, err := gpu.Open(i.ID)
				require.NoError(t, err)
				require.Equal(t, i, d.Info())
				return d
			}, Options{})
		})
	}
}
