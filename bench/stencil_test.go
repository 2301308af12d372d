package bench

import (
	"context"
	"math"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/stencil"
)

func TestStencil(t *testing.T) {
	small := tiny
	small.cells, small.large = 64, 96
	r, err := stencils(context.Background(), Settings{Threads: 2, Quick: true}, small)
	require.NoError(t, err)
	_, missing := exec.LookPath("gcc")
	found := map[string]int{}
	for _, v := range r.Results {
		require.True(t, v.Value > 0 && !math.IsInf(v.Value, 0), "%+v", v)
		if v.Group != groupStencil {
			continue
		}
		found[v.Name]++
		if v.Naive != "" {
			require.Equal(t, missing == nil, v.Naive == "two passes in C, 64²")
			require.Greater(t, v.OverNaive, 0.0)
		}
	}
	want := map[string]int{
		"two passes in Go, 64²": 4, "one pass, 64²": 4, "tiled, 64²": 4, "tiled, density and modulus, 64²": 2,
		"tiled, CPML and a source, 64²": 2, "tiled, 96²": 1, "in cache, 255²": 4,
	}
	if missing == nil {
		want["two passes in C, 64²"] = 4
	}
	require.Equal(t, want, found)
}

// The plain loops, in Go and in C, are the scheme that is measured beside them.
func TestPlainPassesAreTheScheme(t *testing.T) {
	const n, steps = 45, 30
	want, err := waves(context.Background(), n, 1, false, stencil.Plan{}, nil)(steps)
	require.NoError(t, err)
	require.Greater(t, math.Abs(want), 1e-3)
	got, err := plainPasses[float64](n, 2)(steps)
	require.NoError(t, err)
	require.InDelta(t, want, got, 1e-13)

	if _, err := exec.LookPath("gcc"); err != nil {
		t.Log("skipped the program in C: ", err)
		return
	}
	c, stop, err := inC(context.Background(), t.TempDir(), "float64", n, 2)
	require.NoError(t, err)
	defer stop()
	got, err = c(steps)
	require.NoError(t, err)
	require.InDelta(t, want, got, 1e-13)
}
