package surrogate

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/sampling"
)

// borehole is the flow of water through a borehole, in m³ a year.
func borehole(x []float64) float64 {
	rw, r, tu, hu, tl, hl, l, kw := x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]
	a := math.Log(r / rw)
	return 2 * math.Pi * tu * (hu - hl) / (a * (1 + 2*l*tu/(a*rw*rw*kw) + tu/tl))
}

var (
	boreholeLower = []float64{0.05, 100, 63070, 990, 63.1, 700, 1120, 9855}
	boreholeUpper = []float64{0.15, 50000, 115600, 1110, 116, 820, 1680, 12045}
)

func benchData(b testing.TB, d int) Data {
	if d == 2 {
		return sobolData(b, krigingBranin, []float64{-5, 0}, []float64{10, 15}, 0, 400)
	}
	return sobolData(b, borehole, boreholeLower, boreholeUpper, 0, 400)
}

func BenchmarkKrigingFit(b *testing.B) {
	for _, d := range []int{2, 8} {
		b.Run(fmt.Sprintf("d=%d", d), func(b *testing.B) {
			data := benchData(b, d)
			for b.Loop() {
				m := fitKriging(b, Kriging{}, data)
				b.ReportMetric(m.Hyperparameters().LogLikelihood, "loglik")
			}
		})
	}
}

// differences is the likelihood as a caller from outside would have it: a model a
// value, central differences for the gradient, so 2d + 1 factors and no inverse.
type differences struct{ data Data }

func (o differences) value(ctx context.Context, z []float64) (float64, error) {
	theta := make([]float64, len(z))
	for l, v := range z {
		theta[l] = math.Exp(v) / (o.data.Upper[l] - o.data.Lower[l])
	}
	m, err := Kriging{Theta: theta, Nugget: searchNugget, Threads: 1}.Fit(ctx, o.data)
	if err != nil {
		return math.Inf(1), nil
	}
	return -m.(*KrigingModel).Hyperparameters().LogLikelihood, nil
}

func (o differences) Gradient(ctx context.Context, z, g []float64) (float64, error) {
	const h = 1e-4
	moved := append([]float64(nil), z...)
	for l := range z {
		moved[l] = z[l] + h
		up, _ := o.value(ctx, moved)
		moved[l] = z[l] - h
		down, _ := o.value(ctx, moved)
		moved[l], g[l] = z[l], (up-down)/(2*h)
	}
	return o.value(ctx, z)
}

// BenchmarkKrigingFitNaive searches from ten points of a hypercube, one after the
// other, without a gradient.
func BenchmarkKrigingFitNaive(b *testing.B) {
	for _, d := range []int{2, 8} {
		b.Run(fmt.Sprintf("d=%d", d), func(b *testing.B) {
			data := benchData(b, d)
			for b.Loop() {
				m, _ := Kriging{}.newModel(data)
				p, _ := m.problem()
				lower, upper, from, to := p.bounds()
				z, _ := sampling.LatinHypercube{Dim: d}.Points(10)
				best := end{f: math.Inf(1)}
				for i := range 10 {
					start := z[i*d : (i+1)*d]
					for k := range start {
						start[k] = from[k] + (to[k]-from[k])*start[k]
					}
					o := &bounded{objective: differences{data}, lower: lower, upper: upper, z: make([]float64, d)}
					e, err := o.descend(context.Background(), start, roughly)
					require.NoError(b, err)
					if e.f < best.f {
						best = e
					}
				}
				b.ReportMetric(-best.f, "loglik")
			}
		})
	}
}

func BenchmarkKrigingEvaluate(b *testing.B) {
	for _, d := range []int{2, 8} {
		b.Run(fmt.Sprintf("d=%d", d), func(b *testing.B) {
			m, _ := Kriging{}.newModel(benchData(b, d))
			p, _ := m.problem()
			l := p.new(1)
			z, g := p.middle(), make([]float64, p.size())
			for b.Loop() {
				l.evaluate(z, g)
			}
		})
	}
}

func BenchmarkKrigingPredict(b *testing.B) {
	const n = 100_000
	m := fitKriging(b, Kriging{}, benchData(b, 2))
	x, _ := sampling.Uniform{Dim: 2}.Points(n)
	_ = sampling.Scale(x, []float64{-5, 0}, []float64{10, 15})
	y, v := make([]float64, n), make([]float64, n)
	b.Run("mean", func(b *testing.B) {
		for b.Loop() {
			_ = m.Predict(x, y)
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*1e6/n, "s/Mpoints")
	})
	b.Run("mean, a point a call", func(b *testing.B) {
		for b.Loop() {
			for i := range n {
				_ = m.Predict(x[2*i:2*i+2], y[i:i+1])
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*1e6/n, "s/Mpoints")
	})
	b.Run("variance, a point a call", func(b *testing.B) {
		for b.Loop() {
			for i := range n {
				_ = m.PredictVariance(x[2*i:2*i+2], y[i:i+1], v[i:i+1])
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*1e6/n, "s/Mpoints")
	})
	b.Run("variance", func(b *testing.B) {
		for b.Loop() {
			_ = m.PredictVariance(x, y, v)
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*1e6/n, "s/Mpoints")
	})
}
