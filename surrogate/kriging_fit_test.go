package surrogate

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The errors of published studies of set A, or less.
func TestKrigingMaximumLikelihood(t *testing.T) {
	data := setA(t)
	for _, c := range []struct {
		s    Kriging
		rmse float64
	}{
		{Kriging{}, 0.0156},
		{Kriging{Correlation: "gaussian"}, 0.0037},
		{Kriging{Correlation: "gaussian", EstimateNugget: true}, 0.0037},
		{Kriging{Correlation: "gaussian", Criterion: "leave_one_out"}, 0.0045},
		{Kriging{Criterion: "leave_one_out"}, 0.02},
	} {
		m := fitKriging(t, c.s, data)
		assert.LessOrEqual(t, gridRMSE(t, m, krigingBranin, data), c.rmse+5e-5, "%+v", c.s)
	}
}

// No search from a random point ends lower than the fit, by more than rounding in
// correlations of condition 1e12 does.
func TestKrigingFindsTheBestOfRandomStarts(t *testing.T) {
	for name, data := range map[string]Data{
		"branin":   sobolData(t, krigingBranin, []float64{-5, 0}, []float64{10, 15}, 0, 60),
		"borehole": sobolData(t, borehole, boreholeLower, boreholeUpper, 0, 60),
	} {
		for _, s := range []Kriging{{}, {Correlation: "matern32", EstimateNugget: true}, {Criterion: "leave_one_out"}} {
			m, err := s.newModel(data)
			require.NoError(t, err)
			p, err := m.problem()
			require.NoError(t, err)
			lower, upper, _, _ := p.bounds()
			random := rand.New(rand.NewPCG(1, 0))
			starts := make([]end, 50)
			for i := range starts {
				for k := range lower {
					starts[i].z = append(starts[i].z, lower[k]+(upper[k]-lower[k])*random.Float64())
				}
			}
			ends, err := m.descend(context.Background(), p, starts, roughly)
			require.NoError(t, err)
			require.NotEmpty(t, ends)

			fitted := fitKriging(t, s, data)
			z := make([]float64, p.size())
			for l, theta := range fitted.theta {
				z[l] = math.Log(theta * math.Pow(p.width(l, fitted), p.corr.p[l]))
			}
			if p.fitNugget {
				z[p.free] = math.Log(fitted.nugget)
			}
			assert.LessOrEqual(t, p.new(1).evaluate(z, nil), ends[0].f+5e-3, "%s %+v", name, s)
		}
	}
}

func (p *problem) width(l int, m *KrigingModel) float64 { return m.trend.width[l] }

// The model's log-likelihood is the criterion, scaled back.
func TestKrigingLogLikelihood(t *testing.T) {
	m := fitKriging(t, Kriging{}, setA(t))
	p, err := m.problem()
	require.NoError(t, err)
	n := float64(p.n)
	want := -p.new(1).evaluate(nil, nil) - n/2*math.Log(2*math.Pi) - n*math.Log(m.unit)
	assert.InDelta(t, want, m.Hyperparameters().LogLikelihood, 1e-3)
}

func TestKrigingThreadsAndSeeds(t *testing.T) {
	data := threeInputs(60)
	x, y, z := threeInputs(1000).X, make([]float64, 1000), make([]float64, 1000)
	one, two := fitKriging(t, Kriging{Threads: 1}, data), fitKriging(t, Kriging{Threads: 3}, data)
	assert.Equal(t, one.Hyperparameters(), two.Hyperparameters())
	require.NoError(t, one.Predict(x, y))
	require.NoError(t, two.Predict(x, z))
	assert.Equal(t, y, z)
	assert.InEpsilon(t, one.logLikelihood, fitKriging(t, Kriging{Seed: 5}, data).logLikelihood, 1e-5)
}

// More observations than the searches see at first.
func TestKrigingManyObservations(t *testing.T) {
	data := sobolData(t, krigingBranin, []float64{-5, 0}, []float64{10, 15}, 0, subset+100)
	m := fitKriging(t, Kriging{Correlation: "matern32", Starts: 3}, data)
	assert.Less(t, gridRMSE(t, m, krigingBranin, data), 0.1)
}

// A trend of more terms than the searches see observations at first.
func TestKrigingManyTerms(t *testing.T) {
	const d = 20 // 231 terms
	f := func(x []float64) float64 { return math.Exp(x[0]) + x[3]*x[7] }
	data := sobolData(t, f, make([]float64, d), constant(1, d), 0, 250)
	m := fitKriging(t, Kriging{Trend: "quadratic", Components: 1, Starts: 1}, data)
	y := make([]float64, 250)
	require.NoError(t, m.Predict(data.X, y))
	assert.InDeltaSlice(t, data.Y, y, 1e-6)
}

// A nugget is used as it is given, also one above the variance of the process.
func TestKrigingLargeNugget(t *testing.T) {
	for _, nugget := range []float64{0.5, 1, 1.5, 20} {
		assert.Equal(t, nugget, fitKriging(t, Kriging{Nugget: nugget, Starts: 2}, noisy(30)).Hyperparameters().Nugget)
	}
}

// Other units of inputs and output change nothing else.
func TestKrigingUnits(t *testing.T) {
	data := threeInputs(30)
	rapid.Check(t, func(t *rapid.T) {
		s := Kriging{Correlation: rapid.SampledFrom([]string{"matern32", "gaussian", "power_exponential"}).Draw(t, "correlation"),
			Trend: rapid.SampledFrom([]string{"constant", "linear"}).Draw(t, "trend"), EstimateNugget: true, Starts: 1}
		want := fitKrigingAny(t, s, data)
		scaled := Data{Inputs: 3}
		unit := rapid.SliceOfN(rapid.Float64Range(-20, 20), 4, 4).Draw(t, "units")
		move := func(x []float64) []float64 {
			var moved []float64
			for i, v := range x {
				moved = append(moved, math.Ldexp(v, int(unit[i%3])))
			}
			return moved
		}
		u := math.Ldexp(1, int(unit[3]))
		scaled.X, scaled.Lower, scaled.Upper = move(data.X), move(data.Lower), move(data.Upper)
		for _, v := range data.Y {
			scaled.Y = append(scaled.Y, v*u)
		}
		got := fitKrigingAny(t, s, scaled)
		x := threeInputs(100).X[240:]
		y, z, v, w := make([]float64, 20), make([]float64, 20), make([]float64, 20), make([]float64, 20)
		require.NoError(t, want.PredictVariance(x, y, v))
		require.NoError(t, got.PredictVariance(move(x), z, w))
		for i := range y {
			assert.InDelta(t, y[i], z[i]/u, 1e-4)
			assert.InDelta(t, v[i], w[i]/u/u, 1e-4)
		}
	})
}

func fitKrigingAny(t *rapid.T, s Kriging, d Data) *KrigingModel {
	m, err := s.Fit(context.Background(), d)
	require.NoError(t, err)
	return m.(*KrigingModel)
}

// noisy is sin(6x) with noise of variance 0.04 at n points.
func noisy(n int) Data {
	random := rand.New(rand.NewPCG(9, 9))
	d := Data{Inputs: 1}
	for i := range n {
		x := float64(i) / float64(n)
		d.X = append(d.X, x)
		d.Y = append(d.Y, math.Sin(6*x)+0.2*random.NormFloat64())
	}
	return d
}

func TestKrigingEstimatesNoise(t *testing.T) {
	data := noisy(200)
	check := func(m *KrigingModel) {
		sum := 0.0
		x, y := make([]float64, 100), make([]float64, 100)
		for i := range x {
			x[i] = (float64(i) + 0.5) / 100
		}
		require.NoError(t, m.Predict(x, y))
		for i := range x {
			sum += math.Pow(y[i]-math.Sin(6*x[i]), 2) / 100
		}
		assert.Less(t, math.Sqrt(sum), 0.06, "half of the observations' noise and less")
	}
	for _, criterion := range []string{"likelihood", "leave_one_out"} {
		m := fitKriging(t, Kriging{EstimateNugget: true, Criterion: criterion}, data)
		h := m.Hyperparameters()
		assert.InDelta(t, 0.04, h.Nugget*h.Sigma2, 0.012) // standard deviation 0.004
		check(m)
	}
	known := fitKriging(t, Kriging{Noise: constant(0.04, 200)}, data)
	check(known)

	// Noise that is the same everywhere is a nugget.
	h := known.Hyperparameters()
	nugget := fitKriging(t, Kriging{Theta: h.Theta, Nugget: 0.04 / h.Sigma2}, data)
	a, b := make([]float64, 200), make([]float64, 200)
	require.NoError(t, known.Predict(data.X, a))
	require.NoError(t, nugget.Predict(data.X, b))
	assert.InDeltaSlice(t, a, b, 1e-9)
	// The nugget's likelihood is the highest where σ² is the estimate, so that of
	// given noise, if σ² is fitted, is the same maximum.
	assert.InEpsilon(t, h.Sigma2, nugget.Hyperparameters().Sigma2, 0.25)
}

func TestKrigingDuplicatesWithNoise(t *testing.T) {
	data := noisy(30)
	data.X, data.Y = append(data.X, data.X...), append(data.Y, noisy(60).Y[30:]...)
	m := fitKriging(t, Kriging{EstimateNugget: true}, data)
	assert.Len(t, m.obs.y, 60, "all are kept")
	assert.Len(t, fitKriging(t, Kriging{}, data).obs.y, 30, "means")
}

func TestKrigingOfConstantsAndTrends(t *testing.T) {
	data := threeInputs(20)
	line := data
	data.Y, line.Y = constant(7, 20), nil
	for i := range 20 {
		line.Y = append(line.Y, 1+2*data.X[3*i]-data.X[3*i+2])
	}
	x := threeInputs(30).X[60:]
	y, v := make([]float64, 10), make([]float64, 10)
	for _, s := range []Kriging{{}, {EstimateNugget: true}, {Noise: constant(0.1, 20)}, {Criterion: "leave_one_out"}, {Trend: "linear"}} {
		m := fitKriging(t, s, data)
		require.NoError(t, m.PredictVariance(x, y, v))
		assert.InDeltaSlice(t, constant(7, 10), y, 1e-12)
		if s.Noise == nil {
			assert.InDeltaSlice(t, constant(0, 10), v, 1e-20)
		}
		m.LeaveOneOut()
		require.NoError(t, m.Sample(x, y, 1))
		_, err := m.MarshalJSON()
		assert.NoError(t, err)
		_, err = m.Append([]float64{0, 0, 1.5}, []float64{7})
		assert.NoError(t, err)
	}
	m := fitKriging(t, Kriging{Trend: "linear"}, line)
	require.NoError(t, m.Predict(x, y))
	for i := range y {
		assert.InDelta(t, 1+2*x[3*i]-x[3*i+2], y[i], 1e-9)
	}
}

func TestKrigingBadInput(t *testing.T) {
	ok := threeInputs(12)
	with := func(f func(d *Data)) Data {
		d := threeInputs(12)
		f(&d)
		return d
	}
	for _, c := range []struct {
		s    Kriging
		d    Data
		is   error
		want string
	}{
		{Kriging{}, Data{Inputs: 1, X: []float64{1}, Y: []float64{1}}, ErrData, "needs at least 2 distinct observations, there are 1"},
		{Kriging{}, Data{Inputs: 1, X: []float64{1, 1}, Y: []float64{1, 2}}, ErrData, "there are 1"},
		{Kriging{Trend: "linear"}, rowsOf(ok, 0, 4), ErrData, "a trend of 4 terms needs at least 5 distinct observations, there are 4"},
		{Kriging{Trend: "linear"}, with(func(d *Data) {
			for i := range 12 {
				d.X[3*i+1] = d.X[3*i]
			}
		}), ErrData, "term 2 of the linear trend is a combination"},
		{Kriging{}, with(func(d *Data) { d.Outputs, d.Y = 2, append(d.Y, d.Y...) }), ErrData, "one output, not 2"},
		{Kriging{}, with(func(d *Data) { d.X[7] = math.NaN() }), ErrData, "row 2, input 1 is NaN"},
		{Kriging{}, with(func(d *Data) { d.Y[3] = math.Inf(1) }), ErrData, "row 3"},
		{Kriging{}, with(func(d *Data) { d.Lower, d.Upper = d.Upper, d.Lower }), ErrData, "not an interval"},
		{Kriging{Correlation: "spherical"}, ok, ErrSettings, `correlation "spherical", want matern52`},
		{Kriging{P: []float64{2}}, ok, ErrSettings, "belong to the correlation power_exponential"},
		{Kriging{Correlation: "power_exponential", P: []float64{2.1}}, ok, ErrSettings, "2.1, want it in (0, 2]"},
		{Kriging{Correlation: "power_exponential", P: []float64{1, 2}}, ok, ErrSettings, "2 exponents p for 3 inputs"},
		{Kriging{Theta: []float64{1, 2}}, ok, ErrSettings, "2 values of theta for 3 inputs"},
		{Kriging{Theta: []float64{1, 0, 1}}, ok, ErrSettings, "input 1 is 0, want it above 0"},
		{Kriging{Theta: []float64{1}, Lengths: []float64{1}}, ok, ErrSettings, "want one of them"},
		{Kriging{Nugget: -1}, ok, ErrSettings, "nugget -1"},
		{Kriging{Nugget: 1, Noise: constant(1, 12)}, ok, ErrSettings, "want one of them"},
		{Kriging{Nugget: 1, EstimateNugget: true}, ok, ErrSettings, "a nugget of 1, and one to be estimated"},
		{Kriging{Noise: constant(1, 11)}, ok, ErrData, "11 observations, want that of 12"},
		{Kriging{Noise: constant(-1, 12)}, ok, ErrData, "row 0 is -1"},
		{Kriging{Trend: "cubic"}, ok, ErrSettings, `trend "cubic"`},
		{Kriging{Mean: 2}, ok, ErrSettings, "a mean of 2 belongs to the trend simple"},
		{Kriging{Basis: ownBasis}, ok, ErrSettings, "0 terms"},
		{Kriging{Terms: 2}, ok, ErrSettings, "without a basis"},
		{Kriging{Criterion: "best"}, ok, ErrSettings, `criterion "best"`},
		{Kriging{Starts: -1}, ok, ErrSettings, "-1 starts"},
		{Kriging{Components: 3}, ok, ErrSettings, "3 components for 3 inputs, want fewer"},
		{Kriging{Components: 1, Theta: []float64{1}}, ok, ErrSettings, "components are for fitting"},
	} {
		_, err := c.s.Fit(context.Background(), c.d)
		assert.ErrorIs(t, err, c.is, c.want)
		assert.ErrorContains(t, err, c.want)
	}
}

func TestKrigingStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, s := range []Kriging{{}, {Theta: []float64{1}}} {
		_, err := s.Fit(ctx, threeInputs(20))
		assert.ErrorIs(t, err, context.Canceled)
	}
}

// Of a linear function of independent inputs one component is the direction.
func TestPartialLeastSquares(t *testing.T) {
	const n, d = 81, 4 // a full factorial design: inputs without correlation
	x, y := make([]float64, d*n), make([]float64, n)
	slopes := []float64{3, -1.5, 0, 0.5}
	for i := range n {
		for l, k := 0, i; l < d; l, k = l+1, k/3 {
			x[l*n+i] = float64(k % 3)
			y[i] += slopes[l] * x[l*n+i]
		}
	}
	c, err := partialLeastSquares(x, y, d, 3)
	require.NoError(t, err)
	require.Len(t, c, 1, "nothing is left to explain")
	assert.InDeltaSlice(t, []float64{1, -0.5, 0, 1. / 6}, c[0], 1e-12)

	c, err = partialLeastSquares(x, constant(1, n), d, 2)
	require.NoError(t, err)
	assert.Equal(t, [][]float64{constant(1, d)}, c)

	// Of inputs that go together there are more; their scores are orthogonal.
	random := rand.New(rand.NewPCG(2, 2))
	for i := range n {
		for l := range d {
			x[l*n+i] += random.Float64()
		}
		y[i] = math.Exp(x[i]) + x[n+i]*x[2*n+i] + math.Sin(x[3*n+i]*x[i])
	}
	c, err = partialLeastSquares(x, y, d, 3)
	require.NoError(t, err)
	require.Len(t, c, 3)
	for l := range d {
		standardise(x[l*n : (l+1)*n])
	}
	score := func(h, i int) float64 {
		s := 0.0
		for l := range d {
			s += c[h][l] * x[l*n+i]
		}
		return s
	}
	for a := range 3 {
		for b := range a {
			sum := 0.0
			for i := range n {
				sum += score(a, i) * score(b, i)
			}
			assert.InDelta(t, 0, sum, 1e-9*n)
		}
	}
}

// Twenty inputs, of which a few count: two components do.
func TestKrigingComponents(t *testing.T) {
	const d = 20
	f := func(x []float64) float64 { return math.Exp(x[0]+0.5*x[3]) + 0.3*math.Sin(3*x[7]) + 0.1*x[12] }
	data := sobolData(t, f, make([]float64, d), constant(1, d), 0, 120)
	test := sobolData(t, f, make([]float64, d), constant(1, d), 4096, 500)
	for _, correlation := range []string{"gaussian", "matern52", "power_exponential"} {
		m := fitKriging(t, Kriging{Correlation: correlation, Components: 2}, data)
		y := make([]float64, len(test.Y))
		require.NoError(t, m.Predict(test.X, y))
		error, spread := 0.0, 0.0
		for i, v := range test.Y {
			error += (y[i] - v) * (y[i] - v)
			spread += (v - 2.2) * (v - 2.2)
		}
		assert.Less(t, error, 0.04*spread, correlation)
	}
}
