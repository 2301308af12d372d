package surrogate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// line is the least-squares line through (x, y), a method small enough to know
// all about it: with the leverages h_i its closed leave-one-out errors are
// e_i / (1 - h_i).
type line struct{ noVariance bool }

type fittedLine struct {
	x, y                     []float64
	mean, slope, centre, sxx float64
	sigma2                   float64
}

// plainLine hides what a fittedLine can do but predict.
type plainLine struct{ Model }

func (l line) Fit(_ context.Context, d Data) (Model, error) {
	n := len(d.X)
	if n < 2 {
		return nil, fmt.Errorf("%w: %d rows for a line", ErrData, n)
	}
	m := &fittedLine{x: d.X, y: d.Y}
	for i := range n {
		m.mean += d.Y[i] / float64(n)
		m.centre += d.X[i] / float64(n)
	}
	var sxy float64
	for i := range n {
		m.sxx += (d.X[i] - m.centre) * (d.X[i] - m.centre)
		sxy += (d.X[i] - m.centre) * d.Y[i]
	}
	m.slope = sxy / m.sxx
	for i := range n {
		r := d.Y[i] - m.at(d.X[i])
		m.sigma2 += r * r / float64(max(n-2, 1))
	}
	if l.noVariance {
		return plainLine{m}, nil
	}
	return m, nil
}

func (m *fittedLine) at(x float64) float64         { return m.mean + m.slope*(x-m.centre) }
func (m *fittedLine) Dims() (inputs, outputs int)  { return 1, 1 }
func (m *fittedLine) Predict(x, y []float64) error { return m.PredictVariance(x, y, nil) }
func (m *fittedLine) leverage(x float64) float64 {
	return 1/float64(len(m.x)) + (x-m.centre)*(x-m.centre)/m.sxx
}
func (m *fittedLine) PredictVariance(x, mean, variance []float64) error {
	for i := range x {
		mean[i] = m.at(x[i])
		if variance != nil {
			variance[i] = m.sigma2 * (1 + m.leverage(x[i]))
		}
	}
	return nil
}

func (m *fittedLine) LeaveOneOut() (mean, variance []float64) {
	for i, x := range m.x {
		h := m.leverage(x)
		mean = append(mean, m.y[i]-(m.y[i]-m.at(x))/(1-h))
		variance = append(variance, m.sigma2/(1-h))
	}
	return mean, variance
}

func noisyLine(n int, seed uint64) Data {
	src := rand.New(rand.NewPCG(seed, 0))
	d := Data{Inputs: 1}
	for i := range n {
		x := float64(i) / float64(n)
		d.X = append(d.X, x)
		d.Y = append(d.Y, 1+2*x+0.1*src.NormFloat64())
	}
	return d
}

func TestAccuracyByHand(t *testing.T) {
	y := []float64{1, 2, 3, 6}
	p := &Predictions{Mean: []float64{1, 3, 3, 4}, Variance: []float64{0, 0.25, 1, 1.1}, Outputs: 1}
	a, err := p.Accuracy(y)
	require.NoError(t, err)
	assert.Equal(t, 4, a.Points)
	assert.InDelta(t, math.Sqrt(5.0/4), a.RMSE, 1e-15)
	assert.InDelta(t, 3.0/4, a.MAE, 1e-15)
	assert.Equal(t, 2.0, a.Max)
	assert.InDelta(t, 1-5.0/14, a.R2, 1e-15)
	// Errors 0, 1, 0, 2 against 1.96 standard deviations 0, 0.98, 1.96, 2.06.
	assert.Equal(t, 0.75, a.Coverage)

	// Two outputs, each about its own mean: the second is met exactly.
	p = &Predictions{Mean: []float64{1, 100, 3, 200}, Outputs: 2}
	a, err = p.Accuracy([]float64{1, 100, 2, 200})
	require.NoError(t, err)
	assert.Equal(t, 0.5, a.RMSE)
	assert.InDelta(t, 1-1/(0.5+5000), a.R2, 1e-15)
	assert.True(t, math.IsNaN(a.Coverage))

	p = &Predictions{Mean: []float64{5, 5.5}, Outputs: 1}
	a, err = p.Accuracy([]float64{5, 5})
	require.NoError(t, err)
	assert.True(t, math.IsNaN(a.R2), "a constant")

	p = &Predictions{Mean: []float64{math.NaN(), 1}, Outputs: 1}
	a, err = p.Accuracy([]float64{0, 1})
	require.NoError(t, err)
	assert.True(t, math.IsNaN(a.RMSE) && math.IsNaN(a.Max))

	_, err = p.Accuracy([]float64{1})
	assert.ErrorIs(t, err, ErrShape)
}

func TestValidate(t *testing.T) {
	m, err := line{}.Fit(t.Context(), Data{Inputs: 1, X: []float64{0, 1}, Y: []float64{0, 2}})
	require.NoError(t, err)
	a, err := Validate(m, []float64{2, 3}, []float64{4, 7})
	require.NoError(t, err)
	assert.InDelta(t, math.Sqrt(0.5), a.RMSE, 1e-15)
	_, err = Validate(m, []float64{2, 3}, []float64{4})
	assert.ErrorIs(t, err, ErrShape)
	_, err = Validate(m, nil, nil)
	assert.ErrorIs(t, err, ErrShape)
}

// Refitting without each row and the formula agree, and both see 95 % of new
// values in the intervals of a model that is right.
func TestLeaveOneOut(t *testing.T) {
	d := noisyLine(400, 1)
	m, err := line{}.Fit(t.Context(), d)
	require.NoError(t, err)
	closed, err := PredictLeftOut(t.Context(), line{}, m, d, 0)
	require.NoError(t, err)
	refit, err := PredictLeftOut(t.Context(), line{noVariance: true}, plainLine{m}, d, 0)
	require.NoError(t, err)
	assert.InDeltaSlice(t, refit.Mean, closed.Mean, 1e-12)
	assert.Nil(t, refit.Variance)
	a, err := closed.Accuracy(d.Y)
	require.NoError(t, err)
	assert.InDelta(t, 0.1, a.RMSE, 0.01)
	assert.InDelta(t, 0.95, a.Coverage, 0.03)
	b, err := CrossValidation{Folds: 20}.Predict(t.Context(), line{}, d)
	require.NoError(t, err)
	ab, err := b.Accuracy(d.Y)
	require.NoError(t, err)
	assert.InDelta(t, a.RMSE, ab.RMSE, 2e-3)
	assert.InDelta(t, 0.95, ab.Coverage, 0.03)
}

func TestCrossValidationDeal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := CrossValidation{Folds: rapid.IntRange(2, 30).Draw(t, "folds"), Seed: rapid.Uint64().Draw(t, "seed")}
		n := rapid.IntRange(2, 100).Draw(t, "n")
		folds, err := c.deal(n)
		require.NoError(t, err)
		require.Len(t, folds, min(c.Folds, n))
		seen := make([]int, n)
		for _, f := range folds {
			require.GreaterOrEqual(t, len(f), n/len(folds))
			require.LessOrEqual(t, len(f), n/len(folds)+1)
			for _, i := range f {
				seen[i]++
			}
		}
		for _, k := range seen {
			require.Equal(t, 1, k)
		}
	})
}

// Neither the number of threads nor chance changes the predictions; the seed does.
func TestCrossValidationIsReproducible(t *testing.T) {
	d := noisyLine(50, 2)
	predict := func(c CrossValidation) []float64 {
		p, err := c.Predict(t.Context(), line{}, d)
		require.NoError(t, err)
		return p.Mean
	}
	want := predict(CrossValidation{Seed: 3, Threads: 1})
	assert.Equal(t, want, predict(CrossValidation{Seed: 3, Threads: 8}))
	assert.Equal(t, want, predict(CrossValidation{Seed: 3, Folds: 10}))
	assert.NotEqual(t, want, predict(CrossValidation{Seed: 4}))
}

// domain is a method that insists on the domain of the whole data.
type domain struct{ lower, upper float64 }

func (s domain) Fit(ctx context.Context, d Data) (Model, error) {
	if d.Lower[0] != s.lower || d.Upper[0] != s.upper {
		return nil, fmt.Errorf("domain %v %v", d.Lower, d.Upper)
	}
	return line{}.Fit(ctx, d)
}

func TestCrossValidationKeepsDomain(t *testing.T) {
	d := noisyLine(20, 1)
	_, err := CrossValidation{}.Predict(t.Context(), domain{0, 0.95}, d)
	assert.NoError(t, err)
	d.Lower, d.Upper = []float64{-1}, []float64{2}
	_, err = CrossValidation{}.Predict(t.Context(), domain{-1, 2}, d)
	assert.NoError(t, err)
}

type broken struct{ err error }

func (b broken) Fit(ctx context.Context, _ Data) (Model, error) {
	if b.err == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return nil, b.err
}

func TestCrossValidationRefuses(t *testing.T) {
	_, err := CrossValidation{Folds: 1}.Predict(t.Context(), line{}, noisyLine(5, 1))
	assert.ErrorIs(t, err, ErrSettings)
	_, err = CrossValidation{}.Predict(t.Context(), line{}, noisyLine(1, 1))
	assert.ErrorIs(t, err, ErrData)
	_, err = CrossValidation{}.Predict(t.Context(), line{}, Data{Inputs: 1, X: []float64{0, math.NaN()}, Y: []float64{0, 0}})
	assert.ErrorContains(t, err, "row 1, input 0 is NaN")
	odd := errors.New("odd")
	_, err = CrossValidation{}.Predict(t.Context(), broken{odd}, noisyLine(5, 1))
	assert.ErrorIs(t, err, odd)
	assert.ErrorContains(t, err, "fold 1 of 5")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = CrossValidation{}.Predict(ctx, broken{}, noisyLine(5, 1))
	assert.ErrorIs(t, err, context.Canceled)
}

// meanOnly predicts the mean.
type meanOnly struct{}

func (meanOnly) Fit(_ context.Context, d Data) (Model, error) {
	m := &fittedLine{x: d.X, y: d.Y, sxx: 1}
	for _, y := range d.Y {
		m.mean += y / float64(len(d.Y))
	}
	return m, nil
}

func TestAuto(t *testing.T) {
	odd := errors.New("odd")
	a := Auto{Candidates: []Candidate{{"broken", broken{odd}}, {"constant", meanOnly{}}, {"line", line{}}}}
	m, table, err := a.Select(t.Context(), noisyLine(40, 1))
	require.NoError(t, err)
	assert.IsType(t, &fittedLine{}, m)
	require.Len(t, table, 3)
	assert.ErrorIs(t, table[0].Err, odd)
	assert.Equal(t, []bool{false, false, true}, []bool{table[0].Chosen, table[1].Chosen, table[2].Chosen})
	assert.InDelta(t, 0.1, table[2].Accuracy.RMSE, 0.03)
	assert.InDelta(t, math.Sqrt(4.0/12+0.01), table[1].Accuracy.RMSE, 0.05)
	p, err := CrossValidation{Folds: 5}.Predict(t.Context(), line{}, noisyLine(40, 1))
	require.NoError(t, err)
	want, err := p.Accuracy(noisyLine(40, 1).Y)
	require.NoError(t, err)
	assert.Equal(t, want, table[2].Accuracy)

	// A constant is best told by the constant.
	flat := Data{Inputs: 1, X: []float64{0, 1, 2, 3, 4, 5}, Y: []float64{1, 0, 1, 1, 0, 1}}
	_, table, err = a.Select(t.Context(), flat)
	require.NoError(t, err)
	assert.True(t, table[1].Chosen)

	a.Candidates = a.Candidates[:1]
	_, table, err = a.Select(t.Context(), noisyLine(40, 1))
	assert.ErrorIs(t, err, odd)
	assert.ErrorContains(t, err, "broken: fold 1 of 5")
	assert.Len(t, table, 1)
	_, err = Auto{CrossValidation: CrossValidation{Folds: -1}}.Fit(t.Context(), noisyLine(40, 1))
	assert.ErrorIs(t, err, ErrSettings)
}

// In cross-validation what is predicted are observations, noise and all.
func TestCoverageOfNoisyObservations(t *testing.T) {
	data := noisy(200)
	few := noisy(40)
	for name, s := range map[string]Kriging{
		"estimated": {EstimateNugget: true, Starts: 2},
		"known":     {Noise: constant(0.04, 200), Starts: 2},
	} {
		p, err := CrossValidation{}.Predict(t.Context(), s, data)
		require.NoError(t, err, name)
		a, err := p.Accuracy(data.Y)
		require.NoError(t, err)
		assert.InDelta(t, 0.95, a.Coverage, 0.03, name) // two standard deviations

		// Each left out by itself is what the closed formula has.
		if s.Noise != nil {
			s.Noise = s.Noise[:40]
		}
		s = hyper(t, s, few)
		p, err = CrossValidation{Folds: 40}.Predict(t.Context(), s, few)
		require.NoError(t, err)
		_, variance := fitKriging(t, s, few).LeaveOneOut()
		for i, v := range variance {
			assert.InEpsilon(t, v, p.Variance[i], 0.2, "%s, row %d", name, i) // σ² is that of the others
		}
	}
}

// hyper is the method with its hyperparameters found, to fit it many times.
func hyper(t *testing.T, s Kriging, d Data) Kriging {
	h := fitKriging(t, s, d).Hyperparameters()
	s.Theta = h.Theta
	if s.EstimateNugget {
		s.EstimateNugget, s.Nugget = false, h.Nugget
	}
	return s
}
