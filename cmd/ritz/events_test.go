package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/event"
	"github.com/seed-0772dd2d/ritz/internal/job"
)

func readEvents(t *testing.T, text string) (all []event.Event) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	for {
		var e event.Event
		err := d.Decode(&e)
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		all = append(all, e)
	}
}

func TestRunAsEvents(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	code, stdout, stderr := ritzIn(strings.NewReader(sine), "run", "-", "--json", "--out", dir)
	assert.Zero(t, code)
	assert.Empty(t, stderr)
	all := readEvents(t, stdout)
	require.GreaterOrEqual(t, len(all), 4)
	assert.Equal(t, event.Event{Kind: event.Started, Dir: dir}, all[0])
	stages := map[string]int{}
	for _, e := range all[1 : len(all)-1] {
		require.Equal(t, event.Progress, e.Kind)
		stages[e.Step.Name]++
		assert.Equal(t, 2, e.Step.Stages)
		assert.Equal(t, "loss", e.Step.Measure)
		assert.NotNil(t, e.Step.Value)
	}
	assert.Len(t, stages, 2, "each stage is told of")
	last := all[len(all)-1]
	assert.Equal(t, event.Ended, last.Kind)
	assert.Equal(t, job.Done, last.Status)
	assert.Contains(t, last.Summary, "u: relative L2 error")

	code, stdout, _ = ritz("run", "--resume", dir, "--json")
	assert.Zero(t, code)
	all = readEvents(t, stdout)
	require.Len(t, all, 1)
	assert.True(t, all[0].Idle)

	// Whatever is printed goes to one stream only, and faults are no events.
	code, stdout, stderr = ritzIn(strings.NewReader("ritz: 1\nkind: pinn\nnam: x\n"), "run", "-", "--json")
	assert.Equal(t, exitUsage, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "job:3:1: unknown key \"nam\"")
	code, _, stderr = ritz("run", "-", "--json", "--quiet")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, stderr, "--quiet and --json exclude each other")
}

// A run that ends badly says so in its last event.
func TestEventsOfFailure(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	code, stdout, _ := ritzIn(strings.NewReader(sine), "run", "-", "--json", "--out", dir, "--set", "train.0.adam.rate=1e300")
	assert.Equal(t, exitFailed, code)
	all := readEvents(t, stdout)
	last := all[len(all)-1]
	assert.Equal(t, event.Ended, last.Kind)
	assert.Equal(t, job.Failed, last.Status)
	assert.Contains(t, last.Reason, "diverged")
}

func TestEventsAreFew(t *testing.T) {
	var b bytes.Buffer
	clock := time.Unix(1000, 0)
	e := newEvents(&b, func() time.Time { return clock })
	now := job.Progress{
		Stages: 2, Name: "adam", Iterations: 100, TotalMost: 200, Measure: "loss", Value: math.Inf(1),
		Parameters: []string{"k", "nu"}, Values: []float64{2, math.NaN()},
	}
	for i := range 200 { // 0.01 s each
		now.Stage, now.Iteration, now.Total, now.Seconds = i/100, i%100+1, i+1, float64(i)/100
		e.progress(now)
		clock = clock.Add(10 * time.Millisecond)
	}
	all := readEvents(t, b.String())
	assert.Len(t, all, 10)
	assert.Equal(t, 0, all[4].Step.Stage)
	assert.Equal(t, 1, all[5].Step.Stage)
	s := all[9].Step
	assert.Nil(t, s.Value)
	assert.Equal(t, map[string]float64{"k": 2}, s.Parameters)
	assert.InDelta(t, float64(181)/200, s.Done, 1e-9)
	assert.InDelta(t, 0.19, s.Left, 1e-9)
	assert.Equal(t, 181, s.Total)
}

// What comes before the stages is of no stage, so the first begins with an event of its own.
func TestEventsBeforeStages(t *testing.T) {
	var b bytes.Buffer
	clock := time.Unix(1000, 0)
	e := newEvents(&b, func() time.Time { return clock })
	e.progress(job.Progress{Name: "compiling", Iterations: 2})
	e.progress(job.Progress{Name: "compiling", Iteration: 1, Iterations: 2}) // too soon
	e.progress(job.Progress{Stages: 1, Name: "steps", Iteration: 16, Iterations: 64, TotalMost: 64, Total: 16, Seconds: 1})
	clock = clock.Add(time.Second)
	e.progress(job.Progress{Stages: 1, Name: "steps", Iteration: 32, Iterations: 64, TotalMost: 64, Total: 32, Seconds: 2})
	all := readEvents(t, b.String())
	require.Len(t, all, 3)
	assert.Zero(t, all[0].Step.Done)
	assert.Equal(t, "steps", all[1].Step.Name)
	assert.InDelta(t, 2.0, all[2].Step.Left, 1e-9)
}

func TestJobOfStandardInput(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("sine.csv", []byte("x,u\n0,0\n1,0.8414709848\n"), 0o666))
	text := strings.Replace(sine, "{exact: {u: sin(x)}, grid: {x: 21}}", "{file: sine.csv}", 1)
	code, stdout, stderr := ritzIn(strings.NewReader(text), "run", "-", "--out", "run", "--quiet")
	assert.Zero(t, code, stderr)
	assert.Empty(t, stdout)
	assert.FileExists(t, "run/inputs/sine.csv")
}
