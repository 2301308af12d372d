package job

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/expr"
)

// mapReduceTask is a job of kind mapreduce: CSV files of any size, expressions of
// their columns, and what they come to over groups of rows.
//
// The files are cut into ranges, at line ends, and the ranges are mapped to partial
// results by tasks of kind range, which read in a stream. Partial results are merged
// as they come. The outcome does not depend on the ranges or their order: sums are
// exact and rounded once (package exactsum), counts are whole numbers, and of equal
// least or greatest values the first in the order of files and lines counts.
type mapReduceTask struct {
	job       *Job
	constants map[string]float64

	files      []*node
	comma      byte
	header     []string          // names of the columns of files without a header
	aliases    map[string]string // names in expressions of columns called otherwise
	aliasNode  *node
	lets       []entry
	where      *node
	groups     []groupKey
	reductions []reduction
	missing    []string
	fail       bool  // at the first bad row
	split      int64 // bytes of a range; 0: files are not cut
	figures    []string

	ready  bool
	plan   *mapPlan
	perRow *rowProgram
}

// groupKey is a column whose texts, or an expression whose values, part the rows
// into groups.
type groupKey struct {
	name string
	node *node
	text bool // a column
}

// reduction is a column of the result.
type reduction struct {
	name string
	op   string
	node *node   // the expression; nil: of count, rows
	show []*node // columns of the row of argmin and argmax
}

var reductionOps = []string{"count", "sum", "mean", "min", "max", "argmin", "argmax"}

func decodeMapReduce(j *Job, s *section) task {
	t := &mapReduceTask{job: j, aliases: map[string]string{}}
	if j.Precision != "float64" {
		s.fail(s.n.get("precision"), "precision", "numbers of tables are float64")
	}
	t.constants = s.numbers("constants")
	s.constants = t.constants
	t.decodeFiles(s)
	if v := s.get("columns"); v != nil {
		t.aliasNode = v
		for _, e := range s.section(v, "columns").n.entries {
			t.aliases[e.key.text] = s.text(e.value, join("columns", e.key.text))
		}
	}
	if v := s.get("let"); v != nil {
		for _, e := range s.section(v, "let").n.entries {
			s.text(e.value, join("let", e.key.text))
			t.lets = append(t.lets, e)
		}
	}
	if t.where = s.get("where"); t.where != nil {
		s.text(t.where, "where")
	}
	t.decodeGroups(s)
	t.decodeReductions(s)
	t.fail = s.choice("bad_rows", "skip", "skip", "fail") == "fail"
	mib := s.atLeast("split", 64, 0)
	if t.split = int64(mib * (1 << 20)); mib > 0 {
		t.split = max(t.split, 1)
	}
	if mib > 1<<30 {
		s.fail(s.n.get("split"), "split", "expected mebibytes, at most %d, got %s", 1<<30, format(mib))
	}
	o := s.sub("output")
	t.figures = o.figures()
	o.close()
	return t
}

func (t *mapReduceTask) decodeFiles(s *section) {
	if v := s.require("files", "the CSV files, files: [data/*.csv]"); v != nil {
		list := v
		if v.kind == scalarNode {
			list = v.beside(listNode, "")
			list.items = []*node{v}
			s.n.put("files", list)
		}
		for i, f := range s.list(list, "files") {
			if name := s.text(f, item("files", i)); name == "" {
				continue
			}
			// The run directory is elsewhere, and the files stay where they are.
			path, err := filepath.Abs(t.job.resolve(f.text))
			if err != nil {
				s.fail(f, item("files", i), "%v", err)
			}
			f.text, f.verbatim = filepath.ToSlash(path), 0
			t.files = append(t.files, f)
		}
		if list.kind == listNode && len(list.items) == 0 {
			s.fail(v, "files", "expected at least one file")
		}
	}
	t.comma = ','
	if v := s.get("separator"); v == nil {
		s.fill("separator", ",")
		s.n.get("separator").quoted = true
	} else if text := s.text(v, "separator"); text == `\t` || text == "tab" {
		t.comma = '\t'
	} else if v.kind == scalarNode {
		if len(text) != 1 || strings.ContainsAny(text, "\"\r\n") || text[0] >= 0x80 {
			s.fail(v, "separator", `expected one character, such as ";", or tab, got %q`, text)
		} else {
			t.comma = text[0]
		}
	}
	if v := s.get("header"); v != nil {
		for i, h := range s.list(v, "header") {
			name := s.text(h, item("header", i))
			if slices.Contains(t.header, name) {
				s.fail(h, item("header", i), "column %q stands twice", name)
			}
			t.header = append(t.header, name)
		}
		if v.kind == listNode && len(t.header) == 0 {
			s.fail(v, "header", "expected the names of the columns")
		}
	}
	t.missing = []string{"NA", "N/A", "NaN", "nan", "null", "NULL"}
	if v := s.get("missing"); v != nil {
		t.missing = nil
		for i, m := range s.list(v, "missing") {
			t.missing = append(t.missing, s.text(m, item("missing", i)))
		}
	} else {
		list := s.n.beside(listNode, "")
		for _, m := range t.missing {
			n := list.beside(scalarNode, m)
			n.quoted = true
			list.items = append(list.items, n)
		}
		s.n.put("missing", list)
	}
}

func (t *mapReduceTask) decodeGroups(s *section) {
	v := s.get("group")
	if v == nil {
		return
	}
	list := []*node{v}
	if v.kind != scalarNode {
		list = s.list(v, "group")
	}
	for i, n := range list {
		g := groupKey{node: n, name: n.text, text: true}
		if n.kind == mappingNode && len(n.entries) == 1 {
			g = groupKey{node: n.entries[0].value, name: n.entries[0].key.text}
		}
		s.text(g.node, item("group", i))
		if slices.ContainsFunc(t.groups, func(o groupKey) bool { return o.name == g.name }) {
			s.fail(n, item("group", i), "%q stands twice", g.name)
		}
		t.groups = append(t.groups, g)
	}
}

// decodeReductions reads
//
//	reduce: {n: count, warmest: {argmax: temp, show: [station]}, mean_speed: {mean: speed}}
func (t *mapReduceTask) decodeReductions(s *section) {
	v := s.require("reduce", "what the rows come to, reduce: {n: count, mean_speed: {mean: speed}}")
	if v == nil {
		return
	}
	for _, e := range s.section(v, "reduce").n.entries {
		path := join("reduce", e.key.text)
		r := reduction{name: e.key.text, op: "count"}
		if slices.ContainsFunc(t.groups, func(g groupKey) bool { return g.name == r.name }) {
			s.fail(e.key, "reduce", "a group is called %q too", r.name)
		}
		if e.value.kind == scalarNode {
			if e.value.text != "count" {
				s.fail(e.value, path, "expected count, or an expression, {mean: %s}", e.value.text)
			}
			t.reductions = append(t.reductions, r)
			continue
		}
		in := s.decoder.section(e.value, path)
		var known []string
		for _, op := range reductionOps {
			if x := in.get(op); x != nil {
				r.op, r.node = op, x
				known = append(known, op)
				in.text(x, in.at(op))
			}
		}
		if show := in.get("show"); show != nil {
			for i, c := range in.list(show, in.at("show")) {
				in.text(c, item(in.at("show"), i))
				r.show = append(r.show, c)
			}
			if r.op != "argmin" && r.op != "argmax" {
				in.fail(show, in.at("show"), "it is for argmin and argmax, which are of one row")
			}
		}
		in.close()
		if len(known) != 1 && !in.failed(e.value) {
			in.fail(e.value, path, "expected one of %s", strings.Join(reductionOps, ", "))
		}
		t.reductions = append(t.reductions, r)
	}
	if v.kind == mappingNode && len(v.entries) == 0 {
		s.fail(v, "reduce", "expected at least one, reduce: {n: count}")
	}
}

func (t *mapReduceTask) warnings() []string { return nil }

// rowProgram computes the expressions of a job over blocks of rows.
type rowProgram struct {
	program *expr.Program // nil: there are no expressions
	names   []string      // of the columns that it reads, in the order of program.Fields
	where   int           // output of the condition, or -1
	groups  []int         // outputs of the groups that are expressions, else -1
	values  []int         // outputs of the reductions, -1 for rows
	texts   []string      // columns that are read as texts
	byGroup []int         // texts of the groups, -1 for expressions
	byShow  [][]int       // texts of the reductions
}

// compileRows compiles the expressions of columns that may have the given names.
// Names that are no names of the language are left out.
func (t *mapReduceTask) compileRows(names []string) (*rowProgram, error) {
	scope := &expr.Scope{Constants: t.constants}
	if err := scope.Validate(); err != nil {
		return nil, fault(t.job.tree.get("constants"), "constants", err.Error())
	}
	for _, name := range names {
		_, constant := t.constants[name]
		isLet := slices.ContainsFunc(t.lets, func(e entry) bool { return e.key.text == name })
		if !constant && !isLet && !slices.Contains(scope.Fields, name) && (&expr.Scope{Fields: []string{name}}).Validate() == nil {
			scope.Fields = append(scope.Fields, name)
		}
	}
	for _, e := range t.lets {
		n, err := expr.Parse(e.value.text, scope)
		if err != nil {
			return nil, textFault(e.value, join("let", e.key.text), err)
		}
		scope.Let = append(scope.Let, expr.Let{Name: e.key.text, Value: n})
		if err := scope.Validate(); err != nil {
			return nil, fault(e.key, "let", err.Error())
		}
	}
	p := &rowProgram{where: -1}
	var outputs []expr.Node
	add := func(n expr.Node) int {
		outputs = append(outputs, n)
		return len(outputs) - 1
	}
	if t.where != nil {
		const before = "if("
		n, err := expr.Parse(before+t.where.text+", 1, 0)", scope)
		if err != nil {
			if at, ok := errors.AsType[*expr.Error](err); ok {
				err = within(at, t.where.text, len(before))
			}
			return nil, textFault(t.where, "where", err)
		}
		p.where = add(n)
	}
	text := func(column string) int {
		if i := slices.Index(p.texts, column); i >= 0 {
			return i
		}
		p.texts = append(p.texts, column)
		return len(p.texts) - 1
	}
	for i, g := range t.groups {
		if g.text {
			p.groups, p.byGroup = append(p.groups, -1), append(p.byGroup, text(g.name))
			continue
		}
		n, err := expr.Parse(g.node.text, scope)
		if err != nil {
			return nil, textFault(g.node, item("group", i), err)
		}
		p.groups, p.byGroup = append(p.groups, add(n)), append(p.byGroup, -1)
	}
	for _, r := range t.reductions {
		var show []int
		for _, c := range r.show {
			show = append(show, text(c.text))
		}
		p.byShow = append(p.byShow, show)
		if r.node == nil {
			p.values = append(p.values, -1)
			continue
		}
		n, err := expr.Parse(r.node.text, scope)
		if err != nil {
			return nil, textFault(r.node, join(join("reduce", r.name), r.op), err)
		}
		p.values = append(p.values, add(n))
	}
	if len(outputs) == 0 {
		return p, nil
	}
	var err error
	if p.program, err = expr.Compile(scope, outputs...); err != nil {
		return nil, fault(t.job.tree.get("reduce"), "reduce", err.Error())
	}
	for _, f := range p.program.Fields {
		p.names = append(p.names, scope.Fields[f.Index])
	}
	return p, nil
}

// mapWork is a mapreduce made ready to run.
type mapWork struct {
	task     *mapReduceTask
	pool     Pool
	progress func(Progress)
	state    mapState
	body     *mapReduceBody
	saved    time.Time
}

func (t *mapReduceTask) compile(_ context.Context, o *Options) (work, error) {
	if err := t.prepare(); err != nil {
		return nil, err
	}
	w := &mapWork{task: t, pool: o.Pool, progress: func(Progress) {}, body: &mapReduceBody{Figures: []string{}}}
	w.state = mapState{Stamps: t.plan.stamps(), Done: make([]bool, len(t.plan.ranges)), Lines: make([]int64, len(t.plan.ranges)), Groups: map[string]*groupState{}}
	if w.pool == nil {
		w.pool = Local{Workers: t.job.threads()}
	}
	if o.Progress != nil {
		w.progress = o.Progress
	}
	return w, nil
}
