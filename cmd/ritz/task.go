package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/distributed"
	"github.com/seed-0772dd2d/ritz/internal/job"
	"github.com/seed-0772dd2d/ritz/internal/process"
)

// Kinds of tasks that workers of this program run beside those of every worker.
const (
	kindJob  = "job"  // in a process of its own, in a directory that outlives the attempt
	kindPart = "part" // in the worker

	kindDrive = "drive" // in the worker, beside its slots: what it does are jobs of its own
)

// piece is what the Data of their tasks are, as JSON.
type piece struct {
	Kind string `json:"kind"` // of job.TaskKinds
	Data []byte `json:"data,omitempty"`
	// Whole: all files of the directory come back, not only those that were written, and
	// a run that fails is a failure.
	Whole bool `json:"whole,omitempty"`
	// Measure is the path of the number in the result that tells the best.
	Measure string `json:"measure,omitempty"`
	// Batches are like this, of a job that drives others.
	Batches *terms `json:"batches,omitempty"`
}

// terms are those parts of a job that its batches share.
type terms struct {
	Requires  map[string]string `json:"requires,omitempty"`
	Priority  int               `json:"priority,omitempty"`
	TimeLimit time.Duration     `json:"time_limit,omitempty"`
	Memory    int64             `json:"memory,omitempty"`
	Attempts  int               `json:"attempts,omitempty"`
}

// processKinds are the kinds that have a process and a directory of their own: they take long,
// or start programs. Others are done in the worker, many in a chunk.
var processKinds = []string{"run", "command"}

func kindOf(task string) string {
	if slices.Contains(processKinds, task) {
		return kindJob
	}
	return kindPart
}

// taskHandlers run what a worker that may start these programs runs.
func taskHandlers(commands []string) map[string]distributed.Handler {
	if commands == nil {
		commands = []string{} // none, not any
	}
	return map[string]distributed.Handler{
		kindJob: func(ctx context.Context, a *distributed.Attempt) (distributed.Result, error) {
			return runAlone(ctx, a, commands)
		},
		kindPart: func(ctx context.Context, a *distributed.Attempt) (distributed.Result, error) {
			if a.Deaths > 0 { // perhaps of this task
				r, err := runAlone(ctx, a, commands)
				r.Paths = nil
				return r, err
			}
			return runPart(ctx, a, commands)
		},
		kindDrive: drive,
	}
}

func readPiece(data []byte, kind string) (p piece, err error) {
	if err := json.Unmarshal(data, &p); err != nil {
		return p, fmt.Errorf("malformed task of kind %s: %w", kind, err)
	}
	if !slices.Contains(job.TaskKinds(), p.Kind) {
		return p, fmt.Errorf("malformed task of kind %s: this worker does no %q, only %s", kind, p.Kind, strings.Join(job.TaskKinds(), ", "))
	}
	return p, nil
}

func runPart(ctx context.Context, a *distributed.Attempt, commands []string) (distributed.Result, error) {
	p, err := readPiece(a.Data, kindPart)
	if err != nil {
		return distributed.Result{}, err
	}
	data, err := job.RunTask(process.Allow(ctx, commands), p.Kind, p.Data, a.Dir, a.Log)
	return distributed.Result{Data: data}, err
}

// checkpointName is the part of an attempt's directory that outlives it. The whole
// directory of the task is there: what it goes on from is all that it has written.
const checkpointName = "checkpoint"

// runAlone runs "ritz task".
func runAlone(ctx context.Context, a *distributed.Attempt, commands []string) (r distributed.Result, err error) {
	p, err := readPiece(a.Data, kindJob)
	if err != nil {
		return r, err
	}
	dir := filepath.Join(a.Dir, checkpointName)
	given, err := settle(a.Dir, dir)
	if err != nil {
		return r, err
	}
	exe, err := os.Executable()
	if err != nil {
		return r, err
	}
	args := []string{exe, "task", p.Kind, checkpointName}
	for _, c := range commands {
		args = append(args, "--allow-command", c)
	}
	if err := a.Run(ctx, distributed.Program{Args: args, Stdin: strings.NewReader(string(p.Data))}); err != nil {
		return r, err
	}
	if r.Data, err = os.ReadFile(filepath.Join(a.Dir, "result")); err != nil {
		return r, fmt.Errorf("the process ended without a result: %w", err)
	}
	return r, p.give(&r, dir, given)
}

// give makes a result of the directory of a task that is done.
func (p *piece) give(r *distributed.Result, dir string, given []string) (err error) {
	if p.Whole && p.Kind == "run" {
		var head job.Result
		if err := json.Unmarshal(r.Data, &head); err == nil && head.Status == job.Failed {
			return fmt.Errorf("the run failed: %s", head.Reason)
		}
	}
	if p.Measure != "" {
		if x, err := job.Find(r.Data, p.Measure); err == nil && x == x {
			r.Measure = &x
		}
	}
	r.Paths, err = gather(dir, func(name string) bool { return p.Whole || !slices.Contains(given, name) })
	return err
}

// settle moves what the attempt was given into the directory where it works, unless an
// earlier attempt has left it there, and names it.
func settle(from, dir string) (given []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	err = filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == dir:
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		given = append(given, filepath.ToSlash(name))
		to := filepath.Join(dir, name)
		if _, err := os.Lstat(to); err == nil {
			return os.Remove(path)
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		return os.Rename(path, to)
	})
	return given, err
}

// gather finds the files of a directory of a run that is done, but for locks and
// checkpoints: their paths in the directory of the attempt, by name.
func gather(dir string, want func(name string) bool) (map[string]string, error) {
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if !strings.HasPrefix(d.Name(), ".") && name != "checkpoint" && want(name) {
			files[name] = checkpointName + "/" + name
		}
		return nil
	})
	return files, err
}

// runTask is the process of a task of kind job: "ritz task KIND DIR", with the data as
// standard input. The result is left in the file result.
func runTask(ctx context.Context, args []string, s streams) int {
	if len(args) < 2 {
		return misused("task", s, "it is what workers start")
	}
	commands := []string{}
	for rest := args[2:]; len(rest) > 1; rest = rest[2:] {
		commands = append(commands, rest[1])
	}
	data, err := io.ReadAll(s.in)
	if err == nil {
		data, err = job.RunTask(process.Allow(ctx, commands), args[0], data, args[1], s.err)
	}
	if err == nil {
		err = os.WriteFile("result", data, 0o666)
	}
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(s.err, "interrupted")
		return exitFailed
	}
	fmt.Fprintln(s.err, err)
	return exitFailed
}
