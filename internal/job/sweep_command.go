package job

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/process"
)

// sweepCommand is a program that is run at each point, in a directory of its own.
type sweepCommand struct {
	node    *node
	args    []*node
	files   []*node // what it finds in its directory
	timeout float64 // seconds; 0: none
	dir     string  // where a program with a slash in its name is looked for
}

// decodeCommand reads [program, argument, ...] or {run: [...], files: [...], timeout: 60}.
func (t *sweepTask) decodeCommand(parent *section, v *node) {
	if v.kind == listNode { // the short way of writing it
		long := v.beside(mappingNode, "")
		long.put("run", v)
		parent.n.put("command", long)
		v = long
	}
	s := parent.section(v, "command")
	defer s.close()
	c := &sweepCommand{node: v}
	t.command = c
	if run := s.require("run", `the program and its arguments, [./simulator, "{rho}"]`); run != nil {
		c.node = run
		for i, a := range s.list(run, s.at("run")) {
			s.text(a, item(s.at("run"), i))
			c.args = append(c.args, a)
		}
		if run.kind == listNode && (len(c.args) == 0 || c.args[0].text == "") {
			s.fail(run, s.at("run"), "there is no program to run")
		}
	}
	if files := s.get("files"); files != nil {
		for i, f := range s.list(files, s.at("files")) {
			t.job.file(s.decoder, f, item(s.at("files"), i))
			c.files = append(c.files, f)
		}
	}
	c.dir = s.programDir(t.job)
	c.timeout = s.atLeast("timeout", 0, 0)
}

var placeholders = regexp.MustCompile(`\{[\pL_][\pL\pN_.]*\}`)

// checkCommand compares the parameters with the placeholders of the command.
func (t *sweepTask) checkCommand() error {
	c := t.command
	var known []string
	where := map[string]*node{}
	for _, a := range c.args {
		for _, p := range placeholders.FindAllString(a.text, -1) {
			known, where[p[1:len(p)-1]] = append(known, p[1:len(p)-1]), a
		}
	}
	names := slices.Clone(t.axes)
	if t.halving != nil {
		names = append(names, axis{path: t.halving.path, node: t.halving.node})
	}
	for _, a := range names {
		if !slices.Contains(known, a.path) {
			return fault(a.node, "vary", fmt.Sprintf("the command has no {%s}%s", a.path, suggest(a.path, known)))
		}
		delete(where, a.path)
	}
	for _, name := range sortedKeys(where) {
		e := fault(where[name], "command", fmt.Sprintf("no parameter is called %q: the program gets {%s} as it stands", name, name))
		e.Source = ""
		t.odd = append(t.odd, e.Error())
	}
	taken := map[string]bool{}
	for _, f := range c.files {
		if base := filepath.Base(t.job.resolve(f.text)); taken[base] || slices.Contains(commandFiles, base) {
			return fault(f, "command.files", fmt.Sprintf("another file in the directory of a run is called %s", base))
		} else {
			taken[base] = true
		}
		if _, err := os.Stat(t.job.resolve(f.text)); err != nil {
			return textFault(f, "command.files", err)
		}
	}
	if program := c.args[0].text; !taken[filepath.Base(program)] {
		if _, err := c.find(program); err != nil {
			return fault(c.args[0], "command", err.Error())
		}
	}
	return nil
}

// find returns the path of the program: with a slash, such as ./simulator, it is
// looked for beside the job file, else in the search path.
func (c *sweepCommand) find(name string) (string, error) {
	if filepath.Base(name) != name && !filepath.IsAbs(name) {
		name = filepath.Join(c.dir, name)
	}
	return exec.LookPath(name)
}

// commandFiles are what a task of kind command writes.
var commandFiles = []string{"result.json", "stdout.txt", "stderr.txt"}

// commandTask is the data of a task of kind command.
type commandTask struct {
	Args    []string `json:"args"` // the program: beside the task's files if it is one of them
	Timeout float64  `json:"timeout,omitempty"`
}

// task returns the task of a point.
func (c *sweepCommand) task(values map[string]string, files map[string][]byte) (Task, error) {
	var pairs []string
	for _, name := range sortedKeys(values) {
		pairs = append(pairs, "{"+name+"}", values[name])
	}
	fill := strings.NewReplacer(pairs...)
	d := commandTask{Timeout: c.timeout}
	for _, a := range c.args {
		d.Args = append(d.Args, fill.Replace(a.text))
	}
	if base := filepath.Base(d.Args[0]); files[base] != nil {
		d.Args[0] = "./" + base
	} else if path, err := c.find(d.Args[0]); err == nil && base != d.Args[0] {
		d.Args[0] = path
	}
	data, err := json.Marshal(d)
	return Task{Kind: "command", Data: data, Files: files}, err
}

// commandResult is the result.json of a program.
type commandResult struct {
	Ritz    int    `json:"ritz"`
	Kind    string `json:"kind"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Seconds Number `json:"seconds"`
	Output  any    `json:"output"` // its last line, as JSON or as text
}

// maxCommandTail is how much of its standard error the reason of a failure tells.
const maxCommandTail = 500

// taskCommand runs a program in dir, where its output goes to stdout.txt and
// stderr.txt. The last line of the former, a number or JSON, is its result. That
// the program fails is a result too.
func taskCommand(ctx context.Context, data []byte, dir string, log io.Writer) ([]byte, error) {
	if text, err := os.ReadFile(filepath.Join(dir, "result.json")); err == nil {
		return text, nil
	}
	var c commandTask
	if err := json.Unmarshal(data, &c); err != nil || len(c.Args) == 0 {
		return nil, errors.New("the data of the task are no command")
	}
	program := c.Args[0]
	if err := process.Check(ctx, program); err != nil {
		return nil, err
	}
	if strings.HasPrefix(program, "./") {
		program = filepath.Join(dir, program)
		if err := os.Chmod(program, 0o777); err != nil {
			return nil, err
		}
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	stdout, err := os.Create(filepath.Join(dir, "stdout.txt"))
	if err != nil {
		return nil, err
	}
	defer stdout.Close()
	stderr, err := os.Create(filepath.Join(dir, "stderr.txt"))
	if err != nil {
		return nil, err
	}
	defer stderr.Close()
	limited, cancel := ctx, context.CancelFunc(func() {})
	if c.Timeout > 0 {
		limited, cancel = context.WithTimeout(ctx, time.Duration(c.Timeout*float64(time.Second)))
	}
	defer cancel()
	cmd := exec.CommandContext(limited, path, c.Args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, io.MultiWriter(stdout, log), io.MultiWriter(stderr, log)
	cmd.WaitDelay = 2 * time.Second // what outlives the program may hold its pipes
	start := time.Now()
	err = process.Run(cmd)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	r := commandResult{Ritz: schema, Kind: "command", Status: Done, Seconds: Number(time.Since(start).Seconds())}
	switch {
	case err != nil && limited.Err() != nil:
		r.Status, r.Reason = Failed, fmt.Sprintf("killed at its time limit of %s s", format(c.Timeout))
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		r.Status, r.Reason = Failed, err.Error()
		if said := lastBytes(stderr, maxCommandTail); len(said) > 0 {
			r.Reason += "; its standard error ends with: " + strings.ToValidUTF8(string(said), "?")
		}
	default:
		r.Output = lastLine(lastBytes(stdout, 1<<20))
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, err
	}
	d := directory{path: dir}
	return text, d.write("result.json", append(text, '\n'))
}

// lastBytes returns the end of a file without the space around it.
func lastBytes(f *os.File, most int64) []byte {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil
	}
	b := make([]byte, min(size, most))
	n, _ := f.ReadAt(b, size-int64(len(b)))
	return bytes.TrimSpace(b[:n])
}

// lastLine is the value of the last line: a number, JSON or, if it is neither,
// its text.
func lastLine(text []byte) any {
	line := string(bytes.TrimSpace(text[bytes.LastIndexByte(text, '\n')+1:]))
	var v any
	if json.Unmarshal([]byte(line), &v) == nil {
		return v
	}
	if x, err := strconv.ParseFloat(line, 64); err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) {
		return x
	}
	return line
}
