package surrogate

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// conformance is what a method claims; the suite below holds it to that, and to
// what all methods have to do.
type conformance struct {
	spec Spec

	interpolates bool // s(x_i) = y_i
	gradient     bool // is a Gradient
	leaveOneOut  bool // its closed leave-one-out is that of fitting again
	inputs       bool // does not change if inputs and their bounds are moved and stretched alike
	outputs      bool // a y + b gives a s + b
	single       bool // has one output only
	saved        bool

	looser float64 // factor on the tolerances, of a matrix that is nearly singular; 0 means 1
}

var methods = map[string]conformance{
	"inverse distance":            {spec: InverseDistance{}, interpolates: true, gradient: true, leaveOneOut: true, outputs: true, saved: true},
	"inverse distance p=1 scaled": {spec: InverseDistance{P: 1, Scale: true}, interpolates: true, gradient: true, leaveOneOut: true, inputs: true, outputs: true, saved: true},
	"inverse distance of 7":       {spec: InverseDistance{P: 3.5, Neighbours: 7}, interpolates: true, gradient: true, leaveOneOut: true, outputs: true, saved: true},
	"lobachevsky":                 {spec: Lobachevsky{Alpha: []float64{0.3, 0.4}}, interpolates: true, gradient: true, leaveOneOut: true, saved: true},
	"lobachevsky scaled":          {spec: Lobachevsky{Scale: true, N: 6, Alpha: []float64{4}}, interpolates: true, gradient: true, leaveOneOut: true, inputs: true, saved: true},
	"lobachevsky narrow":          {spec: Lobachevsky{Scale: true, Alpha: []float64{20}}, interpolates: true, gradient: true, leaveOneOut: true, inputs: true, saved: true},
	"linear":                      {spec: RadialBasis{Kernel: "linear"}, interpolates: true, gradient: true, leaveOneOut: true, inputs: true, outputs: true, saved: true},
	"cubic":                       {spec: RadialBasis{}, interpolates: true, gradient: true, leaveOneOut: true, inputs: true, outputs: true, saved: true},
	"cubic quadratic":             {spec: RadialBasis{Tail: "quadratic"}, interpolates: true, gradient: true, leaveOneOut: true, inputs: true, outputs: true, saved: true},
	"cubic smoothing":             {spec: RadialBasis{Smoothing: 0.01}, gradient: true, leaveOneOut: true, inputs: true, outputs: true, saved: true},
	"thin plate":                  {spec: RadialBasis{Kernel: "thin_plate"}, interpolates: true, gradient: true, leaveOneOut: true, inputs: true, outputs: true, saved: true},
	"multiquadric":                {spec: RadialBasis{Kernel: "multiquadric", Shape: 3}, interpolates: true, gradient: true, leaveOneOut: true, inputs: true, outputs: true, saved: true},
	"multiquadric fitted":         {spec: RadialBasis{Kernel: "multiquadric"}, interpolates: true, gradient: true, saved: true},
	"gaussian":                    {spec: RadialBasis{Kernel: "gaussian", Shape: 4, Tail: "none"}, interpolates: true, gradient: true, leaveOneOut: true, inputs: true, saved: true},
	"wendland":                    {spec: RadialBasis{Kernel: "wendland", Shape: 1.5}, interpolates: true, gradient: true, leaveOneOut: true, inputs: true, outputs: true, saved: true},
	"polynomial":                  {spec: Polynomial{}, gradient: true, leaveOneOut: true, inputs: true, outputs: true, saved: true},
	"polynomial of degree 4":      {spec: Polynomial{Degree: 4}, gradient: true, leaveOneOut: true, inputs: true, outputs: true, saved: true},
	"polynomial chaos":            {spec: PolynomialChaos{MaxDegree: 6}, gradient: true, inputs: true, outputs: true, saved: true},
	"neural network":              {spec: NeuralNetwork{Hidden: []int{6}, Starts: 2, Iterations: 60}, gradient: true, saved: true},
	"neural network of 3 layers":  {spec: NeuralNetwork{Hidden: []int{5, 4, 3}, Starts: 1, Iterations: 60, Validation: 0.2}, gradient: true, saved: true},
	"ensemble":                    {spec: Ensemble{Members: []Spec{RadialBasis{}, Polynomial{}, InverseDistance{Scale: true}}}, gradient: true, inputs: true, outputs: true, saved: true},
	"ensemble of one":             {spec: Ensemble{Members: []Spec{InverseDistance{}}, CrossValidation: CrossValidation{Folds: 1000}}, interpolates: true, gradient: true, outputs: true, saved: true},
	"ensemble of ensembles":       {spec: Ensemble{Members: []Spec{Ensemble{Members: []Spec{Polynomial{}}}, RadialBasis{}}, Weights: "equal"}, gradient: true, inputs: true, outputs: true, saved: true},
	"kriging given":               {spec: Kriging{Correlation: "gaussian", Theta: []float64{0.05, 0.02}}, interpolates: true, gradient: true, leaveOneOut: true, outputs: true, single: true, saved: true},
	"kriging fitted":              {spec: Kriging{Starts: 2}, interpolates: true, gradient: true, single: true, saved: true, looser: 10},
	"kriging linear nugget":       {spec: Kriging{Trend: "linear", Correlation: "power_exponential", Theta: []float64{0.1}, Nugget: 0.01}, gradient: true, outputs: true, single: true, saved: true},
}

// conformanceData has two outputs, or one, and one point twice.
func conformanceData(single bool) Data {
	lower, upper := []float64{-5, 0}, []float64{10, 15}
	d := uniformData(branin, 11, 34, lower, upper)
	copy(d.X[2*20:], d.X[2*3:2*4])
	d.Y[20] += 20
	if single {
		return d
	}
	y := make([]float64, 0, 2*34)
	for i, v := range d.Y {
		y = append(y, v, math.Sin(d.X[2*i])+0.1*d.X[2*i+1])
	}
	d.Y, d.Outputs = y, 2
	return d
}

func TestConformance(t *testing.T) {
	for name, c := range methods {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := conformanceData(c.single)
			m := mustFit(t, c.spec, data)
			inputs, outputs := m.Dims()
			require.Equal(t, 2, inputs)
			require.Equal(t, max(data.Outputs, 1), outputs)
			t.Run("interpolation", func(t *testing.T) { checkInterpolation(t, c, m, data) })
			t.Run("gradient", func(t *testing.T) { checkGradient(t, c, m, data) })
			t.Run("batch", func(t *testing.T) { checkBatch(t, m, data) })
			t.Run("immutable", func(t *testing.T) { checkImmutable(t, c, data) })
			t.Run("leave one out", func(t *testing.T) { checkLeaveOneOut(t, c, m, data) })
			t.Run("outputs apart", func(t *testing.T) { checkOutputsApart(t, c, m, data) })
			t.Run("invariance", func(t *testing.T) { checkInvariance(t, c, m, data) })
			t.Run("saved", func(t *testing.T) { checkSaved(t, c, m, data) })
			t.Run("refuses", func(t *testing.T) { checkRefuses(t, c, m, data) })
			t.Run("small and constant", func(t *testing.T) { checkSmall(t, c) })
		})
	}
}

// checkInterpolation: the value at a point given twice is the mean.
func checkInterpolation(t *testing.T, c conformance, m Model, d Data) {
	if !c.interpolates {
		return
	}
	o := max(d.Outputs, 1)
	y := predict(t, m, d.X)
	for i := range y {
		want := d.Y[i]
		if row := i / o; row == 3 || row == 20 {
			want = (d.Y[3*o+i%o] + d.Y[20*o+i%o]) / 2
		}
		if k, ok := m.(*KrigingModel); ok { // with a nugget η it is η γ away, of R γ = y - F β
			want -= k.unit * k.nugget * k.gamma[k.group[i]]
		}
		require.InDelta(t, want, y[i], 1e-8*max(c.looser, 1), "row %d, output %d", i/o, i%o)
	}
}

// checkGradient compares with central differences of two steps, extrapolated.
func checkGradient(t *testing.T, c conformance, m Model, d Data) {
	g, ok := m.(Gradient)
	require.Equal(t, c.gradient, ok)
	if !ok {
		return
	}
	inputs, outputs := m.Dims()
	x := uniformPoints(5, 40, d.Lower, d.Upper)
	gradient := make([]float64, len(x)*outputs)
	require.NoError(t, g.PredictGradient(x, gradient))
	for i := range len(x) / inputs {
		for j := range inputs {
			difference := func(h float64) []float64 {
				at := slices.Repeat(x[i*inputs:(i+1)*inputs], 2)
				at[j] += h
				at[inputs+j] -= h
				y := predict(t, m, at)
				for o := range outputs {
					y[o] = (y[o] - y[outputs+o]) / (2 * h)
				}
				return y[:outputs]
			}
			h := 1e-3
			coarse, fine := difference(2*h), difference(h)
			for o := range outputs {
				want := (4*fine[o] - coarse[o]) / 3
				got := gradient[(i*outputs+o)*inputs+j]
				require.InDelta(t, want, got, 1e-5*max(c.looser, 1)*(1+math.Abs(want)), "point %v, output %d, input %d", x[i*inputs:(i+1)*inputs], o, j)
			}
		}
	}
	// At the samples nothing is infinite.
	gradient = make([]float64, len(d.X)*outputs)
	require.NoError(t, g.PredictGradient(d.X, gradient))
	require.NoError(t, allFinite(gradient))
}

// all calls what the model can do.
func all(t testing.TB, m Model, x []float64) []float64 {
	inputs, outputs := m.Dims()
	results := predict(t, m, x)
	if g, ok := m.(Gradient); ok {
		gradient := make([]float64, len(x)*outputs)
		assert.NoError(t, g.PredictGradient(x, gradient))
		results = append(results, gradient...)
	}
	if v, ok := m.(Variance); ok && outputs == 1 {
		mean, variance := make([]float64, len(x)/inputs), make([]float64, len(x)/inputs)
		assert.NoError(t, v.PredictVariance(x, mean, variance))
		results = append(append(results, mean...), variance...)
		for i, s := range variance {
			assert.GreaterOrEqual(t, s, 0.0)
			assert.InDelta(t, results[i], mean[i], 1e-12*(1+math.Abs(mean[i])))
		}
	}
	return results
}

// checkBatch: a prediction does not depend on what else is asked, nor on who asks
// at the same time, bit for bit.
func checkBatch(t *testing.T, m Model, d Data) {
	n := 2*blockSize + 37
	x := uniformPoints(6, n, d.Lower, d.Upper)
	copy(x, d.X)
	given := slices.Clone(x)
	want := all(t, m, x)
	require.Equal(t, given, x)
	_, outputs := m.Dims()
	for _, i := range []int{0, 20, blockSize - 1, n - 1} {
		require.Equal(t, want[i*outputs:(i+1)*outputs], all(t, m, x[2*i:2*i+2])[:outputs])
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() { assert.Equal(t, want, all(t, m, x)) })
	}
	wait.Wait()
	require.NoError(t, m.Predict(nil, nil))
}

// checkImmutable: a fit leaves its arguments as they are, and the model does not
// care what becomes of them, nor of its results.
func checkImmutable(t *testing.T, c conformance, d Data) {
	given := d.clone()
	m := mustFit(t, c.spec, given)
	require.Equal(t, d, given)
	x := uniformPoints(7, 30, d.Lower, d.Upper)
	want := all(t, m, x)
	for _, v := range [][]float64{given.X, given.Y, given.Lower, given.Upper} {
		for i := range v {
			v[i] = -1e6
		}
	}
	require.Equal(t, want, all(t, m, x))
	if l, ok := m.(LeaveOneOut); ok {
		mean, variance := l.LeaveOneOut()
		again, _ := l.LeaveOneOut()
		require.Equal(t, mean, again)
		clear(mean)
		clear(variance)
		again, _ = l.LeaveOneOut()
		require.NotEqual(t, mean, again)
	}
	require.Equal(t, want, all(t, mustFit(t, c.spec, d), x), "a second fit")
}

func checkLeaveOneOut(t *testing.T, c conformance, m Model, d Data) {
	l, ok := m.(LeaveOneOut)
	if !c.leaveOneOut {
		return
	}
	require.True(t, ok)
	n, o := d.Rows(), max(d.Outputs, 1)
	check := func(m Model, d Data) {
		l := m.(LeaveOneOut)
		mean, variance := l.LeaveOneOut()
		require.Len(t, mean, n*o)
		_, isVariance := m.(Variance)
		require.Equal(t, isVariance && o == 1, variance != nil)
		for i := range n {
			rest := d.clone()
			rest.X = slices.Delete(rest.X, 2*i, 2*i+2)
			rest.Y = slices.Delete(rest.Y, i*o, (i+1)*o)
			others := mustFit(t, c.spec, rest)
			want := predict(t, others, d.X[2*i:2*i+2])
			require.InDeltaSlice(t, want, mean[i*o:(i+1)*o], 1e-7*(1+math.Abs(want[0])), "row %d", i)
			if variance != nil {
				one := make([]float64, 1)
				require.NoError(t, others.(Variance).PredictVariance(d.X[2*i:2*i+2], want, one))
				tolerance := 1e-7
				if c.single {
					tolerance = 0.2 // Kriging keeps σ² of all observations
				}
				require.InDelta(t, one[0], variance[i], 1e-9+tolerance*one[0])
			}
		}
	}
	check(l, d)
	if o > 1 {
		first := d.clone()
		first.Y, first.Outputs = column(d.Y, 0, o), 1
		o = 1
		check(mustFit(t, c.spec, first), first)
	}
}

// checkOutputsApart: each output is as if it were alone.
func checkOutputsApart(t *testing.T, c conformance, m Model, d Data) {
	if !c.interpolates && !c.leaveOneOut || d.Outputs < 2 {
		return // a network's outputs share their weights
	}
	if r, ok := c.spec.(RadialBasis); ok && radialKernels[r.Kernel].shaped && r.Shape == 0 {
		return // they share the shape
	}
	x := uniformPoints(8, 20, d.Lower, d.Upper)
	both := predict(t, m, x)
	for o := range d.Outputs {
		one := d.clone()
		one.Y, one.Outputs = column(d.Y, o, d.Outputs), 1
		require.InDeltaSlice(t, column(both, o, d.Outputs), predict(t, mustFit(t, c.spec, one), x), 1e-9)
	}
}

func checkInvariance(t *testing.T, c conformance, m Model, d Data) {
	x := uniformPoints(9, 30, d.Lower, d.Upper)
	want := predict(t, m, x)
	if c.inputs {
		move := func(x []float64) []float64 {
			y := slices.Clone(x)
			for i := range y {
				y[i] = []float64{1000, 0.25}[i%2]*x[i] + []float64{-3, 17}[i%2]
			}
			return y
		}
		moved := Data{X: move(d.X), Y: d.Y, Inputs: 2, Outputs: d.Outputs, Lower: move(d.Lower), Upper: move(d.Upper)}
		require.InDeltaSlice(t, want, predict(t, mustFit(t, c.spec, moved), move(x)), 1e-6)
	}
	if c.outputs {
		moved := d.clone()
		for i := range moved.Y {
			moved.Y[i] = 3*moved.Y[i] - 1000
		}
		for i, v := range predict(t, mustFit(t, c.spec, moved), x) {
			require.InDelta(t, 3*want[i]-1000, v, 1e-6)
		}
	}
}

// checkSaved: what is read is what was written, bit for bit.
func checkSaved(t *testing.T, c conformance, m Model, d Data) {
	if !c.saved {
		return
	}
	var file bytes.Buffer
	require.NoError(t, Save(&file, m))
	text := file.String()
	require.True(t, strings.HasPrefix(text, `{"ritz_model":1,"kind":"`), text[:40])
	loaded, err := Load(&file)
	require.NoError(t, err)
	require.IsType(t, m, loaded)
	x := uniformPoints(10, 300, d.Lower, d.Upper)
	require.Equal(t, all(t, m, x), all(t, loaded, x))
	if l, ok := m.(LeaveOneOut); ok {
		mean, variance := l.LeaveOneOut()
		mean2, variance2 := loaded.(LeaveOneOut).LeaveOneOut()
		require.Equal(t, mean, mean2)
		require.Equal(t, variance, variance2)
	}
	require.NoError(t, Save(&file, loaded))
	require.Equal(t, text, file.String())
}

func checkRefuses(t *testing.T, c conformance, m Model, d Data) {
	o := max(d.Outputs, 1)
	for message, spoil := range map[string]func(*Data){
		"row 4, input 1 is NaN":             func(d *Data) { d.X[9] = math.NaN() },
		"row 5, output 0 is +Inf":           func(d *Data) { d.Y[5*o] = math.Inf(1) },
		"67 values of X are not whole rows": func(d *Data) { d.X = d.X[1:] },
		"values of Y for 34 rows":           func(d *Data) { d.Y = d.Y[1:] },
		"there are no observations":         func(d *Data) { d.X, d.Y = nil, nil },
		"bounds [15, 0] of input 1":         func(d *Data) { d.Lower[1], d.Upper[1] = 15, 0 },
		"1 lower and 2 upper bounds":        func(d *Data) { d.Lower = d.Lower[1:] },
		"0 inputs":                          func(d *Data) { d.Inputs = 0 },
	} {
		bad := d.clone()
		spoil(&bad)
		_, err := c.spec.Fit(t.Context(), bad)
		require.ErrorIs(t, err, ErrData)
		require.ErrorContains(t, err, message)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.spec.Fit(ctx, d)
	require.ErrorIs(t, err, context.Canceled)

	require.ErrorIs(t, m.Predict(make([]float64, 3), make([]float64, 2)), ErrShape)
	require.ErrorIs(t, m.Predict(make([]float64, 4), make([]float64, 2*o+1)), ErrShape)
	if g, ok := m.(Gradient); ok {
		require.ErrorIs(t, g.PredictGradient(make([]float64, 3), make([]float64, 2)), ErrShape)
		require.ErrorIs(t, g.PredictGradient(make([]float64, 4), make([]float64, 4*o-1)), ErrShape)
	}
	if v, ok := m.(Variance); ok {
		require.ErrorIs(t, v.PredictVariance(make([]float64, 4), make([]float64, 2), make([]float64, 3)), ErrShape)
		require.ErrorIs(t, v.PredictVariance(make([]float64, 3), make([]float64, 2), make([]float64, 2)), ErrShape)
		if o > 1 {
			require.ErrorIs(t, v.PredictVariance(make([]float64, 4), make([]float64, 2), make([]float64, 2)), ErrShape)
		}
	}
}

// checkSmall: from one point on there is a model or an error that says what is
// missing; a constant is constant.
func checkSmall(t *testing.T, c conformance) {
	fitted := 0
	for n := 1; n < 34; n += 1 + n/8 {
		d := conformanceData(true).rows(0, n)
		m, err := c.spec.Fit(t.Context(), d)
		if err != nil {
			require.ErrorIs(t, err, ErrData)
			continue
		}
		fitted++
		if l, ok := m.(LeaveOneOut); ok && !c.single {
			mean, _ := l.LeaveOneOut()
			require.Len(t, mean, n)
		}
		require.NoError(t, allFinite(predict(t, m, []float64{0, 0, 9, 3})))
	}
	require.Positive(t, fitted)
	d := conformanceData(true)
	for i := range d.Y {
		d.Y[i] = -7
	}
	m := mustFit(t, c.spec, d)
	tolerance := 1e-4
	if c.outputs {
		tolerance = 1e-9
	}
	if _, ok := c.spec.(Lobachevsky); ok {
		require.InDelta(t, -7, predict(t, m, d.X)[0], 1e-9)
		return
	}
	if r, ok := c.spec.(RadialBasis); ok && r.Tail == "none" {
		tolerance = 1
	}
	require.InDelta(t, -7, predict(t, m, []float64{1, 2})[0], tolerance)
}
