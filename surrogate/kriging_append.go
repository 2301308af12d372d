package surrogate

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/seed-0772dd2d/ritz/internal/linalg"
	"github.com/seed-0772dd2d/ritz/internal/simd"
)

var _ Appender = (*KrigingModel)(nil)

// Append returns the model of the old observations and the new rows, for O(n²)
// operations a row: θ and the nugget stay, trend and σ² follow the data (σ² stays
// where there is noise). Where the observations have noise, that of the new ones
// is taken to be the mean of the others'.
func (m *KrigingModel) Append(x, y []float64) (Model, error) {
	if m.all.noise == nil {
		return m.AppendNoisy(x, y, nil)
	}
	mean := simd.Sum(m.all.noise) / float64(len(m.all.noise))
	return m.AppendNoisy(x, y, constant(mean, len(y)))
}

// AppendNoisy is Append with the variances of the new observations' noise, nil
// where the model has none.
func (m *KrigingModel) AppendNoisy(x, y, noise []float64) (Model, error) {
	if _, err := rows(x, m.inputs(), y, 1); err != nil {
		return nil, err
	}
	if (noise != nil) != (m.all.noise != nil) || noise != nil && len(noise) != len(y) {
		return nil, fmt.Errorf("%w: the noise of %d observations for %d rows of a model of which the noise of %d observations is given",
			ErrShape, len(noise), len(y), len(m.all.noise))
	}
	if err := checkFinite(x, y, m.inputs(), 1); err != nil {
		return nil, err
	}
	if err := checkNoise(noise); err != nil {
		return nil, err
	}
	grown := *m
	grown.predictors = new(sync.Pool)
	grown.all = observations{slices.Concat(m.all.x, x), slices.Concat(m.all.y, y), nil}
	if noise != nil {
		grown.all.noise = slices.Concat(m.all.noise, noise)
	}
	grown.gather()
	grown.sigma2 *= m.unit * m.unit / (grown.unit * grown.unit)
	grown.place()
	if err := grown.extend(len(m.obs.y)); err != nil {
		var bad *linalg.NotPositiveDefiniteError
		if errors.As(err, &bad) {
			err = grown.condition() // with a larger nugget
		}
		if err != nil {
			return nil, err
		}
		return &grown, nil
	}
	if err := grown.estimate(); err != nil {
		return nil, err
	}
	return &grown, nil
}

// extend grows the factor from that of the first n observations.
func (m *KrigingModel) extend(n int) error {
	size := len(m.obs.y)
	if size == n {
		return nil
	}
	r := make([]float64, (size-n)*size)
	m.correlations(r, n)
	for i := n; i < size; i++ {
		r[(i-n)*size+i] += m.excess(i)
	}
	var err error
	m.factor, err = m.factor.Append(linalg.NewWorkspace(m.spec.Threads), linalg.RowMajor(r, size-n, size))
	return err
}

// checkNoise requires variances.
func checkNoise(noise []float64) error {
	for i, v := range noise {
		if !(v >= 0) || math.IsInf(v, 1) {
			return fmt.Errorf("%w: the noise of row %d is %g, want a variance", ErrData, i, v)
		}
	}
	return nil
}
