package surrogate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/process"
)

// Command is an external program as an [Evaluator]:
//
//	surrogate.Command{Args: []string{"python3", "simulator.py", "{x1}", "{x2}"}, Timeout: time.Minute}
//
// In the arguments and input files, {x1} stands for the value of the input x1,
// written with as many digits as it takes to read the same number back. Every
// input must occur somewhere.
//
// The program runs in Dir, or where it reads or writes Files or Output, in a
// directory of its own that is made for the evaluation and removed after it:
// there, {dir} stands for Dir. A program with a slash in its name, such as
// ./simulator, is looked for in Dir, any other in the search path.
//
// An evaluation fails, and the others go on, where the program cannot be
// started, ends with an exit code other than 0, takes longer than Timeout, or
// gives no finite number. The error holds the end of its standard error. When
// the time is up or the context done, the program is killed together with the
// processes that it started.
type Command struct {
	Args   []string          // the program and its arguments
	Inputs []string          // names of the inputs in the order of the coordinates; default x1, x2, ...
	Files  map[string]string // text of input files, by name

	// The value is read from what the program prints to its standard output, or
	// from the file Output. It is the last number there, or the last that Pattern
	// matches: the first group of this regular expression, or all of it if there
	// is none. Numbers may be written as Fortran does, 1.5D+03.
	Output  string
	Pattern string

	Dir      string        // default: the current directory
	Timeout  time.Duration // of one run; default: none
	Retries  int           // how often a failed run is repeated before the evaluation fails; default 0
	Parallel int           // runs at once; default GOMAXPROCS
}

const (
	maxCommandOutput = 1 << 20 // bytes kept of what is read, the last ones
	maxCommandErrors = 1 << 10 // bytes of standard error in an error
	pipeDelay        = 2 * time.Second
)

// Evaluate runs the program for each of the n rows of x.
func (c Command) Evaluate(ctx context.Context, x []float64, n int, y []float64, errs []error) error {
	d, err := evaluatorRows(x, n, y, errs)
	if err != nil || n == 0 {
		return err
	}
	r, err := c.prepare(d)
	if err != nil {
		return err
	}
	parallel := c.Parallel
	if parallel == 0 {
		parallel = runtime.GOMAXPROCS(0)
	}
	return evaluateEach(ctx, n, parallel, y, errs, func(i int) (float64, error) {
		return r.evaluate(ctx, x[i*d:(i+1)*d])
	})
}

// Check returns the error of settings that could not evaluate a function of
// that many inputs.
func (c Command) Check(inputs int) error {
	_, err := c.prepare(inputs)
	return err
}

// commandRunner is a Command made ready.
type commandRunner struct {
	Command
	program string
	pattern *regexp.Regexp // nil: the last number
}

func (c Command) prepare(inputs int) (*commandRunner, error) {
	r := &commandRunner{Command: c}
	fail := func(format string, args ...any) (*commandRunner, error) {
		return nil, fmt.Errorf("%w: command: "+format, append([]any{ErrSettings}, args...)...)
	}
	if r.Inputs == nil {
		for j := range inputs {
			r.Inputs = append(r.Inputs, fmt.Sprintf("x%d", j+1))
		}
	}
	switch {
	case len(c.Args) == 0 || c.Args[0] == "":
		return fail("there is no program to run")
	case len(r.Inputs) != inputs:
		return fail("%d names for %d inputs", len(r.Inputs), inputs)
	case c.Timeout < 0:
		return fail("time limit %v, want it positive, or 0 for none", c.Timeout)
	case c.Retries < 0:
		return fail("%d retries, want 0 or more", c.Retries)
	case c.Parallel < 0:
		return fail("%d runs at once, want 1 or more, or 0 for GOMAXPROCS", c.Parallel)
	case c.Output != "" && !filepath.IsLocal(c.Output):
		return fail("output file %q, want a name within the directory of the run", c.Output)
	}
	text := strings.Join(c.Args, "\x00")
	for name, content := range c.Files {
		if !filepath.IsLocal(name) {
			return fail("input file %q, want a name within the directory of the run", name)
		}
		text += "\x00" + content
	}
	for _, name := range r.Inputs {
		if !strings.Contains(text, "{"+name+"}") {
			return fail("input %s occurs in no argument or file: write {%s} where its value is to stand", name, name)
		}
	}
	var err error
	if c.Pattern != "" {
		if r.pattern, err = regexp.Compile(c.Pattern); err != nil {
			return fail("pattern: %w", err)
		}
	}
	if r.Dir, err = filepath.Abs(c.Dir); err != nil {
		return nil, err
	}
	if r.program, err = findProgram(c.Args[0], r.Dir); err != nil {
		return fail("%w", err)
	}
	return r, nil
}

// findProgram returns the absolute path of a program.
func findProgram(name, dir string) (string, error) {
	if filepath.Base(name) != name && !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// evaluate runs the program at one point, until it succeeds or has had its tries.
func (r *commandRunner) evaluate(ctx context.Context, x []float64) (y float64, err error) {
	for range 1 + r.Retries {
		if y, err = r.run(ctx, x); err == nil || ctx.Err() != nil {
			break
		}
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if err != nil && r.Retries > 0 {
		err = fmt.Errorf("%w (after %d tries)", err, 1+r.Retries)
	}
	return y, err
}

func (r *commandRunner) run(ctx context.Context, x []float64) (float64, error) {
	if err := process.Check(ctx, r.Args[0]); err != nil {
		return 0, err
	}
	dir := r.Dir
	if r.Output != "" || len(r.Files) > 0 {
		var err error
		if dir, err = os.MkdirTemp("", "ritz-"); err != nil {
			return 0, err
		}
		defer os.RemoveAll(dir)
	}
	fill := r.filler(x)
	for name, content := range r.Files {
		if err := writeInput(filepath.Join(dir, name), fill.Replace(content)); err != nil {
			return 0, err
		}
	}
	args := make([]string, len(r.Args)-1)
	for i, a := range r.Args[1:] {
		args[i] = fill.Replace(a)
	}
	text, err := r.start(ctx, dir, args)
	if err != nil {
		return 0, err
	}
	from := "standard output"
	if r.Output != "" {
		from = r.Output
		if text, err = readTail(filepath.Join(dir, r.Output)); err != nil {
			return 0, fmt.Errorf("the command wrote no output file: %w", err)
		}
	}
	return r.number(text, from)
}

// filler replaces {x1} and the like by the coordinates of x.
func (r *commandRunner) filler(x []float64) *strings.Replacer {
	var pairs []string
	for j, name := range r.Inputs {
		pairs = append(pairs, "{"+name+"}", formatValue(x[j]))
	}
	return strings.NewReplacer(append(pairs, "{dir}", r.Dir)...)
}

func writeInput(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o666)
}

// start runs the program in dir to its end and returns what it printed.
func (r *commandRunner) start(ctx context.Context, dir string, args []string) ([]byte, error) {
	if r.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, r.Timeout, errTimeout)
		defer cancel()
	}
	stdout, stderr := tail{most: maxCommandOutput}, tail{most: maxCommandErrors}
	cmd := exec.CommandContext(ctx, r.program, args...)
	cmd.Args[0] = r.Args[0]
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	// A process that outlives the program may hold its pipes.
	cmd.WaitDelay = pipeDelay
	err := process.Run(cmd)
	switch {
	case errors.Is(err, exec.ErrWaitDelay):
		return stdout.bytes(), nil // the program itself ended well
	case err != nil && context.Cause(ctx) == errTimeout:
		err = fmt.Errorf("the command was killed at its time limit of %v", r.Timeout)
	case err != nil:
		err = fmt.Errorf("the command failed: %w", err)
	}
	if said := strings.TrimSpace(string(stderr.bytes())); err != nil && said != "" {
		err = fmt.Errorf("%w; its standard error ends with: %s", err, strings.ToValidUTF8(said, "?"))
	}
	return stdout.bytes(), err
}

var errTimeout = errors.New("time limit")

// tail keeps the last bytes written to it.
type tail struct {
	most int
	kept []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b[max(0, len(b)-t.most):]...)
	if len(t.kept) > 2*t.most {
		t.kept = append(t.kept[:0], t.bytes()...)
	}
	return len(b), nil
}

func (t *tail) bytes() []byte { return t.kept[max(0, len(t.kept)-t.most):] }

// readTail reads the last bytes of a file.
func readTail(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size, err := f.Seek(0, io.SeekEnd); err != nil {
		return nil, err
	} else if _, err := f.Seek(max(0, size-maxCommandOutput), io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

// number finds the value in what the program wrote.
func (r *commandRunner) number(text []byte, from string) (float64, error) {
	if r.pattern == nil {
		v, ok := lastNumber(text)
		if !ok {
			return 0, fmt.Errorf("there is no number in the %s of the command%s", from, excerpt(text))
		}
		return v, nil
	}
	matches := r.pattern.FindAllSubmatch(text, -1)
	if len(matches) == 0 {
		return 0, fmt.Errorf("nothing in the %s of the command matches %q%s", from, r.Pattern, excerpt(text))
	}
	last := matches[len(matches)-1]
	found := last[min(1, len(last)-1)]
	v, ok := parseNumber(bytes.TrimSpace(found))
	if !ok {
		return 0, fmt.Errorf("%q in the %s of the command, which %q matches, is not a number", found, from, r.Pattern)
	}
	return v, nil
}

// excerpt shows the end of a text.
func excerpt(text []byte) string {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return ", which is empty"
	}
	const most = 80
	dots := ""
	if len(text) > most {
		text, dots = text[len(text)-most:], "..."
	}
	return fmt.Sprintf(", which ends with %s%q", dots, text)
}
