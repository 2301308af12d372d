package distributed

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// startCoordinator runs one for the length of the test.
func startCoordinator(t testing.TB, settings CoordinatorSettings) *Coordinator {
	t.Helper()
	c, stop := runCoordinator(t, settings)
	t.Cleanup(stop)
	return c
}

// runCoordinator runs one until stop.
func runCoordinator(t testing.TB, settings CoordinatorSettings) (c *Coordinator, stop func()) {
	t.Helper()
	if settings.Store == "" {
		settings.Store = t.TempDir()
	}
	if settings.Listen == "" {
		settings.Listen = "127.0.0.1:0"
	}
	if settings.AckWait == 0 {
		settings.AckWait = time.Second
	}
	if os.Getenv("RITZ_TEST_LOG") != "" {
		settings.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	c, err := NewCoordinator(settings)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	return c, func() {
		cancel()
		require.NoError(t, <-done)
	}
}

func connectTo(t testing.TB, c *Coordinator) *Client {
	t.Helper()
	client, err := Connect(t.Context(), ConnectSettings{URL: c.URL(), Token: c.settings.Token})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// hand is a worker by hand: it takes chunks of the queue of everything when it is told to.
type hand struct {
	t testing.TB
	*link
}

func newHand(t testing.TB, c *Coordinator) *hand {
	l, err := dial(t.Context(), ConnectSettings{URL: c.URL(), Token: c.settings.Token}, "hand")
	require.NoError(t, err)
	t.Cleanup(l.nc.Close)
	return &hand{t, l}
}

// reconnected waits for an answer: a connection that has not seen its server's end yet holds
// itself for connected.
func (h *hand) reconnected() {
	h.t.Helper()
	require.Eventually(h.t, func() bool { _, err := h.nc.RTT(); return err == nil }, 10*time.Second, time.Millisecond)
}

// take waits for a chunk.
func (h *hand) take(q queue) (*chunk, jetstream.Msg) {
	h.t.Helper()
	consumer, err := h.js.Consumer(h.t.Context(), streamTasks, q.durable())
	require.NoError(h.t, err)
	m, err := consumer.Next(jetstream.FetchMaxWait(10 * time.Second))
	require.NoError(h.t, err)
	c, err := decodeChunk(m.Data())
	require.NoError(h.t, err)
	return c, m
}

func (h *hand) tell(job string, outcomes ...outcome) {
	h.t.Helper()
	data, err := json.Marshal(event{Protocol: protocol, Time: time.Now(), Worker: "hand", Outcomes: outcomes})
	require.NoError(h.t, err)
	_, err = h.js.Publish(h.t.Context(), subjectEvent+job, data)
	require.NoError(h.t, err)
}

var anyQueue = queue{Class: classAny}

func trivial(n int) Job {
	job := Job{Kind: "function", Function: "double", Tasks: make([]Task, n)}
	for i := range job.Tasks {
		job.Tasks[i].Data = fmt.Appendf(nil, "%d", i)
	}
	return job
}

// What is acknowledged is on the disk: the embedded server syncs each write.
func TestEveryWriteIsSynced(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	v, err := c.session.server.Varz(nil)
	require.NoError(t, err)
	assert.True(t, v.JetStream.Config.SyncAlways)
}

func TestByHand(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	client, h := connectTo(t, c), newHand(t, c)
	ctx := t.Context()
	id, err := client.Submit(ctx, trivial(3))
	require.NoError(t, err)
	s, err := client.Status(ctx, id)
	require.NoError(t, err)
	assert.Equal(t, Waiting, s.State)
	assert.Equal(t, "no worker is there", s.Why)
	for range 3 {
		k, m := h.take(anyQueue)
		h.tell(id, outcome{Index: k.Tasks[0].Index, Attempt: k.Tasks[0].Attempt, OK: true, Started: time.Now(), Data: k.Tasks[0].Data})
		require.NoError(t, m.DoubleAck(ctx))
	}
	n := 0
	for r, err := range client.Results(ctx, id) {
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprint(r.Task), string(r.Data))
		n++
	}
	assert.Equal(t, 3, n)
	s, err = client.Wait(ctx, id)
	require.NoError(t, err)
	assert.Equal(t, Done, s.State)
}
