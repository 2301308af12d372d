package dashboard

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/distributed"
)

// What a page shows of long lists at a time.
const (
	jobsOnPage     = 20
	workersOnPage  = 25
	causesOnPage   = 20
	jobsAsked      = 8        // whose failures are read when no job is chosen
	failuresAsked  = 200      // of each of them
	stderrInStream = 2 << 10  // bytes of the tail; /api/jobs/ID/failures has all that is kept
	textInStream   = 256      // bytes of names, labels and reasons
	pointsInPlot   = 500      //
	mostSeconds    = 4 * 3600 // of the task stream
)

// view is what a page wants to see: the query of /api/events.
type view struct {
	job     string // failures, plot: of this job; "" all
	jobs    int    // first row of the list of jobs
	workers int    // first row of the list of workers
	sort    string // name, cpu, memory or state
	filter  string // workers with this in their name, host or labels
	lanes   int    // first lane of the task stream
	worker  string // task stream: of this worker alone; "" all
	seconds int    // width of the task stream
}

func parseView(q url.Values) (view, error) {
	v := view{job: q.Get("job"), sort: q.Get("sort"), filter: strings.ToLower(q.Get("filter")), worker: q.Get("worker"), seconds: 300}
	for _, n := range []struct {
		name     string
		to       *int
		min, max int
	}{
		{"jobs", &v.jobs, 0, math.MaxInt32},
		{"workers", &v.workers, 0, math.MaxInt32},
		{"lanes", &v.lanes, 0, math.MaxInt32},
		{"seconds", &v.seconds, 10, mostSeconds},
	} {
		text := q.Get(n.name)
		if text == "" {
			continue
		}
		i, err := strconv.Atoi(text)
		if err != nil || i < n.min || i > n.max {
			return v, fmt.Errorf("%s %q: a number from %d to %d", n.name, text, n.min, n.max)
		}
		*n.to = i
	}
	if v.sort == "" {
		v.sort = "name"
	}
	if _, ok := workerOrders[v.sort]; !ok {
		return v, fmt.Errorf("sort %q: name, cpu, memory or state", v.sort)
	}
	return v, nil
}

// totals is the line at the top of the page.
type totals struct {
	Active  int `json:"active"`
	Waiting int `json:"waiting"` // tasks of the active jobs
	Running int `json:"running"`
	Done    int `json:"done"`
	Failed  int `json:"failed"`
	Retried int `json:"retried"`

	Workers int     `json:"workers"`
	Lost    int     `json:"lost"`
	Slots   int     `json:"slots"`
	Busy    int     `json:"busy"`
	CPU     float64 `json:"cpu"`
	RSS     int64   `json:"rss"`
	Store   uint64  `json:"store"`
}

func (r *reading) totals() totals {
	t := totals{Workers: len(r.workers), Store: r.counters.StoreBytes}
	for _, s := range r.jobs {
		if s.State.Ended() {
			continue
		}
		t.Active++
		t.Waiting += waiting(s)
		t.Running += s.Running
		t.Done += s.Done
		t.Failed += s.Failed
		t.Retried += s.Retried
	}
	for _, w := range r.workers {
		if w.State == "lost" {
			t.Lost++
			continue
		}
		t.Slots += w.Slots
		t.Busy += w.SlotsBusy()
		t.CPU += w.CPU
		t.RSS += w.RSS
	}
	t.CPU = round(t.CPU)
	return t
}

// jobRow is a job in the list. Times are Unix times in milliseconds.
type jobRow struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Kind      string   `json:"kind"`
	State     string   `json:"state"`
	Why       string   `json:"why,omitempty"`
	Requires  string   `json:"requires,omitempty"`
	Priority  int      `json:"priority"`
	Tasks     int      `json:"tasks"`
	Waiting   int      `json:"waiting"`
	Running   int      `json:"running"`
	Done      int      `json:"done"`
	Failed    int      `json:"failed"`
	Retried   int      `json:"retried"`
	Lost      int      `json:"lost,omitempty"` // attempts, with their workers
	Rate      float64  `json:"rate"`           // tasks a second; 0: unknown
	ETA       float64  `json:"eta,omitempty"`  // seconds; 0: unknown
	Submitted int64    `json:"submitted"`
	Started   int64    `json:"started,omitempty"`
	Ended     int64    `json:"ended,omitempty"`
	Best      *float64 `json:"best,omitempty"`
}

type jobList struct {
	Rows  []jobRow `json:"rows"`
	First int      `json:"first"`
	Total int      `json:"total"`
}

func (r *reading) jobList(v view) jobList {
	list := jobList{Rows: []jobRow{}, First: v.jobs, Total: len(r.jobs)}
	for _, s := range pageOf(r.jobs, v.jobs, jobsOnPage) {
		s = s.WithBatches()
		row := jobRow{
			ID: s.ID, Name: head(s.Name), Kind: head(s.Kind), State: string(s.State), Why: head(s.Why),
			Requires: labels(s.Requires), Priority: s.Priority,
			Tasks: s.Tasks, Waiting: waiting(s), Running: s.Running, Done: s.Done, Failed: s.Failed, Retried: s.Retried, Lost: s.Lost,
			Rate: round(rate(s)), Submitted: unix(s.Submitted), Started: unix(s.Started), Ended: unix(s.Ended),
		}
		if !s.State.Ended() {
			row.ETA = round(s.ETA.Seconds())
		}
		if s.Best != nil && s.Best.Measure != nil && finite(*s.Best.Measure) {
			row.Best = s.Best.Measure
		}
		list.Rows = append(list.Rows, row)
	}
	return list
}

// rate is what the coordinator's ETA rests on, or, of an ended job, the mean.
func rate(s distributed.Status) float64 {
	if left := s.Tasks - s.Done - s.Failed; !s.State.Ended() && s.ETA > 0 && left > 0 {
		return float64(left) / s.ETA.Seconds()
	}
	if !s.Ended.IsZero() && s.Ended.After(s.Started) && !s.Started.IsZero() {
		return float64(s.Done) / s.Ended.Sub(s.Started).Seconds()
	}
	return 0
}

type workerRow struct {
	ID      string  `json:"id"`
	Host    string  `json:"host"`
	PID     int     `json:"pid"`
	State   string  `json:"state"`
	Labels  string  `json:"labels,omitempty"`
	Version string  `json:"version"`
	Slots   int     `json:"slots"`
	Busy    int     `json:"busy"`
	CPU     float64 `json:"cpu"`
	RSS     int64   `json:"rss"`
	Memory  int64   `json:"memory"`
	Seen    int64   `json:"seen,omitempty"` // only if not heard of for a while
}

type workerList struct {
	Rows  []workerRow `json:"rows"`
	First int         `json:"first"`
	Total int         `json:"total"`
}

// workerOrders are the orders in which workers can be listed; within equals
// they are by name.
var workerOrders = map[string]func(a, b *distributed.WorkerStatus) int{
	"name":   nil,
	"cpu":    func(a, b *distributed.WorkerStatus) int { return cmp.Compare(b.CPU, a.CPU) },
	"memory": func(a, b *distributed.WorkerStatus) int { return cmp.Compare(b.RSS, a.RSS) },
	"state":  func(a, b *distributed.WorkerStatus) int { return cmp.Compare(trouble(b.State), trouble(a.State)) },
}

func trouble(state string) int {
	return slices.Index([]string{"idle", "busy", "draining", "lost"}, state)
}

func (r *reading) workerList(v view) workerList {
	chosen := make([]*distributed.WorkerStatus, 0, len(r.workers))
	for i := range r.workers {
		if matches(&r.workers[i], v.filter) {
			chosen = append(chosen, &r.workers[i])
		}
	}
	if order := workerOrders[v.sort]; order != nil {
		slices.SortStableFunc(chosen, order)
	}
	list := workerList{Rows: []workerRow{}, First: v.workers, Total: len(chosen)}
	for _, w := range pageOf(chosen, v.workers, workersOnPage) {
		row := workerRow{
			ID: w.ID, Host: head(w.Host), PID: w.PID, State: w.State, Labels: labels(w.Labels), Version: head(w.Version),
			Slots: w.Slots, Busy: w.SlotsBusy(), CPU: round(w.CPU), RSS: w.RSS, Memory: w.Memory,
		}
		if r.at.Sub(w.Seen) > 5*time.Second {
			row.Seen = unix(w.Seen)
		}
		list.Rows = append(list.Rows, row)
	}
	return list
}

func matches(w *distributed.WorkerStatus, filter string) bool {
	if filter == "" || strings.Contains(strings.ToLower(w.ID), filter) || strings.Contains(strings.ToLower(w.Host), filter) {
		return true
	}
	return len(w.Labels) > 0 && strings.Contains(strings.ToLower(labels(w.Labels)), filter)
}

// pageOf is the part of a list that a page shows.
func pageOf[T any](list []T, first, n int) []T {
	first = min(first, len(list))
	return list[first:min(first+n, len(list))]
}

// labels are key=value, sorted and separated by spaces.
func labels(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	list := make([]string, 0, len(m))
	for k, v := range m {
		if v != "" {
			k += "=" + v
		}
		list = append(list, k)
	}
	slices.Sort(list)
	return head(strings.Join(list, " "))
}

// head is the beginning of a text that may be long.
func head(s string) string {
	if len(s) <= textInStream {
		return s
	}
	return strings.ToValidUTF8(s[:textInStream], "") + "…"
}

// tail is the end of a text that may be long.
func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return "…" + strings.ToValidUTF8(s[len(s)-n:], "")
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// round keeps three significant digits, and makes 0 of what is not finite.
func round(x float64) float64 {
	if x == 0 || !finite(x) {
		return 0
	}
	scale := math.Pow(10, 2-math.Floor(math.Log10(math.Abs(x))))
	if y := math.Round(x*scale) / scale; finite(y) {
		return y
	}
	return x
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
