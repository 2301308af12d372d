package sampling

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"
)

func TestTransform(t *testing.T) {
	inputs := []Quantiler{distuv.Normal{Mu: 1, Sigma: 2}, distuv.Uniform{Min: -1, Max: 3}, distuv.NewTriangle(0, 1, 1, nil), distuv.LogNormal{Mu: 0, Sigma: 1}}
	x := scrambled(t, 4, Owen, 1).Points(4096)
	require.NoError(t, Transform(x, inputs))
	var mean, square [4]float64
	for i, v := range x {
		mean[i%4] += v / 4096
		square[i%4] += v * v / 4096
	}
	assert.InDelta(t, 1, mean[0], 1e-3)
	assert.InDelta(t, 4, square[0]-mean[0]*mean[0], 2e-2)
	assert.InDelta(t, 1, mean[1], 1e-3)
	assert.InDelta(t, 2./3, mean[2], 1e-4)
	assert.InDelta(t, math.Exp(0.5), mean[3], 1e-2)

	err := Transform([]float64{0.5, 0}, []Quantiler{distuv.UnitNormal})
	assert.ErrorContains(t, err, "point 1: input 0, of distribution distuv.Normal, has no finite quantile of 0: scramble the points")
	assert.ErrorContains(t, Transform([]float64{1.5}, []Quantiler{distuv.UnitNormal}), "outside [0, 1]")
	assert.ErrorContains(t, Transform([]float64{0.5}, []Quantiler{nil}), "input 0 has no distribution")
	assert.ErrorContains(t, Transform([]float64{0.5}, []Quantiler{distuv.UnitNormal, distuv.UnitNormal}), "whole number")
	assert.ErrorContains(t, Transform(nil, nil), "dimension 0")
}
