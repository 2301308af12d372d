package surrogate

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/integrate/quad"
)

// The products are orthonormal: a Gauss rule on every axis is exact for them.
func TestPolynomialsAreOrthonormal(t *testing.T) {
	indices, err := multiIndices(2, 7, 1, 1000)
	require.NoError(t, err)
	p := newPolynomials(2, indices)
	nodes, weights := make([]float64, 8), make([]float64, 8)
	quad.Legendre{}.FixedLocations(nodes, weights, -1, 1)
	n := len(indices)
	gram, f, table := make([]float64, n*n), make([]float64, n), p.newTable()
	for i, u := range nodes {
		for j, v := range nodes {
			p.fill(table, []float64{u, v})
			p.at(table, f)
			for k := range f {
				for l := range f {
					gram[k*n+l] += weights[i] * weights[j] / 4 * f[k] * f[l]
				}
			}
		}
	}
	for k := range n {
		gram[k*(n+1)]--
	}
	require.InDeltaSlice(t, make([]float64, n*n), gram, 1e-13)
}

func TestPolynomialGradient(t *testing.T) {
	indices, err := multiIndices(3, 5, 1, 1000)
	require.NoError(t, err)
	p := newPolynomials(3, indices)
	table, f, g := p.newTable(), make([]float64, len(indices)), make([]float64, len(indices))
	factor, u, h := []float64{2, 3, 0.5}, []float64{0.3, -0.7, 0.9}, 1e-6
	for j := range u {
		at := func(step float64, to []float64) {
			v := append([]float64(nil), u...)
			v[j] += step * factor[j]
			p.fill(table, v)
			p.at(table, to)
		}
		at(h, f)
		at(-h, g)
		p.fill(table, u)
		for i := range indices {
			gradient := make([]float64, 3)
			p.gradient(table, i, 1.5, factor, gradient)
			require.InDelta(t, 1.5*(f[i]-g[i])/(2*h), gradient[j], 1e-6)
		}
	}
}

func TestMultiIndices(t *testing.T) {
	list, err := multiIndices(2, 2, 1, 100)
	require.NoError(t, err)
	require.Equal(t, [][]int{{0, 0}, {1, 0}, {0, 1}, {2, 0}, {1, 1}, {0, 2}}, list)
	for d := 1; d < 6; d++ {
		for p := range 6 {
			list, err := multiIndices(d, p, 1, 1000)
			require.NoError(t, err)
			require.Len(t, list, int(binomial(d+p, p)))
		}
	}
	// At q = 1/2 and degree 4 mixed terms have (√a + √b)² <= 4: (1, 1) alone.
	list, err = multiIndices(2, 4, 0.5, 100)
	require.NoError(t, err)
	require.Equal(t, [][]int{{0, 0}, {1, 0}, {0, 1}, {2, 0}, {1, 1}, {0, 2}, {3, 0}, {0, 3}, {4, 0}, {0, 4}}, list)
	_, err = multiIndices(100, 10, 1, 1000)
	require.ErrorIs(t, err, errTooMany)
	require.Equal(t, math.Round(4.6897636623981e+13), binomial(110, 10))
}
