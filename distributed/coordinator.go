package distributed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Coordinator knows all jobs, queues their tasks and counts their results. All it knows is a fold over what its store
// holds: killed and started again on the same store, it is where it was.
type Coordinator struct {
	settings CoordinatorSettings
	log      *slog.Logger
	lock     *storeLock

	counts struct{ submitted, done, failed, retried, duplicates, lost, malformed, refused atomic.Uint64 }
	stored atomic.Uint64 // bytes, as of the last look

	mu      sync.Mutex
	session *session
	trouble error // why nothing can be stored at present
	jobs    map[string]*entry
	workers map[string]*WorkerStatus
	spans   spanRing
}

// session is a coordinator's life between two troubles of its store.
type session struct {
	*link
	*store
	ctx     context.Context
	cancel  context.CancelCauseFunc
	server  *server.Server // nil with an external NATS
	events  jetstream.ConsumeContext
	queues  map[string]queue // that exist, by durable name; under Coordinator.mu
	seq     uint64           // the last event folded in; under Coordinator.mu
	closing []*entry         // jobs that have ended just now; under Coordinator.mu
	live    bool             // what was stored before is folded in; under Coordinator.mu
	work    sync.WaitGroup
}

// fail ends the session, and all that waits for its store; the coordinator starts another.
func (s *session) fail(err error) { s.cancel(err) }

var errClosed = errors.New("the coordinator stops")

// entry is a job.
type entry struct {
	record
	*progress             // nil once the job has ended
	parts     map[int]int // what has arrived of its tasks: first -> number
	arrived   int
	ending    bool              // its end is published
	retrying  int               // requests that are about to publish Retried: no end before
	releasing bool              // its chunks are being moved out of classHeld
	batches   map[string]*entry // the jobs that it drives
}

// NewCoordinator opens the store, or makes it, and listens. Run must follow.
func NewCoordinator(settings CoordinatorSettings) (*Coordinator, error) {
	if err := settings.defaults(); err != nil {
		return nil, err
	}
	c := &Coordinator{settings: settings, log: settings.Log, jobs: map[string]*entry{}, workers: map[string]*WorkerStatus{}}
	var err error
	if settings.NATS == nil {
		if c.lock, err = lockStore(settings.Store); err != nil {
			return nil, err
		}
	}
	if err = c.open(); err != nil {
		return nil, errors.Join(err, c.lock.release())
	}
	return c, nil
}

// Addr is where clients and workers connect, as host:port.
func (c *Coordinator) Addr() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.settings.NATS != nil {
		return c.session.nc.ConnectedAddr()
	}
	return c.settings.Listen
}

// URL is Addr as ConnectSettings.URL takes it.
func (c *Coordinator) URL() string {
	if c.settings.NATS != nil {
		return c.settings.NATS.URL
	}
	if c.settings.Cert != "" {
		return "tls://" + c.Addr()
	}
	return "nats://" + c.Addr()
}

// keepPorts has the next session listen at the ports that this one was given.
func (c *Coordinator) keepPorts(srv *server.Server) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settings.Listen = srv.Addr().String()
	if u, err := url.Parse(srv.WebsocketURL()); err == nil && c.settings.WebSocket != "" {
		if host, _, err := net.SplitHostPort(c.settings.WebSocket); err == nil {
			c.settings.WebSocket = net.JoinHostPort(host, u.Port())
		}
	}
}

// WebSocketURL is where workers connect that must go through HTTP; "" without that listener.
func (c *Coordinator) WebSocketURL() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.settings.WebSocket == "" || c.session.server == nil {
		return ""
	}
	return c.session.server.WebsocketURL()
}

// open begins a session: connect, read the jobs, fold in what happened to those that have not ended.
func (c *Coordinator) open() (err error) {
	s := &session{queues: map[string]queue{}}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	connect, more := ConnectSettings{Token: c.settings.Token, User: c.settings.User, Password: c.settings.Password}, []nats.Option(nil)
	if c.settings.NATS != nil {
		connect = *c.settings.NATS
	} else {
		if s.server, err = startServer(s.ctx, &c.settings, s.fail); err != nil {
			return err
		}
		c.keepPorts(s.server)
		more = append(more, nats.InProcessServer(s.server))
	}
	if s.link, err = dial(s.ctx, connect, "ritz coordinator", more...); err != nil {
		return err
	}
	if s.js, err = jetstream.New(s.nc, jetstream.WithPublishAsyncTimeout(10*time.Second), jetstream.WithPublishAsyncErrHandler(func(_ jetstream.JetStream, m *nats.Msg, err error) {
		s.fail(fmt.Errorf("%w: %s: %w", ErrStore, m.Subject, err))
	})); err != nil {
		return err
	}
	if s.server == nil {
		if _, err = s.nc.Request(subjectAPI+verbHello, []byte("{}"), s.timeout); !errors.Is(err, nats.ErrNoResponders) {
			return fmt.Errorf("coordinator: another one is at work at %s", withoutSecrets(connect.URL))
		}
	}
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
	defer cancel()
	if s.store, err = openStore(ctx, s.js); err != nil {
		return err
	}
	queues, err := s.store.queues(ctx, c.settings.AckWait)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	for _, q := range queues {
		s.queues[q.durable()] = q
	}
	records, err := s.records(ctx, c.malformed)
	if err != nil {
		return err
	}
	info, err := s.store.events.Info(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	jobs, from := map[string]*entry{}, info.State.LastSeq
	for _, r := range records {
		e := &entry{record: *r, parts: map[int]int{}}
		if r.Final == nil {
			e.progress = r.progress()
			from = min(from, r.From)
			if err = c.openQueue(s, r.queue()); err != nil { // held ones too: they may have been released, and be about to queue a task again
				return err
			}
		}
		jobs[r.Header.ID] = e
	}
	c.mu.Lock()
	c.session, c.jobs = s, jobs
	for _, e := range jobs {
		c.adopt(e)
	}
	c.mu.Unlock()
	return c.follow(ctx, s, from)
}

func (r *record) progress() *progress {
	p := newProgress(r.Header.ID, r.Header.Tasks, r.Header.Attempts, r.Header.Minimize)
	p.life = r.Submitted.UnixNano()
	return p
}

// follow folds in the events after from, returns when it has those that were there, and goes on in the background.
func (c *Coordinator) follow(ctx context.Context, s *session, from uint64) error {
	consumer, err := s.store.events.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from + 1})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	missing, caught := consumer.CachedInfo().NumPending, make(chan struct{})
	s.seq = from
	if missing == 0 {
		close(caught)
	}
	s.events, err = consumer.Consume(func(m jetstream.Msg) {
		meta, err := m.Metadata()
		if err != nil {
			c.malformed(err)
			return
		}
		c.hear(s, m.Subject(), m.Data(), meta.Sequence.Stream)
		if missing > 0 {
			if missing = min(missing-1, meta.NumPending); missing == 0 {
				close(caught)
			}
		}
	}, jetstream.PullMaxBytes(8<<20))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	for waiting, seq := true, from; waiting; { // however much it is, as long as it goes on
		select {
		case <-caught:
			waiting = false
		case <-s.ctx.Done():
			return fmt.Errorf("%w: reading what happened: %w", ErrStore, context.Cause(s.ctx))
		case <-time.After(time.Minute):
			c.mu.Lock()
			before := seq
			seq = s.seq
			c.mu.Unlock()
			if seq == before {
				return fmt.Errorf("%w: reading what happened stopped after event %d", ErrStore, seq)
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s.live = true
	for _, e := range c.jobs {
		c.settle(e)
	}
	return nil
}

// Run serves until ctx ends. A store that cannot be written to, on a full disk for one, is no end: Run says so, waits
// until it can, and goes on.
func (c *Coordinator) Run(ctx context.Context) error {
	defer func() {
		c.session.close()
		if err := c.lock.release(); err != nil {
			c.log.Error("coordinator: " + err.Error())
		}
	}()
	for {
		err := c.serve(ctx)
		if ctx.Err() != nil {
			return nil
		}
		for err != nil {
			c.mu.Lock()
			c.trouble = fmt.Errorf("%w at present: %w", ErrStore, err)
			c.mu.Unlock()
			c.log.Error("coordinator: the store cannot be used; waiting until it can", "error", err)
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(time.Second):
			}
			if c.settings.NATS == nil {
				if full := hasRoom(c.settings.Store); full != nil {
					err = full
					continue
				}
			}
			c.session.close()
			err = c.open()
		}
		c.mu.Lock()
		if c.trouble != nil {
			c.log.Info("coordinator: the store is back")
		}
		c.trouble = nil
		c.mu.Unlock()
	}
}

// serve answers requests until ctx ends or the session breaks.
func (c *Coordinator) serve(ctx context.Context) error {
	s := c.session
	limit := make(chan struct{}, 64) // requests at a time
	_, err := s.nc.Subscribe(subjectAPI+"*", func(m *nats.Msg) {
		limit <- struct{}{}
		s.work.Go(func() {
			c.answer(s.ctx, m)
			<-limit
		})
	})
	if err == nil {
		_, err = s.nc.Subscribe(subjectBeat+"*", c.beat)
	}
	if err == nil {
		err = s.nc.Flush()
	}
	if err != nil {
		return err
	}
	second, sweep := time.NewTicker(beatEvery), time.NewTicker(10*time.Minute)
	defer second.Stop()
	defer sweep.Stop()
	s.work.Go(func() { c.sweep(s.ctx) })
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		case <-sweep.C:
			s.work.Go(func() { c.sweep(s.ctx) })
		case now := <-second.C:
			c.lookForLost(now)
			c.mu.Lock()
			c.closeJobs()
			c.mu.Unlock()
			if s.server == nil {
				continue
			}
			if !s.server.JetStreamEnabled() {
				return fmt.Errorf("the server has stopped using %s", c.settings.Store)
			}
			if info, err := s.server.Jsz(nil); err == nil {
				c.stored.Store(info.Store)
			}
		}
	}
}

// close ends the session.
func (s *session) close() {
	if s == nil {
		return
	}
	s.cancel(errClosed)
	if s.events != nil {
		s.events.Stop()
	}
	if s.link != nil && s.nc != nil {
		s.nc.Close()
	}
	s.work.Wait()
	if s.server != nil {
		s.server.Shutdown()
		s.server.WaitForShutdown()
	}
}

// malformed counts and reports a message that could not be used.
func (c *Coordinator) malformed(err error) {
	c.counts.malformed.Add(1)
	c.log.Warn("coordinator: " + err.Error())
}

// publish stores an event, and does not wait.
func (s *session) publish(job string, e event, id string) {
	e.Protocol, e.Time = protocol, time.Now()
	data, err := json.Marshal(e)
	if err == nil {
		var options []jetstream.PublishOpt
		if id != "" {
			options = append(options, jetstream.WithMsgID(id))
		}
		_, err = s.js.PublishAsync(subjectEvent+job, data, options...)
	}
	if err != nil {
		s.fail(err)
	}
}

// publishWait stores an event and returns when it is on the disk.
func (s *session) publishWait(ctx context.Context, job string, e event) error {
	e.Protocol, e.Time = protocol, time.Now()
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err = s.js.Publish(ctx, subjectEvent+job, data); err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	return nil
}

// enqueue stores chunks, and gives what to wait for.
func (s *session) enqueue(subject string, chunks []chunk) ([]jetstream.PubAckFuture, error) {
	waits := make([]jetstream.PubAckFuture, 0, len(chunks))
	for i := range chunks {
		data, err := json.Marshal(&chunks[i])
		if err != nil {
			return waits, err
		}
		w, err := s.js.PublishAsync(subject, data, jetstream.WithMsgID(chunks[i].messageID()))
		if err != nil {
			return waits, fmt.Errorf("%w: %w", ErrStore, err)
		}
		waits = append(waits, w)
	}
	return waits, nil
}

// waitAll returns when all is on the disk.
func waitAll(ctx context.Context, waits []jetstream.PubAckFuture) error {
	for _, w := range waits {
		select {
		case <-w.Ok():
		case err := <-w.Err():
			return fmt.Errorf("%w: %w", ErrStore, err)
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrStore, context.Cause(ctx))
		}
	}
	return nil
}

// wake tells workers that a queue has something.
func (s *session) wake(q queue) {
	data, err := json.Marshal(q)
	if err == nil {
		err = s.nc.Publish(subjectWake, data)
	}
	if err != nil {
		s.fail(err)
	}
}
