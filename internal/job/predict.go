package job

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-0772dd2d/ritz/pinn"
)

// Predict evaluates the solution of a run at the points of a CSV file. The
// header of the file names all variables; what columns there are else pass
// through. To w go the columns of the file, then the fields, then the wanted
// expressions, separated by commas ("u_x, u*u_x - nu*u_xx").
func Predict(dir, name string, points io.Reader, expressions string, w io.Writer) error {
	s, err := loadSolution(dir)
	if err != nil {
		return err
	}
	rows, x, err := readPoints(points, s.Variables())
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	wanted := append(s.Fields(), splitList(expressions)...)
	for _, e := range wanted {
		values, err := s.Evaluate(e, x)
		if err != nil {
			return fmt.Errorf("%q: %w", e, err)
		}
		rows[0] = append(rows[0], e)
		for i, v := range values {
			rows[i+1] = append(rows[i+1], strconv.FormatFloat(v, 'g', -1, 64))
		}
	}
	b := bufio.NewWriter(w)
	if err := csv.NewWriter(b).WriteAll(rows); err != nil {
		return err
	}
	return b.Flush()
}

func loadSolution(dir string) (*pinn.Solution, error) {
	s, err := pinn.Load(filepath.Join(dir, "solution.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s holds no solution: %w", dir, err)
	}
	return s, err
}

// readPoints reads the rows of a CSV file with its header, and the values of
// the variables, row-major.
func readPoints(in io.Reader, variables []string) (rows [][]string, x []float64, err error) {
	r := csv.NewReader(in)
	r.TrimLeadingSpace = true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil, errors.New("line 1: empty; expected a header that names the columns")
	}
	if err != nil {
		return nil, nil, err
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	for i, name := range header {
		if slices.Contains(header[:i], name) {
			return nil, nil, fmt.Errorf("line 1: column %q stands twice", name)
		}
	}
	column := make([]int, len(variables))
	for i, v := range variables {
		if column[i] = slices.Index(header, v); column[i] < 0 {
			hint := ""
			if len(header) == 1 && strings.Contains(header[0], ";") {
				hint = ": are the columns separated by ';'? Separate them by ','"
			}
			return nil, nil, fmt.Errorf("line 1: no column for the variable %q%s", v, hint)
		}
	}
	rows = append(rows, header)
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, x, nil
		}
		if err != nil {
			return nil, nil, err
		}
		for i, c := range column {
			v, err := strconv.ParseFloat(strings.TrimSpace(row[c]), 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				line, _ := r.FieldPos(c)
				return nil, nil, fmt.Errorf("line %d, column %q: %q is not a finite number", line, variables[i], row[c])
			}
			x = append(x, v)
		}
		rows = append(rows, row)
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
