//go:build unix

package launch_test

import (
	"context"
	"os"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed/launch"
)

// A unit that does not leave is told of as leaving, and killed when Stop's time is over.
func TestStubborn(t *testing.T) {
	s := settings(t.TempDir(), false)
	command := s.Command
	s.Command = func(id string) []string { return []string{command(id)[0], "stubborn", id} }
	l := local(t, s)
	require.NoError(t, l.Scale(t.Context(), 1))
	units, err := l.Units(t.Context())
	require.NoError(t, err)
	for said := ""; said == ""; runtime.Gosched() {
		text, err := os.ReadFile(units[0].Log)
		require.NoError(t, err)
		said = string(text)
	}
	require.NoError(t, l.Scale(t.Context(), 0))
	units, err = l.Units(t.Context())
	require.NoError(t, err)
	require.Len(t, units, 1)
	assert.Equal(t, launch.Leaving, units[0].State)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, l.Stop(ctx), context.Canceled)
	assert.False(t, alive(pid(t, units[0])))
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }
