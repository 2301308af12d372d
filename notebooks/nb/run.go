package nb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/event"
)

// Options are of one call of Run, RunText or Resume. The zero value runs the
// job as it is written.
type Options struct {
	// Set changes keys of the job, "train.0.adam.rate=1e-4". Not for Resume.
	Set []string
	// Threads is how many processor cores the job may use; 0: all that the
	// kernel may. Not for Resume.
	Threads int
	// Out is the run directory, which must hold no run; default
	// runs/<name>-<time>. Not for Resume.
	Out string

	// Workers spreads the parts of a sweep, a mapreduce or a surrogate over so
	// many processes of this machine, which end with the run; Connect over the
	// workers of a coordinator, nats://HOST:PORT, or "cluster" for that of
	// ritz cluster start.
	Workers int
	Connect string

	// Quiet shows no progress, no figures and no summary.
	Quiet bool
}

// Run runs a job file, as ritz run does: it shows a bar, the curve of what is
// minimised as it falls, and when the run is done its summary and its figures.
//
// A fault in the job ends the cell with its place in the file. So does a run
// that fails or is interrupted; what it has come to is in its directory, from
// which [Resume] goes on. It needs the program ritz on PATH, as the
// kernels of ritz jupyter setup have it.
func Run(file string, o ...Options) *Result {
	if file == "-" {
		fail(`"-" names no job file: RunText runs the text of a job`)
	}
	return std.run("", one(o), "run", "--json", file)
}

// RunText runs a job that is given as text. Files that it names are relative to
// the folder of the notebook; messages call the text "job".
func RunText(job string, o ...Options) *Result {
	return std.run(job+"\x00", one(o), "run", "--json", "-")
}

// Resume goes on with a run that was interrupted or failed, to its end.
func Resume(dir string, o ...Options) *Result {
	return std.run("", one(o), "run", "--json", "--resume", dir)
}

// Command runs ritz with these arguments, such as "cluster", "status", and ends
// the cell if it fails.
func Command(arguments ...string) {
	cmd := ritz(arguments)
	cmd.Stdout = std.text
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) && exit.Exited() { // it has said why
		os.Exit(1)
	} else if err != nil {
		fail(fmt.Sprintf("the program ritz ended: %v", err))
	}
}

func one(o []Options) Options {
	switch len(o) {
	case 0:
		return Options{}
	case 1:
		return o[0]
	}
	fail(fmt.Sprintf("options once, not %d times", len(o)))
	return Options{}
}

func (o Options) flags() []string {
	var f []string
	for _, s := range o.Set {
		f = append(f, "--set", s)
	}
	if o.Threads > 0 {
		f = append(f, "--threads", strconv.Itoa(o.Threads))
	}
	if o.Out != "" {
		f = append(f, "--out", o.Out)
	}
	if o.Workers > 0 {
		f = append(f, "--workers", strconv.Itoa(o.Workers))
	}
	if o.Connect != "" {
		f = append(f, "--connect", o.Connect)
	}
	return f
}

// ritz is the command, which Context interrupts.
func ritz(arguments []string) *exec.Cmd {
	program, err := exec.LookPath("ritz")
	if err != nil {
		fail("the program ritz is not on PATH: the kernels of ritz jupyter setup have it there")
	}
	ctx := Context()
	cmd := exec.CommandContext(ctx, program, arguments...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.Stderr = os.Stderr
	return cmd
}

// patience is less than the five seconds after which a cell that was interrupted is
// killed.
const patience = 4 * time.Second

// run runs the command, which ends with this process, and shows what it tells.
func (o *output) run(text string, options Options, arguments ...string) *Result {
	cmd := ritz(append(append(arguments, "--until-eof"), options.flags()...))
	life := Must(cmd.StdinPipe())
	events := Must(cmd.StdoutPipe())
	if err := cmd.Start(); err != nil {
		fail(fmt.Sprintf("the program ritz cannot be started: %v", err))
	}
	_, _ = io.WriteString(life, text) // if it is gone, it has said why
	view := newRunView(o, options.Quiet)
	ended := make(chan struct{})
	if o.notebook {
		context.AfterFunc(Context(), func() {
			select {
			case <-time.After(patience):
				view.leave()
			case <-ended:
			}
		})
	}
	last, unread := follow(events, view)
	err := cmd.Wait()
	close(ended)
	var exit *exec.ExitError
	switch {
	case unread != nil:
		fail(fmt.Sprintf("the program ritz says something that is not understood: %v", unread))
	case last == nil && errors.As(err, &exit) && exit.Exited(): // it has said why
		os.Exit(1)
	case last == nil && err == nil:
		fail("the program ritz ended without a result")
	case last == nil && errors.Is(err, context.Canceled):
		fail("interrupted")
	case last == nil:
		fail(fmt.Sprintf("the program ritz ended: %v", err))
	}
	view.end(last)
	switch {
	case last.Status == "stopped":
		fail(fmt.Sprintf("%s; go on with: nb.Resume(%q)", last.Reason, last.Dir))
	case last.Status != "done":
		fail(fmt.Sprintf("the run in %s %s: %s", last.Dir, last.Status, last.Reason))
	case last.Reason != "" && !last.Idle:
		fmt.Fprintf(os.Stderr, "warning: %s\n", last.Reason)
	}
	r := Open(last.Dir)
	if !options.Quiet && !r.show(o, view.place()) {
		view.keepCurve()
	}
	return r
}

// follow shows the events until there are no more, and returns the one that
// ends the run, nil if there was none.
func follow(r io.Reader, view *runView) (last *event.Event, err error) {
	d := json.NewDecoder(r)
	for {
		var e event.Event
		if err := d.Decode(&e); err == io.EOF {
			return last, nil
		} else if err != nil {
			_, _ = io.Copy(io.Discard, r)
			return nil, err
		}
		switch e.Kind {
		case event.Warning:
			fmt.Fprintln(os.Stderr, "warning:", e.Text)
		case event.Started:
			view.dir.Store(&e.Dir)
		case event.Progress:
			view.step(e.Step)
		case event.Ended:
			last = &e
		}
	}
}
