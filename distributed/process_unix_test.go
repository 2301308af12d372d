//go:build unix

package distributed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func sh(script string) child { return child{args: []string{"/bin/sh", "-c", script}} }

// gone waits until a process has ended.
func gone(t *testing.T, pid int) {
	t.Helper()
	require.Eventually(t, func() bool { return ended(pid) }, 10*time.Second, time.Millisecond, "process %d lives", pid)
}

func ended(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return true
	}
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)) // dead, nobody waits for it
	return err == nil && strings.Contains(string(state), ") Z")
}

// pids collects the process IDs that a child prints, one a line.
type pids struct {
	*bufio.Scanner
	*os.File
}

func newPids(t *testing.T) pids {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	return pids{bufio.NewScanner(r), w}
}

func (p pids) next(t *testing.T) int {
	t.Helper()
	require.True(t, p.Scan())
	pid, err := strconv.Atoi(p.Text())
	require.NoError(t, err)
	return pid
}

func TestChildEnds(t *testing.T) {
	g := newGuard()
	defer g.close()
	require.NoError(t, g.run(t.Context(), sh("cat >/dev/null")))
	for _, c := range []struct {
		script, reason, signal, stderr string
		code                           int
	}{
		{"echo one >&2; echo two >&2; exit 7", "exit code 7", "", "one\ntwo\n", 7},
		{"kill -KILL $$", "ended by signal: SIGKILL", "SIGKILL", "", -1},
		{"kill -TERM $$", "ended by signal: SIGTERM", "SIGTERM", "", -1},
	} {
		var p *ProcessError
		require.ErrorAs(t, g.run(t.Context(), sh(c.script)), &p)
		require.Equal(t, ProcessError{c.reason, c.code, c.signal, c.stderr}, *p)
	}
	require.ErrorIs(t, g.run(t.Context(), child{args: []string{"/no/such/program"}}), os.ErrNotExist)

	err := g.run(t.Context(), sh(`i=0; while [ $i -lt 2000 ]; do echo "line $i" >&2; i=$((i+1)); done; exit 1`))
	var p *ProcessError
	require.ErrorAs(t, err, &p)
	require.LessOrEqual(t, len(p.Stderr), stderrTail)
	require.Greater(t, len(p.Stderr), stderrTail-20)
	require.True(t, strings.HasPrefix(p.Stderr, "line 1"), "from the beginning of a line")
	require.EqualError(t, err, "exit code 1: line 1999")
}

// What a child leaves running ends with it, in groups of its own too.
func TestGrandchildrenEnd(t *testing.T) {
	g := newGuard()
	defer g.close()
	p := newPids(t)
	c := sh("sleep 1000 & echo $!")
	c.stdout = p
	require.NoError(t, g.run(t.Context(), c))
	gone(t, p.next(t))
	if _, err := exec.LookPath("timeout"); err != nil || runtime.GOOS != "linux" {
		return
	}
	c.args[2] = "timeout 1000 sleep 1000 & echo $!; sleep 0.05" // leads a group, soon
	require.NoError(t, g.run(t.Context(), c))
	gone(t, p.next(t))
}

func TestChildIsCancelled(t *testing.T) {
	g := newGuard()
	defer g.close()
	cause := errors.New("no longer wanted")
	for _, c := range []struct{ script, signal string }{
		{`sleep 1000 & echo $!; wait`, "SIGTERM"},
		{`trap "" TERM; sleep 1000 & echo $!; while :; do wait; done`, "SIGKILL"}, // does not listen
	} {
		p := newPids(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			p.Scan()
			cancel(cause)
		}()
		child := sh(c.script)
		child.stdout = p
		start := time.Now()
		err := g.run(ctx, child)
		require.Less(t, time.Since(start), 10*time.Second) // not 1000 s
		require.ErrorIs(t, err, cause)
		var e *ProcessError
		require.ErrorAs(t, err, &e)
		require.Equal(t, c.signal, e.Signal)
		pid, err := strconv.Atoi(p.Text())
		require.NoError(t, err)
		gone(t, pid)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	require.ErrorIs(t, g.run(ctx, sh("exit 0")), cause)
}

func TestMemoryLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes memory")
	}
	d := newDesk(t, 10*time.Second)
	q := d.queue(nil, 0)
	d.work(WorkerSettings{})
	d.put(q, chunk{Kind: "function", Function: "eat", Memory: 128 << 20, Tasks: []chunkTask{{}}})
	o := d.outcomes(1)[0]
	require.False(t, o.OK)
	require.Regexp(t, `^memory limit of 128 MiB exceeded: used [\d.]+ MiB$`, o.Reason)
	require.Equal(t, "SIGKILL", o.Signal)
	d.put(q, chunk{Kind: "function", Function: "square", Memory: 1 << 30, Tasks: []chunkTask{{Task: Task{Data: []byte("3")}}}})
	require.Equal(t, "9", string(d.outcomes(1)[0].Data))
}

func TestMeasure(t *testing.T) {
	g := newGuard()
	self := os.Getpid()
	u, err := g.measure([]int{self})
	require.NoError(t, err)
	require.Greater(t, u[self].rss, int64(5<<20))
	require.Less(t, u[self].rss, int64(1<<30))
	require.Positive(t, u[self].cpu)
	if _, err := exec.LookPath("ps"); err != nil {
		t.Skip("no ps")
	}
	ps, err := measurePS([]int{self})
	require.NoError(t, err)
	require.InEpsilon(t, u[self].rss, ps[self].rss, 0.5)
}

func TestParsePS(t *testing.T) {
	text := "  1  1 100 00:01\n 20 20 2048 1-02:03:04\n 21 20 1024 0:01.50\nbad line\n 22 x 1 1 1\n"
	require.Equal(t, map[int]usage{20: {3 << 20, 26*time.Hour + 3*time.Minute + 5500*time.Millisecond}}, parsePS(text, []int{20, 30}))
}

// The children of a worker that is killed are killed, and theirs.
func TestKilledWorkerTakesItsChildren(t *testing.T) {
	if _, err := exec.LookPath("timeout"); err != nil || runtime.GOOS != "linux" {
		t.Skip("no processes that lead groups of their own")
	}
	d := newDesk(t, time.Second)
	q := d.queue(nil, 0)
	dir := t.TempDir()
	first := exec.Command(os.Args[0], "worker", "--connect", d.server.ClientURL(), "--slots", "1", "--command", "sh", "--dir", dir)
	require.NoError(t, first.Start())
	defer func() { _ = first.Process.Kill(); _ = first.Wait() }()
	note := filepath.Join(t.TempDir(), "pids")
	script := fmt.Sprintf(`(trap "" HUP TERM; timeout 1000 sleep 1000 & until [ $(cut -d ' ' -f 5 /proc/$!/stat) = $! ]; do :; done; echo $$ $! > %[1]s.part; mv %[1]s.part %[1]s; if [ $RITZ_ATTEMPT = 1 ]; then wait; fi)`, note)
	data, err := Command{Command: []string{"sh", "-c", script}}.MarshalTask()
	require.NoError(t, err)
	d.put(q, chunk{Kind: "command", Tasks: []chunkTask{{Task: data}}})
	var text []byte
	require.Eventually(t, func() bool { text, err = os.ReadFile(note); return err == nil }, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, first.Process.Kill())
	for f := range strings.FieldsSeq(string(text)) {
		pid, err := strconv.Atoi(f)
		require.NoError(t, err)
		gone(t, pid)
	}
	d.work(WorkerSettings{Commands: []string{"sh"}})
	o := d.outcomes(1)[0]
	require.True(t, o.OK, o.Reason)
	require.Equal(t, 2, o.Attempt)
}
