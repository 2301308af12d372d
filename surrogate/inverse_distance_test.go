package surrogate

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The errors of a published study of Branin's function.
func TestInverseDistancePublished(t *testing.T) {
	data := setA(t)
	for p, want := range map[float64]float64{1: 38.63003672, 2: 21.42285585, 4: 13.18090583} {
		m := mustFit(t, InverseDistance{P: p}, data)
		assert.InDelta(t, want, gridRMSE(t, m, branin, data), 1e-8, "p = %g", p)
		if p == 2 {
			require.Equal(t, predict(t, m, data.X[:6]), predict(t, mustFit(t, InverseDistance{}, data), data.X[:6]))
		}
	}
}

// The definition, term by term.
func TestInverseDistanceDefinition(t *testing.T) {
	for _, s := range []InverseDistance{{P: 1}, {P: 1.7}, {P: 3}, {P: 7}, {P: 2, Scale: true}} {
		data := uniformData(branin, 3, 30, []float64{-5, 0}, []float64{10, 15})
		data.Upper = []float64{10, 30} // another width
		m := mustFit(t, s, data)
		for i, got := range predict(t, m, uniformPoints(4, 20, data.Lower, data.Upper)) {
			x := uniformPoints(4, 20, data.Lower, data.Upper)[2*i:]
			factor := 1.0
			if s.Scale {
				factor = 0.5
			}
			num, den := 0.0, 0.0
			for k, y := range data.Y {
				w := math.Pow(math.Hypot(x[0]-data.X[2*k], factor*(x[1]-data.X[2*k+1])), -s.P)
				num, den = num+w*y, den+w
			}
			require.InEpsilon(t, num/den, got, 1e-12)
		}
	}
}

// With as many neighbours as points nothing is left out; with one, s is the value of
// the nearest.
func TestInverseDistanceNeighbours(t *testing.T) {
	data := setA(t)
	x := uniformPoints(1, 50, data.Lower, data.Upper)
	all := predict(t, mustFit(t, InverseDistance{}, data), x)
	require.InDeltaSlice(t, all, predict(t, mustFit(t, InverseDistance{Neighbours: 80}, data), x), 1e-10)
	require.Equal(t, predict(t, mustFit(t, InverseDistance{Neighbours: 80}, data), x), predict(t, mustFit(t, InverseDistance{Neighbours: 1000}, data), x))
	m := mustFit(t, InverseDistance{Neighbours: 1}, data).(*InverseDistanceModel)
	for i, got := range predict(t, m, x) {
		near := m.tree.nearest(x[2*i:2*i+2], 1, nil)
		require.Equal(t, data.Y[near[0].index], got)
	}
}

// However close to a sample and however far from all, s stays finite, tends to the
// sample's value and to the mean.
func TestInverseDistanceExtremes(t *testing.T) {
	data := Data{X: []float64{0, 0, 1, 0, 0, 2}, Y: []float64{3, 5, 11}, Inputs: 2}
	for _, p := range []float64{1, 2, 3.5, 400} {
		m := mustFit(t, InverseDistance{P: p}, data)
		for _, e := range []float64{1e-150, 1e-200, 1e-320} {
			assert.InDelta(t, 3, predict(t, m, []float64{e, -e})[0], 1e-100)
			assert.InDelta(t, 3, predict(t, m, []float64{0, e})[0], 1e-100)
		}
		g := make([]float64, 2)
		require.NoError(t, m.(Gradient).PredictGradient([]float64{1e-200, 0}, g))
		assert.False(t, math.IsNaN(g[0]) || math.IsInf(g[0], 0))
	}
	assert.InEpsilon(t, 19.0/3, predict(t, mustFit(t, InverseDistance{}, data), []float64{1e200, -1e200})[0], 1e-12)
	tiny := Data{X: []float64{0, 1e-200, 2e-200}, Y: []float64{1, 2, 3}, Inputs: 1, Lower: []float64{0}, Upper: []float64{1}}
	for _, k := range []int{0, 2} {
		m := mustFit(t, InverseDistance{Neighbours: k}, tiny)
		require.Equal(t, tiny.Y, predict(t, m, tiny.X))
		require.InDelta(t, 1.5, predict(t, m, []float64{0.5e-200})[0], 0.1)
	}
}

func TestInverseDistanceIsAMean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, d := rapid.IntRange(1, 40).Draw(t, "n"), rapid.IntRange(1, 4).Draw(t, "d")
		number := rapid.Float64Range(-1e3, 1e3)
		data := Data{X: rapid.SliceOfN(number, n*d, n*d).Draw(t, "x"), Y: rapid.SliceOfN(number, n, n).Draw(t, "y"), Inputs: d}
		spec := InverseDistance{P: rapid.Float64Range(1, 30).Draw(t, "p"), Neighbours: rapid.IntRange(0, n).Draw(t, "k")}
		m, err := spec.Fit(t.Context(), data)
		require.NoError(t, err)
		y := make([]float64, 1)
		require.NoError(t, m.Predict(rapid.SliceOfN(number, d, d).Draw(t, "at"), y))
		least, most := extent(data.Y, 1)
		if len(data.Y) == 1 {
			least[0], most[0] = data.Y[0], data.Y[0]
		}
		require.GreaterOrEqual(t, y[0], least[0]-1e-10)
		require.LessOrEqual(t, y[0], most[0]+1e-10)
	})
}
