package surrogate

import (
	"math"
	"testing"
	"time"
)

func TestTmp3(t *testing.T) {
	pi := math.Pi
	for _, n := range []int{128, 200, 256, 300, 400, 512} {
		for _, q := range []float64{0.6, 0.75, 1} {
			d := sobolData(t, ishigami, []float64{-pi, -pi, -pi}, []float64{pi, pi, pi}, 64, n)
			t0 := time.Now()
			m := mustFit(t, PolynomialChaos{Q: q}, d).(*PolynomialChaosModel)
			dt := time.Since(t0)
			mean, v, _ := m.Moments(0)
			f, tot, _ := m.Sobol(0)
			t.Logf("%d q%g %v p=%d k=%d err %.2e mean %.6f var %.6f %.6f %.6f", n, q, dt, m.expansions[0].Degree, len(m.expansions[0].C), m.expansions[0].Error, mean, v, f, tot)
		}
	}
	d := braninA(t)
	for _, q := range []float64{0.5, 0.75, 1} {
		m := mustFit(t, PolynomialChaos{Q: q}, d).(*PolynomialChaosModel)
		t.Logf("branin %g %g  p=%d k=%d err %.2e", q, braninError(t, m), m.expansions[0].Degree, len(m.expansions[0].C), m.expansions[0].Error)
	}
	t.Logf("%g", braninError(t, mustFit(t, Polynomial{Degree: 2}, d)))
	t.Logf("%g", braninError(t, mustFit(t, Polynomial{Degree: 8}, d)))
}
