package surrogate

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
	LogLikelihood float64   `json:"log_likelihood"` // 0 where σ² is
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
