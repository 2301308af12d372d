package job

import (
	"slices"
	"strings"

	"github.com/seed-0772dd2d/ritz/pinn"
)

// pinnTask is a job of kind pinn: a problem to be solved by physics-informed
// neural networks, what to compare its solution with, and what to write.
type pinnTask struct {
	job       *Job
	problem   pinn.Problem
	settings  pinn.Settings
	data      []dataFile    // of the conditions that measured
	measured  []*pinn.Table // what is in them, once read
	reference reference
	output    output
	odd       []string // warnings
}

// dataFile is the table that a condition takes its values from.
type dataFile struct {
	condition int
	node      *node
	file      string
}

// reference is the solution to compare with: a table or expressions.
type reference struct {
	node  *node  // of the file's name
	file  string // a CSV file
	exact map[string]string
	grid  map[string]int
}

// output says what a run writes, and how often.
type output struct {
	figures    []string // formats
	checkpoint float64  // seconds between checkpoints
	log        int      // iterations between rows of the history
}

func decodePINN(j *Job, s *section) task {
	t := &pinnTask{job: j}
	t.settings.Seed, t.settings.Threads, t.settings.Precision = j.Seed, j.Threads, j.Precision
	t.decodeProblem(s)
	t.decodeReference(s)
	t.decodeNetwork(s.sub("network"))
	t.decodePoints(s.sub("points"))
	t.decodeTrain(s)
	t.decodeOutput(s.sub("output"))
	return t
}

func (t *pinnTask) decodeProblem(s *section) {
	p := &t.problem
	p.Constants = s.numbers("constants") // first: the other numbers may use them
	s.constants = p.Constants
	if v := s.require("domain", "the variables and their intervals, domain: {t: [0, 1], x: [-1, 1]}"); v != nil {
		for _, e := range s.section(v, "domain").n.entries {
			p.Domain = append(p.Domain, s.interval(e))
		}
		if v.kind == mappingNode && len(p.Domain) == 0 {
			s.fail(v, "domain", "expected at least one variable")
		}
	}
	if v := s.require("fields", "the unknown functions, fields: [u]"); v != nil {
		for i, f := range s.list(v, "fields") {
			p.Fields = append(p.Fields, s.text(f, item("fields", i)))
		}
		if v.kind == listNode && len(p.Fields) == 0 {
			s.fail(v, "fields", "expected at least one field")
		}
	}
	p.Parameters = s.numbers("parameters")
	for _, l := range s.texts("let") {
		p.Let = append(p.Let, pinn.Let{Name: l[0], Text: l[1]})
	}
	if v := s.require("equations", "at least one for each field"); v != nil {
		for i, n := range s.list(v, "equations") {
			p.Equations = append(p.Equations, s.equation(n, item("equations", i)))
		}
	}
	if v := s.get("conditions"); v != nil {
		for i, n := range s.list(v, "conditions") {
			p.Conditions = append(p.Conditions, t.condition(s, n, i))
		}
	}
	p.Ansatz = map[string]string{}
	for _, a := range s.texts("ansatz") {
		p.Ansatz[a[0]] = a[1]
		s.oneOf("ansatz", a[0], p.Fields, "field")
	}
}

// interval reads one variable of the domain, "x: [-1, 1]".
func (s *section) interval(e entry) pinn.Interval {
	in := pinn.Interval{Name: e.key.text}
	in.Lo, in.Hi = s.decoder.interval(e.value, "domain."+e.key.text)
	return in
}

// interval reads [low, high]. At a fault it returns two numbers of which the
// first is not less.
func (d *decoder) interval(n *node, path string) (lo, hi float64) {
	if n.kind != listNode || len(n.items) != 2 {
		d.fail(n, path, "expected an interval [low, high], got %s", n.what())
		return 0, 0
	}
	lo, ok := d.number(n.items[0], item(path, 0))
	hi, too := d.number(n.items[1], item(path, 1))
	if ok && too && !(lo < hi) {
		d.fail(n, path, "expected low < high, got [%s, %s]", format(lo), format(hi))
	}
	return lo, hi
}

// numbers reads a mapping of names to numbers; each may use those before it.
func (s *section) numbers(key string) map[string]float64 {
	v := s.get(key)
	if v == nil {
		return nil
	}
	numbers := map[string]float64{}
	d := s.decoder
	before := d.constants
	for _, e := range d.section(v, s.at(key)).n.entries {
		x, ok := d.number(e.value, join(s.at(key), e.key.text))
		if !ok {
			x = 1 // so that what uses it shows no second fault
		}
		numbers[e.key.text] = x
		if before == nil {
			d.constants = numbers
		}
	}
	d.constants = before
	return numbers
}

// texts reads a mapping of names to texts, in order.
func (s *section) texts(key string) [][2]string {
	v := s.get(key)
	if v == nil {
		return nil
	}
	var texts [][2]string
	for _, e := range s.section(v, s.at(key)).n.entries {
		texts = append(texts, [2]string{e.key.text, s.text(e.value, join(s.at(key), e.key.text))})
	}
	return texts
}

// oneOf checks that the name of an entry under key is a known one. Where there are none, that is
// a fault itself.
func (s *section) oneOf(key, name string, known []string, what string) {
	if len(known) == 0 || slices.Contains(known, name) {
		return
	}
	for _, e := range s.n.get(key).entries {
		if e.key.text == name {
			s.fail(e.key, s.at(key), "unknown %s %q%s", what, name, suggest(name, known))
			return
		}
	}
}

// equation reads a text or {equation: text, weight: w}.
func (d *decoder) equation(n *node, path string) pinn.Equation {
	if n.kind == scalarNode {
		return pinn.Equation{Text: n.text}
	}
	if n.colon() {
		d.fail(n, path, "put a text with a colon in quotes")
		return pinn.Equation{}
	}
	if n.kind != mappingNode {
		d.fail(n, path, "expected an equation or {equation, weight}, got %s", n.what())
		return pinn.Equation{}
	}
	s := d.section(n, path)
	defer s.close()
	var e pinn.Equation
	if v := s.require("equation", `its text, {equation: "u_t = u_xx", weight: 1}`); v != nil {
		e.Text = s.text(v, s.at("equation"))
	}
	e.Weight = s.positive("weight", 1)
	return e
}

// colon tells a text that its unquoted colon has made a mapping.
func (n *node) colon() bool {
	return n.kind == mappingNode && len(n.entries) == 1 && strings.ContainsAny(n.entries[0].key.text, " =+*/^(")
}

// condition reads a text, {equation, weight, points} or {data, weight}.
func (t *pinnTask) condition(parent *section, n *node, i int) pinn.Condition {
	path := item("conditions", i)
	if n.kind == scalarNode {
		return pinn.Condition{Text: n.text}
	}
	if n.colon() {
		parent.fail(n, path, "put a text with a colon in quotes")
		return pinn.Condition{}
	}
	if n.kind != mappingNode {
		parent.fail(n, path, "expected a condition, {equation, weight, points} or {data, weight}, got %s", n.what())
		return pinn.Condition{}
	}
	s := parent.section(n, path)
	defer s.close()
	var c pinn.Condition
	text, data := s.get("equation"), s.get("data")
	switch {
	case text != nil && data != nil:
		s.fail(n, path, "expected either equation or data, got both")
	case text == nil && data == nil:
		s.fail(n, path, "expected the key equation or data")
	case data != nil:
		t.data = append(t.data, dataFile{i, data, t.job.file(s.decoder, data, s.at("data"))})
	default:
		c.Text = s.text(text, s.at("equation"))
	}
	if text != nil {
		if v := s.get("points"); v != nil {
			c.Points = s.decoder.integer(v, s.at("points"), 1)
		}
	}
	c.Weight = s.positive("weight", 1)
	return c
}

func (t *pinnTask) decodeReference(parent *section) {
	v := parent.get("reference")
	if v == nil {
		return
	}
	s := parent.section(v, "reference")
	defer s.close()
	r := &t.reference
	file, exact := s.get("file"), s.get("exact")
	switch {
	case file != nil && exact != nil:
		s.fail(v, s.path, "expected either file or exact, got both")
	case file == nil && exact == nil:
		s.fail(v, s.path, `expected {file: u.csv} or {exact: {u: "..."}}`)
	case file != nil:
		r.node, r.file = file, t.job.file(s.decoder, file, s.at("file"))
	default:
		r.exact = map[string]string{}
		for _, e := range s.section(exact, s.at("exact")).n.entries {
			r.exact[e.key.text] = s.text(e.value, join(s.at("exact"), e.key.text))
			s.oneOf("exact", e.key.text, t.problem.Fields, "field")
		}
		if g := s.get("grid"); g != nil {
			r.grid = map[string]int{}
			for _, e := range s.section(g, s.at("grid")).n.entries {
				r.grid[e.key.text] = s.decoder.integer(e.value, join(s.at("grid"), e.key.text), 2)
				s.oneOf("grid", e.key.text, t.variables(), "variable")
			}
		}
		t.checkGrid(s, exact)
	}
}

// maxReference is the most points that an exact reference is evaluated at.
const maxReference = 1e7

// checkGrid refuses a reference grid that nobody could wait for; the levels of
// a variable that has none are those of pinn.ExactReference.
func (t *pinnTask) checkGrid(s *section, exact *node) {
	at, path := exact, s.at("exact")
	if g := s.n.get("grid"); g != nil {
		at, path = g, s.at("grid")
	}
	points := 1.0
	for _, name := range t.variables() {
		levels, given := t.reference.grid[name]
		switch {
		case given:
		case len(t.problem.Domain) > 2:
			levels = 21
		default:
			levels = 101
		}
		points *= float64(levels)
	}
	if points > maxReference {
		s.fail(at, path, "%.3g points: at most %.0e are evaluated; set fewer levels, grid: {%s: 11}", points, maxReference, t.variables()[0])
	}
}

func (t *pinnTask) variables() []string {
	names := make([]string, len(t.problem.Domain))
	for i, v := range t.problem.Domain {
		names[i] = v.Name
	}
	return names
}

func (t *pinnTask) decodeOutput(s *section) {
	defer s.close()
	o := &t.output
	o.figures = s.figures()
	o.checkpoint = s.positive("checkpoint", 60)
	o.log = s.integer("log", 10, 1)
}
