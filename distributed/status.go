package distributed

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Status of one job.
func (c *Coordinator) Status(id string) (Status, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.jobs[id]
	if e == nil {
		return Status{}, fmt.Errorf("%w: %s", ErrNoJob, id)
	}
	return c.status(e, c.running()), nil
}

// Jobs that have not ended, or all in the history, the newest first.
func (c *Coordinator) Jobs(all bool) []Status {
	c.mu.Lock()
	running := c.running()
	list := make([]Status, 0, len(c.jobs))
	for _, e := range c.jobs {
		if all || e.Final == nil {
			list = append(list, c.status(e, running))
		}
	}
	c.mu.Unlock()
	slices.SortFunc(list, func(a, b Status) int {
		return cmp.Or(b.Submitted.Compare(a.Submitted), strings.Compare(a.ID, b.ID))
	})
	return list
}

// running counts the slots at work by job. Under c.mu, as all below that do not lock it.
func (c *Coordinator) running() map[string]int {
	n := map[string]int{}
	for _, w := range c.workers {
		if w.State != "lost" {
			for _, b := range w.Busy {
				n[b.Job]++
			}
		}
	}
	return n
}

// slots of all workers.
func (c *Coordinator) slots() int {
	n := 0
	for _, w := range c.workers {
		if w.State != "lost" {
			n += w.Slots
		}
	}
	return n
}

func (c *Coordinator) status(e *entry, running map[string]int) Status {
	if e.Final != nil {
		return *e.Final
	}
	h := &e.Header
	s := Status{ID: h.ID, Name: h.Name, Kind: h.Kind, Function: h.Function, Submitted: e.Submitted, Requires: h.Requires,
		After: h.After, Priority: h.Priority, Minimize: h.Minimize, Attempts: h.Attempts, Parent: h.Parent, Batches: e.sum(running)}
	e.fill(&s)
	if s.State.Ended() {
		return s
	}
	now := time.Now()
	s.Running = min(running[h.ID], s.Tasks-s.Done-s.Failed)
	s.ETA = e.eta(now)
	for _, b := range e.batches {
		if b.progress != nil {
			s.ETA = max(s.ETA, b.eta(now))
		}
	}
	blocked := ""
	if e.Held && !e.released {
		blocked = c.blockedBy(e)
	}
	switch {
	case c.trouble != nil:
		s.Why = c.trouble.Error()
	case blocked != "":
		s.State, s.Why = Blocked, blocked
	case s.Running > 0 || now.Sub(e.last) < lostAfter:
		s.State = Running
	case !e.Complete:
		s.Why = "not all of its tasks have arrived: submit it again to go on"
	default:
		s.Why = c.missing(h)
	}
	return s
}

// sum adds up what is driven.
func (e *entry) sum(running map[string]int) *Batches {
	if len(e.batches) == 0 {
		return nil
	}
	var s Batches
	for id, b := range e.batches {
		done, failed := 0, 0
		if b.progress != nil {
			done, failed = b.done, b.failed
		} else if b.Final != nil {
			done, failed = b.Final.Done, b.Final.Failed
		}
		s.Jobs++
		s.Tasks += b.Header.Tasks
		s.Done += done
		s.Failed += failed
		s.Running += min(running[id], b.Header.Tasks-done-failed)
	}
	return &s
}

// missing says why nobody runs a job that is queued.
func (c *Coordinator) missing(h *header) string {
	any, labelled, able := false, false, false
	for _, w := range c.workers {
		if w.State == "lost" || w.State == "draining" {
			continue
		}
		any = true
		if offers(w.Labels, h.Requires) {
			labelled = true
			able = able || len(w.Kinds) == 0 || slices.Contains(w.Kinds, h.Kind)
		}
	}
	switch {
	case !any:
		return "no worker is there"
	case !labelled:
		var want []string
		for _, k := range slices.Sorted(maps.Keys(h.Requires)) {
			want = append(want, k+"="+h.Requires[k])
		}
		return "no worker offers " + strings.Join(want, " and ")
	case !able:
		return "no worker that fits runs tasks of kind " + h.Kind
	}
	return "queued for the next free slot that fits"
}

// Failures of a job, the newest first; limit 0 means all that are kept, 1000.
func (c *Coordinator) Failures(id string, limit int) []Failure {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	all, err := c.failuresOf(ctx, id)
	if err != nil {
		return nil
	}
	if limit > 0 && len(all) > limit {
		all = all[:limit]
	}
	return all
}

// Cancel ends a job; its running tasks are stopped.
func (c *Coordinator) Cancel(id string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return c.cancelJob(ctx, id)
}

// Retry queues a job's failed tasks again and tells how many they are.
func (c *Coordinator) Retry(id string) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return c.retry(ctx, id)
}

// Workers that are there, or were until ten minutes ago, by ID.
func (c *Coordinator) Workers() []WorkerStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]WorkerStatus, 0, len(c.workers))
	for _, w := range c.workers {
		list = append(list, *w)
	}
	slices.SortFunc(list, func(a, b WorkerStatus) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// Spans of attempts that ended at since or later, oldest first.
func (c *Coordinator) Spans(since time.Time) []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.spans.since(since)
}

// Counters of events since the start, and of what there is now.
func (c *Coordinator) Counters() Counters {
	n := &c.counts
	all := Counters{Submitted: n.submitted.Load(), Done: n.done.Load(), Failed: n.failed.Load(), Retried: n.retried.Load(),
		Duplicates: n.duplicates.Load(), Lost: n.lost.Load(), Malformed: n.malformed.Load(), Refused: n.refused.Load(),
		StoreBytes: c.stored.Load()}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.workers {
		if w.State != "lost" {
			all.Workers++
			all.Slots += w.Slots
			all.Running += len(w.Busy)
		}
	}
	for _, e := range c.jobs {
		if e.progress != nil {
			all.Queued += e.Header.Tasks - e.done - e.failed
		}
	}
	all.Queued = max(0, all.Queued-all.Running)
	return all
}

// beat takes a heartbeat.
func (c *Coordinator) beat(m *nats.Msg) {
	b, err := decode[beat]("heartbeat", m.Data)
	if err == nil {
		err = checkProtocol(b.Protocol, "worker", b.Version)
	}
	if err == nil {
		err = b.check()
	}
	if err == nil && m.Subject != subjectBeat+b.ID {
		err = fmt.Errorf("malformed heartbeat: worker %s at %s", b.ID, m.Subject)
	}
	if err != nil {
		c.malformed(err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	w, old := b.WorkerStatus, c.workers[b.ID]
	w.Seen = time.Now()
	if w.Joined.IsZero() {
		w.Joined = w.Seen
	}
	if old != nil {
		w.Joined = old.Joined
	}
	c.workers[w.ID] = &w
	dropped := map[string]bool{}
	for _, b := range w.Busy { // it was out of reach when the job was cancelled
		e := c.jobs[b.Job]
		if e != nil && e.Final != nil && w.Seen.Sub(e.Final.Ended) > time.Second && !dropped[b.Job] {
			dropped[b.Job] = true
			if err := c.session.nc.Publish(subjectCancel, []byte(b.Job)); err != nil {
				c.session.fail(err)
			}
		}
	}
}

// lookForLost marks workers that have fallen silent, and writes what they ran into the history.
func (c *Coordinator) lookForLost(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, w := range c.workers {
		silent := now.Sub(w.Seen)
		switch {
		case silent > 10*time.Minute, silent > lostAfter && w.State == "draining" && len(w.Busy) == 0:
			delete(c.workers, id)
		case silent > lostAfter && w.State != "lost":
			lost := *w
			lost.State, lost.Busy = "lost", nil
			c.workers[id] = &lost
			c.counts.lost.Add(1)
			c.log.Warn("coordinator: a worker fell silent", "worker", id, "host", w.Host, "tasks", len(w.Busy))
			by := map[string][]Busy{}
			for _, b := range w.Busy {
				if e := c.jobs[b.Job]; e != nil && (e.Final == nil || e.Final.State != Cancelled && e.Final.Ended.After(w.Seen)) {
					by[b.Job] = append(by[b.Job], b)
				}
			}
			for job, busy := range by {
				c.session.publish(job, event{Worker: id, Lost: busy}, "")
			}
		}
	}
}

// forgettable are the jobs beyond the history.
func (c *Coordinator) forgettable(now time.Time) []string {
	needed := map[string]bool{}
	var ended []Status
	for _, e := range c.jobs {
		if c.jobs[e.Header.Parent] != nil {
			continue // it goes with that
		}
		if e.Final != nil {
			ended = append(ended, *e.Final)
			continue
		}
		for _, id := range e.Header.After {
			needed[id] = true
		}
	}
	slices.SortFunc(ended, func(a, b Status) int { return b.Ended.Compare(a.Ended) })
	var old []string
	for i, s := range ended {
		if (i >= c.settings.HistoryJobs || now.Sub(s.Ended) > c.settings.History) && !needed[s.ID] {
			old = append(old, s.ID)
			old = slices.AppendSeq(old, maps.Keys(c.jobs[s.ID].batches))
		}
	}
	return old
}

// spanRing keeps the newest spans.
type spanRing struct {
	all  []Span
	next int // where the next goes, once all is full
}

const keepSpans = 100_000

func (r *spanRing) add(s Span) {
	if len(r.all) < keepSpans {
		r.all = append(r.all, s)
		return
	}
	r.all[r.next] = s
	r.next = (r.next + 1) % keepSpans
}

func (r *spanRing) since(t time.Time) []Span {
	var part []Span
	for i := range r.all {
		if s := &r.all[(r.next+i)%len(r.all)]; !s.End.Before(t) {
			part = append(part, *s)
		}
	}
	return part
}
