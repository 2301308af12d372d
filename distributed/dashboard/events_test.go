package dashboard

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed"
)

// crowd is 1,000 workers of four slots and at least 100,000 tasks in the last
// five minutes, 5,000 remembered jobs, and failures with all the stderr there
// can be.
func crowd(now time.Time) *fake {
	f := cluster(now, 1000, 4, 5*time.Minute, 10*time.Second, func(w int) string { return fmt.Sprint("job-", w%7) }, 0.01)
	for i := range f.workers {
		f.workers[i].Labels = map[string]string{"gpu": "1", "rack": fmt.Sprint(i / 40)}
	}
	for i := range 5000 {
		s := distributed.Status{ID: fmt.Sprint("job-", i), Name: "a sweep", Kind: "job", State: distributed.Done, Tasks: 100000, Done: 100000, Submitted: now.Add(-time.Duration(i) * time.Minute)}
		if i < 7 {
			s.State, s.Done, s.Failed, s.Retried, s.Running, s.ETA = distributed.Running, 61000, 900, 1100, 570, 20*time.Minute
			for k := range 2000 {
				s.Improvements = append(s.Improvements, distributed.Improvement{Task: k, Measure: 1 / float64(k+1), Time: now})
			}
			best := 1.0 / 2000
			s.Best = &distributed.Result{Measure: &best}
		}
		f.jobs = append(f.jobs, s)
	}
	stderr := strings.Repeat("a line of a traceback, \"quoted\"\n", 128)
	for i := range 7 * 300 {
		f.failures = append(f.failures, distributed.Failure{Job: fmt.Sprint("job-", i%7), Task: i, Attempt: 1, Worker: f.workers[i%1000].ID, Reason: fmt.Sprint("reason ", i%97), ExitCode: 1, Stderr: stderr, Time: now.Add(-time.Duration(i) * time.Second)})
	}
	return f
}

// What a page is sent stays small, and so does the work for it, at 1,000
// workers and 100,000 tasks.
const (
	firstEventBytes = 128 << 10
	nextEventBytes  = 16 << 10
	eventAllocs     = 1000
)

func TestEventOfACrowd(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	f := crowd(now)
	require.Len(t, f.workers, 1000)
	require.GreaterOrEqual(t, len(f.spans), 100000)
	v, err := parseView(nil)
	require.NoError(t, err)
	s := newStream(v, now)
	r := readingOf(f, now)
	event, err := s.event(r)
	require.NoError(t, err)
	var all map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(event[len("data: "):], &all))
	require.Len(t, all, 7, "every section")
	for name, part := range all {
		t.Logf("%-9s %6d bytes", name, len(part))
	}
	assert.Less(t, len(event), firstEventBytes)
	t.Logf("first event: %d bytes", len(event))

	// Half a second later 200 tasks ended, others began and every worker's
	// numbers moved.
	now = now.Add(500 * time.Millisecond)
	for i := range f.workers {
		w := &f.workers[i]
		w.CPU, w.RSS = w.CPU+0.01, w.RSS+4096
		if i%5 == 0 && len(w.Busy) > 0 {
			b := &w.Busy[0]
			f.spans = append(f.spans, distributed.Span{Worker: w.ID, Slot: b.Slot, Job: b.Job, Task: b.Task, Attempt: 1, Start: b.Since, End: now})
			w.Busy[0].Since = now
		}
	}
	for i := range 7 {
		f.jobs[i].Done += 30
	}
	r = readingOf(f, now)
	event, err = s.event(r)
	require.NoError(t, err)
	t.Logf("next event: %d bytes", len(event))
	assert.Less(t, len(event), nextEventBytes)

	allocs := testing.AllocsPerRun(5, func() { _, err = s.event(r) })
	require.NoError(t, err)
	t.Logf("allocations: %.0f", allocs)
	assert.Less(t, allocs, float64(eventAllocs))
}

// The worst a task stream can be: every lane full of tasks shorter than a
// column, half of them failed.
func TestEventOfShortTasks(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	f := cluster(now, 10, 4, 5*time.Minute, 100*time.Millisecond, func(int) string { return "j" }, 0.5)
	require.Greater(t, len(f.spans), 100000)
	v, err := parseView(nil)
	require.NoError(t, err)
	event, err := newStream(v, now).event(readingOf(f, now))
	require.NoError(t, err)
	t.Logf("%d spans, %d bytes", len(f.spans), len(event))
	assert.Less(t, len(event), 512<<10)
}

// A section is sent when it changed, and only then.
func TestEventSendsChanges(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	f := scene(now)
	v, err := parseView(nil)
	require.NoError(t, err)
	s := newStream(v, now)
	source := &feed{source: f}
	sections := func() map[string]json.RawMessage {
		source.last = nil
		event, err := s.event(source.read(now))
		require.NoError(t, err)
		text := string(event)
		require.True(t, strings.HasPrefix(text, "data: ") && strings.HasSuffix(text, "}\n\n"))
		require.Equal(t, 2, strings.Count(text, "\n"), "one line")
		var m map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(event[6:], &m))
		return m
	}
	assert.Len(t, sections(), 7)
	sections() // the lanes' first changes are told
	assert.Len(t, sections(), 1, "the time alone")
	f.jobs[1].Done++
	m := sections()
	assert.Contains(t, m, "jobs")
	assert.Contains(t, m, "totals")
	assert.NotContains(t, m, "workers")
	assert.NotContains(t, m, "failures")
	f.failures[0].Stderr = "another\nline"
	f.failures[0].Time = now
	f.jobs[0].Retried++
	assert.Contains(t, string(sections()["failures"]), `another\nline`)
	assert.Equal(t, 2, f.failuresAsked, "only when the job's numbers changed")
	f.jobs[0].Best = nil
	assert.Equal(t, "null", string(sections()["best"]))
}

func TestCauses(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	f := scene(now)
	l := readingOf(f, now).causeList(view{})
	require.Len(t, l.Rows, 3)
	assert.Equal(t, "SIGKILL", l.Rows[0].Signal, "the newest first")
	c := l.Rows[1]
	assert.Equal(t, cause{Job: "burgers-19c2", Reason: "the loss is not finite", Exit: 1, Count: 4, Final: 2, Workers: 4, Task: 108, Attempt: 2, Worker: "node04", Time: c.Time, Stderr: c.Stderr, Whole: true}, c)
	assert.Empty(t, readingOf(f, now).causeList(view{job: "lorenz-7f3a"}).Rows)
	for i := range f.jobs { // a job that has but lost some with their workers
		if f.jobs[i].ID == "burgers-19c2" {
			f.jobs[i].Failed, f.jobs[i].Retried, f.jobs[i].Lost = 0, 0, 1
		}
	}
	require.Len(t, readingOf(f, now).causeList(view{}).Rows, 3)
	long := strings.Repeat("é", 4000)
	f.failures[4].Stderr = long
	c = readingOf(f, now).causeList(view{}).Rows[0]
	assert.False(t, c.Whole)
	assert.LessOrEqual(t, len(c.Stderr), stderrInStream+len("…"))
	assert.True(t, strings.HasSuffix(long, strings.TrimPrefix(c.Stderr, "…")))
}

func TestWorkerList(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	f := crowd(now)
	f.workers[499].State, f.workers[500].RSS, f.workers[501].CPU = "lost", 1<<50, 64
	r := readingOf(f, now)
	for _, c := range []struct {
		query, first string
		total, rows  int
	}{
		{"", "node01", 1000, workersOnPage},
		{"workers=990", "node991", 1000, 10},
		{"workers=5000", "", 1000, 0},
		{"sort=state", "node500", 1000, workersOnPage},
		{"sort=memory", "node501", 1000, workersOnPage},
		{"sort=cpu", "node502", 1000, workersOnPage},
		{"filter=RACK=24", "node961", 40, workersOnPage},
		{"filter=node77.lab", "node77", 1, 1},
		{"filter=nobody", "", 0, 0},
	} {
		q := httpQuery(t, c.query)
		v, err := parseView(q)
		require.NoError(t, err)
		l := r.workerList(v)
		assert.Equal(t, c.total, l.Total, c.query)
		require.Len(t, l.Rows, c.rows, c.query)
		if c.rows > 0 {
			assert.Equal(t, c.first, l.Rows[0].ID, c.query)
		}
	}
}

func TestRateAndRound(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	assert.Equal(t, 5.0, rate(distributed.Status{State: distributed.Running, Tasks: 100, Done: 40, Failed: 10, ETA: 10 * time.Second}))
	assert.Equal(t, 4.0, rate(distributed.Status{State: distributed.Done, Tasks: 40, Done: 40, Started: at, Ended: at.Add(10 * time.Second)}))
	assert.Zero(t, rate(distributed.Status{State: distributed.Waiting, Tasks: 40}))
	assert.Zero(t, rate(distributed.Status{State: distributed.Cancelled, Tasks: 40, Ended: at}))
	for x, y := range map[float64]float64{0: 0, 1234.5: 1230, 0.0012345: 0.00123, -98765: -98800, math.Inf(1): 0, math.MaxFloat64: math.MaxFloat64} {
		assert.InEpsilon(t, 1+y, 1+round(x), 1e-12, x)
	}
	assert.Zero(t, round(math.NaN()))
}

func httpQuery(t *testing.T, text string) url.Values {
	t.Helper()
	q, err := url.ParseQuery(text)
	require.NoError(t, err)
	return q
}
