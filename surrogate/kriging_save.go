package surrogate

import (
	"encoding/json"
	"fmt"
	"math"
	"runtime"
)

// krigingState is what a model is saved as: the observations and the
// hyperparameters, of which the rest follows.
type krigingState struct {
	Inputs int       `json:"inputs"`
	X      []float64 `json:"x"`
	Y      []float64 `json:"y"`
	Noise  []float64 `json:"noise,omitempty"`
	Lower  []float64 `json:"lower"`
	Upper  []float64 `json:"upper"`

	Correlation string    `json:"correlation"`
	P           []float64 `json:"p,omitempty"`
	Theta       []float64 `json:"theta"`
	Trend       string    `json:"trend"`
	Mean        float64   `json:"mean,omitempty"`
	Criterion   string    `json:"criterion"`

	Nugget     float64 `json:"nugget"`           // as used
	Duplicates bool    `json:"duplicates"`       // are kept, not merged
	Sigma2     float64 `json:"sigma2,omitempty"` // where there is noise
}

// MarshalJSON encodes the model: the numbers decode to the same bits. A trend of
// its own basis, a function, cannot be saved.
func (m *KrigingModel) MarshalJSON() ([]byte, error) {
	if m.trend.name == "own" {
		return nil, fmt.Errorf("%w: a trend with a basis of its own is a function and cannot be saved", ErrSettings)
	}
	s := krigingState{
		Inputs: m.inputs(), X: m.all.x, Y: m.all.y, Noise: m.all.noise,
		Lower: m.trend.lower, Upper: m.upper,
		Correlation: m.corr.name, Theta: m.theta,
		Trend: m.trend.name, Mean: m.spec.Mean, Criterion: m.spec.Criterion,
		Nugget: m.nugget, Duplicates: !m.merges(),
	}
	if m.corr.name == "power_exponential" {
		s.P = m.corr.p
	}
	if m.all.noise != nil {
		s.Sigma2 = m.sigma2 * m.unit * m.unit
	}
	return json.Marshal(s)
}

// decodeKriging is the inverse of MarshalJSON.
func decodeKriging(data []byte) (Model, error) {
	var s krigingState
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("%w: Kriging: %w", ErrData, err)
	}
	spec := Kriging{
		Correlation: s.Correlation, P: s.P, Theta: s.Theta,
		Trend: s.Trend, Mean: s.Mean, Criterion: s.Criterion,
		Noise: s.Noise, EstimateNugget: s.Duplicates && s.Noise == nil,
		Threads: runtime.GOMAXPROCS(0),
	}
	m, err := spec.newModel(Data{X: s.X, Y: s.Y, Inputs: s.Inputs, Lower: s.Lower, Upper: s.Upper})
	if err != nil {
		return nil, err
	}
	if m.theta == nil {
		return nil, fmt.Errorf("%w: a saved Kriging model without theta", ErrSettings)
	}
	if !(s.Nugget >= 0) || math.IsInf(s.Nugget, 1) {
		return nil, fmt.Errorf("%w: nugget %g, want at least 0", ErrSettings, s.Nugget)
	}
	m.nugget = s.Nugget
	if s.Noise != nil {
		if !(s.Sigma2 > 0) || math.IsInf(s.Sigma2, 1) {
			return nil, fmt.Errorf("%w: a saved Kriging model with noise has sigma2 = %g, want it above 0", ErrSettings, s.Sigma2)
		}
		m.sigma2 = s.Sigma2 / (m.unit * m.unit)
	}
	if err := m.condition(); err != nil {
		return nil, err
	}
	return m, nil
}
