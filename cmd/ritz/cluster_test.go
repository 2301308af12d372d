package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed"
)

// isolate has what the commands start be this binary as ritz, and their cluster be one
// of the test's own, which is returned. It ends with the test.
func isolate(t *testing.T) (cluster string) {
	t.Setenv("RITZ_TEST_AS_MAIN", "1")
	for _, name := range []string{"RITZ_CONNECT", "RITZ_TOKEN", "RITZ_TOKEN_FILE", "RITZ_CA"} {
		t.Setenv(name, "")
	}
	cluster = filepath.Join(t.TempDir(), "cluster")
	t.Setenv("RITZ_CLUSTER", cluster)
	t.Cleanup(func() {
		if _, err := os.Stat(filepath.Join(cluster, "cluster.json")); err == nil {
			code, _, stderr := ritz("cluster", "stop", "--cluster", cluster)
			assert.Equal(t, 0, code, stderr)
		}
	})
	return cluster
}

// dialCluster connects to the cluster of isolate, until the test ends.
func dialCluster(t *testing.T) *distributed.Client {
	var c connection
	client, code := c.dial(t.Context(), streams{err: os.Stderr})
	require.Equal(t, -1, code)
	t.Cleanup(client.Close)
	return client
}

// ok runs a command that has to succeed.
func ok(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	code, stdout, stderr := ritz(args...)
	require.Equal(t, 0, code, "ritz %s\n%s%s", strings.Join(args, " "), stdout, stderr)
	return stdout, stderr
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); !holds(); {
		select {
		case <-tick.C:
		case <-late:
			require.Fail(t, "not within a minute: "+what)
		}
	}
}

// await waits until a job is in a state.
func await(t *testing.T, id string, state distributed.State) (j distributed.Status) {
	t.Helper()
	eventually(t, id+" "+string(state), func() bool {
		stdout, _ := ok(t, "show", id, "--json")
		j = distributed.Status{}
		require.NoError(t, json.Unmarshal([]byte(stdout), &j))
		return j.State == state
	})
	return j
}

// The story of README: a cluster, a job, its results, no workers and some again, the end.
func TestCluster(t *testing.T) {
	dir := isolate(t)
	file := write(t, "sine.yaml", sine)
	stdout, _ := ok(t, "cluster", "start", "--workers", "2", "--label", "disk=fast")
	assert.Regexp(t, `^cluster at nats://127.0.0.1:\d+ with 2 workers\ndashboard: http://127.0.0.1:\d+/ `, stdout)

	stdout, stderr := ok(t, "submit", file, "--id", "first", "--wait", "--requires", "disk=fast")
	assert.Equal(t, "first\n", stdout)
	assert.Regexp(t, `100% 1/1 done.*, done\njob first is done after `, stderr)
	assert.NotContains(t, stderr, "\r", "lines where it is no terminal")

	stdout, _ = ok(t, "jobs")
	assert.Empty(t, stdout)
	stdout, _ = ok(t, "jobs", "--all")
	assert.Regexp(t, `(?m)^first +sine +done +1/1 +0 +0 `, stdout)
	stdout, _ = ok(t, "jobs", "--all", "--json")
	var jobs []distributed.Status
	require.NoError(t, json.Unmarshal([]byte(stdout), &jobs))
	require.Len(t, jobs, 1)
	assert.Equal(t, "disk=fast", pairs(jobs[0].Requires))
	require.NotNil(t, jobs[0].Best, "the loss is what is the better the smaller it is")
	stdout, _ = ok(t, "show", "first")
	assert.Regexp(t, `(?m)^state +done$`, stdout)
	var shown bytes.Buffer
	late := []distributed.WorkerStatus{{ID: "late", Busy: []distributed.Busy{{Job: "first"}}}}
	printJob(&shown, jobs[0], late, time.Now())
	assert.NotContains(t, shown.String(), "running ", "it has ended, whatever a worker last said")
	jobs[0].Ended = time.Time{}
	printJob(&shown, jobs[0], late, time.Now())
	assert.Contains(t, shown.String(), "running ")
	assert.Regexp(t, `(?m)^requires +disk=fast$`, stdout)
	stdout, _ = ok(t, "logs", "first")
	assert.Contains(t, stdout, "stage 1/2 adam 1/105 loss ")
	again, _ := ok(t, "logs", "first/0", "--follow")
	assert.Equal(t, stdout, again)
	stdout, stderr = ok(t, "failures", "first")
	assert.Empty(t, stdout)
	assert.Equal(t, "no failures\n", stderr)

	// What comes back is a run directory, the same as of a run here.
	out, here := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "here")
	stdout, _ = ok(t, "results", "first", "-o", out)
	assert.Equal(t, "1 of 1 result: "+out+"\n", stdout)
	ok(t, "run", file, "--out", here, "--quiet")
	assert.Equal(t, files(t, here), files(t, out))
	assert.Equal(t, history(t, here), history(t, out))
	for _, name := range []string{"solution.json", "job.yaml"} {
		assertSame(t, here, out, name)
	}
	assert.Equal(t, "done", result(t, out)["status"])

	// Submitting it twice is submitting it once; another job is another one.
	ok(t, "submit", file, "--id", "first", "--requires", "disk=fast")
	code, _, stderr := ritz("submit", file, "--id", "first", "--set", "seed=2")
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "another job has this ID")

	// Without workers a job waits and says so; with some again it goes on.
	stdout, _ = ok(t, "cluster", "scale", "0")
	assert.Equal(t, "0 workers, before 2\n", stdout)
	stdout, _ = ok(t, "submit", file, "--quiet", "--name", "later", "--set", "seed=2")
	id := strings.TrimSpace(stdout)
	eventually(t, "waits", func() bool {
		stdout, _ := ok(t, "jobs")
		return regexp.MustCompile(id + ` +later +waiting .* no worker is there`).MatchString(stdout)
	})
	code, _, stderr = ritz("results", id, "-o", out)
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "job "+id+" is waiting, 1 result missing: it is not done yet, see --wait")
	stdout, _ = ok(t, "cluster", "scale", "1")
	assert.Equal(t, "1 worker, before 0\n", stdout)
	await(t, id, distributed.Done)
	ok(t, "submit", file, "--id", "nobody", "--requires", "gpu=1", "--after", "first")
	eventually(t, "says what is missing", func() bool {
		stdout, _ := ok(t, "show", "nobody")
		return strings.Contains(stdout, "waiting: no worker offers gpu=1")
	})
	_, stderr = ok(t, "cancel", "nobody")
	assert.Equal(t, "cancelled nobody\n", stderr)
	await(t, "nobody", distributed.Cancelled)

	eventually(t, "the worker's last heartbeat says that it is idle", func() bool {
		stdout, _ = ok(t, "cluster", "status")
		return regexp.MustCompile(`(?m)^worker-3 +pid \d+ +idle +1 .* disk=fast`).MatchString(stdout)
	})
	assert.Regexp(t, `(?m)^coordinator +nats://127.0.0.1:\d+ +running, pid \d+$`, stdout)
	code, _, stderr = ritz("cluster", "start")
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "is running already")
	assertNoToken(t, dir)

	stdout, _ = ok(t, "cluster", "stop")
	assert.Equal(t, "stopped\n", stdout)
	code, stdout, _ = ritz("cluster", "status")
	assert.Equal(t, 1, code)
	assert.Regexp(t, `(?m)^coordinator .* stopped$`, stdout)
	code, _, stderr = ritz("jobs")
	assert.Equal(t, 1, code)
	assert.Regexp(t, `^ritz: no coordinator at nats://127.0.0.1:\d+: start one with "ritz cluster start"`, stderr)

	// The history is there the next time.
	ok(t, "cluster", "start", "--workers", "0")
	stdout, _ = ok(t, "jobs", "--all")
	assert.Regexp(t, `(?m)^first +sine +done `, stdout)
}

// assertNoToken looks for the token in the command line of every process that can be
// seen, and finds the file readable by its owner only.
func assertNoToken(t *testing.T, cluster string) {
	text, err := os.ReadFile(filepath.Join(cluster, "token"))
	require.NoError(t, err)
	token := strings.TrimSpace(string(text))
	require.Greater(t, len(token), 20)
	if runtime.GOOS == "windows" {
		return
	}
	info, err := os.Stat(filepath.Join(cluster, "token"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())
	if _, err := exec.LookPath("ps"); err != nil {
		t.Log("not looked for in the command lines of processes:", err)
		return
	}
	lines, err := exec.Command("ps", "axww", "-o", "args").Output()
	require.NoError(t, err)
	assert.Contains(t, string(lines), "worker --connect nats://127.0.0.1")
	assert.NotContains(t, string(lines), token)
}

// Jobs that are left when the cluster is stopped, or its processes killed, go on with
// the next start.
func TestClusterKilled(t *testing.T) {
	isolate(t)
	ok(t, "cluster", "start", "--workers", "1", "--allow-command", "*")
	gate := filepath.Join(t.TempDir(), "gate")
	shell(t)
	ok(t, "submit", "--command", "--id", "patient", "--attempts", "9", "--", "sh", "-c", "until [ -e "+gate+" ]; do sleep 0.02; done; echo through")
	await(t, "patient", distributed.Running)
	for _, pid := range pids(t) {
		p, err := os.FindProcess(pid)
		require.NoError(t, err)
		require.NoError(t, p.Kill())
	}
	eventually(t, "death is noticed", func() bool {
		code, stdout, _ := ritz("cluster", "status")
		return code == 1 && strings.Contains(stdout, "ended: ")
	})
	require.NoError(t, os.WriteFile(gate, nil, 0o666))
	ok(t, "cluster", "start", "--workers", "2", "--allow-command", "*")
	await(t, "patient", distributed.Done)
	out := filepath.Join(t.TempDir(), "out")
	ok(t, "results", "patient", "-o", out, "--quiet")
	text, err := os.ReadFile(filepath.Join(out, "stdout"))
	require.NoError(t, err)
	assert.Equal(t, "through\n", string(text))
}

// shell skips where there is none.
func shell(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell")
	}
}

// pids are all processes of the cluster.
func pids(t *testing.T) (pids []int) {
	_, stdout, _ := ritz("cluster", "status", "--json")
	var state clusterState
	require.NoError(t, json.Unmarshal([]byte(stdout), &state))
	for _, u := range append(state.Coordinator, state.Units...) {
		var pid int
		_, err := fmt.Sscanf(u.Where, "pid %d", &pid)
		require.NoError(t, err)
		pids = append(pids, pid)
	}
	return pids
}

// An idle cluster ends itself, workers first.
func TestClusterIdle(t *testing.T) {
	dir := isolate(t)
	ok(t, "cluster", "start", "--workers", "1", "--idle-after", "300ms")
	boss, err := coordinatorLauncher(dir, nil)
	require.NoError(t, err)
	workers, err := workerLauncher(filepath.Join(dir, "workers"), "", "", nil, false)
	require.NoError(t, err)
	eventually(t, "all have ended", func() bool {
		n, err := alive(t.Context(), boss)
		require.NoError(t, err)
		m, err := alive(t.Context(), workers)
		require.NoError(t, err)
		return n+m == 0
	})
	log, err := os.ReadFile(filepath.Join(dir, "coordinator", "coordinator-1.log"))
	require.NoError(t, err)
	assert.Contains(t, string(log), "no work for 300ms: the cluster ends")
}

func TestClusterRefuses(t *testing.T) {
	other := t.TempDir()
	dir := isolate(t)
	token := filepath.Join(t.TempDir(), "token")
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"cluster", 2, "what: start, scale, status or stop?"},
		{"cluster fly", 2, `unknown "fly": there are start, scale, status and stop`},
		{"cluster start now", 2, `unexpected argument "now"`},
		{"cluster start --workers -1", 2, "-1 workers"},
		{"cluster start --label gpu", 2, `"gpu": expected KEY=VALUE`},
		{"cluster start --memory much", 2, `"much": expected a number of bytes`},
		{"cluster scale", 2, "scale to how many workers?"},
		{"cluster scale many", 2, `scale to "many": expected a number of workers`},
		{"cluster scale 2", 1, "no cluster in " + dir + ": start one with ritz cluster start"},
		{"cluster status", 1, "no cluster in " + dir},
		{"cluster stop", 1, "no cluster in " + dir},
		{"jobs", 1, "no coordinator is named, and no cluster in " + dir + `: start one with "ritz cluster start"`},
		{"show", 2, "no job: see ritz jobs --all"},
		{"show a b", 2, `unexpected argument "b"`},
		{"results a", 1, "no coordinator is named"},
		{"submit", 2, "no job file"},
		{"submit a b", 2, `unexpected argument "b"`},
		{"submit --command", 2, "no program: --command -- PROGRAM"},
		{"submit --command --set a=1 -- sh", 2, "--set changes a job file"},
		{"submit --output a missing.yaml", 2, "--input and --output go with --command"},
		{"submit missing.yaml", 2, "open missing.yaml: "},
		{"submit --command --input missing -- sh", 2, "open missing: "},
		{"worker --slots 9999", 1, "no coordinator is named"},
		{"worker --connect nats://127.0.0.1:1 --slots 9999", 2, "9999 slots of a worker: 1 to 4096"},
		{"worker --connect nats://me:secret@host:1", 2, "no user or token in the address, please"},
		{"worker --connect nats://127.0.0.1:1 --token-file missing", 2, "token: open missing: "},
		{"worker --connect nats://127.0.0.1:1 --allow-command ../sh", 2, "give the name of a program, an absolute path"},
		{"coordinator --listen nowhere", 2, `address "nowhere": want host:port`},
		{"coordinator --listen 0.0.0.0:0", 2, "which others can reach: set a token, or a user and password: --token-file FILE"},
		{"coordinator --listen 0.0.0.0:0 --store " + other + "/s --token-file " + other + "/t", 2, "its key: --tls-cert FILE --tls-key FILE"},
		{"jobs --connect http://127.0.0.1:1", 2, `address "http://127.0.0.1:1": expected nats://HOST:PORT, tls://`},
		{"submit --time-limit 3 a.yaml", 2, `"3" for flag -time-limit: expected a duration, such as 90s`},
		{"submit --priority high a.yaml", 2, `"high" for flag -priority: expected a whole number`},
		{"coordinator --http 0.0.0.0:0", 2, "a dashboard at 0.0.0.0:0, which others can reach, needs a token"},
		{"coordinator --http 0.0.0.0:0 --store x --token-file " + token, 2, "which others can reach, needs TLS"},
		{"coordinator --store x --tls-cert a", 2, "a certificate needs its key"},
		{"task", 2, "it is what workers start"},
	} {
		code, stdout, stderr := ritz(strings.Fields(c.args)...)
		assert.Equal(t, c.code, code, c.args)
		assert.Empty(t, stdout, c.args)
		assert.Contains(t, stderr, c.want, c.args)
	}
}
