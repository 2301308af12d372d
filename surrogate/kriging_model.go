package surrogate

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/seed-0772dd2d/ritz/internal/linalg"
	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// KrigingModel is a fitted [Kriging]. Its predictions are of the process without
// the noise that a nugget stands for.
type KrigingModel struct {
	spec  Kriging
	corr  correlation
	trend trend
	upper []float64    // of the domain, which the trend and the fit scale
	all   observations // as given

	// The n distinct observations that the model stands on, of which group[i] is
	// that of row i as given: inputs, outputs (y - shift)/unit, noise/unit².
	obs         observations
	group       []int
	shift, unit float64

	theta  []float64
	nugget float64
	sigma2 float64 // of the outputs in units of unit

	scale         []float64       // by which inputs are multiplied, correlation.scale
	coordinates   []float64       // of the observations, (x_l - lower_l) scale_l: a row of n an input
	factor        linalg.Cholesky // of R with its nugget
	whitened      []float64       // Q of L⁻¹F = Q G: a row of n a term
	triangle      []float64       // G, q x q
	residual      []float64       // L⁻¹(y - Fβ)
	beta          []float64
	gamma         []float64 // R⁻¹(y - Fβ)
	logLikelihood float64

	block      int // points predicted at once: their correlations stay in the second-level cache
	predictors *sync.Pool
}

// observations are n rows of inputs and one output.
type observations struct {
	x, y  []float64
	noise []float64 // nil: none
}

var (
	_ Variance = (*KrigingModel)(nil)
	_ Gradient = (*KrigingModel)(nil)
)

// newModel checks settings and data and prepares all that does not depend on
// the hyperparameters.
func (s Kriging) newModel(d Data) (*KrigingModel, error) {
	d, err := d.check()
	if err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	if d.Outputs != 1 {
		return nil, fmt.Errorf("%w: Kriging has one output, not %d: fit a model to each", ErrData, d.Outputs)
	}
	m := &KrigingModel{spec: s}
	m.all.x = append(m.all.x, d.X...)
	m.all.y = append(m.all.y, d.Y...)
	if s.Noise != nil {
		if len(s.Noise) != d.Rows() {
			return nil, fmt.Errorf("%w: the noise of %d observations, want that of %d", ErrData, len(s.Noise), d.Rows())
		}
		if err := checkNoise(s.Noise); err != nil {
			return nil, err
		}
		m.all.noise = append(m.all.noise, s.Noise...)
	}
	if m.corr, err = newCorrelation(s.Correlation, s.P, d.Inputs); err != nil {
		return nil, err
	}
	if m.theta, err = s.givenTheta(m.corr, d.Inputs); err != nil {
		return nil, err
	}
	lower := append([]float64(nil), d.Lower...)
	width := make([]float64, d.Inputs)
	for j := range width {
		width[j] = d.Upper[j] - d.Lower[j]
	}
	if m.trend, err = newTrend(s.Trend, s.Basis, s.Terms, lower, width); err != nil {
		return nil, err
	}
	m.upper = append(m.upper, d.Upper...)
	m.spec.Noise, m.spec.P, m.spec.Theta, m.spec.Lengths = nil, m.corr.p, nil, nil
	m.nugget = s.Nugget
	m.predictors = &sync.Pool{}
	m.gather()
	return m, m.checkTrend()
}

// gather finds the distinct observations and scales their outputs.
func (m *KrigingModel) gather() {
	d := m.inputs()
	n := len(m.all.y)
	m.group = make([]int, n)
	merge := m.merges()
	m.obs = observations{}
	var counts []float64
	seen := make(map[string]int, n)
	key := make([]byte, 0, 8*d)
	for i, y := range m.all.y {
		x := m.all.x[i*d : (i+1)*d]
		if merge {
			key = appendKey(key[:0], x)
			if g, ok := seen[string(key)]; ok {
				m.group[i] = g
				counts[g]++
				m.obs.y[g] += (y - m.obs.y[g]) / counts[g]
				continue
			}
			seen[string(key)] = len(m.obs.y)
		}
		m.group[i] = len(m.obs.y)
		m.obs.x = append(m.obs.x, x...)
		m.obs.y = append(m.obs.y, y)
		counts = append(counts, 1)
	}

	// A shift is harmless only where the trend has a constant.
	m.shift = m.spec.Mean
	if m.trend.name != "simple" && m.trend.name != "own" {
		m.shift = 0
		for i, y := range m.obs.y {
			m.shift += (y - m.shift) / float64(i+1)
		}
	}
	m.unit = 0
	for i := range m.obs.y {
		m.obs.y[i] -= m.shift
		m.unit = max(m.unit, math.Abs(m.obs.y[i]))
	}
	// A power of two scales without rounding.
	if m.unit == 0 || math.IsInf(m.unit, 1) {
		m.unit = 1
	} else {
		m.unit = math.Exp2(math.Ceil(math.Log2(m.unit)))
	}
	simd.Scale(m.obs.y, 1/m.unit, m.obs.y)
	if m.all.noise != nil {
		m.obs.noise = make([]float64, n)
		simd.Scale(m.obs.noise, 1/(m.unit*m.unit), m.all.noise)
	}
}

// merges tells whether observations of the same point are one, their mean.
func (m *KrigingModel) merges() bool {
	return m.all.noise == nil && m.spec.Nugget == 0 && !m.spec.EstimateNugget
}

// checkTrend requires observations enough for the trend.
func (m *KrigingModel) checkTrend() error {
	n, q := len(m.obs.y), m.trend.terms
	if n <= q {
		return fmt.Errorf("%w: a trend of %d terms needs at least %d distinct observations, there are %d", ErrData, q, q+1, n)
	}
	f, err := m.trend.matrix(m.obs.x)
	if err != nil {
		return err
	}
	if k := orthonormalise(f, make([]float64, q*q), q); k < q {
		return fmt.Errorf("%w: on these %d observations term %d of the %s trend is a combination of the terms before it", ErrData, n, k, m.trend.name)
	}
	return nil
}

func (m *KrigingModel) inputs() int { return len(m.trend.lower) }

// Dims returns the number of inputs, and 1.
func (m *KrigingModel) Dims() (inputs, outputs int) { return m.inputs(), 1 }

// condition computes all that follows from theta, the nugget and, where there is
// noise, sigma2: it conditions the process on the observations.
func (m *KrigingModel) condition() error {
	m.place()
	n := len(m.obs.y)
	r := make([]float64, n*n)
	m.correlations(r, 0)
	if err := m.factorise(r); err != nil {
		return err
	}
	return m.estimate()
}

// place computes the coordinates of the observations.
func (m *KrigingModel) place() {
	n, d := len(m.obs.y), m.inputs()
	m.scale = make([]float64, d)
	m.coordinates = make([]float64, d*n)
	m.block = min(max(simd.L2()/2/8/n, 16), 256)
	for l := range d {
		m.scale[l] = m.corr.scale(m.theta[l], l)
		for i := range n {
			m.coordinates[l*n+i] = (m.obs.x[i*d+l] - m.trend.lower[l]) * m.scale[l]
		}
	}
}

// correlations writes the rows of R from the first on to r, n values each, up to
// the diagonal, without nugget.
func (m *KrigingModel) correlations(r []float64, first int) {
	n, d := len(m.obs.y), m.inputs()
	product, t := make([]float64, n), make([]float64, n)
	for i := first; i < n; i++ {
		row := r[(i-first)*n:]
		m.correlate(m.obs.x[i*d:(i+1)*d], row[:i], product, t)
		row[i] = 1
	}
}

// factorise factors R, whose triangle below the diagonal is given, with the
// smallest nugget from the present one on that lets it.
func (m *KrigingModel) factorise(r []float64) error {
	n := len(m.obs.y)
	ws := linalg.NewWorkspace(m.spec.Threads)
	lower := make([]float64, n*n)
	for {
		copy(lower, r)
		for i := range n {
			lower[i*n+i] += m.excess(i)
		}
		var err error
		if m.factor, err = ws.Cholesky(linalg.RowMajor(lower, n, n)); err == nil {
			return nil
		}
		var bad *linalg.NotPositiveDefiniteError
		if !errors.As(err, &bad) || bad.Pivot-bad.Pivot != 0 || m.nugget > 1 {
			return fmt.Errorf("%w: the correlations of the observations have no Cholesky factor: %w", ErrData, err)
		}
		m.nugget = max(10*m.nugget, leastNugget)
	}
}

// leastNugget is the first nugget tried where none is not enough.
const leastNugget = 1e-14

// excess is what noise adds to R_ii.
func (m *KrigingModel) excess(i int) float64 {
	if m.obs.noise != nil {
		return m.nugget + m.obs.noise[i]/m.sigma2
	}
	return m.nugget
}

// estimate solves for the trend and σ², given the factor.
func (m *KrigingModel) estimate() error {
	n, q := len(m.obs.y), m.trend.terms
	f, err := m.trend.matrix(m.obs.x)
	if err != nil {
		return err
	}
	for k := range q {
		m.factor.SolveLVec(f[k*n : (k+1)*n])
	}
	m.whitened, m.triangle, m.beta = f, make([]float64, q*q), make([]float64, q)
	if k := orthonormalise(f, m.triangle, q); k < q {
		return fmt.Errorf("%w: term %d of the %s trend cannot be told from the terms before it", ErrData, k, m.trend.name)
	}
	m.residual = append([]float64(nil), m.obs.y...)
	m.factor.SolveLVec(m.residual)
	for range 2 {
		for k := range q {
			row := f[k*n : (k+1)*n]
			h := simd.Dot(m.residual, row)
			m.beta[k] += h
			simd.AddScaled(m.residual, -h, row)
		}
	}
	backSubstitute(m.triangle, m.beta)
	m.gamma = append([]float64(nil), m.residual...)
	m.factor.SolveLTVec(m.gamma)

	square := simd.Dot(m.residual, m.residual)
	if m.obs.noise == nil {
		m.sigma2 = square / float64(n)
		if m.spec.Criterion == "leave_one_out" {
			m.sigma2 = m.sigma2LeaveOneOut()
		}
	}
	m.logLikelihood = 0
	if s := m.sigma2 * m.unit * m.unit; s > 0 {
		m.logLikelihood = -(float64(n)*math.Log(2*math.Pi*s) + m.factor.LogDet() + square/m.sigma2) / 2
	}
	return nil
}

// correlate writes the correlations of x with the first len(r) observations to
// r; product and t, at least as long, are overwritten.
func (m *KrigingModel) correlate(x, r, product, t []float64) {
	n, count := len(m.obs.y), len(r)
	m.corr.start(r, product)
	for l, v := range x {
		v = (v - m.trend.lower[l]) * m.scale[l]
		m.corr.multiply(l, r, product, m.coordinates[l*n:l*n+count], v, t)
	}
	m.corr.finish(r, product)
}
