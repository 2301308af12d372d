package pinn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/expr"
	"github.com/seed-0772dd2d/ritz/internal/optimize"
)

// ErrDiverged is wrapped by the error of a training whose loss is not finite.
var ErrDiverged = errors.New("training diverged")

// DivergedError says where a training diverged.
type DivergedError struct {
	Stage     int // from 0
	Optimizer string
	Iteration int    // of the stage, from 1
	Term      string // the first term of the loss that is not finite
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
	interior *group // the first of loss.groups

	// of the current stage; nil between stages
	method    optimize.Method
	objective *objective

	state trainerState
}

// trainerState is all that changes during a training, but for the optimiser's
// own state.
type trainerState struct {
	Theta       []float64 // where the next stage starts
	Best        []float64 // of the lowest loss since the points last changed
	BestLoss    float64
	BestTerms   []float64
	Stage       int
	Iteration   int    // of the stage
	Stopped     string // why the stage is done, once it is
	Total       int    // of all stages
	Drawn       int    // value of Total when the interior points were last drawn
	Redraw      bool   // they are to be drawn anew before the next iteration
	Evaluations int    // of the finished stages
	Seconds     float64
	Points      [][]float64 // of the interior, once drawn anew
	Reports     []StageReport
}

// New makes a problem ready for training: it parses the texts, lays out the
// networks and places the collocation points. A fault in a text is a
// *TextError.
func New(p *Problem, s Settings) (*Trainer, error) {
	m, err := newModel(p, s.Network)
	if err != nil {
		return nil, err
	}
	t := &Trainer{m: m, settings: s}
	s.Network = m.shape
	if t.settings.Points, err = s.Points.withDefaults(); err != nil {
		return nil, err
	}
	if s.Threads < 0 {
		return nil, fmt.Errorf("threads %d: must be positive, or 0 for all cores", s.Threads)
	}
	if len(s.Train) == 0 {
		s.Train = AutoTrain(m.weights())
	}
	for i, stage := range s.Train {
		stage, err := stage.withDefaults()
		if err == nil {
			_, err = stage.method(&objective{}, make([]float64, m.weights()), s.Threads)
		}
		if err != nil {
			return nil, &TextError{Part: "train", Index: i, Err: err}
		}
		t.stages = append(t.stages, stage)
	}
	if err := t.place(); err != nil {
		return nil, err
	}
	t.state.Theta = m.start(s.Seed)
	t.state.Best = slices.Clone(t.state.Theta)
	t.state.BestLoss = math.Inf(1)
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
	t.interior = groups[0]
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
		t.state.Evaluations += t.objective.count
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
		now := t.objective.find(status.F)
		if now.loss < st.BestLoss {
			st.BestLoss = now.loss
			st.BestTerms = append(st.BestTerms[:0], now.terms...)
			copy(st.Best, t.method.X())
		}
		switch {
		case now.loss < stage.Tolerance:
			st.Stopped = "tolerance"
		case st.Iteration >= stage.Iterations:
			st.Stopped = "iterations"
		case status.Stalled && t.settings.Points.Resample.Every > 0 && st.Drawn < st.Total-1:
			st.Redraw = true // new points are a new objective: worth one more try
		case status.Stalled:
			st.Stopped = "stalled"
		}
		t.progress(now)
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
		stage := t.stages[t.state.Stage]
		return "failed", &DivergedError{t.state.Stage, stage.Optimizer, t.state.Iteration + 1, t.objective.culprit()}
	}
	return "failed", err
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
	norm := make([]float64, r.Candidates)
	for j, column := range values {
		for p, v := range column {
			norm[p] += t.interior.terms[j].weight * v * v
		}
	}
	for p := range norm {
		norm[p] = math.Sqrt(norm[p])
	}
	chosen, err := r.draw(norm, len(t.interior.points[0]), rand.New(seed))
	if err != nil {
		return err
	}
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

func (t *Trainer) progress(now *evaluation) {
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
		Evaluations: st.Evaluations + t.objective.count,
		Loss:        now.loss, Terms: now.terms, Seconds: st.Seconds,
	})
}

func (t *Trainer) stageReport(stopped string) StageReport {
	r := StageReport{Optimizer: t.stages[t.state.Stage].Optimizer, Iterations: t.state.Iteration, Loss: t.state.BestLoss, Stopped: stopped}
	if t.objective != nil {
		r.Evaluations = t.objective.count
	}
	return r
}

// report covers the finished stages and, if stopped is not empty, the one that
// was stopped.
func (t *Trainer) report(stopped string) *Report {
	st := &t.state
	r := &Report{Stages: slices.Clone(st.Reports), Loss: st.BestLoss, Seconds: st.Seconds, Terms: map[string]float64{}, Parameters: t.m.parameters(st.Best)}
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

// Info describes a problem made ready.
type Info struct {
	Residuals   []string            // simplified: of each equation, then of each condition
	Derivatives map[string][]string // of each field, what its network carries for the equations
	Networks    int
	Weights     int                // trainable numbers, with the parameters
	Terms       []string           // of the loss
	Points      []int              // residuals of each term
	Scale       map[string]float64 // output scale of each field without an ansatz
	Stages      []Stage            // with defaults
}

// Info tells what would be trained.
func (t *Trainer) Info() Info {
	m := t.m
	info := Info{Networks: len(m.nets), Weights: m.weights(), Terms: t.Terms(), Scale: m.shape.Scale, Stages: t.stages, Derivatives: map[string][]string{}}
	for _, e := range m.equations {
		info.Residuals = append(info.Residuals, e.Residual().String())
	}
	for i, c := range m.conditions {
		switch {
		case c == nil:
			info.Residuals = append(info.Residuals, fmt.Sprintf("data at %d points", m.problem.Conditions[i].Data.len()))
		case c.Periodic >= 0:
			info.Residuals = append(info.Residuals, c.Text+" (exact)")
		default:
			info.Residuals = append(info.Residuals, c.Equation.Residual().String())
		}
	}
	for _, g := range t.loss.groups {
		for range g.terms {
			info.Points = append(info.Points, g.residuals())
		}
	}
	for f, name := range m.problem.Fields {
		net, _ := m.raw(f)
		set := t.interior.sets[net]
		if set == nil {
			continue
		}
		for _, alpha := range set.Index {
			info.Derivatives[name] = append(info.Derivatives[name], m.scope.Name(expr.FieldRef{Index: f, Order: alpha}))
		}
	}
	return info
}
