package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/distributed"
	"github.com/seed-0772dd2d/ritz/distributed/launch"
)

// spread are the kinds of jobs that are many tasks.
var spread = []string{"sweep", "mapreduce", "surrogate"}

// checkSpread refuses workers for a job that is one task.
func checkSpread(kind string) error {
	if slices.Contains(spread, kind) {
		return nil
	}
	return fmt.Errorf("a job of kind %s is one task: --workers and --connect are for %s; hand it to a cluster with ritz submit",
		kind, strings.Join(spread, ", "))
}

// others are the workers that --workers and --connect ask for.
type others struct {
	workers int // of a cluster of its own
	remote  bool
	connection
}

// helpers reads the flags; fault says what is wrong with them.
func helpers(workers int, c connection) (o others, fault string) {
	switch {
	case workers != 0 && c.url != "":
		return o, "either --workers or --connect: the workers of a coordinator are its own"
	case workers < 0 || workers > 1000:
		return o, fmt.Sprintf("%d workers: 1 to 1000", workers)
	case c.url == "" && (c.tokenFile != "" || c.ca != "" || c.cluster != ""):
		return o, "--token-file, --ca and --cluster go with --connect"
	}
	o = others{workers, c.url != "", c}
	if c.url == "cluster" { // that of the environment or on this machine
		o.url = ""
	}
	return o, ""
}

func (o others) any() bool { return o.remote || o.workers > 0 }

// with calls work with a pool of them, nil for none. The code is -1 unless there is no
// coordinator.
func (o others) with(ctx context.Context, name string, say func(string), s streams, work func(context.Context, *pool) error) (code int, err error) {
	switch {
	case o.remote:
		client, code := o.dial(ctx, s)
		if code >= 0 {
			return code, nil
		}
		defer client.Close()
		return -1, work(ctx, &pool{client: client, name: name, say: say})
	case o.workers > 0:
		return -1, withCluster(ctx, o.workers, name, say, work)
	}
	return -1, work(ctx, nil)
}

// withCluster runs f with a cluster that lives as long as f: the coordinator is in this
// process, and n workers are bound to it, so that nothing is left however it ends. The
// store does not last: what has been done is in the run directory.
func withCluster(ctx context.Context, n int, name string, say func(string), f func(context.Context, *pool) error) error {
	dir, err := os.MkdirTemp("", "ritz-cluster-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tokenFile := filepath.Join(dir, "token")
	if err := makeToken(tokenFile); err != nil {
		return err
	}
	token, err := readToken(tokenFile)
	if err != nil {
		return err
	}
	c, err := distributed.NewCoordinator(distributed.CoordinatorSettings{Listen: "127.0.0.1:0", Store: filepath.Join(dir, "store"), Token: token})
	if err != nil {
		return err
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx)) // of the cluster, a little longer than ctx
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := c.Run(life); err != nil {
			stop(err)
		}
	}()
	defer func() { end(); <-ended }()

	client, err := c.Client(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	workers, err := workerLauncher(filepath.Join(dir, "workers"), c.URL(), tokenFile, []string{"--slots", "1", "--quiet", "--allow-command", "*"}, true)
	if err != nil {
		return err
	}
	defer func() {
		late, cancel := context.WithTimeout(life, 5*time.Second)
		defer cancel()
		_ = workers.Stop(late)
	}()
	if err := workers.Scale(ctx, n); err != nil {
		return err
	}
	watching, enough := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if err := replace(watching, workers, n, say); err != nil {
			stop(err)
		}
	}()
	defer func() { enough(); <-watched }()
	return f(ctx, &pool{client: client, name: name, say: say})
}

// replace keeps n workers alive until ctx ends, and gives up when they die again and
// again.
func replace(ctx context.Context, l launch.Launcher, n int, say func(string)) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for deaths := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		units, err := l.Units(ctx)
		if err != nil {
			return err
		}
		dead := 0
		for _, u := range units {
			if u.State != launch.Ended {
				continue
			}
			dead++
			if deaths++; deaths > 10*n {
				return fmt.Errorf("workers die again and again, the last of them: %s", u.Why)
			}
			say(fmt.Sprintf("%s ended, another one takes its place: %s", u.ID, u.Why))
		}
		if dead > 0 && ctx.Err() == nil {
			if err := l.Scale(ctx, n); err != nil {
				return err
			}
		}
	}
}
