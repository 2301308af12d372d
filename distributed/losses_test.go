package distributed

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A measure that JSON cannot hold is none; the result counts all the same.
func TestMeasureThatIsNoNumber(t *testing.T) {
	d := newDesk(t, time.Second)
	q := d.queue(nil, 0)
	measures := []float64{math.Inf(1), math.Inf(-1), math.NaN(), 3}
	d.work(WorkerSettings{Kinds: map[string]Handler{"measure": func(_ context.Context, a *Attempt) (Result, error) {
		return Result{Measure: &measures[a.Task]}, nil
	}}})
	d.put(q, chunk{Kind: "measure", Tasks: []chunkTask{{Index: 0}, {Index: 1}, {Index: 2}, {Index: 3}}})
	for i, o := range d.outcomes(4) {
		assert.True(t, o.OK)
		assert.Equal(t, 1, o.Attempt)
		assert.Equal(t, i == 3, o.Measure != nil)
	}
}

// A coordinator dies after it has released a job, when none of its tasks is queued and one of them is to be queued again.
func TestQueueOfReleasedJobAfterRestart(t *testing.T) {
	settings := CoordinatorSettings{Store: t.TempDir()}
	c, stop := runCoordinator(t, settings)
	settings.Listen = c.Addr()
	client, h := connectTo(t, c), newHand(t, c)
	first := trivial(1)
	first.ID = "first"
	second := Job{ID: "second", Kind: "function", Function: "double", Tasks: make([]Task, 1), After: []string{"first"}, Priority: 7}
	for _, job := range []Job{first, second} {
		_, err := client.Submit(t.Context(), job)
		require.NoError(t, err)
	}
	h.doAll(anyQueue, 1, echo)
	eventually(t, client, "second", "released", func(s Status) bool { return s.State == Waiting })
	q := queue{Class: classAny, Priority: 7}
	require.Eventually(t, func() bool { _, err := h.js.Consumer(t.Context(), streamTasks, q.durable()); return err == nil }, 10*time.Second, time.Millisecond)
	k, m := h.take(q)
	require.NoError(t, m.DoubleAck(t.Context()))
	stop()
	// Its failure was stored and acknowledged just before the coordinator died, which has not heard of it.
	srv, err := startServer(t.Context(), &CoordinatorSettings{Store: settings.Store, Listen: settings.Listen, Log: c.log}, func(error) {})
	require.NoError(t, err)
	h.reconnected()
	h.tell("second", outcome{Attempt: 1, Reason: "no luck", Retryable: true, Task: &k.Tasks[0], Started: time.Now()})
	srv.Shutdown()
	srv.WaitForShutdown()
	_, stop = runCoordinator(t, settings)
	defer stop()
	eventually(t, client, "second", "heard of the failure", func(s Status) bool { return s.Retried == 1 })
	h.reconnected()
	h.doAll(q, 1, echo)
	assert.Len(t, resultsOf(t, client, "second"), 1)
}

// Two workers run the same attempt, one by redelivery and one because the attempt before failed late. What the later of
// them gives does not take the place of what was counted.
func TestLateLargeResult(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	n := byte(0)
	w, _ := d.work(WorkerSettings{Kinds: map[string]Handler{"grow": func(context.Context, *Attempt) (Result, error) {
		n++
		data := make([]byte, maxInline+1)
		data[0] = n
		return Result{Data: data}, nil
	}}})
	for range 2 {
		d.put(q, chunk{Kind: "grow", Tasks: []chunkTask{{Index: 0, Attempt: 2}}})
	}
	all := d.outcomes(2)
	for i := range all {
		p, err := w.getPayload(t.Context(), all[i].Object)
		require.NoError(t, err)
		assert.Equal(t, byte(i+1), p.Data[0])
	}
}

// A file name that this system does not have fails its task: somebody has to say so, or the job waits for ever.
func TestFileNameOfAnotherSystem(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	d.work(WorkerSettings{})
	d.put(q, chunk{Kind: "function", Function: "square", Tasks: []chunkTask{{Task: Task{Data: []byte("3"), Files: map[string][]byte{"c:aux": nil}}}}})
	d.put(q, chunk{Kind: "function", Function: "square", Shared: []string{"../aux"}, Tasks: []chunkTask{{Task: Task{Data: []byte("3")}}}})
	for _, o := range d.outcomes(2) {
		assert.False(t, o.OK)
		assert.Contains(t, o.Reason, ErrName.Error())
	}
}

// Many small files fit 512 KiB, and as JSON no message.
func TestResultOfManyFiles(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	w, _ := d.work(WorkerSettings{Kinds: map[string]Handler{"many": func(context.Context, *Attempt) (Result, error) {
		r := Result{Files: map[string][]byte{}}
		for i := range 90_000 {
			r.Files[strconv.Itoa(i)] = nil
		}
		return r, nil
	}}})
	d.put(q, chunk{Kind: "many", Tasks: []chunkTask{{}}})
	o := d.outcomes(1)[0]
	require.True(t, o.OK)
	p, err := w.getPayload(t.Context(), o.Object)
	require.NoError(t, err)
	assert.Len(t, p.Files, 90_000)
}

// No error tells the secret in an address.
func TestErrorsTellNoSecrets(t *testing.T) {
	for _, url := range []string{"nats://hush@127.0.0.1:1", "nats://me:hush@127.0.0.1:1", "tls://hush@127.0.0.1:1,me:hush@127.0.0.1:2"} {
		_, err := Connect(t.Context(), ConnectSettings{URL: url})
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "hush")
		assert.Contains(t, err.Error(), "127.0.0.1:1")
		_, err = NewCoordinator(CoordinatorSettings{NATS: &ConnectSettings{URL: url}})
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "hush")
	}
}

// A page in a browser on this machine does not get in: it would need no token at a coordinator on loopback.
func TestWebSocketRefusesBrowsers(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{WebSocket: "127.0.0.1:0"})
	for _, origin := range []string{"https://elsewhere.example", "http://" + strings.TrimPrefix(c.WebSocketURL(), "ws://"), "null"} {
		_, err := nats.Connect(c.WebSocketURL(), nats.WebSocketConnectionHeaders(http.Header{"Origin": {origin}}), nats.Timeout(5*time.Second))
		require.Error(t, err, origin)
	}
	client, err := Connect(t.Context(), ConnectSettings{URL: c.WebSocketURL()})
	require.NoError(t, err)
	client.Close()
}

// A retry comes just when the last task ends. Whichever is first, the job begins again and then ends.
func TestRetryAtTheEnd(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	client, h := connectTo(t, c), newHand(t, c)
	for range 20 {
		job := trivial(2)
		job.Attempts = 1
		id, err := client.Submit(t.Context(), job)
		require.NoError(t, err)
		tell := map[int]func(){}
		for range 2 {
			k, m := h.take(anyQueue)
			require.NoError(t, m.DoubleAck(t.Context()))
			task := k.Tasks[0]
			tell[task.Index] = func() {
				h.tell(id, outcome{Index: task.Index, Attempt: 1, OK: task.Index == 1, Reason: "no luck", Task: &task, Started: time.Now()})
			}
		}
		tell[0]()
		eventually(t, client, id, "one failed", func(s Status) bool { return s.Failed == 1 })
		go tell[1]()
		n, err := client.Retry(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		h.doAll(anyQueue, 1, echo)
		s, err := client.Wait(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, []any{Done, 2}, []any{s.State, s.Done})
	}
}

// A follower of a task whose worker died leaves when the job ends.
func TestFollowerOfALostWorkerLeaves(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	client, h := connectTo(t, c), newHand(t, c)
	id, err := client.Submit(t.Context(), trivial(1))
	require.NoError(t, err)
	sub, err := h.nc.Subscribe(subjectFollow+id+".0", func(m *nats.Msg) {
		_ = m.Respond([]byte(`{"attempt":1,"text":"` + base64.StdEncoding.EncodeToString([]byte("so far")) + `"}`))
	})
	require.NoError(t, err)
	require.NoError(t, h.nc.Flush())
	log, err := client.Log(t.Context(), id, 0, true)
	require.NoError(t, err)
	defer log.Close()
	text := make([]byte, 6)
	_, err = io.ReadFull(log, text)
	require.NoError(t, err)
	assert.Equal(t, "so far", string(text))
	require.NoError(t, sub.Unsubscribe()) // it dies
	require.NoError(t, client.Cancel(t.Context(), id))
	ended := make(chan error, 1)
	go func() {
		_, err := io.ReadAll(log)
		ended <- err
	}()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("it follows for ever")
	}
}

// A worker that was cut off hands in what it has done for a job that is forgotten, whose ID another job has by now.
func TestOutcomeOfAForgottenJob(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{HistoryJobs: 1})
	client, h := connectTo(t, c), newHand(t, c)
	var late event
	for n := range 2 {
		id, err := client.Submit(t.Context(), Job{ID: "again", Kind: "function", Function: "double", Tasks: []Task{{Data: fmt.Append(nil, n)}}})
		require.NoError(t, err)
		if n == 1 {
			data, err := json.Marshal(late)
			require.NoError(t, err)
			_, err = h.js.Publish(t.Context(), subjectEvent+"again", data)
			require.NoError(t, err)
			h.doAll(anyQueue, 1, echo)
			assert.Equal(t, map[int]string{0: "got 1"}, resultsOf(t, client, id))
			break
		}
		k, m := h.take(anyQueue)
		late = event{Protocol: protocol, Time: time.Now(), Worker: "late", Life: k.Life, Outcomes: []outcome{{Attempt: 1, OK: true, Data: []byte("old"), Started: time.Now()}}}
		h.tell(id, outcome{Attempt: 1, OK: true, Data: echo(k.Tasks[0]), Started: time.Now()})
		require.NoError(t, m.DoubleAck(t.Context()))
		_, err = client.Wait(t.Context(), id)
		require.NoError(t, err)
		other, err := client.Submit(t.Context(), trivial(1)) // and it is beyond the history
		require.NoError(t, err)
		h.doAll(anyQueue, 1, echo)
		_, err = client.Wait(t.Context(), other)
		require.NoError(t, err)
		require.Eventually(t, func() bool { c.sweep(t.Context()); _, err := c.Status("again"); return err != nil }, 10*time.Second, 10*time.Millisecond)
	}
}
