package distributed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// Handler runs one attempt of one task of a kind. It returns soon after ctx ends:
// then the job was cancelled, the time limit is over or the worker leaves. An error
// is a failure of the attempt, and another one may follow, perhaps elsewhere.
// A panic is a failure too. Task, Attempt, Worker, Started and Seconds of the
// Result are filled in by the worker.
type Handler func(ctx context.Context, a *Attempt) (Result, error)

// Attempt is a task in the hands of a worker.
type Attempt struct {
	Job      string
	Kind     string
	Function string // kind "function"
	Name     string // of the task, for people
	Task     int    // its index in the job
	Number   int    // from 1
	Deaths   int    // attempts before in which the worker died: run what may kill this one too in a process of its own
	Data     []byte
	Dir      string    // its own: Job.Shared and Task.Files are there; removed afterwards
	Log      io.Writer // for people: what goes here is kept with the job
	Memory   int64     // bytes that Run lets a program use, 0: no limit
	Isolate  bool

	connect func(ctx context.Context) (*Client, error)
	save    func(ctx context.Context) error // nil: there is nowhere to save to
	saved   *Archive                        // the latest checkpoint
	run     func(ctx context.Context, c child) error
	every   time.Duration // between saves while a program runs
	scratch string        // where Dir's siblings may be
}

// Connect gives a client of the worker's coordinator, with which the task can submit jobs and wait for them. A job whose
// tasks do so is marked as one that Drives, and is the Parent of those. It waits for a coordinator that is away.
func (a *Attempt) Connect(ctx context.Context) (*Client, error) {
	if a.connect == nil {
		return nil, errors.New("a function in a process of its own has no connection")
	}
	return a.connect(ctx)
}

// InVain marks the error of an attempt: another one would come to the same, and the task is given up.
func InVain(err error) error { return vainError{err} }

type vainError struct{ error }

func (e vainError) Unwrap() error { return e.error }

// checkpointName is the file or directory in Attempt.Dir that outlives an attempt.
const checkpointName = "checkpoint"

// Save keeps Dir/checkpoint, a file or a directory, outside of this machine: a later
// attempt of the task finds it in its Dir, wherever it runs. While a program runs
// (Run), this is done for it from time to time: it writes a checkpoint under another
// name and renames it.
func (a *Attempt) Save(ctx context.Context) error {
	if a.save == nil {
		return nil
	}
	return a.save(ctx)
}

// Program is what Attempt.Run runs.
type Program struct {
	Args   []string // Args[0] is its path
	Env    []string // beside the worker's environment, NAME=value
	Stdin  io.Reader
	Stdout io.Writer // beside the log
}

// Run runs a program in Dir as a process group of its own and waits for it, within
// Memory. When ctx ends it is asked to end, and killed a second later; whatever it
// started ends with it. An end other than exit code 0 is a *ProcessError.
func (a *Attempt) Run(ctx context.Context, p Program) error {
	if len(p.Args) == 0 {
		return errors.New("no program to run")
	}
	stdout := a.Log
	if p.Stdout != nil {
		stdout = io.MultiWriter(p.Stdout, a.Log)
	}
	env := append(environment(), p.Env...)
	env = append(env, "RITZ_JOB="+a.Job, fmt.Sprintf("RITZ_TASK=%d", a.Task), fmt.Sprintf("RITZ_ATTEMPT=%d", a.Number))
	stop := a.saveWhile(ctx)
	err := a.run(ctx, child{args: p.Args, dir: a.Dir, env: env, stdin: p.Stdin, stdout: stdout, stderr: a.Log, memory: a.Memory})
	stop(err != nil)
	return err
}

// environment is the worker's, without what lets one in at the coordinator.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "RITZ_TOKEN=") || strings.HasPrefix(v, "RITZ_PASSWORD=")
	})
}

// saveWhile saves the checkpoint each time it has changed, until stop is called; and
// then once more if there is need of it. A large one is saved less often: it takes no
// more than a tenth of the time.
func (a *Attempt) saveWhile(ctx context.Context) (stop func(again bool)) {
	if a.save == nil {
		return func(bool) {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	last := fingerprint(a.Dir) // what was restored is there already
	save := func(ctx context.Context) {
		if now := fingerprint(a.Dir); now != last && now != "" {
			if err := a.save(ctx); err != nil {
				fmt.Fprintf(a.Log, "checkpoint not saved: %v\n", err)
				return
			}
			last = now
		}
	}
	go func() {
		defer close(done)
		tick := time.NewTicker(a.every)
		defer tick.Stop()
		var next time.Time
		for {
			select {
			case <-quit:
				return
			case begin := <-tick.C:
				if begin.Before(next) {
					continue
				}
				begin = time.Now()
				save(ctx)
				now := time.Now()
				next = now.Add(9 * now.Sub(begin))
			}
		}
	}()
	return func(again bool) {
		close(quit)
		<-done
		if again {
			save(context.WithoutCancel(ctx))
		}
	}
}

type attemptKey struct{}

// AttemptOf is the attempt in which a registered function runs: it tells which task
// this is, and gives it a directory, a log and checkpoints. Outside of one it is nil.
func AttemptOf(ctx context.Context) *Attempt {
	a, _ := ctx.Value(attemptKey{}).(*Attempt)
	return a
}

// attempt runs one task to its end and tells how it was.
func (w *Worker) attempt(ctx context.Context, s *slot, c *chunk, t chunkTask) (o outcome) {
	o = outcome{Index: t.Index, Attempt: t.Attempt, Slot: s.number, Started: time.Now()}
	log := w.logs.begin(c.Job, t.Index, t.Attempt)
	defer w.logs.end(log, w.keepLog)
	err := w.handle(ctx, s, c, t, log, &o)
	o.Seconds = time.Since(o.Started).Seconds()
	if err != nil {
		o.fail(err, t)
	}
	return o
}

// fail makes o the failure of t.
func (o *outcome) fail(err error, t chunkTask) {
	o.OK, o.Measure, o.Data, o.Files, o.Object, o.Archive = false, nil, nil, nil, "", nil
	var vain vainError
	o.Reason, o.Retryable, o.Task = err.Error(), !errors.Is(err, ErrTooLarge) && !errors.As(err, &vain), &t
	var p *ProcessError
	var panicked *panicError
	switch {
	case errors.As(err, &p):
		o.Reason, o.ExitCode, o.Signal, o.Stderr = p.Reason, p.ExitCode, p.Signal, p.Stderr
	case errors.As(err, &panicked):
		o.Stderr = panicked.stack
	}
	if len(o.Reason) > maxStderr {
		o.Reason = o.Reason[:maxStderr] + " ..."
	}
	o.Reason = strings.ToValidUTF8(o.Reason, "?")
}

// give puts a result into o, and into the object store what is large of it. Who leaves hands in what is done; for a job
// that is cancelled meanwhile, nothing is.
func (w *Worker) give(ctx context.Context, o *outcome, a *Attempt, r Result) error {
	life, cancel := context.WithCancelCause(w.life)
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() {
		if cause := context.Cause(ctx); errors.Is(cause, ErrCancelled) {
			cancel(cause)
		}
	})()
	o.OK, o.Measure = true, r.Measure
	if o.Measure != nil && (math.IsNaN(*o.Measure) || math.IsInf(*o.Measure, 0)) {
		o.Measure = nil // no number to compare, nor one that JSON has
	}
	if len(r.Data) > MaxTask {
		return fmt.Errorf("%w: a result of %d bytes, at most %d", ErrTooLarge, len(r.Data), MaxTask)
	}
	all := files{held: r.Files, paths: r.Paths}
	if len(r.Paths) > 0 {
		root, err := os.OpenRoot(a.Dir) // symbolic links do not lead out of it
		if err != nil {
			return err
		}
		defer root.Close()
		all.open, all.stat = root.Open, root.Stat
	}
	total, err := all.check()
	if err != nil {
		return err
	}
	switch {
	case total > MaxTask || len(r.Paths) > 0 && total > maxInline:
		if o.Archive, err = all.archive(resultObject(a.Job, o.Index, o.Attempt), w.putter(life)); err != nil {
			return err
		}
		r.Files = nil
	case len(r.Paths) > 0:
		if r.Files, err = all.read(); err != nil {
			return err
		}
	}
	size := len(r.Data)
	for name, data := range r.Files { // as JSON, at most: a byte of a name can become six
		size += len(data) + 7*len(name) + 8
	}
	if size <= maxInline {
		o.Data, o.Files = r.Data, r.Files
		return nil
	}
	o.Object = resultObject(a.Job, o.Index, o.Attempt)
	return w.putJSON(life, o.Object, payload{r.Data, r.Files})
}

// handle readies the attempt's directory, calls its handler, hands in what it gave and clears up.
func (w *Worker) handle(ctx context.Context, s *slot, c *chunk, t chunkTask, log *taskLog, o *outcome) error {
	handler, ok := w.kinds[c.Kind]
	if !ok {
		return fmt.Errorf("this worker runs no tasks of kind %q, only %s", c.Kind, strings.Join(slices.Sorted(maps.Keys(w.kinds)), ", "))
	}
	limited := ctx
	if c.TimeLimit > 0 {
		var stop context.CancelFunc
		limited, stop = context.WithTimeoutCause(ctx, c.TimeLimit, fmt.Errorf("time limit of %v exceeded", c.TimeLimit))
		defer stop()
	}
	if t.Object {
		p, err := w.getPayload(limited, taskObject(c.Job, t.Index))
		if err != nil {
			return fmt.Errorf("fetching the task: %w", err)
		}
		t.Data, t.Files = p.Data, p.Files
	}
	dir, err := s.directory(w)
	if err != nil {
		return err
	}
	a := &Attempt{
		Job: c.Job, Kind: c.Kind, Function: c.Function, Name: t.Name, Task: t.Index, Number: t.Attempt, Deaths: t.Deaths, Data: t.Data,
		Dir: dir, Log: log, Memory: c.Memory, Isolate: c.Isolate,
		run: w.guard.run, every: w.settings.SaveEvery, scratch: w.dir, connect: w.client,
	}
	saved := false
	a.save = func(ctx context.Context) error {
		saved = true
		return w.saveCheckpoint(ctx, a)
	}
	restored, err := w.fill(limited, a, c, t)
	if err != nil {
		s.abandon()
		return err
	}
	r, stuck, err := w.call(limited, handler, a)
	if stuck != nil { // the slot is not free before it returns
		s.abandon()
		s.stuck = stuck
	}
	if err == nil {
		err = w.give(ctx, o, a, r)
	}
	s.clear()
	if err == nil && (saved || restored) {
		s.finished = append(s.finished, t.Index)
	}
	return err
}

// fill puts the shared files, the task's and those of a checkpoint into a.Dir.
func (w *Worker) fill(ctx context.Context, a *Attempt, c *chunk, t chunkTask) (restored bool, err error) {
	if len(c.Shared)+len(t.Files) > 0 || t.Archive != nil {
		root, err := os.OpenRoot(a.Dir)
		if err != nil {
			return false, err
		}
		defer root.Close()
		for _, name := range c.Shared {
			in := &archiveReader{Archive: Archive{Name: sharedParts(c.Job, name), Parts: c.Parts[name]}, get: w.getter(ctx)}
			fetch := func(to io.Writer) error {
				if in.Parts > 0 {
					_, err := io.Copy(to, in)
					return err
				}
				data, err := w.get(ctx, sharedObject(c.Job, name))
				if err == nil {
					_, err = to.Write(data)
				}
				return err
			}
			if err := w.shared.place(ctx, root, c.Job, name, fetch); err != nil {
				return false, fmt.Errorf("shared file %s: %w", name, err)
			}
		}
		for name, data := range t.Files {
			if err := putFile(root, name, data); err != nil {
				return false, fmt.Errorf("file %s: %w", name, err)
			}
		}
		if t.Archive != nil {
			err := t.Archive.eachFile(w.getter(ctx), func(name string, _ int64, data io.Reader) error { return writeFile(root, name, data) })
			if err != nil {
				return false, fmt.Errorf("files of the task: %w", err)
			}
		}
	}
	if t.Attempt > 1 || t.Resume {
		if restored, err = w.restoreCheckpoint(ctx, a); err != nil {
			return false, fmt.Errorf("checkpoint: %w", err)
		}
	}
	return restored, nil
}

// putFile writes a file below root, and the directories on its way.
func putFile(root *os.Root, name string, data []byte) error {
	return writeFile(root, name, bytes.NewReader(data))
}

func writeFile(root *os.Root, name string, data io.Reader) error {
	if err := checkFile(name); err != nil {
		return err
	}
	name = filepath.FromSlash(name)
	if dir := filepath.Dir(name); dir != "." {
		if err := root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, data)
	return errors.Join(err, f.Close())
}

// panicError is a handler that panicked.
type panicError struct {
	value any
	stack string
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// call calls the handler. One that does not return within patience after ctx has
// ended is left alone: stuck is closed when it does.
func (w *Worker) call(ctx context.Context, h Handler, a *Attempt) (r Result, stuck <-chan struct{}, err error) {
	done := make(chan struct{})
	var result Result
	var failure error
	go func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				stack := debug.Stack()
				fmt.Fprintf(a.Log, "panic: %v\n\n%s", v, stack)
				failure = &panicError{v, string(stack[:min(len(stack), maxStderr)])}
			}
		}()
		failure = errors.New("the function ended its goroutine") // runtime.Goexit
		result, failure = h(context.WithValue(ctx, attemptKey{}, a), a)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		select {
		case <-done:
		case <-time.After(2 * patience): // programs need one of it to be killed
			return Result{}, done, fmt.Errorf("%w (it has not stopped yet)", context.Cause(ctx))
		}
	}
	if failure != nil && ctx.Err() != nil && !errors.Is(failure, context.Cause(ctx)) {
		failure = fmt.Errorf("%w: %w", context.Cause(ctx), failure)
	}
	return result, nil, failure
}
