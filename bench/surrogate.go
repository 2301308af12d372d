package bench

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/seed-0772dd2d/ritz/internal/optimize"
	"github.com/seed-0772dd2d/ritz/internal/simd"
	"github.com/seed-0772dd2d/ritz/sampling"
	"github.com/seed-0772dd2d/ritz/surrogate"
)

// Surrogate measures Kriging with the Matérn correlation 5/2 on all threads: the
// fit by maximum likelihood from ten starts, in s, beside the same search with
// central differences through the public API, and the prediction of points, in
// 1e6 a second, beside a call a point. Then come searches for a minimum, beside
// random points.
func Surrogate(ctx context.Context, s Settings) (*Report, error) { return s.measured(ctx, surrogates) }

func surrogates(ctx context.Context, s Settings, size sizes) (*Report, error) {
	var tasks []task
	add := func(group, name, naive string, value func(seconds float64) float64, run func() error) {
		w := Work{Group: group, Name: name, Naive: naive, Precision: "float64", Level: simd.Level(), Threads: s.Threads}
		tasks = append(tasks, task{w, value, func(repeat int) error {
			for range repeat {
				if err := run(); err != nil {
					return err
				}
			}
			return nil
		}})
	}
	seconds := func(s float64) float64 { return s }
	for _, f := range fitFunctions() {
		small, large := f.data(size.naiveRows), f.data(size.rows)
		fit := func(d surrogate.Data) func() error {
			return func() error { _, err := surrogate.Kriging{Threads: s.Threads}.Fit(ctx, d); return err }
		}
		naive := observed("central differences, "+f.name, size.naiveRows)
		add(groupFit, observed(f.name, size.rows), "", seconds, fit(large))
		add(groupFit, observed(f.name, size.naiveRows), naive, seconds, fit(small))
		add(groupFit, naive, "", seconds, func() error { return naiveFit(ctx, small) })
	}

	branin := fitFunctions()[0]
	model := sync.OnceValues(func() (surrogate.Variance, error) {
		m, err := surrogate.Kriging{Threads: s.Threads}.Fit(ctx, branin.data(size.rows))
		if err != nil {
			return nil, err
		}
		return m.(surrogate.Variance), nil
	})
	x, err := sampling.Uniform{Dim: 2, Seed: 1}.Points(size.predictions)
	if err != nil {
		return nil, err
	}
	if err := sampling.Scale(x, branin.lower, branin.upper); err != nil {
		return nil, err
	}
	y, v := make([]float64, size.predictions), make([]float64, size.predictions)
	for _, p := range []struct {
		name    string
		predict func(m surrogate.Variance, first, n int) error
	}{
		{"mean", func(m surrogate.Variance, i, n int) error { return m.Predict(x[2*i:2*(i+n)], y[i:i+n]) }},
		{"mean and variance", func(m surrogate.Variance, i, n int) error {
			return m.PredictVariance(x[2*i:2*(i+n)], y[i:i+n], v[i:i+n])
		}},
	} {
		calls := func(points, of int) func() error {
			return func() error {
				m, err := model()
				for i := 0; i < of && err == nil; i += points {
					err = p.predict(m, i, points)
				}
				return err
			}
		}
		rate := func(points int) func(float64) float64 {
			return func(s float64) float64 { return float64(points) / s / 1e6 }
		}
		naive := p.name + ", a call a point"
		few := size.predictions / 100
		add(groupPredict, p.name, naive, rate(size.predictions), calls(size.predictions, size.predictions))
		add(groupPredict, naive, "", rate(few), calls(1, few))
	}
	r, err := report(ctx, s, size, []string{simd.Level()}, tasks)
	if err != nil || size.seeds == 0 {
		return r, err
	}
	r.Searches, err = Searches(ctx, size.seeds, nil)
	return r, err
}

func observed(what string, rows int) string { return fmt.Sprintf("%s, n = %d", what, rows) }

// fitFunction is a function of a few inputs on a box.
type fitFunction struct {
	name         string
	f            func(x []float64) float64
	lower, upper []float64
}

func fitFunctions() []fitFunction {
	return []fitFunction{
		{"Branin", braninFunction, []float64{-5, 0}, []float64{10, 15}},
		{"borehole", boreholeFunction,
			[]float64{0.05, 100, 63070, 990, 63.1, 700, 1120, 9855}, []float64{0.15, 50000, 115600, 1110, 116, 820, 1680, 12045}},
	}
}

// data are n points of the Sobol sequence.
func (f fitFunction) data(n int) surrogate.Data {
	d := len(f.lower)
	sobol, err := sampling.NewSobol(d)
	if err != nil {
		panic(err) // d is 2 or 8
	}
	x := sobol.Points(n)
	if err := sampling.Scale(x, f.lower, f.upper); err != nil {
		panic(err) // the bounds stand above
	}
	y := make([]float64, n)
	for i := range y {
		y[i] = f.f(x[i*d : (i+1)*d])
	}
	return surrogate.Data{Inputs: d, X: x, Y: y, Lower: f.lower, Upper: f.upper}
}

// boreholeFunction is the flow of water through a borehole in m³ a year (Morris,
// Mitchell and Ylvisaker, Technometrics 35 (1993) 243-255).
func boreholeFunction(x []float64) float64 {
	rw, r, tu, hu, tl, hl, l, kw := x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]
	a := math.Log(r / rw)
	return 2 * math.Pi * tu * (hu - hl) / (a * (1 + 2*l*tu/(a*rw*rw*kw) + tu/tl))
}

// naiveFit searches for the likeliest hyperparameters as one would from outside:
// from ten points of a Latin hypercube in log θ, the gradient by central
// differences of fits with given θ.
func naiveFit(ctx context.Context, d surrogate.Data) error {
	const starts, iterations = 10, 30
	design, err := sampling.LatinHypercube{Dim: d.Inputs, Seed: 1}.Points(starts)
	if err != nil {
		return err
	}
	for k := range starts {
		z := design[k*d.Inputs : (k+1)*d.Inputs]
		for l := range z {
			z[l] = math.Log(0.1) + z[l]*math.Log(100) // on unit inputs from 0.1 to 10
		}
		search, err := optimize.NewLBFGS(differences{d}, z, optimize.LBFGSSettings{})
		if err != nil {
			return err
		}
		for range iterations {
			status, err := search.Step(ctx)
			if err != nil {
				return err
			}
			if status.Stalled || status.GradNorm < 1e-3*math.Abs(status.F) {
				break
			}
		}
	}
	return nil
}

// differences is minus the log likelihood as a function of log θ on unit inputs.
type differences struct{ data surrogate.Data }

func (o differences) value(ctx context.Context, z []float64) (float64, error) {
	theta := make([]float64, len(z))
	for l, v := range z {
		theta[l] = math.Exp(v) / (o.data.Upper[l] - o.data.Lower[l])
	}
	m, err := surrogate.Kriging{Theta: theta, Nugget: 1e-12, Threads: 1}.Fit(ctx, o.data)
	if err != nil {
		return 0, err
	}
	return -m.(*surrogate.KrigingModel).Hyperparameters().LogLikelihood, nil
}

func (o differences) Gradient(ctx context.Context, z, g []float64) (float64, error) {
	const h = 1e-4
	moved := append([]float64(nil), z...)
	for l := range z {
		var f [2]float64
		for k, step := range []float64{h, -h} {
			moved[l] = z[l] + step
			v, err := o.value(ctx, moved)
			if err != nil {
				return 0, err
			}
			f[k] = v
		}
		moved[l], g[l] = z[l], (f[0]-f[1])/(2*h)
	}
	return o.value(ctx, z)
}
