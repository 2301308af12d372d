package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/figure"
)

// On a coarse grid a few iterations bring the misfit down and the lens out, and
// each iteration brings the misfit down.
func TestLensAppears(t *testing.T) {
	e, err := newExperiment(41, 4, 24, 4)
	require.NoError(t, err)
	var misfits, errors []float64
	m, err := e.invert(t.Context(), 8, func(iteration int, misfit, wrong float64) {
		require.Equal(t, len(misfits), iteration)
		misfits, errors = append(misfits, misfit), append(errors, wrong)
	})
	require.NoError(t, err)
	require.Len(t, misfits, 9)
	for k := range 8 {
		require.Less(t, misfits[k+1], misfits[k])
	}
	require.Less(t, misfits[8], 1e-3*misfits[0], "%v", misfits)
	require.InDelta(t, 1, errors[0], 1e-15)
	require.Less(t, errors[8], 0.2, "%v", errors)
	require.Less(t, e.wrong(m), 0.2)
	var picture bytes.Buffer
	require.NoError(t, figure.Write(&picture, "png", 0, 0, e.picture(m)))
}
