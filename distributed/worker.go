package distributed

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// WorkerSettings say what a worker offers. The zero value is a worker of the
// coordinator on this machine with a slot a core, that runs registered functions.
type WorkerSettings struct {
	Connect   ConnectSettings
	ID        string             // names it among all workers; "": host, process and a random part
	Slots     int                // tasks at a time; 0: the number of cores
	Labels    map[string]string  // what jobs may require
	Memory    int64              // bytes it may use, for people; 0: not stated
	Commands  []string           // programs of kind "command": names, absolute paths or AnyCommand; none: no commands
	Kinds     map[string]Handler // beside "function" and "command"
	Dir       string             // where tasks have their directories; "": the system's temporary directory
	Drain     time.Duration      // how long tasks may run on when Run's ctx ends; 0: 10 s, negative: not at all
	IdleAfter time.Duration      // Run ends after so long without a task; 0: never
	SaveEvery time.Duration      // between looks for a new checkpoint of a program; 0: 10 s
	Log       *slog.Logger       // nil: none
}

// maxDrivers is how many tasks that drive other jobs a worker runs at a time.
const maxDrivers = 8

// What ends an attempt early, beside its time limit.
var (
	errLeaving = errors.New("the worker leaves")
	errStopped = errors.New("the worker ended")
)

// Worker runs tasks. Make one with NewWorker.
type Worker struct {
	settings WorkerSettings
	kinds    map[string]Handler
	id       string
	host     string
	joined   time.Time
	session  string // tells this life of the worker from others with the same ID
	log      *slog.Logger
	guard    *guard
	logs     *taskLogs

	// while it runs
	started atomic.Bool
	link    *link
	life    context.Context // until Run returns
	ready   chan struct{}   // closed when it has joined
	dir     string
	shared  *sharedFiles
	lanes   [2]*lane
	slots   []*slot // Slots of them, and maxDrivers beside

	mu       sync.Mutex
	ackWait  time.Duration
	queues   []*source // highest priority first
	draining bool
	active   time.Time // when last a task ran
	drain    context.CancelFunc
	fatal    context.CancelCauseFunc
	batches  uint64

	connected context.Context // until the connection is lost
	lose      context.CancelFunc
}

// NewWorker makes a worker; Run, called once, sets it to work.
func NewWorker(s WorkerSettings) (*Worker, error) {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	session := strings.ToLower(rand.Text()[:8])
	if s.ID == "" {
		clean := regexp.MustCompile(`[^A-Za-z0-9_-]+`).ReplaceAllString(host, "-")
		s.ID = fmt.Sprintf("%s-%d-%s", clean[:min(len(clean), 40)], os.Getpid(), session[:4])
	}
	if s.Slots == 0 {
		s.Slots = runtime.GOMAXPROCS(0)
	}
	switch {
	case s.Drain == 0:
		s.Drain = 10 * time.Second
	case s.Drain < 0:
		s.Drain = 0
	}
	if s.SaveEvery == 0 {
		s.SaveEvery = 10 * time.Second
	}
	if s.Log == nil {
		s.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	w := &Worker{
		settings: s, id: s.ID, host: host, session: session, joined: time.Now(), ackWait: defaultAckWait,
		log: s.Log.With("worker", s.ID), guard: newGuard(), logs: &taskLogs{running: map[string]*taskLog{}},
		lanes: [2]*lane{newLane(false), newLane(true)}, ready: make(chan struct{}),
	}
	w.kinds = map[string]Handler{"function": w.function, "command": w.command}
	for kind, handler := range s.Kinds {
		if !namePattern.MatchString(kind) || handler == nil {
			return nil, fmt.Errorf("%w: kind %q", ErrName, kind)
		}
		w.kinds[kind] = handler
	}
	for n := range s.Slots + maxDrivers {
		l := w.lanes[0]
		if n >= s.Slots {
			l = w.lanes[1]
		}
		w.slots = append(w.slots, &slot{number: n, lane: l})
	}
	if s.Slots < 0 || s.Slots > 4096 {
		return nil, fmt.Errorf("%d slots of a worker: 1 to 4096, 0 for the number of cores", s.Slots)
	}
	return w, errors.Join(registerFaults(), checkID("worker", s.ID), CheckLabels(s.Labels), checkCommands(s.Commands))
}

// ID is the worker's name.
func (w *Worker) ID() string { return w.id }

// Run takes tasks and runs them until ctx ends, or the coordinator says so, or there
// was nothing to do for IdleAfter: then it returns nil. It takes no more tasks then;
// those that run may go on for Drain, and what is not done after that is given back
// for others to do. When the coordinator is away, results are kept and everything
// goes on when it is back. A worker that is refused returns why: errors.Is ErrAuth or
// ErrVersion.
func (w *Worker) Run(ctx context.Context) (err error) {
	if !w.started.CompareAndSwap(false, true) {
		return errors.New("this worker has run already: make another")
	}
	scratch, err := newScratch(w.settings.Dir)
	if err != nil {
		return fmt.Errorf("directory for tasks: %w", err)
	}
	defer func() {
		if err := scratch.remove(); err != nil {
			w.log.Warn("directory not removed", "error", err)
		}
	}()
	defer w.guard.close()
	w.dir = scratch.dir
	w.shared = newSharedFiles(w.dir + "/shared")

	work, giveUp := context.WithCancelCause(context.WithoutCancel(ctx)) // of all attempts
	life, die := context.WithCancelCause(context.WithoutCancel(ctx))
	accept, drain := context.WithCancel(ctx) // of fetching
	w.life, w.drain = life, drain
	defer drain()
	defer giveUp(errStopped)
	defer die(errStopped)
	accept, w.fatal = context.WithCancelCause(accept)

	if err := w.connect(accept); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	close(w.ready)
	defer w.link.nc.Close()
	subscriptions, err := w.listen()
	if err != nil {
		return err
	}
	w.log.Info("joined", "coordinator", w.link.nc.ConnectedUrlRedacted(), "slots", w.settings.Slots)
	w.active = time.Now()
	var running, beating sync.WaitGroup
	driving, yield := context.WithCancelCause(work)
	defer yield(nil)
	for _, s := range w.slots {
		work := work
		if s.lane.drives {
			work = driving
		}
		running.Go(func() { w.serve(accept, work, s) })
	}
	beating.Go(func() { w.beat(life) })

	idle := make(chan struct{})
	go func() { running.Wait(); close(idle) }()
	<-accept.Done()
	yield(errLeaving) // what it waits for may be run by others only
	w.mu.Lock()
	w.draining = true
	w.mu.Unlock()
	if ctx.Err() == nil && context.Cause(accept) == context.Canceled {
		w.log.Info("leaving when all running tasks are done")
		select {
		case <-idle:
		case <-ctx.Done():
		}
	}
	wait := time.AfterFunc(w.settings.Drain, func() { giveUp(errLeaving) })
	defer wait.Stop()
	last := time.AfterFunc(w.settings.Drain+10*patience, func() { die(errLeaving) })
	defer last.Stop()
	select {
	case <-idle:
	case <-life.Done():
		w.log.Warn("left before everything was handed in")
	}
	for _, s := range subscriptions {
		_ = s.Unsubscribe()
	}
	die(errStopped)
	beating.Wait()
	w.sendBeat(usage{}, 0)
	_ = w.link.nc.FlushTimeout(time.Second)
	if cause := context.Cause(accept); cause != context.Canceled && ctx.Err() == nil {
		return cause
	}
	return nil
}

// connect dials and joins, however long it takes the coordinator to be there.
func (w *Worker) connect(ctx context.Context) error {
	said := false
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		err := w.dialAndJoin(ctx)
		if err == nil || refused(err) || ctx.Err() != nil {
			return err
		}
		if !said {
			w.log.Warn("waiting for the coordinator", "error", err)
			said = true
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// refused tells whether trying again is in vain.
func refused(err error) bool {
	return errors.Is(err, ErrAuth) || errors.Is(err, ErrVersion) || errors.Is(err, ErrName)
}

// connection is a context that ends when the connection is lost.
func (w *Worker) connection() context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.connected
}

func (w *Worker) connectionMade() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.connected, w.lose = context.WithCancel(w.life)
}

func (w *Worker) connectionLost() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lose()
}

func (w *Worker) dialAndJoin(ctx context.Context) (err error) {
	w.connectionMade()
	w.link, err = dial(ctx, w.settings.Connect, "worker "+w.id,
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			w.connectionLost()
			if w.life.Err() == nil {
				w.log.Warn("connection lost", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			w.connectionMade()
			go w.rejoin()
		}))
	if err != nil {
		return err
	}
	if err = w.join(ctx); err != nil {
		w.link.nc.SetDisconnectErrHandler(nil) // it would still log when Run has returned
		w.link.nc.Close()
	}
	return err
}

// join introduces the worker.
func (w *Worker) join(ctx context.Context) error {
	status := w.status(usage{}, 0)
	r, err := w.link.ask(ctx, verbJoin, request{Worker: &status})
	if err != nil {
		return err
	}
	w.mu.Lock()
	if r.AckWait > 0 {
		w.ackWait = r.AckWait
	}
	w.mu.Unlock()
	w.setQueues(r.Queues)
	return nil
}

// rejoin introduces the worker again after the connection was lost: perhaps it is
// another coordinator now.
func (w *Worker) rejoin() {
	select {
	case <-w.ready:
	case <-w.life.Done():
		return
	}
	for wait := firstWait; w.life.Err() == nil; wait = min(2*wait, lastWait) {
		err := w.join(w.life)
		if err == nil {
			w.log.Info("joined again", "coordinator", w.link.nc.ConnectedUrlRedacted())
			w.nudge()
			return
		}
		if refused(err) {
			w.fatal(err)
			return
		}
		select {
		case <-time.After(wait):
		case <-w.life.Done():
		}
	}
}

// listen subscribes to what is told to workers.
func (w *Worker) listen() (subs []*nats.Subscription, err error) {
	nc := w.link.nc
	w.logs.publish = func(subject string, data []byte) { _ = nc.Publish(subject, data) }
	on := func(subject string, f nats.MsgHandler) {
		if err == nil {
			var s *nats.Subscription
			s, err = nc.Subscribe(subject, f)
			subs = append(subs, s)
		}
	}
	on(subjectWake, func(m *nats.Msg) {
		if q, err := decode[queue]("queue", m.Data); err == nil {
			w.addQueue(*q)
		}
		w.nudge()
	})
	on(subjectCancel, func(m *nats.Msg) { w.cancel(string(m.Data)) })
	on(subjectStop+w.id, func(*nats.Msg) { w.drain() })
	on(subjectFollow+"*.*", func(m *nats.Msg) {
		if answer, ok := w.logs.follow(strings.TrimPrefix(m.Subject, subjectFollow), time.Now()); ok {
			_ = m.Respond(answer)
		}
	})
	if err == nil {
		err = nc.Flush()
	}
	return subs, err
}

// nudge has waiting slots look for work.
func (w *Worker) nudge() {
	for _, l := range w.lanes {
		l.nudge()
	}
}

// cancel ends all attempts of a job that run here.
func (w *Worker) cancel(job string) {
	for _, s := range w.slots {
		s.cancel(job)
	}
}

// beat tells the coordinator each second how the worker is, and sees to what must be
// done from time to time.
func (w *Worker) beat(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	var before usage
	last := time.Time{}
	for {
		now := time.Now()
		w.logs.flush(now)
		if now.Sub(last) >= beatEvery {
			used := w.measure()
			w.sendBeat(used, cores(before, used, last, now))
			before, last = used, now
			w.endIdle(now)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// measure is what the worker and its children use.
func (w *Worker) measure() (sum usage) {
	all, err := w.guard.measure(append(w.guard.pids(), os.Getpid()))
	if err != nil {
		return sum
	}
	for _, u := range all {
		sum.rss += u.rss
		sum.cpu += u.cpu
	}
	return sum
}

// cores is the mean number of cores in use between two measurements.
func cores(before, now usage, since, until time.Time) float64 {
	if since.IsZero() || now.cpu <= before.cpu {
		return 0
	}
	return (now.cpu - before.cpu).Seconds() / until.Sub(since).Seconds()
}

func (w *Worker) sendBeat(used usage, cpu float64) {
	if !w.link.nc.IsConnected() {
		return // old news is of no use later
	}
	data, err := json.Marshal(beat{protocol, w.status(used, cpu)})
	if err == nil {
		_ = w.link.nc.Publish(subjectBeat+w.id, data)
	}
}

// status is the worker as others see it.
func (w *Worker) status(used usage, cpu float64) WorkerStatus {
	s := WorkerStatus{
		ID: w.id, Host: w.host, PID: os.Getpid(), Slots: w.settings.Slots, Labels: w.settings.Labels,
		Kinds: slices.Sorted(maps.Keys(w.kinds)), Version: Version(), CPU: cpu, RSS: used.rss, Memory: w.settings.Memory,
		Joined: w.joined, Seen: time.Now(), State: "idle",
	}
	for _, slot := range w.slots {
		if busy, ok := slot.busy(); ok {
			s.Busy = append(s.Busy, busy)
			s.State = "busy"
		}
	}
	w.mu.Lock()
	if w.draining {
		s.State = "draining"
	}
	w.mu.Unlock()
	return s
}

// endIdle ends the worker when it has had nothing to do for long enough.
func (w *Worker) endIdle(now time.Time) {
	for _, s := range w.slots {
		if _, busy := s.busy(); busy {
			w.touch(now)
			return
		}
	}
	w.mu.Lock()
	idle := now.Sub(w.active)
	w.mu.Unlock()
	if w.settings.IdleAfter > 0 && idle >= w.settings.IdleAfter {
		w.log.Info("no work", "for", idle.Round(time.Second))
		w.drain()
	}
}

func (w *Worker) touch(now time.Time) {
	w.mu.Lock()
	w.active = now
	w.mu.Unlock()
}
