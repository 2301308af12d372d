package surrogate

import "context"

// search finds the hyperparameters that are not given.
func (m *KrigingModel) search(ctx context.Context) error {
	if m.theta == nil {
		m.theta = make([]float64, m.inputs())
		for l := range m.theta {
			m.theta[l] = m.corr.thetaOf(0.3*m.trend.width[l], l)
		}
	}
	return ctx.Err()
}
