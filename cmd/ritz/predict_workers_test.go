package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Workers give the rows that this process gives, in several chunks.
func TestPredictOnWorkers(t *testing.T) {
	isolate(t)
	run := filepath.Join(t.TempDir(), "run")
	ok(t, "run", write(t, "sine.yaml", sine), "--out", run, "--quiet")
	var points strings.Builder
	points.WriteString("x\n")
	for i := range 40000 {
		fmt.Fprintf(&points, "%g\n", float64(i)/40000)
	}
	file := write(t, "points.csv", points.String())
	here, _ := ok(t, "predict", run, "--points", file)
	there, _ := ok(t, "predict", run, "--points", file, "--workers", "2")
	assert.Equal(t, 40001, strings.Count(here, "\n"))
	assert.True(t, here == there, "the same bytes")

	code, _, stderr := ritz("predict", run, "--points", file, "--workers", "2", "--connect", "nats://127.0.0.1:1")
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "either --workers or --connect")
}
