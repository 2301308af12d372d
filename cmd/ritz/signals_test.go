package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Ctrl-C keeps the best so far, and the run can go on; also where the signal
// comes twice, as timeout and make send it.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	file := write(t, "sine.yaml", strings.Replace(sine, "iterations: 105", "iterations: 100000000", 1))
	for name, signals := range map[string][]os.Signal{
		"once":  {os.Interrupt},
		"twice": {syscall.SIGTERM, syscall.SIGTERM},
		"mixed": {os.Interrupt, syscall.SIGTERM},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			exe, err := os.Executable()
			require.NoError(t, err)
			c := exec.Command(exe, "run", file, "--out", dir)
			c.Env = append(os.Environ(), "RITZ_TEST_AS_MAIN=1")
			pipe, err := c.StderrPipe()
			require.NoError(t, err)
			require.NoError(t, c.Start())
			lines := bufio.NewScanner(pipe)
			started := false
			for !started && lines.Scan() {
				started = strings.Contains(lines.Text(), "stage 1/2 adam")
			}
			require.True(t, started)
			for _, s := range signals {
				require.NoError(t, c.Process.Signal(s))
			}
			var rest string
			for lines.Scan() {
				rest += lines.Text()
			}
			err = c.Wait()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			assert.Equal(t, 1, exit.ExitCode())
			assert.Contains(t, rest, "interrupted; go on with: ritz run --resume "+dir)
			assert.Equal(t, "stopped", result(t, dir)["status"])
			assert.Contains(t, files(t, dir), "checkpoint")
			assert.Contains(t, files(t, dir), "solution.json")
		})
	}
}

// A run for a program ends with it: at the end of standard input, it keeps what it has
// come to, also when nobody reads what it says.
func TestUntilEOF(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("its pipes know no signal")
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "out")
	c := exec.Command(exe, "run", "-", "--json", "--until-eof", "--out", dir)
	c.Env = append(os.Environ(), "RITZ_TEST_AS_MAIN=1")
	in, err := c.StdinPipe()
	require.NoError(t, err)
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	_, err = in.Write([]byte(strings.Replace(sine, "iterations: 105", "iterations: 100000000", 1) + "\x00"))
	require.NoError(t, err)
	lines := bufio.NewScanner(out)
	started := false
	for !started && lines.Scan() {
		started = strings.Contains(lines.Text(), `"event":"progress"`)
	}
	require.True(t, started)
	require.NoError(t, out.Close())
	require.NoError(t, in.Close())
	assert.EqualError(t, c.Wait(), "exit status 1")
	assert.Equal(t, "stopped", result(t, dir)["status"])
	assert.Contains(t, files(t, dir), "checkpoint")

	code, _, stderr := ritzIn(strings.NewReader("ritz: 1\n"), "run", "-", "--until-eof")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, stderr, "the job on standard input has no end: EOF")
}

// Within the grace more signals change nothing; after it the next one kills.
func TestGrace(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	for grace, killed := range map[string]bool{"1h": false, "0s": true} {
		c := exec.Command(exe)
		c.Env = append(os.Environ(), "RITZ_TEST_GRACE="+grace)
		in, err := c.StdinPipe()
		require.NoError(t, err)
		out, err := c.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, c.Start())
		lines := bufio.NewScanner(out)
		require.True(t, lines.Scan())
		require.Equal(t, "ready", lines.Text())
		require.NoError(t, c.Process.Signal(os.Interrupt))
		require.True(t, lines.Scan())
		require.Equal(t, "first", lines.Text())
		if !killed {
			for range 10 {
				require.NoError(t, c.Process.Signal(syscall.SIGTERM))
			}
			require.NoError(t, in.Close())
			assert.NoError(t, c.Wait())
			continue
		}
		ended := make(chan struct{})
		go func() { // the handler goes at its own pace
			for {
				select {
				case <-ended:
					return
				default:
					c.Process.Signal(syscall.SIGTERM)
					runtime.Gosched()
				}
			}
		}()
		err = c.Wait()
		close(ended)
		assert.EqualError(t, err, "exit status 1")
	}
}
