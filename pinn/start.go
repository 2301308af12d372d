package pinn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/expr"
)

// maxBytes bounds the memory of a training: a job that needs more is refused
// before anything is allocated.
const maxBytes = 16 << 30

// memory estimates the bytes that a training takes: points, candidates, the
// blocks in flight, gradients and the state of the optimisers.
func (t *Trainer) memory() int64 {
	m, p := t.m, t.settings.Points
	threads := float64(threadCount(t.settings.Threads))
	columns := float64(len(m.problem.Domain))
	values := columns * float64(p.Interior)
	if p.Resample.Every > 0 {
		values += (3*columns + float64(len(m.equations)) + 4) * float64(p.Resample.Candidates)
	}
	for i, c := range m.conditions {
		switch given := m.problem.Conditions[i]; {
		case c == nil:
			values += 3 * float64(len(given.Data.Points))
		case c.Periodic >= 0:
		case len(expr.Integrals(c.Equation.Residual())) > 0:
			values += columns * float64(p.Boundary) * float64(given.nodes())
		default:
			values += columns * float64(given.points(p))
		}
	}
	weights := float64(m.weights())
	values += (threads + 8) * weights
	for _, stage := range t.stages {
		switch stage.Optimizer {
		case "adam":
		case "lbfgs":
			values += 2 * 20 * max(float64(stage.Memory)/20, 1) * weights
		default:
			values += weights * (weights + 1) // H and its factor
		}
	}
	units := 0.0
	for _, w := range m.shape.Hidden {
		units += 3 * float64(w)
	}
	const blocks, members = 2 * largest, 8 // points of a block, coefficients of a unit: typical
	values += threads * float64(len(m.nets)*(1+len(m.conditions))) * units * blocks * members
	return int64(min(8*values, 1e18))
}

// checkStart evaluates the loss at the initial weights: what is not finite
// there is a fault of the problem, not of the training.
func (t *Trainer) checkStart() error {
	terms, grad := make([]float64, len(t.loss.terms)), make([]float64, t.m.weights())
	var err error
	if t.start, err = t.loss.gradient(context.Background(), t.state.Theta, grad, terms); err != nil {
		return err
	}
	for j, v := range terms {
		if !finite(v) {
			term := t.loss.terms[j]
			return &TextError{Part: term.part, Index: term.index, Err: errors.New("not finite" + t.where(j, t.state.Theta))}
		}
	}
	return nil
}

// where names the first point at which residual j is not finite.
func (t *Trainer) where(j int, theta []float64) string {
	for _, g := range t.loss.groups {
		if j >= len(g.terms) {
			j -= len(g.terms)
			continue
		}
		if g.outer != nil {
			return ""
		}
		out, err := t.m.evaluate(context.Background(), g, theta, g.points, t.settings.Threads)
		if err != nil {
			return ""
		}
		if p := slices.IndexFunc(out[j], func(v float64) bool { return !finite(v) }); p >= 0 {
			return t.at(g.points, p)
		}
	}
	return ""
}

// at names point p of the columns: " at t = 0, x = 0.5".
func (t *Trainer) at(points [][]float64, p int) string {
	var at []string
	for i, d := range t.m.problem.Domain {
		at = append(at, fmt.Sprintf("%s = %g", d.Name, points[i][p]))
	}
	return " at " + strings.Join(at, ", ")
}
