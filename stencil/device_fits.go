package stencil

import (
	"fmt"

	"github.com/seed-0772dd2d/ritz/gpu"
)

// DeviceMemory is about how many bytes a simulation takes on a device: its fields, as many
// sets of them as its plan needs, and the medium if it varies; and how many the largest of
// its buffers has.
func (s Settings) DeviceMemory() (all, largest int64) {
	sets := int64(2)
	if s.Plan.Bands || s.Plan == (Plan{}) { // which falls back to one
		sets = 1
	}
	field, layers := s.deviceBuffers()
	return s.deviceMemory(sets), max(field, layers)
}

func (s *Settings) deviceMemory(sets int64) int64 {
	field, layers := s.deviceBuffers()
	n := sets * (3*field + layers)
	if !s.Medium.uniform() || s.InnerFaces {
		n += 3 * field
	}
	return n
}

// deviceBuffers are the bytes of a field and of ψ.
func (s *Settings) deviceBuffers() (field, layers int64) {
	size, nx, ny := s.size(), s.Grid.Nx, s.Grid.Ny
	memories := deviceLayers{nx, ny, s.layerCells()}.memories()
	return int64(size) * int64(rowStride(nx, size)) * int64(ny+1), int64(size) * int64(memories)
}

// size is the bytes of a number.
func (s *Settings) size() int {
	if s.Single {
		return 4
	}
	return 8
}

// FitsDevice tells whether a device can take a simulation. The error wraps
// [gpu.ErrNoFloat64], [gpu.ErrMemory], or ErrSettings: of the Plan, of a grid with more points
// than kernels count, or of what New refuses anywhere.
func (s Settings) FitsDevice(info gpu.Info) error {
	if err := s.check(); err != nil {
		return err
	}
	_, err := s.tilingOn(info)
	return err
}

// tilingOn is the plan for a device that can take the simulation.
func (s *Settings) tilingOn(info gpu.Info) (deviceTiling, error) {
	g, stride := s.Grid, rowStride(s.Grid.Nx, s.size())
	all, largest := s.DeviceMemory()
	switch most := 1<<31 - 1<<20; {
	case !info.Float64 && !s.Single:
		return deviceTiling{}, fmt.Errorf("%w on %s (%s)", gpu.ErrNoFloat64, info.ID, info.Name)
	case stride*(g.Ny+1) > most:
		return deviceTiling{}, fmt.Errorf("%w: grid: %d x %d points: a device takes fields of at most %d elements, rows of %d", ErrSettings, g.Nx, g.Ny, most, stride)
	case info.Memory > 0 && all > info.Memory:
		return deviceTiling{}, fmt.Errorf("%w: %d x %d points want about %d bytes, there are %d", gpu.ErrMemory, g.Nx, g.Ny, all, info.Memory)
	case info.MaxAlloc > 0 && largest > info.MaxAlloc:
		return deviceTiling{}, fmt.Errorf("%w: %d x %d points want %d bytes in one buffer, which has at most %d", gpu.ErrMemory, g.Nx, g.Ny, largest, info.MaxAlloc)
	}
	return s.Plan.deviceTiling(s.Order/2, s.size(), info, info.Memory == 0 || s.deviceMemory(2) <= info.Memory)
}
