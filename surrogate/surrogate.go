package surrogate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

var (
	// ErrData reports observations that no model can be fitted to, or that this
	// one cannot.
	ErrData = errors.New("surrogate: unusable data")

	// ErrSettings reports settings outside their legal range.
	ErrSettings = errors.New("surrogate: invalid settings")

	// ErrShape reports arguments whose lengths do not fit the model.
	ErrShape = errors.New("surrogate: lengths do not fit")
)

// Data are observations of a function: n rows of inputs and of outputs, both
// row-major.
type Data struct {
	X []float64 // n rows of Inputs values
	Y []float64 // n rows of Outputs values

	Inputs  int // d, at least 1
	Outputs int // m; 0 means 1

	// Lower and Upper bound the domain: methods that scale their inputs map it to
	// the unit cube. Default: the extent of X.
	Lower, Upper []float64
}

// Rows is the number n of observations.
func (d Data) Rows() int {
	if d.Inputs < 1 {
		return 0
	}
	return len(d.X) / d.Inputs
}

// Spec is a method with its settings, ready to be fitted.
type Spec interface {
	// Fit fits the method to the data, which it copies. It returns an error that
	// wraps ErrData or ErrSettings where these are at fault, and stops promptly
	// with ctx.Err() once ctx is done.
	Fit(ctx context.Context, d Data) (Model, error)
}

// Model is a fitted model. In its methods and those of the interfaces below, x
// holds n rows of points; an error wraps ErrShape.
type Model interface {
	// Dims returns the numbers d of inputs and m of outputs.
	Dims() (inputs, outputs int)
	// Predict writes the n rows of m outputs at the n rows of x to y.
	Predict(x, y []float64) error
}

// Variance is a model that knows how far its prediction may be off, if it has one
// output.
type Variance interface {
	Model
	// PredictVariance writes the prediction and the variance of its error at each
	// of n points, n values each.
	PredictVariance(x, mean, variance []float64) error
}

// Gradient is a model that can be differentiated.
type Gradient interface {
	Model
	// PredictGradient writes ∂y_k/∂x_j at each of n points: n rows of m times d
	// values, the inputs running fastest.
	PredictGradient(x, gradient []float64) error
}

// Appender is a model that takes up further observations at little cost.
type Appender interface {
	Model
	// Append returns the model of the old observations and the new rows, with the
	// same hyperparameters. The model itself stays as it is.
	Append(x, y []float64) (Model, error)
}

// LeaveOneOut is a model that knows, without fitting again, what it would
// predict at each of its n observations were it fitted to the others.
type LeaveOneOut interface {
	Model
	// LeaveOneOut returns the n rows of predictions in the order of the data and,
	// of a Variance, the n variances; else nil.
	LeaveOneOut() (mean, variance []float64)
}

// Evaluator is an expensive function.
type Evaluator interface {
	// Evaluate computes y[i], or errs[i], at each of the n rows of x: a failed
	// point does not stop the others. The error returned is of the whole: ctx is
	// done, or nothing can be evaluated. What was computed before ctx was done
	// counts; of the rest, errs[i] wraps ctx.Err() or y[i] is as it was.
	Evaluate(ctx context.Context, x []float64, n int, y []float64, errs []error) error
}

// check validates the data and fills in the defaults.
func (d Data) check() (Data, error) {
	if d.Outputs == 0 {
		d.Outputs = 1
	}
	switch {
	case d.Inputs < 1:
		return d, fmt.Errorf("%w: %d inputs, want at least 1", ErrData, d.Inputs)
	case d.Outputs < 1:
		return d, fmt.Errorf("%w: %d outputs, want at least 1", ErrData, d.Outputs)
	case len(d.X) == 0:
		return d, fmt.Errorf("%w: there are no observations", ErrData)
	case len(d.X)%d.Inputs != 0:
		return d, fmt.Errorf("%w: %d values of X are not whole rows of %d inputs", ErrData, len(d.X), d.Inputs)
	case d.Outputs > len(d.Y) || len(d.Y) != d.Rows()*d.Outputs:
		return d, fmt.Errorf("%w: %d values of Y for %d rows of X, want %d", ErrData, len(d.Y), d.Rows(), d.Rows()*d.Outputs)
	}
	if err := checkFinite(d.X, d.Y, d.Inputs, d.Outputs); err != nil {
		return d, err
	}
	if d.Lower == nil && d.Upper == nil {
		d.Lower, d.Upper = extent(d.X, d.Inputs)
	}
	return d, checkBox(d.Lower, d.Upper, d.Inputs)
}

// checkFinite requires finite observations.
func checkFinite(x, y []float64, inputs, outputs int) error {
	for i, v := range x {
		if v-v != 0 {
			return fmt.Errorf("%w: row %d, input %d is %g, want a finite number", ErrData, i/inputs, i%inputs, v)
		}
	}
	for i, v := range y {
		if v-v != 0 {
			return fmt.Errorf("%w: row %d, output %d is %g, want a finite number", ErrData, i/outputs, i%outputs, v)
		}
	}
	return nil
}

// checkBox requires bounds lower < upper of that many inputs.
func checkBox(lower, upper []float64, inputs int) error {
	if len(lower) != inputs || len(upper) != inputs {
		return fmt.Errorf("%w: %d lower and %d upper bounds for %d inputs", ErrData, len(lower), len(upper), inputs)
	}
	for j := range lower {
		if w := upper[j] - lower[j]; !(w > 0) || w-w != 0 {
			return fmt.Errorf("%w: bounds [%g, %g] of input %d are not an interval", ErrData, lower[j], upper[j], j)
		}
	}
	return nil
}

// clone copies the data.
func (d Data) clone() Data {
	d.X, d.Y = slices.Clone(d.X), slices.Clone(d.Y)
	d.Lower, d.Upper = slices.Clone(d.Lower), slices.Clone(d.Upper)
	return d
}

// Extent is the smallest box that holds the points of X.
func (d Data) Extent() (lower, upper []float64) { return extent(d.X, d.Inputs) }

// extent is the smallest box that holds the points, widened to [v - 1/2, v + 1/2]
// where an input has the one value v, and by more where v is too large for that.
func extent(x []float64, inputs int) (lower, upper []float64) {
	lower = append(lower, x[:inputs]...)
	upper = append(upper, x[:inputs]...)
	for i, v := range x {
		j := i % inputs
		lower[j], upper[j] = min(lower[j], v), max(upper[j], v)
	}
	for j := range lower {
		if lower[j] == upper[j] {
			half := max(0.5, 0x1p-50*math.Abs(lower[j]))
			lower[j], upper[j] = lower[j]-half, upper[j]+half
		}
	}
	return lower, upper
}

// rows returns the number of points in x, or an error if out, which takes width
// values a point, does not fit.
func rows(x []float64, inputs int, out []float64, width int) (int, error) {
	if len(x)%inputs != 0 {
		return 0, fmt.Errorf("%w: %d values of x are not whole rows of %d inputs", ErrShape, len(x), inputs)
	}
	n := len(x) / inputs
	if len(out) != n*width {
		return 0, fmt.Errorf("%w: %d points give %d values, there is room for %d", ErrShape, n, n*width, len(out))
	}
	return n, nil
}
