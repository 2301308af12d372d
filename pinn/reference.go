package pinn

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/expr"
	"github.com/seed-0772dd2d/ritz/sampling"
)

// ReadTable reads values of fields at points from CSV. The header names the
// columns: every variable, at least one field, in any order. A value that is
// missing, no number or not finite is an error that names line and column.
func ReadTable(r io.Reader, variables, fields []string) (*Table, error) {
	reader := csv.NewReader(r)
	reader.TrimLeadingSpace = true
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("line 1: empty; want a header that names the columns")
	}
	if err != nil {
		return nil, err
	}
	for i := range header {
		header[i] = strings.TrimSpace(strings.TrimPrefix(header[i], "\ufeff"))
	}
	t := &Table{Values: map[string][]float64{}}
	position := map[string]int{}
	for i, name := range header {
		_, twice := position[name]
		switch {
		case twice:
			return nil, fmt.Errorf("line 1: column %q stands twice", name)
		case !slices.Contains(variables, name) && !slices.Contains(fields, name):
			return nil, fmt.Errorf("line 1: column %q is neither a variable (%s) nor a field (%s)", name, list(variables), list(fields))
		}
		position[name] = i
	}
	for _, v := range variables {
		if _, ok := position[v]; !ok {
			return nil, fmt.Errorf("line 1: no column for the variable %q", v)
		}
	}
	if len(position) == len(variables) && len(fields) > 0 {
		return nil, fmt.Errorf("line 1: no column for a field (%s)", list(fields))
	}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		values := make([]float64, len(record))
		for i, text := range record {
			line, _ := reader.FieldPos(i)
			v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil || !finite(v) {
				return nil, fmt.Errorf("line %d, column %q: %q is not a finite number", line, header[i], text)
			}
			values[i] = v
		}
		for _, name := range variables {
			t.Points = append(t.Points, values[position[name]])
		}
		for _, name := range fields {
			if i, ok := position[name]; ok {
				t.Values[name] = append(t.Values[name], values[i])
			}
		}
	}
	if len(t.Points) == 0 {
		return nil, errors.New("no rows after the header")
	}
	return t, nil
}

// check says whether the table fits variables and fields.
func (t *Table) check(variables, fields []string) error {
	d := len(variables)
	if len(t.Points) == 0 || len(t.Points)%d != 0 {
		return fmt.Errorf("data: %d coordinates for %d variables", len(t.Points), d)
	}
	for i, x := range t.Points {
		if !finite(x) {
			return fmt.Errorf("data: %s of point %d is not finite", variables[i%d], i/d)
		}
	}
	if len(t.Values) == 0 {
		return errors.New("data: no values")
	}
	for name, values := range t.Values {
		switch i := slices.IndexFunc(values, func(v float64) bool { return !finite(v) }); {
		case !slices.Contains(fields, name):
			return fmt.Errorf("data: %q is not a field (%s)", name, list(fields))
		case len(values) != len(t.Points)/d:
			return fmt.Errorf("data: %d values of %s at %d points", len(values), name, len(t.Points)/d)
		case i >= 0:
			return fmt.Errorf("data: %s of point %d is not finite", name, i)
		}
	}
	return nil
}

func (t *Table) len() int {
	for _, values := range t.Values {
		return len(values)
	}
	return 0
}

// Reference holds exact or trusted values to compare a solution with.
type Reference struct {
	Table
	// Axes holds the levels of each variable if the points are their full grid
	// in row-major order, the last variable running fastest; otherwise nil.
	Axes [][]float64
}

// NewReference checks a table against a problem and finds whether it is a grid.
func NewReference(t *Table, p *Problem) (*Reference, error) {
	if len(p.Domain) == 0 {
		return nil, &TextError{Part: "domain", Index: -1, Err: errors.New("a problem needs at least one variable with its interval")}
	}
	if err := t.check(p.variables(), p.Fields); err != nil {
		return nil, err
	}
	return &Reference{Table: *t, Axes: gridAxes(t.Points, len(p.Domain))}, nil
}

// gridAxes recovers the axes of a full grid in row-major order.
func gridAxes(points []float64, d int) [][]float64 {
	n := len(points) / d
	axes := make([][]float64, d)
	stride := 1 // points between steps of variable v
	for v := d - 1; v >= 0; v-- {
		first := points[v]
		count := 1
		for count*stride < n && points[count*stride*d+v] != first {
			count++
		}
		for k := range count {
			axes[v] = append(axes[v], points[k*stride*d+v])
		}
		stride *= count
	}
	if stride != n {
		return nil
	}
	for i, x := range points {
		step := 1
		for v := d - 1; v > i%d; v-- {
			step *= len(axes[v])
		}
		if x != axes[i%d][i/d/step%len(axes[i%d])] {
			return nil
		}
	}
	return axes
}

// maxReference is the largest number of points of a reference grid.
const maxReference = 1e8

// ExactReference evaluates expressions of the variables, constants and lets on
// a grid with both ends of each interval; grid gives the number of levels of a
// variable, by default 101, and 21 in three variables or more.
func ExactReference(p *Problem, exact map[string]string, grid map[string]int) (*Reference, error) {
	scope, err := newScope(p)
	if err != nil {
		return nil, err
	}
	ref := &Reference{Table: Table{Values: map[string][]float64{}}}
	counts := make([]int, len(p.Domain))
	for name, n := range grid {
		if !slices.Contains(p.variables(), name) {
			return nil, &TextError{Part: "grid", Key: name, Err: fmt.Errorf("%q is not a variable (%s)", name, list(p.variables()))}
		}
		if n < 2 {
			return nil, &TextError{Part: "grid", Key: name, Err: fmt.Errorf("%d levels: must be at least 2", n)}
		}
	}
	var lower, upper []float64
	total := 1.0
	for v, d := range p.Domain {
		counts[v] = 101
		if len(p.Domain) > 2 {
			counts[v] = 21
		}
		if n, ok := grid[d.Name]; ok {
			counts[v] = n
		}
		lower, upper = append(lower, d.Lo), append(upper, d.Hi)
		if total *= float64(counts[v]); total > maxReference {
			return nil, &TextError{Part: "grid", Key: d.Name, Err: fmt.Errorf("more than %g points", float64(maxReference))}
		}
	}
	if ref.Points, err = (sampling.Grid{Counts: counts}).Points(); err != nil {
		return nil, err
	}
	if err := sampling.Scale(ref.Points, lower, upper); err != nil {
		return nil, err
	}
	ref.Axes = gridAxes(ref.Points, len(p.Domain))
	for name, text := range exact {
		if !slices.Contains(p.Fields, name) {
			return nil, &TextError{Part: "exact", Key: name, Err: fmt.Errorf("%q is not a field (%s)", name, list(p.Fields))}
		}
		node, err := expr.Parse(text, scope)
		if err == nil && len(expr.FieldRefs(node))+len(expr.Parameters(node))+len(expr.Integrals(node)) > 0 {
			err = errors.New("an exact solution may use only the variables, constants and lets")
		}
		if err != nil {
			return nil, &TextError{Part: "exact", Key: name, Err: err}
		}
		values := make([]float64, len(ref.Points)/len(p.Domain))
		for i := range values {
			values[i] = expr.Eval(node, &expr.Env{Variables: ref.Points[i*len(p.Domain) : (i+1)*len(p.Domain)]})
			if !finite(values[i]) {
				return nil, &TextError{Part: "exact", Key: name, Err: fmt.Errorf("not finite at point %v", ref.Points[i*len(p.Domain):(i+1)*len(p.Domain)])}
			}
		}
		ref.Values[name] = values
	}
	return ref, nil
}
