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
		for i, v := range s.Noise {
			if !(v >= 0) || math.IsInf(v, 1) {
				return nil, fmt.Errorf("%w: the noise of row %d is %g, want a variance", ErrData, i, v)
			}
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
	merge := m.all.noise == nil && m.spec.Nugget == 0 && !m.spec.EstimateNugget
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
	if m.unit == 0 {
		m.unit = 1
	}
	simd.Scale(m.obs.y, 1/m.unit, m.obs.y)
	if m.all.noise != nil {
		m.obs.noise = make([]float64, n)
		simd.Scale(m.obs.noise, 1/(m.unit*m.unit), m.all.noise)
	}
}

// appendKey appends the bits of the numbers, those of 0 for -0.
func appendKey(key []byte, x []float64) []byte {
	for _, v := range x {
		b := math.Float64bits(v + 0)
		key = append(key, byte(b), byte(b>>8), byte(b>>16), byte(b>>24), byte(b>>32), byte(b>>40), byte(b>>48), byte(b>>56))
	}
	return key
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
	n, d := len(m.obs.y), m.inputs()
	m.scale = make([]float64, d)
	m.coordinates = make([]float64, d*n)
	for l := range d {
		m.scale[l] = m.corr.scale(m.theta[l], l)
		for i := range n {
			m.coordinates[l*n+i] = (m.obs.x[i*d+l] - m.trend.lower[l]) * m.scale[l]
		}
	}
	r := make([]float64, n*n)
	product, t := make([]float64, n), make([]float64, n)
	for i := range n {
		m.correlate(m.obs.x[i*d:(i+1)*d], r[i*n:i*n+i], product, t)
	}
	if err := m.factorise(r); err != nil {
		return err
	}
	return m.estimate()
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
			lower[i*n+i] = m.diagonal(i)
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

// diagonal is R_ii with the nugget.
func (m *KrigingModel) diagonal(i int) float64 {
	v := 1 + m.nugget
	if m.obs.noise != nil {
		v += m.obs.noise[i] / m.sigma2
	}
	return v
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
	m.logLikelihood = math.Inf(1)
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

// KrigingHyperparameters are what a fitted model stands on, in units of the
// inputs and the output as given.
type KrigingHyperparameters struct {
	Correlation   string    `json:"correlation"`
	P             []float64 `json:"p,omitempty"`    // power-exponential
	Theta         []float64 `json:"theta"`          // one an input
	Lengths       []float64 `json:"lengths"`        // the same
	Nugget        float64   `json:"nugget"`         // as used, relative to Sigma2
	Sigma2        float64   `json:"sigma2"`         // σ²
	Trend         []float64 `json:"trend"`          // β; simple: the mean
	LogLikelihood float64   `json:"log_likelihood"` // +Inf where the trend alone fits
}

// Hyperparameters returns the hyperparameters of the model.
func (m *KrigingModel) Hyperparameters() KrigingHyperparameters {
	h := KrigingHyperparameters{
		Correlation:   m.corr.name,
		Theta:         append([]float64(nil), m.theta...),
		Nugget:        m.nugget,
		Sigma2:        m.sigma2 * m.unit * m.unit,
		LogLikelihood: m.logLikelihood,
	}
	if m.corr.name == "power_exponential" {
		h.P = append(h.P, m.corr.p...)
	}
	for l, v := range m.theta {
		h.Lengths = append(h.Lengths, m.corr.length(v, l))
	}
	if m.trend.name == "simple" {
		h.Trend = []float64{m.shift}
		return h
	}
	for k, b := range m.beta {
		b *= m.unit
		if k == 0 {
			b += m.shift
		}
		h.Trend = append(h.Trend, b)
	}
	return h
}
