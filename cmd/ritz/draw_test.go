package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A figure that cannot be written costs no result, and can be drawn later.
func TestDraw(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "u.svg", "full"), 0o777))
	code, _, stderr := ritz("run", write(t, "sine.yaml", sine), "--out", dir, "--set", "output.figures=[svg]")
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "warning: the run in "+dir+" is done, but cannot draw u.svg: ")
	assert.Contains(t, stderr, "draw its figures with: ritz draw "+dir)
	r := result(t, dir)
	assert.Equal(t, "done", r["status"])
	assert.Contains(t, r["reason"], "cannot draw u.svg")
	assert.NotEmpty(t, r["errors"])
	assert.Equal(t, []string{"history.csv", "job.yaml", "loss.svg", "result.json", "solution.json", "u.svg"}, files(t, dir))

	require.NoError(t, os.RemoveAll(filepath.Join(dir, "u.svg")))
	code, stdout, stderr := ritz("draw", dir)
	require.Equal(t, 0, code, stderr)
	assert.Equal(t, "figures u.svg, loss.svg in "+dir+"\n", stdout)
	r = result(t, dir)
	assert.Equal(t, "done", r["status"])
	assert.Empty(t, r["reason"])
	assert.Equal(t, []any{"u.svg", "loss.svg"}, r["figures"])

	code, _, stderr = ritz("draw", t.TempDir())
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "holds no run")
}

// A job without figures has nothing to draw, which is no fault.
func TestDrawNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	file := write(t, "still.yaml", "ritz: 1\nkind: stencil\ngrid: {n: [9, 9], length: [1, 1]}\nsteps: 1\noutput: {figures: []}\n")
	code, _, stderr := ritz("run", file, "--out", dir, "--quiet")
	require.Equal(t, 0, code, stderr)
	code, stdout, stderr := ritz("draw", dir)
	require.Equal(t, 0, code, stderr)
	assert.Equal(t, "no figures in "+dir+": its job.yaml asks for none (output.figures)\n", stdout)
}
