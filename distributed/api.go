package distributed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// answer serves one request.
func (c *Coordinator) answer(ctx context.Context, m *nats.Msg) {
	verb := strings.TrimPrefix(m.Subject, subjectAPI)
	r, err := c.serveVerb(ctx, verb, m.Data)
	if err != nil {
		c.counts.refused.Add(1)
		c.log.Warn("coordinator: refused", "request", verb, "error", err)
		r = &response{Error: err.Error(), Code: codeOf(err)}
	}
	r.Protocol, r.Version = protocol, Version()
	data, err := json.Marshal(r)
	if err == nil && m.Reply != "" {
		err = m.Respond(data)
	}
	if err != nil && ctx.Err() == nil {
		c.log.Error("coordinator: answering", "request", verb, "error", err)
	}
}

func (c *Coordinator) serveVerb(ctx context.Context, verb string, data []byte) (*response, error) {
	q, err := decode[request]("request "+verb, data)
	if err != nil {
		c.counts.malformed.Add(1)
		return nil, err
	}
	if verb == verbHello {
		return &response{}, nil // an answer carries the protocol, also to those who speak another
	}
	if err := checkProtocol(q.Protocol, "client or worker", q.Version); err != nil {
		return nil, err
	}
	c.mu.Lock()
	trouble := c.trouble
	c.mu.Unlock()
	if trouble != nil && (verb == verbSubmit || verb == verbPart || verb == verbCancel || verb == verbRetry) {
		return nil, trouble
	}
	switch verb {
	case verbSubmit:
		return c.submit(ctx, q)
	case verbPart:
		return c.part(ctx, q)
	case verbStatus:
		s, err := c.Status(q.Job)
		return &response{Jobs: []Status{s}}, err
	case verbJobs:
		jobs, more := page(c.Jobs(q.All), q.First, q.Limit)
		return &response{Jobs: jobs, More: more}, nil
	case verbFailures:
		all, err := c.failuresOf(ctx, q.Job)
		failures, more := page(all, q.First, q.Limit)
		return &response{Failures: failures, More: more}, err
	case verbWorkers:
		workers, more := page(c.Workers(), q.First, q.Limit)
		return &response{Workers: workers, More: more}, nil
	case verbCancel:
		return &response{}, c.cancelJob(ctx, q.Job)
	case verbRetry:
		n, err := c.retry(ctx, q.Job)
		return &response{Count: n}, err
	case verbJoin:
		return c.join(q)
	case verbQueues:
		return &response{Queues: c.allQueues(), AckWait: c.settings.AckWait}, nil
	}
	c.counts.malformed.Add(1)
	return nil, fmt.Errorf("unknown request %q", verb)
}

// page cuts a list so that it fits a message.
func page[T any](all []T, first, limit int) (part []T, more bool) {
	all = all[min(max(first, 0), len(all)):]
	bytes := 0
	for i := range all {
		data, err := json.Marshal(&all[i])
		if bytes += len(data) + 1; err != nil || bytes > maxInline || limit > 0 && i == limit {
			return all[:i], true
		}
	}
	return all, false
}

// submit takes a job in. The record comes first: whatever is stored later belongs to a job that is known.
func (c *Coordinator) submit(ctx context.Context, q *request) (*response, error) {
	h := q.Header
	if h == nil {
		return nil, fmt.Errorf("%w: a submission without a job", ErrJob)
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	s, e := c.session, c.jobs[h.ID]
	if e != nil {
		known, complete := e.Header, e.Complete
		c.mu.Unlock()
		if known.Digest != h.Digest {
			return nil, fmt.Errorf("%w: %s; choose another", ErrConflict, h.ID)
		}
		if complete || len(q.Tasks) == 0 {
			return &response{Known: true, Complete: complete}, nil
		}
		return c.part(ctx, q)
	}
	if h.Parent != "" && c.ended(h.Parent) {
		c.mu.Unlock()
		return nil, fmt.Errorf("%w: job %s is driven by job %s, which has ended or is not known", ErrCancelled, h.ID, h.Parent)
	}
	held := false
	for _, id := range h.After {
		before := c.jobs[id]
		if before == nil {
			c.mu.Unlock()
			return nil, fmt.Errorf("%w: %s, after which job %s is to come: submit that one first", ErrNoJob, id, h.ID)
		}
		held = held || before.Final == nil || before.Final.State != Done
	}
	r := record{Header: *h, Submitted: time.Now(), From: s.seq, Held: held}
	c.jobs[h.ID] = &entry{record: r, progress: r.progress(), parts: map[int]int{}}
	c.adopt(c.jobs[h.ID])
	c.mu.Unlock()
	stored := make(chan error, 1)
	go func() { stored <- s.put(ctx, &r) }() // while the first tasks are
	answer, err := &response{}, error(nil)
	if !held {
		err = c.openQueue(s, r.queue())
	}
	if err == nil && len(q.Tasks) > 0 {
		answer, err = c.queueTasks(ctx, q, stored)
	} else {
		err = errors.Join(err, <-stored)
	}
	if err != nil {
		c.mu.Lock()
		c.drop(h.ID)
		c.mu.Unlock()
		return nil, err
	}
	c.counts.submitted.Add(1)
	return answer, nil
}

// part queues some tasks of a job that is known.
func (c *Coordinator) part(ctx context.Context, q *request) (*response, error) {
	stored := make(chan error, 1)
	stored <- nil
	return c.queueTasks(ctx, q, stored)
}

// queueTasks queues tasks of a job, all of them or one message full. Its record may still be on its way to the disk; the
// job is complete not before it is there.
func (c *Coordinator) queueTasks(ctx context.Context, q *request, stored <-chan error) (_ *response, err error) {
	waiting := true
	defer func() {
		if waiting {
			err = errors.Join(err, <-stored)
		}
	}()
	id := q.Job
	if q.Header != nil {
		id = q.Header.ID
	}
	c.mu.Lock()
	s, e := c.session, c.jobs[id]
	slots := c.slots()
	if e == nil {
		c.mu.Unlock()
		return nil, fmt.Errorf("%w: %s", ErrNoJob, id)
	}
	r, n := e.record, len(q.Tasks)
	c.mu.Unlock()
	switch {
	case r.Final != nil && r.Final.State == Cancelled:
		return nil, fmt.Errorf("%w: %s", ErrCancelled, id)
	case r.Complete:
		return &response{Known: true, Complete: true}, nil
	case q.First < 0 || n == 0 || q.First+n > r.Header.Tasks:
		return nil, fmt.Errorf("%w: tasks %d to %d of %d", ErrJob, q.First, q.First+n-1, r.Header.Tasks)
	}
	tasks := make([]chunkTask, n)
	for i, t := range q.Tasks {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("task %d: %w", q.First+i, err)
		}
		tasks[i] = chunkTask{Index: q.First + i, Attempt: 1, Task: t.Task, Object: t.Object, Archive: t.Archive}
	}
	where := r.queue()
	if r.Held {
		where.Class = classHeld
	}
	waits, err := s.enqueue(taskSubject(where.Class, where.Priority, id), r.pack(tasks, r.Header.Attempts, r.Header.chunkSize(slots)))
	if err == nil {
		err = waitAll(ctx, waits)
	}
	if err != nil {
		return nil, err
	}
	if !r.Held {
		s.wake(where)
	}
	waiting = false
	if err := <-stored; err != nil {
		return nil, err
	}
	c.mu.Lock()
	if _, again := e.parts[q.First]; !again && e.parts != nil {
		e.parts[q.First] = n
		e.arrived += n
	}
	r = e.record
	arrived := e.arrived == r.Header.Tasks
	c.mu.Unlock()
	if !arrived || r.Final != nil {
		return &response{}, nil
	}
	r.Complete = true
	if err := s.put(ctx, &r); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e.Complete, e.parts = true, nil
	if c.session == s {
		c.settle(e)
	}
	return &response{Complete: true}, nil
}

// cancelJob ends a job. Workers drop what they run of it.
func (c *Coordinator) cancelJob(ctx context.Context, id string) error {
	c.mu.Lock()
	s, e := c.session, c.jobs[id]
	if e == nil {
		c.mu.Unlock()
		return fmt.Errorf("%w: %s", ErrNoJob, id)
	}
	final, p := e.Final, e.progress
	round := 0
	if p != nil {
		round = p.round
	}
	c.mu.Unlock()
	if final != nil {
		if final.State == Cancelled {
			return nil
		}
		return fmt.Errorf("%w: %s has ended (%s)", ErrJob, id, final.State)
	}
	return s.publishWait(ctx, id, event{Ended: Cancelled, Round: round})
}

// retry queues the failed tasks of a job again.
func (c *Coordinator) retry(ctx context.Context, id string) (int, error) {
	c.mu.Lock()
	s, e := c.session, c.jobs[id]
	if e == nil {
		c.mu.Unlock()
		return 0, fmt.Errorf("%w: %s", ErrNoJob, id)
	}
	c.mu.Unlock()
	if err := c.await(ctx, func() bool {
		if e.progress != nil && e.ending {
			return false
		}
		e.retrying++ // from here to where its new beginning is folded in, it does not end
		return true
	}); err != nil {
		return 0, err
	}
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if e.retrying--; c.session == s && s.live {
			c.settle(e)
		}
	}()
	c.mu.Lock()
	r := e.record
	c.mu.Unlock()
	if r.Final != nil && r.Final.State == Cancelled {
		return 0, fmt.Errorf("%w: %s; its tasks are gone: submit it under another ID", ErrCancelled, id)
	}
	latest := map[int]*chunkTask{}
	p, err := c.past(ctx, &r, func(e *event) {
		for _, o := range e.Outcomes {
			if o.Task != nil && !o.OK {
				latest[o.Index] = o.Task
			}
		}
	})
	if err != nil {
		return 0, err
	}
	var tasks []chunkTask
	for i, state := range p.task {
		if t := latest[i]; state == failed && t != nil {
			t.Index = i
			tasks = append(tasks, *t)
		}
	}
	if len(tasks) == 0 {
		return 0, nil
	}
	if err := c.openQueue(s, r.queue()); err != nil {
		return 0, err
	}
	round := p.round + 1
	c.mu.Lock()
	if e.progress == nil { // open it again, before the events come
		e.progress, e.Final = p, nil
	}
	r = e.record
	c.mu.Unlock()
	if err := s.put(ctx, &r); err != nil {
		return 0, err
	}
	for _, part := range r.pack(tasks, 0, maxChunkTasks) {
		if err := s.publishWait(ctx, id, event{Round: round, Retried: part.Tasks}); err != nil {
			return 0, err
		}
	}
	return len(tasks), c.await(ctx, func() bool { return e.progress == nil || e.round >= round })
}

// await looks until a condition, which is asked under c.mu, holds.
func (c *Coordinator) await(ctx context.Context, holds func() bool) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		c.mu.Lock()
		ok := holds()
		c.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// join lets a worker in.
func (c *Coordinator) join(q *request) (*response, error) {
	w := q.Worker
	if w == nil {
		return nil, errors.New("a worker that does not say who it is")
	}
	if err := w.check(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	if old := c.workers[w.ID]; old != nil && (old.Host != w.Host || old.PID != w.PID) && time.Since(old.Seen) < lostAfter {
		c.mu.Unlock()
		return nil, fmt.Errorf("%w: a worker %s is at work already, on %s", ErrName, w.ID, old.Host)
	}
	now := *w
	now.Joined, now.Seen = time.Now(), time.Now()
	c.workers[w.ID] = &now
	c.mu.Unlock()
	c.log.Info("coordinator: worker joined", "worker", w.ID, "host", w.Host, "slots", w.Slots)
	return &response{Queues: c.allQueues(), AckWait: c.settings.AckWait}, nil
}

func (w *WorkerStatus) check() error {
	if err := checkID("worker", w.ID); err != nil {
		return err
	}
	if w.Slots < 1 || w.Slots > 1<<16 || len(w.Busy) > 1<<16 {
		return fmt.Errorf("worker %s: %d slots: 1 to 65536", w.ID, w.Slots)
	}
	return CheckLabels(w.Labels)
}

func (c *Coordinator) allQueues() []queue {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]queue, 0, len(c.session.queues))
	for _, q := range c.session.queues {
		all = append(all, q)
	}
	return all
}

// failuresOf a job and those that it drives, the newest first.
func (c *Coordinator) failuresOf(ctx context.Context, id string) ([]Failure, error) {
	all, batches, err := c.ownFailures(ctx, id)
	for _, batch := range batches {
		more, _, e := c.ownFailures(ctx, batch)
		if e != nil && !errors.Is(e, ErrNoJob) { // forgotten meanwhile
			err = errors.Join(err, e)
		}
		all = append(all, more...)
	}
	if len(batches) > 0 {
		slices.SortStableFunc(all, func(a, b Failure) int { return b.Time.Compare(a.Time) })
	}
	return all[:min(len(all), keepFailures)], err
}

func (c *Coordinator) ownFailures(ctx context.Context, id string) (newest []Failure, batches []string, err error) {
	c.mu.Lock()
	e := c.jobs[id]
	if e == nil {
		c.mu.Unlock()
		return nil, nil, fmt.Errorf("%w: %s", ErrNoJob, id)
	}
	batches = slices.Sorted(maps.Keys(e.batches))
	var all []Failure
	r, p := e.record, e.progress
	if p != nil {
		all = append(all, p.failures...)
	}
	c.mu.Unlock()
	if p == nil && r.Final != nil && r.Final.Failed+r.Final.Retried+r.Final.Lost > 0 {
		p, err := c.past(ctx, &r, nil)
		if err != nil {
			return nil, nil, err
		}
		all = p.failures
	}
	newest = make([]Failure, 0, min(len(all), keepFailures))
	for i := len(all) - 1; i >= 0 && len(newest) < keepFailures; i-- {
		newest = append(newest, all[i])
	}
	return newest, batches, nil
}

// sweep forgets jobs that ended long ago, and what was left of transfers that broke off.
func (c *Coordinator) sweep(ctx context.Context) {
	c.mu.Lock()
	s := c.session
	old := c.forgettable(time.Now())
	for _, id := range old {
		c.drop(id)
	}
	c.mu.Unlock()
	for _, id := range old {
		if err := s.forget(ctx, id); err != nil && !errors.Is(err, jetstream.ErrKeyNotFound) {
			c.log.Warn("coordinator: forgetting an old job", "job", id, "error", err)
			return
		}
	}
	if err := s.dropOrphans(ctx, time.Now().Add(-time.Hour)); err != nil && ctx.Err() == nil {
		c.log.Warn("coordinator: removing what broken transfers left", "error", err)
	}
}
