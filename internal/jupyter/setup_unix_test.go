//go:build unix

package jupyter

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// machine is a PATH with nothing but these programs, given as shell scripts,
// and what scripts need.
func machine(t *testing.T, programs map[string]string) {
	t.Helper()
	bin := t.TempDir()
	for name, script := range programs {
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o777))
	}
	t.Setenv("PATH", bin)
}

const (
	someJupyter = `[ "$*" = --data-dir ] && echo "$DATA"`
	someGo      = `[ "$1" = env ] && echo go1.26.3`
)

func setup(t *testing.T, s Settings) (string, error) {
	t.Helper()
	var log bytes.Buffer
	s.Log, s.Release = &log, "v0.1.0"
	_, err := Setup(t.Context(), s)
	return log.String(), err
}

// What a machine lacks is told before anything is done.
func TestWhatIsMissing(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	t.Setenv("DATA", data)
	for _, c := range []struct {
		name     string
		programs map[string]string
		want     []string
	}{
		{"nothing there", nil, []string{
			"missing: Jupyter: neither the program jupyter nor python3 -m jupyter works; install it with\n    python3 -m pip install jupyterlab",
			"missing: Go: there is no program go on PATH; install Go 1.26.0 or newer from https://go.dev/dl"}},
		{"no Jupyter", map[string]string{"go": someGo}, []string{"missing: Jupyter: "}},
		{"Python without Jupyter", map[string]string{"go": someGo, "python3": "echo No module named jupyter >&2; exit 1"}, []string{"missing: Jupyter: "}},
		{"Jupyter that does not work", map[string]string{"go": someGo, "jupyter": "exit 3"}, []string{"works (jupyter --data-dir: exit status 3); install"}},
		{"Jupyter that says something else", map[string]string{"go": someGo, "jupyter": "echo usage"}, []string{`works (jupyter --data-dir: it says "usage"); install`}},
		{"no Go", map[string]string{"jupyter": someJupyter}, []string{"missing: Go: there is no program go on PATH"}},
		{"an old Go", map[string]string{"jupyter": someJupyter, "go": "echo go1.25.9"}, []string{"missing: a newer Go: ", "is go1.25.9, and go1.26.0 or newer is needed"}},
		{"a Go before modules", map[string]string{"jupyter": someJupyter, "go": "echo go1.9"}, []string{"is go1.9, and"}},
		{"a Go that does not work", map[string]string{"jupyter": someJupyter, "go": "echo no toolchain >&2; exit 1"}, []string{"missing: Go: ", "does not work", "no toolchain"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			machine(t, c.programs)
			log, err := setup(t, Settings{})
			assert.ErrorIs(t, err, ErrMissing)
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Empty(t, log)
			assert.NoDirExists(t, data)
		})
	}
}

func TestJupyterOfPython(t *testing.T) {
	t.Setenv("DATA", "/somewhere")
	machine(t, map[string]string{"python3": `[ "$*" = "-m jupyter --data-dir" ] && echo "$DATA"`})
	data, err := jupyterData(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "/somewhere", data)
}

func TestFolderThatCannotBeWritten(t *testing.T) {
	data := t.TempDir()
	t.Setenv("DATA", data)
	machine(t, map[string]string{"jupyter": someJupyter, "go": someGo})

	require.NoError(t, os.WriteFile(filepath.Join(data, "kernels"), nil, 0o666)) // also root cannot
	log, err := setup(t, Settings{})
	assert.ErrorContains(t, err, "the kernel cannot be installed in "+filepath.Join(data, "kernels", "ritz")+": ")
	assert.NotErrorIs(t, err, ErrMissing)
	assert.Empty(t, log)

	require.NoError(t, os.Remove(filepath.Join(data, "kernels")))
	require.NoError(t, os.WriteFile(filepath.Join(data, "ritz"), nil, 0o666))
	_, err = setup(t, Settings{})
	assert.ErrorContains(t, err, "the programs of the kernel cannot be installed in "+filepath.Join(data, "ritz")+": ")

	prefix := filepath.Join(data, "ritz")
	_, err = setup(t, Settings{Prefix: prefix})
	assert.ErrorContains(t, err, "cannot be installed in "+filepath.Join(prefix, "share", "jupyter", "kernels", "ritz")+": ")

	if os.Geteuid() == 0 {
		return
	}
	require.NoError(t, os.Remove(filepath.Join(data, "ritz")))
	require.NoError(t, os.Chmod(data, 0o555))
	defer os.Chmod(data, 0o777)
	_, err = setup(t, Settings{})
	assert.ErrorIs(t, err, os.ErrPermission)
}

func TestBuildThatFails(t *testing.T) {
	data := t.TempDir()
	t.Setenv("DATA", data)
	machine(t, map[string]string{"jupyter": someJupyter, "go": `[ "$1" = mod ] && { echo no network >&2; exit 1; }` + "\n" + someGo})
	log, err := setup(t, Settings{})
	assert.ErrorContains(t, err, "GoNB "+GoNB+" cannot be fetched: go mod: exit status 1\nno network")
	assert.Contains(t, log, "building the Go kernel, GoNB "+GoNB)
	left, err := os.ReadDir(filepath.Join(data, "ritz"))
	require.NoError(t, err)
	assert.Empty(t, left)
	specs, err := ours(data)
	require.NoError(t, err)
	assert.Empty(t, specs)
}

func TestRemove(t *testing.T) {
	data := t.TempDir()
	t.Setenv("DATA", data)
	machine(t, map[string]string{"jupyter": someJupyter})
	removed, err := Remove(t.Context(), Settings{})
	require.NoError(t, err)
	assert.Empty(t, removed)

	mine := specFor(data, "ritz", 2)
	require.NoError(t, os.MkdirAll(mine.Folder, 0o777))
	require.NoError(t, mine.write(filepath.Join(data, "ritz", "gonb"), &goTool{path: "/go"}))
	require.NoError(t, os.MkdirAll(filepath.Join(data, "ritz", "gonb"), 0o777))
	require.NoError(t, os.MkdirAll(filepath.Join(data, "kernels", "python3"), 0o777))
	specs, folder, err := Installed(t.Context(), Settings{})
	require.NoError(t, err)
	assert.Equal(t, data, folder)
	assert.Len(t, specs, 1)

	removed, err = Remove(t.Context(), Settings{})
	require.NoError(t, err)
	assert.Equal(t, specs, removed)
	assert.NoDirExists(t, mine.Folder)
	assert.NoDirExists(t, filepath.Join(data, "ritz"))
	assert.DirExists(t, filepath.Join(data, "kernels", "python3"))
}

// What cells call stays when go removes what it has built, and takes the place of
// the link of an earlier setup.
func TestCopySelf(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "bin")
	require.NoError(t, os.Mkdir(bin, 0o777))
	ritz := filepath.Join(bin, "ritz")
	require.NoError(t, os.Symlink(filepath.Join(t.TempDir(), "go-build", "ritz"), ritz))
	self, err := os.Executable()
	require.NoError(t, err)
	want, err := os.ReadFile(self)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, copySelf(bin))
		info, err := os.Lstat(ritz)
		require.NoError(t, err)
		assert.True(t, info.Mode().IsRegular())
		assert.Equal(t, os.FileMode(0o100), info.Mode()&0o100)
		got, err := os.ReadFile(ritz)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(want, got))
	}
}

func TestSettings(t *testing.T) {
	for _, s := range []Settings{{Name: "my kernel"}, {Name: "../up"}, {Threads: -1}} {
		_, err := setup(t, s)
		assert.ErrorIs(t, err, ErrSettings)
	}
}
