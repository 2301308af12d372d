package jupyter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// Module is the path of ritz.
const Module = "github.com/seed-0772dd2d/ritz"

// source is where notebooks take ritz from: a folder, or a version that go
// fetches.
type source struct {
	folder  string // of a checkout; "" for a version
	version string
}

func (s source) String() string {
	if s.folder != "" {
		return "the checkout " + s.folder
	}
	return s.version
}

// findSource returns the checkout that dir lies in, or else the version of this
// program, which is release if it was built from a checkout itself.
func findSource(dir, release string) (source, error) {
	folder, err := checkout(dir)
	if folder != "" || err != nil {
		return source{folder: folder}, err
	}
	if info, ok := debug.ReadBuildInfo(); ok && semver.IsValid(info.Main.Version) && semver.Build(info.Main.Version) == "" {
		release = info.Main.Version
	}
	return source{version: release}, nil
}

// checkout returns the nearest folder from dir upwards that holds ritz.
func checkout(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && modfile.ModulePath(text) == Module {
			return dir, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", nil
		}
		dir = up
	}
}

// warming imports what notebooks do. Compiling it leaves in go's cache what the
// first cell needs.
const warming = `package main

import (
	_ "` + Module + `/distributed"
	_ "` + Module + `/figure"
	_ "` + Module + `/notebooks/nb"
	_ "` + Module + `/pinn"
	_ "` + Module + `/sampling"
	_ "` + Module + `/stencil"
	_ "` + Module + `/surrogate"
)

func main() {}
`

// module is the go.mod and go.sum with which notebooks begin.
type module struct{ mod, sum []byte }

// notebookModule makes the module of notebooks and compiles ritz with it. It
// requires what ritz requires, at the same versions: nothing is left to look up
// when a cell runs.
func notebookModule(ctx context.Context, g *goTool, s source) (m module, err error) {
	folder := s.folder
	if folder == "" {
		out, err := g.run(ctx, os.TempDir(), "mod", "download", "-json", Module+"@"+s.version)
		if err != nil {
			return m, fmt.Errorf("%s %s cannot be fetched, for notebooks to import; call this in a checkout of ritz, which they then use: %w", Module, s.version, err)
		}
		var fetched struct{ Dir string }
		if err := json.Unmarshal(out, &fetched); err != nil {
			return m, fmt.Errorf("go mod download: %w", err)
		}
		folder = fetched.Dir
	}
	own, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	if err != nil {
		return m, err
	}
	if m.mod, err = requireAll(own, s); err != nil {
		return m, err
	}
	if m.sum, err = os.ReadFile(filepath.Join(folder, "go.sum")); err != nil {
		return m, err
	}
	work, err := os.MkdirTemp("", "ritz-module-")
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(work)
	if err := m.write(work); err != nil {
		return m, err
	}
	if err := os.WriteFile(filepath.Join(work, "main.go"), []byte(warming), 0o666); err != nil {
		return m, err
	}
	if _, err := g.run(ctx, work, "build", "-mod=mod", "-o", filepath.Join(work, "program"), "."); err != nil {
		return m, fmt.Errorf("ritz (%s) cannot be compiled: %w", s, err)
	}
	if m.mod, err = os.ReadFile(filepath.Join(work, "go.mod")); err == nil { // with the sums of ritz itself
		m.sum, err = os.ReadFile(filepath.Join(work, "go.sum"))
	}
	return m, err
}

func (m module) write(folder string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "go.mod"), m.mod, 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "go.sum"), m.sum, 0o666)
}

// requireAll makes of ritz's go.mod one that requires ritz and all that ritz
// requires.
func requireAll(ritz []byte, s source) ([]byte, error) {
	m, err := modfile.Parse("go.mod", ritz, nil)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	version := s.version
	if s.folder != "" {
		version = "v0.0.0"
	}
	fmt.Fprintf(&b, "module notebook\n\ngo %s\n\nrequire %s %s\n\nrequire (\n", strings.TrimPrefix(MinGo, "go"), Module, version)
	for _, r := range m.Require {
		fmt.Fprintf(&b, "\t%s %s // indirect\n", r.Mod.Path, r.Mod.Version)
	}
	b.WriteString(")\n")
	if s.folder != "" {
		fmt.Fprintf(&b, "\nreplace %s => %s\n", Module, modfile.AutoQuote(s.folder))
	}
	return b.Bytes(), nil
}
