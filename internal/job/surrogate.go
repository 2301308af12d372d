package job

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/sampling"
	"github.com/seed-0772dd2d/ritz/surrogate"
)

// surrogateTask is a job of kind surrogate: an expensive function, where to
// sample it, the models to fit to the samples, and what to do with them.
type surrogateTask struct {
	job          *Job
	constants    map[string]float64
	names        []string // of the inputs
	lower, upper []float64
	response     string // name of the output

	// The function: at most one of text and command; data stand for the sample.
	text    *node
	command *surrogate.Command
	program *node
	data    tableFile

	plan     *sampling.Plan // nil: no sample
	sample   *node
	auto     bool
	models   []modelSpec
	validate validateSettings
	optimize *optimizeSettings
	indices  *sensitivitySettings
	figures  []string

	needs []need
	specs []modelSpec // of all models, members of ensembles too

	evaluator surrogate.Evaluator // nil: there are data only
	given     surrogate.Data      // the data, or no rows
	points    []float64           // of the sample
	test      surrogate.Data      // of validate.data
	odd       []string            // warnings
}

// tableFile is a CSV file that the job names.
type tableFile struct {
	node *node
	path string // its key
	file string
}

// validateSettings say where models are compared with the function: on a grid, at
// the points of a table, or at the samples they have not seen.
type validateSettings struct {
	node  *node
	grid  []int
	data  tableFile
	folds int // 0 with leaveOneOut
	loo   bool
}

// sensitivitySettings are those of the key sensitivity.
type sensitivitySettings struct {
	surrogate.Sensitivity
	model string // whose; "": the function, or the best model if there is no cheap one
	node  *node
}

func decodeSurrogate(j *Job, s *section) task {
	t := &surrogateTask{job: j}
	if j.Precision != "float64" {
		s.fail(s.n.get("precision"), "precision", "models are float64")
	}
	t.constants = s.numbers("constants")
	s.constants = t.constants
	t.decodeInputs(s)
	t.decodeFunction(s)
	t.decodeSample(s)
	t.decodeModels(s)
	t.decodeValidate(s)
	t.decodeOptimize(s)
	t.decodeSensitivity(s)
	o := s.sub("output")
	t.figures = o.figures()
	o.close()
	return t
}

var inputName = regexp.MustCompile(`^[\pL_][\pL\pN_]*$`)

func (t *surrogateTask) decodeInputs(s *section) {
	v := s.require("inputs", "the inputs and their intervals, inputs: {x1: [-5, 10], x2: [0, 15]}")
	if v != nil {
		for _, e := range s.section(v, "inputs").n.entries {
			if !inputName.MatchString(e.key.text) {
				s.fail(e.key, "inputs", "the input %q: expected letters, digits and _, not beginning with a digit", e.key.text)
			}
			lo, hi := s.decoder.interval(e.value, join("inputs", e.key.text))
			t.names = append(t.names, e.key.text)
			t.lower, t.upper = append(t.lower, lo), append(t.upper, hi)
		}
		if v.kind == mappingNode && len(t.names) == 0 {
			s.fail(v, "inputs", "expected at least one input")
		}
	}
	t.response = "y"
	r := s.get("response")
	if r == nil {
		s.fill("response", t.response)
		r = v
	} else if t.response = s.text(r, "response"); r.kind == scalarNode && !inputName.MatchString(t.response) {
		s.fail(r, "response", "expected a name, got %q", t.response)
	}
	switch {
	case slices.Contains(t.names, t.response):
		s.fail(r, "response", "an input has the name %q too: call the response otherwise, response: f", t.response)
	case slices.Contains(t.names, "error"):
		s.fail(v, "inputs", "an input cannot be called error: a column of samples.csv has that name")
	}
}

func (t *surrogateTask) decodeFunction(s *section) {
	function, command, data := s.get("function"), s.get("command"), s.get("data")
	switch {
	case function != nil && command != nil:
		s.fail(command, "command", "expected either function or command, got both")
	case function == nil && command == nil && data == nil:
		s.missing = append(s.missing, missingKey{"function", "an expression of the inputs; or command, a program; or data, a table"})
	}
	if function != nil && s.text(function, "function") != "" {
		t.text = function
	}
	if command != nil {
		t.decodeCommand(s, command)
	}
	if data != nil {
		t.data = tableFile{data, "data", t.job.file(s.decoder, data, "data")}
	}
}

// decodeCommand reads [program, argument, ...] or {run: [...], timeout: 60, ...}.
func (t *surrogateTask) decodeCommand(parent *section, v *node) {
	if v.kind == listNode { // the short way of writing it
		long := v.beside(mappingNode, "")
		long.put("run", v)
		parent.n.put("command", long)
		v = long
	}
	s := parent.section(v, "command")
	defer s.close()
	c := &surrogate.Command{Inputs: t.names, Files: map[string]string{}}
	t.command, t.program = c, v
	if run := s.require("run", `the program and its arguments, [./simulator, "{x1}"]`); run != nil {
		t.program = run
		for i, a := range s.list(run, s.at("run")) {
			c.Args = append(c.Args, s.text(a, item(s.at("run"), i)))
		}
	}
	c.Dir = s.programDir(t.job)
	for _, f := range s.texts("files") {
		c.Files[f[0]] = f[1]
	}
	if v := s.get("output"); v != nil {
		c.Output = s.text(v, s.at("output"))
	}
	if v := s.get("pattern"); v != nil {
		c.Pattern = s.text(v, s.at("pattern"))
		if _, err := regexp.Compile(c.Pattern); err != nil {
			s.fail(v, s.at("pattern"), "%v", err)
		}
	}
	c.Timeout = time.Duration(s.atLeast("timeout", 0, 0) * float64(time.Second))
	c.Retries = s.integer("retries", 0, 0)
	c.Parallel = s.integer("parallel", 0, 0)
	if c.Parallel == 0 {
		c.Parallel = t.job.Threads
	}
}

// decodeSample reads where the function is sampled: by default at 10 d points
// of the Sobol sequence.
func (t *surrogateTask) decodeSample(s *section) {
	v := s.get("sample")
	if t.data.node != nil {
		if v != nil {
			s.fail(v, "sample", "the data are the sample: expected either data or sample")
		}
		return
	}
	if t.text == nil && t.command == nil {
		return
	}
	section := s.sub("sample")
	if v == nil {
		section.fill("n", strconv.Itoa(10*max(len(t.names), 1)))
	}
	plan := section.plan(t.job.Seed)
	t.plan, t.sample = &plan, section.n
}

func (t *surrogateTask) decodeValidate(parent *section) {
	v := parent.get("validate")
	if v == nil {
		s := parent.sub("validate")
		t.validate.folds = s.integer("folds", 10, 2)
		return
	}
	t.validate.node = v
	if v.kind == scalarNode {
		parent.word(v, "validate", []string{"leave_one_out"})
		t.validate.loo = true
		return
	}
	s := parent.section(v, "validate")
	defer s.close()
	grid, data, folds := s.get("grid"), s.get("data"), s.get("folds")
	if len(v.entries) != 1 || v.entries[0].value.kind == nullNode {
		s.fail(v, "validate", "expected one of {grid: [100, 100]}, {folds: 10}, {data: test.csv} and leave_one_out")
		return
	}
	switch {
	case grid != nil:
		t.decodeGrid(s, grid)
	case data != nil:
		t.validate.data = tableFile{data, s.at("data"), t.job.file(s.decoder, data, s.at("data"))}
	case folds != nil:
		t.validate.folds = s.decoder.integer(folds, s.at("folds"), 2)
	}
}

// maxGrid is the most points that models are compared with the function at.
const maxGrid = 1e7

// decodeGrid reads the levels of the grid that models are compared on: a number
// for each input, or one for all.
func (t *surrogateTask) decodeGrid(s *section, v *node) {
	path := s.at("grid")
	levels := []*node{v}
	if v.kind == listNode {
		levels = v.items
	}
	points := 1.0
	for i := range t.names {
		n := levels[min(i, max(len(levels)-1, 0)):]
		if len(n) == 0 {
			break
		}
		t.validate.grid = append(t.validate.grid, s.decoder.integer(n[0], path, 2))
		points *= float64(t.validate.grid[i])
	}
	switch {
	case v.kind == listNode && len(levels) != len(t.names):
		s.fail(v, path, "%d numbers of levels for %d inputs", len(levels), len(t.names))
	case t.text == nil:
		s.fail(v, path, "a grid needs a function in text: validate with {folds: 10}, leave_one_out or {data: test.csv}")
	case points > maxGrid:
		s.fail(v, path, "%.3g points: at most %.0e are evaluated", points, maxGrid)
	}
}

func (t *surrogateTask) decodeSensitivity(parent *section) {
	v := parent.get("sensitivity")
	if v == nil {
		return
	}
	s := parent.section(v, "sensitivity")
	defer s.close()
	t.indices = &sensitivitySettings{node: v}
	i := &t.indices.Sensitivity
	i.Seed = t.job.Seed
	i.Samples = s.integer("samples", 4096, 8)
	i.SecondOrder = s.flag("second_order", false)
	i.Bootstrap = s.integer("bootstrap", 200, 2)
	i.Confidence = s.number("confidence", 0.95)
	if c := s.n.get("confidence"); !(i.Confidence > 0 && i.Confidence < 1) && !s.failed(c) {
		s.fail(c, s.at("confidence"), "expected a number between 0 and 1, got %s", format(i.Confidence))
	}
	if d := len(t.names); 2*d > sampling.MaxSobolDim {
		s.fail(v, s.path, "%d inputs: the Sobol sequence has points for at most %d", d, sampling.MaxSobolDim/2)
	}
	if m := s.get("model"); m != nil {
		t.indices.model = t.modelName(s, m)
	}
}

// modelName reads the name of one of the models.
func (t *surrogateTask) modelName(s *section, v *node) string {
	if t.auto {
		return s.text(v, s.at("model"))
	}
	var names []string
	for _, m := range t.models {
		names = append(names, m.name)
	}
	return s.word(v, s.at("model"), names)
}

// cheap tells whether the function can be evaluated many times.
func (t *surrogateTask) cheap() bool { return t.text != nil }

func (t *surrogateTask) warnings() []string { return t.odd }

// functionText is the function on one line.
func (t *surrogateTask) functionText() string {
	switch {
	case t.text != nil:
		return strings.Join(strings.Fields(t.text.text), " ")
	case t.command != nil:
		return "command " + strings.Join(t.command.Args, " ")
	}
	return "none: the data are all there is"
}
