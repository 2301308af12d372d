package surrogate

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rowsOf is rows from to up to to of d.
func rowsOf(d Data, from, to int) Data {
	d.X, d.Y = d.X[from*d.Inputs:to*d.Inputs], d.Y[from:to]
	return d
}

// without is d without row i.
func without(d Data, i int) Data {
	d.X = append(append([]float64(nil), d.X[:i*d.Inputs]...), d.X[(i+1)*d.Inputs:]...)
	d.Y = append(append([]float64(nil), d.Y[:i]...), d.Y[i+1:]...)
	return d
}

// requireSame compares everything that two models of three inputs say.
func requireSame(t *testing.T, want, got Model, tolerance float64) {
	t.Helper()
	const n = 20
	x := threeInputs(100).X[3*80:]
	var values [2][4][]float64
	for k, m := range []Model{want, got} {
		v := &values[k]
		*v = [4][]float64{make([]float64, n), make([]float64, n), make([]float64, 3*n), make([]float64, 3*n)}
		require.NoError(t, m.(*KrigingModel).Posterior(x, v[0], v[1], v[2], v[3]))
	}
	for i := range values[0] {
		require.InDeltaSlice(t, values[0][i], values[1][i], tolerance)
	}
	a, b := want.(*KrigingModel).Hyperparameters(), got.(*KrigingModel).Hyperparameters()
	require.InEpsilon(t, a.Sigma2, b.Sigma2, tolerance)
	require.InEpsilon(t, a.LogLikelihood, b.LogLikelihood, tolerance)
	require.Equal(t, a.Nugget, b.Nugget)
	first, _ := want.(LeaveOneOut).LeaveOneOut()
	second, _ := got.(LeaveOneOut).LeaveOneOut()
	require.InDeltaSlice(t, first, second, tolerance)
}

func TestKrigingAppendIsRefit(t *testing.T) {
	data := threeInputs(40)
	for name, s := range krigingCases {
		t.Run(name, func(t *testing.T) {
			want := fitKriging(t, s, data)
			start := fitKriging(t, s, rowsOf(data, 0, 25))
			before := start.Hyperparameters()
			var m Model = start
			for i := 25; i < 40; i += 5 {
				part := rowsOf(data, i, i+5)
				var err error
				m, err = m.(Appender).Append(part.X, part.Y)
				require.NoError(t, err)
			}
			requireSame(t, want, m, 1e-8)
			assert.Equal(t, before, start.Hyperparameters(), "the model itself stays as it is")
		})
	}
}

func TestKrigingAppendDuplicates(t *testing.T) {
	data := threeInputs(20)
	more := Data{X: append(append([]float64(nil), data.X[:6]...), 0.1, 0.2, 1.3), Y: []float64{data.Y[0] + 1, data.Y[1] - 1, 4}}
	all := data
	all.X, all.Y = append(append([]float64(nil), data.X...), more.X...), append(append([]float64(nil), data.Y...), more.Y...)
	for _, s := range []Kriging{{Theta: []float64{0.5}}, {Theta: []float64{0.5}, Nugget: 1e-3}} {
		m, err := fitKriging(t, s, data).Append(more.X, more.Y)
		require.NoError(t, err)
		requireSame(t, fitKriging(t, s, all), m, 1e-7)
	}
}

// A point at rounding distance from another needs a nugget, appended or not.
func TestKrigingNearDuplicates(t *testing.T) {
	data := threeInputs(20)
	near := append([]float64(nil), data.X[:3]...)
	near[0] += 1e-15
	s := Kriging{Theta: []float64{0.5}}
	first := fitKriging(t, s, data)
	require.Zero(t, first.Hyperparameters().Nugget)
	m, err := first.Append(near, data.Y[:1])
	require.NoError(t, err)
	nugget := m.(*KrigingModel).Hyperparameters().Nugget
	assert.Positive(t, nugget)
	assert.Less(t, nugget, 1e-10)
	y := make([]float64, 20)
	require.NoError(t, m.Predict(data.X, y))
	assert.InDeltaSlice(t, data.Y, y, 1e-6)

	data.X, data.Y = append(data.X, near...), append(data.Y, data.Y[0])
	fitted := fitKriging(t, Kriging{}, data)
	require.NoError(t, fitted.Predict(data.X[:60], y))
	assert.InDeltaSlice(t, data.Y[:20], y, 1e-4)
}

func TestKrigingAppendNoisy(t *testing.T) {
	data := threeInputs(40)
	noise := make([]float64, 40)
	for i := range noise {
		noise[i] = 0.01 * float64(1+i%3)
	}
	m := fitKriging(t, Kriging{Noise: noise[:30]}, rowsOf(data, 0, 30))
	h := m.Hyperparameters()
	part := rowsOf(data, 30, 40)
	got, err := m.AppendNoisy(part.X, part.Y, noise[30:])
	require.NoError(t, err)
	assert.InEpsilon(t, h.Sigma2, got.(*KrigingModel).Hyperparameters().Sigma2, 1e-14)

	want, err := Kriging{Theta: h.Theta, Noise: noise}.newModel(data)
	require.NoError(t, err)
	want.sigma2 = h.Sigma2 / (want.unit * want.unit)
	require.NoError(t, want.condition())
	requireSame(t, want, got, 1e-8)

	_, err = m.Append(part.X, part.Y) // of mean noise
	require.NoError(t, err)
	_, err = m.AppendNoisy(part.X, part.Y, nil)
	assert.ErrorIs(t, err, ErrShape)
	_, err = m.AppendNoisy(part.X, part.Y, constant(-1, 10))
	assert.ErrorIs(t, err, ErrData)
}

// The closed formula is what fitting to the others gives.
func TestKrigingLeaveOneOutIsRefit(t *testing.T) {
	data := threeInputs(30)
	for name, s := range krigingCases {
		t.Run(name, func(t *testing.T) {
			m := fitKriging(t, s, data)
			h := m.Hyperparameters()
			mean, variance := m.LeaveOneOut()
			for i := range data.Y {
				other := fitKriging(t, s, without(data, i))
				var y, v [1]float64
				require.NoError(t, other.PredictVariance(data.X[3*i:3*i+3], y[:], v[:]))
				assert.InDelta(t, y[0], mean[i], 1e-8*(1+math.Abs(y[0])), "row %d", i)
				// With σ² of all observations, and with the noise of the one left out.
				want := v[0]*h.Sigma2/other.Hyperparameters().Sigma2 + h.Sigma2*h.Nugget
				assert.InEpsilon(t, want, variance[i], 1e-7, "row %d", i)
			}
		})
	}
}

func TestKrigingLeaveOneOutOfDuplicates(t *testing.T) {
	data := threeInputs(20)
	data.X = append(data.X, data.X[3:6]...)
	data.Y = append(data.Y, data.Y[1]+1)
	m := fitKriging(t, Kriging{Theta: []float64{0.5}}, data)
	var at [1]float64
	require.NoError(t, m.Predict(data.X[3:6], at[:]))
	assert.InDelta(t, data.Y[1]+0.5, at[0], 1e-9, "the mean of the two")
	mean, variance := m.LeaveOneOut()
	require.Len(t, mean, 21)
	assert.InDelta(t, data.Y[20], mean[1], 1e-9, "the other one")
	assert.InDelta(t, data.Y[1], mean[20], 1e-9)
	assert.Zero(t, variance[1])
	assert.Positive(t, variance[0])
}
