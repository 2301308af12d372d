package job

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"slices"

	"github.com/seed-0772dd2d/ritz/sampling"
	"github.com/seed-0772dd2d/ritz/surrogate"
)

// deviationColumn ends the name of the column of a model's standard deviation.
const deviationColumn = " deviation"

// validator compares models with the function.
type validator struct {
	how     string    // for the result
	x       []float64 // nil: the samples, by models that have not seen them
	y       []float64
	samples []float64
	cv      surrogate.CrossValidation // without x
	loo     bool
	all     []*surrogate.Predictions
	who     []string
}

func (w *surrogateWork) validator(ctx context.Context) (*validator, error) {
	t := w.task
	v := &validator{samples: w.data.X, cv: w.crossValidation(), loo: t.validate.loo}
	switch {
	case t.validate.grid != nil:
		x, err := sampling.Grid{Counts: t.validate.grid}.Points()
		if err == nil {
			err = sampling.Scale(x, t.lower, t.upper)
		}
		if err != nil {
			return nil, err
		}
		n := len(x) / len(t.names)
		v.how = fmt.Sprintf("grid of %d points", n)
		y, errs := make([]float64, n), make([]error, n)
		if err := t.evaluator.Evaluate(ctx, x, n, y, errs); err != nil {
			return nil, err
		}
		d := len(t.names)
		for i := range y { // a pole of the function on the grid
			if errs[i] == nil {
				v.x, v.y = append(v.x, x[i*d:(i+1)*d]...), append(v.y, y[i])
			}
		}
		if len(v.y) == 0 {
			return nil, fmt.Errorf("the function has no value on the grid: %w", errs[0])
		}
	case t.validate.data.node != nil:
		v.x, v.y = t.test.X, t.test.Y
		v.how = fmt.Sprintf("%d rows of %s", len(v.y), t.validate.data.node.text)
	case v.loo:
		v.how = "leave-one-out"
		v.y = w.data.Y
	default:
		v.how = fmt.Sprintf("%d folds", min(v.cv.Folds, w.data.Rows()))
		v.y = w.data.Y
	}
	w.body.Validation = v.how
	return v, nil
}

// result validates a model.
func (v *validator) result(ctx context.Context, m fittedModel, d surrogate.Data) (*modelResult, error) {
	r := &modelResult{Hyperparameters: hyperparameters(m.model)}
	r.set(surrogate.Accuracy{RMSE: math.NaN(), MAE: math.NaN(), Max: math.NaN(), R2: math.NaN(), Coverage: math.NaN()})
	var p *surrogate.Predictions
	var err error
	switch {
	case v.x != nil:
		p, err = surrogate.Predict(m.model, v.x)
	case v.loo:
		p, err = surrogate.PredictLeftOut(ctx, m.spec, m.model, d, v.cv.Threads)
	default:
		p, err = v.cv.Predict(ctx, m.spec, d)
	}
	if err != nil {
		return r, err
	}
	a, err := p.Accuracy(v.y)
	if err != nil {
		return r, err
	}
	r.set(a)
	v.all, v.who = append(v.all, p), append(v.who, m.name)
	if _, closed := m.model.(surrogate.LeaveOneOut); closed && !v.loo {
		if p, err = surrogate.PredictLeftOut(ctx, m.spec, m.model, d, v.cv.Threads); err == nil {
			a, err = p.Accuracy(d.Y)
		}
		if err != nil {
			return r, err
		}
		r.LOO = Number(a.RMSE)
	} else if v.loo {
		r.LOO = r.RMSE
	}
	return r, nil
}

// write writes validation.csv: the points, the values there, and what each model
// says, with its standard deviation if it knows one.
func (v *validator) write(d *directory, t *surrogateTask) error {
	x := v.x
	if x == nil {
		x = v.samples
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	header := append(slices.Clone(t.names), t.response)
	for i, name := range v.who {
		if header = append(header, name); v.all[i].Variance != nil {
			header = append(header, name+deviationColumn)
		}
	}
	w.Write(header)
	width := len(t.names)
	cells := make([]string, len(header))
	for i, y := range v.y {
		cells = cells[:0]
		for _, c := range append(x[i*width:(i+1)*width:(i+1)*width], y) {
			cells = append(cells, format(c))
		}
		for _, p := range v.all {
			if cells = append(cells, format(p.Mean[i])); p.Variance != nil {
				cells = append(cells, format(math.Sqrt(max(p.Variance[i], 0))))
			}
		}
		w.Write(cells)
	}
	w.Flush()
	if err := d.write("validation.csv", b.Bytes()); err != nil {
		return &writeError{err}
	}
	return nil
}
