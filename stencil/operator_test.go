package stencil

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The weights as published: Levander (1988) for order 4, Fornberg and Ghrist
// (1999) for the others.
func TestWeights(t *testing.T) {
	for order, want := range map[int][]float64{
		2: {1},
		4: {9. / 8, -1. / 24},
		6: {75. / 64, -25. / 384, 3. / 640},
		8: {1225. / 1024, -245. / 3072, 49. / 5120, -5. / 7168},
	} {
		w, err := Weights(order)
		require.NoError(t, err)
		require.InDeltaSlice(t, want, w, 2e-16)
	}
	for _, order := range []int{-2, 0, 1, 3, 10} {
		_, err := Weights(order)
		require.ErrorIs(t, err, ErrSettings)
	}
	require.Error(t, checkOrder([]float64{1.1, -0.04}, 1))
}
