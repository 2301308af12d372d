package dashboard

import (
	"slices"
	"sync"
	"time"

	"github.com/seed-0772dd2d/ritz/distributed"
)

// cause is what failed attempts have in common: a job, a reason, how the
// process ended. A hundred tasks that fail alike are one row with a count.
type cause struct {
	Job     string `json:"job"`
	Reason  string `json:"reason"`
	Exit    int    `json:"exit"`
	Signal  string `json:"signal,omitempty"`
	Count   int    `json:"count"`
	Final   int    `json:"final"` // of them, the last attempt of their task
	Workers int    `json:"workers"`

	// The newest of them.
	Task    int    `json:"task"`
	Attempt int    `json:"attempt"`
	Worker  string `json:"worker"`
	Time    int64  `json:"time"` // Unix, ms
	Stderr  string `json:"stderr"`
	Whole   bool   `json:"whole"` // Stderr is all that the coordinator keeps
}

type causeList struct {
	Job  string  `json:"job,omitempty"` // chosen; "" all active
	Rows []cause `json:"rows"`          // the newest first
	More bool    `json:"more"`          // there may be older failures that were not read
}

// causeList groups the newest failures of the chosen job, or of the first jobs
// in the list that have any.
func (r *reading) causeList(v view) causeList {
	list := causeList{Job: v.job, Rows: []cause{}}
	var failures []distributed.Failure
	asked := 0
	for _, s := range r.jobs {
		if v.job != "" && s.ID != v.job || s.Failed+s.Retried+s.Lost == 0 {
			continue
		}
		if asked++; asked > jobsAsked {
			list.More = true
			break
		}
		some := r.causes.of(r.source, s, r.at)
		list.More = list.More || len(some) >= failuresAsked
		failures = append(failures, some...)
	}
	slices.SortStableFunc(failures, func(a, b distributed.Failure) int { return b.Time.Compare(a.Time) })

	type key struct {
		job, reason, signal string
		exit                int
	}
	type at struct {
		key
		worker string
	}
	place := map[key]int{}
	seen := map[at]bool{}
	for _, f := range failures {
		k := key{f.Job, f.Reason, f.Signal, f.ExitCode}
		i, ok := place[k]
		if !ok {
			i = len(list.Rows)
			place[k] = i
			list.Rows = append(list.Rows, cause{
				Job: f.Job, Reason: head(f.Reason), Exit: f.ExitCode, Signal: head(f.Signal),
				Task: f.Task, Attempt: f.Attempt, Worker: head(f.Worker), Time: unix(f.Time),
				Stderr: tail(f.Stderr, stderrInStream), Whole: len(f.Stderr) <= stderrInStream,
			})
		}
		c := &list.Rows[i]
		c.Count++
		if f.Final {
			c.Final++
		}
		if w := (at{k, f.Worker}); !seen[w] {
			seen[w] = true
			c.Workers++
		}
	}
	if len(list.Rows) > causesOnPage {
		list.Rows, list.More = list.Rows[:causesOnPage], true
	}
	return list
}

// failureCache has the failures of the jobs that were looked at last. Those of
// a job that has ended are read from the store, so a job is asked for again
// only when its numbers are others.
type failureCache struct {
	mu   sync.Mutex
	jobs map[string]knownFailures
}

type knownFailures struct {
	failed, retried, lost, round int
	at                           time.Time
	list                         []distributed.Failure
}

const (
	failuresCached = 64              // jobs
	failuresTried  = 5 * time.Second // after an answer that was empty and should not be
)

func (c *failureCache) of(source Source, s distributed.Status, now time.Time) []distributed.Failure {
	c.mu.Lock()
	k, ok := c.jobs[s.ID]
	c.mu.Unlock()
	if ok && k.failed == s.Failed && k.retried == s.Retried && k.lost == s.Lost && k.round == s.Round && (len(k.list) > 0 || now.Sub(k.at) < failuresTried) {
		return k.list
	}
	k = knownFailures{s.Failed, s.Retried, s.Lost, s.Round, now, source.Failures(s.ID, failuresAsked)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.jobs == nil || len(c.jobs) >= failuresCached {
		c.jobs = map[string]knownFailures{}
	}
	c.jobs[s.ID] = k
	return k.list
}

// best is the plot of the best measure so far of one job.
type best struct {
	Job      string       `json:"job"`
	Name     string       `json:"name"`
	Minimize bool         `json:"minimize"`
	Measure  float64      `json:"measure"`
	Task     int          `json:"task"`
	Worker   string       `json:"worker"`
	Started  int64        `json:"started"`         // Unix, ms
	Ended    int64        `json:"ended,omitempty"` //
	Points   [][2]float64 `json:"points"`          // seconds since Started, measure
}

// best is of the chosen job, or of the first in the list that has a measure;
// nil if there is none.
func (r *reading) best(v view) *best {
	for _, s := range r.jobs {
		if v.job != "" && s.ID != v.job || s.Best == nil || s.Best.Measure == nil || !finite(*s.Best.Measure) {
			continue
		}
		b := &best{
			Job: s.ID, Name: head(s.Name), Minimize: s.Minimize, Measure: *s.Best.Measure, Task: s.Best.Task, Worker: head(s.Best.Worker),
			Started: unix(s.Started), Ended: unix(s.Ended), Points: [][2]float64{},
		}
		points := s.Improvements[max(0, len(s.Improvements)-pointsInPlot):]
		for _, p := range points {
			if finite(p.Measure) {
				b.Points = append(b.Points, [2]float64{max(0, p.Time.Sub(s.Started).Seconds()), p.Measure})
			}
		}
		return b
	}
	return nil
}
