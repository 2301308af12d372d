package nb

import (
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/seed-0772dd2d/ritz/figure"
	"github.com/seed-0772dd2d/ritz/internal/event"
)

// runView shows a run that is going on: a line with a bar, and below it the
// curve of what the run measures, as soon as it takes more than a second.
type runView struct {
	o      *output
	quiet  bool
	dir    atomic.Pointer[string] // of the run, once it has begun
	line   *line
	curves *Curves // nil until there is one
	before int     // iterations of earlier stages, where they count their own
	first  *event.Step
	last   *event.Step
}

func newRunView(o *output, quiet bool) *runView {
	return &runView{o: o, quiet: quiet, line: newLine(o)}
}

func (v *runView) step(s *event.Step) {
	if v.quiet || s == nil {
		return
	}
	if v.first == nil || v.first.Stages == 0 { // the kernels of a device are compiled before
		v.first = s
	}
	if v.last != nil && s.Stage != v.last.Stage {
		v.before += v.last.Iteration
	}
	v.last = s
	v.line.show(s.Done, stepText(s, v.first))
	if s.Measure == "" || s.Value == nil || s.Seconds < 1 {
		return
	}
	if v.curves == nil {
		v.curves = newCurves(v.o, figure.Lines{XLabel: "iteration", YLabel: s.Measure, YLog: *s.Value > 0})
	}
	x := s.Total
	if x == 0 {
		x = v.before + s.Iteration
	}
	v.curves.Add(s.Name, float64(x), *s.Value)
}

// stepText is "stage 2/2 ssbroyden 4000/8000 loss 1.2e-05, 0:42 left, 0:41, 1.9
// processors busy, 210 MB"; the processors are those since the first step.
func stepText(s, first *event.Step) string {
	var b strings.Builder
	if s.Stages > 1 {
		fmt.Fprintf(&b, "stage %d/%d ", s.Stage+1, s.Stages)
	}
	fmt.Fprintf(&b, "%s %d/%d", s.Name, s.Iteration, s.Iterations)
	if s.Measure != "" && s.Value != nil {
		fmt.Fprintf(&b, " %s %.3g", s.Measure, *s.Value)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Parameters)) {
		fmt.Fprintf(&b, " %s=%.4g", name, s.Parameters[name])
	}
	if s.Left > 0 {
		fmt.Fprintf(&b, ", %s left", event.Duration(s.Left))
	}
	busy := 0.0
	if s.Seconds > first.Seconds {
		busy = (s.CPU - first.CPU) / (s.Seconds - first.Seconds)
	}
	b.WriteString(", " + usage(s.Seconds, busy, s.Memory))
	return b.String()
}

// end leaves what the run came to in the place of the bar, and the curve of a
// run that was not finished: it has no figures.
func (v *runView) end(last *event.Event) {
	if last.Status != "done" {
		v.keepCurve()
	}
	if v.quiet {
		return
	}
	text := strings.TrimSpace(fmt.Sprintf("%s: %s\n%s", last.Status, last.Dir, last.Summary))
	v.o.update(v.line.id, display{protocol.MIMETextHTML: "<pre>" + html.EscapeString(text) + "</pre>"}, text)
}

// leave ends the cell before the run has ended, which goes on saving what it has come
// to.
func (v *runView) leave() {
	if dir := v.dir.Load(); dir != nil {
		fail(fmt.Sprintf("interrupted, still saving; go on with: nb.Resume(%q)", *dir))
	}
	fail("interrupted")
}

// keepCurve draws the curve for good, for want of another figure.
func (v *runView) keepCurve() {
	if v.curves != nil {
		v.curves.Close()
	}
}

// place is where the curve was, to be taken by the first figure.
func (v *runView) place() string {
	if v.curves == nil {
		return ""
	}
	return v.curves.id
}
