package dashboard

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-0772dd2d/ritz/distributed"
)

// feed reads the source for all who watch: at most once in a quarter of a
// second, however many pages are open, and not at all when none is.
type feed struct {
	source Source
	mu     sync.Mutex
	last   *reading
	causes failureCache
}

// reading is the source at one moment. It is shared and not written to.
type reading struct {
	at       time.Time
	jobs     []distributed.Status       // active first, then the newest first
	workers  []distributed.WorkerStatus // by name
	counters distributed.Counters
	causes   *failureCache

	source Source
	mu     sync.Mutex
	spans  map[time.Time][]distributed.Span // by since
}

const freshFor = 250 * time.Millisecond

func (f *feed) read(now time.Time) *reading {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last != nil && now.Sub(f.last.at).Abs() < freshFor {
		return f.last
	}
	r := &reading{
		at:       now,
		jobs:     slices.Clone(f.source.Jobs(true)),
		workers:  slices.Clone(f.source.Workers()),
		counters: f.source.Counters(),
		causes:   &f.causes,
		source:   f.source,
		spans:    map[time.Time][]distributed.Span{},
	}
	slices.SortStableFunc(r.jobs, func(a, b distributed.Status) int {
		return cmp.Or(
			cmp.Compare(rank(a.State), rank(b.State)),
			b.Submitted.Compare(a.Submitted),
			cmp.Compare(a.ID, b.ID))
	})
	slices.SortStableFunc(r.workers, func(a, b distributed.WorkerStatus) int { return natural(a.ID, b.ID) })
	f.last = r
	return r
}

// since are the spans that ended at or after a time; those who watch through
// windows of one length share them.
func (r *reading) since(t time.Time) []distributed.Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	spans, ok := r.spans[t]
	if !ok {
		spans = r.source.Spans(t)
		r.spans[t] = spans
	}
	return spans
}

// find is the job of that id.
func (r *reading) find(id string) (distributed.Status, bool) {
	i := slices.IndexFunc(r.jobs, func(s distributed.Status) bool { return s.ID == id })
	if i < 0 {
		return distributed.Status{}, false
	}
	return r.jobs[i], true
}

// rank orders states by how much they ask for a look.
func rank(s distributed.State) int {
	switch s {
	case distributed.Running:
		return 0
	case distributed.Waiting:
		return 1
	case distributed.Blocked:
		return 2
	}
	return 3
}

// natural compares names with the numbers in them by value: w9 before w10.
func natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		m, n := digits(x), digits(y)
		if m == 0 || n == 0 {
			if x[0] != y[0] {
				return cmp.Compare(x[0], y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		p, q := strings.TrimLeft(x[:m], "0"), strings.TrimLeft(y[:n], "0")
		if order := cmp.Or(cmp.Compare(len(p), len(q)), cmp.Compare(p, q)); order != 0 {
			return order
		}
		x, y = x[m:], y[n:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
}

// digits is the length of the number that s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
