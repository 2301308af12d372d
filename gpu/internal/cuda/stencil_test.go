package cuda_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/stencil"
)

// A simulation with all that there is, on the processor and on devices of CUDA and HIP,
// by every scheme.
func TestSimulation(t *testing.T) {
	g := stencil.Grid{Nx: 41, Ny: 37, Lx: 10, Ly: 12}
	set := stencil.Settings{
		Grid: g, Order: 4, CFL: 0.9, Threads: 1,
		Pressure: g.Fill(func(x, y float64) float64 { return math.Exp(-(x-4)*(x-4) - (y-5)*(y-5)) }),
		Medium:   stencil.Medium{Density: 1.3, BulkModulus: 0.7, Densities: g.Fill(func(x, y float64) float64 { return 1 + x/20 })},
		X0:       stencil.Side{Kind: stencil.CPML, Cells: 8},
		X1:       stencil.Side{Kind: stencil.Sponge, Cells: 6},
		Y0:       stencil.Side{Kind: stencil.Free},
		Sources:  []stencil.Source{{X: 3, Y: 3, Signal: math.Sin}},
	}
	const steps = 25
	host, err := stencil.New(set)
	require.NoError(t, err)
	require.NoError(t, host.Advance(t.Context(), steps))
	want, got := make([]float64, g.Cells()), make([]float64, g.Cells())
	require.NoError(t, host.Read(stencil.Pressure, want))
	largest := 0.0
	for _, v := range want {
		largest = max(largest, math.Abs(v))
	}
	require.Greater(t, largest, 0.01)
	for _, name := range []string{"cuda", "hip"} {
		d := open(t, name+":0")
		for scheme, plan := range map[string]stencil.Plan{"plain": {Bands: true}, "fused": {Steps: 1}, "tiles": {Width: 16, Height: 8, Steps: 2}} {
			set.Device, set.Plan = d, plan
			device, err := stencil.New(set)
			require.NoError(t, err)
			require.NoError(t, device.Advance(t.Context(), steps))
			require.NoError(t, device.Read(stencil.Pressure, got))
			require.NoError(t, device.Close())
			for k := range want {
				if !assert.InDelta(t, want[k], got[k], 1e-13*largest, "%s, %s, cell %d", name, scheme, k) {
					break
				}
			}
		}
		require.NoError(t, d.Close())
	}
}
