package stencil

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/internal/pocl"
)

// TestMain keeps what PoCL compiles out of the user's cache.
func TestMain(m *testing.M) { os.Exit(pocl.Run(m)) }

// openDevice opens the first device of OpenCL.
func openDevice(t testing.TB) *gpu.Device {
	d, err := gpu.Open("opencl:0")
	if err != nil && os.Getenv("RITZ_REQUIRE_ENGINES") != "1" {
		t.Skipf("no OpenCL: %v", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// pair simulates on the processor and on a device.
type pair struct{ host, device *Solver }

func newPair(t require.TestingT, set Settings, d *gpu.Device) pair {
	var p pair
	var err error
	set.Device = nil
	device := set
	device.Device = d
	set.Plan = Plan{Bands: true}
	p.host, err = New(set)
	require.NoError(t, err)
	p.device, err = New(device)
	require.NoError(t, err)
	return p
}

// differ is the largest difference of fields and traces, relative to the largest value
// that they have.
func (p pair) differ(t require.TestingT) float64 {
	worst, largest := 0.0, [3]float64{}
	for q := range Quantity(3) {
		n := p.host.s.Grid.size(q)
		a, b := make([]float64, n), make([]float64, n)
		require.NoError(t, p.host.Read(q, a))
		require.NoError(t, p.device.Read(q, b))
		most := 0.0
		for k, v := range a {
			largest[q] = max(largest[q], math.Abs(v))
			if v-v != 0 || b[k]-b[k] != 0 {
				return math.Inf(1)
			}
			most = max(most, math.Abs(v-b[k]))
		}
		if most > 0 {
			worst = max(worst, most/largest[q])
		}
	}
	for k, r := range p.host.s.Receivers {
		a, b := p.host.Trace(k), p.device.Trace(k)
		require.Equal(t, len(a), len(b))
		for n := range a {
			largest[r.Field] = max(largest[r.Field], math.Abs(a[n]))
		}
		for n := range a {
			if d := math.Abs(a[n] - b[n]); d > 0 {
				worst = max(worst, d/largest[r.Field])
			}
		}
	}
	return worst
}

// tolerance is of the difference: rounding in each step, of which later ones add some.
func (s *Solver) tolerance() float64 {
	epsilon := 0x1p-52
	if s.s.Single {
		epsilon = 0x1p-23
	}
	return 32 * epsilon * float64(4+s.steps)
}

// anything draws a simulation with all that there may be, often of few cells, or of one more
// than tiles have.
func anything(t *rapid.T, order int, single, medium bool, tile Plan) Settings {
	size := func(name string, tile, most int) int {
		beyond := rapid.Map(rapid.IntRange(1, 3), func(n int) int { return max(n*tile+1, order) })
		return rapid.OneOf(rapid.IntRange(order, order+3), rapid.IntRange(order, 90), rapid.IntRange(order, most), beyond).Draw(t, name)
	}
	g := Grid{size("nx", tile.Width, 240), size("ny", tile.Height, 90), 10, 12} // work groups of 64 x 8 of which one meets no side
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	noise := func(float64, float64) float64 { return rng.NormFloat64() }
	set := Settings{Grid: g, Order: order, CFL: 0.9, Single: single, Threads: 1, Pressure: g.Fill(noise)}
	set.Medium = Medium{Density: 1.3, BulkModulus: 0.7}
	if medium {
		set.Medium.Densities = g.Fill(func(x, y float64) float64 { return 1 + rng.Float64() })
		set.Medium.BulkModuli = g.Fill(func(x, y float64) float64 { return 1 + rng.Float64() })
		set.InnerFaces = order == 2 && rapid.Bool().Draw(t, "inner faces")
	}
	all := set.sides()
	for axis, n := range []int{g.Nx, g.Ny} {
		sides := all[2*axis:][:2]
		if rapid.IntRange(0, 4).Draw(t, "periodic") == 0 {
			sides[0].Kind, sides[1].Kind = Periodic, Periodic
			continue
		}
		for _, side := range sides {
			kinds := []SideKind{Rigid, Free, Sponge, CPML}
			if n < 4 {
				kinds = kinds[:2]
			}
			side.Kind = rapid.SampledFrom(kinds).Draw(t, "side")
			if side.Kind >= Sponge {
				side.Cells = rapid.IntRange(2, min(n/2, 25)).Draw(t, "cells")
			}
		}
	}
	for q, v := range []*[]float64{&set.Vx, &set.Vy} {
		if rapid.Bool().Draw(t, "moving") {
			*v = make([]float64, g.size(Quantity(q+1)))
			for k := range *v {
				(*v)[k] = rng.NormFloat64()
			}
		}
	}
	place := func(length float64) float64 {
		return length * rapid.OneOf(rapid.Just(0.0), rapid.Just(1.0), rapid.Float64Range(0, 1)).Draw(t, "place")
	}
	for range rapid.IntRange(0, 4).Draw(t, "sources") {
		amplitude := rng.NormFloat64() * 10
		set.Sources = append(set.Sources, Source{X: place(10), Y: place(12), Field: Quantity(rapid.IntRange(0, 2).Draw(t, "field")),
			Signal: func(t float64) float64 { return amplitude * math.Cos(t) }, Interpolation: Interpolation(rapid.IntRange(0, 1).Draw(t, "interpolation"))})
	}
	for range rapid.IntRange(0, 4).Draw(t, "receivers") {
		set.Receivers = append(set.Receivers, Receiver{X: place(10), Y: place(12), Field: Quantity(rapid.IntRange(0, 2).Draw(t, "field")),
			Interpolation: Interpolation(rapid.IntRange(0, 1).Draw(t, "interpolation"))})
	}
	return set
}

// A device does what the processor does, but for rounding, whatever the simulation and
// the scheme.
func TestDeviceAgrees(t *testing.T) {
	t.Parallel()
	d := openDevice(t)
	for k, c := range []struct {
		order          int
		single, medium bool
		tiles          Plan
	}{
		{2, true, true, Plan{Width: 9, Height: 30, Steps: 4}},
		{4, false, true, Plan{Width: 30, Height: 12, Steps: 2}},
		{6, true, false, Plan{Width: 13, Height: 8, Steps: 2}},
		{8, false, false, Plan{}}, // tiles, as there is local memory
	} {
		for name, plan := range map[string]Plan{"plain": {Bands: true}, "fused": {Steps: 1}, "tiles": c.tiles} {
			t.Run(fmt.Sprintf("%d/%s", k, name), func(t *testing.T) {
				if testing.Short() && k > 0 {
					t.Skip("seconds to compile")
				}
				rapid.Check(t, func(t *rapid.T) {
					set := anything(t, c.order, c.single, c.medium, c.tiles)
					set.Plan = plan
					p := newPair(t, set, d)
					defer p.device.Close()
					for range rapid.IntRange(1, 3).Draw(t, "times") {
						steps := rapid.IntRange(1, 12).Draw(t, "steps")
						require.NoError(t, p.host.Advance(t.Context(), steps))
						require.NoError(t, p.device.Advance(t.Context(), steps))
					}
					require.Less(t, p.differ(t), p.host.tolerance())
				})
			})
		}
	}
}
