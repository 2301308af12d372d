package distributed

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Garbage on every subject is counted, and coordinator, worker and client go on.
func TestGarbageOnTheWire(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	client, h := connectTo(t, c), newHand(t, c)
	startWorkers(t, c, 1, 1)
	id, err := client.Submit(t.Context(), Job{ID: "victim", Kind: "function", Function: "square", Tasks: make([]Task, 1), Requires: map[string]string{"no": "one"}})
	require.NoError(t, err)
	valid := [][]byte{
		[]byte(`{"protocol":1,"time":"2026-01-01T00:00:00Z","worker":"w","outcomes":[{"i":0,"attempt":1,"ok":true,"seconds":0.1,"data":"aGk="}]}`),
		[]byte(`{"protocol":1,"job":"victim","kind":"function","function":"square","attempts":3,"tasks":[{"i":0,"attempt":1,"data":"aGk="}]}`),
		[]byte(`{"protocol":1,"version":"x","job":"victim","header":{"id":"victim","kind":"function","tasks":1},"tasks":[{"data":"aGk="}],"worker":{"id":"w","slots":1}}`),
		[]byte(`{"protocol":1,"id":"w","slots":1,"busy":[{"job":"victim","task":-1}]}`),
	}
	garbage := [][]byte{nil, {}, []byte("null"), []byte("[]"), []byte("{}"), []byte(`"a"`), []byte("{\"protocol\":1e9}"),
		[]byte(`{"protocol":1}`), []byte(`{"protocol":1,"outcomes":[{"i":-5,"attempt":1}]}`), []byte(`{"protocol":1,"outcomes":[{"i":5000000000,"attempt":1}]}`),
		[]byte(`{"protocol":1,"retried":[{"i":-1}],"round":7}`), []byte(`{"protocol":1,"ended":"maybe"}`), make([]byte, 1000)}
	source := rand.New(rand.NewPCG(1, 1))
	for range 200 { // what is almost right
		g := append([]byte(nil), valid[source.IntN(len(valid))]...)
		for range 1 + source.IntN(3) {
			g[source.IntN(len(g))] = byte(source.IntN(256))
		}
		garbage = append(garbage, g)
	}
	subjects := []string{subjectBeat + "w", subjectBeat + "a.b", subjectCancel, subjectStop + "nobody", subjectWake, subjectFollow + "victim.0",
		subjectFollow + "x.y", subjectLog + "victim.0", subjectEvent + "victim", subjectEvent + "unknown", subjectEvent + "a.b.c", taskSubject(classAny, 0, "victim"),
		taskSubject(classAny, 0, "unknown"), subjectTask + "x"}
	for verb := range verbsAll {
		subjects = append(subjects, subjectAPI+verb)
	}
	subjects = append(subjects, subjectAPI+"nonsense")
	for _, subject := range subjects {
		for _, g := range garbage {
			require.NoError(t, h.nc.Publish(subject, g))
		}
	}
	require.NoError(t, h.nc.Flush())
	results, err := client.Map(t.Context(), Job{Kind: "function", Function: "square", Tasks: []Task{{Data: []byte("12")}}})
	require.NoError(t, err)
	assert.Equal(t, "144", string(results[0].Data))
	n := c.Counters()
	assert.Greater(t, n.Malformed, uint64(len(garbage)))
	assert.Greater(t, n.Refused, uint64(len(garbage)))
	s, err := client.Status(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, 1, s.Tasks)
	assert.LessOrEqual(t, s.Done+s.Failed, 1)
}

var verbsAll = map[string]bool{verbHello: true, verbSubmit: true, verbPart: true, verbStatus: true, verbJobs: true, verbFailures: true,
	verbWorkers: true, verbCancel: true, verbRetry: true, verbJoin: true, verbQueues: true}

func TestVersionsThatDoNotFit(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	h := newHand(t, c)
	for verb := range verbsAll {
		m, err := h.nc.Request(subjectAPI+verb, []byte(`{"protocol":99,"version":"9.9.9"}`), 5*time.Second)
		require.NoError(t, err)
		r, err := decode[response]("answer", m.Data)
		require.NoError(t, err)
		if verb == verbHello {
			assert.Equal(t, protocol, r.Protocol)
			continue
		}
		require.ErrorIs(t, r.err(), ErrVersion)
		assert.Contains(t, r.Error, "version 9.9.9) speaks protocol 99")
	}
	// a coordinator of another version, seen from a client and a worker
	nc := startNATS(t)
	sub, err := nc.Subscribe(subjectAPI+"*", func(m *nats.Msg) { _ = m.Respond([]byte(`{"protocol":2,"version":"3.0"}`)) })
	require.NoError(t, err)
	defer sub.Unsubscribe()
	require.NoError(t, nc.Flush())
	_, err = Connect(t.Context(), ConnectSettings{URL: nc.ConnectedUrl()})
	require.ErrorIs(t, err, ErrVersion)
	assert.Contains(t, err.Error(), "version 3.0) speaks protocol 2")
	w, err := NewWorker(WorkerSettings{Connect: ConnectSettings{URL: nc.ConnectedUrl()}, Slots: 1})
	require.NoError(t, err)
	require.ErrorIs(t, w.Run(t.Context()), ErrVersion)
}

// startNATS is a plain server with JetStream.
func startNATS(t *testing.T) *nats.Conn {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir()})
	require.NoError(t, err)
	s.Start()
	require.True(t, s.ReadyForConnections(10*time.Second))
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	nc, err := nats.Connect(s.ClientURL())
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

func TestExternalNATS(t *testing.T) {
	nc := startNATS(t)
	settings := CoordinatorSettings{NATS: &ConnectSettings{URL: nc.ConnectedUrl()}, Store: "unused"}
	c := startCoordinator(t, settings)
	client, h := connectTo(t, c), newHand(t, c)
	id, err := client.Submit(t.Context(), trivial(2))
	require.NoError(t, err)
	h.doAll(anyQueue, 2, echo)
	assert.Len(t, resultsOf(t, client, id), 2)
	_, err = NewCoordinator(settings)
	require.ErrorContains(t, err, "another one is at work")
	_, err = os.Stat("unused")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestOneCoordinatorAStore(t *testing.T) {
	dir := t.TempDir()
	startCoordinator(t, CoordinatorSettings{Store: dir})
	_, err := NewCoordinator(CoordinatorSettings{Store: dir, Listen: "127.0.0.1:0"})
	require.ErrorIs(t, err, ErrStore)
	assert.ErrorContains(t, err, "a coordinator is at work in")
}

func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, err = NewCoordinator(CoordinatorSettings{Store: t.TempDir(), Listen: l.Addr().String()})
	require.ErrorContains(t, err, l.Addr().String())
}

// The disk under the store is full: it says so, loses nothing, and goes on when there is room.
func TestDiskFull(t *testing.T) {
	dir := smallDisk(t, 24<<20)
	c := startCoordinator(t, CoordinatorSettings{Store: filepath.Join(dir, "store")})
	client, h := connectTo(t, c), newHand(t, c)
	id, err := client.Submit(t.Context(), trivial(2))
	require.NoError(t, err)
	h.doAll(anyQueue, 1, echo)
	empty := fill(t, dir)
	job := Job{ID: "large", Kind: "function", Function: "f", Tasks: make([]Task, 20)}
	for i := range job.Tasks {
		job.Tasks[i].Data = noise(i, 200<<10)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.Eventually(t, func() bool {
		_, err := client.Submit(ctx, job)
		return err != nil
	}, 20*time.Second, 10*time.Millisecond)
	s := eventually(t, client, id, "says why", func(s Status) bool { return s.Why != "" && c.troubled() != nil })
	assert.Contains(t, s.Why, "no space left on device")
	_, err = client.Submit(ctx, job)
	require.ErrorIs(t, err, ErrStore)
	empty()
	require.Eventually(t, func() bool {
		_, err := client.Submit(t.Context(), job)
		return err == nil
	}, 30*time.Second, 10*time.Millisecond)
	s = eventually(t, client, id, "one is done", func(s Status) bool { return s.Done == 1 })
	h.reconnected()
	h.doAll(anyQueue, 21, echo)
	assert.Equal(t, map[int]string{0: "got 0", 1: "got 1"}, resultsOf(t, client, id))
	large := resultsOf(t, client, "large")
	require.Len(t, large, 20)
	for i, task := range job.Tasks {
		assert.True(t, large[i] == "got "+string(task.Data), "task %d", i)
	}
}

// fill fills the disk of dir, until empty is called.
func fill(t *testing.T, dir string) (empty func()) {
	ballast := filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	require.NoError(t, err)
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	f.Close()
	return func() { require.NoError(t, os.Remove(ballast)) }
}

// noise is n bytes that cannot be made shorter, others for each seed.
func noise(seed, n int) []byte {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(data)
	return data
}

// The disk fills while workers are at work. What they have done stays with them, and is handed in when there is room.
func TestDiskFullMidRun(t *testing.T) {
	const n, size = 60, 100 << 10
	dir := smallDisk(t, 32<<20)
	c := startCoordinator(t, CoordinatorSettings{Store: filepath.Join(dir, "store"), AckWait: 10 * time.Second}) // longer than it is away
	client := connectTo(t, c)
	ctx, leave := context.WithCancel(context.Background())
	left, full := make(chan error, 2), make(chan struct{})
	for range 2 {
		w, err := NewWorker(WorkerSettings{Connect: ConnectSettings{URL: c.URL()}, Slots: 1, Dir: t.TempDir(), Kinds: map[string]Handler{
			"noise": func(_ context.Context, a *Attempt) (Result, error) {
				if a.Task >= 20 {
					<-full
				}
				return Result{Data: noise(a.Task, size)}, nil
			}}})
		require.NoError(t, err)
		go func() { left <- w.Run(ctx) }()
	}
	defer func() {
		leave()
		for range 2 {
			require.NoError(t, <-left)
		}
	}()
	id, err := client.Submit(t.Context(), Job{Kind: "noise", Tasks: make([]Task, n)})
	require.NoError(t, err)
	got := map[int]bool{}
	for r, err := range client.Results(t.Context(), id) {
		require.NoError(t, err)
		require.False(t, got[r.Task])
		require.True(t, bytes.Equal(noise(r.Task, size), r.Data), "task %d", r.Task)
		got[r.Task] = true
		if len(got) == 10 {
			empty := fill(t, dir)
			close(full)
			require.Eventually(t, func() bool { return c.troubled() != nil }, 20*time.Second, time.Millisecond)
			require.ErrorContains(t, c.troubled(), "no space left on device")
			s, err := c.Status(id)
			require.NoError(t, err)
			require.Less(t, s.Done, n)
			empty()
		}
	}
	require.Len(t, got, n)
	s, err := client.Wait(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, []any{Done, n, 0}, []any{s.State, s.Done, s.Failed})
}

func (c *Coordinator) troubled() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trouble
}

func TestFailedPublishStopsTheSession(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	client := connectTo(t, c)
	job := trivial(2)
	job.ID = "j"
	_, err := client.Submit(t.Context(), job)
	require.NoError(t, err)
	before := c.session
	before.fail(jetstream.ErrNoStreamResponse)
	require.Eventually(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.session != before && c.session.live && c.trouble == nil
	}, 20*time.Second, time.Millisecond)
	s := eventually(t, client, "j", "known again", func(s Status) bool { return s.Tasks == 2 })
	assert.Equal(t, Waiting, s.State)
	data, err := json.Marshal(s)
	require.NoError(t, err)
	assert.NotEmpty(t, data)
}
