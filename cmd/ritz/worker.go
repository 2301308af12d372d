package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/seed-0772dd2d/ritz/distributed"
)

const (
	workerUsage = "[--connect URL] [--slots N] [--label KEY=VALUE]... [--memory BYTES] [--allow-command NAME]... ..."
	workerHelp  = connectHelp + `
  --slots N              tasks at a time; default one a core
  --label KEY=VALUE      what jobs may require, gpu=1 for one; several times
  --memory BYTES         what it may use (500M, 4G), for the status
  --allow-command NAME   a program that tasks may run: a name in the search path, an
                         absolute path, or * for all; several times. Without it,
                         jobs that start programs are refused
  --id NAME              its name among the workers
  --dir DIR              where tasks have their directories; default: that of the
                         system for temporary files
  --drain DURATION       when it is stopped, let tasks run on for so long; default 10s
  --idle-after DURATION  stop after so long without a task
  --save-every DURATION  between two copies of a task's checkpoint; default 10s
  --until-eof            stop when standard input ends
  --quiet                print nothing but warnings and errors

A worker connects outward only, and waits for a coordinator that is away. Ctrl-C or
SIGTERM stop it: what is not done then, is given back with its last checkpoint, and
others go on with it.`
)

func runWorker(ctx context.Context, args []string, s streams) int {
	var c connection
	var offered labels
	var size memory
	var commands list
	settings := distributed.WorkerSettings{}
	f := flag.NewFlagSet("worker", flag.ContinueOnError)
	c.flags(f)
	f.IntVar(&settings.Slots, "slots", 0, "")
	f.Var(&offered, "label", "")
	f.Var(&size, "memory", "")
	f.Var(&commands, "allow-command", "")
	f.StringVar(&settings.ID, "id", "", "")
	f.StringVar(&settings.Dir, "dir", "", "")
	f.DurationVar(&settings.Drain, "drain", 0, "")
	f.DurationVar(&settings.IdleAfter, "idle-after", 0, "")
	f.DurationVar(&settings.SaveEvery, "save-every", 0, "")
	untilEOF := f.Bool("until-eof", false, "")
	quiet := f.Bool("quiet", false, "")
	if _, code := parse(f, args, 0, s); code >= 0 {
		return code
	}
	level := slog.LevelInfo
	if *quiet {
		level = slog.LevelWarn
	}
	var code int
	if settings.Connect, code = c.find(s); code >= 0 {
		return code
	}
	// What the worker runs is to find neither in its environment.
	os.Unsetenv("RITZ_TOKEN")
	os.Unsetenv("RITZ_TOKEN_FILE")
	settings.Labels, settings.Memory, settings.Commands = offered, int64(size), commands
	settings.Kinds = taskHandlers(commands)
	settings.Log = slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: level}))
	w, err := distributed.NewWorker(settings)
	if err != nil {
		return refuse(s, err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if *untilEOF {
		go func() {
			_, _ = io.Copy(io.Discard, s.in)
			stop()
		}()
	}
	if err := w.Run(ctx); err != nil {
		if errors.Is(err, distributed.ErrAuth) || errors.Is(err, distributed.ErrVersion) {
			return refuseRemote(s, settings.Connect.URL, err)
		}
		fmt.Fprintln(s.err, "ritz:", err)
		return exitFailed
	}
	return exitDone
}
