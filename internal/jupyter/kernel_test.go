package jupyter

import (
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"
)

// The library that cells talk with and the kernel they talk to are of one
// version.
func TestVersions(t *testing.T) {
	own, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	for _, text := range [][]byte{own, moduleText} {
		m, err := modfile.Parse("go.mod", text, nil)
		require.NoError(t, err)
		assert.Equal(t, strings.TrimPrefix(MinGo, "go"), m.Go.Version)
		found := ""
		for _, r := range m.Require {
			if r.Mod.Path == gonb {
				found = r.Mod.Version
			}
		}
		assert.Equal(t, GoNB, found)
	}
}

// Each amendment stands where it should in the source of GoNB, and the result
// is Go. That it does its work is for the tests of notebooks.
func TestAmend(t *testing.T) {
	g, err := findGo(t.Context())
	require.NoError(t, err)
	work := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(work, "go.mod"), moduleText, 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(work, "go.sum"), sumText, 0o666))
	require.NoError(t, amend(t.Context(), g, work))
	mod, err := os.ReadFile(filepath.Join(work, "go.mod"))
	require.NoError(t, err)
	assert.Contains(t, string(mod), "replace github.com/janpfeifer/gonb => ./gonb")
	files := maps.Clone(additions)
	for _, a := range amendments {
		files[a.file] = nil
	}
	for name := range files {
		_, err := parser.ParseFile(token.NewFileSet(), filepath.Join(work, "gonb", filepath.FromSlash(name)), nil, 0)
		assert.NoError(t, err)
	}
}

// What a person has set by go env -w changes no build.
func TestGoEnv(t *testing.T) {
	settings := filepath.Join(t.TempDir(), "env")
	require.NoError(t, os.WriteFile(settings, []byte("GOOS=plan9\nGOARCH=386\nGOFLAGS=-tags=mpi\nGO111MODULE=off\nGOWORK=/nowhere\nCGO_ENABLED=1\n"), 0o666))
	t.Setenv("GOENV", settings)
	g, err := findGo(t.Context())
	require.NoError(t, err)
	out, err := g.run(t.Context(), t.TempDir(), "env", "GOOS", "GOARCH", "GOFLAGS", "GO111MODULE", "GOWORK", "CGO_ENABLED")
	require.NoError(t, err)
	assert.Equal(t, runtime.GOOS+"\n"+runtime.GOARCH+"\n-mod=readonly\non\noff\n0\n", string(out))
}

func TestCheckout(t *testing.T) {
	here, err := filepath.Abs("../..")
	require.NoError(t, err)
	for _, dir := range []string{".", "../..", "build"} {
		folder, err := checkout(dir)
		require.NoError(t, err)
		assert.Equal(t, here, folder)
	}
	other := t.TempDir()
	folder, err := checkout(other)
	require.NoError(t, err)
	assert.Empty(t, folder)
	s, err := findSource(other, "v1.2.3")
	require.NoError(t, err)
	assert.Equal(t, source{version: "v1.2.3"}, s)
	require.NoError(t, os.WriteFile(filepath.Join(other, "go.mod"), []byte("module example.org/ritz\n"), 0o666))
	folder, err = checkout(other)
	require.NoError(t, err)
	assert.Empty(t, folder)
}

func TestRequireAll(t *testing.T) {
	own := []byte("module " + Module + "\n\ngo 1.26.0\n\nrequire (\n\texample.org/a v1.0.0\n\texample.org/b v0.2.0 // indirect\n)\n")
	for _, c := range []struct {
		source  source
		version string
		replace string
	}{
		{source{version: "v0.3.0"}, "v0.3.0", ""},
		{source{folder: "/home/me/my ritz"}, "v0.0.0", "/home/me/my ritz"},
	} {
		text, err := requireAll(own, c.source)
		require.NoError(t, err)
		m, err := modfile.Parse("go.mod", text, nil)
		require.NoError(t, err)
		required := map[string]string{}
		for _, r := range m.Require {
			required[r.Mod.Path] = r.Mod.Version
		}
		assert.Equal(t, map[string]string{Module: c.version, "example.org/a": "v1.0.0", "example.org/b": "v0.2.0"}, required)
		if c.replace == "" {
			assert.Empty(t, m.Replace)
			continue
		}
		require.Len(t, m.Replace, 1)
		assert.Equal(t, c.replace, m.Replace[0].New.Path)
	}
	_, err := requireAll([]byte("no module"), source{})
	assert.Error(t, err)
}

func TestSpec(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the kernel does not run there")
	}
	data := t.TempDir()
	specs, err := ours(data)
	require.NoError(t, err)
	assert.Empty(t, specs)

	g := &goTool{path: "/opt/go/bin/go"}
	for threads, want := range map[int][2]string{0: {"ritz", "Go (ritz)"}, 1: {"ritz-1-thread", "Go (ritz, 1 thread)"}, 4: {"ritz-4-threads", "Go (ritz, 4 threads)"}} {
		s := specFor(data, "ritz", threads)
		assert.Equal(t, want, [2]string{s.Name, s.Title})
		s.Source, s.Version = "v0.1.0", "v0.1.0"
		require.NoError(t, os.MkdirAll(s.Folder, 0o777))
		require.NoError(t, s.write("/data/ritz/gonb", g))
		text, err := os.ReadFile(filepath.Join(s.Folder, "kernel.json"))
		require.NoError(t, err)
		assert.Contains(t, string(text), `"PATH": "`+filepath.Join(s.Folder, "bin")+`:/data/ritz/gonb:/opt/go/bin:${PATH}"`)
		if threads == 0 {
			assert.NotContains(t, string(text), "GOMAXPROCS")
		} else {
			assert.Contains(t, string(text), `"GOMAXPROCS": "`+string(rune('0'+threads))+`"`)
		}
	}
	// Kernels of others are none of ours.
	other := filepath.Join(data, "kernels", "python3")
	require.NoError(t, os.MkdirAll(other, 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(other, "kernel.json"), []byte(`{"argv": ["python"], "display_name": "Python 3", "language": "python"}`), 0o666))
	require.NoError(t, os.MkdirAll(filepath.Join(data, "kernels", "empty"), 0o777))
	specs, err = ours(data)
	require.NoError(t, err)
	require.Len(t, specs, 3)
	assert.Equal(t, Spec{"ritz-4-threads", "Go (ritz, 4 threads)", filepath.Join(data, "kernels", "ritz-4-threads"), 4, "v0.1.0", "v0.1.0"}, specs[2])
}
