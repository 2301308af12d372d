package optimize

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

var (
	// ErrNotFinite reports an objective or a gradient that is infinite or not a
	// number where a method stands, or, for Adam, where its step leads.
	ErrNotFinite = errors.New("optimize: not finite")

	// ErrSettings reports settings outside their legal range.
	ErrSettings = errors.New("optimize: invalid settings")

	// ErrState reports data that is not the state of the method that reads it.
	ErrState = errors.New("optimize: invalid state")
)

// Objective is a function f: R^n -> R with its gradient.
type Objective interface {
	// Gradient writes the gradient at x to g and returns f(x). It neither
	// modifies x nor retains x or g. It is expected to return promptly with
	// ctx.Err() once ctx is done.
	Gradient(ctx context.Context, x, g []float64) (float64, error)
}

// Method is an iterative minimiser, bound to its objective when built.
type Method interface {
	// Step makes one iteration. An error of the objective is returned as it is;
	// after any error the method still stands at the point it had before, and
	// the next Step takes up from there.
	Step(ctx context.Context) (Status, error)

	// X is the current point: the method's own slice, to be read only, and
	// valid until the next Step.
	X() []float64

	// ObjectiveChanged tells the method that the objective is a different
	// function from now on. The point and all that was learnt of curvature and
	// moments stay; value and gradient are evaluated anew by the next Step.
	ObjectiveChanged()

	// MarshalBinary encodes the state. UnmarshalBinary, of a method built with
	// the same objective, dimension and settings, restores it, and the method
	// continues bit for bit; other data is refused with an error that wraps
	// ErrState and leaves the method as it was.
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// Status describes a method after a step.
type Status struct {
	F           float64 // objective at X
	GradNorm    float64 // Euclidean norm of the gradient at X
	StepLength  float64 // alpha of the last step; Adam: its learning rate
	Evaluations int     // evaluations of the objective so far
	Iterations  int     // steps taken so far
	Restarts    int     // quasi-Newton: how often the curvature was reset

	// Stalled: no further decrease is to be had, and the caller should stop (or
	// change the objective). The gradient is zero, or the line search failed
	// even along the steepest descent (the point and the curvature then stay as
	// they were), or the last steps moved within the rounding noise of f.
	Stalled bool
}

// checkProblem validates what every method is built from.
func checkProblem(obj Objective, x0 []float64) error {
	if obj == nil {
		return fmt.Errorf("%w: the objective is nil", ErrSettings)
	}
	if len(x0) == 0 {
		return fmt.Errorf("%w: the starting point has no coordinates", ErrSettings)
	}
	for i, v := range x0 {
		if !isFinite(v) {
			return fmt.Errorf("%w: x0[%d] = %v, want a finite number", ErrSettings, i, v)
		}
	}
	return nil
}

// evaluate returns f(x) and the norm of the gradient, which it writes to g.
func evaluate(ctx context.Context, obj Objective, x, g []float64) (f, norm float64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, 0, err
	}
	f, err = obj.Gradient(ctx, x, g)
	if err != nil {
		return 0, 0, err
	}
	return f, floats.Norm(g, 2), nil
}

// checkFinite returns an error that wraps ErrNotFinite unless f and the norm of
// its gradient are finite.
func checkFinite(f, norm float64, where string) error {
	if !isFinite(f) {
		return fmt.Errorf("%w: objective %v %s", ErrNotFinite, f, where)
	}
	if !isFinite(norm) {
		return fmt.Errorf("%w: gradient of norm %v %s (objective %v)", ErrNotFinite, norm, where, f)
	}
	return nil
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
