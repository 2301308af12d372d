package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestJupyterArguments(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "expected setup, status or remove"},
		{[]string{"install"}, `unknown command "install": expected setup, status or remove`},
		{[]string{"setup", "now"}, `unexpected argument "now"`},
		{[]string{"setup", "--threads", "0"}, "--threads 0: expected 1 or more"},
		{[]string{"setup", "--threads", "two"}, "expected a whole number"},
		{[]string{"status", "--threads", "2"}, "--threads and --name are for setup"},
		{[]string{"remove", "--name", "go"}, "--threads and --name are for setup"},
	} {
		code, stdout, stderr := ritz(append([]string{"jupyter"}, c.args...)...)
		assert.Equal(t, exitUsage, code, c.args)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, c.want)
		assert.Contains(t, stderr, "usage: ritz jupyter setup")
	}
}

func TestJupyterOnThisMachine(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	code, stdout, stderr := ritz("jupyter", "setup")
	assert.Equal(t, exitUsage, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "ritz: missing: ")
	assert.Contains(t, stderr, "python3 -m pip install jupyterlab")
	assert.Contains(t, stderr, "https://go.dev/dl")
	code, _, stderr = ritz("jupyter", "status")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, stderr, "missing: Jupyter")

	if runtime.GOOS == "windows" {
		return
	}
	data := filepath.Join(t.TempDir(), "data")
	for name, says := range map[string]string{"jupyter": data, "go": "go1.26.3"} {
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\necho "+says+"\n"), 0o777))
	}
	code, _, stderr = ritz("jupyter", "status")
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, stderr, "no kernel of ritz in "+data)
	require.NoError(t, os.WriteFile(data, nil, 0o666))
	code, _, stderr = ritz("jupyter", "setup")
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, stderr, "ritz: the kernel cannot be installed in "+filepath.Join(data, "kernels", "ritz")+": ")
	code, _, stderr = ritz("jupyter", "setup", "--name", "My Kernel")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, stderr, "the name of a kernel has small letters")
}
