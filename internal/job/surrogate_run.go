package job

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
	"github.com/seed-0772dd2d/ritz/surrogate"
)

// surrogateWork is a study made ready to run. Its stages are the sample, the
// models, the optimisation and the indices; what it has of them it tells.
type surrogateWork struct {
	task     *surrogateTask
	record   *recorder
	pool     Pool           // nil: folds are fitted here
	data     surrogate.Data // the sample
	fitted   []fittedModel
	body     *surrogateBody
	progress func(Progress)
	started  time.Time
	state    Progress
}

// fittedModel is a model with its name.
type fittedModel struct {
	name  string
	spec  surrogate.Spec
	model surrogate.Model
}

func (t *surrogateTask) compile(_ context.Context, o *Options) (work, error) {
	if err := t.prepare(); err != nil {
		return nil, err
	}
	w := &surrogateWork{task: t, record: t.recorder(o.Pool), pool: o.Pool, body: new(surrogateBody), progress: func(Progress) {}}
	w.body.Models = map[string]*modelResult{}
	if o.Progress != nil {
		w.progress = o.Progress
	}
	return w, nil
}

// restore has nothing to take up: samples.csv holds what must not be done twice.
func (w *surrogateWork) restore(*checkpoint) error { return nil }

func (w *surrogateWork) run(ctx context.Context, d *directory) (Body, error) {
	w.started = time.Now()
	w.body.Figures = []string{}
	if err := w.record.open(d.file("samples.csv")); err != nil {
		return w.body, err
	}
	err := w.stages(ctx, d)
	if e := w.record.close(); err == nil {
		err = e
	}
	if e := w.writeHistory(d); err == nil {
		err = e
	}
	w.body.count(w.record, w.task.samples())
	return w.body, err
}

func (w *surrogateWork) stages(ctx context.Context, d *directory) error {
	all := []surrogateStage{
		{"sample", w.sample, true},
		{"models", w.fit, w.task.auto || len(w.task.models) > 0},
		{"optimize", w.optimize, w.task.optimize != nil},
		{"sensitivity", w.sensitivity, w.task.indices != nil},
	}
	stages := slices.DeleteFunc(all, func(s surrogateStage) bool { return !s.wanted })
	for i, s := range stages {
		w.state = Progress{Stage: i, Stages: len(stages), Name: s.name}
		if err := s.run(ctx, d); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// surrogateStage is one stage of the work.
type surrogateStage struct {
	name   string
	run    func(context.Context, *directory) error
	wanted bool
}

// tell reports that so many of the steps of a stage are done; the measure is the
// number that matters, with its name.
func (w *surrogateWork) tell(done, of int, measure string, value float64) {
	p := &w.state
	p.Iteration, p.Iterations, p.Measure, p.Value = done, of, measure, value
	p.Seconds = time.Since(w.started).Seconds()
	w.progress(*p)
}

// sample evaluates the function at the points of the sample.
func (w *surrogateWork) sample(ctx context.Context, _ *directory) error {
	t, r := w.task, w.record
	if err := r.give(t.given.X, t.given.Y); err != nil {
		return err
	}
	n := t.samples()
	r.watch = func() { w.tell(r.made, n, "", 0) }
	if k := len(t.points) / len(t.names); k > 0 {
		y, errs := make([]float64, k), make([]error, k)
		if err := r.Evaluate(ctx, t.points, k, y, errs); err != nil {
			return err
		}
	}
	w.data = r.data(n, t.lower, t.upper)
	if failed, first := r.failed(); failed == n {
		return fmt.Errorf("none of the %d evaluations has a value; the first: %s", n, first)
	}
	return nil
}

// fit fits the models, validates and saves them. One that cannot be fitted does
// not keep the others from it.
func (w *surrogateWork) fit(ctx context.Context, d *directory) error {
	t := w.task
	if err := os.MkdirAll(d.file("models"), 0o777); err != nil {
		return &writeError{err}
	}
	v, err := w.validator(ctx)
	if err != nil {
		return err
	}
	if t.auto {
		if err := w.choose(ctx); err != nil {
			return err
		}
	}
	for i, m := range t.models {
		w.tell(i, len(t.models), "", 0)
		w.state.Name = "fit " + m.name
		start := time.Now()
		model, err := m.spec.Fit(ctx, w.data)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			w.body.Models[m.name] = &modelResult{Error: err.Error()}
			continue
		}
		w.fitted = append(w.fitted, fittedModel{m.name, m.spec, model})
		seconds := time.Since(start).Seconds()
		if err := t.saveModel(d, m.name, model); err != nil {
			return err
		}
		r, err := v.result(ctx, w.fitted[len(w.fitted)-1], w.data)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.Error = "validation: " + err.Error()
		}
		r.Seconds = Number(seconds)
		w.body.Models[m.name] = r
		w.tell(i+1, len(t.models), "rmse", float64(r.RMSE))
	}
	w.body.pickBest(w.fitted)
	if len(w.fitted) == 0 {
		return errors.New(w.body.modelErrors())
	}
	return v.write(d, t)
}

// choose fits the candidates of models: auto and keeps the best of them.
func (w *surrogateWork) choose(ctx context.Context) error {
	t := w.task
	auto := surrogate.Auto{Candidates: surrogate.Candidates(), CrossValidation: w.crossValidation()}
	w.state.Name = "auto"
	_, trials, err := auto.Select(ctx, w.data)
	for i, trial := range trials {
		w.body.Trials = append(w.body.Trials, newTrial(trial))
		if trial.Chosen {
			t.models = []modelSpec{{name: "auto", kind: "auto", spec: auto.Candidates[i].Spec}}
			w.body.Chosen = trial.Name
		}
	}
	return err
}

// saveModel writes models/NAME.json: the model, with what is known of its inputs.
func (t *surrogateTask) saveModel(d *directory, name string, m surrogate.Model) error {
	text, err := t.encodeModel(m)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(d.file(filepath.Join("models", name+".json")), bytes.NewReader(text)); err != nil {
		return &writeError{err}
	}
	return nil
}
