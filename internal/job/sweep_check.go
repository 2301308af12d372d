package job

import (
	"fmt"
	"io"
	"strings"
)

// check writes what is going to be run.
func (t *sweepTask) check(w io.Writer) error {
	if err := t.prepare(); err != nil {
		return err
	}
	what := ""
	if t.command != nil {
		for _, a := range t.command.args {
			what += " " + a.text
		}
		what = "of the command" + what
	} else {
		what = fmt.Sprintf("of a job of kind %s", t.root.get("kind").text)
		if name := t.root.get("name"); name != nil {
			what += ", " + name.text
		}
	}
	fmt.Fprintf(w, "%s: %s\n\n%d points %s, %d at once\n", t.job.Name, t.job.Kind, len(t.points), what, t.workers())
	width := 0
	for _, a := range t.axes {
		width = max(width, len(a.path))
	}
	for _, a := range t.axes {
		fmt.Fprintf(w, "  %-*s  %s\n", width, a.path, shorten(axisText(a), 100))
	}
	if t.dropped > 0 {
		fmt.Fprintf(w, "left out by the constraints: %d\n", t.dropped)
	}
	if h := t.halving; h != nil {
		fmt.Fprintf(w, "\nsuccessive halving by %s\n", h.path)
		sizes := h.rungSizes(len(t.points))
		for k, b := range h.budgets() {
			fmt.Fprintf(w, "  runs with %s: %d\n", format(b), sizes[k])
		}
	}
	if c := t.criterion; c != nil {
		word := "least"
		if c.maximize {
			word = "greatest"
		}
		fmt.Fprintf(w, "\nthe best has the %s %s\n", word, c.path)
	}
	return nil
}

func axisText(a axis) string {
	var parts []string
	for i, v := range a.values {
		if i == 20 {
			parts = append(parts, fmt.Sprintf("... %d in all", len(a.values)))
			break
		}
		var b strings.Builder
		v.inline(&b, false)
		parts = append(parts, b.String())
	}
	return strings.Join(parts, ", ")
}
