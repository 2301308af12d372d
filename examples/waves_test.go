package examples

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/job"
	"github.com/seed-0772dd2d/ritz/internal/npy"
)

func runWaves(t *testing.T, name string, sets ...string) string {
	j, err := job.Load(name, append(sets, "output.figures=[]", "output.animation=none"))
	require.NoError(t, err)
	run, err := job.Run(t.Context(), j, filepath.Join(t.TempDir(), "run"), job.Options{})
	require.NoError(t, err)
	require.Equal(t, job.Done, run.Status, run.Reason)
	return run.Dir
}

// The numbers of ParallelStencil.jl's miniapp, with its mask and, where that is
// left out, without.
func TestAcoustic(t *testing.T) {
	type numbers struct{ Sum, Max, Min, Norm2, Centre float64 }
	for faces, want := range map[string]numbers{
		"inner": {126.676869774373, 0.0920973056329801, -0.0636193770595933, 5.62797672647559, 0.0271628448019373},
		"all":   {0, 0.0948143764219588, -0.0630522041695483, 5.62820706559552, 0},
	} {
		dir := runWaves(t, "acoustic.yaml", "faces="+faces)
		data, err := os.ReadFile(filepath.Join(dir, "result.json"))
		require.NoError(t, err)
		var r struct {
			Steps    int
			Dt       float64
			Pressure numbers
		}
		require.NoError(t, json.Unmarshal(data, &r))
		require.Equal(t, 1000, r.Steps)
		require.InDelta(t, 0.038409832917226813, r.Dt, 1e-17)
		got := r.Pressure
		if faces == "inner" {
			require.InEpsilon(t, want.Sum, got.Sum, 1e-12)
			require.InEpsilon(t, want.Centre, got.Centre, 1e-12)
		}
		require.InEpsilon(t, want.Max, got.Max, 1e-12)
		require.InEpsilon(t, want.Min, got.Min, 1e-12)
		require.InEpsilon(t, want.Norm2, got.Norm2, 1e-12)
	}
}

// The echo of the first interface comes back to the source when it should: after
// the way down and up at 1500 m/s and the delay of the pulse, 0.075 s.
func TestAcousticLayers(t *testing.T) {
	dir := runWaves(t, "acoustic_layers.yaml", "time=0.45")
	f, err := os.Open(filepath.Join(dir, "receivers.npy"))
	require.NoError(t, err)
	defer f.Close()
	shape, v, err := npy.Read(f)
	require.NoError(t, err)
	require.Equal(t, 141, shape[1])
	data, err := os.ReadFile(filepath.Join(dir, "result.json"))
	require.NoError(t, err)
	var r struct{ Dt float64 }
	require.NoError(t, json.Unmarshal(data, &r))
	loudest, at := 0.0, 0.0
	for n := int(0.25 / r.Dt); n < shape[0]; n++ { // after the direct wave
		if a := math.Abs(v[n*141+40]); a > loudest { // at x = 500
			loudest, at = a, float64(n+1)*r.Dt
		}
	}
	require.InDelta(t, (188+192)/1500.+0.075, at, 0.015) // half of the pulse; there is a ghost from the surface
}
