// Command ritz runs jobs of scientific computing described by text files.
//
//	ritz run burgers.yaml
//	ritz check burgers.yaml
//	ritz predict runs/burgers-20260102-150405 --points points.csv
//
// See "ritz help".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/job"
	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1 // the run failed or was interrupted
	exitUsage  = 2 // bad arguments or bad input: nothing was run
)

func main() {
	if err := simd.Check(); err != nil {
		fmt.Fprintln(os.Stderr, "warning:", err)
	}
	ctx := interruptible(context.Background(), grace)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// command is one word of the command line.
type command struct {
	name  string
	usage string // arguments
	short string // one line for the overview; "": not for people
	long  string // flags and what else there is to know
	run   func(ctx context.Context, args []string, s streams) int
}

// commands are in the order of the overview.
func commands() []command {
	return []command{
		{"run", runUsage, "run a job file", runHelp, runJob},
		{"init", initUsage, "write a job file to begin with", initHelp, initJob},
		{"check", checkUsage, "check a job file and show what it would do", checkHelp, checkJob},
		{"predict", predictUsage, "evaluate the solution or a model of a run at points", predictHelp, predict},
		{"surrogate", surrogateUsage, "fit, predict, optimize or analyse a model", surrogateHelp, runSurrogate},
		{"draw", drawUsage, "draw the figures of a run again", drawHelp, draw},
		{"cluster", clusterUsage, "start, scale, look at and stop workers on this machine", clusterHelp, runCluster},
		{"submit", submitUsage, "hand a job over to a cluster", submitHelp, runSubmit},
		{"jobs", jobsUsage, "list the jobs of a cluster", jobsHelp, listJobs},
		{"show", showUsage, "tell how a job is", showHelp, showJob},
		{"logs", logsUsage, "print what a task has written", logsHelp, showLogs},
		{"failures", failuresUsage, "tell why tasks failed", failuresHelp, showFailures},
		{"cancel", cancelUsage, "end a job", cancelHelp, cancelJob},
		{"retry", retryUsage, "try failed tasks again", retryHelp, retryJob},
		{"results", resultsUsage, "get the files of a job", resultsHelp, saveResults},
		{"coordinator", coordinatorUsage, "coordinate workers, here or elsewhere", coordinatorHelp, runCoordinator},
		{"worker", workerUsage, "run tasks for a coordinator", workerHelp, runWorker},
		{"task", "", "", "", runTask},
		{"sample", sampleUsage, "make points: Sobol, Latin hypercube, lattice, ...", sampleHelp, sample},
		{"jupyter", jupyterUsage, "bring ritz to Jupyter, through a Go kernel", jupyterHelp, runJupyter},
		{"devices", devicesUsage, "list GPUs and other devices, and how they are", devicesHelp, runDevices},
		{"schema", schemaUsage, "print the JSON schema of job files, for editors", schemaHelp, printSchema},
		{"bench", benchUsage, "measure the machine and the kernels on it", benchHelp, runBench},
		{"version", "", "print the version", "", version},
	}
}

func find(name string) (command, bool) {
	for _, c := range commands() {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := &checked{w: stdout}
	code := dispatch(ctx, args, streams{stdin, out, stderr})
	if out.err == nil {
		return code
	}
	if code == exitDone { // else the command has said it
		fmt.Fprintln(stderr, "ritz: cannot write the output:", out.err)
	}
	return exitFailed
}

// checked remembers that something could not be written.
type checked struct {
	w   io.Writer
	err error
}

func (c *checked) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	if err != nil {
		c.err = err
	}
	return n, err
}

func dispatch(ctx context.Context, args []string, s streams) int {
	if len(args) == 0 {
		overview(s.err)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		return help(args[1:], s)
	case "-version", "--version":
		return version(ctx, nil, s)
	}
	if c, ok := find(args[0]); ok {
		return c.run(ctx, args[1:], s)
	}
	fmt.Fprintf(s.err, "ritz: unknown command %q: see \"ritz help\"\n", args[0])
	return exitUsage
}

// parse reads flags before, between and after the positional arguments, which
// it returns if there are count of them. Otherwise code says how to exit.
func parse(f *flag.FlagSet, args []string, count int, s streams) (positional []string, code int) {
	f.Usage = func() {}
	f.SetOutput(io.Discard)
	for len(args) > 0 {
		if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, help([]string{f.Name()}, s)
		} else if err != nil {
			return nil, misused(f.Name(), s, expecting(f, err))
		}
		rest := f.Args()
		if len(rest) == 0 {
			break
		}
		if at := len(args) - len(rest); at > 0 && args[at-1] == "--" {
			positional = append(positional, rest...)
			break
		}
		positional, args = append(positional, rest[0]), rest[1:]
	}
	if len(positional) > count {
		return nil, misused(f.Name(), s, fmt.Sprintf("unexpected argument %q", positional[count]))
	}
	return positional, -1
}

// expecting says what the value of a flag should have been.
func expecting(f *flag.FlagSet, err error) string {
	text, wrong := strings.CutSuffix(err.Error(), "parse error")
	_, name, _ := strings.Cut(text, "for flag -")
	given := f.Lookup(strings.TrimSuffix(name, ": "))
	if !wrong || given == nil {
		return err.Error()
	}
	getter, ok := given.Value.(flag.Getter)
	if !ok {
		return err.Error()
	}
	switch getter.Get().(type) {
	case time.Duration:
		return text + "expected a duration, such as 90s, 10m or 2h"
	case int, int64, uint, uint64:
		return text + "expected a whole number"
	case float64:
		return text + "expected a number"
	}
	return err.Error()
}

func misused(name string, s streams, msg string) int {
	c, _ := find(name)
	fmt.Fprintf(s.err, "ritz %s: %s\nusage: ritz %s %s\n", c.name, msg, c.name, c.usage)
	return exitUsage
}

// refuse prints an error of the input. Faults in a job say where they are.
func refuse(s streams, err error) int {
	var faults job.Errors
	var fault *job.Error
	if errors.As(err, &faults) || errors.As(err, &fault) {
		fmt.Fprintln(s.err, err)
	} else {
		fmt.Fprintln(s.err, "ritz:", err)
	}
	return exitUsage
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return fmt.Sprint(*l) }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }
