//go:build unix

package distributed

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func (d *desk) command(q queue, c Command, more func(*chunk)) outcome {
	d.t.Helper()
	task, err := c.MarshalTask()
	require.NoError(d.t, err)
	all := chunk{Kind: "command", Tasks: []chunkTask{{Task: task}}}
	if more != nil {
		more(&all)
	}
	d.put(q, all)
	return d.outcomes(1)[0]
}

func TestCommands(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	t.Setenv("RITZ_TOKEN", "secret")
	w, _ := d.work(WorkerSettings{Commands: []string{"sh", "/bin/cat"}})
	<-w.ready
	require.NoError(t, w.put(t.Context(), sharedObject("job", "lib/two"), []byte("shared")))
	big := strings.Repeat("0123456789abcdef", linkFrom/16)
	require.NoError(t, w.put(t.Context(), sharedObject("job", "big"), []byte(big)))

	script := `read line; echo "$line $(cat one) $(cat lib/two) $(wc -c <big) $RITZ_JOB $RITZ_TASK $RITZ_ATTEMPT [$RITZ_TOKEN]"; echo for people >&2
mkdir out; echo a > out/a.txt; echo b > out/b.txt; echo c > c.dat`
	for range 2 { // a large shared file is linked, and is there again
		o := d.command(q, Command{Command: []string{"sh", "-c", script}, Stdin: "in\n", Outputs: []string{"out/*.txt", "c.dat"}}, func(c *chunk) {
			c.Shared = []string{"lib/two", "big"}
			c.Tasks[0].Files = map[string][]byte{"one": []byte("file")}
		})
		require.True(t, o.OK, o.Reason)
		require.Equal(t, "in file shared 1048576 job 0 1 []\n", string(o.Data))
		require.Equal(t, map[string][]byte{"out/a.txt": []byte("a\n"), "out/b.txt": []byte("b\n"), "c.dat": []byte("c\n")}, o.Files)
		log, err := w.get(t.Context(), logObject("job", 0, 1))
		require.NoError(t, err)
		require.Equal(t, "for people\n"+string(o.Data), sorted(string(log)))
	}
	o := d.command(q, Command{Command: []string{"/bin/cat"}, Stdin: "through"}, nil)
	require.Equal(t, "through", string(o.Data))

	for _, c := range []struct {
		name    string
		command Command
		reason  string
	}{
		{"not allowed", Command{Command: []string{"rm", "-rf", "/"}}, `command not allowed: "rm": this worker runs sh, /bin/cat`},
		{"another path", Command{Command: []string{"/usr/bin/sh"}}, "command not allowed"},
		{"its own file", Command{Command: []string{"./sh"}}, "command not allowed"},
		{"nothing", Command{}, `"command" is empty`},
		{"exit code", Command{Command: []string{"sh", "-c", "echo oh >&2; exit 4"}}, "exit code 4"},
		{"no output", Command{Command: []string{"sh", "-c", ":"}, Outputs: []string{"x.csv"}}, `output "x.csv": no such file`},
		{"output outside", Command{Command: []string{"sh", "-c", ":"}, Outputs: []string{"../*"}}, `output "../*"`},
		{"absolute output", Command{Command: []string{"sh", "-c", ":"}, Outputs: []string{"/etc/passwd"}}, `output "/etc/passwd"`},
		{"link outside", Command{Command: []string{"sh", "-c", "ln -s /etc/passwd x"}, Outputs: []string{"x"}}, `output "x"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := d.command(q, c.command, nil)
			require.False(t, o.OK)
			require.Contains(t, o.Reason, c.reason)
		})
	}
	o = d.command(q, Command{Command: []string{"sh", "-c", "echo oh >&2; exit 4"}}, nil)
	require.Equal(t, "oh\n", o.Stderr)
	require.Equal(t, 4, o.ExitCode)
	o = d.command(q, Command{Command: []string{"sh", "-c", "sleep 1000"}}, func(c *chunk) { c.TimeLimit = 50 * time.Millisecond })
	require.Equal(t, "time limit of 50ms exceeded", o.Reason)
	require.Equal(t, "SIGTERM", o.Signal)
	d.drained()
}

func sorted(s string) string {
	lines := strings.SplitAfter(s, "\n")
	if len(lines) > 1 && lines[0] > lines[1] { // two pipes, in any order
		lines[0], lines[1] = lines[1], lines[0]
	}
	return strings.Join(lines, "")
}

// Cancel ends a running process within two seconds.
func TestCancelKillsProcesses(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	client := connectTo(t, c)
	w, err := NewWorker(WorkerSettings{Connect: ConnectSettings{URL: c.URL()}, Slots: 1, Dir: t.TempDir(), Commands: []string{"sh"}})
	require.NoError(t, err)
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- w.Run(ctx) }()
	defer func() { leave(); require.NoError(t, <-left) }()
	told := filepath.Join(t.TempDir(), "pid")
	task, err := Command{Command: []string{"sh", "-c", "sleep 1000 & echo $$ $! > " + told + ".part; mv " + told + ".part " + told + "; wait"}}.MarshalTask()
	require.NoError(t, err)
	id, err := client.Submit(t.Context(), Job{Kind: "command", Tasks: []Task{task}})
	require.NoError(t, err)
	var parent, child int
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(told)
		if err != nil {
			return false
		}
		_, err = fmt.Sscan(string(text), &parent, &child)
		return err == nil
	}, 20*time.Second, time.Millisecond)
	require.NoError(t, syscall.Kill(child, 0), "it runs")
	within, stop := context.WithTimeout(t.Context(), 2*time.Second) // as is promised
	defer stop()
	require.NoError(t, client.Cancel(within, id))
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for _, pid := range []int{parent, child} {
		for !ended(pid) {
			select {
			case <-tick.C:
			case <-within.Done():
				require.Fail(t, "it lives", "process %d", pid)
			}
		}
	}
	s, err := client.Wait(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, Cancelled, s.State)
}

func TestNoCommandsByDefault(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	d.work(WorkerSettings{})
	require.Contains(t, d.command(q, Command{Command: []string{"true"}}, nil).Reason, "this worker runs no commands")
}

func TestAnyCommand(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	d.work(WorkerSettings{Commands: []string{AnyCommand}})
	o := d.command(q, Command{Command: []string{"./tool", "x"}}, func(c *chunk) {
		c.Tasks[0].Files = map[string][]byte{"tool": []byte("#!/bin/sh\necho tool $1\n")}
	})
	require.Equal(t, "tool x\n", string(o.Data), o.Reason)
	o = d.command(q, Command{Command: []string{"../tool"}}, nil)
	require.Contains(t, o.Reason, "outside the task's directory")
}

// Names that leave the directory are refused before anything is written.
func TestFilesStayInside(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	d.work(WorkerSettings{Commands: []string{"sh"}})
	for _, name := range []string{"../x", "/tmp/x", "a/../../x", "", "a\\..\\x"} {
		c := chunk{Kind: "command", Tasks: []chunkTask{{Task: Task{Files: map[string][]byte{name: nil}}}}}
		d.put(q, c)
		require.Contains(t, d.outcomes(1)[0].Reason, ErrName.Error())
	}
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(dir, "link")))
	require.Error(t, putFile(root, "link/x", nil))
	require.ErrorIs(t, putFile(root, "../x", nil), ErrName)
	require.NoError(t, putFile(root, "a/b/c", nil))
}

// A program's checkpoint is saved while it runs, and found by the next attempt.
func TestCheckpointOfProgram(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	w, _ := d.work(WorkerSettings{Commands: []string{"sh"}, SaveEvery: 5 * time.Millisecond})
	script := `mkdir -p checkpoint; echo $RITZ_ATTEMPT >> checkpoint/steps; cat checkpoint/steps; [ $RITZ_ATTEMPT = 3 ] || exit 1`
	for attempt := 1; attempt <= 3; attempt++ {
		o := d.command(q, Command{Command: []string{"sh", "-c", script}}, func(c *chunk) { c.Tasks[0].Attempt = attempt })
		require.Equal(t, attempt == 3, o.OK, o.Reason)
		if o.OK {
			require.Equal(t, "1\n2\n3\n", string(o.Data))
		}
	}
	d.drained()
	_, err := w.get(t.Context(), checkpointObject("job", 0))
	require.Error(t, err, "not needed any more")

	// While it runs.
	script = `echo half > c; mv c checkpoint; while :; do sleep 0.01; done`
	task, err := Command{Command: []string{"sh", "-c", script}}.MarshalTask()
	require.NoError(t, err)
	d.put(q, chunk{Job: "long", Kind: "command", Tasks: []chunkTask{{Task: task}}})
	require.Eventually(t, func() bool {
		data, err := w.get(t.Context(), checkpointObject("long", 0))
		return err == nil && len(data) > 0
	}, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, d.nc.Publish(subjectCancel, []byte("long")))
	waitBusy(t, w, 0)
}

func TestFollowLog(t *testing.T) {
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	d.work(WorkerSettings{Commands: []string{"sh"}})
	gate := filepath.Join(t.TempDir(), "gate")
	script := `echo first; while [ ! -e ` + gate + ` ]; do sleep 0.01; done; echo second`
	task, err := Command{Command: []string{"sh", "-c", script}}.MarshalTask()
	require.NoError(t, err)
	lines, err := d.nc.SubscribeSync(logSubject(subjectLog, "job", 3))
	require.NoError(t, err)
	d.put(q, chunk{Kind: "command", Tasks: []chunkTask{{Index: 3, Task: task}}})
	var l logLines
	require.Eventually(t, func() bool {
		m, err := d.nc.Request(logSubject(subjectFollow, "job", 3), nil, time.Second)
		return err == nil && json.Unmarshal(m.Data, &l) == nil && string(l.Text) == "first\n"
	}, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, os.WriteFile(gate, nil, 0o600))
	text := l.Text
	for !l.End {
		m, err := lines.NextMsg(20 * time.Second)
		require.NoError(t, err)
		l = logLines{}
		require.NoError(t, json.Unmarshal(m.Data, &l))
		require.LessOrEqual(t, l.Offset, int64(len(text)))
		text = append(text[:l.Offset], l.Text...)
	}
	require.Equal(t, "first\nsecond\n", string(text))
	d.outcomes(1)
}
