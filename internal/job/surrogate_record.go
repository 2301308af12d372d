package job

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

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
	workers   int                 // calls of the evaluator at once
	chunk     int                 // points of a call
	names     []string            // of the inputs
	response  string
	watch     func() // after every evaluation, if set

	path string
	f    *os.File
	mu   sync.Mutex
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

// evaluate evaluates some of the points, in chunks on several goroutines.
func (r *recorder) evaluate(ctx context.Context, x []float64, todo []int, first int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	chunks := make(chan []int)
	var wg sync.WaitGroup
	for range r.workers {
		wg.Go(func() {
			for chunk := range chunks {
				if err := r.call(ctx, x, chunk, first); err != nil {
					cancel(err)
				}
			}
		})
	}
deal:
	for chunk := range slices.Chunk(todo, r.chunk) {
		select {
		case chunks <- chunk:
		case <-ctx.Done():
			break deal
		}
	}
	close(chunks)
	wg.Wait()
	return context.Cause(ctx)
}

// call evaluates one chunk and records what came of it.
func (r *recorder) call(ctx context.Context, x []float64, chunk []int, first int) error {
	d := len(r.names)
	var points []float64
	for _, i := range chunk {
		points = append(points, x[i*d:(i+1)*d]...)
	}
	y, errs := make([]float64, len(chunk)), make([]error, len(chunk))
	whole := r.evaluator.Evaluate(ctx, points, len(chunk), y, errs)
	if ctx.Err() != nil {
		return context.Cause(ctx) // what came of a killed program says nothing
	}
	if whole != nil {
		return whole
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, i := range chunk {
		row := record{x: points[k*d : (k+1)*d], y: y[k]}
		if errs[k] != nil {
			row.y, row.fail = math.NaN(), strings.Join(strings.Fields(errs[k].Error()), " ")
		}
		if err := r.add(first+i, row); err != nil {
			return err
		}
	}
	if r.watch != nil {
		r.watch()
	}
	return nil
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
