package optimize

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// phi makes a function of one variable and its derivative an Objective.
func phi(f func(a float64) (value, slope float64)) objective {
	return func(x, g []float64) float64 {
		v, d := f(x[0])
		g[0] = d
		return v
	}
}

// The test functions of Moré and Thuente (1994), section 5.
func moreThuente() map[string]objective {
	yanai := func(b1, b2 float64) objective {
		gamma := func(b float64) float64 { return math.Sqrt(1+b*b) - b }
		return phi(func(a float64) (float64, float64) {
			p, q := math.Hypot(1-a, b2), math.Hypot(a, b1)
			return gamma(b1)*p + gamma(b2)*q, gamma(b1)*(a-1)/p + gamma(b2)*a/q
		})
	}
	return map[string]objective{
		"5.1": phi(func(a float64) (float64, float64) {
			const b = 2
			return -a / (a*a + b), (a*a - b) / ((a*a + b) * (a*a + b))
		}),
		"5.2": phi(func(a float64) (float64, float64) {
			t := a + 0.004
			return math.Pow(t, 5) - 2*math.Pow(t, 4), 5*math.Pow(t, 4) - 8*math.Pow(t, 3)
		}),
		"5.3": phi(func(a float64) (float64, float64) {
			const b, l = 0.01, 39.0
			v, d := a-1, 1.0
			switch {
			case a <= 1-b:
				v, d = 1-a, -1
			case a < 1+b:
				v, d = ((a-1)*(a-1)/b+b)/2, (a-1)/b
			}
			return v + 2*(1-b)/(l*math.Pi)*math.Sin(l*math.Pi/2*a), d + (1-b)*math.Cos(l*math.Pi/2*a)
		}),
		"5.4": yanai(0.001, 0.001),
		"5.5": yanai(0.01, 0.001),
		"5.6": yanai(0.001, 0.01),
	}
}

// requireWolfe searches from 0 along 1 and requires the strong Wolfe conditions.
func requireWolfe(t require.TestingT, f objective, x0, d, alpha, c2 float64) lineSearch {
	ctx := context.Background()
	g := make([]float64, 1)
	f0 := f([]float64{x0}, g)
	slope0 := g[0] * d
	require.Negative(t, slope0)

	l := newLineSearch(f, 1, 0) // no allowance for noise
	l.curvature = c2
	p, err := l.search(ctx, []float64{x0}, []float64{d}, f0, slope0, alpha)
	require.NoError(t, err)
	require.LessOrEqual(t, p.f, f0+1e-4*p.alpha*slope0, "sufficient decrease")
	require.LessOrEqual(t, math.Abs(p.slope), c2*math.Abs(slope0), "curvature")

	value := f([]float64{x0 + p.alpha*d}, g)
	require.Equal(t, value, p.f)
	require.Equal(t, x0+p.alpha*d, l.x[0])
	require.Equal(t, g[0], l.g[0])
	require.Equal(t, math.Abs(g[0]), l.norm)
	return l
}

func TestLineSearchMoreThuente(t *testing.T) {
	for name, f := range moreThuente() {
		for _, alpha := range []float64{1e-3, 1e-1, 1, 10, 1e3} {
			for _, c2 := range []float64{0.9, 0.1} {
				t.Run(fmt.Sprintf("%s/from %v/c2 %v", name, alpha, c2), func(t *testing.T) {
					l := requireWolfe(t, f, 0, 1, alpha, c2)
					assert.LessOrEqual(t, l.evaluations, 16)
				})
			}
		}
	}
}

func TestLineSearchWavyFunctions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.Float64Range(0.01, 100).Draw(t, "c")
		a := rapid.Float64Range(-3, 3).Draw(t, "a")
		w := rapid.Float64Range(0.1, 3).Draw(t, "w")
		f := phi(func(x float64) (float64, float64) {
			return c*x*x/2 + a*math.Sin(w*x), c*x + a*w*math.Cos(w*x)
		})
		x0 := rapid.Float64Range(-10, 10).Draw(t, "x0")
		g := make([]float64, 1)
		f([]float64{x0}, g)
		if math.Abs(g[0]) < 1e-3 {
			t.Skip("starts at a stationary point")
		}
		requireWolfe(t, f, x0, -g[0], rapid.Float64Range(1e-3, 10).Draw(t, "alpha"), 0.9)
	})
}

func TestLineSearchTakesTheFirstTrialIfItWillDo(t *testing.T) {
	parabola := phi(func(a float64) (float64, float64) { return (a - 1) * (a - 1) / 2, a - 1 })
	assert.Equal(t, 1, requireWolfe(t, parabola, 0, 1, 1, 0.9).evaluations)
	assert.Equal(t, 2, requireWolfe(t, parabola, 0, 1, 2.5, 0.9).evaluations, "the cubic is exact on a parabola")
}

func TestLineSearchBacksOffFromValuesThatAreNotFinite(t *testing.T) {
	// x - log x has no value for x <= 0; from 10 the trial at 1000 lands there.
	f := phi(func(x float64) (float64, float64) { return x - math.Log(x), 1 - 1/x })
	requireWolfe(t, f, 10, -1, 1000, 0.9)

	// An infinite slope under a finite value.
	f = phi(func(x float64) (float64, float64) {
		if x > 3 {
			return 0, math.Inf(1)
		}
		return (x - 2) * (x - 2), 2 * (x - 2)
	})
	requireWolfe(t, f, 0, 1, 50, 0.9)
}

func TestLineSearchGivesUp(t *testing.T) {
	// The slope says down, the values say up.
	f := phi(func(x float64) (float64, float64) { return x, -1 })
	l := newLineSearch(f, 1, defaultNoise)
	_, err := l.search(context.Background(), []float64{0}, []float64{1}, 0, -1, 1)
	assert.ErrorIs(t, err, errNoDecrease)
	assert.Equal(t, maxTrials, l.evaluations)
}

func TestLineSearchKeepsTheLowestPointIfItRunsOut(t *testing.T) {
	// Unbounded below: every trial is lower, none is flat.
	f := phi(func(x float64) (float64, float64) { return -x, -1 })
	l := newLineSearch(f, 1, defaultNoise)
	p, err := l.search(context.Background(), []float64{0}, []float64{1}, 0, -1, 1)
	require.NoError(t, err)
	assert.Equal(t, -p.alpha, p.f)
	assert.Equal(t, p.alpha, l.x[0])
	assert.Greater(t, p.alpha, 1e6)
}

// Where the value is 1 + rounding, only the slope leads to the minimum.
func TestLineSearchFollowsTheSlopeBelowTheNoise(t *testing.T) {
	f := phi(func(x float64) (float64, float64) { return 1 + x*x/2, x })
	l := newLineSearch(f, 1, defaultNoise)
	p, err := l.search(context.Background(), []float64{1e-9}, []float64{-1e-9}, 1, -1e-18, 3)
	require.NoError(t, err)
	assert.Less(t, math.Abs(l.x[0]), 1e-9)
	assert.LessOrEqual(t, math.Abs(p.slope), 0.9e-18)

	// And within what the noise hides, a rise is no obstacle, beyond it is.
	bumpy := func(height float64) objective {
		return phi(func(x float64) (float64, float64) {
			v := 1 + x*x/2
			if x < 1e-9 {
				v += height
			}
			return v, x
		})
	}
	l = newLineSearch(bumpy(1e-15), 1, defaultNoise)
	_, err = l.search(context.Background(), []float64{1e-9}, []float64{-1e-9}, 1, -1e-18, 1)
	assert.NoError(t, err)
	l = newLineSearch(bumpy(1e-12), 1, defaultNoise)
	_, err = l.search(context.Background(), []float64{1e-9}, []float64{-1e-9}, 1, -1e-18, 1)
	assert.ErrorIs(t, err, errNoDecrease)
}
