package surrogate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
)

// Accuracy tells how far predictions m_i are from the values y_i, over n points
// and all outputs, with the errors e_i = y_i - m_i:
//
//	RMSE = √(Σ e_i² / n)    MAE = Σ |e_i| / n    Max = max |e_i|
//	R2   = 1 - Σ e_i² / Σ (y_i - ȳ)²      with ȳ the mean of each output
type Accuracy struct {
	Points         int
	RMSE, MAE, Max float64
	R2             float64 // 1 is perfect, 0 no better than the mean; NaN where the values are constant
	Coverage       float64 // fraction of the values in the 95 % intervals, ideally 0.95; NaN without a variance
}

// normal95 is the 97.5 % quantile of the normal distribution: 95 % of its values
// are within so many standard deviations.
const normal95 = 1.959963984540054

// Validate compares a model with the values y known at the points x.
func Validate(m Model, x, y []float64) (Accuracy, error) {
	p, err := Predict(m, x)
	if err != nil {
		return Accuracy{}, err
	}
	return p.Accuracy(y)
}

// Predictions are what a model says of n points, or several models of a part of
// them each.
type Predictions struct {
	Mean     []float64 // n rows of m values
	Variance []float64 // of the error of the mean; nil if the model has none
	Outputs  int
}

// Predict returns the predictions at the points x, with the variance if the model
// knows it.
func Predict(m Model, x []float64) (*Predictions, error) {
	inputs, outputs := m.Dims()
	if len(x) == 0 || len(x)%inputs != 0 {
		return nil, fmt.Errorf("%w: %d values of x are not rows of %d inputs", ErrShape, len(x), inputs)
	}
	p := newPredictions(len(x)/inputs, outputs)
	return p, p.fill(m, x)
}

func newPredictions(n, outputs int) *Predictions {
	return &Predictions{Mean: make([]float64, n*outputs), Outputs: outputs}
}

// fill writes the predictions at x.
func (p *Predictions) fill(m Model, x []float64) error {
	v, ok := m.(Variance)
	if !ok || p.Outputs > 1 {
		return m.Predict(x, p.Mean)
	}
	p.Variance = make([]float64, len(p.Mean))
	return v.PredictVariance(x, p.Mean, p.Variance)
}

// scatter copies row k of src to row at[k] of dst.
func scatter(dst, src []float64, at []int, width int) {
	for k, i := range at {
		copy(dst[i*width:(i+1)*width], src[k*width:])
	}
}

// gather returns the rows of src at the given indices.
func gather(src []float64, at []int, width int) []float64 {
	dst := make([]float64, 0, len(at)*width)
	for _, i := range at {
		dst = append(dst, src[i*width:(i+1)*width]...)
	}
	return dst
}

// Accuracy compares the predictions with the values y.
func (p *Predictions) Accuracy(y []float64) (Accuracy, error) {
	if len(y) != len(p.Mean) || len(y) == 0 {
		return Accuracy{}, fmt.Errorf("%w: %d values for %d predictions", ErrShape, len(y), len(p.Mean))
	}
	n := len(y) / p.Outputs
	mean := make([]float64, p.Outputs)
	for i, v := range y {
		mean[i%p.Outputs] += v / float64(n)
	}
	a := Accuracy{Points: n, R2: math.NaN(), Coverage: math.NaN()}
	var squares, total float64
	constant := true
	inside := 0
	for i, v := range y {
		e := math.Abs(v - p.Mean[i])
		squares += e * e
		a.MAE += e
		if e > a.Max || math.IsNaN(e) {
			a.Max = e
		}
		d := v - mean[i%p.Outputs]
		total += d * d
		constant = constant && v == y[i%p.Outputs]
		if p.Variance != nil && e <= normal95*math.Sqrt(max(p.Variance[i], 0)) {
			inside++
		}
	}
	a.RMSE = math.Sqrt(squares / float64(len(y)))
	a.MAE /= float64(len(y))
	if !constant {
		a.R2 = 1 - squares/total
	}
	if p.Variance != nil {
		a.Coverage = float64(inside) / float64(len(y))
	}
	return a, nil
}

// CrossValidation predicts every observation from a model fitted to others: the
// rows are dealt at random to K folds of nearly equal size, and each fold is
// predicted by the model of all rows but its own. As the folds differ in
// nothing but what was left out, they keep the domain of the whole data.
//
// What is predicted are observations: to the variance of Kriging, which is that of
// the function, that of their noise is added.
type CrossValidation struct {
	Folds   int    // K, from 2; default 10. At least as many as rows is leave-one-out
	Seed    uint64 // of the deal
	Threads int    // folds fitted at once; default all cores

	// Elsewhere, if set, predicts the folds on other machines, with PredictFold and
	// the same Folds and Seed; its error is that of the first fold that failed.
	Elsewhere func(ctx context.Context, s Spec, d Data, folds int) ([]*Predictions, error) `json:"-"`
}

// Predict fits the method once a fold. Its error is that of the first fold that
// could not be fitted.
func (c CrossValidation) Predict(ctx context.Context, s Spec, d Data) (*Predictions, error) {
	d, err := d.check()
	if err != nil {
		return nil, err
	}
	folds, err := c.deal(d.Rows())
	if err != nil {
		return nil, err
	}
	parts := make([]*Predictions, len(folds))
	if c.Elsewhere != nil {
		parts, err = c.Elsewhere(ctx, s, d, len(folds))
	} else {
		err = parallel(ctx, len(folds), c.Threads, func(ctx context.Context, k int) (err error) {
			parts[k], err = c.PredictFold(ctx, s, d, k)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	p := newPredictions(d.Rows(), d.Outputs)
	for k, rows := range folds {
		if k >= len(parts) || parts[k] == nil || len(parts[k].Mean) != len(rows)*d.Outputs {
			return nil, fmt.Errorf("%w: fold %d was not predicted", ErrShape, k+1)
		}
		scatter(p.Mean, parts[k].Mean, rows, d.Outputs)
		if parts[k].Variance == nil {
			continue
		}
		if p.Variance == nil {
			p.Variance = make([]float64, len(p.Mean))
		}
		scatter(p.Variance, parts[k].Variance, rows, 1)
	}
	return p, nil
}

// PredictFold predicts the rows of fold k, from 0, in their order in the fold, by
// the method fitted to all others. It is the part of Predict that is done elsewhere.
func (c CrossValidation) PredictFold(ctx context.Context, s Spec, d Data, k int) (*Predictions, error) {
	d, err := d.check()
	if err != nil {
		return nil, err
	}
	folds, err := c.deal(d.Rows())
	if err != nil {
		return nil, err
	}
	if k < 0 || k >= len(folds) {
		return nil, fmt.Errorf("%w: fold %d of %d", ErrSettings, k+1, len(folds))
	}
	train, test := d, folds[k]
	var rest []int
	for i, fold := range folds {
		if i != k {
			rest = append(rest, fold...)
		}
	}
	train.X, train.Y = gather(d.X, rest, d.Inputs), gather(d.Y, rest, d.Outputs)
	m, err := ofRows(s, rest, d.Rows()).Fit(ctx, train)
	if err != nil {
		return nil, fmt.Errorf("fold %d of %d: %w", k+1, len(folds), err)
	}
	p, err := Predict(m, gather(d.X, test, d.Inputs))
	if err != nil {
		return nil, err
	}
	if m, ok := m.(*KrigingModel); ok {
		p.addNoise(s, m, test)
	}
	return p, nil
}

// ofRows is the method for some of n rows: Kriging knows the noise of each.
func ofRows(s Spec, rows []int, n int) Spec {
	k, ok := s.(Kriging)
	if !ok || len(k.Noise) != n {
		return s
	}
	k.Noise = gather(k.Noise, rows, 1)
	return k
}

// addNoise adds that of the given rows, which p predicts, to their variances.
func (p *Predictions) addNoise(s Spec, m *KrigingModel, rows []int) {
	h := m.Hyperparameters()
	k, _ := s.(Kriging)
	for i, row := range rows {
		p.Variance[i] += h.Nugget * h.Sigma2
		if k.Noise != nil {
			p.Variance[i] += k.Noise[row]
		}
	}
}

// deal returns the rows of each fold.
func (c CrossValidation) deal(n int) ([][]int, error) {
	k := c.Folds
	if k == 0 {
		k = 10
	}
	if k < 2 {
		return nil, fmt.Errorf("%w: %d folds, want at least 2", ErrSettings, c.Folds)
	}
	if n < 2 {
		return nil, fmt.Errorf("%w: %d observation, cross-validation needs at least 2", ErrData, n)
	}
	k = min(k, n)
	folds := make([][]int, k)
	order := rand.New(rand.NewPCG(c.Seed, crossValidationStream)).Perm(n)
	for i, row := range order {
		folds[i%k] = append(folds[i%k], row)
	}
	return folds, nil
}

// crossValidationStream keeps the deal apart from what else has the same seed.
const crossValidationStream = 0x666f6c6473 // "folds"

// PredictLeftOut predicts every observation of the data from the others: of a
// model that is a [LeaveOneOut] by its formula, with the hyperparameters it has;
// else by fitting the method once a row.
func PredictLeftOut(ctx context.Context, s Spec, m Model, d Data, threads int) (*Predictions, error) {
	if l, ok := m.(LeaveOneOut); ok {
		_, outputs := m.Dims()
		mean, variance := l.LeaveOneOut()
		return &Predictions{Mean: mean, Variance: variance, Outputs: outputs}, nil
	}
	return CrossValidation{Folds: max(d.Rows(), 2), Threads: threads}.Predict(ctx, s, d)
}

// parallel calls do for 0..n-1 on some goroutines, by default one a core, and
// returns the error of the lowest index that failed; after one no new calls begin.
func parallel(ctx context.Context, n, threads int, do func(ctx context.Context, i int) error) error {
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	errs := make([]error, n)
	var mu sync.Mutex
	next, failed := 0, false
	take := func() int {
		mu.Lock()
		defer mu.Unlock()
		if failed || next == n || ctx.Err() != nil {
			return -1
		}
		next++
		return next - 1
	}
	var wg sync.WaitGroup
	for range min(threads, n) {
		wg.Go(func() {
			for i := take(); i >= 0; i = take() {
				if errs[i] = do(ctx, i); errs[i] != nil {
					mu.Lock()
					failed = true
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
