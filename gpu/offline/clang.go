package offline

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seed-0772dd2d/ritz/gpu"
)

// ErrNoCompiler is the fault that a compiler is not there.
var ErrNoCompiler = errors.New("no compiler")

//go:embed cuda.h hip.h
var headers embed.FS

// Clang compiles the dialects of CUDA and HIP without their headers and libraries, with
// warnings as errors.
type Clang struct{ path string }

// FindClang looks for clang: RITZ_CLANG, or clang or clang-15 to clang-21 in the path. The error wraps
// ErrNoCompiler.
func FindClang() (*Clang, error) {
	path, err := find("RITZ_CLANG", "clang", "clang-21", "clang-20", "clang-19", "clang-18", "clang-17", "clang-16", "clang-15")
	return &Clang{path}, err
}

// find looks for a program: that of the environment variable, or the first of the names.
func find(variable string, names ...string) (string, error) {
	if name := os.Getenv(variable); name != "" {
		names = []string{name}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: looked for %s; %s names another", ErrNoCompiler, strings.Join(names, ", "), variable)
}

// Compile implements [Compiler].
func (c *Clang) Compile(ctx context.Context, s gpu.Source, processor string) ([]byte, error) {
	folder, err := os.MkdirTemp("", "ritz-clang")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	language, own := "hip", []string{"--no-gpu-bundle-output", "-nogpuinc", "-nogpulib"}
	if strings.HasPrefix(processor, "sm_") {
		language, own = "cuda", []string{"-S", "-nocudainc", "-nocudalib", "-include", "__clang_cuda_builtin_vars.h"}
	}
	header, err := headers.ReadFile(language + ".h")
	if err != nil {
		return nil, err
	}
	output := filepath.Join(folder, "kernel.out")
	if err := errors.Join(
		os.WriteFile(filepath.Join(folder, "dialect.h"), header, 0o600),
		os.WriteFile(filepath.Join(folder, "kernel.c"), []byte(s.Full()), 0o600),
	); err != nil {
		return nil, err
	}
	args := append(own, "-x", language, "--cuda-device-only", "--offload-arch="+processor, "-include", filepath.Join(folder, "dialect.h"),
		"-O3", "-Wall", "-Wextra", "-Werror", "-o", output,
		"-Wno-unused", "-Wno-unused-parameter") // a specialisation may use less
	args = append(append(args, s.Options()...), filepath.Join(folder, "kernel.c"))
	if err := run(ctx, s.Name, c.path, args...); err != nil {
		return nil, err
	}
	return os.ReadFile(output)
}

// run runs a compiler on the source of that name.
func run(ctx context.Context, name, path string, args ...string) error {
	_, err := output(ctx, name, path, args...)
	return err
}

// output is run with what the compiler says.
func output(ctx context.Context, name, path string, args ...string) (string, error) {
	var said bytes.Buffer
	c := exec.CommandContext(ctx, path, args...)
	c.Stdout, c.Stderr = &said, &said
	err := c.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(err, &exit):
		return "", fmt.Errorf("%s: %w by %s:\n%s", name, gpu.ErrCompile, filepath.Base(path), said.String())
	}
	return said.String(), err
}
