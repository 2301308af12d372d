package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/seed-0772dd2d/ritz/distributed"
	"github.com/seed-0772dd2d/ritz/internal/event"
)

const (
	jobsUsage = "[--all] [--json]"
	jobsHelp  = `
  --all   also those that have ended, and the batches of those that drive others
  --json  all there is to know, as JSON
` + connectHelp
)

func listJobs(ctx context.Context, args []string, s streams) int {
	var c connection
	f := flag.NewFlagSet("jobs", flag.ContinueOnError)
	c.flags(f)
	all := f.Bool("all", false, "")
	asJSON := f.Bool("json", false, "")
	if _, code := parse(f, args, 0, s); code >= 0 {
		return code
	}
	client, code := c.dial(ctx, s)
	if code >= 0 {
		return code
	}
	defer client.Close()
	jobs, err := client.Jobs(ctx, *all)
	if err != nil {
		return refuseRemote(s, "", err)
	}
	if !*all {
		jobs = slices.DeleteFunc(jobs, func(j distributed.Status) bool { return j.Parent != "" })
	}
	if *asJSON {
		return printJSON(s, jobs)
	}
	if len(jobs) == 0 {
		fmt.Fprintln(s.err, "no jobs")
		return exitDone
	}
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tNAME\tSTATE\tDONE\tRUNNING\tFAILED\tTIME\tLEFT\tWHY")
	for _, j := range jobs {
		j = j.WithBatches()
		fmt.Fprintf(t, "%s\t%s\t%s\t%d/%d\t%d\t%d\t%s\t%s\t%s\n", j.ID, j.Name, j.State, j.Done, j.Tasks, j.Running, j.Failed, age(j, time.Now()), left(j), j.Why)
	}
	t.Flush()
	return exitDone
}

func printJSON(s streams, v any) int {
	e := json.NewEncoder(s.out)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return failed(s, err)
	}
	return exitDone
}

// age is how long a job has taken, or takes, since it was submitted.
func age(j distributed.Status, now time.Time) string {
	if !j.Ended.IsZero() {
		now = j.Ended
	}
	return event.Duration(max(0, now.Sub(j.Submitted).Seconds()))
}

func left(j distributed.Status) string {
	if j.ETA <= 0 || j.State.Ended() {
		return ""
	}
	return event.Duration(j.ETA.Seconds())
}

// pairs is "a=1 b=2".
func pairs(m map[string]string) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		all = append(all, k+"="+m[k])
	}
	return strings.Join(all, " ")
}

// size is a number of bytes for people.
func size(n int64) string {
	x, unit := float64(n), 0
	for ; x >= 1024 && unit < 4; unit++ {
		x /= 1024
	}
	return fmt.Sprintf("%.3g %s", x, []string{"B", "KiB", "MiB", "GiB", "TiB"}[unit])
}

const (
	showUsage = "ID [--json]"
	showHelp  = `
  --json  all there is to know, as JSON
` + connectHelp
)

// oneJob parses the arguments of a command about one job, and connects.
func oneJob(ctx context.Context, f *flag.FlagSet, args []string, s streams) (id string, client *distributed.Client, code int) {
	var c connection
	c.flags(f)
	words, code := parse(f, args, 1, s)
	if code >= 0 {
		return "", nil, code
	}
	if len(words) == 0 {
		return "", nil, misused(f.Name(), s, "no job: see ritz jobs --all for their IDs")
	}
	client, code = c.dial(ctx, s)
	return words[0], client, code
}

func showJob(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("show", flag.ContinueOnError)
	asJSON := f.Bool("json", false, "")
	id, client, code := oneJob(ctx, f, args, s)
	if code >= 0 {
		return code
	}
	defer client.Close()
	j, err := client.Status(ctx, id)
	if err != nil {
		return refuseRemote(s, "", err)
	}
	if *asJSON {
		return printJSON(s, j)
	}
	workers, err := client.Workers(ctx)
	if err != nil {
		return refuseRemote(s, "", err)
	}
	printJob(s.out, j, workers, time.Now())
	return exitDone
}

func printJob(w io.Writer, j distributed.Status, workers []distributed.WorkerStatus, now time.Time) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		if text := fmt.Sprintf(format, args...); text != "" {
			fmt.Fprintf(t, "%s\t%s\n", name, text)
		}
	}
	row("job", "%s", j.ID)
	row("name", "%s", j.Name)
	state := string(j.State)
	if j.Why != "" {
		state += ": " + j.Why
	}
	row("state", "%s", state)
	row("kind", "%s", strings.TrimSpace(j.Kind+" "+j.Function))
	row("tasks", "%s", jobLine(j, now))
	row("submitted", "%s", j.Submitted.Local().Format(time.DateTime))
	if !j.Started.IsZero() {
		row("started", "%s", j.Started.Local().Format(time.DateTime))
	}
	if !j.Ended.IsZero() {
		row("ended", "%s", j.Ended.Local().Format(time.DateTime))
	}
	row("priority", "%d", j.Priority)
	row("requires", "%s", pairs(j.Requires))
	row("after", "%s", strings.Join(j.After, " "))
	row("parent", "%s", j.Parent)
	if b := j.Best; b != nil && b.Measure != nil {
		row("best", "%.6g, task %d", *b.Measure, b.Task)
	}
	for _, w := range workers {
		for _, b := range w.Busy {
			if b.Job == j.ID && j.Ended.IsZero() { // what a worker last said may be older than the end
				row("running", "task %d, attempt %d, for %s on %s", b.Task, b.Attempt, event.Duration(max(0, now.Sub(b.Since).Seconds())), w.ID)
			}
		}
	}
	t.Flush()
}

const (
	cancelUsage = "ID"
	cancelHelp  = "End a job. What runs of it is stopped within two seconds; results that are there\nstay.\n" + connectHelp
	retryUsage  = "ID [--wait] [--quiet]"
	retryHelp   = "Try the tasks of a job again that have failed for good.\n\n  --wait   show its progress; exit with 1 if it fails again\n  --quiet  print nothing but errors\n" + connectHelp
)

func cancelJob(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("cancel", flag.ContinueOnError)
	id, client, code := oneJob(ctx, f, args, s)
	if code >= 0 {
		return code
	}
	defer client.Close()
	if err := client.Cancel(ctx, id); errors.Is(err, distributed.ErrJob) {
		return refuse(s, errors.New(strings.Replace(err.Error(), distributed.ErrJob.Error()+":", "job", 1)))
	} else if err != nil {
		return refuseRemote(s, "", err)
	}
	fmt.Fprintln(s.err, "cancelled", id)
	return exitDone
}

func retryJob(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("retry", flag.ContinueOnError)
	wait := f.Bool("wait", false, "")
	quiet := f.Bool("quiet", false, "")
	id, client, code := oneJob(ctx, f, args, s)
	if code >= 0 {
		return code
	}
	defer client.Close()
	n, err := client.Retry(ctx, id)
	if err != nil {
		return refuseRemote(s, "", err)
	}
	if n == 0 && !*quiet {
		fmt.Fprintf(s.err, "no task of %s has failed for good: there is nothing to try again\n", id)
	} else if !*quiet {
		fmt.Fprintf(s.err, "%s of %s queued again\n", count(n, "task"), id)
	}
	if *wait {
		return follow(ctx, client, id, *quiet, s)
	}
	return exitDone
}
