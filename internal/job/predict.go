package job

import (
	"bufio"
	"encoding/csv"
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

// PredictOptions say what to evaluate, besides fields or response.
type PredictOptions struct {
	Derivatives string // of a solution: more expressions, separated by commas: "u_x, u*u_x - nu*u_xx"
	Model       string // of a run with several models: whose; default the best
	Variance    bool   // of a model: also the variance of its error
}

// Predict evaluates the solution of a run, a model of a run or the model in a file
// at the points of a CSV file. The header of the file names all variables; what
// columns there are else pass through. To w go the columns of the file, then what
// was evaluated.
func Predict(path, name string, points io.Reader, o PredictOptions, w io.Writer) error {
	t, err := evaluate(path, name, points, o)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	if err := csv.NewWriter(b).WriteAll(t.rows); err != nil {
		return err
	}
	return b.Flush()
}

func evaluate(path, name string, points io.Reader, o PredictOptions) (t csvTable, err error) {
	read := func(columns []string) error {
		if t, err = readTable(points, columns); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	if holdsModels(path) {
		if o.Derivatives != "" {
			return t, fmt.Errorf("%s: a model has no derivatives to ask for", path)
		}
		m, err := LoadModel(path, o.Model)
		if err == nil {
			err = read(m.Inputs)
		}
		if err == nil {
			err = m.predict(&t, o.Variance)
		}
		return t, err
	}
	s, err := loadSolution(path)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nothingIn(path, "solution")
	}
	if err != nil {
		return t, err
	}
	if o.Model != "" || o.Variance {
		return t, fmt.Errorf("%s holds no models", path)
	}
	if err := read(s.Variables()); err != nil {
		return t, err
	}
	for _, e := range append(s.Fields(), splitList(o.Derivatives)...) {
		values, err := s.Evaluate(e, t.x)
		if err != nil {
			return t, fmt.Errorf("%q: %w", e, err)
		}
		t.column(e, values)
	}
	return t, nil
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

// column adds a column of values.
func (t *csvTable) column(name string, values []float64) {
	t.rows[0] = append(t.rows[0], name)
	for i, v := range values {
		t.rows[i+1] = append(t.rows[i+1], format(v))
	}
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
	r := csv.NewReader(in)
	r.TrimLeadingSpace = true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return t, errors.New("line 1: empty; expected a header that names the columns")
	}
	if err != nil {
		return t, err
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	for i, name := range header {
		if slices.Contains(header[:i], name) {
			return t, fmt.Errorf("line 1: column %q stands twice", name)
		}
	}
	at := make([]int, len(columns))
	for i, name := range columns {
		if at[i] = slices.Index(header, name); at[i] < 0 {
			hint := ""
			if len(header) == 1 && strings.Contains(header[0], ";") {
				hint = ": are the columns separated by ';'? Separate them by ','"
			}
			return t, fmt.Errorf("line 1: no column for the variable %q%s", name, hint)
		}
	}
	t.rows, t.lines = append(t.rows, header), append(t.lines, 1)
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return t, err
		}
		for i, c := range at {
			v, err := strconv.ParseFloat(strings.TrimSpace(row[c]), 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				line, _ := r.FieldPos(c)
				return t, fmt.Errorf("line %d, column %q: %q is not a finite number", line, columns[i], row[c])
			}
			t.x = append(t.x, v)
		}
		line, _ := r.FieldPos(0)
		t.rows, t.lines = append(t.rows, row), append(t.lines, line)
	}
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
