package surrogate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/seed-0772dd2d/ritz/internal/linalg"
)

// Polynomial is a response surface, the polynomial of a total degree that fits
// best in the sense of least squares,
//
//	s(x) = f(x)ᵀ β,   β minimises ‖F β - y‖,
//
// with all C(d + Degree, d) products f of Legendre polynomials of the domain
// scaled to [-1, 1]^d, and F their values at the n rows of the data, which must be as
// many at least. Rows of equal inputs each count.
//
// If y = f(x)ᵀβ + e with independent errors e of variance σ², the error of the
// prediction of a further y has the variance σ² (1 + f(x)ᵀ (FᵀF)⁻¹ f(x)); σ² is
// estimated by ‖F β - y‖²/(n - q), q the number of terms.
//
// Source: Myers, Montgomery and Anderson-Cook, Response Surface Methodology, 4th
// ed., 2016, section 2.
type Polynomial struct {
	Degree int // 1 to 20; default 2
}

// PolynomialModel is a fitted [Polynomial].
type PolynomialModel struct {
	spec    Polynomial
	data    Data
	basis   *polynomials
	scaling scaling
	beta    []float64     // a row a term, a column an output
	r       linalg.Matrix // of F = QR
	rss     []float64     // ‖F β - y‖² of each output
}

type polynomialFile struct {
	Spec Polynomial
	Data Data
	Beta []float64
	R    []float64
	RSS  []float64
}

var (
	_ Variance    = (*PolynomialModel)(nil)
	_ Gradient    = (*PolynomialModel)(nil)
	_ LeaveOneOut = (*PolynomialModel)(nil)
)

// Fit returns a *[PolynomialModel].
func (s Polynomial) Fit(ctx context.Context, d Data) (Model, error) {
	if s.Degree == 0 {
		s.Degree = 2
	}
	d, err := d.check()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m, err := newPolynomial(s, d.clone())
	if err != nil {
		return nil, err
	}
	n, q, o := d.Rows(), len(m.basis.terms), d.Outputs
	w := linalg.NewWorkspace(0)
	qr := w.QR(linalg.RowMajor(m.basis.matrix(m.scaling, d.X), n, q))
	b := append([]float64(nil), d.Y...)
	if err := qr.Solve(w, linalg.RowMajor(b, n, o)); err != nil {
		var rank *linalg.RankError
		if errors.As(err, &rank) {
			err = fmt.Errorf("%w: the points do not determine a polynomial of degree %d: add points, or lower the degree", ErrData, s.Degree)
		}
		return nil, err
	}
	m.beta = append([]float64(nil), b[:q*o]...)
	m.rss = make([]float64, o)
	for i, v := range b[q*o:] {
		m.rss[i%o] += v * v
	}
	m.r = linalg.RowMajor(make([]float64, q*q), q, q)
	for i := range q {
		for j := i; j < q; j++ {
			m.r.Data[i*q+j] = qr.R().Data[i*qr.R().RowStride+j]
		}
	}
	return m, nil
}

// newPolynomial prepares everything but the fit.
func newPolynomial(s Polynomial, d Data) (*PolynomialModel, error) {
	if s.Degree < 1 || s.Degree > 20 {
		return nil, fmt.Errorf("%w: polynomial of degree %d, want 1 to 20", ErrSettings, s.Degree)
	}
	n := d.Rows()
	indices, err := multiIndices(d.Inputs, s.Degree, 1, n)
	if err != nil {
		return nil, fmt.Errorf("%w: %d rows do not determine a polynomial of degree %d in %d inputs, which has %.0f terms", ErrData, n, s.Degree, d.Inputs, binomial(d.Inputs+s.Degree, s.Degree))
	}
	return &PolynomialModel{spec: s, data: d, basis: newPolynomials(d.Inputs, indices), scaling: centredScaling(d)}, nil
}

func binomial(n, k int) float64 {
	c := 1.0
	for i := range k {
		c *= float64(n-i) / float64(i+1)
	}
	return math.Round(c)
}

// matrix is F, the values of all terms at each row of x.
func (p *polynomials) matrix(s scaling, x []float64) []float64 {
	n, q := len(x)/p.inputs, len(p.terms)
	f := make([]float64, n*q)
	inBlocks(n, func(first, last int) {
		t, u := p.newTable(), make([]float64, p.inputs)
		for i := first; i < last; i++ {
			s.to(u, x[i*p.inputs:(i+1)*p.inputs])
			p.fill(t, u)
			p.at(t, f[i*q:(i+1)*q])
		}
	})
	return f
}

// Dims returns the numbers of inputs and outputs.
func (m *PolynomialModel) Dims() (inputs, outputs int) { return m.data.Inputs, m.data.Outputs }

// Predict writes s to y.
func (m *PolynomialModel) Predict(x, y []float64) error {
	n, err := rows(x, m.data.Inputs, y, m.data.Outputs)
	if err != nil {
		return err
	}
	m.predict(x, y, nil, n)
	return nil
}

// PredictVariance writes s and the variance above, for a model of one output. It is
// infinite if there are no more rows than terms, which leaves nothing to estimate
// σ² from.
func (m *PolynomialModel) PredictVariance(x, mean, variance []float64) error {
	n, err := rows(x, m.data.Inputs, mean, 1)
	if err != nil {
		return err
	}
	if len(variance) != n || m.data.Outputs != 1 {
		return fmt.Errorf("%w: %d variances for %d points of %d outputs, want one a point of one output", ErrShape, len(variance), n, m.data.Outputs)
	}
	m.predict(x, mean, variance, n)
	s2 := variancePer(m.rss[0], m.data.Rows()-len(m.basis.terms))
	for i := range variance {
		variance[i] = s2 * (1 + variance[i])
	}
	return nil
}

// variancePer is a sum of squares over its degrees of freedom; infinite without any.
func variancePer(sum float64, free int) float64 {
	if free <= 0 {
		return math.Inf(1)
	}
	return sum / float64(free)
}

// predict writes s and, if it is not nil, f(x)ᵀ (FᵀF)⁻¹ f(x) to leverage.
func (m *PolynomialModel) predict(x, y, leverage []float64, n int) {
	d, o, q := m.data.Inputs, m.data.Outputs, len(m.basis.terms)
	inBlocks(n, func(first, last int) {
		t, u, f := m.basis.newTable(), make([]float64, d), make([]float64, q)
		for i := first; i < last; i++ {
			m.scaling.to(u, x[i*d:(i+1)*d])
			m.basis.fill(t, u)
			m.basis.at(t, f)
			s := y[i*o : (i+1)*o]
			clear(s)
			for k, v := range f {
				for p := range s {
					s[p] += v * m.beta[k*o+p]
				}
			}
			if leverage != nil {
				leverage[i] = m.leverage(f)
			}
		}
	})
}

// leverage is ‖R⁻ᵀ f‖² and overwrites f.
func (m *PolynomialModel) leverage(f []float64) float64 {
	forwardSubstitute(m.r.Data, f)
	return dot(f, f)
}

// PredictGradient writes ∂s/∂x.
func (m *PolynomialModel) PredictGradient(x, gradient []float64) error {
	d, o := m.data.Inputs, m.data.Outputs
	n, err := rows(x, d, gradient, d*o)
	if err != nil {
		return err
	}
	inBlocks(n, func(first, last int) {
		t, u := m.basis.newTable(), make([]float64, d)
		for i := first; i < last; i++ {
			m.scaling.to(u, x[i*d:(i+1)*d])
			m.basis.fill(t, u)
			for p := range o {
				g := gradient[(i*o+p)*d : (i*o+p+1)*d]
				clear(g)
				for k := range m.basis.terms {
					m.basis.gradient(t, k, m.beta[k*o+p], m.scaling.factor, g)
				}
			}
		}
	})
	return nil
}

// LeaveOneOut has, with the leverage h_i of row i and its residual e_i, the error
// e_i/(1 - h_i) and, of one output, the variance σ²/(1 - h_i), σ² estimated without the
// row as well. They are NaN where the other rows do not determine the polynomial.
func (m *PolynomialModel) LeaveOneOut() (mean, variance []float64) {
	n, o, q := m.data.Rows(), m.data.Outputs, len(m.basis.terms)
	mean = make([]float64, n*o)
	h := make([]float64, n)
	m.predict(m.data.X, mean, h, n)
	if o == 1 {
		variance = make([]float64, n)
	}
	for i, hi := range h {
		rest := 1 - hi
		if rest < 1e-12 {
			rest = math.NaN()
		}
		for p := range o {
			e := m.data.Y[i*o+p] - mean[i*o+p]
			mean[i*o+p] = m.data.Y[i*o+p] - e/rest
			if o == 1 {
				variance[i] = variancePer(max(m.rss[0]-e*e/rest, 0), n-1-q) / rest
			}
		}
	}
	return mean, variance
}

// MarshalJSON encodes the model; see [Save].
func (m *PolynomialModel) MarshalJSON() ([]byte, error) {
	return json.Marshal(polynomialFile{m.spec, m.data, m.beta, m.r.Data, m.rss})
}

func decodePolynomial(data []byte) (Model, error) {
	var f polynomialFile
	err := decodeStrict(data, &f)
	if err != nil {
		return nil, err
	}
	if f.Data, err = f.Data.check(); err != nil {
		return nil, err
	}
	m, err := newPolynomial(f.Spec, f.Data)
	if err != nil {
		return nil, err
	}
	q := len(m.basis.terms)
	err = errors.Join(
		checkNumbers("coefficients", f.Beta, q*f.Data.Outputs),
		checkNumbers("elements of R", f.R, q*q),
		checkNumbers("sums of squares", f.RSS, f.Data.Outputs))
	if err != nil {
		return nil, err
	}
	m.beta, m.r, m.rss = f.Beta, linalg.RowMajor(f.R, q, q), f.RSS
	return m, nil
}
