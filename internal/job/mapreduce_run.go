package job

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"time"
)

// mapState is what the ranges that are done come to: the state of a checkpoint.
type mapState struct {
	Stamps  []fileStamp
	Done    []bool  // by range
	Lines   []int64 // by range
	Rows    int64
	Used    int64
	BadRows int64
	Bad     []badRow
	Groups  map[string]*groupState
}

func (w *mapWork) restore(c *checkpoint) error {
	var s mapState
	if err := gob.NewDecoder(bytes.NewReader(c.State)).Decode(&s); err != nil {
		return err
	}
	for i, now := range w.state.Stamps {
		if i >= len(s.Stamps) || s.Stamps[i] != now {
			return fmt.Errorf("%s is new or has changed since: run the job anew", now.Path)
		}
	}
	if len(s.Stamps) != len(w.state.Stamps) || len(s.Done) != len(w.state.Done) || len(s.Lines) != len(w.state.Lines) {
		return errors.New("the files are others than they were: run the job anew")
	}
	if s.Groups == nil {
		s.Groups = map[string]*groupState{}
	}
	w.state = s
	return nil
}

func (w *mapWork) run(ctx context.Context, d *directory) (Body, error) {
	t, p := w.task, w.task.plan
	text := t.job.tree.yaml()
	var tasks []Task
	var numbers []int
	done := 0
	for i, r := range p.ranges {
		if w.state.Done[i] {
			done++
			continue
		}
		f := p.files[r.file]
		data, err := json.Marshal(rangeTask{text, f.path, f.size, r.begin, r.end, f.fields, t.perRow.names, f.numbers, f.texts})
		if err != nil {
			return w.body, err
		}
		tasks = append(tasks, Task{Name: fmt.Sprintf("range %d", i+1), Kind: "range", Data: data})
		numbers = append(numbers, i)
	}
	tell := func() {
		w.progress(Progress{Stages: 1, Name: "ranges", Iteration: done, Iterations: len(p.ranges), Total: done, TotalMost: len(p.ranges), Seconds: d.seconds()})
	}
	started, before := time.Now(), w.state.Rows
	w.saved = started
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err := w.pool.Do(ctx, tasks, func(i int, result []byte, err error) {
		if err == nil {
			err = w.merge(numbers[i], result)
		}
		if err != nil {
			cancel(err)
			return
		}
		done++
		tell()
		if time.Since(w.saved) > 10*time.Second {
			if err := w.save(d); err != nil {
				cancel(&writeError{err})
			}
			w.saved = time.Now()
		}
	})
	if err == nil { // the last range may be the one that fails
		err = context.Cause(ctx)
	}
	w.body.fill(t, &w.state)
	if s := time.Since(started).Seconds(); w.state.Rows > before {
		w.body.RowsPerSecond = Number(float64(w.state.Rows-before) / s)
	}
	if err != nil {
		if e := w.save(d); e != nil {
			return w.body, &writeError{e}
		}
		return w.body, err
	}
	if e := t.write(d, &w.state); e != nil {
		return w.body, &writeError{e}
	}
	return w.body, nil
}

func (w *mapWork) save(d *directory) error {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(&w.state); err != nil {
		return err
	}
	return d.save(&checkpoint{Seconds: d.seconds(), State: b.Bytes()})
}

// merge adds the partial result of a range. Nothing here depends on the order in
// which ranges come.
func (w *mapWork) merge(number int, result []byte) error {
	var p partial
	if err := gob.NewDecoder(bytes.NewReader(result)).Decode(&p); err != nil {
		return fmt.Errorf("range %d: %w", number+1, err)
	}
	t, s := w.task, &w.state
	if t.fail && p.BadRows > 0 {
		// Which line it is in the file, those before must tell: it is read once more.
		r := t.plan.ranges[number]
		line, err := linesBefore(t.plan.files[r.file].path, r.begin)
		if err != nil {
			return err
		}
		return fmt.Errorf("%s:%d: %s", t.plan.files[r.file].path, line+p.Bad[0].Line, p.Bad[0].Reason)
	}
	s.Done[number], s.Lines[number] = true, p.Lines
	s.Rows, s.Used, s.BadRows = s.Rows+p.Rows, s.Used+p.Used, s.BadRows+p.BadRows
	for _, b := range p.Bad {
		b.Range = number
		s.Bad = append(s.Bad, b)
	}
	slices.SortFunc(s.Bad, func(a, b badRow) int {
		return cmp.Or(cmp.Compare(a.Range, b.Range), cmp.Compare(a.Line, b.Line))
	})
	s.Bad = s.Bad[:min(len(s.Bad), maxBadRows)]
	for key, g := range p.Groups {
		if len(g.Cells) != len(t.reductions) {
			return fmt.Errorf("range %d: a group of %d cells", number+1, len(g.Cells))
		}
		for i := range g.Cells {
			g.Cells[i].Range = number
		}
		to := s.Groups[key]
		if to == nil {
			if len(s.Groups) == maxMapGroup {
				return fmt.Errorf("more than %d groups", maxMapGroup)
			}
			s.Groups[key] = g
			continue
		}
		to.Rows += g.Rows
		for i := range g.Cells {
			to.Cells[i].merge(t.reductions[i].op, &g.Cells[i])
		}
	}
	return nil
}

// merge takes up another cell of the same group and reduction.
func (c *accumulator) merge(op string, o *accumulator) {
	if o.N == 0 {
		return
	}
	take := c.N == 0
	if !take {
		switch earlier := o.Range < c.Range || o.Range == c.Range && o.Line < c.Line; op {
		case "min", "argmin":
			take = o.X < c.X || o.X == c.X && earlier
		case "max", "argmax":
			take = o.X > c.X || o.X == c.X && earlier
		}
	}
	c.N += o.N
	c.Sum.Merge(&o.Sum)
	if take {
		c.X, c.Range, c.Line, c.Show = o.X, o.Range, o.Line, o.Show
	}
}

// linesOfRanges are the numbers of lines of a file before each of its ranges.
func (t *mapReduceTask) linesOfRanges(s *mapState) []int64 {
	before := make([]int64, len(t.plan.ranges))
	for i := 1; i < len(before); i++ {
		if t.plan.ranges[i].begin > 0 {
			before[i] = before[i-1] + s.Lines[i-1]
		}
	}
	return before
}

// tableHeader is the columns of groups.csv.
func (t *mapReduceTask) tableHeader() (names []string) {
	for _, g := range t.groups {
		names = append(names, g.name)
	}
	for _, r := range t.reductions {
		names = append(names, r.name)
		if r.op == "argmin" || r.op == "argmax" {
			names = append(names, r.name+".file", r.name+".line")
			for _, c := range r.show {
				names = append(names, r.name+"."+c.text)
			}
		}
	}
	return names
}

// sorted are the keys of the groups in order: by each key as a number where all
// groups have numbers there, else as a text.
func (t *mapReduceTask) sorted(s *mapState) (keys []string, texts [][]string) {
	type row struct {
		key     string
		texts   []string
		numbers []float64
	}
	rows := make([]row, 0, len(s.Groups))
	for _, key := range sortedKeys(s.Groups) {
		texts, numbers := t.decodeKey(key)
		rows = append(rows, row{key, texts, numbers})
	}
	numeric := make([]bool, len(t.groups))
	for k := range numeric {
		numeric[k] = !t.groups[k].text || !slices.ContainsFunc(rows, func(r row) bool { return r.numbers[k] != r.numbers[k] })
	}
	sort.SliceStable(rows, func(a, b int) bool {
		for k := range numeric {
			order := cmp.Compare(rows[a].texts[k], rows[b].texts[k])
			if numeric[k] {
				order = cmp.Or(cmp.Compare(rows[a].numbers[k], rows[b].numbers[k]), order)
			}
			if order != 0 {
				return order < 0
			}
		}
		return false
	})
	for _, r := range rows {
		keys, texts = append(keys, r.key), append(texts, r.texts)
	}
	return keys, texts
}

// value is the number that a reduction comes to; NaN if no row has a value.
func (r *reduction) value(g *groupState, c *accumulator) float64 {
	switch {
	case r.node == nil:
		return float64(g.Rows)
	case r.op == "count":
		return float64(c.N)
	case r.op == "sum":
		return c.Sum.Value()
	case c.N == 0:
		return math.NaN()
	case r.op == "mean":
		return c.Sum.Value() / float64(c.N)
	}
	return c.X
}

// table calls f with the cells of each row of the result.
func (t *mapReduceTask) table(s *mapState, f func(row []string) error) error {
	keys, texts := t.sorted(s)
	before := t.linesOfRanges(s)
	for n, key := range keys {
		g := s.Groups[key]
		row := texts[n]
		for i := range t.reductions {
			r, c := &t.reductions[i], &g.Cells[i]
			row = append(row, blank(r.value(g, c)))
			if r.op != "argmin" && r.op != "argmax" {
				continue
			}
			if c.N == 0 {
				row = append(row, make([]string, 2+len(r.show))...)
				continue
			}
			file := t.plan.files[t.plan.ranges[c.Range].file].path
			row = append(append(row, file, strconv.FormatInt(before[c.Range]+c.Line, 10)), c.Show...)
		}
		if err := f(row); err != nil {
			return err
		}
	}
	return nil
}

// write writes groups.csv.
func (t *mapReduceTask) write(d *directory, s *mapState) error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(t.tableHeader())
	if err := t.table(s, w.Write); err != nil {
		return err
	}
	w.Flush()
	return d.write("groups.csv", b.Bytes())
}
