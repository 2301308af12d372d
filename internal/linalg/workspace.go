package linalg

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// Matrix is a view of elements with strides.
type Matrix = simd.Matrix[float64]

// RowMajor views data, row after row, as a matrix.
func RowMajor(data []float64, rows, cols int) Matrix { return simd.RowMajor(data, rows, cols) }

// Workspace is the goroutines an operation uses and the memory it needs besides
// its arguments, which stays for the next one. It is for one operation at a
// time.
type Workspace struct {
	workers []*worker
	memory  []float64
}

// worker is what one goroutine needs.
type worker = simd.Workspace[float64]

// NewWorkspace makes a workspace for that many goroutines; below 1: GOMAXPROCS.
func NewWorkspace(threads int) *Workspace {
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	w := &Workspace{workers: make([]*worker, threads)}
	for i := range w.workers {
		w.workers[i] = new(worker)
	}
	return w
}

// each runs f(·, 0), ..., f(·, n-1), started in that order, a worker each.
func (w *Workspace) each(n int, f func(own *worker, i int)) {
	threads := min(len(w.workers), n)
	if threads <= 1 {
		for i := range n {
			f(w.workers[0], i)
		}
		return
	}
	var next atomic.Int64
	run := func(own *worker) {
		for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
			f(own, int(i))
		}
	}
	var others sync.WaitGroup
	for _, own := range w.workers[1:threads] {
		others.Go(func() { run(own) })
	}
	run(w.workers[0])
	others.Wait()
}

// squareMatrix is n x n of the workspace's memory; what it holds is arbitrary.
func (w *Workspace) squareMatrix(n int) Matrix {
	if cap(w.memory) < n*n {
		w.memory = make([]float64, n*n)
	}
	return RowMajor(w.memory[:n*n], n, n)
}
