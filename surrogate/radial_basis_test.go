package surrogate

import (
	"testing"
	"time"
)

func TestTmp4(t *testing.T) {
	d := braninA(t)
	for k := range radialKernels {
		t0 := time.Now()
		m := mustFit(t, RadialBasis{Kernel: k}, d).(*RadialBasisModel)
		mean, _ := m.LeaveOneOut()
		t.Logf("%s %g %v loo %g shape %g nugget %g", k, braninError(t, m), time.Since(t0), rootMeanSquare(mean, d.Y), m.Shape(), m.Nugget())
	}
}
