package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/bench"
)

func TestBenchRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"bench":                          "there is: distributed, kernels, sampling, stencil, surrogate",
		"bench disks":                    `unknown benchmark "disks": there is: distributed, kernels`,
		"bench kernels gpu":              `unexpected argument "gpu"`,
		"bench kernels --threads -1":     "threads -1: must be from 1 to ",
		"bench kernels --threads 100000": "threads 100000: must be from 1 to ",
	} {
		code, stdout, stderr := ritz(strings.Fields(args)...)
		assert.Equal(t, exitUsage, code, args)
		assert.Contains(t, stderr, want)
		assert.Contains(t, stderr, "usage: ritz bench distributed|kernels|sampling|stencil|surrogate [--json]")
		assert.Empty(t, stdout)
	}
}

// What is measured goes to standard output, as the flags ask; package bench
// tests that it is right.
func TestBenchPrints(t *testing.T) {
	report := &bench.Report{
		Platform: "plan9/mips", Levels: []string{"portable"}, Threads: 1, Quick: true,
		Results: []bench.Result{{Work: bench.Work{Group: "peak", Name: "multiply-add", Level: "portable", Threads: 1}, Value: 3}},
	}
	for args, want := range map[string]bench.Settings{
		"kernels --json":                     {},
		"kernels --json --quick --threads 1": {Quick: true, Threads: 1},
		"kernels --quick":                    {Quick: true},
	} {
		var stdout, stderr bytes.Buffer
		code := benchWith(context.Background(), strings.Fields(args), streams{out: &stdout, err: &stderr}, map[string]suite{
			"kernels": func(_ context.Context, got bench.Settings) (*bench.Report, error) {
				got.Progress(2, 3)
				got.Progress = nil
				assert.Equal(t, want, got, args)
				return report, nil
			}})
		require.Equal(t, exitDone, code, args)
		assert.Equal(t, "round 2 of 3\n", stderr.String(), args)
		if !strings.Contains(args, "--json") {
			assert.Contains(t, stdout.String(), "plan9/mips", args)
			continue
		}
		var back bench.Report
		require.NoError(t, json.Unmarshal(stdout.Bytes(), &back), args)
		assert.Equal(t, report, &back)
	}
}

func TestBenchFails(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := benchWith(context.Background(), []string{"kernels"}, streams{out: &stdout, err: &stderr}, map[string]suite{"kernels": func(context.Context, bench.Settings) (*bench.Report, error) { return nil, errors.New("too hot") }})
	assert.Equal(t, exitFailed, code)
	assert.Equal(t, "ritz: too hot\n", stderr.String())
	assert.Empty(t, stdout.String())

	// The command itself measures, until it is interrupted.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	stderr.Reset()
	code = run(ctx, []string{"bench", "kernels", "--json", "--quick"}, strings.NewReader(""), &stdout, &stderr)
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, stderr.String(), context.Canceled.Error())
	assert.Empty(t, stdout.String())
}
