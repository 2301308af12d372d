package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seed-0772dd2d/ritz/internal/job"
)

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"", 2, "ritz solves problems"},
		{"help", 0, "Exit codes: 0 done, 1 the run failed or was interrupted, 2 bad arguments"},
		{"--help", 0, "ritz check"},
		{"help run", 0, "usage: ritz run FILE [--out DIR]"},
		{"help job", 0, "\nritz: 1                    # needed"},
		{"help job sample", 0, "\nkind: sample               # needed"},
		{"help job stencil", 0, "\nkind: stencil              # needed"},
		{"help job surrogate", 0, "\nkind: surrogate            # needed"},
		{"help job sweep", 0, "\nkind: sweep                # needed"},
		{"help job mapreduce", 0, "\nkind: mapreduce            # needed"},
		{"help job stencils", 2, `unknown kind "stencils": there are mapreduce, pinn, sample, stencil, surrogate, sweep`},
		{"help sample", 0, "usage: ritz sample METHOD -n N"},
		{"help init", 0, "usage: ritz init [KIND] [FILE] [--force]\n"},
		{"help schema", 0, "# yaml-language-server: $schema=ritz.schema.json\n"},
		{"help draw", 0, "usage: ritz draw DIR\n"},
		{"draw", 2, "no run directory"},
		{"help devices", 0, "usage: ritz devices [--json] [--watch] [--every DURATION]\n"},
		{"devices opencl:0", 2, `unexpected argument "opencl:0"`},
		{"devices --every 2s", 2, "--every is for --watch"},
		{"devices --watch --every 0s", 2, "--every 0s: expected more than nothing"},
		{"devices --watch --every 2", 2, "expected a duration"},
		{"run --help", 0, "--resume DIR"},
		{"help nothing", 2, "ritz help: unknown command \"nothing\": see \"ritz help\""},
		{"help stencil", 2, `unknown command "stencil": the keys of a job of that kind are in "ritz help job stencil"`},
		{"fly", 2, `ritz: unknown command "fly"`},
		{"version", 0, "ritz " + job.Version + " go"},
		{"--version", 0, "ritz " + job.Version},
		{"run", 2, "ritz run: no job file\nusage: ritz run FILE"},
		{"run a b", 2, `unexpected argument "b"`},
		{"run a --fast", 2, "flag provided but not defined: -fast"},
		{"run --resume a b", 2, "--resume takes its own job, not b"},
		{"run missing.yaml", 2, "open missing.yaml: "},
		{"check", 2, "no job file"},
		{"predict", 2, "no run directory"},
		{"predict a", 2, "no --points"},
	} {
		code, stdout, stderr := ritz(strings.Fields(c.args)...)
		assert.Equal(t, c.code, code, c.args)
		if code == 0 {
			assert.Contains(t, stdout, c.want)
			assert.Empty(t, stderr)
		} else {
			assert.Contains(t, stderr, c.want)
			assert.Empty(t, stdout)
		}
	}
}
