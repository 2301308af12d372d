package surrogate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testProblem is a fit of a smooth function with some noise.
func testProblem(t *testing.T, s Kriging, n, d int) *problem {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	data := Data{Inputs: d, X: make([]float64, n*d), Y: make([]float64, n)}
	for i := range data.Y {
		x := data.X[i*d : (i+1)*d]
		for l := range x {
			x[l] = 2 * random.Float64()
			data.Y[i] += math.Sin(float64(l+1) * x[l])
		}
		data.Y[i] += 0.1 * random.NormFloat64()
		if s.Noise != nil {
			s.Noise = append(s.Noise, 0.01*(1+random.Float64()))
		}
	}
	if s.Noise != nil {
		s.Noise = s.Noise[len(s.Noise)-n:]
	}
	m, err := s.newModel(data)
	require.NoError(t, err)
	p, err := m.problem()
	require.NoError(t, err)
	return p
}

var likelihoodCases = []Kriging{
	{},
	{Correlation: "matern32", Trend: "linear"},
	{Correlation: "matern12", Trend: "simple"},
	{Correlation: "gaussian", EstimateNugget: true, Trend: "quadratic"},
	{Correlation: "power_exponential", P: []float64{1.9, 1, 2}, Nugget: 1e-3},
	{Noise: []float64{}},
	{Components: 2, EstimateNugget: true},
	{Correlation: "power_exponential", P: []float64{1.5}, Components: 1, Nugget: 1e-2},
}

// The remainder of f(z + h v) - f(z) - h gᵀv falls as h².
func TestLikelihoodGradientTaylor(t *testing.T) {
	for _, c := range likelihoodCases {
		for _, criterion := range []string{"likelihood", "leave_one_out"} {
			c.Criterion = criterion
			t.Run(fmt.Sprint(criterion, c.Correlation, c.Trend, c.Components, c.Noise != nil), func(t *testing.T) {
				p := testProblem(t, c, 30, 3)
				l := p.new(1)
				z, v := make([]float64, p.size()), make([]float64, p.size())
				for i := range z {
					z[i] = 0.5 + 0.3*float64(i)
					v[i] = math.Cos(float64(i + 1))
				}
				if p.fitNugget {
					z[p.free] = math.Log(1e-3)
				}
				g := make([]float64, len(z))
				f := l.evaluate(z, g)
				require.False(t, math.IsInf(f, 0))
				assert.InDelta(t, f, p.new(1).evaluate(z, nil), 1e-12*math.Abs(f))
				remainder := func(h float64) float64 {
					moved := make([]float64, len(z))
					slope := 0.0
					for i := range z {
						moved[i] = z[i] + h*v[i]
						slope += g[i] * v[i]
					}
					return math.Abs(p.new(1).evaluate(moved, nil) - f - h*slope)
				}
				for h := 0.02; h > 0.002; h /= 2 {
					assert.InDelta(t, 2, math.Log2(remainder(h)/remainder(h/2)), 0.12, "h = %g", h)
				}
				// Each parameter by itself, by central differences of order four.
				for i := range z {
					const h = 1e-3
					at := func(s float64) float64 {
						moved := append([]float64(nil), z...)
						moved[i] += s
						return p.new(1).evaluate(moved, nil)
					}
					difference := (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * h)
					assert.InDelta(t, difference, g[i], 1e-7*(1+math.Abs(g[i])), "parameter %d", i)
				}
			})
		}
	}
}
