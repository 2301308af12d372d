package distributed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// doAll runs chunks of a queue until n tasks are done, each by f: nil fails it.
func (h *hand) doAll(q queue, n int, f func(t chunkTask) []byte) {
	h.t.Helper()
	for n > 0 {
		k, m := h.take(q)
		for _, task := range k.Tasks {
			n--
			o := outcome{Index: task.Index, Attempt: task.Attempt, Started: time.Now()}
			if o.Data = f(task); o.Data != nil {
				o.OK = true
			} else {
				o.Reason, o.Retryable, o.Task = "no luck", true, &task
			}
			h.tell(k.Job, o)
		}
		require.NoError(h.t, m.DoubleAck(h.t.Context()))
	}
}

func echo(t chunkTask) []byte { return append([]byte("got "), t.Data...) }

// results as strings by task; errors as "task error".
func resultsOf(t *testing.T, c *Client, id string) map[int]string {
	t.Helper()
	all := map[int]string{}
	for r, err := range c.Results(t.Context(), id) {
		_, twice := all[r.Task]
		require.False(t, twice, "task %d came twice", r.Task)
		switch {
		case errors.Is(err, ErrTask):
			all[r.Task] = "failed"
		case err != nil:
			all[r.Task] = err.Error()
		default:
			all[r.Task] = string(r.Data)
		}
	}
	return all
}

// eventually asks for the status until it is as wanted.
func eventually(t *testing.T, c *Client, id, what string, ok func(Status) bool) Status {
	t.Helper()
	var s Status
	require.Eventually(t, func() bool {
		var err error
		s, err = c.Status(t.Context(), id)
		return err == nil && ok(s)
	}, 10*time.Second, 5*time.Millisecond, "%s; last: %+v", what, &s)
	return s
}

func TestCoordinatorRestarts(t *testing.T) {
	settings := CoordinatorSettings{Store: t.TempDir()}
	c, stop := runCoordinator(t, settings)
	settings.Listen = c.Addr()
	client, h := connectTo(t, c), newHand(t, c)
	job := trivial(5)
	job.ID = "again"
	id, err := client.Submit(t.Context(), job)
	require.NoError(t, err)
	later := trivial(2)
	later.ID, later.After, later.Priority = "later", []string{"again"}, 3
	_, err = client.Submit(t.Context(), later)
	require.NoError(t, err)
	h.doAll(anyQueue, 3, func(t chunkTask) []byte {
		if t.Index == 1 {
			return nil
		}
		return echo(t)
	})
	eventually(t, client, id, "two done", func(s Status) bool { return s.Done == 2 && s.Retried == 1 })
	for range 2 {
		stop()
		_, stop = runCoordinator(t, settings)
		s := eventually(t, client, id, "all is known", func(s Status) bool { return s.Done == 2 })
		assert.Equal(t, 1, s.Retried)
		_, err = client.Submit(t.Context(), job)
		require.NoError(t, err, "the same submission again")
		s = eventually(t, client, "later", "blocked", func(s Status) bool { return s.State == Blocked })
		assert.Equal(t, "waits for job again", s.Why)
	}
	defer func() { stop() }()
	h.reconnected()
	h.doAll(anyQueue, 3, echo)
	assert.Equal(t, map[int]string{0: "got 0", 1: "got 1", 2: "got 2", 3: "got 3", 4: "got 4"}, resultsOf(t, client, id))
	eventually(t, client, "later", "released", func(s Status) bool { return s.State == Waiting })
	h.doAll(queue{Class: classAny, Priority: 3}, 2, echo)
	assert.Len(t, resultsOf(t, client, "later"), 2)
	s, err := client.Wait(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, Done, s.State)
	stop()
	c, stop = runCoordinator(t, settings)
	other := connectTo(t, c) // another client, later
	assert.Len(t, resultsOf(t, other, id), 5)
	jobs, err := other.Jobs(t.Context(), true)
	require.NoError(t, err)
	assert.Len(t, jobs, 2)
	jobs, err = other.Jobs(t.Context(), false)
	require.NoError(t, err)
	assert.Empty(t, jobs)
}

// A job after one that has failed stays blocked and says so, until that one is done after all.
func TestAfterAFailedJob(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	client, h := connectTo(t, c), newHand(t, c)
	first, second := trivial(1), trivial(1)
	first.ID, first.Attempts = "first", 1
	second.ID, second.After = "second", []string{"first"}
	for _, job := range []Job{first, second} {
		_, err := client.Submit(t.Context(), job)
		require.NoError(t, err)
	}
	h.doAll(anyQueue, 1, func(chunkTask) []byte { return nil })
	_, err := client.Wait(t.Context(), "first")
	require.NoError(t, err)
	s := eventually(t, client, "second", "says which has failed", func(s Status) bool { return s.Why != "waits for job first" })
	assert.Equal(t, []any{Blocked, "job first, which it comes after, has failed: retry that one"}, []any{s.State, s.Why})
	n, err := client.Retry(t.Context(), "first")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	h.doAll(anyQueue, 2, echo)
	assert.Equal(t, map[int]string{0: "got 0"}, resultsOf(t, client, "second"))
}

func TestSubmittedTwice(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	client := connectTo(t, c)
	job := trivial(20)
	job.ID = "one"
	for range 3 {
		_, err := client.Submit(t.Context(), job)
		require.NoError(t, err)
	}
	info, err := c.session.tasks.Info(t.Context())
	require.NoError(t, err)
	queued := info.State.Msgs
	job.Tasks[7].Data = []byte("other")
	_, err = client.Submit(t.Context(), job)
	require.ErrorIs(t, err, ErrConflict)
	info, err = c.session.tasks.Info(t.Context())
	require.NoError(t, err)
	assert.Equal(t, queued, info.State.Msgs)
	assert.EqualValues(t, 20, c.Counters().Queued)
}

func TestJobCancelled(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	client, h := connectTo(t, c), newHand(t, c)
	told := make(chan *nats.Msg, 10)
	_, err := h.nc.ChanSubscribe(subjectCancel, told)
	require.NoError(t, err)
	require.NoError(t, h.nc.Flush())
	id, err := client.Submit(t.Context(), trivial(10))
	require.NoError(t, err)
	h.doAll(anyQueue, 1, echo)
	require.NoError(t, client.Cancel(t.Context(), id))
	m := <-told
	assert.Equal(t, id, string(m.Data))
	s, err := client.Wait(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, Cancelled, s.State)
	h.tell(id, outcome{Index: 3, Attempt: 1, OK: true})
	all := resultsOf(t, client, id)
	assert.Equal(t, "got 0", all[0])
	assert.Contains(t, all[-1], "cancelled")
	assert.Len(t, all, 2)
	require.Eventually(t, func() bool {
		info, err := c.session.tasks.Info(t.Context())
		return err == nil && info.State.Msgs == 0
	}, 5*time.Second, 5*time.Millisecond, "nothing is left in the queue")
	_, err = client.Retry(t.Context(), id)
	assert.ErrorIs(t, err, ErrCancelled)
	assert.NoError(t, client.Cancel(t.Context(), id), "cancelled twice")
	assert.ErrorIs(t, client.Cancel(t.Context(), "nobody"), ErrNoJob)

	// a worker that was out of reach says that it still runs the job, and is told again
	beatOf(t, h, WorkerStatus{ID: "w", Slots: 1, Busy: []Busy{{Job: id, Task: 3, Attempt: 1}}}, func() bool {
		select {
		case m := <-told:
			return string(m.Data) == id
		default:
			return false
		}
	})
}

// beatOf sends heartbeats until done.
func beatOf(t *testing.T, h *hand, w WorkerStatus, done func() bool) {
	t.Helper()
	data, err := json.Marshal(beat{protocol, w})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		require.NoError(t, h.nc.Publish(subjectBeat+w.ID, data))
		return done()
	}, 10*time.Second, 50*time.Millisecond)
}

func TestFailuresAndRetry(t *testing.T) {
	settings := CoordinatorSettings{Store: t.TempDir()}
	c, stop := runCoordinator(t, settings)
	defer func() { stop() }()
	settings.Listen = c.Addr()
	client, h := connectTo(t, c), newHand(t, c)
	job := trivial(4)
	job.Attempts = 2
	id, err := client.Submit(t.Context(), job)
	require.NoError(t, err)
	luckless := func(t chunkTask) []byte {
		if t.Index%2 == 1 {
			return nil
		}
		return echo(t)
	}
	h.doAll(anyQueue, 6, luckless)
	s, err := client.Wait(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, []any{Failed, 2, 2, 2}, []any{s.State, s.Done, s.Failed, s.Retried})
	assert.Equal(t, map[int]string{0: "got 0", 1: "failed", 2: "got 2", 3: "failed"}, resultsOf(t, client, id))
	failures, err := client.Failures(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, failures, 4)
	assert.True(t, failures[0].Final)
	assert.Equal(t, []any{"no luck", 2, "hand"}, []any{failures[0].Reason, failures[0].Attempt, failures[0].Worker})
	assert.Equal(t, failures, c.Failures(id, 0))
	assert.Len(t, c.Failures(id, 3), 3)

	stop()
	_, stop = runCoordinator(t, settings)
	eventually(t, client, id, "there again", func(s Status) bool { return s.State == Failed }) // a request on its way to the old one is lost
	n, err := client.Retry(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	h.reconnected()
	var attempts []int
	h.doAll(anyQueue, 3, func(t chunkTask) []byte {
		attempts = append(attempts, t.Attempt)
		if t.Index == 1 || t.Attempt == 4 {
			return echo(t)
		}
		return nil
	})
	assert.Equal(t, []int{3, 3, 4}, attempts)
	s, err = client.Wait(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, []any{Done, 4, 0, 1}, []any{s.State, s.Done, s.Failed, s.Round})
	assert.Equal(t, map[int]string{0: "got 0", 1: "got 1", 2: "got 2", 3: "got 3"}, resultsOf(t, client, id))
	n, err = client.Retry(t.Context(), id)
	require.NoError(t, err)
	assert.Zero(t, n)
}

func TestWhyItWaits(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	client, h := connectTo(t, c), newHand(t, c)
	job := trivial(1)
	job.Requires = map[string]string{"gpu": "1", "site": "north"}
	id, err := client.Submit(t.Context(), job)
	require.NoError(t, err)
	why := func(w WorkerStatus, want string) {
		t.Helper()
		beatOf(t, h, w, func() bool {
			s, err := client.Status(t.Context(), id)
			return err == nil && s.Why == want
		})
	}
	assert.Equal(t, "no worker is there", eventually(t, client, id, "waits", func(s Status) bool { return s.State == Waiting }).Why)
	why(WorkerStatus{ID: "a", Slots: 2, Labels: map[string]string{"gpu": "1"}}, "no worker offers gpu=1 and site=north")
	why(WorkerStatus{ID: "b", Slots: 2, Labels: job.Requires, Kinds: []string{"command"}}, "no worker that fits runs tasks of kind function")
	why(WorkerStatus{ID: "c", Slots: 2, Labels: job.Requires, Kinds: []string{"function"}}, "queued for the next free slot that fits")
	beatOf(t, h, WorkerStatus{ID: "c", Slots: 2, Labels: job.Requires, Busy: []Busy{{Job: id}}}, func() bool {
		s, err := client.Status(t.Context(), id)
		return err == nil && s.State == Running && s.Running == 1
	})
	workers, err := client.Workers(t.Context())
	require.NoError(t, err)
	assert.Len(t, workers, 3)
	h.doAll(queue{Class: classOf(job.Requires)}, 1, echo)
	assert.Len(t, resultsOf(t, client, id), 1)

	_, err = client.Submit(t.Context(), Job{Kind: "function", Function: "f", Tasks: make([]Task, 1), After: []string{"nobody"}})
	assert.ErrorIs(t, err, ErrNoJob)
}

// A worker that falls silent shows in the failures of what it ran, and not as a failure that counts.
func TestSilentWorker(t *testing.T) {
	settings := CoordinatorSettings{Store: t.TempDir()}
	c, stop := runCoordinator(t, settings)
	defer func() { stop() }()
	settings.Listen = c.Addr()
	client, h := connectTo(t, c), newHand(t, c)
	id, err := client.Submit(t.Context(), trivial(1))
	require.NoError(t, err)
	beatOf(t, h, WorkerStatus{ID: "a", Slots: 1, Busy: []Busy{{Job: id, Attempt: 1}}}, func() bool { return len(c.Workers()) == 1 })
	c.lookForLost(time.Now().Add(lostAfter + time.Second))
	assert.Equal(t, "lost", c.Workers()[0].State)
	assert.EqualValues(t, 1, c.Counters().Lost)
	require.Eventually(t, func() bool { return len(c.Failures(id, 0)) == 1 }, 5*time.Second, time.Millisecond)
	f := c.Failures(id, 0)[0]
	assert.Equal(t, []any{"a", 1, false}, []any{f.Worker, f.Attempt, f.Final})
	s, err := client.Status(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, []int{0, 0, 1}, []int{s.Failed, s.Retried, s.Lost})

	// It is known after the end of the job, and to the next coordinator.
	h.doAll(anyQueue, 1, echo)
	s, err = client.Wait(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, []any{Done, 1}, []any{s.State, s.Lost})
	same := func() {
		t.Helper()
		failures, err := client.Failures(t.Context(), id)
		require.NoError(t, err)
		require.Len(t, failures, 1)
		assert.Equal(t, f, failures[0])
	}
	same()
	stop()
	_, stop = runCoordinator(t, settings)
	s = eventually(t, client, id, "there again", func(s Status) bool { return s.State == Done })
	assert.Equal(t, 1, s.Lost)
	same()
}

// A worker dies, another has done its task and the job has ended before the coordinator notices; a third died when it had
// done its task.
func TestSilentWorkerAfterTheEnd(t *testing.T) {
	settings := CoordinatorSettings{Store: t.TempDir()}
	c, stop := runCoordinator(t, settings)
	defer func() { stop() }()
	settings.Listen = c.Addr()
	client, h := connectTo(t, c), newHand(t, c)
	_, err := client.Submit(t.Context(), Job{Kind: "function", Function: "double", Tasks: make([]Task, 1), Requires: map[string]string{"no": "one"}})
	require.NoError(t, err) // does not end: from here on all is read again
	id, err := client.Submit(t.Context(), trivial(2))
	require.NoError(t, err)
	for i, w := range []WorkerStatus{{ID: "a", Slots: 1, Busy: []Busy{{Job: id, Task: 0, Attempt: 1}}}, {ID: "b", Slots: 1, Busy: []Busy{{Job: id, Task: 1, Attempt: 1}}}} {
		beatOf(t, h, w, func() bool { return len(c.Workers()) == i+1 })
	}
	h.tell(id, outcome{Index: 0, Attempt: 2, OK: true, Started: time.Now()}, outcome{Index: 1, Attempt: 1, OK: true, Started: time.Now()})
	_, err = client.Wait(t.Context(), id)
	require.NoError(t, err)
	c.lookForLost(time.Now().Add(lostAfter + time.Second))
	same := func() {
		t.Helper()
		eventually(t, client, id, "one attempt is lost", func(s Status) bool { return s.State == Done && s.Lost == 1 && s.Duplicates == 0 })
		failures, err := client.Failures(t.Context(), id)
		require.NoError(t, err)
		require.Len(t, failures, 1)
		assert.Equal(t, []any{"a", 0, 1}, []any{failures[0].Worker, failures[0].Task, failures[0].Attempt})
	}
	same()
	require.Eventually(t, func() bool { // written down
		r, err := c.session.jobs.Get(t.Context(), id)
		if err != nil {
			return false
		}
		record, err := decode[record]("record", r.Value())
		return err == nil && record.Final != nil && record.Final.Lost == 1
	}, 10*time.Second, 10*time.Millisecond)
	stop()
	_, stop = runCoordinator(t, settings)
	same()
}

func TestLargeTasksAndSharedFiles(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	client, h := connectTo(t, c), newHand(t, c)
	big := make([]byte, 3<<20)
	big[77] = 7
	job := trivial(3)
	job.ID, job.Shared = "big", map[string][]byte{"in/job.yaml": []byte("kind: x"), "mesh": big}
	job.Tasks[1] = Task{Name: "large", Data: big, Files: map[string][]byte{"a/b": []byte("c")}}
	_, err := client.Submit(t.Context(), job)
	require.NoError(t, err)
	files, err := h.js.ObjectStore(t.Context(), bucketFiles)
	require.NoError(t, err)
	for range 3 {
		k, m := h.take(anyQueue)
		assert.Equal(t, []string{"in/job.yaml", "mesh"}, k.Shared)
		task := k.Tasks[0]
		o := outcome{Index: task.Index, Attempt: 1, OK: true, Data: task.Data}
		if task.Object {
			data, err := files.GetBytes(t.Context(), taskObject("big", task.Index))
			require.NoError(t, err)
			o.Object, o.Data = resultObject("big", task.Index, 1), nil
			_, err = files.PutBytes(t.Context(), o.Object, data)
			require.NoError(t, err)
		}
		h.tell("big", o)
		require.NoError(t, m.DoubleAck(t.Context()))
	}
	for r, err := range client.Results(t.Context(), "big") {
		require.NoError(t, err)
		if r.Task == 1 {
			assert.Equal(t, big, r.Data)
			assert.Equal(t, job.Tasks[1].Files, r.Files)
		}
	}
	mesh, err := files.GetBytes(t.Context(), sharedObject("big", "mesh"))
	require.NoError(t, err)
	assert.Equal(t, big, mesh)
	_, err = client.Submit(t.Context(), job)
	require.NoError(t, err)
}

func TestHistoryIsForgotten(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{HistoryJobs: 2})
	client, h := connectTo(t, c), newHand(t, c)
	for i := range 4 {
		job := trivial(1)
		job.ID, job.Shared = fmt.Sprint("j", i), map[string][]byte{"f": []byte("x")}
		_, err := client.Submit(t.Context(), job)
		require.NoError(t, err)
		h.doAll(anyQueue, 1, echo)
		_, err = client.Wait(t.Context(), job.ID)
		require.NoError(t, err)
	}
	c.sweep(t.Context())
	jobs, err := client.Jobs(t.Context(), true)
	require.NoError(t, err)
	require.Len(t, jobs, 2)
	assert.Equal(t, []string{"j3", "j2"}, []string{jobs[0].ID, jobs[1].ID})
	info, err := c.session.store.events.Info(t.Context(), jetstream.WithSubjectFilter(subjectEvent+">"))
	require.NoError(t, err)
	assert.Equal(t, []string{"ritz.event.j2", "ritz.event.j3"}, slices.Sorted(maps.Keys(info.State.Subjects)))
	objects, err := c.session.files.List(t.Context())
	require.NoError(t, err)
	assert.Len(t, objects, 2)
}

func TestJobsAreChecked(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	client := connectTo(t, c)
	for name, x := range map[string]struct {
		spoil func(*Job)
		want  error
	}{
		"no tasks":      {func(j *Job) { j.Tasks = nil }, ErrJob},
		"too many":      {func(j *Job) { j.Tasks = make([]Task, MaxTasks+1) }, ErrTooLarge},
		"too large":     {func(j *Job) { j.Tasks[0].Data = make([]byte, MaxTask+1) }, ErrTooLarge},
		"escape":        {func(j *Job) { j.Tasks[0].Files = map[string][]byte{"../x": nil} }, ErrName},
		"absolute":      {func(j *Job) { j.Tasks[0].Files = map[string][]byte{"/etc/x": nil} }, ErrName},
		"drive":         {func(j *Job) { j.Tasks[0].Files = map[string][]byte{`C:\x`: nil} }, ErrName},
		"shared escape": {func(j *Job) { j.Shared = map[string][]byte{"a/../../x": nil} }, ErrName},
		"id":            {func(j *Job) { j.ID = "a.b" }, ErrName},
		"wildcard":      {func(j *Job) { j.ID = "*" }, ErrName},
		"kind":          {func(j *Job) { j.Kind = "" }, ErrName},
		"function":      {func(j *Job) { j.Function = "" }, ErrName},
		"label":         {func(j *Job) { j.Requires = map[string]string{"a b": "c"} }, ErrName},
		"priority":      {func(j *Job) { j.Priority = 10 }, ErrJob},
		"attempts":      {func(j *Job) { j.Attempts = -1 }, ErrJob},
		"time":          {func(j *Job) { j.TimeLimit = -1 }, ErrJob},
		"itself":        {func(j *Job) { j.ID, j.After = "me", []string{"me"} }, ErrJob},
	} {
		t.Run(name, func(t *testing.T) {
			job := trivial(1)
			x.spoil(&job)
			_, err := client.Submit(context.Background(), job)
			require.ErrorIs(t, err, x.want)
		})
	}
	// what checks at the client's does not protect the coordinator
	_, err := client.ask(t.Context(), verbSubmit, request{Header: &header{ID: "a", Kind: "function", Function: "f", Tasks: 1, Attempts: 1}, Tasks: []partTask{{Task: Task{Files: map[string][]byte{"../x": nil}}}}})
	require.ErrorIs(t, err, ErrName)
	assert.NotZero(t, c.Counters().Refused)
}
