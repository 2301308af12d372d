package expr

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error is a fault in a text. It points at the character, says what is wrong and, where it can,
// what would be right.
type Error struct {
	Text   string // the whole text
	Offset int    // byte offset of the fault, 0 to len(Text)
	Msg    string // what is wrong
	Hint   string // what would be right, or empty
}

// Error gives one line: `column 12: unknown name "uu": did you mean "u"?`, preceded by
// `line 2, ` where the text has several lines.
func (e *Error) Error() string {
	var b strings.Builder
	if strings.Contains(e.Text, "\n") {
		fmt.Fprintf(&b, "line %d, ", 1+strings.Count(e.Text[:e.Offset], "\n"))
	}
	fmt.Fprintf(&b, "column %d: %s", e.Column(), e.Msg)
	if e.Hint != "" {
		b.WriteString(": " + e.Hint)
	}
	return b.String()
}

// lineStart returns the byte offset at which the faulty line begins.
func (e *Error) lineStart() int {
	return strings.LastIndexByte(e.Text[:e.Offset], '\n') + 1
}

// Column returns the position of the fault in its line, counted in runes from 1.
func (e *Error) Column() int {
	return 1 + utf8.RuneCountInString(e.Text[e.lineStart():e.Offset])
}

// Snippet returns the faulty line and below it a caret under the fault.
func (e *Error) Snippet() string {
	start := e.lineStart()
	line, _, _ := strings.Cut(e.Text[start:], "\n")
	line = strings.TrimRight(line, "\r")
	pad := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r // keeps the caret in place whatever the width of a tab
		}
		return ' '
	}, e.Text[start:e.Offset])
	return line + "\n" + pad + "^"
}

// Nearest returns the name closest to the misspelt one, or "" if none is close: at most a third
// of the letters may be wrong, and not all of them.
func Nearest(name string, names []string) string {
	best, bestDistance := "", 1+max(1, utf8.RuneCountInString(name)/3)
	for _, candidate := range names {
		d := distance(strings.ToLower(name), strings.ToLower(candidate))
		if strings.EqualFold(name, candidate) {
			d = 0
		} else if d >= utf8.RuneCountInString(name) {
			continue
		}
		if d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// distance is the Damerau-Levenshtein distance (optimal string alignment): the least number of
// insertions, deletions, substitutions and swaps of neighbours that turn a into b.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	before, last, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(t)]
}
