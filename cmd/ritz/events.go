package main

import (
	"io"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/event"
	"github.com/seed-0772dd2d/ritz/internal/job"
	"github.com/seed-0772dd2d/ritz/internal/process"
)

// events prints what happens in a run for a program to read, progress at most
// five times a second and at the begin of each stage. That a line could not be
// written is found out at the end, as for any output.
type events struct {
	w     io.Writer
	now   func() time.Time
	shown time.Time
	stage int
	pace  pace
}

func newEvents(w io.Writer, now func() time.Time) *events {
	return &events{w: w, now: now, stage: -1, pace: newPace()}
}

func (e *events) write(v event.Event) { _ = event.Write(e.w, v) }

func (e *events) warn(text string)   { e.write(event.Event{Kind: event.Warning, Text: text}) }
func (e *events) started(dir string) { e.write(event.Event{Kind: event.Started, Dir: dir}) }

func (e *events) progress(now job.Progress) {
	e.pace.see(now)
	t := e.now()
	if (now.Stage == e.stage || now.Stages == 0) && t.Sub(e.shown) < 200*time.Millisecond {
		return
	}
	if e.shown = t; now.Stages > 0 {
		e.stage = now.Stage
	}
	e.write(event.Event{Kind: event.Progress, Step: e.step(now)})
}

func (e *events) step(now job.Progress) *event.Step {
	s := &event.Step{
		Stage: now.Stage, Stages: now.Stages, Name: now.Name,
		Iteration: now.Iteration, Iterations: now.Iterations, Total: now.Total,
		Seconds: now.Seconds, Measure: now.Measure,
	}
	s.Done, s.Left = e.pace.estimate(now)
	if finite(now.Value) {
		s.Value = &now.Value
	}
	for i, name := range now.Parameters {
		if finite(now.Values[i]) {
			if s.Parameters == nil {
				s.Parameters = map[string]float64{}
			}
			s.Parameters[name] = now.Values[i]
		}
	}
	cpu, memory := process.Usage()
	s.CPU, s.Memory = cpu.Seconds(), memory
	return s
}

func finite(x float64) bool { return x-x == 0 }

// ended prints how the run ended and returns the exit code.
func (e *events) ended(r *job.Result) int {
	var summary strings.Builder
	r.Body.Summary(&summary)
	e.write(event.Event{
		Kind: event.Ended, Dir: r.Dir, Status: r.Status, Reason: r.Reason, Idle: r.Idle, Summary: summary.String(),
	})
	return exitOf(r)
}
