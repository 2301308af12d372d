package surrogate

import (
	"testing"
)

func TestTmp(t *testing.T) {
	d := braninA(t)
	for _, p := range []float64{1, 2, 4} {
		t.Logf("%v %.8f", p, braninError(t, mustFit(t, InverseDistance{P: p}, d)))
	}
	for _, sc := range []bool{false, true} {
		m := mustFit(t, Lobachevsky{Alpha: []float64{2.8}, N: 8, Scale: sc}, d)
		t.Logf("%.8f %g", braninError(t, m), m.(*LobachevskyModel).Nugget())
		m = mustFit(t, Lobachevsky{Scale: sc}, d)
		t.Logf("default %.8f %g", braninError(t, m), m.(*LobachevskyModel).Nugget())
	}
}
