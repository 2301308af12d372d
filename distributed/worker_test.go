package distributed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWorkerRunsFunctions(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	c := chunk{Kind: "function", Function: "square"}
	for i := range 100 {
		c.Tasks = append(c.Tasks, chunkTask{Index: 7 + i, Task: Task{Data: fmt.Append(nil, i)}})
	}
	d.put(q, c)
	w, _ := d.work(WorkerSettings{})
	all := d.outcomes(100)
	for i, o := range all {
		require.True(t, o.OK, o.Reason)
		require.Equal(t, 7+i, o.Index)
		require.Equal(t, 1, o.Attempt)
		require.Equal(t, strconv.Itoa(i*i), string(o.Data))
		require.NotZero(t, o.Started)
	}
	d.drained()
	d.function(q, "square", "x")
	o := d.outcomes(1)[0]
	require.False(t, o.OK)
	require.True(t, o.Retryable)
	require.Contains(t, o.Reason, `parsing "x"`)
	require.Equal(t, "x", string(o.Task.Data), "so that it can be queued again")
	d.function(q, "cube", "")
	require.Regexp(t, `no function "cube".*known: .*square`, d.outcomes(1)[0].Reason)
	d.put(q, chunk{Kind: "poem", Tasks: []chunkTask{{}}})
	require.Contains(t, d.outcomes(1)[0].Reason, `kind "poem", only command, function`)

	beat := <-d.beats
	require.Equal(t, w.ID(), beat.ID)
	require.Equal(t, os.Getpid(), beat.PID)
	require.Positive(t, beat.RSS)
}

func TestFunctionsThatEndBadly(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	d.work(WorkerSettings{})
	for _, c := range []struct {
		name, function, data string
		isolate              bool
		reason, stderr       string
		code                 int
		signal               string
	}{
		{"panic", "panic", "", false, "panic: no way out", "goroutine", 0, ""},
		{"goexit", "goexit", "", false, "ended its goroutine", "", 0, ""},
		{"panic apart", "panic", "", true, "panic: no way out", "goroutine", 0, ""},
		{"error apart", "square", "x", true, `parsing "x"`, "", 0, ""},
		{"exit", "exit", "3", true, "exit code 3", "last words", 3, ""},
		{"exit without an answer", "exit", "0", true, "without an answer", "", 0, ""},
		{"kill", "die", "", true, "SIGKILL", "", -1, "SIGKILL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && c.signal != "" {
				t.Skip("no signals")
			}
			d.put(q, chunk{Kind: "function", Function: c.function, Isolate: c.isolate, Tasks: []chunkTask{{Task: Task{Data: []byte(c.data)}}}})
			o := d.outcomes(1)[0]
			require.False(t, o.OK)
			require.Contains(t, o.Reason, c.reason)
			require.Contains(t, o.Stderr, c.stderr)
			require.Equal(t, c.code, o.ExitCode)
			require.Equal(t, c.signal, o.Signal)
		})
	}
	d.function(q, "square", "12")
	require.Equal(t, "144", string(d.outcomes(1)[0].Data), "the worker is well")
	d.drained()
}

func TestFunctionKnowsItsAttempt(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	d.work(WorkerSettings{})
	for _, isolate := range []bool{false, true} {
		files := map[string][]byte{"deep/input": []byte("hello")}
		d.put(q, chunk{Kind: "function", Function: "where", Isolate: isolate, Tasks: []chunkTask{{Index: 4, Attempt: 2, Task: Task{Files: files}}}})
		o := d.outcomes(1)[0]
		require.True(t, o.OK, o.Reason)
		require.Regexp(t, `^hello job 4 2 \d+$`, string(o.Data))
		require.Equal(t, isolate, string(o.Data) != fmt.Sprintf("hello job 4 2 %d", os.Getpid()))
	}
}

func TestLabelsAndPriorities(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	low, high, gpu, other := d.queue(nil, 0), d.queue(nil, 9), d.queue(map[string]string{"gpu": "1"}, 3), d.queue(map[string]string{"gpu": "2"}, 3)
	for i, q := range []queue{low, other, gpu, high} {
		d.put(q, chunk{Kind: "function", Function: "square", Tasks: []chunkTask{{Index: i, Task: Task{Data: []byte("1")}}}})
	}
	d.work(WorkerSettings{Labels: map[string]string{"gpu": "1", "site": "x"}})
	var order []int
	for _, o := range d.outcomes(3) {
		order = append(order, o.Index)
	}
	require.Equal(t, []int{3, 2, 0}, order)
	// A queue made after it joined.
	late := d.queue(map[string]string{"site": "x"}, 1)
	d.function(late, "square", "3")
	require.True(t, d.outcomes(1)[0].OK)
	d.left(1) // what nobody offers waits
}

func TestCancel(t *testing.T) {
	d := newDesk(t, time.Second)
	q := d.queue(nil, 0)
	w, _ := d.work(WorkerSettings{Slots: 2})
	tasks := []chunkTask{{Index: 0}, {Index: 1}}
	d.put(q, chunk{Job: "long", Kind: "function", Function: "wait", Tasks: tasks})
	d.put(q, chunk{Job: "other", Kind: "function", Function: "wait", TimeLimit: 300 * time.Millisecond, Tasks: []chunkTask{{}}})
	waitBusy(t, w, 2)
	require.NoError(t, d.nc.Publish(subjectCancel, []byte("long")))
	o := d.outcomes(1)[0]
	require.Equal(t, "time limit of 300ms exceeded", o.Reason[:28], "the other job is not cancelled")
	// Whoever cancelled it drops the chunk. Here nobody does, as when the job was retried at that moment: it is done.
	require.Eventually(t, func() bool {
		busy := w.status(usage{}, 0).Busy
		return len(busy) == 2 && busy[0].Attempt == 2 && busy[1].Attempt == 2
	}, 10*time.Second, time.Millisecond)
	require.Empty(t, d.events, "of a cancelled job nothing is said")
}

func waitBusy(t *testing.T, w *Worker, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return len(w.status(usage{}, 0).Busy) == n }, 10*time.Second, time.Millisecond)
}

func TestLargeTasksAndResults(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	w, _ := d.work(WorkerSettings{Kinds: map[string]Handler{"echo": func(_ context.Context, a *Attempt) (Result, error) {
		x := 2.5
		return Result{Data: a.Data, Files: map[string][]byte{"a/b": []byte("c")}, Measure: &x}, nil
	}}})
	data := make([]byte, 3*maxInline)
	for i := range data {
		data[i] = byte(i * i)
	}
	<-w.ready
	require.NoError(t, w.putJSON(t.Context(), taskObject("job", 5), payload{Data: data}))
	d.put(q, chunk{Kind: "echo", Tasks: []chunkTask{{Index: 5, Object: true}, {Index: 6, Task: Task{Data: []byte("small")}}}})
	all := d.outcomes(2)
	require.NotEmpty(t, all[0].Object)
	require.Equal(t, 2.5, *all[0].Measure)
	got, err := w.getPayload(t.Context(), all[0].Object)
	require.NoError(t, err)
	require.Equal(t, data, got.Data)
	require.Equal(t, "c", string(got.Files["a/b"]))
	require.Empty(t, all[1].Object)
	require.Equal(t, "small", string(all[1].Data))
}

func TestRedelivery(t *testing.T) {
	d := newDesk(t, time.Second)
	q := d.queue(nil, 0)
	// Somebody fetches a chunk of three and dies; and a single task, often.
	d.put(q, chunk{Job: "three", Kind: "function", Function: "square", Tasks: []chunkTask{
		{Index: 0, Task: Task{Data: []byte("2")}}, {Index: 1, Task: Task{Data: []byte("3")}}, {Index: 2, Task: Task{Data: []byte("4")}}}})
	d.put(q, chunk{Job: "poison", Kind: "function", Function: "square", Attempts: 2, Tasks: []chunkTask{{Index: 9, Task: Task{Data: []byte("5")}}}})
	c, err := d.js.Consumer(t.Context(), streamTasks, q.durable())
	require.NoError(t, err)
	batch, err := c.Fetch(2)
	require.NoError(t, err)
	n := 0
	for m := range batch.Messages() {
		n++
		if n == 2 { // twice
			require.NoError(t, m.Nak())
		}
	}
	again, err := c.Fetch(1)
	require.NoError(t, err)
	for range again.Messages() {
		n++
	}
	require.Equal(t, 3, n)
	d.work(WorkerSettings{})
	all := map[int]outcome{}
	for _, o := range d.outcomes(4) {
		all[o.Index] = o
	}
	for i, want := range []string{"4", "9", "16"} {
		require.Equal(t, want, string(all[i].Data))
		require.Equal(t, 2, all[i].Attempt)
	}
	require.False(t, all[9].OK)
	require.False(t, all[9].Retryable)
	require.Equal(t, "given up: its worker died in 2 of 2 attempts", all[9].Reason)
	require.Equal(t, "5", string(all[9].Task.Data))
	d.drained()
}

// A worker that leaves gives back what it has not done.
func TestLeaving(t *testing.T) {
	d := newDesk(t, 30*time.Second)
	q := d.queue(nil, 0)
	started := make(chan string, 10)
	kinds := func(name string) map[string]Handler {
		return map[string]Handler{"step": func(ctx context.Context, a *Attempt) (Result, error) {
			started <- name + strconv.Itoa(a.Task)
			if a.Task%4 == 1 && name == "first" {
				if err := os.WriteFile(a.Dir+"/checkpoint", []byte("half"), 0o600); err != nil {
					return Result{}, err
				}
				<-ctx.Done()
				return Result{}, errors.Join(ctx.Err(), a.Save(context.WithoutCancel(ctx)))
			}
			half, _ := os.ReadFile(a.Dir + "/checkpoint")
			return Result{Data: half}, nil
		}}
	}
	_, stop := d.work(WorkerSettings{Kinds: kinds("first"), Drain: -1, Slots: 2})
	d.put(q, chunk{Job: "leaving", Kind: "step", Tasks: []chunkTask{{Index: 0}, {Index: 1}, {Index: 2}}})
	d.put(q, chunk{Job: "leaving", Kind: "step", Tasks: []chunkTask{{Index: 5}}}) // given back whole
	var all []string
	for range 3 {
		all = append(all, <-started)
	}
	require.ElementsMatch(t, []string{"first0", "first1", "first5"}, all)
	require.NoError(t, stop())
	require.Equal(t, 0, d.outcomes(1)[0].Index)
	d.work(WorkerSettings{Kinds: kinds("second")})
	for _, o := range d.outcomes(3) {
		require.True(t, o.OK)
		require.Equal(t, 1, o.Attempt, "an attempt given back did not fail")
		want := map[int]string{1: "half", 2: "", 5: "half"} // from the checkpoint
		require.Equal(t, want[o.Index], string(o.Data))
	}
	d.drained()
}

// A long task stays with its worker, and what is done of a chunk is told meanwhile.
func TestLongTask(t *testing.T) {
	d := newDesk(t, time.Second)
	q := d.queue(nil, 0)
	starts := make(chan int, 100)
	kinds := map[string]Handler{"long": func(_ context.Context, a *Attempt) (Result, error) {
		starts <- a.Task
		if a.Task == 1 {
			time.Sleep(2500 * time.Millisecond) // beyond AckWait, twice
		}
		return Result{}, nil
	}}
	d.work(WorkerSettings{Kinds: kinds})
	d.work(WorkerSettings{Kinds: kinds})
	d.put(q, chunk{Kind: "long", Tasks: []chunkTask{{Index: 0}, {Index: 1}}})
	first := <-d.events
	require.Len(t, first.Outcomes, 1)
	require.Equal(t, 0, first.Outcomes[0].Index)
	require.Equal(t, 1, d.outcomes(1)[0].Index)
	d.drained()
	require.Len(t, starts, 2, "each was started once")
}

func TestStopAndIdle(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	release := make(chan struct{})
	kinds := map[string]Handler{"hold": func(context.Context, *Attempt) (Result, error) { <-release; return Result{}, nil }}
	s := WorkerSettings{Kinds: kinds, Slots: 1, Dir: t.TempDir(), Connect: ConnectSettings{URL: d.server.ClientURL()}}
	w, err := NewWorker(s)
	require.NoError(t, err)
	ended := make(chan error, 2)
	go func() { ended <- w.Run(t.Context()) }()
	<-w.ready
	d.put(q, chunk{Kind: "hold", Tasks: []chunkTask{{}, {Index: 1}}})
	waitBusy(t, w, 1)
	require.NoError(t, d.nc.Publish(subjectStop+w.ID(), nil))
	require.Eventually(t, func() bool { return w.status(usage{}, 0).State == "draining" }, 10*time.Second, time.Millisecond)
	close(release)
	require.NoError(t, <-ended)
	d.outcomes(2)

	s.IdleAfter = 10 * time.Millisecond
	w, err = NewWorker(s)
	require.NoError(t, err)
	require.NoError(t, w.Run(t.Context()))
}

// When the coordinator is away, results are kept.
func TestCoordinatorAway(t *testing.T) {
	d := newDesk(t, 30*time.Second)
	q := d.queue(nil, 0)
	release := make(chan struct{})
	w, _ := d.work(WorkerSettings{Kinds: map[string]Handler{"hold": func(context.Context, *Attempt) (Result, error) {
		<-release
		return Result{Data: []byte("kept")}, nil
	}}})
	d.put(q, chunk{Kind: "hold", Tasks: []chunkTask{{}}})
	waitBusy(t, w, 1)
	port := d.server.Addr().(*net.TCPAddr).Port
	d.nc.Close()
	d.server.Shutdown()
	d.server.WaitForShutdown()
	close(release)
	require.Eventually(t, func() bool { return !w.link.nc.IsConnected() }, 10*time.Second, time.Millisecond)
	d.start(d.dir, port)
	require.Equal(t, "kept", string(d.outcomes(1)[0].Data))
	d.drained()
	require.Eventually(t, func() bool { d.mu.Lock(); defer d.mu.Unlock(); return d.joined == 2 }, 10*time.Second, time.Millisecond)
	d.put(q, chunk{Kind: "hold", Tasks: []chunkTask{{Index: 1}}})
	require.Equal(t, 1, d.outcomes(1)[0].Index)
}

func TestWorkerSettings(t *testing.T) {
	for _, c := range []struct {
		s    WorkerSettings
		want error
		text string
	}{
		{WorkerSettings{ID: "a.b"}, ErrName, "worker"},
		{WorkerSettings{Labels: map[string]string{"a b": "1"}}, ErrName, "label"},
		{WorkerSettings{Commands: []string{"bin/sh"}}, ErrName, "absolute path"},
		{WorkerSettings{Commands: []string{""}}, ErrName, "absolute path"},
		{WorkerSettings{Kinds: map[string]Handler{"x": nil}}, ErrName, "kind"},
		{WorkerSettings{Slots: -1}, nil, "slots"},
	} {
		_, err := NewWorker(c.s)
		require.ErrorContains(t, err, c.text)
		if c.want != nil {
			require.ErrorIs(t, err, c.want)
		}
	}
	w, err := NewWorker(WorkerSettings{})
	require.NoError(t, err)
	require.NoError(t, checkID("worker", w.ID()))
}
