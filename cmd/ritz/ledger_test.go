package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed"
	"github.com/seed-0772dd2d/ritz/internal/job"
)

// Tasks stay in the jobs that they were in; a job of which nothing is wanted is left.
func TestLedger(t *testing.T) {
	say := func(line string) { t.Error(line) }
	task := func(kind, data string) job.Task { return job.Task{Kind: kind, Data: []byte(data)} }
	dir := t.TempDir()
	path := filepath.Join(dir, ".jobs.json")
	var first ledger
	first.open(dir, say)
	assert.NoFileExists(t, path)
	a := []job.Task{task("run", "1"), task("fold", "2"), task("run", "3"), task("run", "3")}
	batches, err := first.plan(a)
	require.NoError(t, err)
	require.Len(t, batches, 2)
	assert.Equal(t, []int{0, 2, 3}, batches[0].members)
	assert.Equal(t, []int{1}, batches[1].members)
	_, err = first.plan([]job.Task{task("fold", "another")})
	require.NoError(t, err)

	var second ledger
	second.open(dir, say)
	again, err := second.plan([]job.Task{task("run", "4"), task("run", "3"), task("fold", "2")})
	require.NoError(t, err)
	require.Len(t, again, 3)
	assert.Equal(t, batches[0].ID, again[0].ID)
	assert.Equal(t, []int{-1, 1, -1}, again[0].members)
	assert.Equal(t, batches[1].ID, again[1].ID)
	assert.Equal(t, []int{2}, again[1].members)
	assert.Equal(t, []int{0}, again[2].members)
	assert.False(t, again[2].known)

	require.NoError(t, second.renew(again[0]))
	assert.NotEqual(t, batches[0].ID, again[0].ID)
	assert.Equal(t, []int{1}, again[0].members)
	assert.Equal(t, again[0].Tasks, batches[0].Tasks[1:2])
	for _, b := range again {
		require.NoError(t, second.drop(b))
	}
	assert.FileExists(t, path)
	left, err := second.end()
	require.NoError(t, err)
	require.Len(t, left, 1)
	assert.NoFileExists(t, path)

	require.NoError(t, os.WriteFile(path, []byte("["), 0o666))
	said := ""
	second.open(dir, func(line string) { said = line })
	assert.Contains(t, said, ".jobs.json: unexpected end of JSON input")
}

// gatedSweep is a sweep of a program that notes in a file that it runs; but for two, its
// runs wait for a gate.
func gatedSweep(t *testing.T) (file, notes, gate string) {
	shell(t)
	dir := t.TempDir()
	notes, gate = filepath.Join(dir, "notes"), filepath.Join(dir, "gate")
	script := write(t, "try.sh", "echo $1 >> "+notes+"\nif env | grep -q RITZ_TOKEN=.; then echo token >> "+notes+"; fi\n[ $1 -lt 3 ] || until [ -e "+gate+" ]; do sleep 0.02; done\necho $(($1 * $1))\n")
	file = write(t, "sweep.yaml", `ritz: 1
kind: sweep
name: squares
command: {run: [sh, try.sh, "{x}"], files: [try.sh]}
vary: {x: [1, 2, 3, 4, 5, 6]}
criterion: {maximize: output}
output: {figures: []}
`)
	require.NoError(t, os.Rename(script, filepath.Join(filepath.Dir(file), "try.sh")))
	return file, notes, gate
}

// killed kills a process that runs a gated sweep when two runs are done, and returns the
// ID of their job.
func killed(t *testing.T, c *exec.Cmd, lines *bufio.Scanner) (id string) {
	until(t, lines, "runs 1/6")
	eventually(t, "two runs", func() bool {
		stdout, _ := ok(t, "jobs", "--json")
		var jobs []distributed.Status
		require.NoError(t, json.Unmarshal([]byte(stdout), &jobs))
		require.Len(t, jobs, 1)
		id = jobs[0].ID
		return jobs[0].Done == 2
	})
	require.NoError(t, c.Process.Kill())
	exit(t, c, lines)
	return id
}

// noted are the runs of a gated sweep, in order.
func noted(t *testing.T, notes string) []string {
	text, err := os.ReadFile(notes)
	require.NoError(t, err)
	lines := strings.Fields(string(text))
	slices.Sort(lines)
	return lines
}

// Who resumes a run whose process was killed attaches to its job, whether it goes on or
// is done: nothing is run twice.
func TestResumeAttaches(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	for _, done := range []bool{false, true} {
		isolate(t)
		file, notes, gate := gatedSweep(t)
		ok(t, "cluster", "start", "--workers", "2", "--slots", "1", "--allow-command", "*")
		dir, here := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "here")
		c, lines := spawn(t, "run", file, "--out", dir, "--connect", "cluster")
		id := killed(t, c, lines)
		open := func() { require.NoError(t, os.WriteFile(gate, nil, 0o666)) }
		if done {
			open()
			await(t, id, distributed.Done)
		}
		c, lines = spawn(t, "run", "--resume", dir, "--connect", "cluster")
		until(t, lines, "runs 1/6")
		if !done {
			open()
		}
		code, rest := exit(t, c, lines)
		require.Equal(t, 0, code, rest)
		assert.Equal(t, []string{"1", "2", "3", "4", "5", "6"}, noted(t, notes))
		stdout, _ := ok(t, "jobs", "--all")
		assert.Equal(t, 2, strings.Count(stdout, "\n"), stdout)
		ok(t, "run", file, "--out", here, "--quiet")
		kept := slices.DeleteFunc(files(t, dir), func(name string) bool { return strings.HasPrefix(name, ".runs.csv.") }) // it was being written
		assert.Equal(t, files(t, here), kept)
		assert.Equal(t, sweepResult(t, here), sweepResult(t, dir))
		assertSame(t, here, dir, "runs/0006/stdout.txt")
		ok(t, "cluster", "stop")
	}
}

// A job that somebody has cancelled is not waited for.
func TestResumeSubmitsAnew(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	isolate(t)
	file, notes, gate := gatedSweep(t)
	ok(t, "cluster", "start", "--workers", "1", "--slots", "1", "--allow-command", "*")
	dir := filepath.Join(t.TempDir(), "out")
	c, lines := spawn(t, "run", file, "--out", dir, "--connect", "cluster")
	id := killed(t, c, lines)
	ok(t, "cancel", id)
	require.NoError(t, os.WriteFile(gate, nil, 0o666))
	ok(t, "run", "--resume", dir, "--connect", "cluster", "--quiet")
	lines2 := noted(t, notes)
	for _, x := range []string{"1", "2", "3", "4", "5", "6"} {
		assert.Contains(t, lines2, x)
	}
	assert.Equal(t, "done", result(t, dir)["status"])
	assert.NotContains(t, files(t, dir), ".jobs.json")
}
