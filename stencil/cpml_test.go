package stencil

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// A source five cells from a layer, and receivers along the layer 1.5, 5 and 10
// wavelengths from it, against a domain so large that nothing comes back: the wave
// that grazes the layer suffers with the distance, less if the layer knows its
// frequency.
func TestLayerTakesGrazingWaves(t *testing.T) {
	const f = 0.05 // 20 points a wavelength
	record := func(extra int, frequency float64) [][]float64 {
		nx, ny, e := 260+2*extra, 70+2*extra, float64(extra)
		set := Settings{
			Grid: Grid{nx, ny, float64(nx - 1), float64(ny - 1)}, Order: 4, CFL: 0.6,
			Sources: []Source{{X: 30 + e, Y: 25 + e, Signal: Ricker(f, 0)}},
		}
		for _, x := range []float64{60, 130, 230} {
			set.Receivers = append(set.Receivers, Receiver{X: x + e, Y: 25 + e})
		}
		if extra == 0 {
			for _, side := range set.sides() {
				*side = Side{Kind: CPML, Frequency: frequency}
			}
		}
		s, err := New(set)
		require.NoError(t, err)
		advance(t, s, int(300/s.Dt()))
		return s.traces
	}
	want := record(160, 0)
	wrong := func(frequency float64) (share [3]float64) { // of the height of the wave
		for k, trace := range record(0, frequency) {
			worst, height := 0.0, 0.0
			for n, v := range trace {
				worst, height = max(worst, math.Abs(v-want[k][n])), max(height, math.Abs(want[k][n]))
			}
			share[k] = worst / height
		}
		return share
	}
	broad, narrow := wrong(0), wrong(f)
	for k, bound := range [3]float64{1e-5, 4e-4, 0.016} {
		require.Less(t, broad[k], bound, "receiver %d", k)
		require.Less(t, narrow[k], broad[k])
	}
	require.Less(t, narrow[2], 0.9*broad[2])
	require.Less(t, broad[2], 0.99*wrong(1e-9)[2]) // as good as none
}
