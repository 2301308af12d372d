package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed"
)

func TestMain(m *testing.M) {
	distributed.Register("ball", ball)
	os.Exit(m.Run())
}

func TestBall(t *testing.T) {
	volume, sigma, err := run(t.Context(), 20, 50_000)
	require.NoError(t, err)
	require.InDelta(t, exact, volume, 3*sigma)
	require.Less(t, sigma, 0.06)
	again, _, err := run(t.Context(), 20, 50_000)
	require.NoError(t, err)
	require.Equal(t, volume, again, "seeds, not workers, decide")
}
