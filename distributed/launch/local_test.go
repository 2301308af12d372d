package launch_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed/launch"
	"github.com/seed-0772dd2d/ritz/distributed/launch/launchertest"
)

// TestMain lets the test binary be a unit, or a launcher in another process.
func TestMain(m *testing.M) {
	switch os.Getenv("LAUNCH_TEST") {
	case "unit":
		unit(os.Args[1:])
	case "launcher": // that starts two units and is killed
		l, err := launch.NewLocal(settings(os.Args[1], os.Args[2] == "bound"))
		if err == nil {
			err = l.Scale(context.Background(), 2)
		}
		fmt.Println("started", err)
		select {}
	}
	os.Exit(m.Run())
}

// unit is a process that waits to be asked to leave, or does not.
func unit(args []string) {
	switch args[0] {
	case "fails":
		fmt.Println("starting")
		fmt.Fprintln(os.Stderr, "out of paper")
		os.Exit(3)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("stubborn")
		select {}
	case "bound":
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	os.Exit(0)
}

func settings(dir string, bound bool) launch.LocalSettings {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	kind := "waits"
	if bound {
		kind = "bound"
	}
	return launch.LocalSettings{
		Dir: dir, Bound: bound, Env: []string{"LAUNCH_TEST=unit"},
		Command: func(id string) []string { return []string{exe, kind, id} },
	}
}

func local(t *testing.T, s launch.LocalSettings) *launch.Local {
	l, err := launch.NewLocal(s)
	require.NoError(t, err)
	return l
}

func kill(t *testing.T, u launch.Unit) {
	p, err := os.FindProcess(pid(t, u))
	require.NoError(t, err)
	require.NoError(t, p.Kill())
}

func pid(t *testing.T, u launch.Unit) (pid int) {
	_, err := fmt.Sscanf(u.Where, "pid %d", &pid)
	require.NoError(t, err)
	return pid
}

func TestLocal(t *testing.T) {
	for _, bound := range []bool{false, true} {
		t.Run(fmt.Sprintf("bound=%t", bound), func(t *testing.T) {
			launchertest.Run(t, func(t *testing.T) launchertest.Fixture {
				dir := t.TempDir()
				return launchertest.Fixture{
					New:  func(t *testing.T) launch.Launcher { return local(t, settings(dir, bound)) },
					Kill: kill,
				}
			})
		})
	}
}

// A launcher that is killed leaves its units to the next one; bound ones end with it.
func TestLauncherKilled(t *testing.T) {
	for _, kind := range []string{"waits", "bound"} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			exe, err := os.Executable()
			require.NoError(t, err)
			c := exec.Command(exe, dir, kind)
			c.Env = append(os.Environ(), "LAUNCH_TEST=launcher")
			out, err := c.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, c.Start())
			said := make([]byte, len("started <nil>"))
			_, err = io.ReadFull(out, said)
			require.NoError(t, err)
			require.Equal(t, "started <nil>", string(said))
			require.NoError(t, c.Process.Kill())
			c.Wait()

			l := local(t, settings(dir, false))
			defer func() { require.NoError(t, l.Stop(context.Background())) }()
			if kind == "waits" {
				units, err := l.Units(t.Context())
				require.NoError(t, err)
				require.Len(t, units, 2)
				for _, u := range units {
					assert.Equal(t, launch.Running, u.State)
				}
				return
			}
			for ended := 0; ended < 2; {
				units, err := l.Units(t.Context())
				require.NoError(t, err)
				ended = 0
				for _, u := range units {
					if u.State == launch.Ended {
						ended++
					}
				}
				runtime.Gosched()
			}
		})
	}
}

// What a unit said last is why it ended, with its exit code where that is known.
func TestWhy(t *testing.T) {
	s := settings(t.TempDir(), false)
	command := s.Command
	s.Command = func(id string) []string { return []string{command(id)[0], "fails", id} }
	l := local(t, s)
	require.NoError(t, l.Scale(t.Context(), 1))
	var units []launch.Unit
	for len(units) == 0 || units[0].State != launch.Ended {
		var err error
		units, err = l.Units(t.Context())
		require.NoError(t, err)
		runtime.Gosched()
	}
	assert.Equal(t, "exit code 3: out of paper", units[0].Why)
	log, err := os.ReadFile(units[0].Log)
	require.NoError(t, err)
	assert.Equal(t, "starting\nout of paper\n", string(log))
	adopted, err := local(t, s).Units(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "exit code 3: out of paper", adopted[0].Why)
	require.NoError(t, l.Stop(t.Context()))
}

// Another process that has the ID of one that ended is left alone.
func TestOtherProcess(t *testing.T) {
	dir := t.TempDir()
	me := os.Getpid()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "units.json"),
		fmt.Appendf(nil, `{"next": 2, "units": [{"id": "worker-1", "state": "running", "pid": %d, "born": "12@yesterday"}]}`, me), 0o600))
	l := local(t, settings(dir, false))
	units, err := l.Units(t.Context())
	require.NoError(t, err)
	require.Len(t, units, 1)
	assert.Equal(t, launch.Ended, units[0].State)
	require.NoError(t, l.Stop(t.Context()))
}

// Launchers at the same time, in the same directory, do not start too many.
func TestTogether(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			l, err := launch.NewLocal(settings(dir, false))
			if assert.NoError(t, err) {
				assert.NoError(t, l.Scale(t.Context(), 3))
			}
		})
	}
	wg.Wait()
	l := local(t, settings(dir, false))
	units, err := l.Units(t.Context())
	require.NoError(t, err)
	assert.Len(t, units, 3)
	require.NoError(t, l.Stop(t.Context()))
}

func TestSettings(t *testing.T) {
	good := settings(t.TempDir(), false)
	for want, change := range map[string]func(*launch.LocalSettings){
		"no directory":           func(s *launch.LocalSettings) { s.Dir = "" },
		"no command":             func(s *launch.LocalSettings) { s.Command = nil },
		`name "a/b" has a slash`: func(s *launch.LocalSettings) { s.Name = "a/b" },
	} {
		s := good
		change(&s)
		_, err := launch.NewLocal(s)
		assert.ErrorIs(t, err, launch.ErrSettings)
		assert.ErrorContains(t, err, want)
	}
	missing := good
	missing.Command = func(string) []string { return []string{filepath.Join(t.TempDir(), "nothing")} }
	l := local(t, missing)
	err := l.Scale(t.Context(), 1)
	assert.ErrorContains(t, err, "starting worker-1: ")
	assert.True(t, strings.Contains(err.Error(), "nothing"))
	units, err := l.Units(t.Context())
	require.NoError(t, err)
	assert.Empty(t, units)

	require.NoError(t, os.WriteFile(filepath.Join(good.Dir, "units.json"), []byte("{"), 0o600))
	_, err = launch.NewLocal(good)
	assert.ErrorContains(t, err, "units.json is damaged")
}
