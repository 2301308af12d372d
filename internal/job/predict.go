package job

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-0772dd2d/ritz/pinn"
)

// PredictOptions say what to evaluate, besides fields or response, and where.
type PredictOptions struct {
	Derivatives string // of a solution: more expressions, separated by commas: "u_x, u*u_x - nu*u_xx"
	Model       string // of a run with several models: whose; default the best
	Variance    bool   // of a model: also the variance of its error
	Pool        Pool   // evaluates chunks of the points; default: this process
	// Warn, if set, is told of points outside the domain, once all are evaluated.
	Warn func(warning string)
}

// Rows of a chunk, and chunks that are in memory at once with a pool.
const (
	predictRows   = 1 << 14
	predictChunks = 64
)

// Predict evaluates the solution of a run, a model of a run or the model in a file
// at the points of a CSV file, of any size: it is read, evaluated and written in
// chunks of rows. The header of the file names all variables; what columns there
// are else pass through. To w go the columns of the file, then what was evaluated,
// in the order of the rows; of a fault the rows of the chunks before it.
func Predict(ctx context.Context, path, name string, points io.Reader, o PredictOptions, w io.Writer) error {
	p, err := newPredictor(path, o)
	if err != nil {
		return err
	}
	wrong := func(err error) error {
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
		return err
	}
	r, err := newTableReader(points, p.variables)
	if err != nil {
		return wrong(err)
	}
	most := 1
	if o.Pool != nil {
		most = predictChunks
	}
	b := bufio.NewWriter(w)
	out := csv.NewWriter(b)
	var beyond outside
	for first, end := true, false; !end; first = false {
		var chunks []csvTable
		for len(chunks) < most && !end {
			t, err := r.read(predictRows)
			if end = err == io.EOF; err != nil && !end {
				return wrong(err)
			}
			if len(t.rows) > 0 {
				chunks = append(chunks, t)
			}
		}
		values, err := p.chunks(ctx, o.Pool, chunks)
		if err != nil {
			return err
		}
		if first {
			out.Write(append(r.header, p.columns...))
		}
		for k, t := range chunks {
			beyond.add(p.domain, t)
			for i, row := range t.rows {
				for _, column := range values[k] {
					row = append(row, format(column[i]))
				}
				out.Write(row)
			}
		}
		if out.Flush(); out.Error() != nil {
			return out.Error()
		}
	}
	if o.Warn != nil && beyond.count > 0 {
		o.Warn(fmt.Sprintf("%s: %d of %d points lie outside the domain, where values are extrapolated: the first is line %d, %s",
			name, beyond.count, beyond.all, beyond.line, beyond.first))
	}
	return b.Flush()
}

// outside counts the points that lie outside a domain.
type outside struct {
	all, count int
	line       int    // of the first in the file
	first      string // of its coordinates, the first that is outside: "with t = 5, not in [0, 1]"
}

func (o *outside) add(domain []pinn.Interval, t csvTable) {
	o.all += len(t.rows)
	if len(domain) == 0 {
		return
	}
	for i := range t.rows {
		point := t.x[i*len(domain) : (i+1)*len(domain)]
		v := leaves(point, domain)
		if v < 0 {
			continue
		}
		if o.count++; o.count == 1 {
			o.line, o.first = t.lines[i], fmt.Sprintf("with %s = %g, not in [%g, %g]", domain[v].Name, point[v], domain[v].Lo, domain[v].Hi)
		}
	}
}

// predictor evaluates a solution or a model at points.
type predictor struct {
	file      string          // that holds it
	solution  bool            // it is a solution
	variables []string        // coordinates of a point
	domain    []pinn.Interval // of the variables; empty: not known
	columns   []string        // what is evaluated
	values    func(x []float64) ([][]float64, error)
	o         PredictOptions
}

func newPredictor(path string, o PredictOptions) (*predictor, error) {
	p := &predictor{o: o}
	if holdsModels(path) {
		if o.Derivatives != "" {
			return nil, fmt.Errorf("%s: a model has no derivatives to ask for", path)
		}
		m, err := LoadModel(path, o.Model)
		if err != nil {
			return nil, err
		}
		p.file = path
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			p.file = filepath.Join(path, "models", m.Name+".json")
		}
		p.variables, p.columns = m.Inputs, []string{m.Response}
		for j := range m.Lower {
			p.domain = append(p.domain, pinn.Interval{Name: m.Inputs[j], Lo: m.Lower[j], Hi: m.Upper[j]})
		}
		if o.Variance {
			p.columns = append(p.columns, m.Response+" variance")
		}
		p.values = func(x []float64) ([][]float64, error) { return m.predict(x, o.Variance) }
		return p, nil
	}
	s, err := loadSolution(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nothingIn(path, "solution")
	}
	if err != nil {
		return nil, err
	}
	if o.Model != "" || o.Variance {
		return nil, fmt.Errorf("%s holds no models", path)
	}
	p.file, p.solution = filepath.Join(path, "solution.json"), true
	p.variables, p.columns, p.domain = s.Variables(), append(s.Fields(), splitList(o.Derivatives)...), s.Domain()
	for v := range p.domain {
		if slices.Contains(s.Periodic(), p.domain[v].Name) {
			p.domain[v].Lo, p.domain[v].Hi = math.Inf(-1), math.Inf(1)
		}
	}
	p.values = func(x []float64) (columns [][]float64, err error) {
		for _, e := range p.columns {
			values, err := s.Evaluate(e, x)
			if err != nil {
				return nil, fmt.Errorf("%q: %w", e, err)
			}
			columns = append(columns, values)
		}
		return columns, nil
	}
	return p, nil
}

// chunks evaluates the chunks of a table, here or as tasks of a pool.
func (p *predictor) chunks(ctx context.Context, pool Pool, chunks []csvTable) ([][][]float64, error) {
	values := make([][][]float64, len(chunks))
	var err error
	if pool == nil {
		for i, t := range chunks {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if values[i], err = p.values(t.x); err != nil {
				return nil, err
			}
		}
		return values, nil
	}
	text, err := os.ReadFile(p.file)
	if err != nil {
		return nil, err
	}
	name := "model.json"
	if p.solution {
		name = "solution.json"
	}
	tasks := make([]Task, len(chunks))
	for i, t := range chunks {
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(predictTask{name, p.o.Derivatives, p.o.Variance, t.x}); err != nil {
			return nil, err
		}
		tasks[i] = Task{Name: fmt.Sprintf("chunk %d", i+1), Kind: "predict", Data: b.Bytes(), Files: map[string][]byte{name: text}}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err = pool.Do(ctx, tasks, func(i int, result []byte, err error) {
		if err == nil {
			err = gob.NewDecoder(bytes.NewReader(result)).Decode(&values[i])
		}
		if err != nil {
			cancel(err)
		}
	})
	if err == nil {
		err = context.Cause(ctx)
	}
	return values, err
}

// predictTask is the data of a task of kind predict: what is evaluated, and where.
type predictTask struct {
	File        string // the model or solution in the directory of the task
	Derivatives string
	Variance    bool
	X           []float64
}

func taskPredict(_ context.Context, data []byte, dir string, _ io.Writer) ([]byte, error) {
	var t predictTask
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&t); err != nil {
		return nil, fmt.Errorf("the data of the task are no points: %w", err)
	}
	path := dir
	if t.File != "solution.json" {
		path = filepath.Join(dir, filepath.Base(t.File))
	}
	p, err := newPredictor(path, PredictOptions{Derivatives: t.Derivatives, Variance: t.Variance})
	if err != nil {
		return nil, err
	}
	if len(t.X)%len(p.variables) != 0 {
		return nil, fmt.Errorf("%d coordinates for points of %d", len(t.X), len(p.variables))
	}
	values, err := p.values(t.X)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = gob.NewEncoder(&b).Encode(values)
	return b.Bytes(), err
}

// nothingIn tells why a directory lacks what is to be evaluated, a solution or a
// model: it is no run, one of another kind, or one that has not come so far.
func nothingIn(dir, what string) error {
	j, err := Load(filepath.Join(dir, "job.yaml"), nil)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s holds no run: %w", dir, err)
	case err != nil:
		return err
	case j.Kind == "surrogate":
		what = "model"
	case j.Kind != "pinn":
		return fmt.Errorf("%s holds a run of kind %s: it has neither a solution nor a model to evaluate", dir, j.Kind)
	}
	if r, err := ReadResult(dir); err == nil && (r.Status == Done || r.Status == Failed) {
		return fmt.Errorf("%s holds no %s", dir, what)
	}
	return fmt.Errorf("%s holds no %s yet: go on with ritz run --resume %s", dir, what, dir)
}

// holdsModels tells the file of a model, or a run that has fitted some.
func holdsModels(path string) bool {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		info, err = os.Stat(filepath.Join(path, "models"))
		return err == nil && info.IsDir()
	}
	return err == nil
}

func loadSolution(dir string) (*pinn.Solution, error) {
	s, err := pinn.Load(filepath.Join(dir, "solution.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s holds no solution: %w", dir, err)
	}
	return s, err
}

// csvTable is a CSV file: all its rows as text, the header first, and the numbers
// in some of the columns, row-major.
type csvTable struct {
	rows  [][]string
	lines []int // where they stand in the file
	x     []float64
}

// readTable reads a CSV file with its header, and the numbers in the columns
// that are asked for.
func readTable(in io.Reader, columns []string) (t csvTable, err error) {
	r, err := newTableReader(in, columns)
	if err != nil {
		return t, err
	}
	if t, err = r.read(math.MaxInt); err != nil && err != io.EOF {
		return t, err
	}
	t.rows, t.lines = append([][]string{r.header}, t.rows...), append([]int{1}, t.lines...)
	return t, nil
}

// tableReader reads a CSV file in parts.
type tableReader struct {
	header  []string
	r       *csv.Reader
	columns []string // that are read as numbers
	at      []int    // and where they are
}

func newTableReader(in io.Reader, columns []string) (*tableReader, error) {
	t := &tableReader{r: csv.NewReader(in), columns: columns, at: make([]int, len(columns))}
	t.r.TrimLeadingSpace = true
	header, err := t.r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("line 1: empty; expected a header that names the columns")
	}
	if err != nil {
		return nil, err
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	for i, name := range header {
		if slices.Contains(header[:i], name) {
			return nil, fmt.Errorf("line 1: column %q stands twice", name)
		}
	}
	for i, name := range columns {
		if t.at[i] = slices.Index(header, name); t.at[i] < 0 {
			hint := ""
			if len(header) == 1 && strings.Contains(header[0], ";") {
				hint = ": are the columns separated by ';'? Separate them by ','"
			}
			return nil, fmt.Errorf("line 1: no column for the variable %q%s", name, hint)
		}
	}
	t.header = header
	return t, nil
}

// read reads up to n rows, without the header. The error is io.EOF where the file
// ends with them.
func (r *tableReader) read(n int) (t csvTable, err error) {
	for len(t.rows) < n {
		row, err := r.r.Read()
		if err != nil {
			return t, err
		}
		for i, c := range r.at {
			v, err := strconv.ParseFloat(strings.TrimSpace(row[c]), 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				line, _ := r.r.FieldPos(c)
				return t, fmt.Errorf("line %d, column %q: %q is not a finite number", line, r.columns[i], row[c])
			}
			t.x = append(t.x, v)
		}
		line, _ := r.r.FieldPos(0)
		t.rows, t.lines = append(t.rows, row), append(t.lines, line)
	}
	return t, nil
}

// splitList cuts a list at the commas that stand outside parentheses.
func splitList(text string) []string {
	var items []string
	depth, start := 0, 0
	for i, r := range text + "," {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && (depth <= 0 || i == len(text)):
			if item := strings.TrimSpace(text[start:i]); item != "" {
				items = append(items, item)
			}
			start = i + 1
		}
	}
	return items
}
