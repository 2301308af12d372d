package gpu

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// The line of an error is found in the logs of all compilers.
func TestPlace(t *testing.T) {
	s := Source{Name: "x.c", Text: "one\ntwo\nthree\nfour\n"}
	for _, c := range []struct {
		name, log string
		line      int
		text      string
	}{
		{"clang", "x.c:3:5: error: use of undeclared identifier 'y'\n  three\n^\n1 error generated.\n", 3, "three"},
		{"clang, fatal", "In file included from <built-in>:1:\nx.c:2:10: fatal error: 'a.h' file not found\n", 2, "two"},
		{"clang, a warning of an error first", "x.c:1:5: warning: unused variable 'error' [-Werror]\nx.c:4:1: error: no\n", 4, "four"},
		{"pocl", "warning: x.c:1:7: unused\nerror: x.c:2:7: use of undeclared identifier 'y'\nDevice failed to build the program\n", 2, "two"},
		{"nvrtc", "x.c(1): warning #177-D: variable \"a\" was declared\n\nx.c(3): error: identifier \"y\" is undefined\n", 3, "three"},
		{"nvrtc, catastrophic", "x.c(4): catastrophic error: cannot open source file\n", 4, "four"},
		{"oclgrind", fmt.Sprintf("input.cl:%d:5: error: no\n", strings.Count(Prelude, "\n")+1+3), 3, "three"},
		{"oclgrind, in the prelude", "input.cl:3:5: error: no\n", 0, ""},
		{"in a folder", "/tmp/x.c:3:5: error: no\n", 3, "three"},
		{"of another file", "max.c:3:5: error: no\nprelude.h:2:1: error: no\n", 0, ""},
		{"past the end", "x.c:99:1: error: expected '}'\n", 0, ""},
		{"line 0", "x.c:0:1: error: no\n", 0, ""},
		{"no number that there is", "x.c:99999999999999999999:1: error: no\n", 0, ""},
		{"nothing", "", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := s.place(&driver.CompileError{Backend: "test", Log: c.log})
			require.ErrorIs(t, err, ErrCompile)
			var of *CompileError
			require.ErrorAs(t, err, &of)
			assert.Equal(t, &CompileError{Source: "x.c", Line: c.line, Text: c.text, Log: c.log}, of)
		})
	}
	fault := errors.New("a fault")
	err := s.place(fault)
	assert.ErrorIs(t, err, fault)
	assert.ErrorContains(t, err, "x.c")
	assert.NotErrorIs(t, err, ErrCompile)
}
