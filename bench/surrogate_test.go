package bench

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSurrogate(t *testing.T) {
	small := tiny
	small.rows, small.naiveRows, small.predictions = 24, 12, 200
	r, err := surrogates(context.Background(), Settings{Threads: 2, Quick: true}, small)
	require.NoError(t, err)
	found := map[string]bool{}
	for _, v := range r.Results {
		require.True(t, v.Value > 0 && !math.IsInf(v.Value, 0), "%+v", v)
		if v.Naive != "" {
			require.True(t, v.OverNaive > 0 && !math.IsInf(v.OverNaive, 0), "%+v", v)
		}
		found[v.Group+" "+v.Name] = v.Naive != ""
	}
	require.Equal(t, map[string]bool{
		"fit Branin, n = 24": false, "fit Branin, n = 12": true, "fit central differences, Branin, n = 12": false,
		"fit borehole, n = 24": false, "fit borehole, n = 12": true, "fit central differences, borehole, n = 12": false,
		"predict mean": true, "predict mean, a call a point": false,
		"predict mean and variance": true, "predict mean and variance, a call a point": false,
	}, found)
}

// What fits are measured on are the functions they are said to be.
func TestFitFunctions(t *testing.T) {
	for _, x := range [][]float64{{-math.Pi, 12.275}, {math.Pi, 2.275}, {9.42478, 2.475}} {
		require.InDelta(t, 0.39788735772973816, braninFunction(x), 1e-8)
	}
	// At the centre of its box.
	x := fitFunctions()[1].lower
	centre := make([]float64, len(x))
	for l := range x {
		centre[l] = (x[l] + fitFunctions()[1].upper[l]) / 2
	}
	require.InDelta(t, 69.6, boreholeFunction(centre), 2)
}
