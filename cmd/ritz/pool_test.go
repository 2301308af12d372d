package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed"
	"github.com/seed-0772dd2d/ritz/internal/job"
)

func TestLabelsAndMemory(t *testing.T) {
	var l labels
	require.NoError(t, l.Set("gpu=1"))
	require.NoError(t, l.Set("maple="))
	assert.Equal(t, "gpu=1 maple=", pairs(l))
	assert.ErrorContains(t, l.Set("gpu"), `"gpu": expected KEY=VALUE`)
	assert.ErrorIs(t, l.Set("a b=1"), distributed.ErrName)
	for text, want := range map[string]int64{"512": 512, "500M": 500 << 20, "4G": 4 << 30, "1.5GiB": 3 << 29, "2kb": 2048, "1T": 1 << 40} {
		var m memory
		require.NoError(t, m.Set(text), text)
		assert.Equal(t, want, int64(m), text)
	}
	for _, text := range []string{"", "much", "0", "-1G", "1X", "1MG", "nan", "1e99"} {
		assert.Error(t, new(memory).Set(text), text)
	}
	assert.Equal(t, "1.5 GiB", size(3<<29))
}

// What all tasks have, as the same bytes, is sent once; the rest goes with each.
func TestShared(t *testing.T) {
	data := []byte("same")
	tasks := []job.Task{
		{Kind: "run", Files: map[string][]byte{"a": data, "b": []byte("same"), "c": data}},
		{Kind: "run", Files: map[string][]byte{"a": data, "b": []byte("same")}},
	}
	all := []int{0, 1}
	assert.Equal(t, map[string][]byte{"a": data}, shared(all, tasks))
	assert.Empty(t, shared(all[:1], tasks))
	r, err := remote(tasks[0], shared(all, tasks))
	require.NoError(t, err)
	assert.Equal(t, map[string][]byte{"b": []byte("same"), "c": data}, r.Files)
}

// What an earlier sitting has left goes along, without what is hidden.
func TestRemote(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "inputs"), 0o777))
	for name, text := range map[string]string{"checkpoint": "c", "job.yaml": "old", ".lock": "", "inputs/a.csv": "x"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
	r, err := remote(job.Task{Kind: "run", Dir: dir, Files: map[string][]byte{"job.yaml": []byte("new")}}, nil)
	require.NoError(t, err)
	assert.Equal(t, map[string][]byte{"job.yaml": []byte("new")}, r.Files)
	assert.Equal(t, map[string]string{"checkpoint": filepath.Join(dir, "checkpoint"), "inputs/a.csv": filepath.Join(dir, "inputs", "a.csv")}, r.Paths)
	r, err = remote(job.Task{Kind: "run", Dir: filepath.Join(dir, "missing")}, nil)
	require.NoError(t, err)
	assert.Empty(t, r.Files)
	assert.Empty(t, r.Paths)
}

// A result cannot write outside its directory: not by its names, nor through links.
func TestWriteFilesStayInside(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	for _, name := range []string{"../a", "/a", "a/../../b", ""} {
		assert.Error(t, writeFiles(dir, map[string][]byte{name: []byte("x")}), name)
	}
	if os.Symlink(outside, filepath.Join(dir, "link")) == nil {
		assert.Error(t, writeFiles(dir, map[string][]byte{"link/a": []byte("x")}))
		assert.Empty(t, files(t, outside))
	}
	require.NoError(t, writeFiles(dir, map[string][]byte{"a/b/c": []byte("x")}))
	assert.FileExists(t, filepath.Join(dir, "a", "b", "c"))
}

// A new attempt works with what the last one has left, and with the rest of what it
// was given.
func TestSettle(t *testing.T) {
	from := t.TempDir()
	dir := filepath.Join(from, checkpointName)
	require.NoError(t, writeFiles(from, map[string][]byte{"job.yaml": []byte("given"), "inputs/a": []byte("a"), "checkpoint/job.yaml": []byte("left"), "checkpoint/history.csv": nil}))
	given, err := settle(from, dir)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"job.yaml", "inputs/a"}, given)
	text, err := os.ReadFile(filepath.Join(dir, "job.yaml"))
	require.NoError(t, err)
	assert.Equal(t, "left", string(text))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".lock"), nil, 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoint"), nil, 0o666))
	got, err := gather(dir, func(name string) bool { return name != "job.yaml" })
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"inputs/a": "checkpoint/inputs/a", "history.csv": "checkpoint/history.csv"}, got)
}

func TestPieces(t *testing.T) {
	for data, want := range map[string]string{"": "malformed task of kind job", `{"kind": "fly"}`: `this worker does no "fly"`} {
		_, err := readPiece([]byte(data), kindJob)
		assert.ErrorContains(t, err, want)
	}
}

func TestJobLine(t *testing.T) {
	now := time.Now()
	best := 0.25
	j := distributed.Status{Tasks: 1024, Done: 508, Failed: 4, Running: 3, Retried: 2, Lost: 1, State: distributed.Running,
		Submitted: now.Add(-time.Minute), ETA: 30 * time.Second, Best: &distributed.Result{Measure: &best}}
	assert.Equal(t, "[##########----------]  50% 508/1024 done, 3 running, 4 failed, 2 retried, 1 on lost workers, best 0.25, 1:00, 30.0 s left", jobLine(j, now))
	j = distributed.Status{Tasks: 2, State: distributed.Waiting, Why: "no worker is there", Submitted: now}
	assert.Equal(t, "[--------------------]   0% 0/2 done, 0.0 s, waiting: no worker is there", jobLine(j, now))
}

// Tasks that fail are told of and keep no other from being done; large ones and small
// ones go their ways; where the caller ends, the job does.
func TestPool(t *testing.T) {
	isolate(t)
	ok(t, "cluster", "start", "--workers", "1", "--slots", "2", "--allow-command", "*")
	shell(t)
	client := dialCluster(t)
	p := &pool{client: client, name: "test", say: func(line string) { t.Log(line) }}
	command := func(script string) job.Task {
		return job.Task{Kind: "command", Data: []byte(`{"args": ["sh", "-c", "` + script + `"]}`), Dir: filepath.Join(t.TempDir(), "task")}
	}
	tasks := []job.Task{command("echo 1 > a; echo 42"), {Kind: "run", Files: map[string][]byte{"job.yaml": []byte("ritz: 1")}}, command("cat in")}
	tasks[2].Files = map[string][]byte{"in": []byte("7\n")}
	got := map[int]string{}
	require.NoError(t, p.Do(t.Context(), tasks, func(i int, result []byte, err error) {
		got[i] = string(result)
		if err != nil {
			got[i] = err.Error()
		}
	}))
	require.Len(t, got, 3)
	assert.Contains(t, got[0], `"output": 42`)
	assert.Contains(t, got[1], `the key "kind" is missing`)
	assert.Contains(t, got[2], `"output": 7`)
	assert.Equal(t, []string{"a", "result.json", "stderr.txt", "stdout.txt"}, files(t, tasks[0].Dir))
	assert.Equal(t, []string{"in", "result.json", "stderr.txt", "stdout.txt"}, files(t, tasks[2].Dir))

	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		gone <- p.Do(ctx, []job.Task{command("sleep 1000")}, func(int, []byte, error) { t.Error("reported") })
	}()
	eventually(t, "runs", func() bool {
		stdout, _ := ok(t, "jobs")
		return strings.Contains(stdout, "running")
	})
	cancel()
	assert.ErrorIs(t, <-gone, context.Canceled)
	stdout, _ := ok(t, "jobs", "--all")
	assert.Regexp(t, `test +cancelled`, stdout)
}

// A coordinator that goes away in the middle may come back: the job waits, and says why.
// Its caller can still end it.
func TestPoolWithoutCoordinator(t *testing.T) {
	c, err := distributed.NewCoordinator(distributed.CoordinatorSettings{Listen: "127.0.0.1:0", Store: t.TempDir()})
	require.NoError(t, err)
	running, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- c.Run(running) }()
	defer leave()
	client, err := distributed.Connect(t.Context(), distributed.ConnectSettings{URL: c.URL(), Timeout: 500 * time.Millisecond})
	require.NoError(t, err)
	defer client.Close()

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	said := make(chan string, 10)
	p := &pool{client: client, name: "test", say: func(line string) { said <- line }}
	gone := make(chan error, 1)
	go func() {
		gone <- p.Do(ctx, []job.Task{{Kind: "run"}}, func(int, []byte, error) { t.Error("reported") })
	}()
	hears := func(pattern string) {
		t.Helper()
		select {
		case line := <-said:
			assert.Regexp(t, pattern, line)
		case err := <-gone:
			t.Fatalf("it has ended: %v", err)
		case <-time.After(time.Minute):
			t.Fatal("nothing is said")
		}
	}
	hears("^job [0-9a-f]{16} waits: no worker")
	leave()
	require.NoError(t, <-left)
	hears("^job [0-9a-f]{16} waits: the coordinator does not answer; the job goes on when it is back$")
	cancel()
	assert.ErrorIs(t, <-gone, context.Canceled)
	assert.Regexp(t, "^job [0-9a-f]{16} could not be cancelled: the coordinator does not answer$", <-said)
}
