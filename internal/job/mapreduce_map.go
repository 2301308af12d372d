package job

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/seed-0772dd2d/ritz/internal/csvscan"
	"github.com/seed-0772dd2d/ritz/internal/exactsum"
	"github.com/seed-0772dd2d/ritz/internal/expr"
)

// rangeTask is the data of a task of kind range. The file must be found under its
// name wherever the task is done.
type rangeTask struct {
	Job        string // the job file, for its expressions and settings
	Path       string
	Size       int64 // of the file; another one is refused
	Begin, End int64
	Fields     int
	Names      []string // of the columns read as numbers
	Numbers    []int    // and where they are
	Texts      []int
}

// partial is what the rows of a range come to.
type partial struct {
	Lines   int64 // that begin in the range
	Rows    int64 // records, but for the header and bad ones
	Used    int64 // of them, those that the condition allows
	BadRows int64
	Bad     []badRow // the first ones
	Groups  map[string]*groupState
}

// badRow is a record that cannot be read.
type badRow struct {
	Range  int
	Line   int64 // in the range
	Reason string
}

// groupState is what the rows of a group come to so far.
type groupState struct {
	Rows  int64
	Cells []accumulator
}

// accumulator is the state of a reduction: how many rows have a finite value, their sum,
// or the extreme one with its place.
type accumulator struct {
	N     int64
	Sum   exactsum.Sum
	X     float64
	Range int
	Line  int64
	Show  []string
}

const (
	rowBlock    = 512     // rows in flight
	maxBadRows  = 20      // that are told
	maxMapGroup = 1 << 20 // groups
)

// taskRange maps a range of a file to a partial result.
func taskRange(ctx context.Context, data []byte, _ string, log io.Writer) ([]byte, error) {
	var r rangeTask
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("the data of the task are no range: %w", err)
	}
	j, err := decode("job.yaml", r.Job, nil)
	if err != nil {
		return nil, err
	}
	t, ok := j.task.(*mapReduceTask)
	if !ok {
		return nil, fmt.Errorf("a range of a job of kind %s", j.Kind)
	}
	p, err := t.compileRows(r.Names)
	if err != nil {
		return nil, err
	}
	if len(p.names) != len(r.Numbers) || len(p.texts) != len(r.Texts) {
		return nil, errors.New("the columns of the range are not those of its job")
	}
	m, err := newMapper(t, p, &r)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(r.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() != r.Size {
		return nil, fmt.Errorf("%s has changed: %d bytes, there were %d", r.Path, info.Size(), r.Size)
	}
	if _, err := f.Seek(max(r.Begin-1, 0), io.SeekStart); err != nil {
		return nil, err
	}
	if err := m.read(ctx, f); err != nil {
		return nil, fmt.Errorf("%s: %w", r.Path, err)
	}
	var b bytes.Buffer
	err = gob.NewEncoder(&b).Encode(&m.out)
	return b.Bytes(), err
}

// mapper reads a range, a block of rows at a time.
type mapper struct {
	task  *mapReduceTask
	rows  *rowProgram
	of    *rangeTask
	uses  []csvscan.Use
	out   partial
	ws    *expr.Workspace
	block [][]float64 // by column of rows.names
	from  []int       // which number of a record it is
	texts []int       // which text of a record, by column of rows.texts
	lines []int64
	arena []byte // texts of the block
	ends  []int  // of each, len(texts) a row
	key   []byte
	last  []byte // key of the last group
	group *groupState
}

func newMapper(t *mapReduceTask, p *rowProgram, r *rangeTask) (*mapper, error) {
	m := &mapper{task: t, rows: p, of: r, uses: make([]csvscan.Use, r.Fields), lines: make([]int64, rowBlock)}
	m.out.Groups = map[string]*groupState{}
	place := func(columns []int, use csvscan.Use) ([]int, error) {
		for _, c := range columns {
			if c < 0 || c >= r.Fields {
				return nil, fmt.Errorf("column %d of %d", c, r.Fields)
			}
			m.uses[c] |= use
		}
		order := make([]int, len(columns))
		for i, c := range columns {
			for k := range c {
				if m.uses[k]&use != 0 {
					order[i]++
				}
			}
		}
		return order, nil
	}
	var err error
	if m.from, err = place(r.Numbers, csvscan.Number); err != nil {
		return nil, err
	}
	if m.texts, err = place(r.Texts, csvscan.Text); err != nil {
		return nil, err
	}
	for range p.names {
		m.block = append(m.block, make([]float64, rowBlock))
	}
	m.ends = make([]int, rowBlock*len(m.texts))
	if p.program != nil {
		m.ws = p.program.NewWorkspace(rowBlock)
	}
	return m, nil
}

func (m *mapper) read(ctx context.Context, f io.Reader) error {
	s := csvscan.New(f, csvscan.Settings{Comma: m.task.comma, Columns: m.uses, Missing: m.task.missing, Multiline: m.task.split == 0})
	if err := s.Range(m.of.Begin, m.of.End); err != nil {
		return err
	}
	if m.of.Begin == 0 && m.task.header == nil {
		if _, err := s.Record(); err != nil {
			return err
		}
	}
	n := 0
	for {
		err := s.Next()
		if err == nil {
			for k, i := range m.from {
				m.block[k][n] = s.Numbers[i]
			}
			for k, i := range m.texts {
				m.arena = append(m.arena, s.Texts[i]...)
				m.ends[n*len(m.texts)+k] = len(m.arena)
			}
			m.lines[n] = s.Line
			n++
		} else if bad, ok := errors.AsType[*csvscan.Error](err); ok {
			m.bad(s.Line, bad)
		} else if err != io.EOF {
			return err
		}
		if n == rowBlock || err == io.EOF {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if e := m.flush(n); e != nil {
				return e
			}
			n = 0
		}
		if err == io.EOF {
			m.out.Lines = s.Lines()
			return nil
		}
	}
}

func (m *mapper) bad(line int64, err error) {
	m.out.BadRows++
	if len(m.out.Bad) < maxBadRows {
		reason := err.Error()
		if m.task.split > 0 && errors.Is(err, csvscan.ErrMultiline) {
			reason += "; fields of several lines need split: 0"
		}
		m.out.Bad = append(m.out.Bad, badRow{Line: line, Reason: reason})
	}
}

// flush adds the first n rows of the block to their groups.
func (m *mapper) flush(n int) error {
	p := m.rows
	if p.program != nil && n > 0 {
		p.program.Forward(m.ws, n, nil, m.block, nil, nil)
	}
	output := func(i int) []float64 {
		if i < 0 {
			return nil
		}
		return m.ws.Output(i)
	}
	var where []float64
	if p.where >= 0 {
		where = output(p.where)
	}
	values := make([][]float64, len(p.values))
	for i, o := range p.values {
		values[i] = output(o)
	}
	m.out.Rows += int64(n)
	for row := range n {
		if where != nil && where[row] == 0 {
			continue
		}
		m.out.Used++
		if err := m.find(row); err != nil {
			return err
		}
		m.group.Rows++
		for i := range m.task.reductions {
			if values[i] == nil {
				continue
			}
			if x := values[i][row]; x-x == 0 {
				m.add(i, x, row)
			}
		}
	}
	m.arena = m.arena[:0]
	return nil
}

// find makes m.group that of a row.
func (m *mapper) find(row int) error {
	m.key = m.key[:0]
	for i, k := range m.rows.byGroup {
		if k >= 0 {
			text := m.text(row, k)
			m.key = append(binary.AppendUvarint(m.key, uint64(len(text))), text...)
			continue
		}
		x := m.ws.Output(m.rows.groups[i])[row]
		if x != x {
			x = math.NaN() // one of them
		}
		m.key = binary.LittleEndian.AppendUint64(m.key, math.Float64bits(x+0)) // 0 for -0
	}
	if m.group != nil && bytes.Equal(m.key, m.last) {
		return nil
	}
	m.last = append(m.last[:0], m.key...)
	m.group = m.out.Groups[string(m.key)]
	if m.group == nil {
		if len(m.out.Groups) == maxMapGroup {
			return fmt.Errorf("more than %d groups", maxMapGroup)
		}
		m.group = &groupState{Cells: make([]accumulator, len(m.task.reductions))}
		m.out.Groups[string(m.key)] = m.group
	}
	return nil
}

func (m *mapper) text(row, k int) []byte {
	i := row*len(m.texts) + k
	begin := 0
	if i > 0 {
		begin = m.ends[i-1]
	}
	return m.arena[begin:m.ends[i]]
}

// add adds a value of reduction i.
func (m *mapper) add(i int, x float64, row int) {
	c, r := &m.group.Cells[i], &m.task.reductions[i]
	c.N++
	switch r.op {
	case "sum", "mean":
		c.Sum.Add(x)
	case "min", "argmin":
		if c.N > 1 && x >= c.X {
			return
		}
		m.extreme(c, i, x, row)
	case "max", "argmax":
		if c.N > 1 && x <= c.X {
			return
		}
		m.extreme(c, i, x, row)
	}
}

func (m *mapper) extreme(c *accumulator, i int, x float64, row int) {
	c.X, c.Line = x, m.lines[row]
	c.Show = c.Show[:0]
	for _, k := range m.rows.byShow[i] {
		c.Show = append(c.Show, string(m.text(row, k)))
	}
}

// decodeKey returns the texts and numbers of a key, numbers as texts too.
func (t *mapReduceTask) decodeKey(key string) (texts []string, numbers []float64) {
	b := []byte(key)
	for _, g := range t.groups {
		if g.text {
			n, k := binary.Uvarint(b)
			text := string(b[k : k+int(n)])
			b = b[k+int(n):]
			x, ok := csvscan.Parse([]byte(text))
			if !ok {
				x = math.NaN()
			}
			texts, numbers = append(texts, text), append(numbers, x)
			continue
		}
		x := math.Float64frombits(binary.LittleEndian.Uint64(b))
		b = b[8:]
		texts, numbers = append(texts, blank(x)), append(numbers, x)
	}
	return texts, numbers
}
