package job

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/csvscan"
)

// mapPlan is the files that were found, and the ranges that they are cut into.
type mapPlan struct {
	files  []mapFile
	ranges []mapRange
	bytes  int64
}

// mapFile is a CSV file. Where the columns are that the job needs may differ from
// file to file.
type mapFile struct {
	path    string
	size    int64
	changed int64 // time of its last change, in nanoseconds
	fields  int
	numbers []int // columns of rowProgram.names
	texts   []int // columns of rowProgram.texts
}

// mapRange is the records that begin from byte begin to before byte end of a file.
type mapRange struct {
	file       int
	begin, end int64
}

// prepare finds the files, reads their headers and compiles the expressions.
func (t *mapReduceTask) prepare() error {
	if t.ready {
		return nil
	}
	paths, err := t.find()
	if err != nil {
		return err
	}
	t.plan, t.perRow = &mapPlan{}, nil
	for _, path := range paths {
		if err := t.addFile(path); err != nil {
			return err
		}
	}
	t.ready = true
	return nil
}

// find returns the files that the patterns match, each once, in the order of the
// patterns and of their names.
func (t *mapReduceTask) find() (paths []string, err error) {
	for i, n := range t.files {
		pattern := filepath.FromSlash(n.text)
		found := []string{pattern}
		info, err := os.Stat(pattern)
		if err != nil && strings.ContainsAny(pattern, "*?[") {
			if found, err = filepath.Glob(pattern); err != nil {
				return nil, fault(n, item("files", i), fmt.Sprintf("%s: %v", n.text, err))
			}
			found = slices.DeleteFunc(found, func(path string) bool {
				info, err := os.Stat(path)
				return err == nil && info.IsDir()
			})
			if len(found) == 0 {
				return nil, fault(n, item("files", i), fmt.Sprintf("no file matches %s", n.text))
			}
		} else if err != nil {
			return nil, textFault(n, item("files", i), err)
		} else if info.IsDir() {
			return nil, fault(n, item("files", i), fmt.Sprintf("%s is a folder: name its files, %s/*.csv", n.text, n.text))
		}
		for _, path := range found {
			if !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	return paths, nil
}

// addFile reads the header of a file and cuts the file into ranges.
func (t *mapReduceTask) addFile(path string) error {
	wrong := func(line int, text string, format string, args ...any) error {
		src := &source{name: path}
		if text != "" {
			src.lines = append(make([]string, line-1), text)
		}
		return fault(&node{source: src, line: line, column: 1}, "", fmt.Sprintf(format, args...))
	}
	file, err := os.Open(path)
	if err != nil {
		return wrong(1, "", "%v", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	f := mapFile{path: path, size: info.Size(), changed: info.ModTime().UnixNano()}
	header, line := t.header, 1
	if header == nil {
		s := csvscan.New(file, csvscan.Settings{Comma: t.comma, Multiline: t.split == 0})
		cells, err := s.Record()
		if err == io.EOF {
			return wrong(1, "", "empty; expected a header that names the columns (or name them in the job, header: [...])")
		}
		if err != nil {
			return wrong(1, "", "the header: %v", err)
		}
		line = int(s.Line)
		for _, c := range cells {
			header = append(header, string(c))
		}
	}
	f.fields = len(header)
	if t.perRow == nil {
		if t.perRow, err = t.compileRows(t.columnNames(header)); err != nil {
			return err
		}
	}
	text := strings.Join(header, string(t.comma))
	for _, names := range []struct {
		of []string
		to *[]int
	}{{t.perRow.names, &f.numbers}, {t.perRow.texts, &f.texts}} {
		for _, name := range names.of {
			column := name
			if alias, ok := t.aliases[name]; ok {
				column = alias
			}
			i := slices.Index(header, column)
			if i < 0 {
				hint := suggest(column, header)
				if len(header) == 1 && strings.Contains(header[0], ";") {
					hint = `: are the columns separated by ";"? separator: ";"`
				}
				return wrong(line, text, "there is no column %q%s", column, hint)
			}
			if slices.Contains(header[i+1:], column) {
				return wrong(line, text, "column %q stands twice", column)
			}
			*names.to = append(*names.to, i)
		}
	}
	step := t.split
	if step == 0 {
		step = max(f.size, 1)
	}
	for begin := int64(0); begin < f.size; begin += step {
		t.plan.ranges = append(t.plan.ranges, mapRange{len(t.plan.files), begin, min(begin+step, f.size)})
	}
	t.plan.files = append(t.plan.files, f)
	t.plan.bytes += f.size
	return nil
}

// columnNames are what expressions may call the columns.
func (t *mapReduceTask) columnNames(header []string) []string {
	names := sortedKeys(t.aliases)
	for _, h := range header {
		if _, ok := t.aliases[h]; !ok {
			names = append(names, h)
		}
	}
	return names
}

// fileStamp tells whether a file has changed.
type fileStamp struct {
	Path          string
	Size, Changed int64
}

func (p *mapPlan) stamps() (stamps []fileStamp) {
	for _, f := range p.files {
		stamps = append(stamps, fileStamp{f.path, f.size, f.changed})
	}
	return stamps
}

// check writes what is going to be read.
func (t *mapReduceTask) check(w io.Writer) error {
	if err := t.prepare(); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %s\n\n%d files, %.4g MB in %d ranges\n", t.job.Name, t.job.Kind, len(t.plan.files), float64(t.plan.bytes)/1e6, len(t.plan.ranges))
	fmt.Fprintf(w, "columns read: %s\n", strings.Join(append(slices.Clone(t.perRow.names), t.perRow.texts...), ", "))
	if t.where != nil {
		fmt.Fprintf(w, "rows where %s\n", t.where.text)
	}
	for i, g := range t.groups {
		word := "by"
		if i > 0 {
			word = "and"
		}
		fmt.Fprintf(w, "%s %s\n", word, g.name)
	}
	for _, r := range t.reductions {
		of := "rows"
		if r.node != nil {
			of = r.node.text
		}
		fmt.Fprintf(w, "  %s = %s of %s\n", r.name, r.op, of)
	}
	return nil
}
