package surrogate

import (
	"context"
	"fmt"
)

// ModelEvaluator is a model as a function to be evaluated: the cheap one that
// stands for the expensive one. Of several outputs it is the first.
type ModelEvaluator struct{ Model Model }

// Evaluate predicts.
func (e ModelEvaluator) Evaluate(ctx context.Context, x []float64, n int, y []float64, _ []error) error {
	inputs, outputs := e.Model.Dims()
	if len(x) != n*inputs || len(y) != n {
		return fmt.Errorf("%w: %d values of x and room for %d of y for %d points of %d inputs", ErrShape, len(x), len(y), n, inputs)
	}
	values := y
	if outputs > 1 {
		values = make([]float64, n*outputs)
	}
	const block = 4096 // points between looks at ctx
	for at := 0; at < n; at += block {
		if err := ctx.Err(); err != nil {
			return err
		}
		end := min(at+block, n)
		if err := e.Model.Predict(x[at*inputs:end*inputs], values[at*outputs:end*outputs]); err != nil {
			return err
		}
	}
	for i := 0; outputs > 1 && i < n; i++ {
		y[i] = values[i*outputs]
	}
	return nil
}
