package job

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/expr"
	"github.com/seed-0772dd2d/ritz/sampling"
	"github.com/seed-0772dd2d/ritz/surrogate"
)

// prepare compiles the function, reads the files and places the sample: all that
// can be found wrong before anything is evaluated.
func (t *surrogateTask) prepare() error {
	t.odd = nil
	if err := t.prepareFunction(); err != nil {
		return err
	}
	if t.data.node != nil {
		d, err := t.readData(t.data)
		if err != nil {
			return err
		}
		t.given = d
		t.oddData(d, func(text string) { t.warn(t.data.node, "data", t.data.node.text+": "+text) })
	}
	if t.plan != nil {
		points, err := t.plan.Points(len(t.names))
		if err == nil {
			err = sampling.Scale(points, t.lower, t.upper)
		}
		if err != nil {
			return fault(t.sample, "sample", strings.TrimPrefix(err.Error(), "sampling: "))
		}
		t.points = points
	}
	if err := t.checkNeeds(t.samples()); err != nil {
		return err
	}
	if err := t.checkSettings(); err != nil {
		return err
	}
	if t.validate.data.node != nil {
		d, err := t.readData(t.validate.data)
		if err != nil {
			return err
		}
		t.test = d
	}
	if t.optimize == nil {
		return nil
	}
	if err := t.prepareConstraints(); err != nil {
		return err
	}
	return t.checkConstraints()
}

// checkNeeds requires as many samples as the models need.
func (t *surrogateTask) checkNeeds(n int) error {
	for _, need := range t.needs {
		if n < need.least {
			return fault(need.node, need.path, fmt.Sprintf("%s needs at least %d samples, there are %d", need.what, need.least, n))
		}
	}
	return nil
}

// samples is the number of samples before any has failed.
func (t *surrogateTask) samples() int {
	return t.given.Rows() + len(t.points)/max(len(t.names), 1)
}

func (t *surrogateTask) prepareFunction() error {
	switch {
	case t.text != nil:
		e, err := surrogate.CompileExpression(t.text.text, t.names, t.constants)
		if err != nil {
			return expressionFault(t.text, "function", err)
		}
		t.evaluator = e
	case t.command != nil:
		if err := t.command.Check(len(t.names)); err != nil {
			return fault(t.program, "command", strings.TrimPrefix(err.Error(), surrogate.ErrSettings.Error()+": command: "))
		}
		t.oddArguments()
		t.evaluator = *t.command
	}
	return nil
}

// expressionFault puts the fault of an expression at its character.
func expressionFault(n *node, path string, err error) error {
	if at, ok := errors.AsType[*expr.Error](err); ok {
		return textFault(n, path, at)
	}
	return fault(n, path, strings.TrimPrefix(err.Error(), surrogate.ErrSettings.Error()+": "))
}

// recorder returns what evaluates the function and keeps what came of it.
func (t *surrogateTask) recorder(pool Pool) *recorder {
	r := &recorder{evaluator: t.evaluator, names: t.names, response: t.response, command: t.command, pool: pool}
	if t.command != nil && pool == nil {
		r.pool = Local{Workers: cmp.Or(t.command.Parallel, t.job.threads())}
	}
	return r
}

// readData reads a table with columns for the inputs and the response. Others are
// ignored, but for one called error: a row with something in it has no response,
// as in the samples.csv of a run.
func (t *surrogateTask) readData(file tableFile) (surrogate.Data, error) {
	d := surrogate.Data{Inputs: len(t.names), Lower: t.lower, Upper: t.upper}
	wrong := func(format string, args ...any) (surrogate.Data, error) {
		return d, fault(file.node, file.path, file.node.text+": "+fmt.Sprintf(format, args...))
	}
	f, err := os.Open(file.file)
	if err != nil {
		return d, textFault(file.node, file.path, err)
	}
	defer f.Close()
	table, err := readTable(f, t.names)
	if err != nil {
		return wrong("%v", err)
	}
	header := table.rows[0]
	y, fail := slices.Index(header, t.response), slices.Index(header, "error")
	if y < 0 {
		return wrong("line 1: no column for the response %q; another name is set by response: %s", t.response, header[len(header)-1])
	}
	for i, row := range table.rows[1:] {
		if fail >= 0 && row[fail] != "" {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(row[y]), 64)
		if err != nil || v-v != 0 {
			return wrong("line %d, column %q: %q is not a finite number", table.lines[i+1], t.response, row[y])
		}
		d.X, d.Y = append(d.X, table.x[i*d.Inputs:(i+1)*d.Inputs]...), append(d.Y, v)
	}
	if len(d.Y) == 0 {
		return wrong("there are no rows below the header")
	}
	return d, nil
}

// warn adds a warning about what stands at n.
func (t *surrogateTask) warn(n *node, path, text string) {
	e := fault(n, path, text)
	e.Source = "" // one line
	t.odd = append(t.odd, e.Error())
}

var placeholder = regexp.MustCompile(`^\{([\pL_][\pL\pN_]*)\}$`)

// oddArguments warns of arguments that look like the value of an input and are
// handed on as they stand.
func (t *surrogateTask) oddArguments() {
	for i, n := range t.program.items {
		m := placeholder.FindStringSubmatch(n.text)
		if m == nil || slices.Contains(t.names, m[1]) {
			continue
		}
		t.warn(n, item("command", i), fmt.Sprintf("no input is called %q: the program gets %s as it stands%s", m[1], n.text, suggest(m[1], t.names)))
	}
}

// oddData warns of what is legal in a table of samples but hardly meant.
func (t *surrogateTask) oddData(d surrogate.Data, tell func(text string)) {
	warn := func(format string, args ...any) { tell(fmt.Sprintf(format, args...)) }
	outside := 0
	for x := range slices.Chunk(d.X, d.Inputs) {
		for j, v := range x {
			if slack := 1e-9 * (t.upper[j] - t.lower[j]); v < t.lower[j]-slack || v > t.upper[j]+slack {
				outside++
				break
			}
		}
	}
	if outside > 0 {
		warn("%d of the %d rows lie outside the intervals of the inputs", outside, d.Rows())
	}
	if same, near := t.duplicates(d.X); same+near > 0 {
		warn("%d rows repeat the inputs of an earlier row, %d more nearly do", same, near)
	}
	if slices.Min(d.Y) == slices.Max(d.Y) {
		warn("%s is %s in all rows", t.response, format(d.Y[0]))
	}
}

// duplicates counts the rows that are equal to an earlier one, and those that are
// nearer than a millionth of the intervals to one.
func (t *surrogateTask) duplicates(x []float64) (same, near int) {
	const most = 5000 // rows: every pair is looked at
	d := len(t.names)
	n := min(len(x)/d, most)
	for i := 1; i < n; i++ {
		least := math.Inf(1)
		for k := range i {
			far := 0.0
			for j := range d {
				far = max(far, math.Abs(x[i*d+j]-x[k*d+j])/(t.upper[j]-t.lower[j]))
			}
			least = min(least, far)
		}
		switch {
		case least == 0:
			same++
		case least < 1e-6:
			near++
		}
	}
	return same, near
}

func candidateNames() (names []string) {
	for _, c := range surrogate.Candidates() {
		names = append(names, c.Name)
	}
	return names
}
