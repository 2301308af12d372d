package stencil

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
)

// watchedVariable makes the test binary the process that Oclgrind watches: of all schemes,
// or of tiles.
const watchedVariable = "RITZ_TEST_OCLGRIND"

const oclgrind = "/usr/lib/oclgrind/liboclgrind-rt-icd.so"

// Oclgrind, which runs kernels one instruction after the other, finds no data race, no
// access outside memory, no barrier that a part of a group misses, and in tiles, which alone
// begin with memory that nobody has written, no value from it.
func TestOclgrindFindsNothing(t *testing.T) {
	if _, err := os.Stat(oclgrind); err != nil && os.Getenv("RITZ_REQUIRE_ENGINES") != "1" {
		t.Skipf("no Oclgrind: %v", err)
	}
	if testing.Short() {
		t.Skip("half a minute")
	}
	t.Parallel()
	for schemes, check := range map[string]string{"all": "OCLGRIND_DATA_RACES=1", "tiles": "OCLGRIND_UNINITIALIZED=1"} {
		t.Run(check, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "oclgrind.icd"), []byte(oclgrind+"\n"), 0o600))
			log := filepath.Join(dir, "log")
			exe, err := os.Executable()
			require.NoError(t, err)
			c := exec.CommandContext(t.Context(), exe, "-test.run=^TestWatched$", "-test.v")
			c.Env = append(os.Environ(), watchedVariable+"="+schemes, "OCL_ICD_VENDORS="+dir+"/", "OCLGRIND_LOG="+log, "OCLGRIND_CHECK_API=1", "RITZ_OPENCL=", check)
			said, err := c.CombinedOutput()
			require.NoError(t, err, "%s", said)
			require.Contains(t, string(said), "--- PASS: TestWatched")
			reports, err := os.ReadFile(log)
			require.NoError(t, err)
			assert.Empty(t, string(reports))
		})
	}
}

// TestWatched runs in the process that Oclgrind watches: each scheme, with all that a
// simulation can have, agrees with the processor.
func TestWatched(t *testing.T) {
	if os.Getenv(watchedVariable) == "" {
		t.Skip("of TestOclgrindFindsNothing")
	}
	runtime.LockOSThread() // Oclgrind keeps a part of what it knows by thread
	d := openDevice(t)
	require.Equal(t, "Oclgrind Simulator", d.Info().Name)
	wave := func(t float64) float64 { return 10 * math.Cos(t) }
	g := Grid{64, 64, 10, 12}
	set := Settings{Grid: g, Order: 4, CFL: 0.9, Single: true, X0: Side{Kind: CPML, Cells: 5}, X1: Side{Kind: Free}, Y0: Side{Kind: Sponge, Cells: 9}, Y1: Side{Kind: CPML, Cells: 4}}
	set.Pressure = g.Fill(func(x, y float64) float64 { return math.Sin(7*x + 3*y*y) })
	set.Medium.Densities = g.Fill(func(x, y float64) float64 { return 1 + x/10 })
	set.Medium.BulkModuli = g.Fill(func(x, y float64) float64 { return 1 + y/12 })
	for q := range Quantity(3) {
		for _, at := range [][2]float64{{0, 0}, {5.03, 6.02}, {10, 12}} {
			set.Sources = append(set.Sources, Source{X: at[0], Y: at[1], Field: q, Signal: wave, Interpolation: Interpolation(q % 2)})
			set.Receivers = append(set.Receivers, Receiver{X: at[0], Y: at[1], Field: q, Interpolation: Interpolation(1 - q%2)})
		}
	}
	// Wide enough for work groups that meet no side.
	wide := set
	wide.Grid, wide.Pressure = Grid{210, 30, 10, 12}, nil
	wide.Medium, wide.Single, wide.Order = Medium{Density: 1, BulkModulus: 1}, false, 2
	wide.X0, wide.X1 = Side{Kind: Periodic}, Side{Kind: Periodic}
	// With its halo a tile is one or more work groups large.
	tiles, low := Plan{Steps: 2, Width: 64 - 2*6, Height: 12}, Plan{Steps: 2, Width: 64 - 2*2, Height: 12}
	for _, c := range []struct {
		set   Settings
		plan  Plan
		steps int
	}{{set, Plan{Bands: true}, 1}, {set, Plan{Steps: 1}, 1}, {set, tiles, 2}, {wide, low, 2}, {wide, Plan{Steps: 1}, 1}} {
		if c.plan != tiles && os.Getenv(watchedVariable) == "tiles" {
			continue
		}
		c.set.Plan = c.plan
		p := newPair(t, c.set, d)
		if r, ok := p.device.e.(*deviceRun[float64]); ok {
			kernels := map[*gpu.Kernel]bool{}
			for _, l := range r.stride[0] {
				kernels[l.kernel] = true
			}
			require.Len(t, kernels, map[Plan]int{low: 2, {Steps: 1}: 4}[c.plan], "inner, outer; inject, sample")
		}
		advance(t, p.host, c.steps)
		advance(t, p.device, c.steps)
		require.Less(t, p.differ(t), p.host.tolerance())
		require.NoError(t, p.device.Close())
	}
}
