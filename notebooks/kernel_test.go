//go:build unix

package notebooks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the compiler says of a cell, and where, is in the error: also of a notebook
// that is not saved as it has failed. A cell of statements alone is told what it
// lacks.
func TestCompilerErrors(t *testing.T) {
	needKernel(t)
	cells := []string{"// a comment\n%%\nx := 1\nprintln(undefined)", "func f() int {\n\treturn \"a\"\n}", "println(1)"}
	messages := []string{
		"Cell[1]: Line 3: declared and not used: x\nCell[1]: Line 4: undefined: undefined",
		"Cell[2]: Line 2: cannot use \"a\" (untyped string constant) as int value in return statement",
		"Cell[3]: Line 1: expected declaration, found println: put %% on a line before statements",
	}
	n, said, err := execute(t, write(t, t.TempDir(), cells...), "--allow-errors")
	require.NoError(t, err, said)
	for i, c := range n.Cells {
		require.Len(t, c.Outputs, 2, i)
		assert.Equal(t, text(messages[i]), c.Outputs[0].Data["text/plain"], "beside the HTML")
		assert.Contains(t, c.Outputs[0].Data["text/html"], "gonb-err-location")
		assert.Equal(t, "error", c.Outputs[1].Type)
		assert.Equal(t, messages[i], c.Outputs[1].Value)
	}
	_, said, err = execute(t, write(t, t.TempDir(), cells[0]))
	require.Error(t, err)
	assert.Contains(t, said, "Cell[1]: Line 4: undefined: undefined")
}

// A kernel that signals end leaves nothing, also where a second one comes while it
// ends, which without a change to GoNB makes every other kernel panic; one that is killed leaves no program,
// after a while.
func TestKernelSignals(t *testing.T) {
	needKernel(t)
	for _, signals := range []string{"TERM", "TERM HUP", "HUP TERM", "KILL"} {
		t.Run(signals, func(t *testing.T) {
			dir := t.TempDir()
			_, said, err := execute(t, write(t, dir, "!echo $GONB_TMP_DIR > where; for s in "+signals+"; do kill -$s $PPID; done; sleep 100"))
			require.Error(t, err)
			assert.Contains(t, said, "DeadKernelError")
			assert.NotContains(t, said, "panic")
			data, err := os.ReadFile(filepath.Join(dir, "where"))
			require.NoError(t, err)
			where := strings.TrimSpace(string(data))
			require.Contains(t, where, "gonb_")
			if signals != "KILL" {
				assert.NoDirExists(t, where)
			} else {
				require.DirExists(t, where)
				defer os.RemoveAll(where)
			}
			deadline := time.After(2 * time.Minute)
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for strings.Contains(processes(t), where) { // gopls listens there
				select {
				case <-tick.C:
				case <-deadline:
					t.Fatal("gopls is left")
				}
			}
		})
	}
}
