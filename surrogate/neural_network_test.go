package surrogate

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNeuralNetworkBranin(t *testing.T) {
	data := setA(t)
	m := mustFit(t, NeuralNetwork{}, data)
	assert.Less(t, gridRMSE(t, m, branin, data), 0.8)
	x := uniformPoints(1, 20, data.Lower, data.Upper)
	require.Equal(t, predict(t, m, x), predict(t, mustFit(t, NeuralNetwork{}, data), x))
	require.NotEqual(t, predict(t, m, x), predict(t, mustFit(t, NeuralNetwork{Seed: 1}, data), x))
	assert.Less(t, gridRMSE(t, mustFit(t, NeuralNetwork{Hidden: []int{48, 32}, Starts: 1, Iterations: 500}, data), branin, data), 1.5) // by L-BFGS
}

// The gradient of the objective over several blocks, the last not full, for two
// outputs.
func TestNeuralNetworkObjective(t *testing.T) {
	data := uniformData(branin, 1, 1200, []float64{-5, 0}, []float64{10, 15})
	data.Outputs = 2
	data.X = data.X[:1200]
	s := NeuralNetwork{Hidden: []int{5, 4}, Decay: 0.01, Starts: 1, Iterations: 1}
	m := mustFit(t, s, data).(*NeuralNetworkModel)
	order := make([]int, 600)
	for i := range order {
		order[i] = i
	}
	data, err := data.check()
	require.NoError(t, err)
	o := m.newObjective(data, order)
	w, g := append([]float64(nil), m.file.W...), make([]float64, len(m.file.W))
	value, err := o.Gradient(t.Context(), w, g)
	require.NoError(t, err)

	// The definition, through the fitted model's own predictions.
	sum := 0.0
	for i, y := range predict(t, m, data.X) {
		e := (y - data.Y[i]) / m.file.Spread[i%2]
		sum += e * e / 1200
	}
	for _, v := range w {
		sum += 0.01 * v * v
	}
	require.InDelta(t, math.Log(sum), value, 1e-10)
	scratch := make([]float64, len(w))
	for k := range w {
		h := 1e-5
		at := func(step float64) float64 {
			v := append([]float64(nil), w...)
			v[k] += step
			f, err := o.Gradient(t.Context(), v, scratch)
			require.NoError(t, err)
			return f
		}
		require.InDelta(t, (at(h)-at(-h))/(2*h), g[k], 1e-7)
	}
}

// With noise, holding rows out keeps a large network from following it.
func TestNeuralNetworkValidation(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	truth := func(x []float64) float64 { return math.Sin(4 * x[0]) }
	noisy := func(x []float64) float64 { return truth(x) + 0.3*rng.NormFloat64() }
	lower, upper := []float64{0}, []float64{1}
	data := uniformData(noisy, 1, 60, lower, upper)
	x := uniformPoints(2, 500, lower, upper)
	free := predict(t, mustFit(t, NeuralNetwork{Decay: 1e-9}, data), x)
	held := predict(t, mustFit(t, NeuralNetwork{Decay: 1e-9, Validation: 0.25}, data), x)
	require.Less(t, rootMeanSquare(held, values(truth, x, 1)), 0.6*rootMeanSquare(free, values(truth, x, 1)))
	_, err := NeuralNetwork{Validation: 0.01}.Fit(t.Context(), data.rows(0, 10))
	require.ErrorIs(t, err, ErrData)
}

// rows are those of the data from first to last.
func (d Data) rows(first, last int) Data {
	m := max(d.Outputs, 1)
	d.X, d.Y = d.X[first*d.Inputs:last*d.Inputs], d.Y[first*m:last*m]
	return d
}

// More inputs than a multi-index counts.
func TestNeuralNetworkManyInputs(t *testing.T) {
	d := 19
	lower, upper := make([]float64, d), make([]float64, d)
	for j := range upper {
		upper[j] = float64(j + 1)
	}
	f := func(x []float64) float64 {
		sum := 0.0
		for j, v := range x {
			sum += float64(j%5) * v / float64(j+1)
		}
		return sum
	}
	data := uniformData(f, 1, 100, lower, upper)
	m := mustFit(t, NeuralNetwork{Hidden: []int{3}, Starts: 1}, data)
	x := uniformPoints(2, 3, lower, upper)
	g := make([]float64, 3*d)
	require.NoError(t, m.(Gradient).PredictGradient(x, g))
	for i := range g {
		at := func(step float64) float64 {
			v := append([]float64(nil), x...)
			v[i] += step
			return predict(t, m, v)[i/d]
		}
		require.InDelta(t, (at(1e-4)-at(-1e-4))/2e-4, g[i], 1e-6)
	}
}

func TestNeuralNetworkStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := NeuralNetwork{}.Fit(ctx, setA(t))
	require.ErrorIs(t, err, context.Canceled)
}

// The weights kept are those of the least error on the rows held out: training on
// does not make it worse.
func TestNeuralNetworkKeepsTheBest(t *testing.T) {
	data, err := uniformData(func(x []float64) float64 { return math.Sin(40*x[0]) + x[0] }, 1, 40, []float64{0}, []float64{1}).check()
	require.NoError(t, err)
	m := mustFit(t, NeuralNetwork{Decay: 1e-9, Starts: 1, Iterations: 1}, data).(*NeuralNetworkModel)
	order := rand.New(rand.NewPCG(3, 0)).Perm(40)
	last := math.Inf(1)
	for _, iterations := range []int{5, 20, 60, 120, 180} {
		check := m.newObjective(data, order[:10])
		w, value, err := descend(t.Context(), m.newObjective(data, order[10:]), check, m.file.W, iterations)
		require.NoError(t, err)
		again, err := check.value(t.Context(), w)
		require.NoError(t, err)
		require.Equal(t, value, again)
		require.LessOrEqual(t, value, last)
		last = value
	}
}
