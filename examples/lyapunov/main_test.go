package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed"
)

func TestMain(m *testing.M) {
	distributed.Register("spectrum", spectrum)
	os.Exit(m.Run())
}

func TestRun(t *testing.T) {
	out := filepath.Join(t.TempDir(), "lyapunov.png")
	require.NoError(t, run(t.Context(), "", 8, 20, out))
	require.FileExists(t, out)
}

// What the workers compute is what one process computes.
func TestSweep(t *testing.T) {
	client, stop, err := connect(t.Context(), "")
	require.NoError(t, err)
	defer func() { require.NoError(t, stop()) }()
	rho := []float64{0.5, 28, 100}
	got, err := sweep(t.Context(), client, rho, 20)
	require.NoError(t, err)
	for i, r := range rho {
		want, err := lorenz{10, r, 8. / 3}.spectrum(20, 0.002)
		require.NoError(t, err)
		require.Equal(t, want, got[i])
	}
}
