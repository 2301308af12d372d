package distributed

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// lookEvery is how often an idle worker looks for work by itself; after it was told
// of work it looks sooner, for a consumer may show a message a little later than the
// stream has it.
const (
	lookEvery = time.Second
	lookAgain = time.Millisecond
)

// lane is what slots of one sort fetch from: those of a worker, or what drives other jobs beside them.
type lane struct {
	drives bool
	wake   chan struct{} // something may be there to fetch
	turn   chan struct{} // of the slots to fetch
}

func newLane(drives bool) *lane {
	return &lane{drives, make(chan struct{}, 1), make(chan struct{}, 1)}
}

// nudge has a waiting slot look for work.
func (l *lane) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// slot runs one chunk after the other.
type slot struct {
	number int
	lane   *lane
	dir    string // for the next attempt; "" if there is none yet
	stuck  <-chan struct{}

	finished []int // tasks of the chunk whose checkpoints are not needed once their results are published

	mu   sync.Mutex
	now  Busy // Job is "" when nothing runs
	stop context.CancelCauseFunc
}

func (s *slot) busy() (Busy, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now, s.now.Job != ""
}

func (s *slot) set(b Busy, stop context.CancelCauseFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.stop = b, stop
}

func (s *slot) cancel(job string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now.Job == job && s.stop != nil {
		s.stop(ErrCancelled)
	}
}

// directory is an empty directory for an attempt.
func (s *slot) directory(w *Worker) (dir string, err error) {
	if s.dir == "" {
		s.dir, err = os.MkdirTemp(w.dir, fmt.Sprintf("slot%d-", s.number))
	}
	return s.dir, err
}

// clear removes what an attempt left; a directory still empty serves again.
func (s *slot) clear() {
	if s.dir == "" {
		return
	}
	if entries, err := os.ReadDir(s.dir); err != nil || len(entries) > 0 {
		s.abandon()
	}
}

// abandon gives up the directory.
func (s *slot) abandon() {
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
		s.dir = ""
	}
}

// source is a queue that this worker may fetch from.
type source struct {
	queue
	consumer jetstream.Consumer // nil until first used
}

// setQueues takes the queues there are; those it knows it keeps.
func (w *Worker) setQueues(all []queue) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var now []*source
	for _, q := range all {
		if q.Class == classHeld || !offers(w.settings.Labels, q.Requires) {
			continue
		}
		i := slices.IndexFunc(w.queues, func(s *source) bool { return s.durable() == q.durable() })
		if i >= 0 {
			now = append(now, w.queues[i])
		} else {
			now = append(now, &source{queue: q})
		}
	}
	slices.SortStableFunc(now, func(a, b *source) int { return cmp.Compare(b.Priority, a.Priority) })
	w.queues = now
}

func (w *Worker) addQueue(q queue) {
	w.mu.Lock()
	known := slices.ContainsFunc(w.queues, func(s *source) bool { return s.durable() == q.durable() })
	all := []queue{q}
	for _, s := range w.queues {
		all = append(all, s.queue)
	}
	w.mu.Unlock()
	if !known && strings.TrimPrefix(q.Class, classDrive) == classOf(q.Requires) && q.Priority >= 0 && q.Priority <= MaxPriority {
		w.setQueues(all)
	}
}

func (w *Worker) sources() []*source {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.queues
}

// next waits for a chunk: of all that wait, one with the highest priority. One slot
// of a lane asks for all, so that nothing is fetched for which there is no slot. It is
// nil when ctx ends.
func (w *Worker) next(ctx context.Context, l *lane) (jetstream.Msg, *source) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil, nil
	}
	pause := lookAgain
	look := time.NewTimer(pause)
	defer look.Stop()
	listed := time.Now()
	for ctx.Err() == nil {
		for _, q := range w.sources() {
			if q.drives() != l.drives {
				continue
			}
			if m := w.fetch(ctx, q); m != nil {
				return m, q
			}
			if ctx.Err() != nil {
				return nil, nil
			}
		}
		select {
		case <-l.wake:
			pause = lookAgain
		case <-look.C:
			pause = min(2*pause, lookEvery)
		case <-ctx.Done():
			return nil, nil
		}
		look.Reset(pause)
		if time.Since(listed) > 10*lookEvery { // should a wake have been missed
			if r, err := w.link.ask(ctx, verbQueues, request{}); err == nil {
				w.setQueues(r.Queues)
			}
			listed = time.Now()
		}
	}
	return nil, nil
}

// fetch asks a queue for one chunk, and gets it at once or not at all.
func (w *Worker) fetch(ctx context.Context, q *source) jetstream.Msg {
	if !w.link.nc.IsConnected() {
		return nil
	}
	if q.consumer == nil {
		ctx, cancel := context.WithTimeout(ctx, w.link.timeout)
		defer cancel()
		c, err := w.link.js.Consumer(ctx, streamTasks, q.durable())
		if err != nil {
			return nil
		}
		q.consumer = c
	}
	batch, err := q.consumer.FetchNoWait(1)
	if err != nil {
		q.consumer = nil
		return nil
	}
	for m := range batch.Messages() {
		return m
	}
	if batch.Error() != nil {
		q.consumer = nil // looked up again
	}
	return nil
}

// serve runs chunks in one slot until accept ends.
func (w *Worker) serve(accept, work context.Context, s *slot) {
	defer s.abandon()
	for {
		m, q := w.next(accept, s.lane)
		if m == nil {
			return
		}
		w.runMessage(work, s, m, q)
		if s.stuck != nil {
			w.log.Warn("a task does not stop", "slot", s.number)
			select {
			case <-s.stuck:
				s.stuck = nil
			case <-accept.Done():
				return
			}
		}
		s.set(Busy{}, nil)
		w.touch(time.Now())
	}
}

// runMessage runs a chunk, publishes its outcomes and acknowledges it, in this order.
func (w *Worker) runMessage(work context.Context, s *slot, m jetstream.Msg, q *source) {
	c, err := decodeChunk(m.Data())
	meta, metaErr := m.Metadata()
	if err = errors.Join(err, metaErr); err != nil {
		w.log.Error("chunk refused", "subject", m.Subject(), "error", err)
		if !errors.Is(err, ErrVersion) { // others may speak it
			_ = m.TermWithReason(err.Error())
		}
		return
	}
	deliveries := int(meta.NumDelivered)
	if deliveries > 1 && len(c.Tasks) > 1 {
		w.splitUp(work, m, q, c, deliveries)
		return
	}
	ctx, cancel := context.WithCancelCause(work)
	defer cancel(nil)
	s.set(Busy{Slot: s.number, Job: c.Job, Task: c.Tasks[0].Index, Attempt: c.Tasks[0].Attempt + deliveries - 1, Since: time.Now()}, cancel)
	out := &outcomes{w: w, job: c.Job, life: c.Life}
	quit := make(chan struct{})
	var tending sync.WaitGroup
	tending.Go(func() { w.tend(m, out, quit) })
	left, poisoned := w.runTasks(ctx, s, c, deliveries, cancel, out)
	cancelled := errors.Is(context.Cause(ctx), ErrCancelled)
	err = out.flush(w.life)
	for _, task := range s.finished {
		if err == nil {
			w.dropCheckpoint(c.Job, task)
		}
	}
	s.finished = s.finished[:0]
	if err == nil && len(left) > 0 && !cancelled {
		rest := *c
		rest.Tasks = left
		err = w.enqueue(w.life, m.Subject(), q, rest, "/back/"+w.session)
	}
	close(quit)
	tending.Wait()
	switch {
	case err != nil: // it will be delivered again
		w.log.Error("chunk not handed in", "job", c.Job, "error", err)
	case poisoned:
		_ = m.TermWithReason("its workers died")
	case cancelled: // the coordinator drops the chunk; not if somebody retries the job just now, and then it is needed
		_ = m.NakWithDelay(w.silence())
	default:
		_ = m.Ack()
	}
}

// runTasks runs the tasks of a chunk in order. left are those that did not end
// because the worker leaves, or the job was cancelled.
func (w *Worker) runTasks(ctx context.Context, s *slot, c *chunk, deliveries int, cancel context.CancelCauseFunc, out *outcomes) (left []chunkTask, poisoned bool) {
	for i, t := range c.Tasks {
		t.Attempt += deliveries - 1
		t.Deaths += deliveries - 1
		if t.Attempt > c.Attempts {
			now := time.Now()
			last := outcome{Index: t.Index, Attempt: c.Attempts, Slot: s.number, Started: now}
			last.fail(fmt.Errorf("given up: its worker died in %d of %d attempts", min(t.Deaths, c.Attempts), c.Attempts), t)
			last.Retryable = false
			last.Task.Attempt, last.Task.Deaths = c.Attempts, min(t.Deaths, c.Attempts)
			out.add(last)
			poisoned = true
			continue
		}
		if ctx.Err() != nil {
			return c.Tasks[i:], poisoned
		}
		s.set(Busy{Slot: s.number, Job: c.Job, Task: t.Index, Attempt: t.Attempt, Since: time.Now()}, cancel)
		o := w.attempt(ctx, s, c, t)
		if !o.OK && ctx.Err() != nil { // not the task's fault
			left = slices.Clone(c.Tasks[i:])
			left[0].Resume = true
			return left, poisoned
		}
		out.add(o)
	}
	return nil, poisoned
}

// tend keeps a chunk from being delivered to others while it runs, and publishes
// what outcomes there are.
func (w *Worker) tend(m jetstream.Msg, out *outcomes, quit <-chan struct{}) {
	alive := w.silence() / 3
	tick := time.NewTicker(min(flushEvery, alive))
	defer tick.Stop()
	last, was := time.Now(), true
	for {
		select {
		case <-quit:
			return
		case now := <-tick.C:
			up := w.link.nc.IsConnected()
			if up && (now.Sub(last) >= alive-flushEvery/2 || !was) { // a server just started looks for silent workers soon
				_ = m.InProgress()
				last = now
			}
			was = up
			go out.try(w.life)
		}
	}
}

// silence is how long the worker may be silent about a chunk.
func (w *Worker) silence() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ackWait
}

// splitUp queues the tasks of a chunk one by one: the worker that had it died, and a
// task that kills its workers must not take others with it.
func (w *Worker) splitUp(ctx context.Context, m jetstream.Msg, q *source, c *chunk, deliveries int) {
	for _, part := range c.split(deliveries) {
		if err := w.enqueue(ctx, m.Subject(), q, part, ""); err != nil {
			return // delivered again, and what is queued already is known by its ID
		}
		_ = m.InProgress() // a slow disk takes its time, and nobody else is to split it as of a later attempt
	}
	_ = m.Ack()
}

// enqueue publishes a chunk and wakes whoever may run it.
func (w *Worker) enqueue(ctx context.Context, subject string, q *source, c chunk, suffix string) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	err = w.publish(ctx, subject, data, c.messageID()+suffix)
	if err == nil {
		if data, err := json.Marshal(q.queue); err == nil {
			_ = w.link.nc.Publish(subjectWake, data)
		}
	}
	return err
}

// publish puts a message into a stream, however long the coordinator is away. The ID
// makes sure that it is there once.
func (w *Worker) publish(ctx context.Context, subject string, data []byte, id string) error {
	return w.persist(ctx, w.link.timeout, func(ctx context.Context) error {
		_, err := w.link.js.Publish(ctx, subject, data, jetstream.WithMsgID(id))
		return err
	})
}

// outcomes are those of a chunk that wait to be published.
type outcomes struct {
	w    *Worker
	job  string
	life int64

	mu      sync.Mutex
	waiting []outcome

	sending sync.Mutex
}

func (o *outcomes) add(one outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = append(o.waiting, one)
}

// try publishes what waits, unless that is being done.
func (o *outcomes) try(ctx context.Context) {
	if o.w.link.nc.IsConnected() && o.sending.TryLock() {
		defer o.sending.Unlock()
		_ = o.send(ctx)
	}
}

// flush publishes what waits.
func (o *outcomes) flush(ctx context.Context) error {
	o.sending.Lock()
	defer o.sending.Unlock()
	return o.send(ctx)
}

// send publishes in batches that fit a message. What is published is forgotten.
func (o *outcomes) send(ctx context.Context) error {
	for {
		o.mu.Lock()
		n, size := 0, 0
		for n < len(o.waiting) {
			size += o.waiting[n].size()
			if n > 0 && size > maxInline {
				break
			}
			n++
		}
		batch := o.waiting[:n:n]
		o.mu.Unlock()
		if n == 0 {
			return nil
		}
		data, err := json.Marshal(event{Protocol: protocol, Time: time.Now(), Worker: o.w.id, Outcomes: batch, Life: o.life})
		if err != nil {
			return err
		}
		if err := o.w.publish(ctx, subjectEvent+o.job, data, o.w.batchID()); err != nil {
			return err
		}
		o.mu.Lock()
		o.waiting = o.waiting[n:]
		o.mu.Unlock()
	}
}

// size is about that of o in a message, before base64.
func (o *outcome) size() int {
	n := 128 + len(o.Data) + sizeOf(o.Files) + len(o.Reason) + len(o.Stderr)
	if o.Task != nil {
		n += o.Task.size()
	}
	return n
}

// batchID names a batch of outcomes.
func (w *Worker) batchID() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.batches++
	return fmt.Sprintf("%s/%s/%d", w.id, w.session, w.batches)
}

// keepLog stores the log of an attempt that has ended.
func (w *Worker) keepLog(l *taskLog, text []byte) {
	if err := w.put(w.life, logObject(l.job, l.task, l.attempt), text); err != nil {
		w.log.Warn("log not kept", "job", l.job, "task", l.task, "error", err)
	}
}
