package linalg

import "sync"

// progress counts the finished tiles of every row of tiles, from the left.
type progress struct {
	lock    sync.Mutex
	changed sync.Cond
	columns []int
	stopped bool
}

func newProgress(rows int) *progress {
	p := &progress{columns: make([]int, rows)}
	p.changed.L = &p.lock
	return p
}

// wait returns when tile (i, j) is finished, or false if it never will be.
func (p *progress) wait(i, j int) bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	for p.columns[i] <= j && !p.stopped {
		p.changed.Wait()
	}
	return p.columns[i] > j
}

// finish notes one more tile of row i.
func (p *progress) finish(i int) {
	p.lock.Lock()
	p.columns[i]++
	p.lock.Unlock()
	p.changed.Broadcast()
}

func (p *progress) stop() {
	p.lock.Lock()
	p.stopped = true
	p.lock.Unlock()
	p.changed.Broadcast()
}
