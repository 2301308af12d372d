package surrogate

import (
	"testing"
	"time"
)

func TestTmp5(t *testing.T) {
	d := braninA(t)
	for _, s := range []NeuralNetwork{{}, {Seed: 1}, {Seed: 2}, {Validation: 0.15}, {Hidden: []int{64, 64}, Starts: 1}, {Decay: 1e-8}, {Hidden: []int{40}}} {
		t0 := time.Now()
		m := mustFit(t, s, d)
		t.Logf("%v %g %v", s, braninError(t, m), time.Since(t0))
	}
}
