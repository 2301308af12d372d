package surrogate

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// products are the correlations written down input by input.
var products = map[string]func(theta, d, p float64) float64{
	"gaussian":          func(theta, d, _ float64) float64 { return math.Exp(-theta * d * d) },
	"power_exponential": func(theta, d, p float64) float64 { return math.Exp(-theta * math.Pow(math.Abs(d), p)) },
	"matern12":          func(theta, d, _ float64) float64 { return math.Exp(-theta * math.Abs(d)) },
	"matern32": func(theta, d, _ float64) float64 {
		s := math.Sqrt(3) * theta * math.Abs(d)
		return (1 + s) * math.Exp(-s)
	},
	"matern52": func(theta, d, _ float64) float64 {
		s := math.Sqrt(5) * theta * math.Abs(d)
		return (1 + s + s*s/3) * math.Exp(-s)
	},
}

// krigingCases are settings of every kind for three inputs.
var krigingCases = map[string]Kriging{
	"ordinary":      {Theta: []float64{0.3, 0.5, 0.7}},
	"lengths":       {Correlation: "matern32", Lengths: []float64{1, 2, 3}, Trend: "linear"},
	"simple":        {Correlation: "matern12", Theta: []float64{0.5}, Trend: "simple", Mean: 3},
	"quadratic":     {Correlation: "gaussian", Lengths: []float64{0.8, 1.1, 1.5}, Trend: "quadratic", Nugget: 1e-4},
	"power":         {Correlation: "power_exponential", P: []float64{1.9, 1, 2}, Theta: []float64{0.5, 0.7, 0.9}},
	"rough":         {Correlation: "power_exponential", P: []float64{0.7}, Lengths: []float64{0.9, 1.1, 1.3}},
	"own":           {Theta: []float64{0.4}, Basis: ownBasis, Terms: 2, Nugget: 1e-2},
	"leave_one_out": {Theta: []float64{0.4}, Criterion: "leave_one_out"},
}

func ownBasis(x, f, df []float64) {
	f[0], f[1] = math.Sin(x[0]), x[1]*x[2]
	if df != nil {
		copy(df, []float64{math.Cos(x[0]), 0, 0, 0, x[2], x[1]})
	}
}

// threeInputs is a smooth function on [-1,1]x[0,3]x[1,2] at n random points.
func threeInputs(n int) Data {
	random := rand.New(rand.NewPCG(3, 4))
	d := Data{Inputs: 3, Lower: []float64{-1, 0, 1}, Upper: []float64{1, 3, 2}}
	for range n {
		x := []float64{2*random.Float64() - 1, 3 * random.Float64(), 1 + random.Float64()}
		d.X = append(d.X, x...)
		d.Y = append(d.Y, 5+math.Sin(2*x[0])*x[1]+x[2]*x[2]+math.Cos(x[0]*x[2]))
	}
	return d
}

// plain predicts by the formulas with dense inverses.
type plain struct{ mean, variance, beta, sigma2 float64 }

func plainKriging(s Kriging, data Data, x []float64) plain {
	n, d := len(data.Y), data.Inputs
	name := s.Correlation
	if name == "" {
		name = "matern52"
	}
	at := func(v []float64, l int) float64 {
		if len(v) == 1 {
			return v[0]
		}
		return v[l]
	}
	r := func(a, b []float64) float64 {
		product := 1.0
		for l := range d {
			p := 2.0
			if len(s.P) > 0 {
				p = at(s.P, l)
			}
			var theta float64
			switch {
			case len(s.Theta) > 0:
				theta = at(s.Theta, l)
			case name == "gaussian":
				theta = 1 / (2 * at(s.Lengths, l) * at(s.Lengths, l))
			case name == "power_exponential":
				theta = math.Pow(at(s.Lengths, l), -p)
			default:
				theta = 1 / at(s.Lengths, l)
			}
			product *= products[name](theta, a[l]-b[l], p)
		}
		return product
	}
	f := func(x []float64) []float64 {
		switch {
		case s.Basis != nil:
			f := make([]float64, s.Terms)
			s.Basis(x, f, nil)
			return f
		case s.Trend == "simple":
			return []float64{s.Mean}
		case s.Trend == "":
			return []float64{1}
		}
		terms := append([]float64{1}, x...) // spans what scaled inputs span
		if s.Trend == "quadratic" {
			for i := range x {
				for j := i; j < d; j++ {
					terms = append(terms, x[i]*x[j])
				}
			}
		}
		return terms
	}
	q := len(f(x))
	corr, trend := mat.NewDense(n, n, nil), mat.NewDense(n, q, nil)
	cross, y := mat.NewVecDense(n, nil), mat.NewVecDense(n, data.Y)
	for i := range n {
		a := data.X[i*d : (i+1)*d]
		for j := range n {
			corr.Set(i, j, r(a, data.X[j*d:(j+1)*d]))
		}
		corr.Set(i, i, 1+s.Nugget)
		cross.SetVec(i, r(a, x))
		trend.SetRow(i, f(a))
	}
	var inverse, fr, m, mi mat.Dense
	_ = inverse.Inverse(corr)
	fr.Mul(trend.T(), &inverse)
	m.Mul(&fr, trend)
	beta := mat.NewVecDense(q, nil)
	if s.Trend == "simple" {
		beta.SetVec(0, 1)
	} else {
		_ = mi.Inverse(&m)
		var fy mat.VecDense
		fy.MulVec(&fr, y)
		beta.MulVec(&mi, &fy)
	}
	var rest, gamma, solved mat.VecDense
	rest.MulVec(trend, beta)
	rest.SubVec(y, &rest)
	gamma.MulVec(&inverse, &rest)
	solved.MulVec(&inverse, cross)
	here := mat.NewVecDense(q, f(x))
	v := 1 - mat.Dot(cross, &solved)
	if s.Trend != "simple" {
		var u, mu mat.VecDense
		u.MulVec(trend.T(), &solved)
		u.SubVec(here, &u)
		mu.MulVec(&mi, &u)
		v += mat.Dot(&u, &mu)
	}
	sigma2 := mat.Dot(&rest, &gamma) / float64(n)
	if s.Criterion == "leave_one_out" {
		var fri, qq mat.Dense
		fri.Mul(&mi, &fr)
		qq.Mul(fr.T(), &fri)
		qq.Sub(&inverse, &qq)
		sigma2 = 0
		for i := range n {
			sigma2 += gamma.AtVec(i) * gamma.AtVec(i) / qq.At(i, i) / float64(n)
		}
	}
	return plain{mat.Dot(here, beta) + mat.Dot(cross, &gamma), sigma2 * v, beta.AtVec(0), sigma2}
}

// The kernels on blocks of points agree with the formulas.
func TestKrigingIsItsFormula(t *testing.T) {
	data := threeInputs(30)
	random := rand.New(rand.NewPCG(5, 6))
	for name, s := range krigingCases {
		t.Run(name, func(t *testing.T) {
			m := fitKriging(t, s, data)
			const n = 600 // several blocks
			x := make([]float64, 3*n)
			for i := range x {
				x[i] = -1 + 4*random.Float64()
			}
			mean, variance, one := make([]float64, n), make([]float64, n), make([]float64, n)
			require.NoError(t, m.PredictVariance(x, mean, variance))
			require.NoError(t, m.Predict(x, one))
			assert.Equal(t, mean, one)
			for i := 0; i < n; i += 37 {
				at := x[3*i : 3*i+3]
				want := plainKriging(s, data, at)
				assert.InDelta(t, want.mean, mean[i], 1e-8)
				assert.InDelta(t, want.variance, variance[i], 1e-8*want.sigma2)
				assert.InEpsilon(t, want.sigma2, m.Hyperparameters().Sigma2, 1e-8)
				if s.Trend == "" && s.Basis == nil {
					assert.InDelta(t, want.beta, m.Hyperparameters().Trend[0], 1e-8)
				}
				// One point alone takes another way through the solves.
				require.NoError(t, m.PredictVariance(at, one[:1], one[1:2]))
				assert.InDelta(t, mean[i], one[0], 1e-11)
				assert.InDelta(t, variance[i], one[1], 1e-10*want.sigma2)
			}
		})
	}
}

func TestKrigingGradients(t *testing.T) {
	data := threeInputs(25)
	random := rand.New(rand.NewPCG(7, 8))
	for name, s := range krigingCases {
		t.Run(name, func(t *testing.T) {
			m := fitKriging(t, s, data)
			const n = 7
			h, tolerance := 1e-4, 1e-6
			if name == "rough" { // derivatives grow without bound near the observations
				h, tolerance = 1e-6, 1e-5
			}
			x := make([]float64, 3*n)
			for i := range x {
				x[i] = 2 * random.Float64()
			}
			var mean, variance [n]float64
			var dm, dv, same [3 * n]float64
			require.NoError(t, m.Posterior(x, mean[:], variance[:], dm[:], dv[:]))
			require.NoError(t, m.PredictGradient(x, same[:]))
			assert.Equal(t, dm, same)
			at := func(i int, step float64) (float64, float64) {
				moved := append([]float64(nil), x[i/3*3:i/3*3+3]...)
				moved[i%3] += step
				var mean, variance [1]float64
				require.NoError(t, m.PredictVariance(moved, mean[:], variance[:]))
				return mean[0], variance[0]
			}
			for i := range x {
				m1, v1 := at(i, h)
				m0, v0 := at(i, -h)
				m3, v3 := at(i, 2*h)
				m2, v2 := at(i, -2*h)
				assert.InDelta(t, (8*(m1-m0)-(m3-m2))/(12*h), dm[i], tolerance*(1+math.Abs(dm[i])), "mean, %d", i)
				assert.InDelta(t, (8*(v1-v0)-(v3-v2))/(12*h), dv[i], tolerance*(1+math.Abs(dv[i])), "variance, %d", i)
			}
		})
	}
}

// At the observations the mean is the output and the variance 0, whatever the data.
func TestKrigingInterpolates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.IntRange(1, 4).Draw(t, "d")
		n := rapid.IntRange(2, 20).Draw(t, "n")
		name := rapid.SampledFrom([]string{"matern12", "matern32", "matern52"}).Draw(t, "correlation")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		scale := math.Exp(rapid.Float64Range(-20, 20).Draw(t, "scale"))
		data := Data{Inputs: d, X: make([]float64, n*d), Y: make([]float64, n)}
		for i := range data.X {
			data.X[i] = scale * random.Float64()
		}
		for i := range data.Y {
			data.Y[i] = random.NormFloat64() / scale
		}
		length := scale * rapid.Float64Range(0.02, 0.3).Draw(t, "length")
		m, err := Kriging{Correlation: name, Lengths: []float64{length}}.Fit(t.Context(), data)
		require.NoError(t, err)
		mean, variance := make([]float64, n), make([]float64, n)
		require.NoError(t, m.(Variance).PredictVariance(data.X, mean, variance))
		assert.InDeltaSlice(t, data.Y, mean, 1e-5/scale)
		sigma2 := m.(*KrigingModel).Hyperparameters().Sigma2
		for _, v := range variance {
			assert.GreaterOrEqual(t, v, 0.0)
			assert.LessOrEqual(t, v, 1e-8*sigma2)
		}
	})
}

func TestKrigingPredictsWithoutAllocation(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector empties pools at random")
	}
	m := fitKriging(t, Kriging{Theta: []float64{0.4}, Trend: "linear"}, threeInputs(40))
	const n = 16
	x := make([]float64, 3*n)
	mean, variance, dm, dv := make([]float64, n), make([]float64, n), make([]float64, 3*n), make([]float64, 3*n)
	for _, n := range []int{1, n} {
		allocs := testing.AllocsPerRun(100, func() {
			_ = m.Posterior(x[:3*n], mean[:n], variance[:n], dm[:3*n], dv[:3*n])
		})
		assert.Less(t, allocs, 1.0, "%d points", n)
	}
}

func TestKrigingShapes(t *testing.T) {
	m := fitKriging(t, Kriging{Theta: []float64{0.4}}, threeInputs(10))
	x, y := make([]float64, 6), make([]float64, 2)
	assert.ErrorIs(t, m.Predict(x[:5], y), ErrShape)
	assert.ErrorIs(t, m.Predict(x, y[:1]), ErrShape)
	assert.ErrorIs(t, m.PredictVariance(x, y, y[:1]), ErrShape)
	assert.ErrorIs(t, m.PredictGradient(x, x[:3]), ErrShape)
	assert.ErrorIs(t, m.Posterior(x[:5], nil, nil, nil, nil), ErrShape)
	assert.ErrorIs(t, m.Sample(x[:5], y, 1), ErrShape)
	assert.ErrorIs(t, m.Sample(x, make([]float64, 3), 1), ErrShape)
	_, err := m.Append(x, y[:1])
	assert.ErrorIs(t, err, ErrShape)
	_, err = m.Append([]float64{0, math.NaN(), 0}, y[:1])
	assert.ErrorIs(t, err, ErrData)
	assert.ErrorContains(t, err, "row 0, input 1")
	assert.NoError(t, m.Predict(nil, nil))
}

// Distances beyond all lengths, in many inputs: the correlations are 0, not NaN.
func TestKrigingFarAway(t *testing.T) {
	const d = 400
	data := sobolData(t, func(x []float64) float64 { return x[0] }, make([]float64, d), constant(1, d), 0, 10)
	for _, name := range []string{"matern52", "matern32", "gaussian"} {
		m := fitKriging(t, Kriging{Correlation: name, Lengths: []float64{0.01}}, data)
		var mean, variance [1]float64
		require.NoError(t, m.PredictVariance(constant(1e6, d), mean[:], variance[:]))
		h := m.Hyperparameters()
		assert.InDelta(t, h.Trend[0], mean[0], 1e-12)
		assert.InDelta(t, h.Sigma2*1.1, variance[0], 1e-12)
	}
}
