package surrogate

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// blockSize is how many points a goroutine takes at a time.
const blockSize = 256

// inBlocks calls work for the points [first, last) of every block of n points,
// from as many goroutines as there are processors. What is computed for a point
// must not depend on its block.
func inBlocks(n int, work func(first, last int)) {
	blocks := (n + blockSize - 1) / blockSize
	goroutines := min(runtime.GOMAXPROCS(0), blocks)
	if goroutines <= 1 {
		for first := 0; first < n; first += blockSize {
			work(first, min(first+blockSize, n))
		}
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range goroutines {
		wait.Go(func() {
			for {
				first := (int(next.Add(1)) - 1) * blockSize
				if first >= n {
					return
				}
				work(first, min(first+blockSize, n))
			}
		})
	}
	wait.Wait()
}
