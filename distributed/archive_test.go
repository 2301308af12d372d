package distributed

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// largeFiles is a handler whose result has a file of so many bytes, most of them a hole, that ends with the task's data.
func largeFiles(size int64) map[string]Handler {
	return map[string]Handler{"large": func(_ context.Context, a *Attempt) (Result, error) {
		f, err := os.Create(filepath.Join(a.Dir, "made"))
		if err != nil {
			return Result{}, err
		}
		_, err = f.WriteAt(a.Data, size-int64(len(a.Data)))
		err = errors.Join(err, f.Close(), os.WriteFile(filepath.Join(a.Dir, "note"), []byte("small"), 0o600))
		return Result{Data: a.Data, Paths: map[string]string{"out/pressure.npy": "made", "note": "note"}}, err
	}}
}

// madeHash is the hash of that file.
func madeHash(size int64, end string) [32]byte {
	data := make([]byte, size)
	copy(data[size-int64(len(end)):], end)
	return sha256.Sum256(data)
}

// Files of a result beyond what a message or the memory holds go through the store in parts, and come out as they were.
// They are gone when the job is forgotten.
func TestLargeFiles(t *testing.T) {
	const size = 72_001_165 // not a multiple of anything
	c := startCoordinator(t, CoordinatorSettings{HistoryJobs: 1})
	client := connectTo(t, c)
	w, err := NewWorker(WorkerSettings{Connect: ConnectSettings{URL: c.URL()}, Slots: 2, Dir: t.TempDir(), Kinds: largeFiles(size)})
	require.NoError(t, err)
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- w.Run(ctx) }()
	defer func() { leave(); require.NoError(t, <-left) }()

	id, err := client.Submit(t.Context(), Job{Kind: "large", Tasks: []Task{{Data: []byte("one")}, {Data: []byte("two")}}, Attempts: 1})
	require.NoError(t, err)
	seen := 0
	for r, err := range client.Results(t.Context(), id) {
		require.NoError(t, err)
		require.Empty(t, r.Files)
		require.NotNil(t, r.Archive)
		require.Greater(t, r.Archive.Parts, 4)
		got := map[string][32]byte{}
		require.NoError(t, client.Files(t.Context(), r, func(name string, size int64, data io.Reader) error {
			h := sha256.New()
			n, err := io.Copy(h, data)
			require.Equal(t, size, n)
			got[name] = [32]byte(h.Sum(nil))
			return err
		}))
		require.Equal(t, map[string][32]byte{"out/pressure.npy": madeHash(size, string(r.Data)), "note": sha256.Sum256([]byte("small"))}, got)
		seen++
	}
	require.Equal(t, 2, seen)
	_, err = client.Wait(t.Context(), id)
	require.NoError(t, err)

	objects, err := c.session.files.List(t.Context())
	require.NoError(t, err)
	stored := uint64(0)
	for _, o := range objects {
		require.True(t, strings.HasPrefix(o.Name, id+"/result/"), o.Name)
		require.LessOrEqual(t, o.Size, uint64(partSize), "no more is held at a time")
		stored += o.Size
	}
	require.Greater(t, stored, uint64(2*size))

	_, err = client.Map(t.Context(), Job{Kind: "function", Function: "square", Tasks: []Task{{Data: []byte("3")}}}) // and the other is beyond the history
	require.NoError(t, err)
	require.Eventually(t, func() bool { c.sweep(t.Context()); _, err := c.Status(id); return err != nil }, 20*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool {
		info, err := c.session.files.Status(t.Context())
		return err == nil && info.Size() < 1<<20
	}, 20*time.Second, 10*time.Millisecond, "nothing is left of it")
}

// Files of medium size are in Result.Files, as those of a handler that holds them are; and what another worker gives for
// the same attempt is beside them.
func TestMediumFiles(t *testing.T) {
	const size = 3 * maxInline
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	w, _ := d.work(WorkerSettings{Kinds: largeFiles(size)})
	for _, data := range []string{"one", "two"} {
		d.put(q, chunk{Kind: "large", Tasks: []chunkTask{{Index: 0, Attempt: 2, Task: Task{Data: []byte(data)}}}})
	}
	all := d.outcomes(2)
	client := &Client{link: w.link}
	var err error
	client.files, err = w.link.js.ObjectStore(t.Context(), bucketFiles)
	require.NoError(t, err)
	for i, data := range []string{"one", "two"} {
		r := all[i].result("w")
		require.NotNil(t, r.Archive)
		require.NoError(t, client.load(t.Context(), all[i].Object, &r))
		require.Nil(t, r.Archive)
		require.Equal(t, "small", string(r.Files["note"]))
		require.Equal(t, madeHash(size, data), sha256.Sum256(r.Files["out/pressure.npy"]))
	}
}

// What is too large once is too large again: it is not tried.
func TestTooLargeIsNotTriedAgain(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	kinds := largeFiles(MaxFiles)
	kinds["data"] = func(context.Context, *Attempt) (Result, error) { return Result{Data: make([]byte, MaxTask+1)}, nil }
	d.work(WorkerSettings{Kinds: kinds})
	for kind, reason := range map[string]string{
		"large": "too large: the files have 8589934597 bytes, at most 8589934592, the largest of them is out/pressure.npy",
		"data":  "too large: a result of 67108865 bytes, at most 67108864",
	} {
		d.put(q, chunk{Kind: kind, Tasks: []chunkTask{{Task: Task{Data: []byte("x")}}}})
		o := d.outcomes(1)[0]
		assert.Equal(t, []any{false, false, reason}, []any{o.OK, o.Retryable, o.Reason})
	}
}

// Files that a task is given may be as large, and may come from the disk.
func TestLargeInputs(t *testing.T) {
	const size = MaxTask + 12345
	c := startCoordinator(t, CoordinatorSettings{})
	client := connectTo(t, c)
	w, err := NewWorker(WorkerSettings{Connect: ConnectSettings{URL: c.URL()}, Slots: 1, Dir: t.TempDir(), Kinds: map[string]Handler{
		"hash": func(_ context.Context, a *Attempt) (Result, error) {
			said := fmt.Append(nil, string(a.Data))
			for _, name := range []string{"a/held", "b/path", "shared/mesh"} {
				f, err := os.Open(filepath.Join(a.Dir, name))
				if err != nil {
					return Result{}, err
				}
				h := sha256.New()
				_, err = io.Copy(h, f)
				said = fmt.Appendf(said, " %x", h.Sum(nil))
				if err = errors.Join(err, f.Close()); err != nil {
					return Result{}, err
				}
			}
			return Result{Data: said}, nil
		}}})
	require.NoError(t, err)
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- w.Run(ctx) }()
	defer func() { leave(); require.NoError(t, <-left) }()
	path := filepath.Join(t.TempDir(), "input")
	require.NoError(t, os.WriteFile(path, []byte("on the disk"), 0o600))
	held := make([]byte, size)
	held[size-1] = 7
	mesh := make([]byte, 2*partSize+5)
	mesh[partSize] = 3
	job := Job{ID: "inputs", Kind: "hash", Shared: map[string][]byte{"shared/mesh": mesh}, Tasks: []Task{
		{Data: []byte("large"), Files: map[string][]byte{"a/held": held}, Paths: map[string]string{"b/path": path}},
		{Data: []byte("small"), Files: map[string][]byte{"a/held": []byte("1")}, Paths: map[string]string{"b/path": path}}}}
	results, err := client.Map(t.Context(), job)
	require.NoError(t, err)
	rest := fmt.Sprintf(" %x %x", sha256.Sum256([]byte("on the disk")), sha256.Sum256(mesh))
	for i, want := range []string{fmt.Sprintf("large %x", sha256.Sum256(held)), fmt.Sprintf("small %x", sha256.Sum256([]byte("1")))} {
		assert.Equal(t, want+rest, string(results[i].Data))
	}
	_, err = client.Submit(t.Context(), job)
	require.NoError(t, err, "the same job")
	require.NoError(t, os.WriteFile(path, []byte("on the disc"), 0o600))
	_, err = client.Submit(t.Context(), job)
	require.ErrorIs(t, err, ErrConflict)
	require.NoError(t, os.Truncate(path, MaxFiles+1))
	_, err = client.Submit(t.Context(), job)
	require.ErrorIs(t, err, ErrTooLarge)
}

// A worker dies while it sends a part: the pieces that are there are removed some time later, and no others.
func TestBrokenTransferIsRemoved(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	client, h := connectTo(t, c), newHand(t, c)
	require.NoError(t, client.put(t.Context(), "job/whole", make([]byte, 3*maxInline)))
	_, err := h.js.Publish(t.Context(), "$O."+bucketFiles+".C.broken", make([]byte, maxInline))
	require.NoError(t, err)
	pieces := func() uint64 {
		info, err := c.session.objects.Info(t.Context())
		require.NoError(t, err)
		return info.State.Msgs
	}
	all := pieces()
	require.NoError(t, c.session.dropOrphans(t.Context(), time.Now().Add(-time.Hour)))
	require.Equal(t, all, pieces(), "it may still go on")
	require.NoError(t, c.session.dropOrphans(t.Context(), time.Now().Add(time.Hour)))
	require.Equal(t, all-1, pieces())
	data, err := client.get(t.Context(), "job/whole")
	require.NoError(t, err)
	require.Len(t, data, 3*maxInline)
}

// Saving a checkpoint takes at most a tenth of the time.
func TestLargeCheckpointsAreSavedLessOften(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		begun, saved := time.Now(), []time.Duration{}
		change := func(size int) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, checkpointName), make([]byte, size), 0o600))
		}
		a := &Attempt{Dir: dir, Log: io.Discard, every: time.Second}
		a.save = func(context.Context) error {
			saved = append(saved, time.Since(begun))
			time.Sleep(5 * time.Second) // of the bubble's clock
			change(len(saved))
			return nil
		}
		stop := a.saveWhile(t.Context())
		change(0)
		time.Sleep(110*time.Second + time.Millisecond)
		stop(false)
		require.Equal(t, []time.Duration{time.Second, 51 * time.Second, 101 * time.Second}, saved)
	})
}
