package distributed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Client submits jobs and follows them. It is safe for concurrent use. Jobs do not need it: it may go, and another one,
// anywhere, attach to them by their IDs.
type Client struct {
	*link
	events jetstream.Stream
	files  jetstream.ObjectStore
}

// Connect finds the coordinator.
func Connect(ctx context.Context, settings ConnectSettings) (*Client, error) {
	l, err := dial(ctx, settings, "ritz client")
	if err != nil {
		return nil, err
	}
	return newClient(ctx, l)
}

// newClient takes the link, which is closed if nobody is at work there.
func newClient(ctx context.Context, l *link) (*Client, error) {
	c := &Client{link: l}
	_, err := l.ask(ctx, verbHello, request{})
	if err == nil {
		c.events, err = l.js.Stream(ctx, streamEvents)
	}
	if err == nil {
		c.files, err = l.js.ObjectStore(ctx, bucketFiles)
	}
	if err != nil {
		l.nc.Close()
		return nil, err
	}
	return c, nil
}

// Close hangs up. Jobs go on.
func (c *Client) Close() { c.nc.Close() }

// Status of a job.
func (c *Client) Status(ctx context.Context, id string) (Status, error) {
	r, err := c.ask(ctx, verbStatus, request{Job: id})
	if err != nil {
		return Status{}, err
	}
	if len(r.Jobs) != 1 {
		return Status{}, fmt.Errorf("malformed answer of the coordinator: %d jobs for one", len(r.Jobs))
	}
	return r.Jobs[0], nil
}

// Jobs that have not ended, or all in the history; the newest first.
func (c *Client) Jobs(ctx context.Context, all bool) ([]Status, error) {
	var list []Status
	for {
		r, err := c.ask(ctx, verbJobs, request{All: all, First: len(list)})
		if err != nil {
			return nil, err
		}
		if list = append(list, r.Jobs...); !r.More || len(r.Jobs) == 0 {
			return list, nil
		}
	}
}

// Failures of a job, the newest first, at most 1000.
func (c *Client) Failures(ctx context.Context, id string) ([]Failure, error) {
	var list []Failure
	for {
		r, err := c.ask(ctx, verbFailures, request{Job: id, First: len(list)})
		if err != nil {
			return nil, err
		}
		if list = append(list, r.Failures...); !r.More || len(r.Failures) == 0 {
			return list, nil
		}
	}
}

// Workers that are there or were until shortly.
func (c *Client) Workers(ctx context.Context) ([]WorkerStatus, error) {
	var list []WorkerStatus
	for {
		r, err := c.ask(ctx, verbWorkers, request{First: len(list)})
		if err != nil {
			return nil, err
		}
		if list = append(list, r.Workers...); !r.More || len(r.Workers) == 0 {
			return list, nil
		}
	}
}

// Cancel ends a job; its running tasks are stopped.
func (c *Client) Cancel(ctx context.Context, id string) error {
	_, err := c.ask(ctx, verbCancel, request{Job: id})
	return err
}

// Retry queues a job's failed tasks again, each for as many attempts as before, and tells how many they are.
func (c *Client) Retry(ctx context.Context, id string) (int, error) {
	r, err := c.ask(ctx, verbRetry, request{Job: id})
	if err != nil {
		return 0, err
	}
	return r.Count, nil
}

// StopWorker asks a worker to finish what it runs, take no more, and leave.
func (c *Client) StopWorker(ctx context.Context, id string) error {
	if err := checkID("worker", id); err != nil {
		return err
	}
	if err := c.nc.Publish(subjectStop+id, nil); err != nil {
		return err
	}
	return c.nc.FlushWithContext(ctx)
}

// Wait returns when the job has ended, with its last status.
func (c *Client) Wait(ctx context.Context, id string) (Status, error) {
	if err := checkID("job", id); err != nil {
		return Status{}, err
	}
	ended := make(chan struct{}, 1)
	sub, err := c.nc.Subscribe(subjectEvent+id, func(m *nats.Msg) {
		if e, err := decode[struct{ Ended State }]("event", m.Data); err == nil && e.Ended != "" {
			select {
			case ended <- struct{}{}:
			default:
			}
		}
	})
	if err != nil {
		return Status{}, err
	}
	defer sub.Unsubscribe()
	pause := 500 * time.Millisecond
	for {
		s, err := c.Status(ctx, id)
		if err == nil && s.State.Ended() {
			return s, nil
		}
		if err != nil && !errors.Is(err, ErrNoCoordinator) { // it may come back
			return s, err
		}
		select {
		case <-ctx.Done():
			return s, ctx.Err()
		case <-ended:
			pause = 2 * time.Millisecond // the coordinator is about to hear of it
		case <-time.After(pause):
			pause = min(2*pause, 500*time.Millisecond)
		}
	}
}

// Results are yielded as they come, from the first, and each task's once: its result, or a TaskError if it failed for
// good. The sequence ends when all tasks have theirs, a moment before the job counts as ended, for which there is Wait;
// that of a cancelled job ends with ErrCancelled. It survives a restart of the coordinator. Files of more than MaxTask
// bytes are not among a result's Files, but read by the method Files.
func (c *Client) Results(ctx context.Context, id string) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		if err := c.results(ctx, id, yield); err != nil {
			yield(Result{Task: -1}, err)
		}
	}
}

// results returns nil if the job has ended or yield wants no more.
func (c *Client) results(ctx context.Context, id string, yield func(Result, error) bool) error {
	s, err := c.Status(ctx, id)
	if err != nil {
		return err
	}
	messages, err := eventsOf(ctx, c.events, id)
	if err != nil {
		return err
	}
	defer messages.Stop()
	p := newProgress(id, s.Tasks, s.Attempts, s.Minimize)
	p.life = s.Submitted.UnixNano()
	seen := make([]bool, s.Tasks)
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if errors.Is(err, jetstream.ErrNoHeartbeat) {
			continue
		}
		if err != nil {
			return err
		}
		e, err := decode[event]("event of job "+id, m.Data())
		if err != nil || e.Protocol != protocol {
			continue // the coordinator has reported it
		}
		stop, failed := false, error(nil)
		_ = p.apply(e, func(o *outcome, final bool) { // likewise
			if stop || failed != nil || final && p.round < s.Round { // a failure that was retried later
				return
			}
			if seen[o.Index] {
				return
			}
			seen[o.Index] = true
			r := o.result(e.Worker)
			if final {
				f := o.failure(id, e)
				f.Final = true
				stop = !yield(Result{Task: o.Index, Attempt: o.Attempt, Worker: e.Worker, Started: o.Started, Seconds: o.Seconds}, &TaskError{f})
				return
			}
			if failed = c.load(ctx, o.Object, &r); failed != nil {
				return
			}
			stop = !yield(r, nil)
		})
		clear(p.again)
		switch {
		case failed != nil:
			return failed
		case stop:
			return nil
		case p.ended == Cancelled:
			return fmt.Errorf("%w: %s", ErrCancelled, id)
		case (p.ended != "" || p.complete()) && p.round >= s.Round:
			return nil
		}
	}
}

// load fetches what was too large for an event, and is not too large to be held.
func (c *Client) load(ctx context.Context, object string, r *Result) error {
	if object != "" {
		data, err := c.get(ctx, object)
		if err != nil {
			return fmt.Errorf("result of task %d: %w", r.Task, err)
		}
		p, err := decode[payload]("result", data)
		if err != nil {
			return err
		}
		r.Data, r.Files = p.Data, p.Files
	}
	if r.Archive == nil || r.Archive.Size+int64(sizeOf(r.Files)) > MaxTask {
		return nil
	}
	all := map[string][]byte{}
	err := c.Files(ctx, *r, func(name string, _ int64, data io.Reader) (err error) {
		all[name], err = io.ReadAll(data)
		return err
	})
	r.Files, r.Archive = all, nil
	return err
}

// Files calls f for all files of a result, however large they are, one after the other. data is to be read before f
// returns. Names are valid: none leads out of a directory.
func (c *Client) Files(ctx context.Context, r Result, f func(name string, size int64, data io.Reader) error) error {
	for _, name := range slices.Sorted(maps.Keys(r.Files)) {
		if err := checkFile(name); err != nil {
			return err
		}
		if err := f(name, int64(len(r.Files[name])), bytes.NewReader(r.Files[name])); err != nil {
			return err
		}
	}
	if r.Archive == nil {
		return nil
	}
	get := func(object string) ([]byte, error) { return c.get(ctx, object) }
	if err := r.Archive.eachFile(get, f); err != nil {
		return fmt.Errorf("files of task %d: %w", r.Task, err)
	}
	return nil
}

// Map submits a job and returns its results in the order of its tasks. If tasks fail for good, the error is the first
// of their TaskErrors, and the results of the others are there.
func (c *Client) Map(ctx context.Context, job Job) ([]Result, error) {
	id, err := c.Submit(ctx, job)
	if err != nil {
		return nil, err
	}
	all := make([]Result, len(job.Tasks))
	var first error
	for r, err := range c.Results(ctx, id) {
		if r.Task >= 0 {
			all[r.Task] = r
		}
		if err != nil && first == nil {
			first = err
		}
	}
	return all, first
}

// get fetches an object, also if the coordinator is started again meanwhile.
func (c *Client) get(ctx context.Context, name string) ([]byte, error) {
	for deadline := time.Now().Add(6 * c.timeout); ; {
		try, cancel := context.WithTimeout(ctx, storing)
		data, err := c.files.GetBytes(try, name)
		cancel()
		if err == nil || ctx.Err() != nil || errors.Is(err, jetstream.ErrObjectNotFound) || time.Now().After(deadline) {
			return data, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(firstWait):
		}
	}
}

// put stores an object, unless an equal one is there.
func (c *Client) put(ctx context.Context, name string, data []byte) error {
	if _, err := c.files.Put(ctx, jetstream.ObjectMeta{Name: name, Opts: objectOptions}, bytes.NewReader(data)); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrStore, name, err)
	}
	return nil
}

func (c *Client) putTask(ctx context.Context, job string, i int, t Task) error {
	data, err := json.Marshal(payload{t.Data, t.Files})
	if err != nil {
		return err
	}
	return c.put(ctx, taskObject(job, i), data)
}
