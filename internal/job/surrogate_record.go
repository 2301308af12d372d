package job

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
	"github.com/seed-0772dd2d/ritz/surrogate"
)

// recorder is an evaluator that writes down every evaluation when it is made, in
// samples.csv:
//
//	evaluation,x1,x2,y,error
//
// Evaluations are numbered in the order in which they are asked for; parallel
// ones end in any order. One that the file holds already is not made again, so
// that a run goes on where it was killed.
type recorder struct {
	evaluator surrogate.Evaluator // nil: all there is was given
	command   *surrogate.Command  // the evaluator, if it is a program: then points are
	pool      Pool                // tasks of a pool
	names     []string            // of the inputs
	response  string
	watch     func() // when evaluations have been made, if set

	path string
	f    *os.File
	rows []record // by number
	next int      // number of the next evaluation to be asked for
	made int      // how many are in rows
}

// record is an evaluation; without an x it has not been made.
type record struct {
	x    []float64
	y    float64
	fail string // why there is no y
}

// open starts the file, or takes up the one that is there.
func (r *recorder) open(path string) error {
	r.path = path
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text = r.encode(-1, nil)
		err = atomicfile.Write(path, bytes.NewReader(text))
	}
	if err != nil {
		return err
	}
	// A process that was killed may have left half a line.
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	if r.rows, err = readRecords(path, text, r.names, r.response); err != nil {
		return err
	}
	for _, row := range r.rows {
		if row.x != nil {
			r.made++
		}
	}
	if r.f, err = os.OpenFile(path, os.O_WRONLY, 0); err != nil {
		return err
	}
	if err = r.f.Truncate(int64(len(text))); err == nil {
		_, err = r.f.Seek(int64(len(text)), 0)
	}
	return err
}

// encode returns the line of an evaluation, or the header.
func (r *recorder) encode(number int, row *record) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if row == nil {
		w.Write(slices.Concat([]string{"evaluation"}, r.names, []string{r.response, "error"}))
	} else {
		cells := []string{strconv.Itoa(number + 1)}
		for _, v := range row.x {
			cells = append(cells, format(v))
		}
		y := ""
		if row.fail == "" {
			y = format(row.y)
		}
		w.Write(append(cells, y, row.fail))
	}
	w.Flush()
	return b.Bytes()
}

// readRecords reads the text of a samples.csv.
func readRecords(path string, text []byte, names []string, response string) ([]record, error) {
	table, err := readTable(bytes.NewReader(text), slices.Concat([]string{"evaluation"}, names))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	header := table.rows[0]
	y, fail := slices.Index(header, response), slices.Index(header, "error")
	if y < 0 || fail < 0 {
		return nil, fmt.Errorf("%s: no columns %s and error", path, response)
	}
	var rows []record
	width := len(names) + 1
	for i, cells := range table.rows[1:] {
		number, x := int(table.x[i*width])-1, table.x[i*width+1:(i+1)*width]
		row := record{x: x, fail: cells[fail], y: math.NaN()}
		if row.fail == "" {
			if row.y, err = strconv.ParseFloat(cells[y], 64); err != nil {
				return nil, fmt.Errorf("%s: evaluation %d has neither %s nor an error", path, number+1, response)
			}
		}
		if number < 0 || number > len(table.rows)+1<<20 {
			return nil, fmt.Errorf("%s: evaluation %d?", path, number+1)
		}
		for number >= len(rows) {
			rows = append(rows, record{})
		}
		rows[number] = row
	}
	return rows, nil
}

// give records values that need no evaluation.
func (r *recorder) give(x, y []float64) error {
	d := len(r.names)
	for i, v := range y {
		if number := r.next + i; number >= len(r.rows) || r.rows[number].x == nil {
			if err := r.add(number, record{x: x[i*d : (i+1)*d], y: v}); err != nil {
				return err
			}
		}
	}
	r.next += len(y)
	return nil
}

// Evaluate evaluates the points that the file does not hold yet.
func (r *recorder) Evaluate(ctx context.Context, x []float64, n int, y []float64, errs []error) error {
	d := len(r.names)
	first := r.next
	r.next += n
	var todo []int
	for i := range n {
		if number := first + i; number >= len(r.rows) || r.rows[number].x == nil {
			todo = append(todo, i)
		} else if !slices.Equal(r.rows[number].x, x[i*d:(i+1)*d]) {
			return fmt.Errorf("%s: evaluation %d is at another point than this job asks for", r.path, number+1)
		}
	}
	if err := r.evaluate(ctx, x, todo, first); err != nil {
		return err
	}
	for i := range n {
		row := r.rows[first+i]
		if y[i], errs[i] = row.y, nil; row.fail != "" {
			errs[i] = errors.New(row.fail)
		}
	}
	return nil
}

// evaluate evaluates some of the points: a function at all of them in one call, a
// program at each in a task of its own.
func (r *recorder) evaluate(ctx context.Context, x []float64, todo []int, first int) error {
	if len(todo) == 0 {
		return ctx.Err()
	}
	d := len(r.names)
	if r.command == nil {
		var points []float64
		for _, i := range todo {
			points = append(points, x[i*d:(i+1)*d]...)
		}
		y, errs := make([]float64, len(todo)), make([]error, len(todo))
		whole := r.evaluator.Evaluate(ctx, points, len(todo), y, errs)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if whole != nil {
			return whole
		}
		for k, i := range todo {
			if err := r.note(first+i, points[k*d:(k+1)*d], y[k], errs[k]); err != nil {
				return err
			}
		}
		r.tell()
		return nil
	}
	tasks := make([]Task, len(todo))
	for k, i := range todo {
		data, err := json.Marshal(evaluateTask{*r.command, x[i*d : (i+1)*d]})
		if err != nil {
			return err
		}
		tasks[k] = Task{Name: fmt.Sprintf("evaluation %d", first+i+1), Kind: "evaluate", Data: data}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err := r.pool.Do(ctx, tasks, func(k int, result []byte, err error) {
		i := todo[k]
		var e evaluateResult
		if err == nil {
			err = json.Unmarshal(result, &e)
		}
		if err == nil && e.Error != "" {
			err = errors.New(e.Error)
		}
		if err := r.note(first+i, slices.Clone(x[i*d:(i+1)*d]), e.Y, err); err != nil {
			cancel(err)
		}
		r.tell()
	})
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}

// note writes down an evaluation, which failed if there is an error.
func (r *recorder) note(number int, x []float64, y float64, failed error) error {
	row := record{x: x, y: y}
	if failed != nil {
		row.y, row.fail = math.NaN(), strings.Join(strings.Fields(failed.Error()), " ")
	}
	return r.add(number, row)
}

func (r *recorder) tell() {
	if r.watch != nil {
		r.watch()
	}
}

// evaluateTask is the data of a task of kind evaluate: a program, and the point where
// it is run.
type evaluateTask struct {
	Command surrogate.Command
	X       []float64
}

// evaluateResult is the value there, or why there is none.
type evaluateResult struct {
	Y     float64
	Error string `json:",omitempty"`
}

// taskEvaluate runs a program at a point. That it fails there is a result too.
func taskEvaluate(ctx context.Context, data []byte, _ string, _ io.Writer) ([]byte, error) {
	var t evaluateTask
	if err := json.Unmarshal(data, &t); err != nil {
		return nil, fmt.Errorf("the data of the task are no evaluation: %w", err)
	}
	y, errs := make([]float64, 1), make([]error, 1)
	err := t.Command.Evaluate(ctx, t.X, 1, y, errs)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx) // what came of a killed program says nothing
	}
	if err != nil {
		return nil, err
	}
	r := evaluateResult{Y: y[0]}
	if errs[0] != nil {
		r = evaluateResult{Error: errs[0].Error()}
	}
	return json.Marshal(r)
}

func (r *recorder) add(number int, row record) error {
	for number >= len(r.rows) {
		r.rows = append(r.rows, record{})
	}
	r.rows[number] = row
	r.made++
	if _, err := r.f.Write(r.encode(number, &row)); err != nil {
		return &writeError{err}
	}
	return nil
}

// close ends the file; all its evaluations are then in order.
func (r *recorder) close() error {
	if err := r.f.Close(); err != nil {
		return &writeError{err}
	}
	text := r.encode(-1, nil)
	for i := range r.rows {
		if r.rows[i].x != nil {
			text = append(text, r.encode(i, &r.rows[i])...)
		}
	}
	if err := atomicfile.Write(r.path, bytes.NewReader(text)); err != nil {
		return &writeError{err}
	}
	return nil
}

// data are the successful ones among the first n evaluations.
func (r *recorder) data(n int, lower, upper []float64) surrogate.Data {
	d := surrogate.Data{Inputs: len(r.names), Lower: lower, Upper: upper}
	for _, row := range r.rows[:min(n, len(r.rows))] {
		if row.x != nil && row.fail == "" {
			d.X, d.Y = append(d.X, row.x...), append(d.Y, row.y)
		}
	}
	return d
}

// failed counts the evaluations without a value, and returns the reason of the
// first.
func (r *recorder) failed() (count int, first string) {
	for _, row := range r.rows {
		if row.fail != "" {
			if count++; count == 1 {
				first = row.fail
			}
		}
	}
	return count, first
}
