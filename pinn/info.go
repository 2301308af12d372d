package pinn

import (
	"fmt"
	"maps"
	"slices"

	"github.com/seed-0772dd2d/ritz/internal/expr"
)

// Info describes a problem made ready.
type Info struct {
	Residuals   []string            // simplified: of each equation, then of each condition
	Derivatives map[string][]string // of each field, what its network carries for the equations
	Networks    int
	Weights     int                // trainable numbers, with the parameters
	Bytes       int64              // estimate of the memory that a training takes
	Terms       []string           // of the loss
	Points      []int              // residuals of each term
	Scale       map[string]float64 // output scale of each field without an ansatz
	Stages      []Stage            // with defaults
	Missing     []string           // conditions that the orders of the derivatives ask for
}

// Info tells what would be trained.
func (t *Trainer) Info() Info {
	m := t.m
	info := Info{Networks: len(m.nets), Weights: m.weights(), Bytes: t.bytes, Terms: t.Terms(), Scale: maps.Clone(m.shape.Scale), Stages: slices.Clone(t.stages), Derivatives: map[string][]string{}, Missing: m.missing()}
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
