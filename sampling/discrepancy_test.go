package sampling

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func discrepancy(t testing.TB, k Discrepancy, x []float64, dim int) float64 {
	t.Helper()
	v, err := k.Of(context.Background(), x, dim, 0)
	require.NoError(t, err)
	return v
}

// Values of scipy.stats.qmc.discrepancy.
func TestDiscrepancyAgainstSciPy(t *testing.T) {
	five := make([]float64, 34*5)
	require.NoError(t, sobol(t, 5).Fill(five, 3))
	tests := []struct {
		name string
		x    []float64
		dim  int
		want []float64 // centred, wrap-around, mixture, L2-star
	}{
		{"8 Sobol points", sobol(t, 2).Points(8), 2, []float64{0.013882107204860938, 0.011406792534722321, 0.01587761773003349, 0.10465380884067768}},
		{"34 Sobol points from 3 on", five, 5, []float64{0.00982576471357155, 0.02521537572358401, 0.04325555673778858, 0.01964435565425541}},
		{"100 Halton points", halton(t, 12).Points(100), 12, []float64{0.1263042231590905, 0.6539920469692895, 4.131994089382772, 0.013100092465604568}},
	}
	for _, test := range tests {
		for i, k := range Discrepancies() {
			assert.InEpsilon(t, test.want[i], discrepancy(t, k, test.x, test.dim), 1e-12, "%s: %s", test.name, k)
		}
	}
	assert.InDelta(t, 0.088893711419753, discrepancy(t, Centred, halton(t, 2).Points(5), 2), 1e-15)
}

// The L2-star discrepancy of the single point (1,...,1): no box holds it, so
// that the mean square of the volume remains, 3^-d.
func TestDiscrepancyOfCorner(t *testing.T) {
	for d := 1; d <= 10; d++ {
		x := make([]float64, d)
		for j := range x {
			x[j] = 1
		}
		assert.InEpsilon(t, math.Sqrt(math.Pow(3, -float64(d))), discrepancy(t, L2Star, x, d), 1e-14)
	}
}

// Against the definition of the L2-star discrepancy by a fine midpoint rule.
func TestDiscrepancyByIntegration(t *testing.T) {
	x := Uniform{Dim: 2, Seed: 3}
	p, err := x.Points(7)
	require.NoError(t, err)
	const n = 2000
	sum := 0.
	for a := range n {
		for b := range n {
			u, v := (float64(a)+0.5)/n, (float64(b)+0.5)/n
			inside := 0.
			for i := 0; i < len(p); i += 2 {
				if p[i] < u && p[i+1] < v {
					inside++
				}
			}
			e := inside/7 - u*v
			sum += e * e / n / n
		}
	}
	assert.InEpsilon(t, math.Sqrt(sum), discrepancy(t, L2Star, p, 2), 1e-3)
}

func TestDiscrepancyThreads(t *testing.T) {
	x, err := Uniform{Dim: 3, Seed: 1}.Points(300)
	require.NoError(t, err)
	for _, k := range Discrepancies() {
		one, err := k.Of(context.Background(), x, 3, 1)
		require.NoError(t, err)
		many, err := k.Of(context.Background(), x, 3, 7)
		require.NoError(t, err)
		assert.Equal(t, one, many, k)
	}
}

func TestDiscrepancyErrors(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	_, err := Centred.Of(ctx, []float64{0.5, 1.5}, 1, 0)
	assert.ErrorContains(t, err, "coordinate 0 of point 1 is 1.5, outside [0, 1]")
	_, err = Centred.Of(ctx, []float64{0.5, math.NaN()}, 2, 0)
	assert.ErrorContains(t, err, "coordinate 1 of point 0 is NaN")
	_, err = Centred.Of(ctx, nil, 2, 0)
	assert.ErrorContains(t, err, "no points")
	_, err = Centred.Of(ctx, make([]float64, 3), 2, 0)
	assert.ErrorContains(t, err, "whole number")
	_, err = Discrepancy("star").Of(ctx, []float64{0}, 1, 0)
	assert.ErrorContains(t, err, `"star" is none of ["centred"`)
	cancel()
	_, err = Centred.Of(ctx, []float64{0.5}, 1, 0)
	assert.ErrorIs(t, err, context.Canceled)
	_, err = MinDistance(ctx, []float64{0.5}, 1, 0)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestMinDistance(t *testing.T) {
	ctx := context.Background()
	d, err := MinDistance(ctx, []float64{0, 0, 3, 4, 3, 3.5}, 2, 0)
	require.NoError(t, err)
	assert.Equal(t, 0.5, d)
	d, err = MinDistance(ctx, []float64{0, 0}, 2, 0)
	require.NoError(t, err)
	assert.Equal(t, math.Inf(1), d)
}
