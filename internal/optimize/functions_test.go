package optimize

import (
	"context"
	"flag"
	"math"
	"os"
	"testing"
)

// TestMain has the property tests draw the same cases in every run, unless a
// seed is given.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.seed", "1"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(m.Run())
}

// objective makes a function an Objective.
type objective func(x, g []float64) float64

func (f objective) Gradient(_ context.Context, x, g []float64) (float64, error) { return f(x, g), nil }

// rosenbrock is the chained function: sum 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2.
func rosenbrock(x, g []float64) float64 {
	f := 0.0
	clear(g)
	for i := range len(x) - 1 {
		a, b := x[i+1]-x[i]*x[i], 1-x[i]
		f += 100*a*a + b*b
		g[i] += -400*a*x[i] - 2*b
		g[i+1] += 200 * a
	}
	return f
}

func rosenbrockStart(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 1
		if i%2 == 0 {
			x[i] = -1.2
		}
	}
	return x
}

func beale(x, g []float64) float64 {
	clear(g)
	f, p := 0.0, 1.0
	for k, c := range []float64{1.5, 2.25, 2.625} {
		dp := float64(k+1) * p // d/dy of y^(k+1)
		p *= x[1]
		r := c - x[0]*(1-p)
		f += r * r
		g[0] += -2 * r * (1 - p)
		g[1] += 2 * r * x[0] * dp
	}
	return f
}

func powellSingular(x, g []float64) float64 {
	a, b, c, d := x[0]+10*x[1], x[2]-x[3], x[1]-2*x[2], x[0]-x[3]
	g[0] = 2*a + 40*d*d*d
	g[1] = 20*a + 4*c*c*c
	g[2] = 10*b - 8*c*c*c
	g[3] = -10*b - 40*d*d*d
	return a*a + 5*b*b + math.Pow(c, 4) + 10*math.Pow(d, 4)
}

// quadratic is x'Dx/2 - sum x with D from 1 to condition, evenly spaced in the logarithm.
func quadratic(condition float64) objective {
	return func(x, g []float64) float64 {
		f := 0.0
		for i, v := range x {
			d := math.Pow(condition, float64(i)/float64(max(len(x)-1, 1)))
			f += d*v*v/2 - v
			g[i] = d*v - 1
		}
		return f
	}
}

// logarithm is log f, as losses are minimised.
func logarithm(f objective) objective {
	return func(x, g []float64) float64 {
		v := f(x, g)
		for i := range g {
			g[i] /= v
		}
		return math.Log(v)
	}
}
