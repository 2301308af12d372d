package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/distributed"
	"github.com/seed-0772dd2d/ritz/internal/event"
	"github.com/seed-0772dd2d/ritz/internal/job"
)

const (
	submitUsage = "FILE [--set KEY=VALUE]... [--name NAME] [--wait] ...\n       ritz submit --command [--input FILE]... [--output PATTERN]... -- PROGRAM ARGUMENT..."
	submitHelp  = `
Hand a job over to a cluster: a worker runs it as ritz run would, and when the worker
dies, another goes on from the last checkpoint. The ID of the job is printed.
The runs of a sweep, the evaluations and folds of a surrogate and the ranges of a
mapreduce are spread over the workers, as jobs that end with this one.

  --set KEY=VALUE        change the job, as in ritz run
  --command              run a program instead, one that workers allow
  --input FILE           put a file into the directory where it runs
  --output PATTERN       keep such files of that directory: result.csv, *.png
  --name NAME            for people; default that of the job file
  --id ID                letters, digits, _ and -; submitting the same again is no
                         error and changes nothing. Default: drawn
  --priority N           0 (default) to 9, which goes first
  --requires KEY=VALUE   only workers that offer this label; several times
  --time-limit DURATION  of one attempt: 90s, 2h
  --memory BYTES         of one attempt: 500M, 4G
  --attempts N           at most; default 3
  --after ID             when that job is done; several times
  --wait                 show its progress; exit with 1 if it fails
  --quiet                print nothing but the ID and errors
` + connectHelp
)

func runSubmit(ctx context.Context, args []string, s streams) int {
	var c connection
	var sets, inputs, outputs, after list
	var requires labels
	var most memory
	j := distributed.Job{Minimize: true}
	f := flag.NewFlagSet("submit", flag.ContinueOnError)
	c.flags(f)
	f.Var(&sets, "set", "")
	program := f.Bool("command", false, "")
	f.Var(&inputs, "input", "")
	f.Var(&outputs, "output", "")
	f.StringVar(&j.Name, "name", "", "")
	f.StringVar(&j.ID, "id", "", "")
	f.IntVar(&j.Priority, "priority", 0, "")
	f.Var(&requires, "requires", "")
	f.DurationVar(&j.TimeLimit, "time-limit", 0, "")
	f.Var(&most, "memory", "")
	f.IntVar(&j.Attempts, "attempts", 0, "")
	f.Var(&after, "after", "")
	wait := f.Bool("wait", false, "")
	quiet := f.Bool("quiet", false, "")
	words, code := parse(f, args, 1<<20, s)
	switch {
	case code >= 0:
		return code
	case *program && len(words) == 0:
		return misused("submit", s, "no program: --command -- PROGRAM ARGUMENT...")
	case *program && len(sets) > 0:
		return misused("submit", s, "--set changes a job file; there is none with --command")
	case !*program && len(words) == 0:
		return misused("submit", s, "no job file")
	case !*program && len(words) > 1:
		return misused("submit", s, fmt.Sprintf("unexpected argument %q", words[1]))
	case !*program && len(inputs)+len(outputs) > 0:
		return misused("submit", s, "--input and --output go with --command: a job file names what it reads")
	}
	j.Requires, j.Memory, j.After = requires, int64(most), after
	var err error
	if *program {
		err = describeCommand(&j, words, inputs, outputs)
	} else {
		err = describeFile(&j, words[0], sets, s)
	}
	if err != nil {
		return refuse(s, err)
	}
	client, code := c.dial(ctx, s)
	if code >= 0 {
		return code
	}
	defer client.Close()
	id, err := client.Submit(ctx, j)
	if err != nil {
		return refuseRemote(s, "", err)
	}
	fmt.Fprintln(s.out, id)
	if !*wait {
		if !*quiet {
			fmt.Fprintf(s.err, "submitted %s; see ritz show %s, ritz logs %s --follow, ritz results %s -o DIR\n", j.Name, id, id, id)
		}
		return exitDone
	}
	return follow(ctx, client, id, *quiet, s)
}

// describeFile makes the job file a task with all that it reads.
func describeFile(d *distributed.Job, file string, sets []string, s streams) error {
	j, err := job.Load(file, sets)
	if err == nil {
		err = j.Check(io.Discard)
	}
	if err != nil {
		return err
	}
	for _, w := range j.Warnings() {
		fmt.Fprintln(s.err, "warning:", w)
	}
	files, err := j.Files()
	if err != nil {
		return err
	}
	d.Name, d.Kind = firstOf(d.Name, j.Name), kindJob
	p := piece{Kind: "run", Whole: true, Measure: measures[j.Kind]}
	if j.Spreads() {
		p.Batches = &terms{d.Requires, d.Priority, d.TimeLimit, d.Memory, d.Attempts}
		d.Kind, d.Drives, d.TimeLimit, d.Memory, d.Attempts = kindDrive, true, 0, 0, driverAttempts
	}
	data, err := json.Marshal(p)
	d.Tasks = []distributed.Task{{Name: j.Name, Data: data, Files: files}}
	return err
}

// measures tell for a kind of job which number of its result.json is the better the
// smaller it is.
var measures = map[string]string{"pinn": "loss", "surrogate": "optimum.y"}

// describeCommand makes the program a task of the kind that every worker knows.
func describeCommand(d *distributed.Job, args, inputs, outputs []string) error {
	t, err := distributed.Command{Command: args, Outputs: outputs}.MarshalTask()
	if err != nil {
		return err
	}
	t.Name, t.Paths = strings.Join(args, " "), map[string]string{}
	if len(t.Name) > 100 {
		t.Name = t.Name[:97] + "..."
	}
	for _, path := range inputs {
		name := filepath.Base(path)
		if _, twice := t.Paths[name]; twice {
			return fmt.Errorf("two inputs are called %s", name)
		}
		f, err := os.Open(path) // it is read when the job is submitted
		if err != nil {
			return err
		}
		f.Close()
		t.Paths[name] = path
	}
	d.Name, d.Kind, d.Tasks = firstOf(d.Name, filepath.Base(args[0])), "command", []distributed.Task{t}
	return nil
}

// follow shows the progress of a job to its end, and says how to exit.
func follow(ctx context.Context, client *distributed.Client, id string, quiet bool, s streams) int {
	var bar *progress
	if !quiet {
		bar = newProgress(s.err, time.Now)
	}
	status, err := awaitJob(ctx, client, id, bar)
	if bar != nil {
		bar.end()
	}
	if err != nil && ctx.Err() != nil {
		fmt.Fprintf(s.err, "ritz: interrupted; the job goes on: see ritz show %s, or end it with ritz cancel %s\n", id, id)
		return exitFailed
	}
	if err != nil {
		return refuseRemote(s, "", err)
	}
	return concludeJob(status, quiet, s)
}

func concludeJob(j distributed.Status, quiet bool, s streams) int {
	switch {
	case j.State == distributed.Done:
		if !quiet {
			fmt.Fprintf(s.err, "job %s is done after %s: get its files with ritz results %s -o DIR\n", j.ID, event.Duration(j.Ended.Sub(j.Submitted).Seconds()), j.ID)
		}
		return exitDone
	case j.State == distributed.Failed:
		fmt.Fprintf(s.err, "ritz: job %s failed: %d of %s without a result; see ritz failures %s\n", j.ID, j.Failed, count(j.Tasks, "task"), j.ID)
	default:
		fmt.Fprintf(s.err, "ritz: job %s was cancelled\n", j.ID)
	}
	return exitFailed
}

// awaitJob shows where a job stands until it has ended.
func awaitJob(ctx context.Context, client *distributed.Client, id string, bar *progress) (distributed.Status, error) {
	type end struct {
		status distributed.Status
		err    error
	}
	ended := make(chan end, 1)
	go func() {
		status, err := client.Wait(ctx, id)
		ended <- end{status, err}
	}()
	every := 5 * time.Second
	if bar != nil && bar.terminal {
		every = 250 * time.Millisecond
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if bar != nil {
			if status, err := client.Status(ctx, id); err == nil {
				bar.show(jobLine(status, time.Now()))
			}
		}
		select {
		case e := <-ended:
			if bar != nil && e.err == nil {
				bar.show(jobLine(e.status, time.Now()))
			}
			return e.status, e.err
		case <-tick.C:
		}
	}
}

// jobLine is "[##########----------]  50% 512/1024 done, 4 running, 1 failed, 0:41, 0:42 left".
func jobLine(j distributed.Status, now time.Time) string {
	const width = 20
	j = j.WithBatches()
	done := float64(j.Done+j.Failed) / float64(max(1, j.Tasks))
	full := int(width * done)
	line := fmt.Sprintf("[%s%s] %3.0f%% %d/%d done", strings.Repeat("#", full), strings.Repeat("-", width-full), 100*done, j.Done, j.Tasks)
	if j.Running > 0 {
		line += fmt.Sprintf(", %d running", j.Running)
	}
	if j.Failed > 0 {
		line += fmt.Sprintf(", %d failed", j.Failed)
	}
	if j.Retried > 0 {
		line += fmt.Sprintf(", %d retried", j.Retried)
	}
	if j.Lost > 0 {
		line += fmt.Sprintf(", %d on lost workers", j.Lost)
	}
	if j.Best != nil && j.Best.Measure != nil {
		line += fmt.Sprintf(", best %.4g", *j.Best.Measure)
	}
	end := now
	if !j.Ended.IsZero() {
		end = j.Ended
	}
	line += ", " + event.Duration(max(0, end.Sub(j.Submitted).Seconds()))
	switch {
	case j.State.Ended():
		line += ", " + string(j.State)
	case j.ETA > 0:
		line += fmt.Sprintf(", %s left", event.Duration(j.ETA.Seconds()))
	case j.Why != "":
		line += ", " + string(j.State) + ": " + j.Why
	}
	return line
}
