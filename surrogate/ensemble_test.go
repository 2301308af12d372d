package surrogate

import (
	"testing"
	"time"
)

func TestTmp6(t *testing.T) {
	d := braninA(t)
	for _, s := range []Ensemble{{}, {Weights: "goel"}, {Weights: "equal"}, {Members: []Spec{RadialBasis{}, InverseDistance{}, Polynomial{}, Polynomial{Degree: 4}}}} {
		t0 := time.Now()
		m := mustFit(t, s, d)
		_, w := m.(*EnsembleModel).Members()
		t.Logf("%v %g %v %v", s.Weights, braninError(t, m), time.Since(t0), w)
	}
}
