package nb

import (
	"testing"

	"github.com/janpfeifer/gonb/gonbui/protocol"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/event"
)

// The curve of a run that has no figures is drawn to its end, as a picture that
// stays.
func TestCurveOfRunWithoutFigures(t *testing.T) {
	var shown []*protocol.DisplayData
	o := &output{notebook: true, send: func(d *protocol.DisplayData) { shown = append(shown, d) }}
	v := newRunView(o, false)
	for i := range 5 {
		loss := 1 / float64(i+1)
		v.step(&event.Step{Name: "adam", Iteration: i, Total: i, Seconds: 2, Measure: "loss", Value: &loss})
	}
	v.end(&event.Event{Status: "done"})
	require.NotNil(t, v.curves)
	for _, d := range shown {
		assert.NotContains(t, d.Data, protocol.MIMEImagePNG)
	}
	require.False(t, (&Result{Dir: t.TempDir()}).show(o, v.place()))
	v.keepCurve()
	last := shown[len(shown)-1]
	assert.Contains(t, last.Data, protocol.MIMEImagePNG)
	assert.Equal(t, v.curves.id, last.DisplayID)
	assert.Len(t, v.curves.lines.Series[0].X, 5)
	newRunView(o, false).keepCurve() // of a run without a curve: nothing
	assert.Same(t, last, shown[len(shown)-1])
}
