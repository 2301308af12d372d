package surrogate

import (
	"github.com/seed-0772dd2d/ritz/internal/linalg"
)

var _ LeaveOneOut = (*KrigingModel)(nil)

// looParts returns Qy and the diagonal of
//
//	Q = R⁻¹ - R⁻¹F (FᵀR⁻¹F)⁻¹ FᵀR⁻¹,
//
// from which the error of the prediction of y_i from the others follows as
// [Qy]_i/Q_ii, its variance as σ²/Q_ii (Dubrule, Cross validation of Kriging in a
// unique neighborhood, Math. Geol. 15, 1983). Qy is γ.
func (m *KrigingModel) looParts() (qy, diagonal []float64) {
	n, q := len(m.obs.y), m.trend.terms
	ws := linalg.NewWorkspace(m.spec.Threads)
	inverse := linalg.RowMajor(make([]float64, n*n), n, n)
	m.factor.Inverse(ws, inverse)
	diagonal = make([]float64, n)
	for i := range diagonal {
		diagonal[i] = inverse.Data[i*n+i]
	}
	k := append([]float64(nil), m.whitened...)
	for j := range q {
		row := k[j*n : (j+1)*n]
		m.factor.SolveLTVec(row)
		for i, v := range row {
			diagonal[i] -= v * v
		}
	}
	return m.gamma, diagonal
}

// sigma2LeaveOneOut is σ² of the leave-one-out criterion, the mean of [Qy]_i²/Q_ii.
func (m *KrigingModel) sigma2LeaveOneOut() float64 {
	qy, diagonal := m.looParts()
	s := 0.0
	for i, v := range qy {
		s += v * v / diagonal[i]
	}
	return s / float64(len(qy))
}

// LeaveOneOut returns what the model would predict at each observation, had it
// the others only and the same hyperparameters, trend aside, which is estimated
// from the others; and the variance of the error, noise in the observation
// included. An observation whose point was observed more than once is predicted
// by the mean of its duplicates, where these were merged, with variance 0.
func (m *KrigingModel) LeaveOneOut() (mean, variance []float64) {
	qy, diagonal := m.looParts()
	mean, variance = make([]float64, len(m.group)), make([]float64, len(m.group))
	count := make([]float64, len(qy))
	for _, g := range m.group {
		count[g]++
	}
	for i, g := range m.group {
		if c := count[g]; c > 1 {
			y := m.shift + m.unit*m.obs.y[g]
			mean[i] = y + (y-m.all.y[i])/(c-1)
			continue
		}
		mean[i] = m.shift + m.unit*(m.obs.y[g]-qy[g]/diagonal[g])
		variance[i] = m.unit * m.unit * m.sigma2 / diagonal[g]
	}
	return mean, variance
}
