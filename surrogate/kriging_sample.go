package surrogate

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/seed-0772dd2d/ritz/internal/linalg"
	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// Sample draws realisations of the process given the observations, jointly at the
// m points of x, and writes them to samples, a row of m values each, as many as
// there is room for. Their mean is that of Predict, their variance that of
// PredictVariance. It takes m² numbers of memory and O(m³) operations.
func (m *KrigingModel) Sample(x, samples []float64, seed uint64) error {
	d, n, q := m.inputs(), len(m.obs.y), m.trend.terms
	count := len(x) / d
	if len(x)%d != 0 || count == 0 {
		return fmt.Errorf("%w: %d values of x are not whole rows of %d inputs, at least one", ErrShape, len(x), d)
	}
	if len(samples)%count != 0 {
		return fmt.Errorf("%w: %d values are not whole samples at %d points", ErrShape, len(samples), count)
	}

	// The covariance is σ² [R - V Vᵀ + E Eᵀ], with the rows v = L⁻¹r and e = G⁻ᵀf - Qᵀv.
	ws := linalg.NewWorkspace(m.spec.Threads)
	v, e := make([]float64, count*n), make([]float64, count*q)
	mean, f := make([]float64, count), make([]float64, q)
	product, t := make([]float64, max(n, count)), make([]float64, max(n, count))
	points := make([]float64, d*count)
	for i := range count {
		at, r := x[i*d:(i+1)*d], v[i*n:(i+1)*n]
		m.correlate(at, r, product, t)
		m.trend.at(at, f)
		mean[i] = m.shift + m.unit*(dot(f, m.beta)+simd.Dot(r, m.gamma))
		forwardSubstitute(m.triangle, f)
		copy(e[i*q:], f)
		for l, u := range at {
			points[l*count+i] = (u - m.trend.lower[l]) * m.scale[l]
		}
	}
	rowsOfV, rowsOfE := linalg.RowMajor(v, count, n), linalg.RowMajor(e, count, q)
	ws.SolveL(m.factor.L(), rowsOfV.T())
	r := make([]float64, count*count)
	for i := range count {
		row := r[i*count : i*count+i]
		m.corr.start(row, product)
		for l := range d {
			m.corr.multiply(l, row, product, points[l*count:], points[l*count+i], t)
		}
		m.corr.finish(row, product)
		r[i*count+i] = 1
	}
	covariance := linalg.RowMajor(r, count, count)
	ws.Syrk(-1, rowsOfV, 1, covariance)
	if q > 0 {
		ws.Gemm(-1, rowsOfV, linalg.RowMajor(m.whitened, q, n).T(), 1, rowsOfE)
		ws.Syrk(1, rowsOfE, 1, covariance)
	}
	root, err := rootOf(ws, r, count)
	if err != nil {
		return err
	}

	random := rand.New(rand.NewPCG(seed, 0))
	draws := len(samples) / count
	z := make([]float64, len(samples))
	for i := range z {
		z[i] = random.NormFloat64()
	}
	sigma := m.unit * math.Sqrt(m.sigma2)
	ws.Gemm(sigma, linalg.RowMajor(z, draws, count), linalg.RowMajor(root, count, count).T(), 0, linalg.RowMajor(samples, draws, count))
	for i := range draws {
		simd.AddScaled(samples[i*count:(i+1)*count], 1, mean)
	}
	return nil
}

// rootOf is the lower triangular root of a covariance, zeros above it, with as
// little added to the diagonal as it takes: conditional covariances are singular
// at the observations.
func rootOf(ws *linalg.Workspace, covariance []float64, n int) ([]float64, error) {
	root := make([]float64, n*n)
	for jitter := leastNugget; ; jitter *= 10 {
		for i := range n {
			row := root[i*n : (i+1)*n]
			copy(row, covariance[i*n:i*n+i+1])
			clear(row[i+1:])
			row[i] += jitter
		}
		_, err := ws.Cholesky(linalg.RowMajor(root, n, n))
		if err == nil {
			return root, nil
		}
		if !(jitter < 1e-3) {
			return nil, fmt.Errorf("surrogate: the covariance of the points has no root: %w", err)
		}
	}
}
