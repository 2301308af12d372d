package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/event"
	"github.com/seed-0772dd2d/ritz/internal/job"
)

const (
	runUsage = "FILE [--out DIR] [--set KEY=VALUE]... [--threads N] [--quiet | --json]\n       ritz run --resume DIR [--quiet | --json]\n       ritz run FILE --workers N\n       ritz run FILE --connect URL"
	runHelp  = `
  FILE             "-" is standard input: messages call it "job", and files that it
                   names are relative to the current folder
  --out DIR        write the run there; default runs/<name>-<time>
  --set KEY=VALUE  change the job: a dotted path and a YAML value, as in
                   train.0.adam.rate=1e-4; may be given several times
  --threads N      the same as --set threads=N; 0 is all cores
  --quiet          print nothing but errors and warnings
  --json           for programs: in place of text, an event a line on standard
                   output, as a JSON object whose "event" is warning, started,
                   progress or ended
  --until-eof      for programs: end as at Ctrl-C when standard input ends; there, the
                   job "-" ends with a zero byte
  --resume DIR     go on with a run that was interrupted or killed
  --workers N      (sweep, mapreduce, surrogate) spread the tasks of the job over N
                   processes of this machine, which end with the run
  --connect URL    the same over the workers of a coordinator: nats://HOST:PORT;
                   "cluster" is that of ritz cluster start. --token-file and --ca
                   are as in ritz help submit

The first Ctrl-C (or SIGTERM) ends the run within a second and keeps the best
solution so far, its history and a checkpoint; the exit code is 1. While kernels are
compiled for a device, it waits for the one that is, and there is nothing to keep. Another one
that comes more than a second later kills at once. Figures are drawn when a run
is done; ritz draw draws those of an interrupted one.`
)

func runJob(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("run", flag.ContinueOnError)
	out := f.String("out", "", "")
	resume := f.String("resume", "", "")
	threads := f.String("threads", "", "")
	quiet := f.Bool("quiet", false, "")
	asJSON := f.Bool("json", false, "")
	untilEOF := f.Bool("until-eof", false, "")
	workers := f.Int("workers", 0, "")
	var c connection
	c.flags(f)
	var sets list
	f.Var(&sets, "set", "")
	files, code := parse(f, args, 1, s)
	if code >= 0 {
		return code
	}
	if *threads != "" {
		sets = append(sets, "threads="+*threads)
	}
	switch {
	case *resume == "" && len(files) == 0:
		return misused("run", s, "no job file")
	case *resume != "" && len(files) > 0:
		return misused("run", s, "--resume takes its own job, not "+files[0])
	case *resume != "" && (*out != "" || len(sets) > 0):
		return misused("run", s, "a resumed run keeps its job and its directory: no --out, --set or --threads")
	}
	if *quiet && *asJSON {
		return misused("run", s, "--quiet and --json exclude each other")
	}
	others, fault := helpers(*workers, c)
	if fault != "" {
		return misused("run", s, fault)
	}

	var bar *progress
	say := func(line string) {
		if bar != nil {
			bar.end()
		}
		fmt.Fprintln(s.err, line)
	}
	o := job.Options{Warn: func(w string) { say("warning: " + w) }}
	switch {
	case *asJSON:
		told := newEvents(s.out, time.Now)
		o.Progress, o.Started, o.Warn = told.progress, told.started, told.warn
	case !*quiet:
		bar = newProgress(s.err, time.Now)
		o.Progress = bar.update
		o.Started = func(dir string) { say("run directory " + dir) }
	}
	if *untilEOF {
		in := bufio.NewReader(s.in)
		if len(files) > 0 && files[0] == "-" {
			text, err := in.ReadString(0)
			if err != nil {
				return refuse(s, fmt.Errorf("the job on standard input has no end: %w", err))
			}
			s.in = strings.NewReader(strings.TrimSuffix(text, "\x00"))
		}
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(ctx)
		defer stop()
		// Who reads what is printed is gone too: what the run has come to is to be kept.
		keepOnWriting()
		go func() {
			_, _ = io.Copy(io.Discard, in)
			stop()
		}()
	}
	j, name, err := load(files, *resume, sets, s.in)
	if err != nil {
		return refuse(s, err)
	}
	if others.any() {
		if err := checkSpread(j.Kind); err != nil {
			return refuse(s, err)
		}
	}
	var result *job.Result
	work := func(ctx context.Context, p *pool) (err error) {
		if p != nil {
			o.Pool = p
			told := o.Started
			o.Started = func(dir string) {
				p.ledger.open(dir, p.say)
				if told != nil {
					told(dir)
				}
			}
		}
		if *resume != "" {
			result, err = job.Resume(ctx, *resume, o)
		} else {
			result, err = job.Run(ctx, j, *out, o)
		}
		if p != nil && err == nil && result.Status == job.Done {
			p.end(ctx)
		}
		return err
	}
	if code, err = others.with(ctx, name, func(line string) { say("ritz: " + line) }, s, work); code >= 0 {
		return code
	}
	if bar != nil {
		bar.end()
	}
	switch {
	case err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()):
		fmt.Fprintln(s.err, "ritz: interrupted before the first step: nothing was run")
		return exitFailed
	case err != nil:
		return refuse(s, err)
	}
	if *asJSON {
		return newEvents(s.out, time.Now).ended(result)
	}
	return conclude(result, *quiet, s)
}

// load reads the job that is to be run or resumed, and its name.
func load(files []string, resume string, sets []string, stdin io.Reader) (*job.Job, string, error) {
	if resume != "" {
		j, err := job.Load(filepath.Join(resume, "job.yaml"), nil)
		if err != nil { // Resume says it better
			return &job.Job{}, "", nil
		}
		return j, j.Name, nil
	}
	var j *job.Job
	var err error
	if files[0] == "-" {
		j, err = job.Read(stdin, "job", sets)
	} else {
		j, err = job.Load(files[0], sets)
	}
	if err != nil {
		return nil, "", err
	}
	return j, j.Name, nil
}

// conclude prints how the run ended.
func conclude(r *job.Result, quiet bool, s streams) int {
	switch {
	case r.Idle && !quiet:
		fmt.Fprintf(s.err, "the run in %s is already finished\n", r.Dir)
	case r.Status == job.Done && r.Reason != "":
		fmt.Fprintf(s.err, "warning: the run in %s is done, but %s; draw its figures with: ritz draw %s\n", r.Dir, r.Reason, r.Dir)
	case r.Status == job.Failed:
		fmt.Fprintf(s.err, "ritz: the run in %s failed: %s\n", r.Dir, r.Reason)
	case r.Status == job.Stopped:
		fmt.Fprintf(s.err, "ritz: %s; go on with: ritz run --resume %s\n", r.Reason, r.Dir)
	}
	if quiet { // the summary has them
		for _, w := range r.Warnings() {
			fmt.Fprintln(s.err, "warning:", w)
		}
	} else {
		on := ""
		if r.Device != "" && (r.Device != "cpu" || r.Kind == "stencil") { // the other kinds know but the cpu
			on = " on " + r.Device
		}
		fmt.Fprintf(s.out, "%s after %s%s: %s\n", r.Status, event.Duration(float64(r.Seconds)), on, r.Dir)
		r.Body.Summary(s.out)
	}
	return exitOf(r)
}

// exitOf is the exit code after a run.
func exitOf(r *job.Result) int {
	if r.Status != job.Done || r.Reason != "" && !r.Idle {
		return exitFailed
	}
	return exitDone
}
