package nb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The tests run cells as the kernel does, each as a process of its own: this
// program with the name of the cell in the environment. Under the name ritz it
// is a program that says what the environment tells it to.
const (
	cellVariable = "RITZ_NB_TEST_CELL"
	saysVariable = "RITZ_NB_TEST_SAYS"
)

// cells are filled in beside the tests that run them.
var cells = map[string]func(){}

func TestMain(m *testing.M) {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "ritz") {
		os.Exit(sayAsRitz())
	}
	name, inCell := os.LookupEnv(cellVariable)
	if !inCell {
		code := m.Run()
		os.RemoveAll(ritzFolder)
		os.Exit(code)
	}
	cell, ok := cells[name]
	if !ok {
		fmt.Fprintln(os.Stderr, "no such cell:", name)
		os.Exit(3)
	}
	cell()
}

// sayAsRitz prints what it was told to, "exit N" being how it ends,
// unless "kill" kills it; "deaf" is
// it to interrupts, and "wait" waits for the end of its cell.
func sayAsRitz() int {
	code := 0
	for line := range strings.Lines(os.Getenv(saysVariable)) {
		if _, err := fmt.Sscanf(line, "exit %d", &code); err == nil {
			return code
		}
		switch line {
		case "deaf\n":
			signal.Ignore(os.Interrupt)
			continue
		case "wait\n":
			_, _ = io.Copy(io.Discard, os.Stdin)
			continue
		case "kill\n":
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
			select {}
		}
		if text, ok := strings.CutPrefix(line, "stderr "); ok {
			fmt.Fprint(os.Stderr, text)
			continue
		}
		fmt.Print(strings.ReplaceAll(line, "ARGS", strings.Join(os.Args[1:], " ")))
	}
	return code
}

// cellRun is what became of a cell in a terminal or a notebook.
type cellRun struct {
	dir            string
	stdout, stderr string
	code           int
}

// start starts a cell in the folder dir. The output is there after wait.
func start(t *testing.T, dir, name string, environment ...string) (cmd *exec.Cmd, wait func() cellRun) {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, program)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append(environment, cellVariable+"="+name)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Start())
	return cmd, func() cellRun {
		err := cmd.Wait()
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			require.NoError(t, err)
		}
		return cellRun{dir, stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	}
}

// inTerminal runs a cell as a program of its own.
func inTerminal(t *testing.T, name string, environment ...string) cellRun {
	t.Helper()
	_, wait := start(t, t.TempDir(), name, environment...)
	return wait()
}

// saying puts a ritz on PATH that says these lines.
func saying(t *testing.T, lines ...string) []string {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	bin := t.TempDir()
	name := "ritz" + filepath.Ext(program)
	if filepath.Ext(program) == ".test" { // as go test names it
		name = "ritz"
	}
	require.NoError(t, os.Symlink(program, filepath.Join(bin, name)))
	return []string{"PATH=" + bin, saysVariable + "=" + strings.Join(lines, "\n") + "\n"}
}

// theRitz builds ritz, and returns the setting that puts it on PATH.
func theRitz(t *testing.T) string {
	t.Helper()
	bin, err := builtRitz()
	require.NoError(t, err)
	return "PATH=" + bin
}

var ritzFolder string // of the program, once it is built

var builtRitz = sync.OnceValues(func() (string, error) {
	var err error
	if ritzFolder, err = os.MkdirTemp("", "ritz-nb-test-"); err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", ritzFolder+string(filepath.Separator), "../../cmd/ritz").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return ritzFolder, nil
})
