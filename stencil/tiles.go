package stencil

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// Plan says how a simulation goes over its grid. The zero value means that it
// is chosen from the caches. It changes the speed, and no bit of a result.
//
// With Steps > 1 the grid is cut into tiles which take so many time steps one
// after the other while they are in the cache. From a step to the next a tile
// moves by the reach of the operators towards lower indices, so that all it
// needs of the tiles before it is there, and nothing they still need is
// overwritten: parallelogram tiling, or time skewing (Wonnacott, Int. J.
// Parallel Programming 30 (2002) 181-221), in place. Rows of tiles are dealt to
// the threads; a tile starts when the one below it in index has finished.
//
// On a Device tiles are what a work group takes into its local memory, with the cells
// around it that so many steps need, and do not move. Steps: 1 alone is a launch a step
// without local memory, Bands two launches a step in place, which takes one set of fields
// on the device instead of two. Any plan is good for any sides there.
type Plan struct {
	Width, Height int // cells of a tile
	Steps         int // time steps a tile; 1: one pass over the fields a step
	// Bands takes one step after the other, threads on bands of rows: the plain
	// way, best for a grid that fits in the caches, and the only one between
	// periodic sides.
	Bands bool
}

// tiling is a Plan for a grid: where the tiles begin in the first step.
type tiling struct {
	x, y  []int // first cells, from 0
	steps int
	// cells by which a tile moves a step
	slopeX, slopeY int
}

// choose returns the tiling of a plan, completed from the size of the cache: the
// tile with all it touches in its steps fills about half of it.
func (p Plan) choose(g Grid, m int, medium bool, size, lanes int, s *Settings) tiling {
	fields := 3
	if medium {
		fields = 6
	}
	small := p == Plan{} && g.Cells()*fields*size <= 2*simd.L2()*s.Threads
	if p.Bands || small || s.X0.Kind == Periodic || s.Y0.Kind == Periodic {
		return tiling{}
	}
	if p.Steps == 0 {
		p.Steps = 16
	}
	slope := 2*m - 1
	if p.Width == 0 {
		p.Width = 2048 / size
		if p.Steps == 1 { // long streams
			p.Width = 8192 / size
		}
	}
	if p.Height == 0 {
		cells := simd.L2() / 2 / (fields * size)
		p.Height = max(cells/(p.Width+slope*p.Steps)-slope*p.Steps, 16)
	}
	return p.tiling(g.Nx, g.Ny, m, lanes)
}

// cut divides n cells into tiles of about the width, each wide enough for its
// first to hold all images after the last step. They begin at multiples of the
// lanes.
func cut(n, width, steps, slope, margin, lanes int) []int {
	least := slope*steps + margin + lanes
	count := max(n/max(width, least), 1)
	first := make([]int, count)
	for k := range first {
		first[k] = n * k / count / lanes * lanes
	}
	return first
}

// tiling cuts a grid. Along a row tiles move by whole vectors.
func (p Plan) tiling(nx, ny, m, lanes int) tiling {
	reach := 2*m - 1
	t := tiling{steps: p.Steps, slopeX: (reach + lanes - 1) / lanes * lanes, slopeY: reach}
	t.x = cut(nx, p.Width, p.Steps, t.slopeX, reach, lanes)
	t.y = cut(ny, p.Height, p.Steps, t.slopeY, reach, 1)
	return t
}

// span is the range of tile k at a step.
func (t tiling) span(first []int, slope, k, n, step int) span {
	s := span{0, n}
	if k > 0 {
		s.lo = first[k] - slope*step
	}
	if k+1 < len(first) {
		s.hi = first[k+1] - slope*step
	}
	return s
}

// advanceTiled takes the steps of a block, tile by tile.
func (e *engine[T]) advanceTiled(t tiling, steps int, b *block, memory []scratch[T]) {
	done := make([]atomic.Int64, len(t.y)) // tiles of each row
	var wg sync.WaitGroup
	for worker := range memory {
		wg.Go(func() {
			s := &memory[worker]
			for row := worker; row < len(t.y); row += len(memory) {
				for column := range t.x {
					if row > 0 {
						await(&done[row-1], int64(column+1))
					}
					for number := range steps {
						x, y := t.span(t.x, t.slopeX, column, e.nx, number), t.span(t.y, t.slopeY, row, e.ny, number)
						e.step(x, y, e.faces(y), number, b, s)
						e.finish(x, y, e.faces(y), number, b)
					}
					done[row].Store(int64(column + 1))
				}
			}
		})
	}
	wg.Wait()
}

// advanceBands takes the steps one after the other, threads on bands of rows. The
// vertical velocities around the first row of a band, which need the pressures
// on both sides of it as they were, go before all else.
func (e *engine[T]) advanceBands(steps int, b *block, memory []scratch[T]) {
	threads := min(len(memory), max(e.ny/(2*e.m-1), 1))
	var arrived atomic.Int64
	var wg sync.WaitGroup
	for worker := range threads {
		wg.Go(func() {
			s := &memory[worker]
			x, y := span{0, e.nx}, span{e.ny * worker / threads, e.ny * (worker + 1) / threads}
			around := func(row int) span { return span{row + 1 - e.m, row + e.m} }
			fy := span{around(y.lo).hi, around(y.hi).lo}
			if worker == threads-1 {
				fy.hi = around(y.hi).hi
			}
			var phase int64
			barrier := func() {
				phase++
				arrived.Add(1)
				await(&arrived, phase*int64(threads))
			}
			for number := range steps {
				e.velocitiesY(x, around(y.lo), number, b, s)
				barrier()
				e.step(x, y, fy, number, b, s)
				if e.y0 == wrap { // the images come from the other end
					barrier()
				}
				e.finish(x, y, span{around(y.lo).lo, fy.hi}, number, b)
				barrier()
			}
		})
	}
	wg.Wait()
}

// await returns once v is at least the bound.
func await(v *atomic.Int64, bound int64) {
	for spins := 0; v.Load() < bound; spins++ {
		switch {
		case spins > 5000: // the processor is busy with something else
			time.Sleep(20 * time.Microsecond)
		case spins > 100:
			runtime.Gosched()
		}
	}
}
