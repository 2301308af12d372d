package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/pinn"
)

// pinnWork is a problem made ready for training.
type pinnWork struct {
	task      *pinnTask
	trainer   *pinn.Trainer
	reference *pinn.Reference // nil: none
	resumed   *checkpoint     // nil: from the start
	watch     func(pinn.Progress)
}

// pinnBody is the pinn part of result.json.
type pinnBody struct {
	Stages     []pinnStage          `json:"stages"`
	Loss       Number               `json:"loss"`
	Start      Number               `json:"initial_loss"`
	Terms      map[string]Number    `json:"terms"` // weighted loss of each term
	Errors     map[string]pinnError `json:"errors,omitempty"`
	Parameters map[string]Number    `json:"parameters,omitempty"`
	Warnings   []string             `json:"warnings,omitempty"`
	Figures    []string             `json:"figures"`
}

type pinnStage struct {
	Optimizer   string `json:"optimizer"`
	Iterations  int    `json:"iterations"`
	Evaluations int    `json:"evaluations"`
	Loss        Number `json:"loss"`
	Stopped     string `json:"stopped"`
}

type pinnError struct {
	RelativeL2 Number `json:"relative_l2"`
	MaxAbs     Number `json:"max_abs"`
}

// compile builds the trainer and reads the files of the job.
func (t *pinnTask) compile(_ context.Context, o *Options) (work, error) {
	w := &pinnWork{task: t, watch: func(pinn.Progress) {}}
	if o.Progress != nil {
		names := sortedKeys(t.problem.Parameters)
		w.watch = func(p pinn.Progress) {
			o.Progress(Progress{
				Stage: p.Stage, Stages: p.Stages, Name: p.Optimizer,
				Iteration: p.Iteration, Iterations: p.Iterations,
				Total: p.Total, TotalMost: p.TotalMost, Measure: "loss", Value: p.Loss, Seconds: p.Seconds,
				Parameters: names, Values: p.Parameters,
			})
		}
	}
	if t.settings.Train == nil {
		if err := t.settle(); err != nil {
			return nil, err
		}
	}
	settings := t.settings
	settings.Progress = func(p pinn.Progress) { w.watch(p) }
	var err error
	w.trainer, w.reference, err = t.solver(settings)
	return w, err
}

// settle writes the stages that train: auto comes to into the job, so that it
// can be resumed whatever auto comes to by then.
func (t *pinnTask) settle() error {
	trainer, _, err := t.solver(t.settings)
	if err != nil {
		return err
	}
	n := stagesNode(t.job.tree, trainer.Info().Stages)
	d := &decoder{}
	for i, stage := range n.items {
		t.settings.Train = append(t.settings.Train, d.stage(stage, item("train", i)))
	}
	t.job.tree.put("train", n)
	return d.err()
}

// stagesNode writes stages as they stand in a job file.
func stagesNode(at *node, stages []pinn.Stage) *node {
	list := at.beside(listNode, "")
	list.flow = false
	for _, s := range stages {
		keys := at.beside(mappingNode, "")
		keys.put("iterations", at.beside(scalarNode, fmt.Sprint(s.Iterations)))
		if s.Rate > 0 {
			keys.put("rate", at.beside(scalarNode, format(s.Rate)))
		}
		keys.put("tolerance", at.beside(scalarNode, format(s.Tolerance)))
		keys.put("objective", at.beside(scalarNode, s.Objective))
		stage := at.beside(mappingNode, "")
		stage.flow = false
		stage.put(s.Optimizer, keys)
		list.items = append(list.items, stage)
	}
	return list
}

func (w *pinnWork) restore(c *checkpoint) error {
	w.resumed = c
	return w.trainer.UnmarshalBinary(c.State)
}

// run trains, with the history and checkpoints written as it goes.
func (w *pinnWork) run(ctx context.Context, d *directory) (Body, error) {
	h, err := w.openHistory(d)
	if err == nil && w.resumed == nil {
		err = w.save(d, h)
	}
	if err != nil {
		return &pinnBody{Figures: []string{}}, &writeError{err}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	saved, report := time.Now(), w.watch
	w.watch = func(p pinn.Progress) {
		err := h.add(p)
		if err == nil && time.Since(saved).Seconds() > w.task.output.checkpoint {
			err = w.save(d, h)
			saved = time.Now()
		}
		if err != nil {
			cancel(&writeError{err})
		}
		report(p)
	}
	r, err := w.trainer.Run(ctx)
	var failed *writeError
	if errors.As(context.Cause(ctx), &failed) {
		err = failed
	}
	if err != nil && failed == nil {
		if e := w.save(d, h); e != nil {
			err = &writeError{e}
		}
	}
	if e := h.close(); err == nil && e != nil {
		err = &writeError{e}
	}
	body := newPinnBody(r)
	if err == nil {
		body.Warnings = w.misled(r)
	}
	if e := w.finish(d, body); err == nil {
		err = e
	}
	return body, err
}

// writeError ends a run that cannot write its files.
type writeError struct{ err error }

func (e *writeError) Error() string { return "cannot write: " + e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

func (w *pinnWork) openHistory(d *directory) (*history, error) {
	path, every := d.file("history.csv"), w.task.output.log
	if w.resumed != nil {
		return resumeHistory(path, every, w.resumed)
	}
	return newHistory(path, every, w.trainer.Terms(), sortedKeys(w.task.problem.Parameters))
}

// save writes a checkpoint.
func (w *pinnWork) save(d *directory, h *history) error {
	if err := h.sync(); err != nil {
		return err
	}
	state, err := w.trainer.MarshalBinary()
	if err != nil {
		return err
	}
	return d.save(&checkpoint{Seconds: d.seconds(), History: h.size, Pending: h.pending, State: state})
}

// finish writes the solution, if there is any, and compares it with the
// reference.
func (w *pinnWork) finish(d *directory, body *pinnBody) error {
	if iterations, _ := body.cost(); iterations == 0 {
		return nil
	}
	solution := w.trainer.Solution()
	if err := solution.Save(d.file("solution.json")); err != nil {
		return &writeError{err}
	}
	if w.reference != nil {
		errs, err := solution.Errors(w.reference)
		if err != nil {
			return err
		}
		body.Errors = map[string]pinnError{}
		for name, e := range errs {
			body.Errors[name] = pinnError{Number(e.RelativeL2), Number(e.MaxAbs)}
		}
	}
	return nil
}

func (w *pinnWork) draw(d *directory) ([]string, error) {
	return w.task.drawSolution(d, w.trainer.Solution(), w.reference)
}

// draw draws the solution that a run has saved.
func (t *pinnTask) draw(d *directory) ([]string, error) {
	s, err := loadSolution(d.path)
	if err != nil {
		return nil, err
	}
	if err := t.readData(); err != nil {
		return nil, err
	}
	ref, err := t.readReference()
	if err != nil {
		return nil, err
	}
	return t.drawSolution(d, s, ref)
}

func newPinnBody(r *pinn.Report) *pinnBody {
	b := &pinnBody{Loss: Number(r.Loss), Start: Number(r.Start), Terms: numbers(r.Terms), Parameters: numbers(r.Parameters), Figures: []string{}}
	for _, s := range r.Stages {
		b.Stages = append(b.Stages, pinnStage{s.Optimizer, s.Iterations, s.Evaluations, Number(s.Loss), s.Stopped})
	}
	return b
}

// A training is lost on the way where its loss has risen so many times above that of the start and
// has not come so many times below it: its activations are flat for good.
const (
	wild = 1e6
	won  = 1e3
)

// misled tells a training that has ended worse than it began, or that was lost on the way,
// though all its numbers are finite.
func (w *pinnWork) misled(r *pinn.Report) []string {
	var text string
	switch end := r.Stages[len(r.Stages)-1].Loss; {
	case end > r.Start:
		text = fmt.Sprintf("the loss at the end, %.3g, is above %.3g, that of the start: the training diverged", end, r.Start)
	case r.Highest > wild*r.Start && r.Loss*won > r.Start:
		text = fmt.Sprintf("the loss rose to %.3g on the way, from %.3g at the start: the training diverged", r.Highest, r.Start)
	default:
		return nil
	}
	if slices.ContainsFunc(w.task.settings.Train, func(s pinn.Stage) bool { return s.Optimizer == "adam" }) {
		text += "; a lower rate is needed"
	}
	return []string{text}
}

// end is the loss of the last iteration as it is printed, where it is not that of the best one.
func (b *pinnBody) end() string {
	best, end := fmt.Sprintf("%.3g", float64(b.Loss)), fmt.Sprintf("%.3g", float64(b.Stages[len(b.Stages)-1].Loss))
	if best == end {
		return ""
	}
	return end
}

func numbers(m map[string]float64) map[string]Number {
	out := make(map[string]Number, len(m))
	for name, x := range m {
		out[name] = Number(x)
	}
	return out
}

// cost counts the iterations and evaluations of all stages.
func (b *pinnBody) cost() (iterations, evaluations int) {
	for _, s := range b.Stages {
		iterations += s.Iterations
		evaluations += s.Evaluations
	}
	return iterations, evaluations
}

func (b *pinnBody) setFigures(files []string) { b.Figures = files }

// Summary prints loss, errors, parameters and figures.
func (b *pinnBody) Summary(w io.Writer) {
	iterations, evaluations := b.cost()
	if iterations == 0 {
		fmt.Fprintln(w, "not one iteration was finished")
		return
	}
	for _, warning := range b.Warnings {
		fmt.Fprintln(w, "warning:", warning)
	}
	kept := ""
	if end := b.end(); end != "" {
		kept = fmt.Sprintf(" of the best iteration, which is kept, and %s of the last,", end)
	}
	fmt.Fprintf(w, "loss %.3g%s after %d iterations, %d evaluations\n", float64(b.Loss), kept, iterations, evaluations)
	for _, name := range sortedKeys(b.Errors) {
		e := b.Errors[name]
		fmt.Fprintf(w, "%s: relative L2 error %.3g, largest error %.3g\n", name, float64(e.RelativeL2), float64(e.MaxAbs))
	}
	for _, name := range sortedKeys(b.Parameters) {
		fmt.Fprintf(w, "%s = %.8g\n", name, float64(b.Parameters[name]))
	}
	if len(b.Figures) > 0 {
		fmt.Fprintf(w, "figures %s\n", strings.Join(b.Figures, ", "))
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// locate finds the node of a text that package pinn found fault with.
func (t *pinnTask) locate(e *pinn.TextError) (*node, string) {
	root := t.job.tree
	n, path := root.get(e.Part), e.Part
	if r := root.get("reference"); r != nil && (e.Part == "exact" || e.Part == "grid") {
		n, path = r.get(e.Part), "reference."+e.Part
	}
	step := func(next *node, name string) {
		if next != nil {
			n = next
		}
		path = name
	}
	if n == nil {
		return root, path
	}
	if n.kind == listNode && e.Index >= 0 && e.Index < len(n.items) {
		step(n.items[e.Index], item(path, e.Index))
	}
	if n.kind == mappingNode && (e.Part == "equations" || e.Part == "conditions") {
		for _, key := range []string{"equation", "data"} {
			step(n.get(key), path)
		}
	}
	if e.Part == "train" && n.kind == mappingNode && len(n.entries) == 1 {
		step(n.entries[0].value, join(path, n.entries[0].key.text))
	}
	if e.Key != "" {
		step(n.get(e.Key), join(path, e.Key))
	}
	return n, path
}

// place gives an error of package pinn its place in the job file.
func (t *pinnTask) place(err error) error {
	var e *pinn.TextError
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", t.job.path, err)
	}
	n, path := t.locate(e)
	return textFault(n, path, e.Err)
}

// table reads a CSV file of the job.
func (t *pinnTask) table(n *node, path, file string) (*pinn.Table, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, textFault(n, path, err)
	}
	defer f.Close()
	table, err := pinn.ReadTable(f, t.variables(), t.problem.Fields)
	if err != nil {
		e := fault(n, path, fmt.Sprintf("%s: %v", n.text, err))
		e.Err = err
		return nil, e
	}
	return table, nil
}

// solver builds the trainer and the reference, which is nil if there is none.
func (t *pinnTask) solver(settings pinn.Settings) (*pinn.Trainer, *pinn.Reference, error) {
	p := t.problem
	p.Conditions = slices.Clone(p.Conditions)
	if err := t.readData(); err != nil {
		return nil, nil, err
	}
	for i, d := range t.data {
		p.Conditions[d.condition].Data = t.measured[i]
	}
	trainer, err := pinn.New(&p, settings)
	if err != nil {
		return nil, nil, t.place(err)
	}
	ref, err := t.readReference()
	if err != nil {
		return nil, nil, err
	}
	t.findOdd(&p, ref, trainer.Info().Missing)
	return trainer, ref, nil
}

// readData reads the tables of the conditions.
func (t *pinnTask) readData() error {
	t.measured = nil
	for _, d := range t.data {
		table, err := t.table(d.node, item("conditions", d.condition), d.file)
		if err != nil {
			return err
		}
		t.measured = append(t.measured, table)
	}
	return nil
}

// readReference returns the reference, nil if there is none.
func (t *pinnTask) readReference() (ref *pinn.Reference, err error) {
	switch r := t.reference; {
	case r.file != "":
		table, err := t.table(r.node, "reference.file", r.file)
		if err != nil {
			return nil, err
		}
		if ref, err = pinn.NewReference(table, &t.problem); err != nil {
			return nil, t.place(err)
		}
	case r.exact != nil:
		if ref, err = pinn.ExactReference(&t.problem, r.exact, r.grid); err != nil {
			return nil, t.place(err)
		}
	}
	return ref, nil
}
