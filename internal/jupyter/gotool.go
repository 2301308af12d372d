package jupyter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// MinGo is the oldest Go that the kernel is built with and that compiles cells.
const MinGo = "go1.26.0"

// ErrMissing is the error for something that must be installed first. The
// message says what and how.
var ErrMissing = errors.New("missing")

// goTool is the user's Go.
type goTool struct {
	path    string // of the program
	version string // "go1.26.1"
}

// findGo finds Go on PATH.
func findGo(ctx context.Context) (*goTool, error) {
	path, err := exec.LookPath("go")
	if err != nil {
		return nil, fmt.Errorf("%w: Go: there is no program go on PATH; install Go %s or newer from https://go.dev/dl", ErrMissing, MinGo[2:])
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	g := &goTool{path: path}
	out, err := g.run(ctx, os.TempDir(), "env", "GOVERSION")
	if err != nil {
		return nil, fmt.Errorf("%w: Go: %s does not work: %w", ErrMissing, path, err)
	}
	g.version = strings.TrimSpace(string(out))
	if version.IsValid(g.version) && version.Compare(g.version, MinGo) < 0 {
		return nil, fmt.Errorf("%w: a newer Go: %s is %s, and %s or newer is needed: see https://go.dev/dl", ErrMissing, path, g.version, MinGo)
	}
	return g, nil
}

// run runs go in a folder and returns its standard output. The settings of the
// user that would change a build are put aside, also those of go env -w, which
// stand where a variable is empty.
func (g *goTool) run(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, g.path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GO111MODULE=on", "GOWORK=off", "GOFLAGS=-mod=readonly", "CGO_ENABLED=0",
		"GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	var out, told bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &told
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, lastLines(told.String(), 12))
	}
	return out.Bytes(), nil
}

// lastLines is the end of a text, where go says what is wrong.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
