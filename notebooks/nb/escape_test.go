package nb

import (
	"testing"

	"github.com/janpfeifer/gonb/gonbui/protocol"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/event"
)

// recorder is the output of a notebook, and what was displayed there.
func recorder() (*output, *[]*protocol.DisplayData) {
	var shown []*protocol.DisplayData
	return &output{notebook: true, send: func(d *protocol.DisplayData) { shown = append(shown, d) }}, &shown
}

// What a job calls itself is text wherever it is displayed, and no HTML.
func TestNamesAreNoHTML(t *testing.T) {
	const name, escaped = "<img src=x onerror=1>", "&lt;img src=x onerror=1&gt;"
	o, shown := recorder()
	o.say("%s: computed", name)
	l := newLine(o)
	l.show(0.5, name)
	l.end(name)
	v := newRunView(o, false)
	v.step(&event.Step{Name: name, Iterations: 1})
	v.end(&event.Event{Status: "done", Dir: "runs/" + name})
	require.Len(t, *shown, 5)
	for i, d := range *shown {
		assert.NotContains(t, d.Data[protocol.MIMETextHTML], "<img", i)
		assert.Contains(t, d.Data[protocol.MIMETextHTML], escaped, i)
		assert.Contains(t, d.Data[protocol.MIMETextPlain], name, i)
	}
}

func TestWithoutTags(t *testing.T) {
	for source, want := range map[string]string{
		"1 < 2 && 3 > 2":                           "1 < 2 && 3 > 2",
		"<p>a &lt; <b>b</b></p>":                   "a < b",
		"<!-- not\nthis -->x<br/><img src='y'>":    "x",
		"<!DOCTYPE html>x<5 and <i\nlang=de>y</i>": "x<5 and y",
	} {
		assert.Equal(t, want, withoutTags(source))
	}
}
