package job

import (
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/expr"
)

// sweepTask is a job of kind sweep: a job or a program, the parameters that vary
// in it, and what makes one run better than another.
type sweepTask struct {
	job       *Job
	constants map[string]float64

	// What is run: one of them.
	base    *node // a job: the name of its file, or the job itself
	command *sweepCommand

	// The points: all combinations of values of the axes, or the rows of a table.
	axes        []axis
	vary        *node
	table       tableFile
	constraints []*node

	criterion *criterion
	halving   *halving
	figures   []string

	// What prepare finds.
	ready   bool
	root    *node // the job that is varied
	threads int   // of one run
	points  []point
	dropped int // points that a constraint forbids
	odd     []string
}

// axis is a parameter that varies: a dotted path into the job, or the name of a
// placeholder of the command.
type axis struct {
	path   string
	node   *node // the key
	values []*node
}

// point is a value for each axis.
type point []*node

// criterion tells how good a run is by a number in its result.json.
type criterion struct {
	path     string
	node     *node
	maximize bool
}

func decodeSweep(j *Job, s *section) task {
	t := &sweepTask{job: j}
	s.constants = s.numbers("constants")
	t.constants = s.constants
	base, command := s.get("job"), s.get("command")
	switch {
	case base != nil && command != nil:
		s.fail(command, "command", "expected either job or command, got both")
	case base == nil && command == nil:
		s.missing = append(s.missing, missingKey{"job", "the job that is varied: its file, or the job itself; or command, a program"})
	case command != nil:
		t.decodeCommand(s, command)
	case base.kind == listNode:
		s.fail(base, "job", "expected a file or a job, got a list")
	default:
		t.base = base
	}
	t.decodePoints(s)
	t.decodeCriterion(s)
	t.decodeHalving(s)
	o := s.sub("output")
	t.figures = o.figures()
	o.close()
	return t
}

// maxRuns is the most points of a sweep.
const maxRuns = 100000

func (t *sweepTask) decodePoints(s *section) {
	vary, table := s.get("vary"), s.get("table")
	switch {
	case vary != nil && table != nil:
		s.fail(table, "table", "expected either vary or table, got both")
	case table != nil:
		t.table = tableFile{table, "table", t.job.file(s.decoder, table, "table")}
	case vary == nil:
		s.missing = append(s.missing, missingKey{"vary", "the parameters and their values, vary: {seed: [1, 2, 3]}; or table, a CSV file of them"})
	default:
		t.vary = vary
		runs := 1
		v := s.section(vary, "vary")
		for _, e := range v.n.entries {
			a := axis{e.key.text, e.key, v.values(e)}
			t.axes = append(t.axes, a)
			if runs *= len(a.values); runs > maxRuns {
				s.fail(vary, "vary", "more than %d runs", maxRuns)
				break
			}
		}
		if vary.kind == mappingNode && len(vary.entries) == 0 {
			s.fail(vary, "vary", "expected at least one parameter, vary: {seed: [1, 2, 3]}")
		}
	}
	if v := s.get("constraints"); v != nil {
		for i, c := range s.list(v, "constraints") {
			s.text(c, item("constraints", i))
			t.constraints = append(t.constraints, c)
		}
	}
}

// values reads the values of a parameter,
//
//	seed: [1, 2, 3]
//	rate: {from: 1e-4, to: 1e-2, n: 5, log: true}
func (s *section) values(e entry) []*node {
	path := join(s.path, e.key.text)
	if e.value.kind != mappingNode {
		values := s.list(e.value, path)
		if e.value.kind == listNode && len(values) == 0 {
			s.fail(e.value, path, "there are no values: no combination of the parameters is left to run")
		}
		return values
	}
	r := s.decoder.section(e.value, path)
	defer r.close()
	from, to := r.require("from", "the first value"), r.require("to", "the last value")
	steps := r.require("n", "the number of values")
	log := r.flag("log", false)
	if from == nil || to == nil || steps == nil {
		return nil
	}
	n := r.decoder.integer(steps, r.at("n"), 2)
	a, ok := r.decoder.number(from, r.at("from"))
	b, too := r.decoder.number(to, r.at("to"))
	switch {
	case !ok || !too:
		return nil
	case n > maxRuns:
		r.fail(steps, r.at("n"), "more than %d runs", maxRuns)
		return nil
	case log && !(a > 0 && b > 0):
		r.fail(from, r.path, "with log: true both ends must be above 0, got %s and %s", format(a), format(b))
		return nil
	}
	values := make([]*node, n)
	for i := range values {
		x := a + float64(i)*(b-a)/float64(n-1)
		if log {
			x = a * math.Pow(b/a, float64(i)/float64(n-1))
		}
		if i == n-1 {
			x = b // to the bit
		}
		values[i] = e.value.beside(scalarNode, format(x))
	}
	return values
}

func (t *sweepTask) decodeCriterion(parent *section) {
	v := parent.get("criterion")
	if v == nil {
		return
	}
	s := parent.section(v, "criterion")
	defer s.close()
	least, most := s.get("minimize"), s.get("maximize")
	if (least == nil) == (most == nil) {
		s.fail(v, s.path, "expected {minimize: PATH} or {maximize: PATH}, where PATH leads to a number in result.json: errors.u.relative_l2")
		return
	}
	c := &criterion{node: least}
	if most != nil {
		c.node, c.maximize = most, true
	}
	c.path = s.text(c.node, s.path)
	if c.node.kind == scalarNode && slices.Contains(strings.Split(c.path, "."), "") {
		s.fail(c.node, s.path, "expected a path such as errors.u.relative_l2, got %q", c.path)
	}
	t.criterion = c
}

// better tells whether a criterion a is better than b; what is no number is worst.
func (c *criterion) better(a, b float64) bool {
	switch {
	case a != a:
		return false
	case b != b:
		return true
	case c.maximize:
		return a > b
	}
	return a < b
}

func (t *sweepTask) warnings() []string { return t.odd }

// number is the value of an axis at a point, if it is a number.
func (t *sweepTask) number(v *node) (float64, bool) {
	if v.kind != scalarNode || v.quoted {
		return 0, false
	}
	x, err := expr.Number(v.text, t.constants)
	return x, err == nil && x-x == 0
}

// labels are the names of the axes in expressions, tables and figures: the last
// step of the path if no other axis ends with it, else all of it, with _ for dots.
func (t *sweepTask) labels() []string {
	last := make([]string, len(t.axes))
	for i, a := range t.axes {
		last[i] = a.path[strings.LastIndexByte(a.path, '.')+1:]
	}
	labels := slices.Clone(last)
	for i, a := range t.axes {
		for k := range last {
			if k != i && last[k] == last[i] || !inputName.MatchString(last[i]) {
				labels[i] = strings.ReplaceAll(a.path, ".", "_")
			}
		}
	}
	return labels
}

// runDir is the directory of a run, below that of the sweep.
func runDir(number int) string { return filepath.Join("runs", runName(number)) }
