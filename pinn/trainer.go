package pinn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/optimize"
)

// ErrDiverged is wrapped by the error of a training whose loss is not finite.
var ErrDiverged = errors.New("training diverged")

// DivergedError says where a training diverged.
type DivergedError struct {
	Stage     int // from 0
	Optimizer string
	Iteration int    // of the stage, from 1
	Term      string // the first term of the loss that is not finite, and the point where that is known
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("%v: stage %d (%s), iteration %d: not finite: %s", ErrDiverged, e.Stage+1, e.Optimizer, e.Iteration, e.Term)
}

func (e *DivergedError) Unwrap() error { return ErrDiverged }

// Trainer minimises the loss of a problem, stage after stage. It is not safe
// for concurrent use.
type Trainer struct {
	m        *model
	settings Settings
	stages   []Stage
	loss     *loss
	interior *group      // the first of loss.groups
	bytes    int64       // estimate of the memory that a training takes
	placed   [][]float64 // the interior points at the start
	start    float64     // loss of the initial weights there

	// of the current stage; nil between stages
	method    optimize.Method
	objective *objective

	state trainerState
}

// trainerState is all that changes during a training, but for the optimiser's
// own state.
type trainerState struct {
	Theta       []float64 // where the stage started
	Best        []float64 // of the lowest loss since the points last changed
	BestLoss    float64
	BestTerms   []float64
	Highest     float64 // of all losses
	Loss        float64 // where the training stands
	Terms       []float64
	Stage       int
	Iteration   int    // of the stage
	Stopped     string // why the stage is done, once it is
	Total       int    // of all stages
	Drawn       int    // value of Total when the interior points were last drawn
	Redraw      bool   // they are to be drawn anew before the next iteration
	Evaluations int    // of the finished stages
	Stagewise   int    // evaluations of the stage
	Seconds     float64
	Points      [][]float64 // of the interior, once drawn anew
	Reports     []StageReport
}

const maxThreads = 1024

// New makes a problem ready for training: it parses the texts, lays out the
// networks and places the collocation points. A fault in a text is a
// *TextError.
func New(p *Problem, s Settings) (*Trainer, error) {
	if p == nil {
		return nil, errors.New("no problem")
	}
	m, err := newModel(p, s.Network)
	if err != nil {
		return nil, err
	}
	t := &Trainer{m: m, settings: s}
	if t.settings.Points, err = s.Points.withDefaults(); err != nil {
		return nil, err
	}
	if s.Precision == "" {
		t.settings.Precision = "float64"
	} else if s.Precision != "float64" && s.Precision != "float32" {
		return nil, &TextError{Part: "precision", Index: -1, Err: fmt.Errorf("unknown precision %q: choose float64, float32", s.Precision)}
	}
	m.single = t.settings.Precision == "float32"
	if s.Threads < 0 || s.Threads > maxThreads {
		return nil, fmt.Errorf("threads %d: must be from 1 to %d, or 0 for all cores", s.Threads, maxThreads)
	}
	if len(s.Train) == 0 {
		s.Train = AutoTrain(m.weights())
	}
	for i, stage := range s.Train {
		stage, err := stage.withDefaults(m.weights())
		if err != nil {
			return nil, &TextError{Part: "train", Index: i, Err: err}
		}
		t.stages = append(t.stages, stage)
	}
	if t.bytes = t.memory(); t.bytes > maxBytes {
		return nil, &TextError{Part: "points", Index: -1, Err: fmt.Errorf(
			"a training would take about %.3g GB, more than %d: lower the points, the candidates or the hidden widths", float64(t.bytes)/(1<<30), maxBytes>>30)}
	}
	if err := t.place(); err != nil {
		return nil, err
	}
	t.state.Theta = m.start(s.Seed)
	if err := t.checkStart(); err != nil {
		return nil, err
	}
	t.state.Best = slices.Clone(t.state.Theta)
	t.state.BestLoss, t.state.Loss = math.Inf(1), math.Inf(1)
	return t, nil
}

// place builds the groups with their points and the loss over them.
func (t *Trainer) place() error {
	p, m := t.settings.Points, t.m
	groups := make([]*group, 1)
	var err error
	groups[0], err = m.interior(m.boxPoints(nil, p.Interior, p.Strategy, t.settings.Seed))
	if err != nil {
		return err
	}
	for i := range m.conditions {
		list, err := m.boundary(i, p, t.settings.Seed+uint64(i)+1)
		if err != nil {
			return &TextError{Part: "conditions", Index: i, Err: err}
		}
		groups = append(groups, list...)
	}
	t.interior, t.placed = groups[0], groups[0].points
	if n := len(t.placed[0]); p.Resample.Every > 0 && p.Resample.Candidates < n {
		return &TextError{Part: "points", Key: "resample", Err: fmt.Errorf("%d candidates for %d interior points: give at least as many", p.Resample.Candidates, n)}
	}
	t.loss = newLoss(m, groups, t.settings.Threads)
	return nil
}

// Terms names the terms of the loss by the texts of their equations and
// conditions.
func (t *Trainer) Terms() []string {
	var names []string
	for _, term := range t.loss.terms {
		names = append(names, term.name)
	}
	return names
}

// Run trains until all stages are done. If ctx is cancelled it returns ctx's
// error within one evaluation of the loss; if the loss is not finite, a
// *DivergedError. Either way the report covers what was done, the Trainer holds
// the last good state, and Run may be called again to go on.
func (t *Trainer) Run(ctx context.Context) (*Report, error) {
	for t.state.Stage < len(t.stages) {
		stopped, err := t.runStage(ctx)
		if err != nil {
			return t.report(stopped), err
		}
		t.state.Reports = append(t.state.Reports, t.stageReport(stopped))
		t.state.Theta = slices.Clone(t.method.X())
		t.state.Evaluations += t.state.Stagewise
		t.state.Stagewise = 0
		t.state.Stage++
		t.state.Iteration, t.state.Stopped = 0, ""
		t.method = nil
	}
	return t.report(""), nil
}

// runStage runs the current stage and says why it stopped.
func (t *Trainer) runStage(ctx context.Context) (stopped string, err error) {
	stage, st := t.stages[t.state.Stage], &t.state
	if t.method == nil {
		if err := t.open(); err != nil {
			return "failed", err
		}
	}
	for st.Stopped == "" {
		began := time.Now()
		if err := t.redraw(ctx); err != nil {
			return t.interruption(ctx, err)
		}
		t.objective.forget()
		status, err := t.method.Step(ctx)
		st.Seconds += time.Since(began).Seconds()
		if err != nil {
			return t.interruption(ctx, err)
		}
		st.Iteration++
		st.Total++
		st.Stagewise = status.Evaluations
		now, err := t.objective.at(ctx, t.method.X(), status.F)
		if err != nil {
			return t.interruption(ctx, err)
		}
		st.Loss = now.loss
		st.Terms = append(st.Terms[:0], now.terms...)
		st.Highest = max(st.Highest, st.Loss)
		if st.Loss < st.BestLoss {
			st.BestLoss = st.Loss
			st.BestTerms = append(st.BestTerms[:0], st.Terms...)
			copy(st.Best, t.method.X())
		}
		switch {
		case st.Loss < stage.Tolerance:
			st.Stopped = "tolerance"
		case st.Iteration >= stage.Iterations:
			st.Stopped = "iterations"
		case status.Stalled && t.settings.Points.Resample.Every > 0 && st.Drawn < st.Total-1:
			st.Redraw = true // new points are a new objective: worth one more try
		case status.Stalled:
			st.Stopped = "stalled"
		}
		t.progress()
	}
	return st.Stopped, nil
}

// open builds the optimiser of the current stage.
func (t *Trainer) open() error {
	stage := t.stages[t.state.Stage]
	t.objective = newObjective(t.loss, transform(stage.Objective))
	method, err := stage.method(t.objective, t.state.Theta, t.settings.Threads)
	if err != nil {
		return err
	}
	t.method = method
	return nil
}

// interruption tells a cancelled training from a diverged one.
func (t *Trainer) interruption(ctx context.Context, err error) (string, error) {
	switch {
	case ctx.Err() != nil:
		return "interrupted", ctx.Err()
	case errors.Is(err, optimize.ErrNotFinite):
		return "failed", t.diverged(t.objective.culprit())
	}
	return "failed", err
}

// diverged is the error of the iteration that was to come.
func (t *Trainer) diverged(term string) error {
	st := &t.state
	return &DivergedError{st.Stage, t.stages[st.Stage].Optimizer, st.Iteration + 1, term}
}

// redraw draws the interior points anew where their time has come.
func (t *Trainer) redraw(ctx context.Context) error {
	st, r := &t.state, t.settings.Points.Resample
	due := r.Every > 0 && st.Total > st.Drawn && st.Total%r.Every == 0
	if !due && !st.Redraw {
		return nil
	}
	seed := rand.NewPCG(t.settings.Seed, uint64(st.Total))
	candidates := t.m.boxPoints(nil, r.Candidates, "random", seed.Uint64())
	theta := t.method.X()
	values, err := t.m.evaluate(ctx, t.interior, theta, candidates, t.settings.Threads)
	if err != nil {
		return err
	}
	norm := make([]float64, len(candidates[0]))
	for j, column := range values {
		if p := slices.IndexFunc(column, func(v float64) bool { return !finite(v) }); p >= 0 {
			return t.diverged(t.interior.terms[j].name + t.at(candidates, p))
		}
		for p, v := range column {
			norm[p] += t.interior.terms[j].weight * v * v
		}
	}
	for p := range norm {
		norm[p] = math.Sqrt(norm[p])
	}
	chosen := r.draw(norm, len(t.interior.points[0]), rand.New(seed))
	points := make([][]float64, len(candidates))
	for v, column := range candidates {
		for _, p := range chosen {
			points[v] = append(points[v], column[p])
		}
	}
	t.interior.points = points
	st.Points, st.Drawn, st.Redraw = points, st.Total, false
	st.BestLoss = math.Inf(1)
	copy(st.Best, theta)
	t.method.ObjectiveChanged()
	return nil
}

func (t *Trainer) progress() {
	if t.settings.Progress == nil {
		return
	}
	st, most := &t.state, 0
	for _, s := range t.stages {
		most += s.Iterations
	}
	stage := t.stages[st.Stage]
	t.settings.Progress(Progress{
		Stage: st.Stage, Stages: len(t.stages), Optimizer: stage.Optimizer,
		Iteration: st.Iteration, Iterations: stage.Iterations,
		Total: st.Total, TotalMost: most,
		Evaluations: st.Evaluations + st.Stagewise,
		Loss:        st.Loss, Terms: st.Terms, Seconds: st.Seconds,
		Parameters: t.method.X()[t.m.offsets[len(t.m.nets)]:],
	})
}

func (t *Trainer) stageReport(stopped string) StageReport {
	st := &t.state
	return StageReport{t.stages[st.Stage].Optimizer, st.Iteration, st.Stagewise, st.Loss, stopped}
}

// report covers the finished stages and, if stopped is not empty, the one that
// was stopped.
func (t *Trainer) report(stopped string) *Report {
	st := &t.state
	r := &Report{Stages: slices.Clone(st.Reports), Loss: st.BestLoss, Start: t.start, Highest: st.Highest, Seconds: st.Seconds, Terms: map[string]float64{}, Parameters: t.m.parameters(st.Best)}
	if stopped != "" {
		r.Stages = append(r.Stages, t.stageReport(stopped))
	}
	for j, v := range st.BestTerms {
		r.Terms[t.loss.terms[j].name] += v
	}
	return r
}

// Solution returns the best state so far: that of the lowest loss since the
// collocation points last changed.
func (t *Trainer) Solution() *Solution {
	return &Solution{m: t.m, theta: slices.Clone(t.state.Best)}
}
