package job

import (
	"errors"
	"fmt"
	"strings"

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
		b.WriteString(": " + e.Path)
	}
	b.WriteString(": " + e.Msg)
	if e.Source != "" {
		b.WriteString("\n" + e.Source + "\n" + caret(e.Source, e.Column))
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// caret returns a line with a caret under the given column of line.
func caret(line string, column int) string {
	var b strings.Builder
	for i, r := range []rune(line) {
		if i >= column-1 {
			break
		}
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String() + "^"
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
	if best := expr.Nearest(name, known); best != "" {
		return fmt.Sprintf(": did you mean %q?", best)
	}
	return ": expected " + strings.Join(known, ", ")
}
