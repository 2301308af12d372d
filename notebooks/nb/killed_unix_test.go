//go:build unix

package nb

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func init() {
	for workers := range 2 {
		cells[fmt.Sprintf("sweep for hours with %d", workers)] = func() {
			RunText(`
ritz: 1
kind: sweep
name: hours
command: {run: [sh, -c, "exec sleep 10000 {x} >`+os.Getenv("RITZ_NB_TEST_FIFO")+`"]}
vary: {x: [1]}
`, Options{Out: "out", Workers: workers})
		}
	}
	cells["kernel"] = func() { // that runs a cell
		cell := exec.Command(os.Args[0])
		cell.Env = append(os.Environ(), cellVariable+"="+os.Getenv("RITZ_NB_TEST_CELL_OF_KERNEL"))
		cell.Stderr = os.Stderr
		Check(cell.Run())
	}
}

// When a cell or its kernel is killed, its run ends as one that is interrupted, with
// its workers and the programs that they have started.
func TestKilled(t *testing.T) {
	ritz := theRitz(t)
	for workers := range 2 {
		cell := fmt.Sprintf("sweep for hours with %d", workers)
		for _, victim := range []string{"cell", "kernel"} {
			t.Run(fmt.Sprintf("%s, %d workers", victim, workers), func(t *testing.T) {
				dir := t.TempDir()
				fifo := filepath.Join(dir, "fifo")
				require.NoError(t, syscall.Mkfifo(fifo, 0o600))
				program, err := os.Executable()
				require.NoError(t, err)
				cmd := exec.Command(program)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), append(newKernel(t).environment, ritz+":"+os.Getenv("PATH"),
					"RITZ_NB_TEST_FIFO="+fifo, "RITZ_NB_TEST_CELL_OF_KERNEL="+cell, cellVariable+"="+cell)...)
				if victim == "kernel" {
					cmd.Env = append(cmd.Env, cellVariable+"=kernel")
				}
				// Each process keeps an end of a pipe open, for as long as it lives.
				said, theirs, err := os.Pipe()
				require.NoError(t, err)
				defer said.Close()
				cmd.Stderr = theirs
				require.NoError(t, cmd.Start())
				require.NoError(t, theirs.Close())
				defer cmd.Wait()
				defer cmd.Process.Kill()
				programs := opened(t, fifo)
				require.NoError(t, cmd.Process.Kill())
				ends(t, programs, "the program")
				ends(t, said, "the run")
				kept, err := readResult(filepath.Join(dir, "out"))
				require.NoError(t, err)
				assert.Equal(t, "stopped", kept.Status)
			})
		}
	}
}

// opened opens a fifo as soon as somebody writes there.
func opened(t *testing.T, fifo string) io.Reader {
	t.Helper()
	files := make(chan *os.File, 1)
	go func() {
		f, _ := os.Open(fifo)
		files <- f
	}()
	select {
	case f := <-files:
		require.NotNil(t, f)
		t.Cleanup(func() { f.Close() })
		return f
	case <-time.After(30 * time.Second):
		t.Fatal("the program has not been started")
		return nil
	}
}

// ends waits for the end of a pipe, which comes when nobody is left to write there.
func ends(t *testing.T, pipe io.Reader, whose string) {
	t.Helper()
	text := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(pipe)
		text <- string(b)
	}()
	select {
	case said := <-text:
		if t.Failed() {
			t.Log(said)
		}
	case <-time.After(30 * time.Second):
		t.Fatal(whose, "goes on")
	}
}

// A cell whose run takes its time to end leaves before the kernel kills it, and says
// how to go on; the run ends by itself.
func TestInterruptThatLasts(t *testing.T) {
	r := interrupt(t, newKernel(t), t.TempDir(), "run text", saying(t, "deaf",
		`{"event":"started","dir":"out"}`, `{"event":"progress","step":{"stages":1,"name":"adam"}}`,
		"wait", "stderr saved")...)
	assert.Equal(t, "ritz: interrupted, still saving; go on with: nb.Resume(\"out\")\nsaved\n", strings.TrimPrefix(r.stderr, "\n"))
}
