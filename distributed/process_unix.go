//go:build unix

package distributed

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/process"
)

// guard keeps the processes that a worker starts. Every child leads a session of
// its own, so that it and its children can be found and ended together; and should
// the worker be killed, a shell that reads from it notices and kills them.
type guard struct {
	mu       sync.Mutex
	children map[int]bool
	watchdog *exec.Cmd
	tell     io.WriteCloser
}

// watchdogScript holds the sessions that live ("+ PID", "- PID"). At the end of its
// input it kills them: the groups, and where there is /proc whatever else is in
// the session (stat: pid (name) state parent group session ...).
const watchdogScript = `
live=" "
while read -r op pid; do
	case $op in
	+) live="$live$pid " ;;
	-) live="${live%% $pid *} ${live#* $pid }" ;;
	esac
done
for pid in $live; do kill -9 -"$pid"; done
for stat in /proc/[0-9]*/stat; do
	read -r line <"$stat" || continue
	set -- ${line%% *} ${line##*) }
	case $live in *" $5 "*) kill -9 "$1" ;; esac
done
`

func newGuard() *guard { return &guard{children: map[int]bool{}} }

// prepare makes cmd the leader of a session.
func (g *guard) prepare(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	process.DieWithParent(cmd.SysProcAttr) // elsewhere the watchdog alone kills the children of a killed worker
}

// add takes a child that has been started.
func (g *guard) add(pid int, _ int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.children[pid] = true
	if g.watchdog == nil {
		g.watch()
	} else if _, err := fmt.Fprintf(g.tell, "+ %d\n", pid); err != nil { // it died
		g.unwatch()
		g.watch()
	}
}

// watch starts the watchdog. Where there is no shell there is none, and at the
// worker's death only the children themselves are killed, by the kernel (Linux).
func (g *guard) watch() {
	r, w, err := os.Pipe()
	if err != nil {
		return
	}
	defer r.Close()
	cmd := exec.Command("/bin/sh", "-c", watchdogScript)
	cmd.Stdin, cmd.Env = r, []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // out of reach of the terminal's signals
	if cmd.Start() != nil {
		w.Close()
		return
	}
	g.watchdog, g.tell = cmd, w
	for pid := range g.children {
		fmt.Fprintf(w, "+ %d\n", pid)
	}
}

func (g *guard) unwatch() {
	if g.watchdog != nil {
		g.tell.Close()
		_ = g.watchdog.Wait()
		g.watchdog = nil
	}
}

// remove forgets a child that has ended.
func (g *guard) remove(pid int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.children, pid)
	if g.watchdog != nil {
		fmt.Fprintf(g.tell, "- %d\n", pid)
	}
}

// pids are the children that run.
func (g *guard) pids() []int {
	g.mu.Lock()
	defer g.mu.Unlock()
	pids := make([]int, 0, len(g.children))
	for pid := range g.children {
		pids = append(pids, pid)
	}
	return pids
}

// close ends the watchdog, and with it what still runs.
func (g *guard) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.unwatch()
}

// terminate asks a child and all in its session to end; kill ends them.
func (g *guard) terminate(pid int) { signalSession(pid, syscall.SIGTERM) }
func (g *guard) kill(pid int)      { signalSession(pid, syscall.SIGKILL) }

// status is the exit code of a process, or -1 and the signal that ended it.
func status(s *os.ProcessState) (code int, signal string) {
	if s == nil {
		return -1, ""
	}
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return -1, signalName(w.Signal())
	}
	return s.ExitCode(), ""
}

func signalName(s syscall.Signal) string {
	names := map[syscall.Signal]string{
		syscall.SIGABRT: "SIGABRT", syscall.SIGBUS: "SIGBUS", syscall.SIGFPE: "SIGFPE", syscall.SIGHUP: "SIGHUP",
		syscall.SIGILL: "SIGILL", syscall.SIGINT: "SIGINT", syscall.SIGKILL: "SIGKILL", syscall.SIGPIPE: "SIGPIPE",
		syscall.SIGQUIT: "SIGQUIT", syscall.SIGSEGV: "SIGSEGV", syscall.SIGTERM: "SIGTERM", syscall.SIGXCPU: "SIGXCPU",
	}
	if name, ok := names[s]; ok {
		return name
	}
	return "signal " + strconv.Itoa(int(s))
}

// measurePS is measure by ps(1), where there is no /proc. The groups are those the
// children lead.
func measurePS(pids []int) (map[int]usage, error) {
	out, err := exec.Command("ps", "-A", "-o", "pid=,pgid=,rss=,time=").Output()
	if err != nil {
		return nil, err
	}
	return parsePS(string(out), pids), nil
}

// parsePS reads "pid pgid rss[KiB] [[dd-]hh:]mm:ss[.cc]" lines.
func parsePS(text string, pids []int) map[int]usage {
	sum := map[int]usage{}
	self := os.Getpid()
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 4 {
			continue
		}
		pid, err1 := strconv.Atoi(f[0])
		group, err2 := strconv.Atoi(f[1])
		rss, err3 := strconv.ParseInt(f[2], 10, 64)
		if err1 != nil || err2 != nil || err3 != nil {
			continue
		}
		for _, of := range pids {
			if of == group || of == pid && of == self {
				u := sum[of]
				sum[of] = usage{u.rss + rss<<10, u.cpu + clockTime(f[3])}
			}
		}
	}
	return sum
}

// clockTime reads [[dd-]hh:]mm:ss[.cc].
func clockTime(s string) time.Duration {
	days, rest, ok := strings.Cut(s, "-")
	if !ok {
		days, rest = "0", s
	}
	d, _ := strconv.ParseFloat(days, 64)
	seconds := 0.0
	for part := range strings.SplitSeq(rest, ":") {
		v, _ := strconv.ParseFloat(part, 64)
		seconds = 60*seconds + v
	}
	return time.Duration((d*86400 + seconds) * float64(time.Second))
}
