package job

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/expr"
	"github.com/seed-0772dd2d/ritz/internal/npy"
	"github.com/seed-0772dd2d/ritz/stencil"
)

// gridValues are numbers on the grid as the job gives them: one number, an
// expression of x and y, or a file.
type gridValues struct {
	node    *node
	path    string
	file    string
	program *expr.Program // without a file
}

// values reads a number, an expression of x and y, or {file: rho.npy}.
func (t *stencilTask) values(d *decoder, v *node, path string) *gridValues {
	g := &gridValues{node: v, path: path}
	switch v.kind {
	case mappingNode:
		s := d.section(v, path)
		defer s.close()
		if f := s.require("file", "a NPY or CSV file with a value for each point"); f != nil {
			g.node, g.path = f, s.at("file")
			g.file = t.job.file(d, f, g.path)
		}
	case scalarNode:
		if ext := filepath.Ext(v.text); ext == ".npy" || ext == ".csv" {
			d.fail(v, path, "a file is given as {file: %s}", v.text)
			return g
		}
		grid := t.settings.Grid
		scope := &expr.Scope{Constants: d.constants, Variables: []expr.Variable{{Name: "x", Hi: grid.Lx}, {Name: "y", Hi: grid.Ly}}}
		tree, err := expr.Parse(v.text, scope)
		if err == nil {
			g.program, err = expr.Compile(scope, tree)
		}
		if err != nil {
			d.faults = append(d.faults, textFault(v, path, err))
		}
	default:
		d.fail(v, path, "expected a number, an expression of x and y, or {file: rho.npy}, got %s", v.what())
	}
	return g
}

// varies tells whether there are values of which each point has its own.
func (v *gridValues) varies() bool {
	return v != nil && (v.file != "" || v.program != nil && len(v.program.Variables()) > 0)
}

// shape is the number of rows and columns of a field, and where the first of its
// values stands, in cells.
func shape(g stencil.Grid, q stencil.Quantity) (nx, ny int, x0, y0 float64) {
	switch q {
	case stencil.VelocityX:
		return g.Nx + 1, g.Ny, -0.5, 0
	case stencil.VelocityY:
		return g.Nx, g.Ny + 1, 0, -0.5
	}
	return g.Nx, g.Ny, 0, 0
}

// on returns the values where a field stands, or by a part of a cell beside that but
// not beyond the outermost points; of a single number that alone. Those of a file are
// the same anywhere in the cell. Each must be ok, whose name is what is expected.
func (v *gridValues) on(g stencil.Grid, q stencil.Quantity, shift [2]float64, ok func(float64) bool, name string) ([]float64, error) {
	nx, ny, x0, y0 := shape(g, q)
	var values []float64
	var err error
	if v.file != "" {
		values, err = v.read(nx, ny)
	} else {
		dx, dy := g.Spacing()
		values = v.evaluate(places(nx, x0, shift[0], dx, g.Lx), places(ny, y0, shift[1], dy, g.Ly))
	}
	if err != nil {
		f := fault(v.node, v.path, err.Error())
		f.Err = err
		return nil, f
	}
	for k, x := range values {
		if ok(x) {
			continue
		}
		if len(values) == 1 {
			return nil, fault(v.node, v.path, fmt.Sprintf("expected %s, got %s", name, format(x)))
		}
		dx, dy := g.Spacing()
		i, j := k%nx, k/nx
		return nil, fault(v.node, v.path, fmt.Sprintf("%s at cell (%d, %d), x = %.6g, y = %.6g: expected %s",
			format(x), i, j, (float64(i)+x0)*dx, (float64(j)+y0)*dy, name))
	}
	return values, nil
}

func positive(x float64) bool { return x > 0 && x-x == 0 }
func finite(x float64) bool   { return x-x == 0 }

// places are the coordinates of n values h apart that begin at the place x0, in
// cells, or with a shift beside them, but then between 0 and the length l.
func places(n int, x0, shift, h, l float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = (float64(i) + x0 + shift) * h
		if shift != 0 {
			x[i] = min(max(x[i], 0), l)
		}
	}
	return x
}

// evaluate evaluates the expression at all x for each y, or once if it has no
// variables.
func (v *gridValues) evaluate(x, rows []float64) []float64 {
	const block = 1024
	p, nx := v.program, len(x)
	ws := p.NewWorkspace(min(nx, block))
	if len(p.Variables()) == 0 {
		p.Forward(ws, 1, nil, nil, nil, nil)
		return slices.Clone(ws.Output(0)[:1])
	}
	y := make([]float64, min(nx, block))
	values := make([]float64, 0, nx*len(rows))
	for _, at := range rows {
		for k := range y {
			y[k] = at
		}
		for i := 0; i < nx; i += block {
			n := min(nx-i, block)
			p.Forward(ws, n, [][]float64{x[i:], y}, nil, nil, nil)
			values = append(values, ws.Output(0)[:n]...)
		}
	}
	return values
}

// read reads ny rows of nx values from the file.
func (v *gridValues) read(nx, ny int) ([]float64, error) {
	shape, values, err := readNumbers(v.file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", v.node.text, nameless(err))
	}
	if len(shape) != 2 || shape[0] != ny || shape[1] != nx {
		return nil, fmt.Errorf("%s has the shape %s, expected %d x %d: a row for each y, x along it",
			v.node.text, strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", " x "), ny, nx)
	}
	return values, nil
}

// readNumbers reads a table of numbers from a NPY file or, without a header, a
// CSV file.
func readNumbers(path string) (shape []int, values []float64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	switch filepath.Ext(path) {
	case ".npy":
		return npy.Read(f)
	case ".csv":
		return readMatrix(f)
	}
	return nil, nil, errors.New("expected a file .npy or .csv")
}

// nameless is an error of a file without its name, for who names it as the job does.
func nameless(err error) error {
	if of := (*os.PathError)(nil); errors.As(err, &of) {
		return of.Err
	}
	return err
}

func readMatrix(r io.Reader) (shape []int, values []float64, err error) {
	table := csv.NewReader(r)
	table.TrimLeadingSpace, table.ReuseRecord, table.Comment = true, true, '#'
	table.FieldsPerRecord = -1 // they are counted here
	shape = []int{0, 0}
	for {
		record, err := table.Read()
		if errors.Is(err, io.EOF) {
			return shape, values, nil
		}
		if err != nil {
			return nil, nil, err
		}
		if line, _ := table.FieldPos(0); shape[0] > 0 && len(record) != shape[1] {
			return nil, nil, fmt.Errorf("line %d: expected %d numbers as in the lines before, got %d", line, shape[1], len(record))
		}
		for k, cell := range record {
			x, err := strconv.ParseFloat(strings.TrimSpace(cell), 64)
			if err != nil {
				line, _ := table.FieldPos(k)
				return nil, nil, fmt.Errorf("line %d, column %d: %q is not a number", line, k+1, cell)
			}
			values = append(values, x)
		}
		shape[0], shape[1] = shape[0]+1, len(record)
	}
}

// read returns the signal in the file.
func (s *seriesFile) read() (func(float64) float64, error) {
	shape, values, err := readNumbers(s.file)
	switch {
	case err != nil:
	case len(values) == 0:
		err = errors.New("it holds no values")
	case !slices.Contains(shape, len(values)):
		err = fmt.Errorf("expected one value a line, got the shape %v", shape)
	default:
		if k := slices.IndexFunc(values, func(x float64) bool { return !finite(x) }); k >= 0 {
			err = fmt.Errorf("value %d is %g", k, values[k])
		}
	}
	if err != nil {
		f := fault(s.node, s.path, fmt.Sprintf("%s: %v", s.node.text, nameless(err)))
		f.Err = err
		return nil, f
	}
	return stencil.Series(values, s.dt), nil
}
