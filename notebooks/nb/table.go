package nb

import (
	"fmt"
	"html"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// Table shows rows under a header. Floating-point numbers have four significant
// digits, or are given as text; columns of numbers are aligned to the right. A
// row may be shorter than the header.
//
//	nb.Table([]string{"model", "RMSE"}, []any{"kriging", 0.0156}, []any{"inverse distance", 21.42})
func Table(header []string, rows ...[]any) {
	t := newTable(header, rows)
	std.show(display{protocol.MIMETextHTML: t.html()}, t.plain())
}

// table is a table as text.
type table struct {
	header []string
	rows   [][]string // each as long as the header
	number []bool     // the column holds numbers
}

func newTable(header []string, rows [][]any) table {
	t := table{header: header}
	for _, row := range rows {
		for len(t.header) < len(row) {
			t.header = append(t.header[:len(t.header):len(t.header)], "")
		}
	}
	t.number = make([]bool, len(t.header))
	text := make([]bool, len(t.header)) // the column holds something else
	for _, row := range rows {
		texts := make([]string, len(t.header))
		for i, v := range row {
			texts[i] = cellText(v)
			t.number[i] = t.number[i] || isNumber(v)
			text[i] = text[i] || !isNumber(v) && texts[i] != ""
		}
		t.rows = append(t.rows, texts)
	}
	for i := range t.number {
		t.number[i] = t.number[i] && !text[i]
	}
	return t
}

func isNumber(v any) bool {
	k := reflect.ValueOf(v).Kind()
	return k >= reflect.Int && k <= reflect.Complex128 && k != reflect.Uintptr
}

func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64, float32:
		return fmt.Sprintf("%.4g", v)
	}
	return fmt.Sprint(v)
}

func (t table) html() string {
	var b strings.Builder
	b.WriteString("<table>\n<tr>")
	align := func(i int) string {
		if t.number[i] {
			return ` style="text-align:right"`
		}
		return ` style="text-align:left"`
	}
	for i, h := range t.header {
		fmt.Fprintf(&b, "<th%s>%s</th>", align(i), html.EscapeString(h))
	}
	b.WriteString("</tr>\n")
	for _, row := range t.rows {
		b.WriteString("<tr>")
		for i, text := range row {
			fmt.Fprintf(&b, "<td%s>%s</td>", align(i), html.EscapeString(text))
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</table>")
	return b.String()
}

func (t table) plain() string {
	width := make([]int, len(t.header))
	lines := append([][]string{t.header}, t.rows...)
	for _, line := range lines {
		for i, text := range line {
			width[i] = max(width[i], utf8.RuneCountInString(text))
		}
	}
	var b strings.Builder
	for n, line := range lines {
		if n > 0 {
			b.WriteByte('\n')
		}
		var cells []string
		for i, text := range line {
			space := strings.Repeat(" ", width[i]-utf8.RuneCountInString(text))
			if t.number[i] {
				cells = append(cells, space+text)
			} else {
				cells = append(cells, text+space)
			}
		}
		b.WriteString(strings.TrimRight(strings.Join(cells, "  "), " "))
	}
	return b.String()
}
