package job

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-0772dd2d/ritz/figure"
)

// mapReduceBody is the mapreduce part of result.json. All groups are in groups.csv;
// here are the first ones.
type mapReduceBody struct {
	Files         int              `json:"files"`
	Bytes         int64            `json:"bytes"`
	Rows          int64            `json:"rows"`     // that could be read
	Used          int64            `json:"used"`     // of them, those of the condition where
	BadRows       int64            `json:"bad_rows"` // left out
	FirstBad      []badPlace       `json:"first_bad"`
	RowsPerSecond Number           `json:"rows_per_s"`
	Groups        int              `json:"groups"`
	Table         []map[string]any `json:"table"`
	Figures       []string         `json:"figures"`
}

// badPlace is a row that was left out, and why.
type badPlace struct {
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Reason string `json:"reason"`
}

// maxTable is the most groups in result.json.
const maxTable = 1000

var errEnough = errors.New("enough")

func (b *mapReduceBody) fill(t *mapReduceTask, s *mapState) {
	b.Files, b.Bytes, b.Groups = len(t.plan.files), t.plan.bytes, len(s.Groups)
	b.Rows, b.Used, b.BadRows = s.Rows, s.Used, s.BadRows
	b.FirstBad, b.Table = []badPlace{}, []map[string]any{}
	before := t.linesOfRanges(s)
	for _, r := range s.Bad {
		file := t.plan.files[t.plan.ranges[r.Range].file].path
		b.FirstBad = append(b.FirstBad, badPlace{file, before[r.Range] + r.Line, r.Reason})
	}
	header := t.tableHeader()
	texts := map[int]bool{}
	k := len(t.groups)
	for i, g := range t.groups {
		texts[i] = g.text
	}
	for _, r := range t.reductions {
		k++
		if r.op == "argmin" || r.op == "argmax" {
			texts[k] = true // the file
			k += 2
			for range r.show {
				texts[k] = true
				k++
			}
		}
	}
	t.table(s, func(row []string) error {
		if len(b.Table) == maxTable {
			return errEnough
		}
		m := map[string]any{}
		for i, cell := range row {
			m[header[i]] = any(cell)
			if x, err := strconv.ParseFloat(cell, 64); err == nil && !texts[i] {
				m[header[i]] = Number(x)
			} else if cell == "" && !texts[i] {
				m[header[i]] = nil
			}
		}
		b.Table = append(b.Table, m)
		return nil
	})
}

func (b *mapReduceBody) setFigures(files []string) { b.Figures = files }

// Summary prints what was read and, of few groups, what came of it.
func (b *mapReduceBody) Summary(w io.Writer) {
	fmt.Fprintf(w, "%s of %s", count(int(b.Rows), "row"), count(b.Files, "file"))
	if b.Used != b.Rows {
		fmt.Fprintf(w, ", %d of them used", b.Used)
	}
	fmt.Fprintf(w, ", %s (groups.csv)\n", count(int(b.Groups), "group"))
	if b.BadRows > 0 && len(b.FirstBad) > 0 {
		f := b.FirstBad[0]
		fmt.Fprintf(w, "%s left out; the first: %s:%d: %s\n", count(int(b.BadRows), "bad row"), f.File, f.Line, f.Reason)
	}
	if r := float64(b.RowsPerSecond); r > 0 && b.Rows > 0 {
		fmt.Fprintf(w, "%.3g million rows/s, %.3g MB/s\n", r/1e6, r*float64(b.Bytes)/float64(b.Rows)/1e6)
	}
	if len(b.Figures) > 0 {
		fmt.Fprintf(w, "figures %s\n", strings.Join(b.Figures, ", "))
	}
}

// linesBefore counts the lines that begin before a byte of a file, as a scanner
// that starts there does: up to the first line end from the byte before it on.
func linesBefore(path string, offset int64) (int64, error) {
	if offset == 0 {
		return 0, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var lines int64
	r := bufio.NewReaderSize(io.LimitReader(f, offset-1), 1<<20)
	buf := make([]byte, 1<<16)
	for {
		n, err := r.Read(buf)
		lines += int64(bytes.Count(buf[:n], []byte{'\n'}))
		if err == io.EOF {
			return lines + 1, nil // and the one that goes on there
		}
		if err != nil {
			return 0, err
		}
	}
}

func (w *mapWork) draw(d *directory) ([]string, error) { return w.task.draw(d) }

// drawnGroups is the most groups that are drawn as bars.
const drawnGroups = 40

// draw draws the reductions over the groups of the first key: as lines where it is a
// number, else as bars.
func (t *mapReduceTask) draw(d *directory) ([]string, error) {
	w := newDrawing(d, t.figures)
	if len(t.groups) == 0 || len(w.formats) == 0 {
		return w.files, nil
	}
	f, err := os.Open(d.file("groups.csv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	table, err := readTable(f, nil)
	if err != nil {
		return nil, err
	}
	header, rows := table.rows[0], table.rows[1:]
	column := func(i int) (x []float64, ok bool) {
		for _, row := range rows {
			v, err := strconv.ParseFloat(row[i], 64)
			if err != nil && row[i] != "" {
				return nil, false
			}
			if err != nil {
				v = math.NaN()
			}
			x = append(x, v)
		}
		return x, len(x) > 0
	}
	var panels []figure.Panel
	x, numeric := column(0)
	numeric = numeric && len(t.groups) == 1 && slices.IsSorted(x)
	if !numeric && len(rows) > drawnGroups {
		return w.files, nil
	}
	labels := make([]string, len(rows))
	for i, row := range rows {
		labels[i] = shorten(strings.Join(row[:len(t.groups)], ", "), 24)
	}
	key := strings.Join(header[:len(t.groups)], ", ")
	for _, r := range t.reductions {
		y, ok := column(slices.Index(header, r.name))
		if !ok || len(panels) == drawnInputs {
			continue
		}
		if numeric {
			style := figure.Solid
			if len(x) < 50 {
				style = figure.Points
			}
			panels = append(panels, figure.Lines{XLabel: key, YLabel: r.name, Series: []figure.Series{{X: x, Y: y, Style: style}}})
			continue
		}
		panels = append(panels, figure.Bars{XLabel: key, YLabel: r.name, Labels: labels, Series: []figure.Series{{Y: y}}})
	}
	switch len(panels) {
	case 0:
	case 1:
		w.save("groups", panels[0], nil)
	default:
		w.save("groups", figure.Tile(min(len(panels), 3), panels...), nil)
	}
	return w.files, w.failed
}

// count is "1 row" or "2 rows".
func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
