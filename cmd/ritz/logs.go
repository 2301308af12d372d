package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/distributed"
)

const (
	logsUsage = "ID[/TASK] [--follow]"
	logsHelp  = `
What the latest attempt of a task has written. TASK is its number, from 0; without
it, the logs of all tasks.

  --follow  go on as it is written, until the task ends; of one task
` + connectHelp
)

func showLogs(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("logs", flag.ContinueOnError)
	goOn := f.Bool("follow", false, "")
	word, client, code := oneJob(ctx, f, args, s)
	if code >= 0 {
		return code
	}
	defer client.Close()
	id, number, one := strings.Cut(word, "/")
	task, err := strconv.Atoi(number)
	if one && (err != nil || task < 0) {
		return misused("logs", s, fmt.Sprintf("task %q of %s: expected its number, from 0", number, id))
	}
	j, err := client.Status(ctx, id)
	if err != nil {
		return refuseRemote(s, "", err)
	}
	if j.Tasks == 1 {
		one = true
	}
	if *goOn && !one {
		return misused("logs", s, fmt.Sprintf("job %s has %d tasks: follow one of them, %s/0", id, j.Tasks, id))
	}
	if one {
		err = copyLog(ctx, client, id, task, *goOn, s.out)
	}
	for i := 0; i < j.Tasks && !one && err == nil; i++ {
		fmt.Fprintf(s.out, "== task %d\n", i)
		err = copyLog(ctx, client, id, i, false, s.out)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return exitFailed
	case err != nil:
		return refuseRemote(s, "", err)
	}
	return exitDone
}

func copyLog(ctx context.Context, client *distributed.Client, id string, task int, follow bool, w io.Writer) error {
	log, err := client.Log(ctx, id, task, follow)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, log)
	return errors.Join(err, log.Close())
}

const (
	failuresUsage = "ID [--json]"
	failuresHelp  = `
Every attempt that gave no result, with its reason and the end of what it wrote on
standard error.

  --json  as JSON
` + connectHelp
)

func showFailures(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("failures", flag.ContinueOnError)
	asJSON := f.Bool("json", false, "")
	id, client, code := oneJob(ctx, f, args, s)
	if code >= 0 {
		return code
	}
	defer client.Close()
	failures, err := client.Failures(ctx, id)
	if err != nil {
		return refuseRemote(s, "", err)
	}
	if *asJSON {
		return printJSON(s, failures)
	}
	if len(failures) == 0 {
		fmt.Fprintln(s.err, "no failures")
	}
	for _, f := range failures {
		end := "tried again"
		if f.Final {
			end = "given up"
		}
		if f.Job != id {
			fmt.Fprintf(s.out, "job %s, ", f.Job)
		}
		fmt.Fprintf(s.out, "task %d, attempt %d, %s on %s: %s (%s)\n", f.Task, f.Attempt, f.Time.Local().Format(time.DateTime), firstOf(f.Worker, "no worker"), f.Reason, end)
		for line := range strings.Lines(f.Stderr) {
			fmt.Fprintf(s.out, "    %s\n", strings.TrimRight(line, "\r\n"))
		}
	}
	return exitDone
}
