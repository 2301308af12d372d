package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/job"
)

// A run that was interrupted anywhere, or killed, ends with the numbers of one
// that was not.
func TestResume(t *testing.T) {
	file := write(t, "sine.yaml", sine+"output: {figures: []}\n")
	whole := filepath.Join(t.TempDir(), "whole")
	code, _, stderr := ritz("run", file, "--out", whole, "--quiet")
	require.Equal(t, 0, code, stderr)

	same := func(t *testing.T, dir string) {
		code, stdout, stderr := ritz("run", "--resume", dir)
		require.Equal(t, 0, code, stderr)
		assert.Contains(t, stdout, "done after ")
		assert.Equal(t, history(t, whole), history(t, dir))
		assertSame(t, whole, dir, "solution.json")
		assert.Equal(t, files(t, whole), files(t, dir))
		want, got := result(t, whole), result(t, dir)
		delete(want, "seconds")
		delete(got, "seconds")
		assert.Equal(t, want, got)
	}
	for _, k := range []int{1, 53, 80, 105, 106, 161, 189} {
		dir := filepath.Join(t.TempDir(), "part")
		ctx, cancel := context.WithCancel(context.Background())
		j, err := job.Load(file, nil)
		require.NoError(t, err)
		r, err := job.Run(ctx, j, dir, job.Options{Progress: func(p job.Progress) {
			if p.Total == k {
				cancel()
			}
		}})
		require.NoError(t, err)
		require.Equal(t, job.Stopped, r.Status, "iteration %d", k)
		assert.Equal(t, []string{"checkpoint", "history.csv", "job.yaml", "result.json", "solution.json"}, files(t, dir))
		assert.Equal(t, "interrupted", result(t, dir)["reason"])
		same(t, dir)
	}
	for _, k := range []int{1, 67, 105, 106, 150, 190} {
		dir, killed := filepath.Join(t.TempDir(), "part"), filepath.Join(t.TempDir(), "killed")
		j, err := job.Load(file, []string{"output.checkpoint=1e-9"})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(context.Background())
		_, err = job.Run(ctx, j, dir, job.Options{Progress: func(p job.Progress) {
			if p.Total == k {
				require.NoError(t, os.CopyFS(killed, os.DirFS(dir)))
				cancel()
			}
		}})
		require.NoError(t, err)
		same(t, killed)
	}
}

// A run that was killed before its first iteration, at any point, goes on from
// the start.
func TestResumeFromStart(t *testing.T) {
	file := write(t, "sine.yaml", sine+"output: {figures: []}\n")
	whole, killed := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "killed")
	j, err := job.Load(file, nil)
	require.NoError(t, err)
	_, err = job.Run(context.Background(), j, whole, job.Options{
		Started: func(dir string) {
			assert.Equal(t, "running", result(t, dir)["status"])
			require.NoError(t, os.CopyFS(killed, os.DirFS(dir)))
		},
		Progress: func(p job.Progress) {
			if p.Total == 1 {
				assert.Contains(t, files(t, whole), "checkpoint")
				require.NoError(t, os.CopyFS(killed+"1", os.DirFS(whole)))
			}
		},
	})
	require.NoError(t, err)
	require.NoError(t, os.CopyFS(killed+"0", os.DirFS(killed)))
	require.NoError(t, os.Remove(filepath.Join(killed+"0", "result.json")))
	for _, dir := range []string{killed, killed + "0", killed + "1"} {
		code, _, stderr := ritzIn(strings.NewReader("x\n0\n"), "predict", dir, "--points=-")
		assert.Equal(t, 2, code)
		assert.Contains(t, stderr, "holds no solution")
		assert.Equal(t, dir != killed+"0", strings.Contains(stderr, "warning: the run in "+dir+" is still going on or was killed"))
		code, _, stderr = ritz("run", "--resume", dir)
		require.Equal(t, 0, code, stderr)
		assert.Equal(t, history(t, whole), history(t, dir))
		assertSame(t, whole, dir, "solution.json")
	}
}

// Of two runs in one directory, the second is refused; and what a killed one
// leaves behind locks nobody out.
func TestLock(t *testing.T) {
	file, dir := write(t, "sine.yaml", sine+"output: {figures: []}\n"), filepath.Join(t.TempDir(), "out")
	j, err := job.Load(file, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var refused []string
	_, err = job.Run(ctx, j, dir, job.Options{Progress: func(p job.Progress) {
		if p.Total == 3 {
			for _, args := range [][]string{{"run", file, "--out", dir}, {"run", "--resume", dir}, {"draw", dir}} {
				code, _, stderr := ritz(args...)
				assert.Equal(t, 2, code)
				refused = append(refused, stderr[strings.LastIndex(stderr, "ritz: "):])
			}
			cancel()
		}
	}})
	require.NoError(t, err)
	message := "ritz: " + dir + " is in use: another ritz runs in it\n"
	assert.Equal(t, []string{message, message, message}, refused)
	code, _, stderr := ritz("run", "--resume", dir)
	assert.Equal(t, 0, code, stderr)
}

func TestResumeRefuses(t *testing.T) {
	dir := t.TempDir()
	code, _, stderr := ritz("run", "--resume", dir)
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "holds no run")

	code, _, stderr = ritz("run", "--resume", write(t, "sine.yaml", sine))
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "sine.yaml is no run directory")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "job.yaml"), []byte(sine), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "result.json"), []byte("{"), 0o666))
	code, _, stderr = ritz("run", "--resume", dir)
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "result.json: unexpected end of JSON input; and there is no checkpoint to go on from")
	require.NoError(t, os.Remove(filepath.Join(dir, "result.json")))

	require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoint"), []byte("ritz checkpoint 2\nabcdefgh"), 0o666))
	code, _, stderr = ritz("run", "--resume", dir)
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "is damaged")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoint"), []byte("something else"), 0o666))
	code, _, stderr = ritz("run", "--resume", dir)
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "not a checkpoint of this version of ritz")
	assert.NoFileExists(t, filepath.Join(dir, "result.json"))

	code, _, stderr = ritz("run", "--resume", dir, "--set", "seed=2")
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "a resumed run keeps its job and its directory")
}
