package distributed

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// hear folds an event in and does what follows from it.
func (c *Coordinator) hear(s *session, subject string, data []byte, seq uint64) {
	id := strings.TrimPrefix(subject, subjectEvent)
	ev, err := decode[event]("event of job "+id, data)
	if err == nil {
		err = checkProtocol(ev.Protocol, "sender of an event of job "+id, "")
	}
	if err != nil {
		c.malformed(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != s {
		return
	}
	s.seq = seq
	if err != nil {
		return
	}
	e := c.jobs[id]
	if e == nil || seq <= e.From {
		return
	}
	if e.progress == nil { // it has ended
		if s.live && e.Final != nil && len(ev.Lost) > 0 {
			s.work.Go(func() { c.lostAtTheEnd(s, e) })
		}
		if s.live && e.Final != nil { // a copy that came late
			c.counts.duplicates.Add(uint64(len(ev.Outcomes)))
			final := *e.Final
			final.Duplicates += len(ev.Outcomes)
			e.Final = &final
		}
		return
	}
	old := *e.progress
	if err := e.apply(ev, nil); err != nil {
		c.malformed(err)
	}
	for i := range ev.Outcomes {
		o := &ev.Outcomes[i]
		end := o.Started.Add(time.Duration(o.Seconds * float64(time.Second)))
		c.spans.add(Span{ev.Worker, o.Slot, id, o.Index, o.Attempt, o.Started, end, !o.OK})
	}
	if s.live {
		p := e.progress
		c.counts.done.Add(uint64(p.done - old.done))
		c.counts.failed.Add(uint64(max(0, p.failed-old.failed)))
		c.counts.retried.Add(uint64(p.retried - old.retried))
		c.counts.duplicates.Add(uint64(p.duplicates - old.duplicates))
		c.settle(e)
	}
}

// settle does what the state of a job asks for: queue tasks again, end, release others. Under c.mu, in a live session.
func (c *Coordinator) settle(e *entry) {
	s, id := c.session, e.Header.ID
	if e.progress == nil {
		return
	}
	switch {
	case e.ended != "" && e.retrying > 0: // it is about to begin again
	case e.ended != "":
		c.end(e)
	case e.Header.Parent != "" && !e.complete() && c.ended(e.Header.Parent):
		s.publish(id, event{Ended: Cancelled, Round: e.round}, "")
	case len(e.again) > 0:
		c.requeue(e)
	case e.complete() && e.Complete && !e.ending && e.retrying == 0:
		e.ending = true
		state := Done
		if e.failed > 0 {
			state = Failed
		}
		s.publish(id, event{Ended: state, Round: e.round}, "")
	case e.Held && !e.released && !e.releasing && e.Complete && c.blockedBy(e) == "":
		e.releasing = true
		s.work.Go(func() { c.release(s, e) })
	}
	if e.progress != nil && !e.complete() {
		e.ending = false
	}
}

// lostAtTheEnd counts again what a job has lost: that a worker had died was noticed after the end.
func (c *Coordinator) lostAtTheEnd(s *session, e *entry) {
	c.mu.Lock()
	r := e.record
	c.mu.Unlock()
	p, err := c.past(s.ctx, &r, nil)
	if err != nil {
		if s.ctx.Err() == nil {
			s.fail(err)
		}
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Final != nil {
		final := *e.Final
		final.Lost = p.lost
		e.Final = &final
		s.closing = append(s.closing, e)
	}
}

// requeue stores the tasks that are to be tried again.
func (c *Coordinator) requeue(e *entry) {
	by := map[int][]chunkTask{}
	for _, t := range e.again {
		by[t.allowed] = append(by[t.allowed], t.chunkTask)
	}
	clear(e.again)
	q := e.queue()
	for allowed, tasks := range by {
		if _, err := c.session.enqueue(taskSubject(q.Class, q.Priority, e.Header.ID), e.pack(tasks, allowed, 1)); err != nil {
			c.session.fail(err)
		}
	}
	c.session.wake(q)
}

// queue is where the job's chunks go, once it is not held.
func (r *record) queue() queue {
	class := classOf(r.Header.Requires)
	if r.Header.Drives {
		class = classDrive + class
	}
	return queue{class, r.Header.Priority, r.Header.Requires}
}

// end closes a job whose end was folded in.
func (c *Coordinator) end(e *entry) {
	s := c.session
	final := c.status(e, nil)
	e.Final, e.progress, e.ending, e.parts = &final, nil, false, nil
	if s.closing = append(s.closing, e); final.State == Cancelled {
		c.closeJobs()
	}
	if final.State == Cancelled {
		if err := s.nc.Publish(subjectCancel, []byte(e.Header.ID)); err != nil {
			s.fail(err)
		}
	}
	for _, batch := range e.batches {
		c.settle(batch)
	}
	for _, other := range c.jobs {
		if other.Held && other.progress != nil && !other.released {
			c.settle(other)
		}
	}
}

// ended tells whether a job has ended, or is known no more.
func (c *Coordinator) ended(id string) bool {
	e := c.jobs[id]
	return e == nil || e.Final != nil
}

// adopt makes a job one of the batches of its parent.
func (c *Coordinator) adopt(e *entry) {
	if parent := c.jobs[e.Header.Parent]; parent != nil {
		if parent.batches == nil {
			parent.batches = map[string]*entry{}
		}
		parent.batches[e.Header.ID] = e
	}
}

// drop forgets a job.
func (c *Coordinator) drop(id string) {
	if e := c.jobs[id]; e != nil {
		if parent := c.jobs[e.Header.Parent]; parent != nil {
			delete(parent.batches, id)
		}
		delete(c.jobs, id)
	}
}

// closeJobs writes down what has ended, and drops copies of its tasks that are still queued. Under c.mu. It happens each
// second and not at once: the events hold everything, and results need not wait for the disk to do this.
func (c *Coordinator) closeJobs() {
	s := c.session
	var ended []record
	for _, e := range s.closing {
		if e.Final != nil {
			ended = append(ended, e.record)
		}
	}
	s.closing = nil
	if len(ended) == 0 {
		return
	}
	s.work.Go(func() {
		for i := range ended {
			r := &ended[i]
			var err error
			for _, class := range []string{r.queue().Class, classHeld} {
				if class == classHeld && !r.Held {
					continue
				}
				subject := taskSubject(class, r.Header.Priority, r.Header.ID)
				_, none := s.tasks.GetLastMsgForSubject(s.ctx, subject)
				if !errors.Is(none, jetstream.ErrMsgNotFound) {
					err = errors.Join(err, s.tasks.Purge(s.ctx, jetstream.WithPurgeSubject(subject)))
				}
			}
			if err == nil { // last: a job whose end is written down is not looked at again after a restart
				err = s.put(s.ctx, r)
			}
			if err != nil && s.ctx.Err() == nil {
				s.fail(err)
			}
		}
	})
}

// blockedBy says what a job waits for, "" if nothing.
func (c *Coordinator) blockedBy(e *entry) string {
	for _, id := range e.Header.After {
		before := c.jobs[id]
		switch {
		case before == nil:
			return fmt.Sprintf("job %s, which it comes after, is no longer known", id)
		case before.Final == nil:
			return fmt.Sprintf("waits for job %s", id)
		case before.Final.State == Failed:
			return fmt.Sprintf("job %s, which it comes after, has failed: retry that one", id)
		case before.Final.State == Cancelled:
			return fmt.Sprintf("job %s, which it comes after, was cancelled", id)
		}
	}
	return ""
}

// release moves a job's chunks from classHeld to where workers look.
func (c *Coordinator) release(s *session, e *entry) {
	if err := c.move(s, e.record); err != nil && s.ctx.Err() == nil {
		s.fail(fmt.Errorf("releasing job %s: %w", e.Header.ID, err))
		return
	}
	s.publish(e.Header.ID, event{Released: true}, "")
	s.wake(e.queue())
}

func (c *Coordinator) move(s *session, r record) error {
	id, q := r.Header.ID, r.queue()
	if err := c.openQueue(s, q); err != nil {
		return err
	}
	held, err := s.tasks.CreateOrUpdateConsumer(s.ctx, jetstream.ConsumerConfig{
		Durable: "ritz-held-" + id, FilterSubject: taskSubject(classHeld, r.Header.Priority, id),
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: time.Minute, MaxDeliver: -1})
	if err != nil {
		return err
	}
	for {
		batch, err := held.FetchNoWait(200)
		if err != nil {
			return err
		}
		var got []jetstream.Msg
		var waits []jetstream.PubAckFuture
		for m := range batch.Messages() {
			name := m.Headers().Get(jetstream.MsgIDHeader) + "/released" // the stream has seen the name itself
			w, err := s.js.PublishAsync(taskSubject(q.Class, q.Priority, id), m.Data(), jetstream.WithMsgID(name))
			if err != nil {
				return err
			}
			got, waits = append(got, m), append(waits, w)
		}
		if err := errors.Join(batch.Error(), waitAll(s.ctx, waits)); err != nil {
			return err
		}
		if len(got) == 0 {
			return s.tasks.DeleteConsumer(s.ctx, "ritz-held-"+id)
		}
		for _, m := range got {
			if err := m.DoubleAck(s.ctx); err != nil {
				return err
			}
		}
	}
}

// openQueue makes sure that a queue exists.
func (c *Coordinator) openQueue(s *session, q queue) error {
	c.mu.Lock()
	_, ok := s.queues[q.durable()]
	c.mu.Unlock()
	if ok {
		return nil
	}
	if err := s.store.openQueue(s.ctx, q, c.settings.AckWait); err != nil {
		return err
	}
	c.mu.Lock()
	s.queues[q.durable()] = q
	c.mu.Unlock()
	return nil
}

// eventsOf reads the events of one job from the first. The server forgets a reader that is silent for five seconds; one
// that was only cut off is made again.
func eventsOf(ctx context.Context, events jetstream.Stream, id string) (jetstream.MessagesContext, error) {
	consumer, err := events.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{subjectEvent + id}, InactiveThreshold: 5 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("%w: events of job %s: %w", ErrStore, id, err)
	}
	return consumer.Messages(jetstream.PullMaxBytes(8 << 20))
}

// replay reads all events of one job from the first, in order.
func replay(ctx context.Context, events jetstream.Stream, id string, each func(*event) error) error {
	last, err := events.GetLastMsgForSubject(ctx, subjectEvent+id)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	messages, err := eventsOf(ctx, events, id)
	if err != nil {
		return err
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		if e, err := decode[event]("event", m.Data()); err == nil && e.Protocol == protocol {
			if err := each(e); err != nil {
				return err
			}
		}
		if meta.Sequence.Stream >= last.Sequence {
			return nil
		}
	}
}

// past folds the events of a job that has ended.
func (c *Coordinator) past(ctx context.Context, r *record, each func(*event)) (*progress, error) {
	p := r.progress()
	err := replay(ctx, c.session.store.events, r.Header.ID, func(e *event) error {
		_ = p.apply(e, nil) // what makes no sense was reported when it came
		clear(p.again)
		if each != nil {
			each(e)
		}
		return nil
	})
	return p, err
}
