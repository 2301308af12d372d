package pinn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
	"github.com/seed-0772dd2d/ritz/internal/expr"
)

// Solution is a trained approximation of a problem's fields, from
// [Trainer.Solution] or [Load]. It is immutable and safe for concurrent use.
type Solution struct {
	m     *model
	theta []float64
}

// Variables names the independent variables, in order.
func (s *Solution) Variables() []string { return s.m.variables() }

// Fields names the fields, in order.
func (s *Solution) Fields() []string { return slices.Clone(s.m.problem.Fields) }

// Domain returns the intervals of the variables.
func (s *Solution) Domain() []Interval { return slices.Clone(s.m.problem.Domain) }

// Periodic names the variables in which all fields are periodic: beyond their intervals the
// solution goes on.
func (s *Solution) Periodic() []string {
	var names []string
	for _, c := range s.m.conditions {
		if c != nil && c.Periodic >= 0 {
			names = append(names, s.m.problem.Domain[c.Periodic].Name)
		}
	}
	return names
}

// Parameters returns the values found for the problem's parameters, nil if it
// has none.
func (s *Solution) Parameters() map[string]float64 { return s.m.parameters(s.theta) }

// Evaluate computes an expression of the fields, their derivatives, the
// variables and the problem's names, such as "u", "u_x" or "u*u_x - nu*u_xx",
// at points given row-major, n x d. Points outside the domain are extrapolated.
func (s *Solution) Evaluate(expression string, points []float64) ([]float64, error) {
	node, err := expr.Parse(expression, s.m.scope)
	if err != nil {
		return nil, err
	}
	if len(expr.Integrals(node)) > 0 {
		return nil, errors.New("an integral has no value at a point: evaluate its integrand")
	}
	d := len(s.m.problem.Domain)
	if len(points)%d != 0 {
		return nil, fmt.Errorf("%d coordinates: not a multiple of the %d variables", len(points), d)
	}
	if len(points) == 0 {
		return nil, nil
	}
	g, err := s.m.newGroup(node)
	if err != nil {
		return nil, err
	}
	columns := make([][]float64, d)
	for i, x := range points {
		if !finite(x) {
			return nil, fmt.Errorf("point %d: %s is not finite", i/d, s.m.problem.Domain[i%d].Name)
		}
		columns[i%d] = append(columns[i%d], x)
	}
	out, err := s.m.evaluate(context.Background(), g, s.theta, columns, 0)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// FieldError is the error of one field over the points of a reference u:
// ‖û - u‖₂/‖u‖₂ (‖û‖₂ where u is zero) and max |û - u|.
type FieldError struct {
	RelativeL2 float64 `json:"relative_l2"`
	MaxAbs     float64 `json:"max_abs"`
}

// Errors compares the solution with every field that a reference knows.
func (s *Solution) Errors(ref *Reference) (map[string]FieldError, error) {
	errs := map[string]FieldError{}
	for name, want := range ref.Values {
		got, err := s.Evaluate(name, ref.Points)
		if err != nil {
			return nil, err
		}
		if len(got) != len(want) {
			return nil, fmt.Errorf("reference: %d values of %s at %d points", len(want), name, len(got))
		}
		var e FieldError
		square, norm := 0.0, 0.0
		for i, u := range want {
			diff := got[i] - u
			square += diff * diff
			norm += u * u
			e.MaxAbs = max(e.MaxAbs, math.Abs(diff))
		}
		if norm == 0 {
			norm = 1
		}
		e.RelativeL2 = math.Sqrt(square / norm)
		errs[name] = e
	}
	return errs, nil
}

// solutionFile is the saved form of a Solution: the problem as text, the shape
// of the networks with their output scales, and the numbers found.
type solutionFile struct {
	Ritz    int
	Problem Problem
	Network Network
	Weights []float64
}

// Save writes the solution as JSON; the file appears under its name only when
// complete.
func (s *Solution) Save(path string) error {
	p := s.m.problem
	p.Conditions = slices.DeleteFunc(slices.Clone(p.Conditions), func(c Condition) bool { return c.Data != nil })
	data, err := json.Marshal(solutionFile{1, p, s.m.shape, s.theta})
	if err != nil {
		return err
	}
	return atomicfile.Write(path, bytes.NewReader(data))
}

// Load reads a solution that Save wrote.
func Load(path string) (*Solution, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file solutionFile
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if file.Ritz != 1 {
		return nil, fmt.Errorf("%s: version %d of a solution, want 1", path, file.Ritz)
	}
	m, err := newModel(&file.Problem, file.Network)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(file.Weights) != m.weights() {
		return nil, fmt.Errorf("%s: %d weights for networks of %d", path, len(file.Weights), m.weights())
	}
	for i, w := range file.Weights {
		if !finite(w) {
			return nil, fmt.Errorf("%s: weight %d is not finite", path, i)
		}
	}
	return &Solution{m, file.Weights}, nil
}
