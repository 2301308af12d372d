package distributed

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// runUntil runs a worker that is expected to end by itself.
func runUntil(t *testing.T, s WorkerSettings) error {
	t.Helper()
	s.Dir = t.TempDir()
	w, err := NewWorker(s)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err = w.Run(ctx)
	require.NoError(t, ctx.Err(), "it went on")
	return err
}

func TestWorkerRefused(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{Token: "right"})
	err := runUntil(t, WorkerSettings{Connect: ConnectSettings{URL: c.URL(), Token: "wrong"}})
	require.ErrorIs(t, err, ErrAuth)
	require.NotContains(t, err.Error(), "right")

	d := newDesk(t, time.Second)
	d.protocol = protocol + 1
	err = runUntil(t, WorkerSettings{Connect: ConnectSettings{URL: d.server.ClientURL()}})
	require.ErrorIs(t, err, ErrVersion)
	require.ErrorContains(t, err, "use the same version of ritz on both")
}

// A worker may be there before its coordinator.
func TestWorkerWaitsForCoordinator(t *testing.T) {
	store := t.TempDir()
	c, stop := runCoordinator(t, CoordinatorSettings{Store: store})
	url, addr := c.URL(), c.Addr()
	stop()
	w, err := NewWorker(WorkerSettings{Connect: ConnectSettings{URL: url}, Dir: t.TempDir(), Slots: 1})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	c = startCoordinator(t, CoordinatorSettings{Store: store, Listen: addr})
	client := connectTo(t, c)
	r, err := client.Map(t.Context(), Job{Kind: "function", Function: "square", Tasks: []Task{{Data: []byte("7")}}})
	require.NoError(t, err)
	require.Equal(t, "49", string(r[0].Data))
	cancel()
	require.NoError(t, <-ended)
	require.ErrorContains(t, w.Run(t.Context()), "make another")
}

// Nothing that is said to a worker upsets it.
func TestWorkerIgnoresNoise(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	w, _ := d.work(WorkerSettings{})
	<-w.ready
	odd, err := json.Marshal(queue{Class: "x.>", Priority: 77})
	require.NoError(t, err)
	for _, text := range [][]byte{nil, []byte("{"), []byte("null"), []byte(`{"class":"any","priority":-1}`), odd, make([]byte, 1000)} {
		for _, subject := range []string{subjectWake, subjectCancel, subjectFollow + "job.1", subjectFollow + "x.y", subjectTask + "any.0.job"} {
			require.NoError(t, d.nc.PublishMsg(&nats.Msg{Subject: subject, Data: text}))
		}
	}
	d.function(q, "square", "8")
	require.Equal(t, "64", string(d.outcomes(1)[0].Data))
	d.drained()
	require.Len(t, w.sources(), 1)
}

// What a killed worker left goes with the next one; what one uses stays.
func TestScratch(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "ritz-worker-1", "sub"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ritz-worker-1.lock"), nil, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "other"), 0o700))
	first, err := newScratch(dir)
	require.NoError(t, err)
	second, err := newScratch(dir)
	require.NoError(t, err)
	require.DirExists(t, first.dir)
	require.DirExists(t, second.dir)
	require.NoError(t, first.remove())
	require.NoError(t, second.remove())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
	_, err = newScratch(filepath.Join(dir, "other", "x", "\x00"))
	require.Error(t, err)
}

// An archive writes below checkpoint or nowhere.
func FuzzUnpack(f *testing.F) {
	dir := f.TempDir()
	require.NoError(f, os.MkdirAll(filepath.Join(dir, checkpointName, "a"), 0o700))
	require.NoError(f, os.WriteFile(filepath.Join(dir, checkpointName, "a", "b"), []byte("text"), 0o600))
	var packed bytes.Buffer
	out := tar.NewWriter(&packed)
	require.NoError(f, pack(dir, out))
	require.NoError(f, out.Close())
	good := packed.Bytes()
	f.Add(good)
	for _, name := range []string{"checkpoint/../../../x", "/checkpoint", "x", "checkpoint"} {
		bad := append([]byte(nil), good...)
		clear(bad[:100])
		copy(bad, name)
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, archive []byte) {
		outside := t.TempDir()
		dir := filepath.Join(outside, "in")
		require.NoError(t, os.Mkdir(dir, 0o700))
		err := unpack(dir, bytes.NewReader(archive), int64(len(archive)))
		for _, d := range []string{outside, dir} {
			entries, readErr := os.ReadDir(d)
			require.NoError(t, readErr)
			for _, e := range entries {
				require.Contains(t, []string{"in", checkpointName}, e.Name())
			}
		}
		if string(archive) == string(good) {
			require.NoError(t, err)
			require.FileExists(t, filepath.Join(dir, checkpointName, "a", "b"))
		}
	})
}
