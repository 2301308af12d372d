package job

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/seed-0772dd2d/ritz/surrogate"
)

// optimizeSettings are those of the key optimize.
type optimizeSettings struct {
	node        *node
	method      string
	settings    surrogate.OptimiseSettings
	constraints []*node // conditions on the inputs, "x1 + x2 <= 1"
}

// optimizers of expensive functions, the default first.
var strategies = []string{"expected_improvement", "lower_confidence_bound", "probability_of_improvement", "stochastic_rbf"}

func (t *surrogateTask) decodeOptimize(parent *section) {
	v := parent.get("optimize")
	if v == nil {
		return
	}
	s := parent.section(v, "optimize")
	defer s.close()
	o := &optimizeSettings{node: v}
	t.optimize = o
	set := &o.settings
	set.Lower, set.Upper, set.Seed = t.lower, t.upper, t.job.Seed
	o.method = s.choice("method", strategies[0], strategies...)
	switch o.method {
	case "expected_improvement":
		set.Strategy = surrogate.ExpectedImprovement{}
		set.Tolerance = s.atLeast("tolerance", 0, 0)
	case "lower_confidence_bound":
		set.Strategy = surrogate.LowerConfidenceBound{Weight: s.positive("weight", 2)}
	case "probability_of_improvement":
		set.Strategy = surrogate.ProbabilityOfImprovement{Margin: s.atLeast("margin", 0, 0)}
	case "stochastic_rbf":
		set.Strategy = surrogate.StochasticRBF{}
	}
	set.Maximise = s.flag("maximize", false)
	set.Evaluations = s.integer("evaluations", 20*max(len(t.names), 1), 1)
	set.Batch = s.integer("batch", 1, 1)
	set.Noisy = s.flag("noisy", false)
	if v := s.get("target"); v != nil {
		if x, ok := s.decoder.number(v, s.at("target")); ok {
			set.Target = &x
		}
	}
	set.Patience = s.integer("patience", 0, 0)
	set.Time = time.Duration(s.atLeast("time", 0, 0) * float64(time.Second))
	if v := s.get("kriging"); v != nil {
		k := s.section(v, s.at("kriging"))
		set.Kriging = t.kriging(k).(surrogate.Kriging)
		t.specs = append(t.specs, modelSpec{spec: set.Kriging, node: v, path: k.path})
		k.close()
	} else {
		set.Kriging = surrogate.Kriging{Seed: t.job.Seed, Threads: t.job.Threads}
	}
	if v := s.get("constraints"); v != nil {
		for i, c := range s.list(v, s.at("constraints")) {
			s.text(c, item(s.at("constraints"), i))
			o.constraints = append(o.constraints, c)
		}
	}
	if t.text == nil && t.command == nil {
		s.fail(v, s.path, "there is nothing to evaluate: it needs a function or a command")
	}
}

// prepareConstraints compiles the conditions: one that holds is -1, else 1.
func (t *surrogateTask) prepareConstraints() error {
	o := t.optimize
	o.settings.Constraints = nil
	for i, n := range o.constraints {
		e, err := compileCondition(n.text, t.names, t.constants)
		if err != nil {
			return expressionFault(n, item("optimize.constraints", i), err)
		}
		o.settings.Constraints = append(o.settings.Constraints, surrogate.Constraint{Name: n.text, Evaluator: e, Known: true})
	}
	return nil
}

// optimize searches the optimum beyond the sample.
func (w *surrogateWork) optimize(ctx context.Context, _ *directory) error {
	t, r := w.task, w.record
	s := t.optimize.settings
	n := t.samples()
	s.Sample = n
	r.watch = nil
	s.Progress = func(log []surrogate.Evaluation) error {
		w.tell(len(log)-n, s.Evaluations, "best "+t.response, w.best())
		return nil
	}
	o, err := surrogate.NewOptimiser(s, w.log(n))
	if err != nil {
		return err
	}
	best, err := o.Run(ctx, r)
	if errors.Is(err, surrogate.ErrNoValue) || best == nil || len(best.X) == 0 {
		return err
	}
	w.body.Optimum = &optimumResult{X: best.X, Y: Number(best.Y), Feasible: best.Feasible, Evaluations: len(best.Log), Reason: best.Reason}
	if s.Noisy {
		w.body.Optimum.Mean, w.body.Optimum.Deviation = Number(best.Mean), Number(best.Deviation)
	}
	return err
}

// log are the evaluations made so far, as far as none is missing: the sample,
// and of a run that is resumed those beyond it.
func (w *surrogateWork) log(sample int) []surrogate.Evaluation {
	var log []surrogate.Evaluation
	for i, row := range w.record.rows {
		if row.x == nil {
			break
		}
		e := surrogate.Evaluation{X: row.x, Done: true, Y: row.y, Error: row.fail, Sample: i < sample}
		if row.fail != "" {
			e.Y = 0
		}
		log = append(log, e)
	}
	w.record.next = len(log)
	return log
}

// best is the best value so far.
func (w *surrogateWork) best() float64 {
	best := math.NaN()
	for _, row := range w.record.rows {
		best = w.task.better(row, best)
	}
	return best
}

// better is the value of an evaluation if it is better than the best before it,
// which it returns else.
func (t *surrogateTask) better(row record, best float64) float64 {
	switch {
	case row.x == nil || row.fail != "" || !t.allows(row.x):
		return best
	case t.optimize != nil && t.optimize.settings.Maximise:
		if row.y < best {
			return best
		}
	case row.y > best:
		return best
	}
	return row.y
}

// allows tells whether a point satisfies the constraints.
func (t *surrogateTask) allows(x []float64) bool {
	if t.optimize == nil {
		return true
	}
	for _, c := range t.optimize.settings.Constraints {
		if y, err := values(c.Evaluator, x, len(x)); err != nil || !(y[0] <= 0) {
			return false
		}
	}
	return true
}

// writeHistory writes history.csv: each evaluation and the best value up to it.
func (w *surrogateWork) writeHistory(d *directory) error {
	if w.task.evaluator == nil {
		return nil
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "evaluation,stage,%s,best\n", w.task.response)
	best := math.NaN()
	for i, row := range w.record.rows {
		if row.x == nil {
			continue
		}
		stage := "sample"
		if i >= w.task.samples() {
			stage = "optimize"
		}
		best = w.task.better(row, best)
		fmt.Fprintf(&b, "%d,%s,%s,%s\n", i+1, stage, blank(row.y), blank(best))
	}
	if err := d.write("history.csv", b.Bytes()); err != nil {
		return &writeError{err}
	}
	return nil
}

// blank prints a number, and nothing where there is none.
func blank(x float64) string {
	if x != x {
		return ""
	}
	return format(x)
}

// ofFunction stands for the function among the names of models.
const ofFunction = "function"

// sensitivity estimates the indices of the function, if it is cheap, or of a model.
func (w *surrogateWork) sensitivity(ctx context.Context, _ *directory) error {
	t := w.task
	of, f := ofFunction, t.evaluator
	if t.indices.model != "" || !t.cheap() {
		if of = t.indices.model; of == "" {
			of = w.body.Best
		}
		f = nil
		for _, m := range w.fitted {
			if m.name == of {
				f = surrogate.ModelEvaluator{Model: m.model}
			}
		}
		if f == nil {
			return fmt.Errorf("sensitivity: there is no model %q", of)
		}
	}
	w.tell(0, 1, "", 0)
	in, err := t.indices.Run(ctx, f, t.lower, t.upper)
	if err != nil {
		return fmt.Errorf("sensitivity: %w", err)
	}
	w.body.Sensitivity = newSensitivity(of, t.names, in)
	w.tell(1, 1, "", 0)
	return nil
}
