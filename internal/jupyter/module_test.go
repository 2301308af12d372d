package jupyter

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// proxy lets go find a module of ritz's path, with an empty package for each
// that notebooks import, as version v0.0.1 and nothing else.
func proxy(t *testing.T, sum string) {
	t.Helper()
	dir := t.TempDir()
	at := filepath.Join(dir, filepath.FromSlash(Module), "@v")
	require.NoError(t, os.MkdirAll(at, 0o777))
	mod := "module " + Module + "\n\ngo 1.26.0\n"
	files := map[string]string{"go.mod": mod, "go.sum": sum}
	for line := range strings.Lines(warming) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), `_ "`+Module+"/"); ok {
			path = strings.TrimSuffix(path, `"`)
			files[path+"/x.go"] = "package " + filepath.Base(path) + "\n"
		}
	}
	require.Greater(t, len(files), 4)
	f, err := os.Create(filepath.Join(at, "v0.0.1.zip"))
	require.NoError(t, err)
	z := zip.NewWriter(f)
	for name, text := range files {
		w, err := z.Create(Module + "@v0.0.1/" + name)
		require.NoError(t, err)
		_, err = w.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
	require.NoError(t, os.WriteFile(filepath.Join(at, "v0.0.1.info"), []byte(`{"Version": "v0.0.1"}`), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(at, "v0.0.1.mod"), []byte(mod), 0o666))

	cache := t.TempDir()
	t.Cleanup(func() { // it is written for reading only
		filepath.WalkDir(cache, func(path string, _ os.DirEntry, _ error) error { return os.Chmod(path, 0o777) })
	})
	t.Setenv("GOMODCACHE", cache)
	t.Setenv("GOPROXY", "file://"+filepath.ToSlash(dir))
	t.Setenv("GONOSUMDB", Module)
}

// A program without a checkout fetches ritz as a module, and what notebooks
// begin with then needs nothing more from anywhere.
func TestModuleOfRelease(t *testing.T) {
	g, err := findGo(t.Context())
	require.NoError(t, err)
	proxy(t, "")
	_, err = notebookModule(t.Context(), g, source{version: "v0.0.2"})
	assert.ErrorContains(t, err, Module+" v0.0.2 cannot be fetched, for notebooks to import; call this in a checkout of ritz")

	m, err := notebookModule(t.Context(), g, source{version: "v0.0.1"})
	require.NoError(t, err)
	assert.Contains(t, string(m.mod), "require "+Module+" v0.0.1\n")
	assert.Contains(t, string(m.sum), Module+" v0.0.1 h1:")

	t.Setenv("GOPROXY", "off")
	cell := t.TempDir()
	require.NoError(t, m.write(cell))
	require.NoError(t, os.WriteFile(filepath.Join(cell, "main.go"), []byte(warming), 0o666))
	_, err = g.run(t.Context(), cell, "get") // as GoNB does for each cell
	require.NoError(t, err)
	_, err = g.run(t.Context(), cell, "build", "-o", filepath.Join(cell, "program"))
	require.NoError(t, err)
}

func TestModuleThatDoesNotCompile(t *testing.T) {
	g, err := findGo(t.Context())
	require.NoError(t, err)
	proxy(t, "no sum\n")
	_, err = notebookModule(t.Context(), g, source{version: "v0.0.1"})
	assert.ErrorContains(t, err, "ritz (v0.0.1) cannot be compiled: go build: exit status 1")
	assert.ErrorContains(t, err, "go.sum")
}
