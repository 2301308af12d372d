package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed-0772dd2d/ritz/internal/event"
	"github.com/seed-0772dd2d/ritz/internal/job"
)

// progress shows where a run stands: on a terminal in one line that is written
// over at most ten times a second, elsewhere in a line every five seconds.
type progress struct {
	w        io.Writer
	now      func() time.Time
	terminal bool
	columns  int
	shown    time.Time
	last     int // columns of the line on the terminal
	pace     pace
}

func newProgress(w io.Writer, now func() time.Time) *progress {
	p := &progress{w: w, now: now, pace: newPace()}
	p.columns, p.terminal = terminal(w)
	return p
}

func (p *progress) update(now job.Progress) {
	p.pace.see(now)
	if p.due() {
		p.show(p.line(now))
	}
}

// due tells whether it is time to show another line.
func (p *progress) due() bool {
	interval := 5 * time.Second
	if p.terminal {
		interval = 100 * time.Millisecond
	}
	t := p.now()
	if t.Sub(p.shown) < interval {
		return false
	}
	p.shown = t
	return true
}

// stageOf shows "[####----]  50% programs 67/134".
func (p *progress) stageOf(name string, done, total int) {
	if p.due() {
		p.show(fmt.Sprintf("%s %3d%% %s %d/%d", bar(float64(done)/float64(total)), 100*done/total, name, done, total))
	}
}

// bar is "[####----]".
func bar(done float64) string {
	const width = 20
	full := int(width * done)
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", width-full) + "]"
}

// show prints a line, on a terminal over the one before.
func (p *progress) show(line string) {
	if !p.terminal {
		fmt.Fprintln(p.w, line)
		return
	}
	if runes := []rune(line); len(runes) >= p.columns {
		line = string(runes[:p.columns-1])
	}
	n := utf8.RuneCountInString(line)
	fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(0, p.last-n)))
	p.last = n
}

// end leaves the line on the terminal.
func (p *progress) end() {
	if p.last > 0 {
		fmt.Fprintln(p.w)
		p.last = 0
	}
}

// line is "[####----]  50% stage 2/2 ssbroyden 4000/8000 loss 1.2e-05 0:41, 0:42 left".
// What comes before the stages has no bar: "compiling kernels for opencl:0 (GPU) 2/5 0:03".
func (p *progress) line(now job.Progress) string {
	if now.Stages == 0 {
		return fmt.Sprintf("%s %d/%d %s", now.Name, now.Iteration, now.Iterations, event.Duration(now.Seconds))
	}
	done, left := p.pace.estimate(now)
	parameters := ""
	for i, name := range now.Parameters {
		parameters += fmt.Sprintf(" %s=%.4g", name, now.Values[i])
	}
	measure := ""
	if now.Measure != "" {
		measure = fmt.Sprintf(" %s %.3g", now.Measure, now.Value)
	}
	line := fmt.Sprintf("%s %3.0f%% stage %d/%d %s %d/%d%s%s %s",
		bar(done), 100*done,
		now.Stage+1, now.Stages, now.Name, now.Iteration, now.Iterations, measure, parameters, event.Duration(now.Seconds))
	if left >= 0 {
		line += fmt.Sprintf(", %s left", event.Duration(left))
	}
	return line
}

// pace knows where the current stage was first seen, for its rate.
type pace struct {
	stage, iteration int
	seconds          float64
}

func newPace() pace { return pace{stage: -1} }

func (p *pace) see(now job.Progress) {
	if now.Stages > 0 && now.Stage != p.stage {
		p.stage, p.iteration, p.seconds = now.Stage, now.Iteration, now.Seconds
	}
}

// estimate returns which part of the work is done, and the seconds that are
// left, negative if not known.
func (p *pace) estimate(now job.Progress) (done, left float64) {
	switch {
	case now.Stages == 0:
	case now.TotalMost == 0 && now.Iterations > 0: // each stage counts its own steps
		done = (float64(now.Stage) + float64(now.Iteration)/float64(now.Iterations)) / float64(now.Stages)
	case now.TotalMost > 0:
		// The stages before may have ended early: count what is left.
		most := float64(now.TotalMost - now.Total)
		if now.Stage == now.Stages-1 {
			most = float64(now.Iterations - now.Iteration)
		}
		done = float64(now.Total) / (float64(now.Total) + most)
	}
	if n := now.Iteration - p.iteration; n > 0 && done > 0 && now.TotalMost > 0 {
		rate := (now.Seconds - p.seconds) / float64(n) // seconds an iteration
		return done, rate * float64(now.Total) * (1 - done) / done
	}
	return done, -1
}
