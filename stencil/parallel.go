package stencil

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// Tile is a block of the cells of a grid: I0 <= i < I1, J0 <= j < J1.
type Tile struct{ I0, I1, J0, J1 int }

// Whole is all of a grid.
func (g Grid) Whole() Tile { return Tile{0, g.Nx, 0, g.Ny} }

func (t Tile) empty() bool { return t.I0 >= t.I1 || t.J0 >= t.J1 }

func (t Tile) String() string { return fmt.Sprintf("[%d, %d) x [%d, %d)", t.I0, t.I1, t.J0, t.J1) }

// Tiles cuts a tile into tiles of at most so many cells, row by row; 0 or less
// does not cut that axis.
func (t Tile) Tiles(width, height int) []Tile {
	if t.empty() {
		return nil
	}
	if width <= 0 || width > t.I1-t.I0 {
		width = t.I1 - t.I0
	}
	if height <= 0 || height > t.J1-t.J0 {
		height = t.J1 - t.J0
	}
	var tiles []Tile
	for j := t.J0; j < t.J1; j += height {
		for i := t.I0; i < t.I1; i += width {
			tiles = append(tiles, Tile{i, min(i+width, t.I1), j, min(j+height, t.J1)})
		}
	}
	return tiles
}

// ForTiles calls f for each tile, on so many threads (0: all), each of which takes
// the next tile when it has done one. It returns when all are done, with the error
// of the first tile in the list that has one.
//
// A thread must not write what another may read or write: where f writes a field
// only in its tile, and reads elsewhere only fields that it does not write, the
// result is the same for all tiles and threads.
func ForTiles(tiles []Tile, threads int, f func(Tile) error) error {
	if threads < 0 {
		return fmt.Errorf("%w: %d threads", ErrSettings, threads)
	}
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	errs := make([]error, len(tiles))
	var next atomic.Int64
	work := func() {
		for k := next.Add(1) - 1; k < int64(len(tiles)); k = next.Add(1) - 1 {
			errs[k] = f(tiles[k])
		}
	}
	var wg sync.WaitGroup
	for range min(threads, len(tiles)) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	for k, err := range errs {
		if err != nil {
			return fmt.Errorf("tile %v: %w", tiles[k], err)
		}
	}
	return nil
}
