// Package cc compiles C for tests: libraries in the place of those of a vendor, and
// programs that tell what headers say.
package cc

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// compiler is CC of the environment, else cc. Without one a test is skipped, or fails if
// RITZ_REQUIRE_ENGINES=1.
func compiler(t testing.TB) string {
	t.Helper()
	name := os.Getenv("CC")
	if name == "" {
		name = "cc"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, "a C compiler: "+err.Error())
	}
	return path
}

// Missing skips a test for which something is missing; if RITZ_REQUIRE_ENGINES=1 it fails.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("RITZ_REQUIRE_ENGINES") == "1" {
		t.Fatalf("there is not %s, and RITZ_REQUIRE_ENGINES=1", what)
	}
	t.Skipf("there is not %s", what)
}

// Library compiles a source to a shared library in a directory of the test, and returns
// its path. Linux only: elsewhere the test is skipped.
func Library(t testing.TB, source string, flags ...string) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("libraries are compiled on Linux only")
	}
	path := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(source), ".c")+".so")
	run(t, compiler(t), append([]string{"-O1", "-Wall", "-Werror", "-shared", "-fPIC", source, "-o", path}, flags...)...)
	return path
}

// Output compiles a program, runs it and returns what it prints.
func Output(t testing.TB, program string, flags ...string) string {
	t.Helper()
	source := filepath.Join(t.TempDir(), "program.c")
	if err := os.WriteFile(source, []byte(program), 0o666); err != nil {
		t.Fatal(err)
	}
	path := strings.TrimSuffix(source, ".c")
	run(t, compiler(t), append([]string{"-Wall", "-Werror", source, "-o", path}, flags...)...)
	return run(t, path)
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
