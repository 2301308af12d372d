package job

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/expr"
	"github.com/seed-0772dd2d/ritz/surrogate"
)

// prepare reads the job that is varied and the table, and makes and checks the
// points: all that can be found wrong before anything is run.
func (t *sweepTask) prepare() error {
	if t.ready {
		return nil
	}
	t.odd = nil
	if t.base != nil {
		if err := t.readBase(); err != nil {
			return err
		}
	}
	if t.table.node != nil {
		if err := t.readAxes(); err != nil {
			return err
		}
	}
	if err := t.makePoints(); err != nil {
		return err
	}
	check := t.checkPoints
	if t.command != nil {
		check = t.checkCommand
	}
	if err := check(); err != nil {
		return err
	}
	t.ready = true
	return nil
}

// readBase takes the job that is varied into the tree of the sweep, where its
// files stand relative to the sweep.
func (t *sweepTask) readBase() error {
	path, root := t.job.path, t.base
	if t.base.kind == scalarNode {
		path = t.job.resolve(t.base.text)
		text, err := os.ReadFile(path)
		if err != nil {
			return textFault(t.base, "job", err)
		}
		src := newSource(path, string(text))
		if err := src.readable(string(text)); err != nil {
			return err
		}
		if root, err = parse(strings.TrimPrefix(string(text), "\ufeff"), src); err != nil {
			return err
		}
	}
	original := map[*node]*node{}
	j, err := decodeTree(path, root.clone(original))
	if err != nil {
		return err
	}
	if j.Kind == "sweep" {
		return fault(t.base, "job", "a sweep of sweeps: put all parameters into one, vary: {...}")
	}
	t.threads = max(j.Threads, 1)
	for _, n := range j.inputs {
		if n = original[n]; t.base.kind == scalarNode {
			n.text = resolveFrom(t.base.text, n.text)
		}
		t.job.inputs = append(t.job.inputs, n)
	}
	root.keepPlaces(j.tree)
	if t.criterion != nil {
		if err := t.criterion.check(kinds[j.Kind].body()); err != nil {
			return err
		}
	}
	if root != t.base {
		root.flow = false
		root.put("name", root.beside(scalarNode, j.Name))
		t.job.tree.put("job", root)
	}
	t.base, t.root = root, root
	return nil
}

// check looks for the first step of the path among the keys of a result.
func (c *criterion) check(b Body) error {
	keys := append(jsonKeys(reflect.TypeFor[Result]()), jsonKeys(reflect.TypeOf(b).Elem())...)
	first, _, _ := strings.Cut(c.path, ".")
	if !slices.Contains(keys, first) {
		return fault(c.node, "criterion", fmt.Sprintf("result.json will have no %q%s", first, suggest(first, keys)))
	}
	return nil
}

func jsonKeys(t reflect.Type) (keys []string) {
	for i := range t.NumField() {
		if key, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); key != "" && key != "-" {
			keys = append(keys, key)
		}
	}
	return keys
}

// keepPlaces takes over what decoding has made absolute, as it must not depend on
// where the job file is: the folder of a program, and the tables of a mapreduce.
func (n *node) keepPlaces(decoded *node) {
	if c, d := n.get("command"), decoded.get("command"); c != nil && d != nil && d.get("dir") != nil {
		if c.kind == listNode {
			long := c.beside(mappingNode, "")
			long.put("run", c)
			n.put("command", long)
			c = long
		}
		c.put("dir", d.get("dir"))
	}
	if decoded.get("kind").text == "mapreduce" {
		n.put("files", decoded.get("files"))
	}
}

// readAxes reads a table with a column for each parameter, and a row for each run.
func (t *sweepTask) readAxes() error {
	text, err := os.ReadFile(t.table.file)
	if err != nil {
		return textFault(t.table.node, t.table.path, err)
	}
	src := newSource(t.table.file, string(text))
	wrong := func(line int, format string, args ...any) error {
		return fault(&node{source: src, line: line, column: 1}, "", fmt.Sprintf(format, args...))
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff")))
	r.TrimLeadingSpace = true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return wrong(1, "empty; expected a header of parameters, such as network.hidden,seed")
	}
	t.axes = nil
	for i, name := range header {
		if name == "" || slices.Contains(header[:i], name) {
			return wrong(1, "column %d, %q: expected a parameter that no other column has", i+1, name)
		}
		t.axes = append(t.axes, axis{path: name, node: &node{kind: scalarNode, text: name, source: src, line: 1, column: 1}})
	}
	for err == nil {
		var row []string
		if row, err = r.Read(); err != nil {
			break
		}
		line, _ := r.FieldPos(0)
		for i, cell := range row {
			v, e := parse(cell, &source{name: "cell"})
			if e != nil || v.kind == nullNode {
				return wrong(line, "column %q: expected a value, got %q", header[i], cell)
			}
			v.compact()
			v.move(src, line)
			t.axes[i].values = append(t.axes[i].values, v)
		}
		if len(t.axes[0].values) > maxRuns {
			return wrong(line, "more than %d runs", maxRuns)
		}
	}
	var bad *csv.ParseError
	switch {
	case errors.As(err, &bad):
		return wrong(bad.Line, "%v", bad.Err)
	case !errors.Is(err, io.EOF):
		return err
	case len(t.axes[0].values) == 0:
		return wrong(1, "there are no rows below the header: there is nothing to run")
	}
	return nil
}

// makePoints combines the values, and keeps what the constraints allow.
func (t *sweepTask) makePoints() error {
	t.points, t.dropped = nil, 0
	allowed, err := t.allowed()
	if err != nil {
		return err
	}
	total := len(t.axes[0].values)
	if t.table.node == nil {
		total = 1
		for _, a := range t.axes {
			total *= len(a.values)
		}
	}
	for i := range total {
		p := make(point, len(t.axes))
		for k, at := len(t.axes)-1, i; k >= 0; k-- { // the last varies fastest
			values := t.axes[k].values
			if t.table.node != nil {
				p[k] = values[i]
				continue
			}
			p[k] = values[at%len(values)]
			at /= len(values)
		}
		ok, err := allowed(p)
		if err != nil {
			return err
		}
		if ok {
			t.points = append(t.points, p)
		} else {
			t.dropped++
		}
	}
	if len(t.points) == 0 {
		return fault(t.constraints[0], "constraints", fmt.Sprintf("they allow none of the %d combinations: there is nothing to run", total))
	}
	return nil
}

// allowed returns what tells whether all constraints hold at a point. They are
// conditions on the parameters that are numbers everywhere.
func (t *sweepTask) allowed() (func(p point) (bool, error), error) {
	var names []string
	var columns []int
	for i, label := range t.labels() {
		numeric := !slices.ContainsFunc(t.axes[i].values, func(v *node) bool { _, ok := t.number(v); return !ok })
		if numeric && inputName.MatchString(label) && !slices.Contains(names, label) {
			names, columns = append(names, label), append(columns, i)
		}
	}
	var conditions []surrogate.Evaluator
	for i, n := range t.constraints {
		if len(names) == 0 {
			return nil, fault(n, item("constraints", i), "no parameter is a number")
		}
		e, err := compileCondition(n.text, names, t.constants)
		if err != nil {
			return nil, expressionFault(n, item("constraints", i), err)
		}
		conditions = append(conditions, e)
	}
	x := make([]float64, len(columns))
	return func(p point) (bool, error) {
		for k, i := range columns {
			x[k], _ = t.number(p[i])
		}
		for _, c := range conditions {
			y, err := values(c, x, len(x))
			if err != nil {
				return false, err
			}
			if !(y[0] <= 0) {
				return false, nil
			}
		}
		return true, nil
	}, nil
}

// compileCondition compiles a condition: where it holds it is -1, else 1.
func compileCondition(text string, names []string, constants map[string]float64) (surrogate.Evaluator, error) {
	const before = "if("
	e, err := surrogate.CompileExpression(before+text+", -1, 1)", names, constants)
	if err != nil {
		if at, ok := errors.AsType[*expr.Error](err); ok {
			err = within(at, text, len(before))
		}
		return nil, err
	}
	return e, nil
}

// within is a fault in a longer expression, as one in the text that stands in the
// file and in it at an offset.
func within(at *expr.Error, text string, offset int) *expr.Error {
	return &expr.Error{Text: text, Offset: min(max(at.Offset-offset, 0), len(text)), Msg: at.Msg, Hint: at.Hint}
}

// maxChecked is the most points that are decoded before the first run starts,
// besides one for each value: at worst a later one is a failed run.
const maxChecked = 1000

// checkPoints decodes jobs, such that an unknown parameter or a value that cannot
// be is found before anything is run, and takes note of the files that values name.
func (t *sweepTask) checkPoints() error {
	seen := map[*node]bool{}
	for i, p := range t.points {
		news := false
		for _, v := range p {
			news = news || !seen[v]
			seen[v] = true
		}
		if i >= maxChecked && !news {
			continue
		}
		budgets := []float64{0}
		if t.halving != nil {
			budgets = []float64{t.halving.min, t.halving.max}
		}
		for _, b := range budgets {
			original := map[*node]*node{}
			j, err := t.build(p, b, original)
			if err != nil {
				return err
			}
			for _, n := range j.inputs {
				o := original[n]
				if slices.Contains(t.job.inputs, o) {
					continue
				}
				if t.table.node != nil {
					return fault(o, "", fmt.Sprintf("%s names a file: list files in vary, not in a table", o.text))
				}
				t.job.inputs = append(t.job.inputs, o)
			}
		}
	}
	return nil
}

// build returns the job of a point. Original gets, for each node of it that comes
// from the sweep, the node there.
func (t *sweepTask) build(p point, budget float64, original map[*node]*node) (*Job, error) {
	root := t.root.clone(original)
	for i, v := range p {
		if err := place(root, t.axes[i].path, v.clone(original)); err != nil {
			return nil, err
		}
	}
	if h := t.halving; h != nil {
		if err := place(root, h.path, h.node.beside(scalarNode, format(budget))); err != nil {
			return nil, err
		}
	}
	j, err := decodeTree(t.job.path, root)
	if err != nil {
		return nil, err
	}
	if j.Threads == 0 { // the same numbers wherever it is run
		j.tree.put("threads", j.tree.beside(scalarNode, "1"))
		j.Threads = 1
	}
	return j, nil
}
