package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/seed-0772dd2d/ritz/distributed"
	"github.com/seed-0772dd2d/ritz/distributed/launch"
)

const (
	clusterUsage = "start [--workers N] [--http HOST:PORT] [--idle-after DURATION] ...\n       ritz cluster scale N\n       ritz cluster status [--json]\n       ritz cluster stop"
	clusterHelp  = `
A coordinator and workers as processes of this machine, which go on in the
background. Other commands find it by themselves.

  start   start the coordinator and the workers; after a crash or a stop the jobs go
          on where they were
    --workers N            processes; default one a core
    --slots N              tasks at a time of each; default 1
    --label KEY=VALUE, --memory BYTES, --allow-command NAME   as of ritz worker
    --http HOST:PORT       of the dashboard; default any free port of this machine
    --idle-after DURATION  end by itself after so long without work
  scale   make it N workers: those that are too many hand back what they have, those
          that died are replaced; 0 is a pause
  status  the coordinator, the workers and what they do
  stop    end all processes. What is not done goes on with the next start

  --cluster DIR  its directory, with the token, the addresses, the store and the
                 logs; default RITZ_CLUSTER, else ~/.local/state/ritz/cluster`
)

func runCluster(ctx context.Context, args []string, s streams) int {
	verbs := map[string]func(context.Context, []string, streams) int{
		"start": clusterStart, "scale": clusterScale, "status": clusterStatus, "stop": clusterStop,
	}
	if len(args) == 0 {
		return misused("cluster", s, "what: start, scale, status or stop?")
	}
	if verb, ok := verbs[args[0]]; ok {
		return verb(ctx, args[1:], s)
	}
	if slices.Contains([]string{"-h", "-help", "--help"}, args[0]) {
		return help([]string{"cluster"}, s)
	}
	return misused("cluster", s, fmt.Sprintf("unknown %q: there are start, scale, status and stop", args[0]))
}

func clusterStart(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("cluster", flag.ContinueOnError)
	at := f.String("cluster", "", "")
	n := f.Int("workers", runtime.GOMAXPROCS(0), "")
	slots := f.Int("slots", 1, "")
	var offered labels
	var size memory
	var commands list
	f.Var(&offered, "label", "")
	f.Var(&size, "memory", "")
	f.Var(&commands, "allow-command", "")
	page := f.String("http", "127.0.0.1:0", "")
	idle := f.Duration("idle-after", 0, "")
	if _, code := parse(f, args, 0, s); code >= 0 {
		return code
	}
	if *n < 0 || *slots < 1 {
		return misused("cluster", s, fmt.Sprintf("%d workers with %d slots: at least 0 and 1", *n, *slots))
	}
	worker := []string{"--slots", strconv.Itoa(*slots)}
	for k, v := range offered {
		worker = append(worker, "--label", k+"="+v)
	}
	if size > 0 {
		worker = append(worker, "--memory", strconv.FormatInt(int64(size), 10))
	}
	for _, c := range commands {
		worker = append(worker, "--allow-command", c)
	}
	dir, err := clusterDir(*at)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		err = makeToken(filepath.Join(dir, "token"))
	}
	if err != nil {
		return refuse(s, err)
	}
	c, err := startCoordinator(ctx, dir, *page, *idle, worker)
	if err != nil {
		return failed(s, err)
	}
	l, err := workerLauncher(filepath.Join(dir, "workers"), c.Connect, filepath.Join(dir, "token"), c.Worker, false)
	if err == nil {
		err = l.Scale(ctx, *n)
	}
	if err != nil {
		return failed(s, err)
	}
	fmt.Fprintf(s.out, "cluster at %s with %s\n", c.Connect, count(*n, "worker"))
	if c.Dashboard != "" {
		fmt.Fprintf(s.out, "dashboard: %s   (asks for the token, which is in %s)\n", c.Dashboard, filepath.Join(dir, "token"))
	}
	fmt.Fprintf(s.out, "logs:      %s\nnext:      ritz submit FILE, ritz jobs, ritz cluster status, ritz cluster stop\n", dir)
	return exitDone
}

// failed prints an error that is not of the input.
func failed(s streams, err error) int {
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	fmt.Fprintln(s.err, "ritz:", err)
	return exitFailed
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// coordinatorLauncher keeps the one process of the coordinator.
func coordinatorLauncher(dir string, args []string) (*launch.Local, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return launch.NewLocal(launch.LocalSettings{
		Dir: filepath.Join(dir, "coordinator"), Name: "coordinator",
		Command: func(string) []string { return append([]string{exe, "coordinator"}, args...) },
	})
}

// alive counts the units that live.
func alive(ctx context.Context, l launch.Launcher) (n int, err error) {
	units, err := l.Units(ctx)
	for _, u := range units {
		if u.State.Alive() {
			n++
		}
	}
	return n, err
}

// startCoordinator starts it, waits until it answers, and writes cluster.json.
func startCoordinator(ctx context.Context, dir, page string, idle time.Duration, worker []string) (*clusterFile, error) {
	listen := "127.0.0.1:0"
	old, err := readCluster(dir)
	if err == nil {
		workers, err := workerLauncher(filepath.Join(dir, "workers"), "", "", nil, false)
		if err != nil {
			return nil, err
		}
		if n, err := alive(ctx, workers); err != nil {
			return nil, err
		} else if n > 0 { // they look for it where it was
			listen = strings.TrimPrefix(old.Connect, "nats://")
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	announce := filepath.Join(dir, "coordinator.json")
	l, err := coordinatorLauncher(dir, []string{"--listen", listen, "--store", filepath.Join(dir, "store"),
		"--token-file", filepath.Join(dir, "token"), "--http", page, "--idle-after", idle.String(), "--announce", announce})
	if err != nil {
		return nil, err
	}
	if n, err := alive(ctx, l); err != nil {
		return nil, err
	} else if n > 0 {
		return nil, fmt.Errorf("the cluster in %s is running already: see ritz cluster status and ritz cluster scale", dir)
	}
	if err := os.Remove(announce); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := l.Scale(ctx, 1); err != nil {
		return nil, err
	}
	a, err := awaitAnnouncement(ctx, l, announce)
	if err != nil {
		stopped, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = l.Stop(stopped)
		return nil, err
	}
	c := &clusterFile{Connect: a.Connect, Dashboard: a.Dashboard, Worker: worker}
	return c, c.write(dir)
}

// awaitAnnouncement waits for the file that the coordinator writes when it is ready.
func awaitAnnouncement(ctx context.Context, l launch.Launcher, file string) (*announcement, error) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if text, err := os.ReadFile(file); err == nil {
			a := new(announcement)
			return a, json.Unmarshal(text, a)
		}
		units, err := l.Units(ctx)
		if err != nil {
			return nil, err
		}
		for _, u := range units {
			if u.State == launch.Ended {
				return nil, fmt.Errorf("the coordinator ended: %s (%s)", u.Why, u.Log)
			}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

// openCluster is the cluster of the flag.
func openCluster(flag string) (dir string, c *clusterFile, err error) {
	dir, err = clusterDir(flag)
	if err == nil {
		c, err = readCluster(dir)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("no cluster in %s: start one with ritz cluster start", dir)
	}
	return dir, c, err
}

func clusterScale(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("cluster", flag.ContinueOnError)
	at := f.String("cluster", "", "")
	words, code := parse(f, args, 1, s)
	if code >= 0 {
		return code
	}
	if len(words) == 0 {
		return misused("cluster", s, "scale to how many workers?")
	}
	n, err := strconv.Atoi(words[0])
	if err != nil || n < 0 {
		return misused("cluster", s, fmt.Sprintf("scale to %q: expected a number of workers", words[0]))
	}
	dir, c, err := openCluster(*at)
	if err != nil {
		return failed(s, err)
	}
	boss, err := coordinatorLauncher(dir, nil)
	if err != nil {
		return failed(s, err)
	}
	if up, err := alive(ctx, boss); err != nil || up == 0 {
		return failed(s, errors.Join(err, fmt.Errorf("the cluster in %s is not running: start it with ritz cluster start", dir)))
	}
	l, err := workerLauncher(filepath.Join(dir, "workers"), c.Connect, filepath.Join(dir, "token"), c.Worker, false)
	if err != nil {
		return failed(s, err)
	}
	before, err := alive(ctx, l)
	if err == nil {
		err = l.Scale(ctx, n)
	}
	if err != nil {
		return failed(s, err)
	}
	fmt.Fprintf(s.out, "%s, before %d\n", count(n, "worker"), before)
	return exitDone
}

// clusterState is what status --json prints.
type clusterState struct {
	Dir         string                     `json:"dir"`
	Connect     string                     `json:"connect"`
	Dashboard   string                     `json:"dashboard,omitempty"`
	Coordinator []launch.Unit              `json:"coordinator"`
	Units       []launch.Unit              `json:"units"`   // processes of this cluster
	Workers     []distributed.WorkerStatus `json:"workers"` // as the coordinator knows them; others may have joined
	Trouble     string                     `json:"trouble,omitempty"`
}

func clusterStatus(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("cluster", flag.ContinueOnError)
	at := f.String("cluster", "", "")
	asJSON := f.Bool("json", false, "")
	if _, code := parse(f, args, 0, s); code >= 0 {
		return code
	}
	dir, c, err := openCluster(*at)
	if err != nil {
		return failed(s, err)
	}
	state, running, err := lookAt(ctx, dir, c)
	if err != nil {
		return failed(s, err)
	}
	if *asJSON {
		e := json.NewEncoder(s.out)
		e.SetIndent("", "  ")
		err = e.Encode(state)
	} else {
		err = state.print(s)
	}
	if err != nil || !running {
		return exitFailed
	}
	return exitDone
}

// lookAt asks the launchers, and the coordinator if it lives.
func lookAt(ctx context.Context, dir string, c *clusterFile) (state *clusterState, running bool, err error) {
	state = &clusterState{Dir: dir, Connect: c.Connect, Dashboard: c.Dashboard, Workers: []distributed.WorkerStatus{}}
	boss, err := coordinatorLauncher(dir, nil)
	if err != nil {
		return nil, false, err
	}
	if state.Coordinator, err = boss.Units(ctx); err != nil {
		return nil, false, err
	}
	l, err := workerLauncher(filepath.Join(dir, "workers"), "", "", nil, false)
	if err != nil {
		return nil, false, err
	}
	if state.Units, err = l.Units(ctx); err != nil {
		return nil, false, err
	}
	running = slices.ContainsFunc(state.Coordinator, func(u launch.Unit) bool { return u.State.Alive() })
	if !running {
		return state, false, nil
	}
	token, err := readToken(filepath.Join(dir, "token"))
	if err != nil {
		return nil, false, err
	}
	client, err := distributed.Connect(ctx, distributed.ConnectSettings{URL: c.Connect, Token: token})
	if err != nil {
		state.Trouble = err.Error()
		return state, false, nil
	}
	defer client.Close()
	if state.Workers, err = client.Workers(ctx); err != nil {
		state.Trouble = err.Error()
	}
	return state, err == nil, nil
}

func (c *clusterState) print(s streams) error {
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "coordinator\t%s\t%s\n", c.Connect, unitState(c.Coordinator, c.Trouble))
	if c.Dashboard != "" && len(c.Coordinator) > 0 {
		fmt.Fprintf(t, "dashboard\t%s\n", c.Dashboard)
	}
	fmt.Fprintf(t, "directory\t%s\n", c.Dir)
	if err := t.Flush(); err != nil {
		return err
	}
	if len(c.Units)+len(c.Workers) == 0 {
		_, err := fmt.Fprintln(s.out, "no workers")
		return err
	}
	fmt.Fprintln(t, "\nWORKER\tPROCESS\tSTATE\tSLOTS\tCPU\tMEMORY\tLABELS\tDOES")
	known := map[string]distributed.WorkerStatus{}
	for _, w := range c.Workers {
		known[w.ID] = w
	}
	for _, u := range c.Units {
		w, ok := known[u.ID]
		delete(known, u.ID)
		switch {
		case u.State != launch.Running:
			fmt.Fprintf(t, "%s\t%s\t%s\t\t\t\t\t%s\n", u.ID, u.Where, u.State, u.Why)
		case !ok:
			fmt.Fprintf(t, "%s\t%s\tstarting\n", u.ID, u.Where)
		default:
			printWorker(t, u.Where, w)
		}
	}
	for _, w := range c.Workers {
		if _, other := known[w.ID]; other && !hasLeft(w) {
			printWorker(t, fmt.Sprintf("%s pid %d", w.Host, w.PID), w)
		}
	}
	return t.Flush()
}

func unitState(units []launch.Unit, trouble string) string {
	switch {
	case len(units) == 0:
		return "stopped"
	case trouble != "":
		return "does not answer: " + trouble
	case units[0].State == launch.Ended:
		return "ended: " + units[0].Why
	}
	return string(units[0].State) + ", " + units[0].Where
}

func printWorker(t *tabwriter.Writer, where string, w distributed.WorkerStatus) {
	var does []string
	for _, b := range w.Busy {
		does = append(does, fmt.Sprintf("%s/%d", b.Job, b.Task))
	}
	used := size(w.RSS)
	if w.Memory > 0 {
		used += " of " + size(w.Memory)
	}
	fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%.1f\t%s\t%s\t%s\n", w.ID, where, w.State, w.Slots, w.CPU, used, pairs(w.Labels), strings.Join(does, " "))
}

func clusterStop(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("cluster", flag.ContinueOnError)
	at := f.String("cluster", "", "")
	if _, code := parse(f, args, 0, s); code >= 0 {
		return code
	}
	dir, c, err := openCluster(*at)
	if err != nil {
		return failed(s, err)
	}
	left := unfinished(ctx, dir, c)
	l, err := workerLauncher(filepath.Join(dir, "workers"), "", "", nil, false)
	if err != nil {
		return failed(s, err)
	}
	boss, err := coordinatorLauncher(dir, nil)
	if err != nil {
		return failed(s, err)
	}
	if up, err := alive(ctx, boss); err == nil && up == 0 {
		fmt.Fprintln(s.err, "the coordinator was not running")
	}
	// Workers hand in what they have, to a coordinator that is still there.
	for _, l := range []*launch.Local{l, boss} {
		late, cancel := context.WithTimeout(ctx, 30*time.Second)
		err := l.Stop(late)
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return failed(s, err)
		}
	}
	fmt.Fprintln(s.out, "stopped")
	if left > 0 {
		fmt.Fprintf(s.out, "%s not ended: what is left of them goes on with the next ritz cluster start\n", count(left, "job"))
	}
	return exitDone
}

// unfinished counts the jobs that have not ended, as far as that can be known.
func unfinished(ctx context.Context, dir string, c *clusterFile) int {
	token, err := readToken(filepath.Join(dir, "token"))
	if err != nil {
		return 0
	}
	client, err := distributed.Connect(ctx, distributed.ConnectSettings{URL: c.Connect, Token: token, Timeout: 2 * time.Second})
	if err != nil {
		return 0
	}
	defer client.Close()
	jobs, err := client.Jobs(ctx, false)
	if err != nil {
		return 0
	}
	return len(jobs)
}
