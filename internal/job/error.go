package job

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/seed-0772dd2d/ritz/internal/expr"
)

// Error is a fault in a job, with its place. It prints as
//
//	burgers.yaml:12:13: equations[0]: column 9: unknown name "uu": did you mean "u"?
//	    - u_t + u*uu = 0
//	              ^
type Error struct {
	File         string // the job file, or "--set key=value"
	Line, Column int    // from 1, in characters; 0 where there is no line to show
	Path         string // the key, "train[0].adam.rate"; may be empty
	Msg          string
	Source       string // the line at fault
	Err          error  // the cause, if it came as an error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	if e.Path != "" {
		b.WriteString(": " + printable(shorten(e.Path, 100)))
	}
	b.WriteString(": " + printable(e.Msg))
	if e.Source != "" {
		b.WriteString("\n" + snippet(e.Source, e.Column))
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// snippetWidth is how much of a long line is shown around a fault.
const snippetWidth = 100

// snippet returns the part of line around the given column with a caret under
// that column.
func snippet(line string, column int) string {
	runes := []rune(line)
	column = max(1, min(column, len(runes)+1))
	lo, hi := 0, len(runes)
	if hi > snippetWidth {
		lo = max(0, min(column-1-snippetWidth/2, hi-snippetWidth))
		hi = lo + snippetWidth
	}
	before, after := printable(string(runes[lo:column-1])), printable(string(runes[column-1:hi]))
	if lo > 0 {
		before = "..." + before
	}
	if hi < len(runes) {
		after += "..."
	}
	space := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, before)
	return before + after + "\n" + space + "^"
}

// printable escapes what a terminal should not be sent.
func printable(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r == '\t' || r == '\n' || unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// shorten cuts a long text in its middle.
func shorten(text string, most int) string {
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	head := (most - 3) / 2
	return string(r[:head]) + "..." + string(r[len(r)-(most-3-head):])
}

// Errors are all faults found in a job, in the order of the file.
type Errors []*Error

func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "\n")
}

func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, err := range e {
		errs[i] = err
	}
	return errs
}

// fault returns the error msg at node n, which stands at path in the job.
func fault(n *node, path, msg string) *Error {
	e := &Error{File: n.source.name, Path: path, Msg: msg}
	if n.source.lines != nil {
		e.Line, e.Column = n.line, n.column
		e.Source = n.source.line(n.line)
	}
	return e
}

// textFault returns the error err about the text of scalar n, at the very
// character if err tells the column and the file shows the text as it is.
func textFault(n *node, path string, err error) *Error {
	e := fault(n, path, err.Error())
	e.Err = err
	var at *expr.Error
	if errors.As(err, &at) && e.Line > 0 && n.verbatim > 0 {
		e.Column = n.verbatim + at.Column() - 1
	}
	return e
}

// suggest ends a message about an unknown name: with the known name most like
// it, or with all of them if none is near.
func suggest(name string, known []string) string {
	best := expr.Nearest(name, known)
	if start := name[:min(len(name), 4)]; best == "" && len(start) >= 3 { // iters, act
		if i := slices.IndexFunc(known, func(k string) bool { return strings.HasPrefix(k, start) }); i >= 0 {
			best = known[i]
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf(": did you mean %q?", best)
	case len(known) == 0:
		return ""
	}
	return ": expected " + strings.Join(known, ", ")
}
