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
type Plan struct {
	Width, Height int // cells of a tile
	Steps         int // time steps a tile; 1: one pass over the fields a step
	// TwoPass takes all velocities of a step and then all pressures, threads on
	// bands of rows: the plain way, best for a grid that fits in the caches, and
	// the only one between periodic sides.
	TwoPass bool
}

// tiling is a Plan for a grid: where the tiles begin in the first step.
type tiling struct {
	x, y  []int // first cells, from 0
	steps int
	slope int // cells by which a tile moves a step
}

// choose returns the tiling of a plan, completed from the size of the cache: the
// tile with all it touches in its steps fills about half of it.
func (p Plan) choose(g Grid, m int, medium bool, size int, s *Settings) tiling {
	fields := 3
	if medium {
		fields = 6
	}
	small := p == Plan{} && g.Cells()*fields*size <= simd.L2()*s.Threads
	if p.TwoPass || small || s.X0.Kind == Periodic || s.Y0.Kind == Periodic {
		return tiling{}
	}
	if p.Steps == 0 {
		p.Steps = 16
	}
	slope := 2*m - 1
	if p.Width == 0 {
		p.Width = 256 * 8 / size
	}
	if p.Height == 0 {
		cells := simd.L2() / 2 / (fields * size)
		p.Height = max(cells/(p.Width+slope*p.Steps)-slope*p.Steps, 16)
	}
	return p.tiling(g.Nx, g.Ny, m)
}

// cut divides n cells into tiles of about the width, each wide enough for its
// first to hold all images after the last step.
func cut(n, width, steps, slope, margin int) []int {
	least := slope*steps + margin + 1
	count := max(n/max(width, least), 1)
	first := make([]int, count)
	for k := range first {
		first[k] = n * k / count
	}
	return first
}

func (p Plan) tiling(nx, ny, m int) tiling {
	t := tiling{steps: p.Steps, slope: 2*m - 1}
	t.x = cut(nx, p.Width, p.Steps, t.slope, 2*m-1)
	t.y = cut(ny, p.Height, p.Steps, t.slope, 2*m-1)
	return t
}

// span is the range of tile k at a step.
func (t tiling) span(first []int, k, n, step int) span {
	s := span{0, n}
	if k > 0 {
		s.lo = first[k] - t.slope*step
	}
	if k+1 < len(first) {
		s.hi = first[k+1] - t.slope*step
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
						e.step(t.span(t.x, column, e.nx, number), t.span(t.y, row, e.ny, number), number, b, s)
					}
					done[row].Store(int64(column + 1))
				}
			}
		})
	}
	wg.Wait()
}

// advancePlain takes the steps one after the other, in each first all
// velocities, then all pressures, threads on bands of rows.
func (e *engine[T]) advancePlain(steps int, b *block, memory []scratch[T]) {
	var arrived atomic.Int64
	threads := len(memory)
	var wg sync.WaitGroup
	for worker := range memory {
		wg.Go(func() {
			s := &memory[worker]
			rows := span{e.ny * worker / threads, e.ny * (worker + 1) / threads}
			faces := rows
			if worker == 0 {
				faces.lo = 1 - e.m
			}
			if worker == threads-1 {
				faces.hi = e.ny + e.m
			}
			var phase int64
			barrier := func() {
				phase++
				arrived.Add(1)
				await(&arrived, phase*int64(threads))
			}
			for number := range steps {
				e.velocities(rows, faces, number, b, s)
				barrier()
				e.pressures(rows, number, b, s)
				barrier()
				if worker == 0 {
					all, ally := span{0, e.nx}, span{0, e.ny}
					e.finish(all, ally, e.faces(all), e.faces(ally), number, b)
				}
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
