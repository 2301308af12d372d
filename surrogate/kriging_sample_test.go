package surrogate

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Mean and covariance of many samples are those of the process; the covariance
// of two points is seen in the variance of the sum.
func TestKrigingSampleMoments(t *testing.T) {
	data := threeInputs(15)
	for name, s := range krigingCases {
		t.Run(name, func(t *testing.T) {
			m := fitKriging(t, s, data)
			x := threeInputs(100).X[3*90:]
			copy(x[:3], data.X[:3]) // an observation: no spread but a nugget's
			const points, count = 10, 20000
			samples, again := make([]float64, points*count), make([]float64, points*count)
			require.NoError(t, m.Sample(x, samples, 7))
			require.NoError(t, m.Sample(x, again, 7))
			require.Equal(t, samples, again)
			mean, variance := make([]float64, points), make([]float64, points)
			require.NoError(t, m.PredictVariance(x, mean, variance))
			for i := range points {
				sum, square := 0.0, 0.0
				for k := range count {
					e := samples[k*points+i] - mean[i]
					sum, square = sum+e, square+e*e
				}
				sd := math.Sqrt(variance[i])
				assert.InDelta(t, 0, sum/count, 4.5*sd/math.Sqrt(count)+1e-4)
				assert.InDelta(t, variance[i], square/count, 4.5*variance[i]*math.Sqrt(2./count)+1e-8)
			}
			// Conditioning on the observation at x_8 as well leaves of the variance of
			// x_9 what a regression of the samples on each other leaves.
			appended, err := m.Append(x[24:27], mean[8:9])
			require.NoError(t, err)
			var y, v [1]float64
			require.NoError(t, appended.(Variance).PredictVariance(x[27:], y[:], v[:]))
			h, g := m.Hyperparameters(), appended.(*KrigingModel).Hyperparameters()
			v[0] *= h.Sigma2 / g.Sigma2
			c88, c89, c99 := 0.0, 0.0, 0.0
			for k := range count {
				a, b := samples[k*points+8]-mean[8], samples[k*points+9]-mean[9]
				c88, c89, c99 = c88+a*a/count, c89+a*b/count, c99+b*b/count
			}
			left := c99 - c89*c89/(c88+h.Sigma2*h.Nugget)
			assert.InDelta(t, v[0], left, 0.05*variance[9]+1e-8)
		})
	}
}
