package nb

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/process"
)

func init() {
	work := func(until func() bool) {
		for !until() {
		}
	}
	cells["work"] = func() {
		if cpu, _ := process.Usage(); cpu == 0 {
			os.Exit(77) // not known on this system
		}
		work(func() bool { cpu, _ := process.Usage(); return cpu > 200*time.Millisecond })
		if os.Getenv("RITZ_NB_TEST_CHILD") == "" {
			Usage()
		}
	}
	cells["have it done"] = func() {
		cmd := exec.Command(Must(os.Executable()))
		cmd.Env = append(os.Environ(), cellVariable+"=work", "RITZ_NB_TEST_CHILD=1")
		Check(cmd.Run())
		own, _ := process.Usage()
		ended, _ := process.UsageOfChildren()
		Table([]string{"more by others"}, []any{ended > own})
		Usage()
	}
}

// Usage counts the work of the cell, and that of the programs that it has run.
func TestUsage(t *testing.T) {
	r := inTerminal(t, "work")
	if r.code == 77 {
		t.Skip("the processor time of a process is not known here")
	}
	require.Zero(t, r.code, r.stderr)
	assert.Regexp(t, `^\S+ s, \d+\.\d processors busy, \d+ MB, \d+ of \d+ processors allowed\n$`, r.stdout)
	r = inTerminal(t, "have it done")
	require.Zero(t, r.code, r.stderr)
	assert.Regexp(t, `^more by others\ntrue\n\S+ s, \d+\.\d processors busy, `, r.stdout)
	assert.NotContains(t, r.stdout, " 0.0 processors")
}
