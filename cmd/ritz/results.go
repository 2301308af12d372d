package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/seed-0772dd2d/ritz/distributed"
	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
)

const (
	resultsUsage = "ID -o DIR [--wait] [--quiet]"
	resultsHelp  = `
  -o DIR   write the files of the results there: of a job of one task as they are (a
           run directory, for a job file), of others in a directory a task, 0, 1, ...
           What a program printed is in stdout; results.csv has a row a task
  --wait   wait for those that are not there yet; otherwise the exit code is 1 if
           any is missing
  --quiet  print nothing but errors
` + connectHelp
)

func saveResults(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("results", flag.ContinueOnError)
	out := f.String("o", "", "")
	wait := f.Bool("wait", false, "")
	quiet := f.Bool("quiet", false, "")
	id, client, code := oneJob(ctx, f, args, s)
	if code >= 0 {
		return code
	}
	defer client.Close()
	if *out == "" {
		return misused("results", s, "where to: -o DIR")
	}
	j, err := client.Status(ctx, id)
	if err != nil {
		return refuseRemote(s, "", err)
	}
	if *wait && !j.State.Ended() {
		var bar *progress
		if !*quiet {
			bar = newProgress(s.err, time.Now)
		}
		j, err = awaitJob(ctx, client, id, bar)
		if bar != nil {
			bar.end()
		}
		if err != nil {
			return refuseRemote(s, "", err)
		}
	}
	n, err := writeResults(ctx, client, j, *out)
	if err != nil && !errors.Is(err, distributed.ErrCancelled) {
		return refuseRemote(s, "", err)
	}
	if !*quiet {
		fmt.Fprintf(s.out, "%d of %s: %s\n", n, count(j.Tasks, "result"), *out)
	}
	if n < j.Tasks {
		has, why := "is "+string(j.State), ": it is not done yet, see --wait"
		if j.State.Ended() {
			has, why = "has failed", "; see ritz failures "+id
		}
		if j.State == distributed.Cancelled {
			has, why = "was cancelled", ""
		}
		fmt.Fprintf(s.err, "ritz: job %s %s, %s missing%s\n", id, has, count(j.Tasks-n, "result"), why)
		return exitFailed
	}
	return exitDone
}

// writeResults writes the results that are there, and counts them.
func writeResults(ctx context.Context, client *distributed.Client, j distributed.Status, out string) (n int, err error) {
	if err := os.MkdirAll(out, 0o777); err != nil {
		return 0, err
	}
	var table bytes.Buffer
	rows := csv.NewWriter(&table)
	rows.Write([]string{"task", "status", "attempt", "worker", "seconds", "measure", "reason"})
	left := j.Done + j.Failed
	if left > 0 {
		for r, err := range client.Results(ctx, j.ID) {
			var failed *distributed.TaskError
			if err != nil && !errors.As(err, &failed) {
				return n, err
			}
			measure := ""
			if r.Measure != nil {
				measure = strconv.FormatFloat(*r.Measure, 'g', -1, 64)
			}
			row := []string{strconv.Itoa(r.Task), "done", strconv.Itoa(r.Attempt), r.Worker, strconv.FormatFloat(r.Seconds, 'f', 3, 64), measure, ""}
			if failed != nil {
				row[1], row[6] = "failed", failed.Reason
			} else {
				if err := writeResult(ctx, client, j, r, out); err != nil {
					return n, err
				}
				n++
			}
			rows.Write(row)
			if left--; left == 0 {
				break
			}
		}
	}
	if j.Tasks == 1 {
		return n, nil
	}
	rows.Flush()
	return n, atomicfile.Write(filepath.Join(out, "results.csv"), &table)
}

func writeResult(ctx context.Context, client *distributed.Client, j distributed.Status, r distributed.Result, out string) error {
	dir := out
	if j.Tasks > 1 {
		dir = filepath.Join(out, strconv.Itoa(r.Task))
	}
	if err := writeResultFiles(ctx, client, r, dir); err != nil {
		return err
	}
	if j.Kind == kindJob || j.Kind == kindDrive || len(r.Data) == 0 && (len(r.Files) > 0 || r.Archive != nil) { // a run has its result.json
		return nil
	}
	name := "result"
	if j.Kind == "command" {
		name = "stdout"
	}
	return writeFiles(dir, map[string][]byte{name: r.Data})
}
