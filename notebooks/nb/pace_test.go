package nb

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/figure"
	"github.com/seed-0772dd2d/ritz/internal/event"
)

// The clock of these tests is that of synctest: it moves when they sleep.

// A figure of curves follows twice a second, or as often as its drawing takes a
// twentieth of the time.
func TestPaceOfCurves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, shown := recorder()
		c := newCurves(o, figure.Lines{})
		add := func(after time.Duration) int {
			time.Sleep(after)
			c.Add("loss", float64(len(c.given)), 1)
			return len(*shown)
		}
		assert.Equal(t, 1, add(0), "the first is drawn at once")
		assert.Equal(t, 1, add(499*time.Millisecond))
		assert.Equal(t, 2, add(time.Millisecond))
		c.cost = 100 * time.Millisecond
		assert.Equal(t, 2, add(1999*time.Millisecond))
		assert.Equal(t, 3, add(time.Millisecond))
	})
}

// A bar moves four times a second, in a terminal every five seconds.
func TestPaceOfBars(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, shown := recorder()
		l := newLine(o)
		for _, c := range []struct {
			after time.Duration
			shown int
		}{{0, 1}, {249 * time.Millisecond, 1}, {time.Millisecond, 2}, {0, 2}} {
			time.Sleep(c.after)
			l.show(0, "")
			require.Len(t, *shown, c.shown)
		}
		var text lineCounter
		l = newLine(&output{text: &text})
		for _, c := range []struct {
			after time.Duration
			lines lineCounter
		}{{0, 0}, {4999 * time.Millisecond, 0}, {time.Millisecond, 1}, {time.Second, 1}} {
			time.Sleep(c.after)
			l.show(0, "")
			require.Equal(t, c.lines, text)
		}
	})
}

type lineCounter int

func (n *lineCounter) Write(p []byte) (int, error) { *n++; return len(p), nil }

// The curves of stages that count their own iterations follow one another.
func TestCurvesOfStages(t *testing.T) {
	o, _ := recorder()
	v := newRunView(o, false)
	loss := 1.0
	for stage := range 3 {
		for i := range 4 {
			v.step(&event.Step{Stage: stage, Stages: 3, Name: "adam", Iteration: i + 1, Seconds: 2, Measure: "loss", Value: &loss})
		}
	}
	assert.Equal(t, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, v.curves.lines.Series[0].X)
}
