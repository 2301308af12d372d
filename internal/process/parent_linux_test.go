package process

import (
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A command does not outlive a process that is killed.
func TestParentKilled(t *testing.T) {
	if os.Getenv("RITZ_TEST_AS_PARENT") != "" {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", "echo runs; exec sleep 10000")
		cmd.Stdout = os.Stdout
		t.Error(Run(cmd))
		return
	}
	parent := exec.Command(os.Args[0], "-test.run=TestParentKilled")
	parent.Env = append(os.Environ(), "RITZ_TEST_AS_PARENT=1")
	out, theirs, err := os.Pipe()
	require.NoError(t, err)
	defer out.Close()
	parent.Stdout = theirs
	require.NoError(t, parent.Start())
	require.NoError(t, theirs.Close())
	said := make([]byte, len("runs\n"))
	_, err = io.ReadFull(out, said)
	require.NoError(t, err)
	assert.Equal(t, "runs\n", string(said))
	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	ended := make(chan struct{})
	go func() { // the end of the pipe comes when nobody holds the other one
		_, _ = io.Copy(io.Discard, out)
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatal("the command goes on")
	}
}
