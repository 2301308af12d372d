package distributed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// registerTestFunctions registers what the tests run as tasks.
func registerTestFunctions() {
	Register("square", func(_ context.Context, data []byte) ([]byte, error) {
		x, err := strconv.Atoi(string(data))
		return []byte(strconv.Itoa(x * x)), err
	})
	Register("slow", func(_ context.Context, data []byte) ([]byte, error) {
		x, err := strconv.Atoi(string(data))
		time.Sleep(5 * time.Millisecond) // work
		return []byte(strconv.Itoa(x * x)), err
	})
	Register("panic", func(context.Context, []byte) ([]byte, error) { panic("no way out") })
	Register("exit", func(_ context.Context, data []byte) ([]byte, error) {
		fmt.Fprintln(os.Stderr, "last words")
		code, err := strconv.Atoi(string(data))
		if err == nil {
			os.Exit(code)
		}
		return nil, err
	})
	Register("goexit", func(context.Context, []byte) ([]byte, error) { runtime.Goexit(); return nil, nil })
	Register("wait", func(ctx context.Context, _ []byte) ([]byte, error) {
		fmt.Fprintln(AttemptOf(ctx).Log, "waiting")
		<-ctx.Done()
		return nil, ctx.Err()
	})
	Register("die", func(context.Context, []byte) ([]byte, error) {
		self, err := os.FindProcess(os.Getpid())
		if err != nil || self.Kill() != nil {
			return nil, err
		}
		select {}
	})
	Register("poison", func(_ context.Context, data []byte) ([]byte, error) {
		if string(data) != "poison" {
			return append([]byte("got "), data...), nil
		}
		fmt.Fprintln(os.Stderr, "last words")
		self, err := os.FindProcess(os.Getpid())
		if err != nil || self.Kill() != nil {
			return nil, err
		}
		select {}
	})
	Register("where", func(ctx context.Context, _ []byte) ([]byte, error) {
		a := AttemptOf(ctx)
		data, err := os.ReadFile(a.Dir + "/deep/input")
		return fmt.Appendf(data, " %s %d %d %d", a.Job, a.Task, a.Number, os.Getpid()), err
	})
	Register("eat", func(context.Context, []byte) ([]byte, error) {
		var all [][]byte
		for range 64 {
			b := make([]byte, 16<<20)
			for i := 0; i < len(b); i += 512 {
				b[i] = 1
			}
			all = append(all, b)
			time.Sleep(5 * time.Millisecond) // slower than the sampling
		}
		return fmt.Append(nil, len(all)), nil
	})
}

// desk is the coordinator's side of the wire, as far as a worker sees it.
type desk struct {
	t        *testing.T
	dir      string
	server   *server.Server
	nc       *nats.Conn
	js       jetstream.JetStream
	ackWait  time.Duration
	protocol int
	events   chan event
	beats    chan WorkerStatus
	seen     uint64 // sequence of the last event

	mu     sync.Mutex
	queues []queue
	joined int
}

// newDesk serves on a port of its own, with the streams that a coordinator makes.
func newDesk(t *testing.T, ackWait time.Duration) *desk {
	d := &desk{t: t, protocol: protocol, ackWait: ackWait, events: make(chan event, 1000), beats: make(chan WorkerStatus, 1000)}
	d.dir = t.TempDir()
	d.start(d.dir, -1)
	return d
}

func (d *desk) start(dir string, port int) {
	t := d.t
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true})
	require.NoError(t, err)
	s.Start()
	require.True(t, s.ReadyForConnections(10*time.Second))
	d.server = s
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	d.nc, err = nats.Connect(s.ClientURL())
	require.NoError(t, err)
	t.Cleanup(d.nc.Close)
	d.js, err = jetstream.New(d.nc)
	require.NoError(t, err)
	ctx := t.Context()
	_, err = d.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: streamTasks, Subjects: []string{subjectTask + ">"}, Retention: jetstream.WorkQueuePolicy})
	require.NoError(t, err)
	_, err = d.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: streamEvents, Subjects: []string{subjectEvent + ">"}})
	require.NoError(t, err)
	_, err = d.js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: bucketFiles})
	require.NoError(t, err)
	reply := func(m *nats.Msg) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if m.Subject == subjectAPI+verbJoin {
			d.joined++
		}
		data, err := json.Marshal(response{Protocol: d.protocol, Version: Version(), AckWait: d.ackWait, Queues: d.queues})
		if err == nil {
			_ = m.Respond(data)
		}
	}
	for subject, f := range map[string]nats.MsgHandler{
		subjectAPI + "*": reply,
		subjectBeat + "*": func(m *nats.Msg) {
			if b, err := decode[beat]("beat", m.Data); err == nil {
				select {
				case d.beats <- b.WorkerStatus:
				default:
				}
			}
		},
	} {
		_, err := d.nc.Subscribe(subject, f)
		require.NoError(t, err)
	}
	events, err := d.js.OrderedConsumer(ctx, streamEvents, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: d.seen + 1})
	require.NoError(t, err)
	reading, err := events.Consume(func(m jetstream.Msg) {
		e, err := decode[event]("event", m.Data())
		if meta, metaErr := m.Metadata(); err == nil && metaErr == nil {
			d.seen = meta.Sequence.Stream
			d.events <- *e
		}
	})
	require.NoError(t, err)
	t.Cleanup(reading.Stop)
	require.NoError(t, d.nc.Flush())
}

// queue makes a consumer for jobs with such requirements.
func (d *desk) queue(requires map[string]string, priority int) queue {
	q := queue{classOf(requires), priority, requires}
	_, err := d.js.CreateOrUpdateConsumer(d.t.Context(), streamTasks, jetstream.ConsumerConfig{
		Durable: q.durable(), FilterSubject: q.filter(), AckPolicy: jetstream.AckExplicitPolicy, AckWait: d.ackWait, MaxDeliver: -1,
	})
	require.NoError(d.t, err)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queues = append(d.queues, q)
	return q
}

// put queues a chunk and wakes the workers.
func (d *desk) put(q queue, c chunk) {
	c.Protocol = protocol
	if c.Job == "" {
		c.Job = "job"
	}
	if c.Attempts == 0 {
		c.Attempts = 3
	}
	for i := range c.Tasks {
		c.Tasks[i].Attempt = max(c.Tasks[i].Attempt, 1)
	}
	id := c.messageID()
	if c.Job == "job" { // of many tests within a test
		id += nats.NewInbox()
	}
	data, err := json.Marshal(c)
	require.NoError(d.t, err)
	_, err = d.js.Publish(d.t.Context(), taskSubject(q.Class, q.Priority, c.Job), data, jetstream.WithMsgID(id))
	require.NoError(d.t, err)
	data, err = json.Marshal(q)
	require.NoError(d.t, err)
	require.NoError(d.t, d.nc.Publish(subjectWake, data))
}

// function queues one task for a registered function.
func (d *desk) function(q queue, name, data string) {
	d.put(q, chunk{Kind: "function", Function: name, Tasks: []chunkTask{{Task: Task{Data: []byte(data)}}}})
}

// outcomes waits for n outcomes.
func (d *desk) outcomes(n int) []outcome {
	d.t.Helper()
	var all []outcome
	for len(all) < n {
		select {
		case e := <-d.events:
			all = append(all, e.Outcomes...)
		case <-time.After(20 * time.Second):
			require.FailNow(d.t, "no outcome", "have %d of %d", len(all), n)
		}
	}
	return all
}

// drained waits until every chunk is acknowledged.
func (d *desk) drained() { d.t.Helper(); d.left(0) }

// left waits until n chunks are not acknowledged.
func (d *desk) left(n uint64) {
	d.t.Helper()
	s, err := d.js.Stream(d.t.Context(), streamTasks)
	require.NoError(d.t, err)
	require.Eventually(d.t, func() bool {
		info, err := s.Info(d.t.Context())
		return err == nil && info.State.Msgs == n
	}, 20*time.Second, 5*time.Millisecond)
}

// work starts a worker and ends it with the test.
func (d *desk) work(s WorkerSettings) (w *Worker, stop func() error) {
	d.t.Helper()
	s.Connect.URL = d.server.ClientURL()
	if s.Dir == "" {
		s.Dir = d.t.TempDir()
	}
	if s.Slots == 0 {
		s.Slots = 1
	}
	w, err := NewWorker(s)
	require.NoError(d.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(30 * time.Second):
			return errors.New("the worker does not end")
		}
	})
	d.t.Cleanup(func() {
		if err := stop(); err != nil {
			d.t.Error(err)
		}
		left, err := os.ReadDir(s.Dir)
		if err != nil || len(left) > 0 {
			d.t.Errorf("left behind: %v %v", left, err)
		}
	})
	return w, stop
}
