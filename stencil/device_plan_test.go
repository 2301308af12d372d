package stencil

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
)

// A device that is too small for a simulation is told before anything is made on it.
func TestFitsDevice(t *testing.T) {
	set := Settings{Grid: Grid{1000, 300, 1, 1}, Order: 4}
	device := gpu.Info{Float64: true, Memory: 1 << 34, MaxAlloc: 1 << 32, LocalMemory: 48 << 10}
	require.NoError(t, set.FitsDevice(device))
	all, largest := set.DeviceMemory()
	require.Equal(t, int64(8*1016*301), largest, "rows of an odd number of cache lines")
	require.InEpsilon(t, 3*largest, all, 0.01)
	for _, c := range []struct {
		set    func(*Settings)
		device func(*gpu.Info)
		want   error
	}{
		{nil, func(i *gpu.Info) { i.Float64 = false }, gpu.ErrNoFloat64},
		{func(s *Settings) { s.Single = true }, func(i *gpu.Info) { i.Float64 = false }, nil},
		{nil, func(i *gpu.Info) { i.Memory = all - 1 }, gpu.ErrMemory},
		{nil, func(i *gpu.Info) { i.Memory = all }, nil},
		{func(s *Settings) { s.Plan.Steps = 1 }, func(i *gpu.Info) { i.Memory = all }, gpu.ErrMemory},
		{nil, func(i *gpu.Info) { i.MaxAlloc = largest - 1 }, gpu.ErrMemory},
		{nil, func(i *gpu.Info) { i.MaxAlloc = largest }, nil},
		{func(s *Settings) { s.X0, s.X1 = Side{Kind: CPML, Cells: 500}, Side{Kind: CPML, Cells: 500} }, func(i *gpu.Info) { i.MaxAlloc = largest }, gpu.ErrMemory},
		{nil, func(i *gpu.Info) { i.Memory, i.MaxAlloc = 0, 0 }, nil},
		{func(s *Settings) { s.Plan = Plan{Width: 100, Height: 100} }, nil, ErrSettings},
		{func(s *Settings) { s.Grid.Nx, s.Grid.Ny = 1<<16, 1<<15 }, nil, ErrSettings},
		{func(s *Settings) { s.Dt = -1 }, nil, ErrSettings},
	} {
		set, device := set, device
		if c.set != nil {
			c.set(&set)
		}
		if c.device != nil {
			c.device(&device)
		}
		if err := set.FitsDevice(device); c.want == nil {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, c.want)
		}
	}
}

func TestDevicePlan(t *testing.T) {
	tiles := func(steps, width, height, halo int) deviceTiling {
		return deviceTiling{tiledScheme, steps, width, height, halo, [3]int{64, 8, 1}}
	}
	groups := func(scheme deviceScheme, halo int) deviceTiling { return groupTiling(scheme, halo, [3]int{64, 8, 1}) }
	for _, c := range []struct {
		plan          Plan
		m, size, room int
		twice         bool
		want          deviceTiling
	}{
		{Plan{}, 1, 4, 48 << 10, true, tiles(6, 52, 20, 6)}, // of 64 x 32 cells half are left: 52 x 20 > 1024 > 50 x 18
		{Plan{}, 4, 8, 48 << 10, true, tiles(1, 50, 18, 7)},
		{Plan{}, 4, 8, 16 << 10, true, groups(fusedScheme, 7)}, // 10 rows are no halo
		{Plan{}, 1, 4, 0, true, groups(fusedScheme, 1)},
		{Plan{}, 1, 4, 48 << 10, false, groups(plainScheme, 1)},
		{Plan{Bands: true}, 2, 4, 48 << 10, true, groups(plainScheme, 3)},
		{Plan{Steps: 1}, 2, 4, 48 << 10, false, groups(fusedScheme, 3)},
		{Plan{Width: 20, Height: 7, Steps: 4}, 1, 8, 48 << 10, true, tiles(4, 20, 7, 4)},
		{Plan{Steps: 2}, 1, 8, 48 << 10, true, tiles(2, 60, 28, 2)},
	} {
		got, err := c.plan.deviceTiling(c.m, c.size, gpu.Info{LocalMemory: c.room}, c.twice)
		require.NoError(t, err, "%+v", c)
		assert.Equal(t, c.want, got, "%+v", c)
		if got.scheme == tiledScheme {
			assert.LessOrEqual(t, got.local(c.size), c.room)
		}
	}
	for most, want := range map[int][3]int{0: {64, 8, 1}, 1024: {64, 8, 1}, 256: {64, 4, 1}, 128: {64, 2, 1}, 32: {32, 1, 1}} {
		assert.Equal(t, want, deviceGroup(most), "groups of at most %d", most)
	}
	for _, p := range []Plan{
		{Width: 64, Height: 64, Steps: 2}, {Steps: 100}, {Width: 1 << 15, Height: 1 << 15, Steps: 1 << 15},
		{Width: 1 << 61}, {Height: math.MaxInt}, {Steps: math.MaxInt},
	} {
		_, err := p.deviceTiling(1, 8, gpu.Info{LocalMemory: 48 << 10}, true)
		assert.ErrorIs(t, err, ErrSettings, "%+v", p)
	}
}
