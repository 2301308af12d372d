package job

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
)

// Task is a piece of a job that can be done elsewhere, by [RunTask]: what it
// needs is in it. What comes of it is a function of Kind, Data and Files alone,
// so that it does not matter where it is done, beside which others, or how
// often.
type Task struct {
	Name  string            // for people: "run 12"
	Kind  string            // one of TaskKinds
	Data  []byte            // what the kind reads
	Files map[string][]byte // found in the directory of the task, by local names with slashes

	// Dir is where the files of the task are, those above and those that it
	// writes, once it has been reported as done, wherever it was done. A task
	// that was interrupted goes on from what it has left there. "": the task
	// writes no files.
	Dir string
}

// Pool does tasks: [Local] on goroutines, others on other machines.
type Pool interface {
	// Do does the tasks and calls done for each of them when it has ended, with
	// its result or the error that it failed with, which keeps no other from
	// being done. Any number run at once, and they end in any order. Calls of
	// done come one at a time, exactly one a task; the pool waits for them, and
	// they tell how far it is.
	//
	// Do returns nil when all have been reported, also those that failed. When
	// ctx is done it returns its cause soon, and done is not called again: what
	// has not been reported has not been done. Another error is of the pool
	// itself.
	//
	// A pool may do a task more than once, where a machine was lost, but one
	// result counts.
	Do(ctx context.Context, tasks []Task, done func(i int, result []byte, err error)) error
}

// Local does tasks on goroutines of this process, in the order of their numbers.
type Local struct {
	Workers int // tasks at once; 0: GOMAXPROCS
}

// Do does the tasks.
func (l Local) Do(ctx context.Context, tasks []Task, done func(i int, result []byte, err error)) error {
	workers := l.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		wg       sync.WaitGroup
		dealing  sync.Mutex
		next     int
		telling  sync.Mutex
		reported int
	)
	for range min(workers, len(tasks)) {
		wg.Go(func() {
			for {
				dealing.Lock()
				i := next
				next++
				dealing.Unlock()
				if i >= len(tasks) || ctx.Err() != nil {
					return
				}
				result, err := tasks[i].local(ctx)
				if err != nil && ctx.Err() != nil {
					return // it was interrupted, which says nothing about it
				}
				telling.Lock()
				if ctx.Err() == nil {
					reported++
					done(i, result, err)
				}
				telling.Unlock()
			}
		})
	}
	wg.Wait()
	if reported == len(tasks) {
		return nil
	}
	return context.Cause(ctx)
}

// local does a task in its directory, or one that is removed after it.
func (t *Task) local(ctx context.Context) ([]byte, error) {
	dir := t.Dir
	switch {
	case dir != "":
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, err
		}
	case len(t.Files) > 0:
		var err error
		if dir, err = os.MkdirTemp("", "ritz-"); err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
	}
	if err := t.unpack(dir); err != nil {
		return nil, err
	}
	return RunTask(ctx, t.Kind, t.Data, dir, io.Discard)
}

// unpack writes the files of a task that its directory lacks.
func (t *Task) unpack(dir string) error {
	for _, name := range sortedKeys(t.Files) {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("the task %s: the file %q is not within its directory", t.Name, name)
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := atomicfile.Write(path, bytes.NewReader(t.Files[name])); err != nil {
			return err
		}
	}
	return nil
}

// taskKind does the tasks of one kind. Log is for people who follow it.
type taskKind func(ctx context.Context, data []byte, dir string, log io.Writer) ([]byte, error)

// taskKinds is filled when the package starts: the kinds refer to RunTask.
var taskKinds map[string]taskKind

func init() {
	taskKinds = map[string]taskKind{
		"command":  taskCommand,
		"evaluate": taskEvaluate,
		"fold":     taskFold,
		"predict":  taskPredict,
		"range":    taskRange,
		"run":      taskRun,
	}
}

// TaskKinds are the kinds of tasks that RunTask does.
func TaskKinds() []string { return sortedKeys(taskKinds) }

// RunTask does a task whose files are in the directory dir, which also gets the
// files that it writes; with a kind that has none, dir may be empty. It is what
// [Local] calls, and what a worker elsewhere is to call. In dir, a task goes on
// from where an earlier call was interrupted.
//
//	run       a run of a job: job.yaml in dir, with what it reads; the result is result.json
//	command   a run of a program in dir; the result is result.json
//	evaluate  a program at a point, for its number; a program with a folder must be there on all machines
//	fold      the predictions of one fold of a cross-validation
//	predict   a solution or a model at points
//	range     the rows of a range of a CSV file, reduced; the file must be there under its name
func RunTask(ctx context.Context, kind string, data []byte, dir string, log io.Writer) ([]byte, error) {
	do, ok := taskKinds[kind]
	if !ok {
		return nil, fmt.Errorf("unknown kind of task %q%s", kind, suggest(kind, TaskKinds()))
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	return do(ctx, data, dir, log)
}
