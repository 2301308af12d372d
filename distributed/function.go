package distributed

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// Function is a registered function: what a task of kind "function" calls with its
// Data, and whose answer is the result's Data.
type Function = func(ctx context.Context, data []byte) ([]byte, error)

var functions struct {
	sync.RWMutex
	byName map[string]Function
	faults []error
}

// mainCalled tells that this program can be started again to run one function.
var mainCalled atomic.Bool

// Register makes f known to the workers of this program as name; init or the
// beginning of main is the place for it. A name that is not valid or registered
// already is an error that NewWorker returns.
func Register(name string, f func(ctx context.Context, data []byte) ([]byte, error)) {
	functions.Lock()
	defer functions.Unlock()
	var fault error
	switch {
	case !namePattern.MatchString(name):
		fault = fmt.Errorf("%w: function %q", ErrName, name)
	case f == nil:
		fault = fmt.Errorf("%w: function %q is nil", ErrName, name)
	case functions.byName[name] != nil:
		fault = fmt.Errorf("%w: function %q is registered twice", ErrName, name)
	}
	if fault != nil {
		functions.faults = append(functions.faults, fault)
		return
	}
	if functions.byName == nil {
		functions.byName = map[string]Function{}
	}
	functions.byName[name] = f
}

func function(name string) (Function, error) {
	functions.RLock()
	defer functions.RUnlock()
	if f, ok := functions.byName[name]; ok {
		return f, nil
	}
	known := strings.Join(slices.Sorted(maps.Keys(functions.byName)), ", ")
	return nil, fmt.Errorf("no function %q is registered in this worker's program (known: %s)", name, known)
}

func registerFaults() error {
	functions.RLock()
	defer functions.RUnlock()
	return errors.Join(functions.faults...)
}

// Variables that tell a process that it is to run one function.
const (
	envFunction = "RITZ_FUNCTION"
	envResult   = "RITZ_RESULT" // file for the answer
)

// How an answer begins; the data or the text follows.
const (
	answerData  = 'd'
	answerError = 'e'
	answerPanic = 'p'
)

// function is the handler of kind "function".
func (w *Worker) function(ctx context.Context, a *Attempt) (Result, error) {
	f, err := function(a.Function)
	if err != nil {
		return Result{}, err
	}
	if a.Isolate || a.Memory > 0 || a.Deaths > 0 && mainCalled.Load() { // how it dies is known then, and no other worker dies of it
		return isolated(ctx, a)
	}
	data, err := f(ctx, a.Data)
	return Result{Data: data}, err
}

// isolated runs the function in a process of its own: this program, started again.
func isolated(ctx context.Context, a *Attempt) (Result, error) {
	if !mainCalled.Load() {
		return Result{}, errors.New("a function in a process of its own needs distributed.Main() at the beginning of the worker's main")
	}
	program, err := os.Executable()
	if err != nil {
		return Result{}, err
	}
	dir, err := os.MkdirTemp(a.scratch, "call-")
	if err != nil {
		return Result{}, err
	}
	defer os.RemoveAll(dir)
	argument, answer := filepath.Join(dir, "argument"), filepath.Join(dir, "answer")
	if err := os.WriteFile(argument, a.Data, 0o600); err != nil {
		return Result{}, err
	}
	stdin, err := os.Open(argument)
	if err != nil {
		return Result{}, err
	}
	defer stdin.Close()
	ended := a.Run(ctx, Program{Args: []string{program}, Stdin: stdin, Env: []string{envFunction + "=" + a.Function, envResult + "=" + answer}})
	said, err := os.ReadFile(answer)
	if err == nil && len(said) > 0 && said[0] != answerData {
		if said[0] == answerPanic {
			value, stack, _ := strings.Cut(string(said[1:]), "\n\n")
			return Result{}, &panicError{value, stack}
		}
		return Result{}, errors.New(string(said[1:]))
	}
	if ended != nil {
		return Result{}, ended
	}
	if err != nil || len(said) == 0 {
		return Result{}, errors.New("the function ended its process without an answer") // os.Exit(0)
	}
	return Result{Data: said[1:]}, nil
}

// Main belongs at the beginning of main, after Register: it lets the program be a
// worker of itself. Started as
//
//	PROGRAM worker --connect nats://host:4222 [--slots n] [--label key=value] ...
//
// the program is a worker until it is interrupted, and exits; started by a worker
// for a function in a process of its own, it runs that and exits. Otherwise Main
// returns. Flags have defaults from the environment: RITZ_CONNECT, RITZ_TOKEN,
// RITZ_CA, RITZ_SLOTS.
func Main() {
	mainCalled.Store(true)
	if name := os.Getenv(envFunction); name != "" {
		os.Exit(runChild(name, os.Getenv(envResult)))
	}
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		os.Exit(runWorker(os.Args[2:]))
	}
}

// runChild calls one function with standard input, and writes its answer to a file.
func runChild(name, answer string) int {
	os.Unsetenv(envFunction)
	os.Unsetenv(envResult)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	kind, said := answerIn(ctx, name)
	partial := answer + ".part"
	err := os.WriteFile(partial, append([]byte{kind}, said...), 0o600)
	if err == nil {
		err = os.Rename(partial, answer)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the function's answer could not be written:", err)
		return 1
	}
	return 0
}

func answerIn(ctx context.Context, name string) (kind byte, said []byte) {
	defer func() {
		if v := recover(); v != nil {
			stack := debug.Stack()
			kind, said = answerPanic, fmt.Appendf(nil, "%v\n\n%s", v, stack[:min(len(stack), maxStderr)])
		}
	}()
	f, err := function(name)
	if err != nil {
		return answerError, []byte(err.Error())
	}
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		return answerError, []byte(err.Error())
	}
	task, _ := strconv.Atoi(os.Getenv("RITZ_TASK"))
	number, _ := strconv.Atoi(os.Getenv("RITZ_ATTEMPT"))
	a := &Attempt{Job: os.Getenv("RITZ_JOB"), Kind: "function", Function: name, Task: task, Number: number, Data: data, Dir: ".", Log: os.Stderr}
	out, err := f(context.WithValue(ctx, attemptKey{}, a), data)
	if err != nil {
		return answerError, []byte(err.Error())
	}
	return answerData, out
}

// runWorker is a worker by command-line flags.
func runWorker(args []string) int {
	var s WorkerSettings
	s.Connect.Token = os.Getenv("RITZ_TOKEN") // a command line is seen by all
	flags := flag.NewFlagSet("worker", flag.ContinueOnError)
	slots, _ := strconv.Atoi(os.Getenv("RITZ_SLOTS"))
	flags.StringVar(&s.Connect.URL, "connect", os.Getenv("RITZ_CONNECT"), "`address` of the coordinator, such as nats://host:4222 or wss://host")
	flags.StringVar(&s.Connect.CA, "ca", os.Getenv("RITZ_CA"), "`file` with the authority's certificates for TLS")
	flags.StringVar(&s.ID, "id", "", "name of this worker")
	flags.IntVar(&s.Slots, "slots", slots, "tasks at a time (0: the number of cores)")
	flags.DurationVar(&s.IdleAfter, "idle", 0, "end after so long without work (0: never)")
	flags.DurationVar(&s.Drain, "drain", 0, "when interrupted, let tasks run on for so long (0: 10s)")
	flags.StringVar(&s.Dir, "dir", "", "`directory` for the tasks' files")
	flags.Func("label", "what this worker offers, as `key=value`; may be repeated", func(v string) error {
		key, value, ok := strings.Cut(v, "=")
		if !ok {
			return errors.New("write key=value")
		}
		if s.Labels == nil {
			s.Labels = map[string]string{}
		}
		s.Labels[key] = value
		return nil
	})
	flags.Func("command", "`program` that tasks may run, a name or an absolute path, * for all; may be repeated", func(v string) error {
		s.Commands = append(s.Commands, v)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "worker: unexpected argument %q\n", flags.Arg(0))
		return 2
	}
	s.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	w, err := NewWorker(s)
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(ctx, stop) // a second signal ends it at once
		err = w.Run(ctx)
		stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		return 1
	}
	return 0
}
