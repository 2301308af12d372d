package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestBenchRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"bench":                          "there is: kernels",
		"bench disks":                    `unknown benchmark "disks": there is: kernels`,
		"bench kernels gpu":              `unexpected argument "gpu"`,
		"bench kernels --threads -1":     "threads -1: must be from 1 to ",
		"bench kernels --threads 100000": "threads 100000: must be from 1 to ",
	} {
		code, stdout, stderr := ritz(strings.Fields(args)...)
		assert.Equal(t, exitUsage, code, args)
		assert.Contains(t, stderr, want)
		assert.Contains(t, stderr, "usage: ritz bench kernels [--json]")
		assert.Empty(t, stdout)
	}
}
