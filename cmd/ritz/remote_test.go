package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed"
)

// spawn starts this binary as ritz in a process of its own, which is killed with the
// test if it still lives.
func spawn(t *testing.T, args ...string) (c *exec.Cmd, stderr *bufio.Scanner) {
	exe, err := os.Executable()
	require.NoError(t, err)
	c = exec.Command(exe, args...)
	c.Env = append(os.Environ(), "RITZ_TEST_AS_MAIN=1")
	pipe, err := c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		if c.ProcessState == nil {
			c.Process.Kill()
			c.Wait()
		}
	})
	return c, bufio.NewScanner(pipe)
}

// until reads lines until one contains text.
func until(t *testing.T, lines *bufio.Scanner, text string) (line string) {
	t.Helper()
	var all strings.Builder
	for lines.Scan() {
		if strings.Contains(lines.Text(), text) {
			return lines.Text()
		}
		all.WriteString(lines.Text() + "\n")
	}
	require.Fail(t, "no line with "+text, all.String())
	return ""
}

// exit waits for the end of a process, and reads what is left.
func exit(t *testing.T, c *exec.Cmd, lines *bufio.Scanner) (code int, rest string) {
	for lines.Scan() {
		rest += lines.Text() + "\n"
	}
	c.Wait()
	return c.ProcessState.ExitCode(), rest
}

// A training whose worker leaves, or dies, goes on from its checkpoint on another one,
// and comes to the same bits.
func TestResumeElsewhere(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	dir := isolate(t)
	const long = "output: {figures: [], log: 500, checkpoint: 0.02}\n"
	file := write(t, "sine.yaml", strings.Replace(sine, "iterations: 105", "iterations: 100000", 1)+long)
	here := filepath.Join(t.TempDir(), "here")
	ok(t, "run", file, "--out", here, "--quiet")
	for name, signal := range map[string]os.Signal{"leaves": syscall.SIGTERM, "dies": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			ok(t, "cluster", "start", "--workers", "0")
			defer ok(t, "cluster", "stop")
			c, err := readCluster(dir)
			require.NoError(t, err)
			worker := []string{"worker", "--slots", "1", "--drain=-1s", "--save-every", "200ms"} // what is replaced while it is read is no checkpoint
			first, lines := spawn(t, append(worker, "--id", "first")...)
			until(t, lines, "joined")
			ok(t, "submit", file, "--id", name, "--quiet")
			awaitCheckpoint(t, c.Connect, filepath.Join(dir, "token"), name)
			require.NoError(t, first.Process.Signal(signal))
			code, _ := exit(t, first, lines)
			if signal == syscall.SIGTERM {
				assert.Equal(t, 0, code)
			}
			_, lines = spawn(t, append(worker, "--id", "second")...)
			until(t, lines, "joined")
			await(t, name, distributed.Done)
			log, _ := ok(t, "logs", name)
			assert.NotContains(t, log, "adam 1/100000 ", "it did not begin again")
			out := filepath.Join(t.TempDir(), "out")
			ok(t, "results", name, "-o", out)
			assert.Equal(t, history(t, here), history(t, out))
			assertSame(t, here, out, "solution.json")
		})
	}
}

// awaitCheckpoint waits until the store has a checkpoint of the job's first task, of more
// than 500 iterations.
func awaitCheckpoint(t *testing.T, url, tokenFile, job string) {
	token, err := readToken(tokenFile)
	require.NoError(t, err)
	nc, err := nats.Connect(url, nats.Token(token))
	require.NoError(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	store, err := js.ObjectStore(t.Context(), "RITZ_FILES")
	require.NoError(t, err)
	eventually(t, "a checkpoint", func() bool {
		stdout, _ := ok(t, "show", job)
		log, _ := ok(t, "logs", job)
		require.NotRegexp(t, `(?m)^state +done`, stdout, "too fast: "+log)
		data, err := store.GetBytes(t.Context(), job+"/checkpoint/0") // says where it is
		var is distributed.Archive
		if err != nil || json.Unmarshal(data, &is) != nil {
			return false
		}
		archive, err := store.GetBytes(t.Context(), is.Name+"/0")
		return err == nil && bytes.Contains(archive, []byte("checkpoint/checkpoint")) && bytes.Contains(archive, []byte("\n500,1,adam,"))
	})
}

// Programs run where they are allowed, with the files they were given, and give back
// those that were asked for; failures tell why.
func TestCommands(t *testing.T) {
	shell(t)
	isolate(t)
	ok(t, "cluster", "start", "--workers", "1", "--allow-command", "sh")
	in := write(t, "in.txt", "3 4\n")
	ok(t, "submit", "--command", "--id", "good", "--wait", "--quiet", "--input", in, "--output", "*.out", "--", "sh", "-c", "cp in.txt sum.out; echo said")
	out := t.TempDir()
	ok(t, "results", "good", "-o", out)
	assert.Equal(t, []string{"stdout", "sum.out"}, files(t, out))

	code, _, stderr := ritz("submit", "--command", "--id", "bad", "--attempts", "2", "--wait", "--", "sh", "-c", "echo out of ink >&2; exit 3")
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "ritz: job bad failed: 1 of 1 task without a result; see ritz failures bad\n")
	stdout, _ := ok(t, "failures", "bad")
	assert.Regexp(t, `(?m)^task 0, attempt 2, .* on worker-1: exit code 3 \(given up\)\n    out of ink\ntask 0, attempt 1, .* \(tried again\)$`, stdout)
	code, _, stderr = ritz("results", "bad", "-o", t.TempDir())
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "job bad has failed, 1 result missing; see ritz failures bad")
	code, _, stderr = ritz("retry", "bad", "--wait")
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "1 task of bad queued again\n")

	code, _, _ = ritz("submit", "--command", "--id", "forbidden", "--attempts", "1", "--wait", "--quiet", "--", "awk", "1")
	assert.Equal(t, 1, code)
	stdout, _ = ok(t, "failures", "forbidden")
	assert.Contains(t, stdout, `command not allowed: "awk": this worker runs sh`)

	// Nor do jobs start others.
	function := write(t, "f.yaml", "ritz: 1\nkind: surrogate\ninputs: {x: [0, 1]}\ncommand: [expr, \"{x}\", +, 1]\nsample: {n: 20}\nmodels: [kriging]\noutput: {figures: []}\n")
	code, _, _ = ritz("submit", function, "--id", "sly", "--attempts", "1", "--wait", "--quiet")
	assert.Equal(t, 1, code)
	stdout, _ = ok(t, "failures", "sly")
	assert.Contains(t, stdout, `program not allowed: "expr": this worker runs sh`)

	ok(t, "submit", "--command", "--id", "endless", "--", "sh", "-c", "echo begun; sleep 1000")
	log, lines := spawn(t, "logs", "endless", "--follow")
	await(t, "endless", distributed.Running)
	ok(t, "cancel", "endless")
	await(t, "endless", distributed.Cancelled)
	code, _ = exit(t, log, lines)
	assert.Equal(t, 0, code)
}

const sweepOfSines = `ritz: 1
kind: sweep
name: sines
job: sine.yaml
vary: {seed: [1, 2, 3], "network.hidden": [[8], [6]]}
criterion: {minimize: errors.u.relative_l2}
output: {figures: []}
`

// sweepFile writes the sweep and its job.
func sweepFile(t *testing.T, sines string) string {
	file := write(t, "sweep.yaml", sweepOfSines)
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(file), "sine.yaml"), []byte(sines+"output: {figures: []}\n"), 0o666))
	return file
}

// assertSameSweep compares all but times.
func assertSameSweep(t *testing.T, a, b string) {
	t.Helper()
	assert.Equal(t, files(t, a), files(t, b))
	assert.Equal(t, sweepResult(t, a), sweepResult(t, b))
	for _, run := range []string{"runs/0001", "runs/0006"} {
		assertSame(t, a, b, run+"/solution.json")
		assertSame(t, a, b, run+"/job.yaml")
		assert.Equal(t, files(t, filepath.Join(a, run)), files(t, filepath.Join(b, run)))
	}
}

func sweepResult(t *testing.T, dir string) object {
	r := result(t, dir)
	delete(r, "seconds")
	delete(r["best"].(object), "seconds")
	for _, run := range r["runs"].([]any) {
		delete(run.(object), "seconds")
	}
	return r
}

// A sweep comes to the same on this process, on two workers and on a cluster.
func TestSweepOnWorkers(t *testing.T) {
	isolate(t)
	file := sweepFile(t, sine)
	out := t.TempDir()
	here, workers, cluster := filepath.Join(out, "here"), filepath.Join(out, "workers"), filepath.Join(out, "cluster")
	ok(t, "run", file, "--out", here, "--quiet")
	_, stderr := ok(t, "run", file, "--out", workers, "--workers", "2")
	assert.Contains(t, stderr, "runs 1/6 best errors.u.relative_l2")
	assertSameSweep(t, here, workers)

	ok(t, "cluster", "start", "--workers", "2")
	ok(t, "run", file, "--out", cluster, "--connect", "cluster", "--quiet")
	assertSameSweep(t, here, cluster)
	stdout, _ := ok(t, "jobs", "--all")
	assert.Regexp(t, `sines +done +6/6`, stdout)

	for _, c := range []struct{ args, want string }{
		{"--workers 2 --connect cluster", "either --workers or --connect"},
		{"--workers -1", "-1 workers: 1 to 1000"},
		{"--token-file x", "go with --connect"},
	} {
		code, _, stderr := ritz(append([]string{"run", file}, strings.Fields(c.args)...)...)
		assert.Equal(t, 2, code)
		assert.Contains(t, stderr, c.want)
	}
	code, _, stderr := ritz("run", filepath.Join(filepath.Dir(file), "sine.yaml"), "--workers", "2")
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "a job of kind pinn is one task")
}

// Ctrl-C ends the run with its workers, and keeps what is done; the run can be resumed.
func TestSweepInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	isolate(t)
	file := sweepFile(t, strings.Replace(sine, "iterations: 105", "iterations: 2000", 1))
	here, dir := filepath.Join(t.TempDir(), "here"), filepath.Join(t.TempDir(), "out")
	ok(t, "run", file, "--out", here, "--quiet")
	c, lines := spawn(t, "run", file, "--out", dir, "--workers", "2")
	until(t, lines, "runs 1/6")
	require.NoError(t, c.Process.Signal(os.Interrupt))
	code, rest := exit(t, c, lines)
	assert.Equal(t, 1, code)
	assert.Contains(t, rest, "interrupted; go on with: ritz run --resume "+dir)
	kept, err := filepath.Glob(filepath.Join(dir, "runs", "*", "result.json"))
	require.NoError(t, err)
	assert.NotEmpty(t, kept)
	ok(t, "run", "--resume", dir, "--workers", "2", "--quiet")
	assertSameSweep(t, here, dir)
}

// Who is refused is told why, and so is the shell.
func TestStrangers(t *testing.T) {
	dir := isolate(t)
	ok(t, "cluster", "start", "--workers", "0")
	c, err := readCluster(dir)
	require.NoError(t, err)
	wrong := write(t, "token", "not-the-token\n")
	for _, args := range [][]string{{"jobs"}, {"submit", write(t, "sine.yaml", sine)}, {"worker"}} {
		code, _, stderr := ritz(append(args, "--connect", c.Connect, "--token-file", wrong)...)
		assert.Equal(t, 2, code, args)
		assert.Contains(t, stderr, "not authorised at "+c.Connect, args)
		assert.Contains(t, stderr, "the token comes from --token-file")
	}
	t.Setenv("RITZ_TOKEN", "also-wrong")
	code, _, stderr := ritz("jobs")
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "not authorised")
	t.Setenv("RITZ_TOKEN", "")

	code, _, stderr = ritz("show", "nothing")
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "no such job")
	code, _, stderr = ritz("logs", "a/b")
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, `task "b" of a: expected its number`)
	for _, url := range []string{"nats://127.0.0.1:1", "tls://127.0.0.1:1"} {
		code, _, stderr = ritz("jobs", "--connect", url)
		assert.Equal(t, 1, code)
		assert.Contains(t, stderr, "ritz: no coordinator at "+url+": start one with ")
	}
}

// A coordinator of another version is refused by client and worker.
func TestOtherVersion(t *testing.T) {
	isolate(t)
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true})
	require.NoError(t, err)
	srv.Start()
	defer srv.Shutdown()
	nc, err := nats.Connect("", nats.InProcessServer(srv))
	require.NoError(t, err)
	defer nc.Close()
	_, err = nc.Subscribe("ritz.api.*", func(m *nats.Msg) {
		answer, _ := json.Marshal(map[string]any{"protocol": 99, "version": "v9.9.9"})
		m.Respond(answer)
	})
	require.NoError(t, err)
	require.NoError(t, nc.Flush())
	for _, command := range []string{"jobs", "worker"} {
		code, _, stderr := ritz(command, "--connect", srv.ClientURL())
		assert.Equal(t, 2, code)
		assert.Contains(t, stderr, "versions do not fit: the coordinator (version v9.9.9) speaks protocol 99")
	}
}

// A worker started by hand joins and gets work; the coordinator and it end cleanly.
func TestByHand(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	isolate(t)
	dir := t.TempDir()
	token := filepath.Join(dir, "token")
	boss, lines := spawn(t, "coordinator", "--listen", "127.0.0.1:0", "--store", filepath.Join(dir, "store"), "--token-file", token, "--http", "127.0.0.1:0")
	url := strings.Fields(until(t, lines, "coordinator ready at "))[3]
	assert.Contains(t, until(t, lines, "workers:"), "ritz worker --connect "+url+" --token-file "+token)
	t.Setenv("RITZ_CONNECT", url)
	t.Setenv("RITZ_TOKEN_FILE", token)
	ok(t, "submit", write(t, "sine.yaml", sine), "--id", "waiting", "--quiet")
	worker, said := spawn(t, "worker", "--slots", "1", "--label", "here=yes")
	await(t, "waiting", distributed.Done)
	require.NoError(t, worker.Process.Signal(os.Interrupt))
	code, rest := exit(t, worker, said)
	assert.Equal(t, 0, code, rest)
	worker, said = spawn(t, "worker", "--idle-after", "50ms")
	code, rest = exit(t, worker, said)
	assert.Equal(t, 0, code, rest)
	require.NoError(t, boss.Process.Signal(syscall.SIGTERM))
	code, rest = exit(t, boss, lines)
	assert.Equal(t, 0, code, rest)
	assert.NotContains(t, rest, "ERROR")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Equal(t, 1, run(ctx, []string{"jobs"}, strings.NewReader(""), &strings.Builder{}, &strings.Builder{}))
}

// Workers that are sent away while tasks run finish those; what they have not begun waits for others.
func TestScaleToZeroAndBack(t *testing.T) {
	shell(t)
	isolate(t)
	ok(t, "cluster", "start", "--workers", "2", "--slots", "1", "--allow-command", "sh")
	client := dialCluster(t)
	gate := filepath.Join(t.TempDir(), "gate")
	const n, free = 12, 4
	j := distributed.Job{Kind: "command"}
	for i := range n {
		script := fmt.Sprintf("while [ %d -ge %d -a ! -e %s ]; do sleep 0.01; done; echo %d", i, free, gate, i*i)
		task, err := distributed.Command{Command: []string{"sh", "-c", script}}.MarshalTask()
		require.NoError(t, err)
		j.Tasks = append(j.Tasks, task)
	}
	id, err := client.Submit(t.Context(), j)
	require.NoError(t, err)
	status := func() distributed.Status {
		s, err := client.Status(t.Context(), id)
		require.NoError(t, err)
		return s
	}
	eventually(t, "the first are done, and two wait", func() bool { s := status(); return s.Done == free && s.Running == 2 })
	scaled := make(chan string, 1)
	go func() {
		_, stdout, stderr := ritz("cluster", "scale", "0")
		scaled <- stdout + stderr
	}()
	eventually(t, "both are to leave", func() bool {
		workers, err := client.Workers(t.Context())
		require.NoError(t, err)
		leaving := 0
		for _, w := range workers {
			if w.State == "draining" && len(w.Busy) == 1 {
				leaving++
			}
		}
		return leaving == 2
	})
	require.NoError(t, os.WriteFile(gate, nil, 0o666))
	require.Equal(t, "0 workers, before 2\n", <-scaled)
	eventually(t, "what ran is done", func() bool { s := status(); return s.Done == free+2 && s.Running == 0 })
	ok(t, "cluster", "scale", "2")
	seen := map[int]string{}
	for r, err := range client.Results(t.Context(), id) {
		require.NoError(t, err)
		require.Equal(t, 1, r.Attempt)
		seen[r.Task] = string(r.Data)
	}
	require.Len(t, seen, n)
	for i := range n {
		assert.Equal(t, fmt.Sprintln(i*i), seen[i])
	}
	s := await(t, id, distributed.Done)
	assert.Zero(t, s.Failed+s.Retried+s.Lost+s.Duplicates)
}

// A program that kills the worker which started it: the second attempt is in a process of its own.
func TestPoisonedEvaluation(t *testing.T) {
	shell(t)
	isolate(t)
	ok(t, "cluster", "start", "--workers", "2", "--slots", "1", "--allow-command", "sh")
	client := dialCluster(t)
	j := distributed.Job{ID: "poison", Kind: kindPart, Attempts: 2}
	for _, script := range []string{"echo 1", "kill -9 $PPID", "echo 3"} {
		data, err := json.Marshal(piece{Kind: "evaluate", Data: []byte(`{"Command": {"Args": ["sh", "-c", "` + script + ` # {x1}"]}, "X": [0]}`)})
		require.NoError(t, err)
		j.Tasks = append(j.Tasks, distributed.Task{Data: data})
	}
	results, err := client.Map(t.Context(), j)
	var failed *distributed.TaskError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, []any{1, 2, "SIGKILL", "ended by signal: SIGKILL"}, []any{failed.Task, failed.Attempt, failed.Signal, failed.Reason})
	assert.Equal(t, []string{`{"Y":1}`, "", `{"Y":3}`}, []string{string(results[0].Data), string(results[1].Data), string(results[2].Data)})
}

// Jobs of other kinds than pinn come back from a worker as they do from this process, also one whose result is larger
// than a task may hold: 72 MB.
func TestSubmitStencilAndSample(t *testing.T) {
	isolate(t)
	ok(t, "cluster", "start", "--workers", "1", "--slots", "1")
	for name, text := range map[string]string{
		"stencil": "ritz: 1\nkind: stencil\ngrid: {n: [3000, 3000], length: [40, 40]}\nmedium: {density: 1, bulk_modulus: 1}\n" +
			"initial: {pressure: exp(-((x-20)^2 + (y-20)^2))}\nsteps: 2\noutput: {figures: []}\n",
		"sample": "ritz: 1\nkind: sample\ninputs: {x: [0, 1], y: {normal: {}}}\nsample: {n: 64, scramble: owen}\n",
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, name+".yaml", text)
			here, there := filepath.Join(t.TempDir(), "here"), filepath.Join(t.TempDir(), "there")
			ok(t, "run", file, "--out", here, "--quiet")
			ok(t, "submit", file, "--id", name, "--attempts", "1", "--wait", "--quiet")
			ok(t, "results", name, "-o", there, "--quiet")
			require.Equal(t, files(t, here), files(t, there))
			compared := int64(0)
			for _, f := range files(t, here) {
				if f != "result.json" && f != "history.csv" { // they tell times
					assertSame(t, here, there, f)
					info, err := os.Stat(filepath.Join(there, f))
					require.NoError(t, err)
					compared += info.Size()
				}
			}
			a, b := result(t, here), result(t, there)
			for _, timed := range []string{"seconds", "gcells_per_s", "t_eff_gb_per_s"} {
				delete(a, timed)
				delete(b, timed)
			}
			assert.Equal(t, a, b)
			if name == "stencil" {
				assert.Greater(t, compared, int64(distributed.MaxTask))
			}
		})
	}
}
