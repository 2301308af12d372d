package stencil

import (
	"fmt"

	"github.com/seed-0772dd2d/ritz/gpu"
)

// deviceScheme is how a device takes its steps.
type deviceScheme int

const (
	plainScheme deviceScheme = iota // velocities, then pressures, in place
	fusedScheme                     // a launch a step, from one set of fields to another
	tiledScheme                     // several steps a launch, in local memory
)

// deviceTiling is a Plan for a device: work groups, and the tiles that they have.
type deviceTiling struct {
	scheme        deviceScheme
	steps         int // a launch
	width, height int // cells of a tile
	halo          int // cells around a tile that it needs
	group         [3]int
}

// Work groups are rows of 64 work items, the widest wavefront, and have 512 of them if
// the device takes so many: local memory has room for few groups at a time, and their work
// items must be enough to wait for memory while others compute. A tile with its halo
// is as wide and, if the local memory has room, 32 rows high.
const (
	groupWidth   = 64
	groupItems   = 512
	regionHeight = 32
)

// mostPlanned is beyond any local memory, and safe to multiply.
const mostPlanned = 1 << 15

// deviceGroup is the work group of a device whose groups have at most so many items, 0
// if it does not tell.
func deviceGroup(most int) [3]int {
	if most == 0 || most >= groupItems {
		return [3]int{groupWidth, groupItems / groupWidth, 1}
	}
	width := min(groupWidth, most)
	return [3]int{width, most / width, 1}
}

// deviceTiling completes a plan for a device:
//
//   - Bands are the plain scheme,
//   - Steps: 1 alone the fused one,
//   - all else tiles, those of [regions] where nothing else is asked for.
//
// The zero Plan takes tiles if there is local memory for them, else the fused scheme,
// but the plain one where the memory holds the fields only once.
func (p Plan) deviceTiling(m, size int, info gpu.Info, twice bool) (deviceTiling, error) {
	group := deviceGroup(info.MaxGroup)
	reach := 2*m - 1
	switch {
	case p.Bands, p == Plan{} && !twice:
		return groupTiling(plainScheme, reach, group), nil
	case p == Plan{Steps: 1}:
		return groupTiling(fusedScheme, reach, group), nil
	case p == Plan{}:
		return regions(m, size, info.LocalMemory, group), nil
	}
	if max(p.Width, p.Height, p.Steps) > mostPlanned {
		return deviceTiling{}, fmt.Errorf("%w: plan %+v, want at most %d of each", ErrSettings, p, mostPlanned)
	}
	t := regions(m, size, info.LocalMemory, group)
	if p.Steps > 0 {
		t.steps = p.Steps
	}
	t.scheme, t.halo = tiledScheme, t.steps*reach
	t.width, t.height = p.Width, p.Height
	if t.width == 0 {
		t.width = max(groupWidth-2*t.halo, 1)
	}
	if t.height == 0 {
		t.height = max(regionRows(t.width+2*t.halo, size, info.LocalMemory)-2*t.halo, 1)
	}
	if need := t.local(size); need > info.LocalMemory {
		return t, fmt.Errorf("%w: plan: tiles of %d x %d cells for %d steps of order %d take %d bytes of local memory, %s has %d",
			ErrSettings, t.width, t.height, t.steps, 2*m, need, info.ID, info.LocalMemory)
	}
	return t, nil
}

// groupTiling is a scheme in which each work item has a cell.
func groupTiling(scheme deviceScheme, reach int, group [3]int) deviceTiling {
	return deviceTiling{scheme: scheme, steps: 1, width: group[0], height: group[1], halo: reach, group: group}
}

// local is the bytes of local memory of a tile.
func (t deviceTiling) local(size int) int {
	return 3 * size * (t.width + 2*t.halo) * (t.height + 2*t.halo)
}

// regionRows is the rows of three fields, of that many columns, in the local memory.
func regionRows(columns, size, localMemory int) int {
	return min(regionHeight, localMemory/(3*size*columns))
}

// regions are tiles for operators of half-width m: of a wavefront's width with their
// halo, and with as many steps as leave half of the cells to the tile, at least one.
// Where not even a quarter is left it is the fused scheme.
func regions(m, size, localMemory int, group [3]int) deviceTiling {
	reach := 2*m - 1
	rows := regionRows(groupWidth, size, localMemory)
	tile := func(steps int) deviceTiling {
		halo := steps * reach
		return deviceTiling{tiledScheme, steps, groupWidth - 2*halo, rows - 2*halo, halo, group}
	}
	leaves := func(t deviceTiling, part int) bool {
		return t.width > 0 && t.height > 0 && part*t.width*t.height >= groupWidth*rows
	}
	steps := 1
	for leaves(tile(steps+1), 2) {
		steps++
	}
	if t := tile(steps); leaves(t, 4) {
		return t
	}
	return groupTiling(fusedScheme, reach, group)
}

// across and down are the numbers of tiles of a grid.
func (t deviceTiling) across(nx int) int {
	if t.scheme != tiledScheme { // the last faces too
		nx++
	}
	return (nx + t.width - 1) / t.width
}

func (t deviceTiling) down(ny int) int {
	if t.scheme != tiledScheme {
		ny++
	}
	return (ny + t.height - 1) / t.height
}
