package surrogate

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/seed-0772dd2d/ritz/internal/linalg"
	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// Predict writes the mean at each of n points.
func (m *KrigingModel) Predict(x, y []float64) error {
	if _, err := rows(x, m.inputs(), y, 1); err != nil {
		return err
	}
	m.predict(request{x: x, mean: y})
	return nil
}

// PredictVariance writes mean and variance at each of n points.
func (m *KrigingModel) PredictVariance(x, mean, variance []float64) error {
	if _, err := rows(x, m.inputs(), mean, 1); err != nil {
		return err
	}
	if _, err := rows(x, m.inputs(), variance, 1); err != nil {
		return err
	}
	m.predict(request{x: x, mean: mean, variance: variance})
	return nil
}

// PredictGradient writes the gradient of the mean, d values at each of n points.
// At an observation, where a rough correlation has no derivative, its share is 0.
func (m *KrigingModel) PredictGradient(x, gradient []float64) error {
	return m.Posterior(x, nil, nil, gradient, nil)
}

// Posterior writes what is wanted of mean and variance at n points, n values
// each, and of their gradients, n rows of d values; what is nil is not wanted.
// For few points it does not allocate.
func (m *KrigingModel) Posterior(x, mean, variance, meanGradient, varianceGradient []float64) error {
	d := m.inputs()
	for _, out := range []struct {
		values []float64
		width  int
	}{{mean, 1}, {variance, 1}, {meanGradient, d}, {varianceGradient, d}} {
		if out.values == nil {
			continue
		}
		if _, err := rows(x, d, out.values, out.width); err != nil {
			return err
		}
	}
	if len(x)%d != 0 {
		return fmt.Errorf("%w: %d values of x are not whole rows of %d inputs", ErrShape, len(x), d)
	}
	m.predict(request{x, mean, variance, meanGradient, varianceGradient})
	return nil
}

// request is what to predict and where.
type request struct{ x, mean, variance, meanGradient, varianceGradient []float64 }

// part is that of count points from first on.
func (q request) part(first, count, d int) request {
	cut := func(v []float64, width int) []float64 {
		if v == nil {
			return nil
		}
		return v[first*width : (first+count)*width]
	}
	return request{cut(q.x, d), cut(q.mean, 1), cut(q.variance, 1), cut(q.meanGradient, d), cut(q.varianceGradient, d)}
}

// predictor is what one goroutine needs to predict at a block of points.
type predictor struct {
	r             []float64 // correlations with the observations, a row of n a point; later L⁻¹r
	kept          []float64 // the correlations, where they are needed after that
	product, t, h []float64 // n
	e             []float64 // G⁻ᵀf - QᵀL⁻¹r, a row of q a point
	f, df         []float64 // terms of the trend and their derivatives
	ws            simd.Workspace[float64]
}

func (m *KrigingModel) predictor() *predictor {
	if p, ok := m.predictors.Get().(*predictor); ok {
		return p
	}
	n, q, d, block := len(m.obs.y), m.trend.terms, m.inputs(), m.block
	return &predictor{
		r: make([]float64, block*n), kept: make([]float64, block*n),
		product: make([]float64, n), t: make([]float64, n), h: make([]float64, n),
		e: make([]float64, block*q), f: make([]float64, q), df: make([]float64, q*d),
	}
}

// predict deals blocks of points to goroutines.
func (m *KrigingModel) predict(q request) {
	d, block := m.inputs(), m.block
	n := len(q.x) / d
	blocks := (n + block - 1) / block
	if blocks <= 1 {
		p := m.predictor()
		m.predictBlock(p, q)
		m.predictors.Put(p)
		return
	}
	m.deal(q, n, block, min(m.spec.Threads, blocks))
}

func (m *KrigingModel) deal(q request, n, block, threads int) {
	var next atomic.Int64
	run := func() {
		p := m.predictor()
		defer m.predictors.Put(p)
		for {
			first := int(next.Add(1)-1) * block
			if first >= n {
				return
			}
			m.predictBlock(p, q.part(first, min(block, n-first), m.inputs()))
		}
	}
	var others sync.WaitGroup
	for range threads - 1 {
		others.Go(run)
	}
	run()
	others.Wait()
}

// predictBlock predicts at no more than a block of points.
func (m *KrigingModel) predictBlock(p *predictor, q request) {
	n, d := len(m.obs.y), m.inputs()
	count := len(q.x) / d
	for i := range count {
		x, r := q.x[i*d:(i+1)*d], p.r[i*n:(i+1)*n]
		m.correlate(x, r, p.product, p.t)
		if q.mean != nil {
			m.trend.at(x, p.f)
			q.mean[i] = m.shift + m.unit*(dot(p.f, m.beta)+simd.Dot(r, m.gamma))
		}
		if q.meanGradient != nil {
			m.trend.slopes(x, p.f, p.df)
			m.differentiate(p, x, r, m.gamma, m.beta, m.unit, q.meanGradient[i*d:(i+1)*d])
		}
		if q.varianceGradient != nil {
			copy(p.kept[i*n:(i+1)*n], r)
		}
	}
	if q.variance == nil && q.varianceGradient == nil {
		return
	}
	m.solve(p, count, false)
	terms := m.trend.terms
	for i := range count {
		v, e := p.r[i*n:(i+1)*n], p.e[i*terms:(i+1)*terms]
		m.trend.at(q.x[i*d:(i+1)*d], e)
		forwardSubstitute(m.triangle, e)
		for k := range e {
			e[k] -= simd.Dot(v, m.whitened[k*n:(k+1)*n])
		}
		if q.variance != nil {
			q.variance[i] = m.unit * m.unit * m.sigma2 * max(0, 1-simd.Dot(v, v)+dot(e, e))
		}
	}
	if q.varianceGradient == nil {
		return
	}
	// With b = G⁻¹e the gradient is 2 σ² [bᵀ ∂f - (R⁻¹r + R⁻¹F b)ᵀ ∂r], where
	// R⁻¹r + R⁻¹F b = L⁻ᵀ(L⁻¹r + Q e).
	for i := range count {
		v, e := p.r[i*n:(i+1)*n], p.e[i*terms:(i+1)*terms]
		for k := range e {
			simd.AddScaled(v, e[k], m.whitened[k*n:(k+1)*n])
		}
		simd.Scale(v, -1, v)
		backSubstitute(m.triangle, e)
	}
	m.solve(p, count, true)
	for i := range count {
		x := q.x[i*d : (i+1)*d]
		m.trend.slopes(x, p.f, p.df)
		m.differentiate(p, x, p.kept[i*n:(i+1)*n], p.r[i*n:(i+1)*n], p.e[i*terms:(i+1)*terms],
			2*m.unit*m.unit*m.sigma2, q.varianceGradient[i*d:(i+1)*d])
	}
}

// solve applies L⁻¹, or L⁻ᵀ, to the rows of the block.
func (m *KrigingModel) solve(p *predictor, count int, transposed bool) {
	n := len(m.obs.y)
	const few = 4 // points for which packing L does not pay
	if count < few {
		for i := range count {
			row := p.r[i*n : (i+1)*n]
			if transposed {
				m.factor.SolveLTVec(row)
			} else {
				m.factor.SolveLVec(row)
			}
		}
		return
	}
	columns := linalg.RowMajor(p.r[:count*n], count, n).T()
	if transposed {
		p.ws.TrsmT(m.factor.L(), columns)
	} else {
		p.ws.Trsm(m.factor.L(), columns)
	}
}

// differentiate writes the gradient of c (fᵀb + rᵀw) at x, of which p.df are the
// slopes of the trend.
func (m *KrigingModel) differentiate(p *predictor, x, r, w, b []float64, c float64, gradient []float64) {
	n, d := len(m.obs.y), len(x)
	for j, v := range r {
		p.h[j] = v * w[j]
	}
	for l, v := range x {
		v = (v - m.trend.lower[l]) * m.scale[l]
		m.corr.logSlope(l, p.t, m.coordinates[l*n:(l+1)*n], v)
		g := -m.scale[l] * simd.Dot(p.t, p.h) // the slope is by the observation
		for k, bk := range b {
			g += bk * p.df[k*d+l]
		}
		gradient[l] = c * g
	}
}

// dot is a short sum of products.
func dot(a, b []float64) float64 {
	s := 0.0
	for i, v := range a {
		s += v * b[i]
	}
	return s
}
