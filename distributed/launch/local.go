package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// LocalSettings of NewLocal. Dir and Command are needed.
type LocalSettings struct {
	Dir     string                   // of the launcher alone: the record of its units, and their logs; made if missing
	Name    string                   // units are called Name-1, Name-2, ...; "" means "worker"
	Command func(id string) []string // program and arguments of a unit
	Env     []string                 // beside this process's environment, NAME=value
	// Bound units end with this process, however it ends: they have the end of a pipe
	// as their standard input, and leave when it is closed. Others outlive it.
	Bound bool
}

// Local runs units as processes of this machine, in sessions of their own.
// Several processes may use the same directory.
type Local struct {
	settings LocalSettings

	mu    sync.Mutex
	own   map[string]*child // units that this process started
	ended sync.WaitGroup
}

// child is a unit that is a child of this process.
type child struct {
	stdin io.Closer // of a bound one
	done  chan struct{}
	why   string // once done is closed: how it ended
}

// NewLocal takes over the units that are recorded in the directory, and starts none.
func NewLocal(s LocalSettings) (*Local, error) {
	if s.Name == "" {
		s.Name = "worker"
	}
	switch {
	case s.Dir == "":
		return nil, fmt.Errorf("%w: no directory", ErrSettings)
	case s.Command == nil:
		return nil, fmt.Errorf("%w: no command", ErrSettings)
	case strings.ContainsAny(s.Name, `/\`):
		return nil, fmt.Errorf("%w: name %q has a slash", ErrSettings, s.Name)
	}
	dir, err := filepath.Abs(s.Dir)
	if err != nil {
		return nil, err
	}
	s.Dir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	l := &Local{settings: s, own: map[string]*child{}}
	_, err = l.read()
	return l, err
}

var _ Launcher = (*Local)(nil)

// Scale starts or asks to leave, and returns at once.
func (l *Local) Scale(ctx context.Context, n int) error {
	if n < 0 || n > MaxUnits {
		return fmt.Errorf("%w: %d: 0 to %d", ErrScale, n, MaxUnits)
	}
	return l.update(ctx, func(r *record) error {
		r.Units = slices.DeleteFunc(r.Units, func(u unit) bool { return u.State == Ended })
		alive := 0
		for _, u := range r.Units {
			if u.State.Alive() {
				alive++
			}
		}
		for i := len(r.Units) - 1; i >= 0 && alive > n; i-- {
			if u := &r.Units[i]; u.State.Alive() {
				u.State = Leaving
				l.leave(u)
				alive--
			}
		}
		for ; alive < n; alive++ {
			u, err := l.start(fmt.Sprintf("%s-%d", l.settings.Name, r.Next))
			if err != nil {
				return err
			}
			r.Next++
			r.Units = append(r.Units, *u)
			if err := l.write(r); err != nil { // before there is another that nobody knows of
				return err
			}
		}
		return nil
	})
}

// Units looks after every process.
func (l *Local) Units(ctx context.Context) (units []Unit, err error) {
	err = l.update(ctx, func(r *record) error {
		for _, u := range r.Units {
			units = append(units, u.Unit)
		}
		return nil
	})
	return units, err
}

// Stop ends all units. Processes that are killed after ctx take what they started with
// them.
func (l *Local) Stop(ctx context.Context) error {
	if err := l.Scale(ctx, 0); err != nil && ctx.Err() == nil {
		return err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var late error
	for left := 1; left > 0; {
		err := l.update(context.WithoutCancel(ctx), func(r *record) error {
			left = len(r.Units)
			for i := range r.Units {
				if u := &r.Units[i]; ctx.Err() != nil {
					late = context.Cause(ctx)
					u.State = Leaving
					kill(u.PID)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if left > 0 {
			<-tick.C
		}
	}
	l.ended.Wait()
	return late
}

// start starts a process.
func (l *Local) start(id string) (*unit, error) {
	args := l.settings.Command(id)
	if len(args) == 0 {
		return nil, fmt.Errorf("%w: no command", ErrSettings)
	}
	path := filepath.Join(l.settings.Dir, id+".log")
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), l.settings.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	c := &child{done: make(chan struct{})}
	if l.settings.Bound {
		if c.stdin, err = cmd.StdinPipe(); err != nil {
			return nil, err
		}
	}
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", id, err)
	}
	u := &unit{
		Unit: Unit{ID: id, State: Running, Where: fmt.Sprintf("pid %d", cmd.Process.Pid), Since: time.Now(), Log: path},
		PID:  cmd.Process.Pid,
	}
	u.Born, _ = born(u.PID) // it is there until Wait has been called
	l.mu.Lock()
	l.own[id] = c
	l.mu.Unlock()
	l.ended.Go(func() {
		c.why = endOf(cmd.Wait())
		close(c.done)
	})
	return u, nil
}

func endOf(err error) string {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "exit code 0"
	case errors.As(err, &exit) && exit.Exited():
		return fmt.Sprintf("exit code %d", exit.ExitCode())
	}
	return err.Error() // "signal: killed"
}

// leave asks a process to end.
func (l *Local) leave(u *unit) {
	l.mu.Lock()
	c := l.own[u.ID]
	l.mu.Unlock()
	if c != nil && c.stdin != nil {
		c.stdin.Close()
		return
	}
	terminate(u.PID)
}

// look brings what is recorded of a unit up to date.
func (l *Local) look(u *unit) {
	if u.State == Ended {
		return
	}
	l.mu.Lock()
	c := l.own[u.ID]
	l.mu.Unlock()
	if c == nil { // of another process
		if at, alive := born(u.PID); alive && at == u.Born {
			return
		}
		u.State, u.Why = end(u.State), "ended"
	} else {
		select {
		case <-c.done:
			u.State, u.Why = end(u.State), c.why
		default:
			return
		}
	}
	if said := lastLine(u.Log); said != "" {
		u.Why += ": " + said
	}
}

// end is the state after s when the process has ended.
func end(s State) State {
	if s == Leaving {
		return gone
	}
	return Ended
}

// lastLine is the end of a log, for people.
func lastLine(path string) string {
	const most = 400
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return ""
	}
	text := make([]byte, min(size, most))
	n, _ := f.ReadAt(text, size-int64(len(text)))
	text = bytes.TrimSpace(text[:n])
	return strings.ToValidUTF8(string(text[bytes.LastIndexByte(text, '\n')+1:]), "?")
}
