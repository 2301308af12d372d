package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed"
)

// clusterOf is the coordinator's view of jobs and workers.
func clusterOf(t *testing.T, client *distributed.Client) (jobs map[string]distributed.Status, workers []distributed.WorkerStatus) {
	list, err := client.Jobs(t.Context(), true)
	require.NoError(t, err)
	jobs = map[string]distributed.Status{}
	for _, j := range list {
		jobs[j.ID] = j
	}
	workers, err = client.Workers(t.Context())
	require.NoError(t, err)
	return jobs, workers
}

// A sweep that was submitted is spread over the workers. The one that drives it leaves, or
// dies, and another goes on: what was done is not done again, and the runs come to what
// they come to here. No run sees the token.
func TestDriverElsewhere(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	for name, signal := range map[string]os.Signal{"leaves": syscall.SIGTERM, "dies": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			dir := isolate(t)
			file, notes, gate := gatedSweep(t)
			ok(t, "cluster", "start", "--workers", "0")
			client := dialCluster(t)
			token, err := readToken(filepath.Join(dir, "token"))
			require.NoError(t, err)
			t.Setenv("RITZ_TOKEN", token) // which a run would note
			worker := []string{"worker", "--slots", "1", "--drain=-1s", "--allow-command", "*"}
			first, lines1 := spawn(t, append(worker, "--id", "first")...)
			second, lines2 := spawn(t, append(worker, "--id", "second")...)
			until(t, lines1, "joined")
			until(t, lines2, "joined")
			ok(t, "submit", file, "--id", name, "--quiet")
			driven, running := "", []string{}
			eventually(t, "two runs are done, and each worker has another", func() bool {
				jobs, workers := clusterOf(t, client)
				running = running[:0]
				for _, w := range workers {
					for _, b := range w.Busy {
						if b.Job == name {
							driven = w.ID
						} else {
							running = append(running, w.ID)
						}
					}
				}
				b := jobs[name].Batches
				return b != nil && b.Done == 2 && len(running) == 2 && driven != ""
			})
			assert.ElementsMatch(t, []string{"first", "second"}, running)
			stdout, _ := ok(t, "jobs")
			assert.Regexp(t, `(?m)^`+name+` +squares +running +2/6 +2 +0 `, stdout)
			assert.Equal(t, 2, strings.Count(stdout, "\n"), "its batches are not listed")

			gone, lines := first, lines1
			if driven == "second" {
				gone, lines = second, lines2
			}
			require.NoError(t, gone.Process.Signal(signal))
			exit(t, gone, lines)
			require.NoError(t, os.WriteFile(gate, nil, 0o666))
			j := await(t, name, distributed.Done)
			assert.Equal(t, distributed.Batches{Jobs: 1, Tasks: 6, Done: 6}, *j.Batches)
			jobs, _ := clusterOf(t, client)
			require.Len(t, jobs, 2)
			for _, j := range jobs {
				assert.Zero(t, j.Duplicates, j.ID)
				assert.Zero(t, j.Failed, j.ID)
			}
			runs := noted(t, notes)
			assert.LessOrEqual(t, len(runs), 7, "the one that was interrupted is run again: %v", runs)
			assert.Equal(t, []string{"1", "2", "3", "4", "5", "6"}, slices.Compact(runs))

			out, here := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "here")
			ok(t, "results", name, "-o", out)
			ok(t, "run", file, "--out", here, "--quiet")
			assert.Equal(t, files(t, here), files(t, out))
			assert.Equal(t, sweepResult(t, here), sweepResult(t, out))
			assertSame(t, here, out, "runs/0006/stdout.txt")
		})
	}
}

// What is cancelled leaves nothing that runs.
func TestDriverCancelled(t *testing.T) {
	isolate(t)
	file, _, gate := gatedSweep(t)
	ok(t, "cluster", "start", "--workers", "2", "--slots", "1", "--allow-command", "*")
	client := dialCluster(t)
	ok(t, "submit", file, "--id", "vain", "--quiet")
	eventually(t, "runs", func() bool {
		jobs, _ := clusterOf(t, client)
		b := jobs["vain"].Batches
		return b != nil && b.Done == 2 && b.Running == 2
	})
	ok(t, "cancel", "vain")
	eventually(t, "nothing runs", func() bool {
		jobs, workers := clusterOf(t, client)
		for _, j := range jobs {
			if j.State != distributed.Cancelled {
				return false
			}
		}
		return len(jobs) == 2 && !slices.ContainsFunc(workers, func(w distributed.WorkerStatus) bool { return len(w.Busy) > 0 })
	})
	require.NoError(t, os.WriteFile(gate, nil, 0o666))
	ok(t, "submit", file, "--id", "after", "--wait", "--quiet") // the slots are free
}

// A job whose runs all fail has failed, says why, and can be retried: the runs are, too.
// One slot is enough.
func TestDriverRetried(t *testing.T) {
	isolate(t)
	file, notes, gate := gatedSweep(t)
	require.NoError(t, os.WriteFile(gate, nil, 0o666))
	ok(t, "cluster", "start", "--workers", "1", "--slots", "1")
	code, _, stderr := ritz("submit", file, "--id", "again", "--attempts", "1", "--wait")
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "0/6 done, 6 failed")
	assert.Contains(t, stderr, "ritz: job again failed: 1 of 1 task without a result; see ritz failures again\n")
	stdout, _ := ok(t, "failures", "again")
	assert.Regexp(t, `^task 0, attempt 1, .*: the run failed: all 6 runs failed`, stdout)
	assert.Regexp(t, `(?m)^job again-[0-9a-f]{16}, task 5, attempt 1, .*exit code 1 \(given up\)\n +program not allowed: "sh"`, stdout)
	ok(t, "cluster", "stop")
	ok(t, "cluster", "start", "--workers", "1", "--slots", "1", "--allow-command", "*")
	ok(t, "retry", "again", "--wait", "--quiet")
	assert.Len(t, noted(t, notes), 6)
	stdout, _ = ok(t, "jobs", "--all", "--json")
	var jobs []distributed.Status
	require.NoError(t, json.Unmarshal([]byte(stdout), &jobs))
	require.Len(t, jobs, 2)
	assert.Equal(t, []distributed.State{distributed.Done, distributed.Done}, []distributed.State{jobs[0].State, jobs[1].State})
}

// The other kinds that are many tasks come to the same as here.
func TestDriverOfOtherKinds(t *testing.T) {
	shell(t)
	isolate(t)
	csv := write(t, "rows.csv", "k,x\na,1\nb,2\na,3\n")
	ok(t, "cluster", "start", "--workers", "2", "--slots", "1", "--allow-command", "*")
	for name, c := range map[string]struct {
		text string
		same []string
	}{
		"mapreduce": {"ritz: 1\nkind: mapreduce\nname: m\nfiles: [" + csv + "]\ngroup: k\nreduce: {total: {mean: x}}\noutput: {figures: []}\n", []string{"groups.csv"}},
		"surrogate": {"ritz: 1\nkind: surrogate\nname: s\ninputs: {x: [0, 1]}\ncommand: [sh, -c, 'echo \"$1\"', x, \"{x}\"]\nsample: {n: 8}\nmodels: [kriging]\noptimize: {evaluations: 2, batch: 2}\noutput: {figures: []}\n", []string{"samples.csv"}},
	} {
		file := write(t, name+".yaml", c.text)
		out, here := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "here")
		ok(t, "run", file, "--out", here, "--quiet")
		ok(t, "submit", file, "--id", name, "--wait", "--quiet")
		ok(t, "results", name, "-o", out)
		assert.Equal(t, files(t, here), files(t, out))
		for _, file := range c.same {
			assertSame(t, here, out, file)
		}
	}
}
