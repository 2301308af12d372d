package distributed

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sums drives a job of squares, and adds them up.
func sums(ctx context.Context, a *Attempt) (r Result, err error) {
	client, err := a.Connect(ctx)
	if err != nil {
		return r, err
	}
	defer client.Close()
	n, err := strconv.Atoi(string(a.Data))
	if err != nil {
		return r, InVain(err)
	}
	batch := Job{ID: fmt.Sprintf("%s-%d", a.Job, a.Task), Parent: a.Job, Kind: "function", Function: "square"}
	for i := range n {
		batch.Tasks = append(batch.Tasks, Task{Data: []byte(strconv.Itoa(i))})
	}
	all, err := client.Map(ctx, batch)
	sum := 0
	for _, r := range all {
		x, e := strconv.Atoi(string(r.Data))
		sum, err = sum+x, errors.Join(err, e)
	}
	r.Data = []byte(strconv.Itoa(sum))
	return r, err
}

// waits drives a job that does not end.
func waits(ctx context.Context, a *Attempt) (Result, error) {
	client, err := a.Connect(ctx)
	if err != nil {
		return Result{}, err
	}
	defer client.Close()
	_, err = client.Map(ctx, Job{ID: a.Job + "-0", Parent: a.Job, Kind: "function", Function: "wait", Tasks: make([]Task, 2)})
	return Result{}, err
}

// startDriven runs a worker with one slot that drives jobs.
func startDriven(t *testing.T, c *Coordinator, id string) (w *Worker) {
	w, err := NewWorker(WorkerSettings{ID: id, Slots: 1, Dir: t.TempDir(), Kinds: map[string]Handler{"sums": sums, "waits": waits},
		Connect: ConnectSettings{URL: c.URL()}, Drain: -1})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	return w
}

// A worker with one slot runs what it drives, and more tasks that drive than it runs at a time end.
func TestDrivers(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	client := connectTo(t, c)
	startDriven(t, c, "one")
	job := Job{ID: "sums", Kind: "sums", Drives: true}
	for i := range 2 * maxDrivers {
		job.Tasks = append(job.Tasks, Task{Data: []byte(strconv.Itoa(i))})
	}
	job.Tasks[0].Data = []byte("none")
	_, err := client.Submit(t.Context(), job)
	require.NoError(t, err)
	all := resultsOf(t, client, job.ID)
	require.Len(t, all, len(job.Tasks))
	assert.Equal(t, "failed", all[0])
	for n := range job.Tasks[1:] {
		n++
		assert.Equal(t, strconv.Itoa((n-1)*n*(2*n-1)/6), all[n])
	}
	s, err := client.Wait(t.Context(), job.ID)
	require.NoError(t, err)
	assert.Equal(t, Batches{Jobs: 15, Tasks: 120, Done: 120}, *s.Batches)
	failures, err := client.Failures(t.Context(), job.ID)
	require.NoError(t, err)
	require.Len(t, failures, 1, "it was in vain")
	assert.True(t, failures[0].Final)
}

// What drives is given back when its worker leaves, also if what it waits for is not done.
func TestDriverIsGivenBack(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	client := connectTo(t, c)
	startDriven(t, c, "first")
	_, err := client.Submit(t.Context(), Job{ID: "w", Kind: "waits", Drives: true, Tasks: make([]Task, 1), Attempts: 1})
	require.NoError(t, err)
	eventually(t, client, "w", "its batch runs", func(s Status) bool { return s.Batches != nil && s.Batches.Running == 1 && s.Running == 1 })
	workers, err := client.Workers(t.Context())
	require.NoError(t, err)
	require.Len(t, workers[0].Busy, 2)
	assert.Equal(t, 1, workers[0].SlotsBusy())
	startDriven(t, c, "second")
	eventually(t, client, "w", "its batch runs on both", func(s Status) bool { return s.Batches.Running == 2 })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, client.StopWorker(ctx, "first"))
	drives := func(id string) bool {
		workers, err := client.Workers(t.Context())
		require.NoError(t, err)
		return slices.ContainsFunc(workers, func(w WorkerStatus) bool {
			return w.ID == id && slices.ContainsFunc(w.Busy, func(b Busy) bool { return b.Job == "w" })
		})
	}
	require.Eventually(t, func() bool { return drives("second") }, 10*time.Second, 5*time.Millisecond)
	require.NoError(t, client.Cancel(t.Context(), "w"))
	s, err := client.Wait(t.Context(), "w-0")
	require.NoError(t, err)
	assert.Equal(t, Cancelled, s.State)
}

// Batches end with their parent, whoever is there to see it, and none comes after.
func TestBatchesEndWithTheirParent(t *testing.T) {
	settings := CoordinatorSettings{Store: t.TempDir(), HistoryJobs: 2}
	c, stop := runCoordinator(t, settings)
	settings.Listen = c.Addr()
	client, h := connectTo(t, c), newHand(t, c)
	parent := func(id string) {
		job := trivial(1)
		job.ID, job.Drives = id, true
		_, err := client.Submit(t.Context(), job)
		require.NoError(t, err)
	}
	batch := func(parent, id string) error {
		job := trivial(3)
		job.ID, job.Parent = id, parent
		_, err := client.Submit(t.Context(), job)
		return err
	}
	assert.ErrorIs(t, batch("nobody", "b"), ErrCancelled)
	assert.ErrorIs(t, batch("b", "b"), ErrJob)
	assert.ErrorIs(t, batch("b c", "b"), ErrName)
	drive := queue{Class: classDrive + classAny}

	parent("done")
	require.NoError(t, batch("done", "d0"))
	require.NoError(t, batch("done", "d1"))
	h.doAll(anyQueue, 4, echo)
	eventually(t, client, "done", "four are done", func(s Status) bool { return *s.Batches == Batches{Jobs: 2, Tasks: 6, Done: 4} })
	h.doAll(drive, 1, echo)
	s, err := client.Wait(t.Context(), "d1")
	require.NoError(t, err)
	assert.Equal(t, Cancelled, s.State)
	s, err = client.Wait(t.Context(), "d0")
	require.NoError(t, err)
	assert.Equal(t, Done, s.State)
	assert.ErrorIs(t, batch("done", "d2"), ErrCancelled)
	require.NoError(t, batch("done", "d0"), "the same again")

	parent("failed")
	require.NoError(t, batch("failed", "f0"))
	for range 3 {
		h.doAll(drive, 1, func(chunkTask) []byte { return nil })
	}
	s, err = client.Wait(t.Context(), "f0")
	require.NoError(t, err)
	assert.Equal(t, Cancelled, s.State)

	parent("cancelled")
	require.NoError(t, batch("cancelled", "c0"))
	stop()
	c, stop = runCoordinator(t, settings)
	defer stop()
	eventually(t, client, "cancelled", "known again", func(s Status) bool { return s.Batches != nil && s.Batches.Jobs == 1 })
	require.NoError(t, client.Cancel(t.Context(), "cancelled"))
	s, err = client.Wait(t.Context(), "c0")
	require.NoError(t, err)
	assert.Equal(t, Cancelled, s.State)

	// Batches are in the history as long as their parents, and do not count.
	c.sweep(t.Context())
	jobs, err := client.Jobs(t.Context(), true)
	require.NoError(t, err)
	var ids []string
	for _, j := range jobs {
		ids = append(ids, j.ID)
	}
	assert.ElementsMatch(t, []string{"failed", "f0", "cancelled", "c0"}, ids)
	info, err := c.session.store.events.Info(t.Context(), jetstream.WithSubjectFilter(subjectEvent+">"))
	require.NoError(t, err)
	assert.Equal(t, []string{"ritz.event.c0", "ritz.event.cancelled", "ritz.event.f0", "ritz.event.failed"}, slices.Sorted(maps.Keys(info.State.Subjects)))
}
