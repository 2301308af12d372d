package dashboard

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seed-0772dd2d/ritz/distributed"
)

// mirror is the page's side of the task stream: what timeline.js keeps.
type mirror struct {
	names []string
	bars  map[string][]bar
	jobs  []string
}

func (m *mirror) take(t require.TestingT, u timelineUpdate) {
	m.jobs = append(m.jobs, u.Jobs...)
	if u.Names != nil {
		m.names = u.Names
		for name := range m.bars {
			if !slices.Contains(u.Names, name) {
				delete(m.bars, name)
			}
		}
	}
	for _, change := range u.Updates {
		name := m.names[change.Lane]
		bars := slices.DeleteFunc(slices.Clone(m.bars[name]), func(b bar) bool { return b.start >= change.From })
		require.Zero(t, len(change.Bars)%numbersPerBar)
		for c := range slices.Chunk(change.Bars, numbersPerBar) {
			bars = append(bars, bar{c[0], c[1], c[2], int(c[3]), int(c[4]), int(c[5]), int(c[6]), int(c[7])})
		}
		m.bars[name] = bars
	}
}

func readingOf(f *fake, now time.Time) *reading { return (&feed{source: f}).read(now) }

// However spans come, late ones too, and workers come and go: the page that
// was told only of changes has what a page opened now is told.
func TestTimelineUpdatesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := time.Unix(1_800_000_000, 0)
		f := &fake{}
		now := start
		line := newTimeline(now, time.Minute, rapid.IntRange(0, 3).Draw(t, "first"), "")
		m := &mirror{bars: map[string][]bar{}}
		for step := range rapid.IntRange(1, 12).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20000).Draw(t, "ms")) * time.Millisecond)
			f.workers = nil
			for w := range rapid.IntRange(1, 4).Draw(t, "workers") {
				f.workers = append(f.workers, distributed.WorkerStatus{ID: fmt.Sprint("w", w), Slots: 2})
			}
			for range rapid.IntRange(0, 20).Draw(t, "spans") {
				length := time.Duration(rapid.SampledFrom([]int{0, 3, 40, 300, 5000, 90000}).Draw(t, "length")) * time.Millisecond
				end := now.Add(-time.Duration(rapid.IntRange(0, 30000).Draw(t, "late")) * time.Millisecond)
				f.spans = append(f.spans, distributed.Span{
					Worker: fmt.Sprint("w", rapid.IntRange(0, 4).Draw(t, "worker")), Slot: rapid.IntRange(0, 2).Draw(t, "slot"),
					Job: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "job"), Task: len(f.spans), Attempt: 1,
					Start: end.Add(-length), End: end, Failed: rapid.Bool().Draw(t, "failed"),
				})
			}
			r := readingOf(f, now)
			m.take(t, line.update(r))

			fresh := newTimeline(now, time.Minute, line.first, "")
			fresh.base = line.base
			fresh.ids, fresh.index = slices.Clone(line.ids), line.index
			n := &mirror{bars: map[string][]bar{}}
			n.take(t, fresh.update(r))
			require.Equal(t, n.names, m.names)
			since := line.ms(now.Add(-time.Minute).Truncate(line.column))
			for _, name := range m.names {
				require.Equal(t, line.keep(append([]bar{}, n.bars[name]...), since), line.keep(append([]bar{}, m.bars[name]...), since), "lane %s in step %d", name, step)
			}
		}
	})
}

// Every task of a lane is in exactly one bar, in whole or in a sum.
func TestTimelineMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1_800_000_000, 0)
		line := newTimeline(now, 4*time.Minute, 0, "") // columns of 1 s
		require.Equal(t, time.Second, line.column)
		var spans []distributed.Span
		at := line.base
		var busy int64
		failed := 0
		for i := range rapid.IntRange(0, 200).Draw(t, "tasks") {
			length := time.Duration(rapid.IntRange(0, 1500).Draw(t, "ms")) * time.Millisecond
			s := distributed.Span{Task: i, Start: at, End: at.Add(length), Failed: rapid.IntRange(0, 9).Draw(t, "fails") == 0}
			if s.Failed {
				failed++
			}
			busy += length.Milliseconds()
			spans = append(spans, s)
			at = at.Add(length + time.Duration(rapid.IntRange(0, 300).Draw(t, "gap"))*time.Millisecond)
		}
		bars := line.merge(slices.Clone(spans), nil)
		tasks, sum, bad := 0, int64(0), 0
		for i, b := range bars {
			tasks, sum, bad = tasks+b.tasks, sum+b.busy, bad+b.failed
			require.LessOrEqual(t, b.busy, b.length)
			if i > 0 {
				require.GreaterOrEqual(t, b.start, bars[i-1].start+bars[i-1].length, "bars do not overlap")
			}
			if b.tasks > 1 {
				require.Less(t, b.length, int64(2000), "short tasks of one column")
			}
		}
		require.Equal(t, len(spans), tasks)
		require.Equal(t, busy, sum)
		require.Equal(t, failed, bad)
		require.LessOrEqual(t, len(bars), 2*int(at.Sub(line.base)/time.Second)+2, "two bars a column at most")
	})
}

// The use of the slots is the integral of what runs, whatever the lanes shown:
// against a sum over single milliseconds.
func TestTimelineUse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1_800_000_000, 0).Add(time.Duration(rapid.IntRange(0, 999).Draw(t, "ms")) * time.Millisecond)
		line := newTimeline(now, 24*time.Second, 0, "") // columns of 100 ms
		since := now.Add(-24 * time.Second).Truncate(line.column)
		var exact [columns + 1]float64
		var failed [columns + 1]int
		f := &fake{workers: []distributed.WorkerStatus{{ID: "w", Slots: 3}}}
		add := func(a, b int) {
			for ms := max(a, 0); ms < b && ms/100 <= columns; ms++ {
				exact[ms/100] += 0.01
			}
		}
		for range rapid.IntRange(0, 12).Draw(t, "spans") {
			a := rapid.IntRange(-5000, 23900).Draw(t, "start")
			b := min(a+rapid.IntRange(0, 9000).Draw(t, "length"), 23999)
			s := distributed.Span{Worker: "w", Start: since.Add(time.Duration(a) * time.Millisecond), End: since.Add(time.Duration(b) * time.Millisecond), Failed: rapid.Bool().Draw(t, "failed")}
			f.spans = append(f.spans, s)
			add(a, b)
			if s.Failed && b >= 0 {
				failed[b/100]++
			}
		}
		open := rapid.IntRange(0, 23000).Draw(t, "open")
		f.workers[0].Busy = []distributed.Busy{{Since: since.Add(time.Duration(open) * time.Millisecond)}}
		add(open, int(now.Sub(since).Milliseconds()))
		u := line.update(readingOf(f, now))
		for i := range exact {
			require.InDelta(t, 10*exact[i], float64(u.Use[i]), 0.51, "column %d", i)
		}
		require.Equal(t, failed[:], u.Failed)
	})
}

func TestTimelineLanes(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	f := cluster(now, 100, 4, time.Minute, 5*time.Second, func(int) string { return "j" }, 0.1)
	r := readingOf(f, now)
	u := newTimeline(now, time.Minute, 0, "").update(r)
	require.Len(t, u.Names, lanesOnPage)
	assert.Equal(t, 400, u.Total)
	assert.Equal(t, 400, u.Slots)
	assert.Equal(t, "node01/0", u.Names[0])
	assert.Equal(t, "node02/1", u.Names[5])

	u = newTimeline(now, time.Minute, 38, "").update(r)
	assert.Equal(t, []string{"node10/2", "node10/3", "node11/0"}, u.Names[:3], "a page may begin within a worker")
	assert.Len(t, u.Open, len(slices.Collect(func(yield func(int) bool) {
		for _, w := range r.workers[9:20] {
			for _, b := range w.Busy {
				if w.ID == "node10" && b.Slot < 2 || w.ID == "node20" && b.Slot > 1 {
					continue
				}
				if !yield(b.Slot) {
					return
				}
			}
		}
	})))

	u = newTimeline(now, time.Minute, 0, "node100").update(r)
	assert.Equal(t, 4, u.Total)
	assert.Equal(t, []string{"node100/0", "node100/1", "node100/2", "node100/3"}, u.Names)

	u = newTimeline(now, time.Minute, 1000, "").update(r)
	assert.Empty(t, u.Names, "beyond the end")
	assert.Equal(t, 400, u.Total)

	// A worker that says it has a million slots, and spans of slots below zero.
	f.workers = []distributed.WorkerStatus{{ID: "w", Slots: 1 << 40, Busy: []distributed.Busy{{Slot: -1}, {Slot: 1 << 30}}}, {ID: "v", Slots: -3}}
	f.spans = []distributed.Span{{Worker: "w", Slot: -7, End: now}, {Worker: "v", Slot: 1 << 40, End: now}, {Worker: "gone", End: now}}
	u = newTimeline(now, time.Minute, 0, "").update(readingOf(f, now))
	assert.Equal(t, 2*mostSlots+1, u.Total)
}

func TestNatural(t *testing.T) {
	names := []string{"w10", "w9", "w009", "x", "w9a", "w", "a2b10", "a2b9", "10", "9"}
	slices.SortFunc(names, natural)
	assert.Equal(t, []string{"9", "10", "a2b9", "a2b10", "w", "w009", "w9", "w9a", "w10", "x"}, names)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SliceOfN(rapid.StringMatching(`[ab0-2]{0,5}`), 3, 3).Draw(t, "names")
		require.Equal(t, -natural(s[0], s[1]), natural(s[1], s[0]))
		require.Equal(t, s[0] == s[1], natural(s[0], s[1]) == 0)
		if natural(s[0], s[1]) <= 0 && natural(s[1], s[2]) <= 0 {
			require.LessOrEqual(t, natural(s[0], s[2]), 0)
		}
	})
}
