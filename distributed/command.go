package distributed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// ErrCommand is the cause of a failure when a worker does not run the command.
var ErrCommand = errors.New("command not allowed")

// Command is, as JSON, the Data of a task of kind "command". The program runs in
// the task's directory, where it finds Job.Shared and Task.Files. What it prints is
// the result's Data and, with its standard error, the task's log; an exit code
// other than 0 is a failure.
//
// The first argument is a name that the worker finds on its PATH, an absolute path,
// or a path with a slash among the task's own files. A worker runs only what its
// WorkerSettings.Commands allow.
type Command struct {
	Command []string `json:"command"`
	Outputs []string `json:"outputs,omitempty"` // files that become the result's Files; patterns as in path.Match
	Stdin   string   `json:"stdin,omitempty"`
}

// AnyCommand on a worker's list allows all commands, the task's own files included.
const AnyCommand = "*"

// checkCommands validates a worker's list.
func checkCommands(commands []string) error {
	for _, c := range commands {
		name := c != "" && !strings.ContainsAny(c, `/\`)
		if !name && !filepath.IsAbs(c) {
			return fmt.Errorf("%w: command %q: give the name of a program, an absolute path, or %s for all", ErrName, c, AnyCommand)
		}
	}
	return nil
}

// allowed is the path of the program that a worker with such a list runs for name.
func allowed(commands []string, name, dir string) (string, error) {
	any := slices.Contains(commands, AnyCommand)
	if !any && !slices.Contains(commands, name) {
		if len(commands) == 0 {
			return "", fmt.Errorf("%w: %q: this worker runs no commands", ErrCommand, name)
		}
		return "", fmt.Errorf("%w: %q: this worker runs %s", ErrCommand, name, strings.Join(commands, ", "))
	}
	if filepath.IsAbs(name) {
		return name, nil
	}
	if strings.ContainsAny(name, `/\`) { // one of its own files
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return "", fmt.Errorf("%w: %q is outside the task's directory", ErrCommand, name)
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		return path, os.Chmod(path, 0o700)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("command %q: %w", name, err)
	}
	return path, nil
}

// command is the handler of kind "command".
func (w *Worker) command(ctx context.Context, a *Attempt) (Result, error) {
	c, err := decode[Command]("command", a.Data)
	if err != nil {
		return Result{}, err
	}
	if len(c.Command) == 0 || c.Command[0] == "" {
		return Result{}, errors.New(`malformed command: "command" is empty`)
	}
	path, err := allowed(w.settings.Commands, c.Command[0], a.Dir)
	if err != nil {
		return Result{}, err
	}
	var stdout capped
	err = a.Run(ctx, Program{Args: append([]string{path}, c.Command[1:]...), Stdin: strings.NewReader(c.Stdin), Stdout: &stdout})
	if err != nil {
		return Result{}, err
	}
	if stdout.over {
		return Result{}, fmt.Errorf("%w: the command printed more than %d bytes", ErrTooLarge, MaxTask)
	}
	files, err := collect(a.Dir, c.Outputs)
	return Result{Data: stdout.Bytes(), Paths: files}, err
}

// collect finds the files of dir that match one of the patterns.
func collect(dir string, patterns []string) (map[string]string, error) {
	if len(patterns) == 0 {
		return nil, nil
	}
	root, err := os.OpenRoot(dir) // symbolic links do not lead out of it
	if err != nil {
		return nil, err
	}
	defer root.Close()
	files := map[string]string{}
	for _, pattern := range patterns {
		names, err := fs.Glob(root.FS(), pattern)
		if err == nil && (!fs.ValidPath(pattern) || len(names) == 0 && !strings.ContainsAny(pattern, `*?[\`)) {
			err = errors.New("no such file in the task's directory")
		}
		if err != nil {
			return nil, fmt.Errorf("output %q: %w", pattern, err)
		}
		for _, name := range names {
			info, err := root.Stat(name)
			if err != nil {
				return nil, fmt.Errorf("output %q: %w", pattern, err)
			}
			if info.Mode().IsRegular() {
				files[name] = name
			}
		}
	}
	return files, nil
}

// capped keeps up to MaxTask bytes, and drops the rest.
type capped struct {
	bytes.Buffer
	over bool
}

func (c *capped) Write(b []byte) (int, error) {
	if c.Len()+len(b) > MaxTask {
		c.over = true
		return len(b), nil
	}
	return c.Buffer.Write(b)
}

// MarshalTask is a task that runs the command.
func (c Command) MarshalTask() (Task, error) {
	data, err := json.Marshal(c)
	return Task{Data: data}, err
}
