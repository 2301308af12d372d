package distributed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

const (
	// stderrTail is how much of a child's standard error a failure carries.
	stderrTail = 4 << 10
	// patience is how long a cancelled attempt has to end by itself: then its
	// processes are killed.
	patience = time.Second
	// sampling is how often the memory of a child with a limit is measured, at most:
	// measuring takes no more than a twentieth of a core.
	sampling = 50 * time.Millisecond
)

// ProcessError is how a child process ended that did not end well.
type ProcessError struct {
	Reason   string // "exit code 3", "killed by signal killed", "memory limit of ..."
	ExitCode int    // -1 when a signal ended it
	Signal   string // its name, or ""
	Stderr   string // the last 4 KiB of standard error
}

func (e *ProcessError) Error() string {
	if line := lastLine(e.Stderr); line != "" {
		return e.Reason + ": " + line
	}
	return e.Reason
}

// usage is what a group of processes takes at one moment.
type usage struct {
	rss int64         // bytes resident, of all its processes
	cpu time.Duration // used so far, user and system
}

// child is a program to run in a group of processes of its own.
type child struct {
	args   []string // args[0] is a path
	dir    string
	env    []string
	stdin  io.Reader
	stdout io.Writer // nil: dropped
	stderr io.Writer // nil: dropped, but for the tail
	memory int64     // bytes resident of the whole group, 0: no limit
}

// run starts the child and waits for it. When ctx ends, the group is asked to end
// (SIGTERM) and killed after patience; over the memory limit it is killed at once.
// Whatever the child leaves running ends with it. The error of a child that did
// not end well is a *ProcessError; of one that was stopped it wraps the cause of
// ctx also.
func (g *guard) run(ctx context.Context, c child) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	cmd := exec.Command(c.args[0], c.args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin = c.dir, c.env, c.stdin
	// A deadline for writing standard input, should the child never read it.
	cmd.WaitDelay = patience
	tail := &tail{size: stderrTail}
	var pipes pipes
	err := errors.Join(pipes.to(&cmd.Stdout, c.stdout), pipes.to(&cmd.Stderr, tail, c.stderr))
	if err != nil {
		pipes.abandon()
		return err
	}
	g.prepare(cmd)

	started, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		// The signal at the parent's death is bound to the thread that forked.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		pipes.abandon()
		return err
	}
	pipes.read()
	pid := cmd.Process.Pid
	g.add(pid, c.memory)
	defer g.remove(pid)

	limit, err := g.wait(ctx, pid, c.memory, ended)
	g.kill(pid) // what it left behind
	pipes.wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return err
	}
	if limit == "" && (exit == nil || exit.Success()) && ctx.Err() == nil {
		return nil
	}
	failure := &ProcessError{Stderr: tail.String()}
	failure.ExitCode, failure.Signal = status(cmd.ProcessState)
	switch {
	case limit != "":
		failure.Reason = limit
	case ctx.Err() != nil:
		failure.Reason = context.Cause(ctx).Error()
		return stopped{failure, context.Cause(ctx)}
	case failure.Signal != "":
		failure.Reason = "ended by signal: " + failure.Signal
	default:
		failure.Reason = fmt.Sprintf("exit code %d", failure.ExitCode)
	}
	return failure
}

// stopped is the failure of a process that was stopped for a cause.
type stopped struct {
	*ProcessError
	cause error
}

func (s stopped) Unwrap() []error { return []error{s.ProcessError, s.cause} }

// wait waits for the child's end and sees to the limits of its group. It returns
// the limit for which the group was killed, or "".
func (g *guard) wait(ctx context.Context, pid int, memory int64, ended <-chan error) (limit string, err error) {
	cancelled := ctx.Done()
	var kill <-chan time.Time
	sample := time.NewTimer(sampling)
	defer sample.Stop()
	if memory <= 0 {
		sample.Stop()
	}
	for {
		select {
		case err := <-ended:
			return limit, err
		case <-cancelled:
			g.terminate(pid)
			cancelled, kill = nil, time.After(patience)
		case <-kill:
			g.kill(pid)
		case <-sample.C:
			start := time.Now()
			used, err := g.measure([]int{pid})
			if err == nil && used[pid].rss > memory {
				limit = fmt.Sprintf("memory limit of %s exceeded: used %s", bytesText(memory), bytesText(used[pid].rss))
				g.kill(pid)
				continue // what ended it is known: measured no more
			}
			sample.Reset(max(sampling, 20*time.Since(start)))
		}
	}
}

// pipes carry a child's output to writers. They are files of our own, so that
// waiting for a child ends with the child, not with the last process that still
// holds its output open.
type pipes struct {
	ours, theirs []*os.File
	copies       []func()
	done         sync.WaitGroup
}

func (p *pipes) to(end *io.Writer, writers ...io.Writer) error {
	var open []io.Writer
	for _, w := range writers {
		if w != nil {
			open = append(open, w)
		}
	}
	if len(open) == 0 {
		return nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	*end = w
	p.ours, p.theirs = append(p.ours, r), append(p.theirs, w)
	p.copies = append(p.copies, func() {
		to := io.MultiWriter(open...)
		if _, err := io.Copy(to, r); err != nil {
			_, _ = io.Copy(io.Discard, r) // the child must not block
		}
	})
	return nil
}

func (p *pipes) read() {
	for _, f := range p.theirs {
		f.Close()
	}
	for _, copy := range p.copies {
		p.done.Go(copy)
	}
}

// wait waits until all output is read. A process that left the group may hold a
// pipe open for ever: it is not waited for longer than patience.
func (p *pipes) wait() {
	late := time.AfterFunc(patience, func() {
		for _, f := range p.ours {
			f.Close()
		}
	})
	p.done.Wait()
	late.Stop()
	for _, f := range p.ours {
		f.Close()
	}
}

func (p *pipes) abandon() {
	for _, f := range append(p.ours, p.theirs...) {
		f.Close()
	}
}

// tail keeps the last bytes written to it.
type tail struct {
	size int
	mu   sync.Mutex
	kept []byte
	cut  bool
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(b)
	if len(b) > t.size {
		b, t.cut = b[len(b)-t.size:], true
	}
	if over := len(t.kept) + len(b) - t.size; over > 0 {
		t.kept, t.cut = append(t.kept[:0], t.kept[over:]...), true
	}
	t.kept = append(t.kept, b...)
	return n, nil
}

// String is what is kept, from the beginning of a line where something was cut.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := string(t.kept)
	if t.cut {
		if _, rest, ok := strings.Cut(s, "\n"); ok && rest != "" {
			s = rest
		}
	}
	return strings.ToValidUTF8(s, "?")
}

// lastLine is the last line of a text that is not empty.
func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return strings.TrimSpace(s[strings.LastIndexByte(s, '\n')+1:])
}

// bytesText is a number of bytes for people: "512 MiB".
func bytesText(n int64) string {
	for _, unit := range []struct {
		name string
		size float64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if float64(n) >= unit.size {
			return fmt.Sprintf("%.4g %s", float64(n)/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}
