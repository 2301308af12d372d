package job

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/stencil"
)

const resumed = shot + "output: {every: 15, animation: [gif, png], snapshots: [npy, vti], energy: true, figures: [], checkpoint: 1e-9}\n"

// The energy of a result is that of its end, wherever the last output was.
func TestStencilEnergyAtEnd(t *testing.T) {
	often := wave(t, shot+"output: {every: 1, energy: true, figures: []}\n", Options{})
	seldom := wave(t, shot+"output: {every: 37, energy: true, figures: []}\n", Options{})
	want, got := *often.Body.(*stencilBody).Energy, *seldom.Body.(*stencilBody).Energy
	rows := readCSV(t, filepath.Join(often.Dir, "energy.csv"))
	require.Equal(t, strconv.Itoa(often.Body.(*stencilBody).Steps), rows[len(rows)-1][0])
	require.Equal(t, format(float64(want)), rows[len(rows)-1][4])
	require.InEpsilon(t, float64(want), float64(got), 1e-12)
}

// contents are the files below a directory that do not tell times.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		require.NoError(t, err)
		if e.IsDir() || e.Name() == "result.json" || e.Name() == ".lock" {
			return nil
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = string(data)
		return err
	}))
	return files
}

// same requires two directories to hold the same, byte for byte.
func same(t *testing.T, want, got map[string]string) {
	t.Helper()
	require.Greater(t, len(want), 18)
	for name, text := range want {
		require.Contains(t, got, name)
		require.True(t, text == got[name], "%s differs", name)
	}
	require.Len(t, got, len(want))
}

// A run that is interrupted, at any time and several times, ends with the files
// of one that is not.
func TestStencilResume(t *testing.T) {
	precisions := []string{"float64", "float32"}
	if testing.Short() {
		precisions = precisions[:1]
	}
	for _, precision := range precisions {
		text := strings.Replace(resumed, "1e-9", "60", 1) + "precision: " + precision + "\n"
		whole := wave(t, text, Options{})
		require.Equal(t, Done, whole.Status, whole.Reason)
		want := contents(t, whole.Dir)

		dir := filepath.Join(t.TempDir(), "out")
		stops, began := 0, 0
		o := func(steps, frames int) (context.Context, Options) {
			ctx, cancel := context.WithCancel(context.Background())
			t.Cleanup(cancel)
			first := true
			return ctx, Options{Progress: func(p Progress) {
				if first { // it goes on from where it stopped
					require.True(t, p.Name == "frames" || p.Iteration == began+15, "%d after %d", p.Iteration, began)
				}
				first = false
				if p.Name == "steps" && p.Iteration >= steps || p.Name == "frames" && p.Iteration >= frames {
					cancel()
				}
			}}
		}
		j, err := decode("a.yaml", text, nil)
		require.NoError(t, err)
		ctx, options := o(10, 0)
		r, err := Run(ctx, j, dir, options)
		require.NoError(t, err)
		for _, at := range [][2]int{{13, 0}, {40, 0}, {70, 0}, {1000, 3}, {1000, 1000}} {
			require.Equal(t, Stopped, r.Status, r.Reason)
			stops++
			assert.Equal(t, "interrupted", r.Reason)
			began = r.Body.(*stencilBody).Steps
			assert.Less(t, began, 91)
			ctx, options := o(at[0], at[1])
			r, err = Resume(ctx, dir, options)
			require.NoError(t, err)
		}
		require.Equal(t, Done, r.Status, r.Reason)
		assert.Equal(t, 5, stops)
		same(t, want, contents(t, dir))
		assert.Equal(t, whole.Body.(*stencilBody).Pressure, r.Body.(*stencilBody).Pressure)
	}
}

// A run that was killed leaves a checkpoint and what came after it; it goes on
// from there.
func TestStencilKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	killed := map[int]string{}
	whole := waveIn(t, dir, resumed, Options{Progress: func(p Progress) {
		if n := p.Iteration; p.Name == "steps" && n%30 == 0 {
			killed[n] = filepath.Join(t.TempDir(), "killed")
			require.NoError(t, os.CopyFS(killed[n], os.DirFS(dir)))
		}
	}})
	require.Equal(t, Done, whole.Status, whole.Reason)
	require.Len(t, killed, 3)
	want := contents(t, dir)
	for n, copied := range killed {
		if testing.Short() && n != 60 {
			continue
		}
		if n == 60 { // in the midst of a frame
			f, err := os.OpenFile(filepath.Join(copied, "animation.raw"), os.O_APPEND|os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteString("half a frame")
			require.NoError(t, err)
			require.NoError(t, f.Close())
		}
		files, err := Draw(copied) // as far as it came
		require.NoError(t, err)
		assert.Contains(t, files, "animation.gif")
		first := 0
		r, err := Resume(context.Background(), copied, Options{Progress: func(p Progress) {
			if first == 0 {
				first = p.Iteration
			}
		}})
		require.NoError(t, err)
		require.Equal(t, Done, r.Status, r.Reason)
		assert.Equal(t, n, first, "the checkpoint was 15 steps before")
		same(t, want, contents(t, copied))
	}
	// Without a checkpoint, from the start; a damaged one is refused.
	none := killed[30]
	require.NoError(t, os.WriteFile(filepath.Join(none, "result.json"), []byte(`{"ritz": 1, "kind": "stencil", "status": "running"}`), 0o666))
	r, err := Resume(context.Background(), none, Options{})
	require.NoError(t, err)
	require.Equal(t, Done, r.Status, r.Reason)
	same(t, want, contents(t, none))
}

// Files that cannot be written stop the run, which says so; those before stay
// whole, and once there is a way the run goes on to the same end.
func TestStencilCannotWrite(t *testing.T) {
	whole := wave(t, resumed, Options{})
	dir := filepath.Join(t.TempDir(), "out")
	snapshots := filepath.Join(dir, "snapshots")
	r := waveIn(t, dir, strings.Replace(resumed, "1e-9", "60", 1), Options{Progress: func(p Progress) {
		if p.Iteration == 45 {
			require.NoError(t, os.Rename(snapshots, snapshots+"_kept"))
		}
	}})
	require.Equal(t, Failed, r.Status)
	assert.Contains(t, r.Reason, "cannot write: ")
	assert.Contains(t, r.Reason, "snapshots")
	assert.Equal(t, 45, r.Body.(*stencilBody).Steps)
	require.NoError(t, os.Rename(snapshots+"_kept", snapshots))
	assert.NoFileExists(t, filepath.Join(dir, snapshotName(stencil.Pressure, 45, "npy")))
	shape, _ := array(t, filepath.Join(dir, snapshotName(stencil.Pressure, 30, "npy")))
	assert.Equal(t, []int{41, 61}, shape)
	first := 0
	r, err := Resume(context.Background(), dir, Options{Progress: func(p Progress) {
		if first == 0 {
			first = p.Iteration
		}
	}})
	require.NoError(t, err)
	require.Equal(t, Done, r.Status, r.Reason)
	assert.Equal(t, 60, first)
	want, got := contents(t, whole.Dir), contents(t, dir)
	delete(want, "job.yaml") // the seconds between checkpoints
	delete(got, "job.yaml")
	same(t, want, got)
}
