package surrogate

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/seed-0772dd2d/ritz/internal/jet"
	"github.com/seed-0772dd2d/ritz/internal/optimize"
	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// smallNetwork is up to how many weights the inverse Hessian is kept.
const smallNetwork = 1000

// patience is how many iterations without a lower error on the rows held out end a
// start.
const patience = 200

// held is the number of rows held out of n.
func (m *NeuralNetworkModel) held(n int) int {
	return int(math.Round(m.file.Spec.Validation * float64(n)))
}

// train returns the weights of the best start. The starts run on several
// goroutines; each has a random sequence of its own.
func (m *NeuralNetworkModel) train(ctx context.Context, d Data) ([]float64, error) {
	s := m.file.Spec
	order := make([]int, d.Rows())
	for i := range order {
		order[i] = i
	}
	held := m.held(d.Rows())
	if held > 0 {
		order = rand.New(rand.NewPCG(s.Seed, 0)).Perm(d.Rows())
	}
	w := make([][]float64, s.Starts)
	value := make([]float64, s.Starts)
	err := parallel(ctx, s.Starts, 0, func(ctx context.Context, k int) (err error) {
		fit := m.newObjective(d, order[held:])
		var check *networkObjective
		if held > 0 {
			check = m.newObjective(d, order[:held])
		}
		start := make([]float64, m.net.Weights())
		m.net.Init(start, rand.New(rand.NewPCG(s.Seed, uint64(k)+1)))
		w[k], value[k], err = descend(ctx, fit, check, start, s.Iterations)
		return err
	})
	if err != nil {
		return nil, err
	}
	return w[floats.MinIdx(value)], nil
}

// descend minimises fit from w. It returns the last weights and the objective
// there, or, with rows held out, the weights of the least error on these.
func descend(ctx context.Context, fit, check *networkObjective, w []float64, iterations int) ([]float64, float64, error) {
	var method optimize.Method
	var err error
	if len(w) <= smallNetwork {
		method, err = optimize.NewSSBroyden(fit, w, optimize.SSBroydenSettings{Threads: 1})
	} else {
		method, err = optimize.NewLBFGS(fit, w, optimize.LBFGSSettings{})
	}
	if err != nil {
		return nil, 0, err
	}
	best, value, since := slices.Clone(w), math.Inf(1), 0
	for range iterations {
		status, err := method.Step(ctx)
		if errors.Is(err, optimize.ErrNotFinite) {
			break
		}
		if err != nil {
			return nil, 0, err
		}
		now := status.F
		if check != nil {
			if now, err = check.value(ctx, method.X()); err != nil {
				return nil, 0, err
			}
		}
		since++
		if now < value {
			copy(best, method.X())
			value, since = now, 0
		}
		if status.Stalled || check != nil && since >= patience {
			break
		}
	}
	return best, value, nil
}

// networkObjective is the logarithm of the mean square error with decay.
type networkObjective struct {
	pass    jet.Pass
	decay   float64
	n       int // rows
	outputs int
	block   int
	x       [][]float64 // of each input, its scaled values, filled up to whole blocks
	y       [][]float64 // of each output, standardised
	part    [][]float64 // of x, one block
}

// newObjective takes the given rows of the data.
func (m *NeuralNetworkModel) newObjective(d Data, rows []int) *networkObjective {
	f := &m.file
	o := &networkObjective{decay: f.Spec.Decay, n: len(rows), outputs: f.Outputs, block: min(len(rows), 2*blockSize)}
	o.pass = m.net.NewPass(m.values, o.block, false)
	whole := (o.n + o.block - 1) / o.block * o.block
	o.part = make([][]float64, f.Inputs)
	for j := range f.Inputs {
		v := make([]float64, whole)
		for i, row := range rows {
			v[i] = (d.X[row*f.Inputs+j] - m.scaling.shift[j]) * m.scaling.factor[j]
		}
		o.x = append(o.x, v)
	}
	for q := range f.Outputs {
		v := make([]float64, o.n)
		for i, row := range rows {
			v[i] = (d.Y[row*f.Outputs+q] - f.Mean[q]) / f.Spread[q]
		}
		o.y = append(o.y, v)
	}
	return o
}

// Gradient makes it an [optimize.Objective].
func (o *networkObjective) Gradient(ctx context.Context, w, g []float64) (float64, error) {
	clear(g)
	sum, err := o.evaluate(ctx, w, g)
	if err != nil {
		return 0, err
	}
	sum += o.decay*simd.Dot(w, w) + 1e-30 // which keeps the logarithm of an exact fit finite
	simd.AddScaled(g, 2*o.decay, w)
	simd.Scale(g, 1/sum, g)
	return math.Log(sum), nil
}

// value is the mean square error.
func (o *networkObjective) value(ctx context.Context, w []float64) (float64, error) {
	return o.evaluate(ctx, w, nil)
}

// evaluate is the mean square error; its gradient is added to g if that is not nil.
func (o *networkObjective) evaluate(ctx context.Context, w, g []float64) (float64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	o.pass.Load(w)
	sum, scale := 0.0, 1/float64(o.n*o.outputs)
	for first := 0; first < o.n; first += o.block {
		for j := range o.x {
			o.part[j] = o.x[j][first : first+o.block]
		}
		o.pass.Forward(o.part)
		count := min(o.block, o.n-first)
		for q := range o.outputs {
			bar := o.pass.Bar(q, 0)
			clear(bar)
			for i, v := range o.pass.Derivative(q, 0)[:count] {
				e := v - o.y[q][first+i]
				sum += scale * e * e
				bar[i] = 2 * scale * e
			}
		}
		if g != nil {
			o.pass.Reverse()
		}
	}
	if g != nil {
		o.pass.AddGradient(g)
	}
	return sum, nil
}
