package job

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/stencil"
)

// A full disk stops a run; what is written is valid, and with room it goes on.
func TestStencilDiskFull(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=512k"); err != nil {
		t.Skip("needs a small disk, which root may mount: ", err)
	}
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(disk, 0)) })
	whole := wave(t, resumed, Options{})
	dir := filepath.Join(disk, "out")
	r := waveIn(t, dir, resumed, Options{})
	require.Equal(t, Failed, r.Status)
	require.Contains(t, r.Reason, "no space left on device")
	steps := r.Body.(*stencilBody).Steps
	require.Greater(t, steps, 10)
	require.Less(t, steps, 90)
	shape, _ := array(t, filepath.Join(dir, snapshotName(stencil.Pressure, steps-15, "npy")))
	assert.Equal(t, []int{41, 61}, shape)
	left, err := filepath.Glob(filepath.Join(dir, "*", ".*"))
	require.NoError(t, err)
	assert.Empty(t, left)
	again, err := Resume(context.Background(), dir, Options{}) // there is still no room
	require.NoError(t, err)
	require.Equal(t, Failed, again.Status)

	roomy := filepath.Join(t.TempDir(), "out")
	require.NoError(t, os.CopyFS(roomy, os.DirFS(dir)))
	r, err = Resume(context.Background(), roomy, Options{})
	require.NoError(t, err)
	require.Equal(t, Done, r.Status, r.Reason)
	same(t, contents(t, whole.Dir), contents(t, roomy))
}
