package job

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A jump 0.2 cells beyond the point i = 3 leaves 7/10 of its cell before it: the
// means of ρ and of 1/κ have that share. No place lies off the grid, where these
// expressions have no value.
func TestMediumOfCells(t *testing.T) {
	const grid = waveHead + "grid: {n: [9, 8], length: [4, 3]}\nsteps: 1\n"
	for _, medium := range []string{
		"{density: 'if(x < 1.6, 1, 7) + 0*sqrt(x*(4 - x)*y*(3 - y))', bulk_modulus: 'if(x < 1.6, 2, 28)', average: 10}",
		"{density: 'if(x < 1.6, 1, 7)', speed: 'if(x < 1.6, sqrt(2), 2)', average: 10}",
	} {
		m := prepared(t, grid+"medium: "+medium+"\n").settings.Medium
		require.Len(t, m.Densities, 72)
		for k, rho := range m.Densities {
			switch i := k % 9; {
			case i < 3:
				assert.InDeltaSlice(t, []float64{1, 2}, []float64{rho, m.BulkModuli[k]}, 1e-12)
			case i == 3:
				assert.InDeltaSlice(t, []float64{0.7 + 0.3*7, 1 / (0.7/2 + 0.3/28)}, []float64{rho, m.BulkModuli[k]}, 1e-12)
			default:
				assert.InDeltaSlice(t, []float64{7, 28}, []float64{rho, m.BulkModuli[k]}, 1e-12)
			}
		}
	}
	m := prepared(t, grid+"medium: {density: 3, speed: 2, average: 4}\n").settings.Medium
	assert.InDeltaSlice(t, []float64{3, 12}, []float64{m.Density, m.BulkModulus}, 1e-12)
	assert.Nil(t, m.Densities)
	assert.Nil(t, m.BulkModuli)
	// With one place, that of the point.
	m = prepared(t, grid+"medium: {density: 'if(x < 1.6, 1, 7)'}\n").settings.Medium
	assert.Equal(t, []float64{1, 1, 1, 1, 7, 7, 7, 7, 7}, m.Densities[:9])
	for text, want := range map[string]string{"0": "medium.average: expected a whole number of at least 1, got 0", "65": "medium.average: expected at most 64 samples each way, got 65"} {
		_, err := decode("a.yaml", grid+"medium: {average: "+text+"}\n", nil)
		assert.ErrorContains(t, err, want)
	}
}
