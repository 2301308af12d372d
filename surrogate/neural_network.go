package surrogate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/seed-0772dd2d/ritz/internal/jet"
)

// NeuralNetwork is a fully connected network N with tanh units, of the domain
// scaled to [-1, 1]^d and of outputs scaled to mean 0 and variance 1. Its weights w
// minimise
//
//	log(Σ_i ‖N(x_i) - y_i‖²/(n m) + Decay ‖w‖²),
//
// whose logarithm keeps a quasi-Newton method going through many orders of
// magnitude: the self-scaled Broyden method up to 1,000 weights, L-BFGS beyond.
// Training begins at random weights (Glorot and Bengio 2010) as often as Starts says;
// the start with the least objective is the model.
//
// The decay is what keeps the network smooth between the samples. Data with noise
// of a relative variance ν wants a decay of that order over the number of weights,
// or Validation: then that share of the rows is held out, and every start ends at the
// weights with the least error on them, as does the choice of the start.
type NeuralNetwork struct {
	Hidden     []int   // units of the hidden layers, each 1 to 1024; default one layer of 20
	Decay      float64 // positive; default 1e-7
	Starts     int     // at least 1; default 4
	Iterations int     // of a start, at most; default 2000
	Validation float64 // share of the rows held out, in [0, 1); default 0
	Seed       uint64  // same seed, same network; default 0
}

// NeuralNetworkModel is a fitted [NeuralNetwork].
type NeuralNetworkModel struct {
	file    neuralNetworkFile
	net     *jet.Network
	scaling scaling
	values  *jet.Set
	passes  sync.Pool // of jet.Pass for values
}

// neuralNetworkFile is what determines the model.
type neuralNetworkFile struct {
	Spec            NeuralNetwork
	Inputs, Outputs int
	Lower, Upper    []float64
	Mean, Spread    []float64 // of the outputs
	W               []float64
}

var _ Gradient = (*NeuralNetworkModel)(nil)

// Fit returns a *[NeuralNetworkModel].
func (s NeuralNetwork) Fit(ctx context.Context, d Data) (Model, error) {
	if s.Hidden == nil {
		s.Hidden = []int{20}
	}
	if s.Decay == 0 {
		s.Decay = 1e-7
	}
	if s.Starts == 0 {
		s.Starts = 4
	}
	if s.Iterations == 0 {
		s.Iterations = 2000
	}
	d, err := d.check()
	if err != nil {
		return nil, err
	}
	d = d.clone()
	s.Hidden = slices.Clone(s.Hidden)
	f := neuralNetworkFile{Spec: s, Inputs: d.Inputs, Outputs: d.Outputs, Lower: d.Lower, Upper: d.Upper}
	for o := range d.Outputs {
		mean := 0.0
		for i := o; i < len(d.Y); i += d.Outputs {
			mean += d.Y[i] / float64(d.Rows())
		}
		f.Mean, f.Spread = append(f.Mean, mean), append(f.Spread, spread(d.Y, o, d.Outputs))
	}
	m, err := newNeuralNetwork(f)
	if err != nil {
		return nil, err
	}
	if s.Validation > 0 && (m.held(d.Rows()) < 1 || m.held(d.Rows()) >= d.Rows()) {
		return nil, fmt.Errorf("%w: %d rows leave none to train with or none to hold out at a validation of %g", ErrData, d.Rows(), s.Validation)
	}
	m.file.W, err = m.train(ctx, d)
	return m, err
}

// newNeuralNetwork prepares everything but the weights.
func newNeuralNetwork(f neuralNetworkFile) (*NeuralNetworkModel, error) {
	s := f.Spec
	for _, units := range s.Hidden {
		if units < 1 || units > 1024 {
			return nil, fmt.Errorf("%w: hidden layer of %d units, want 1 to 1024", ErrSettings, units)
		}
	}
	switch {
	case len(s.Hidden) == 0 || len(s.Hidden) > 16:
		return nil, fmt.Errorf("%w: %d hidden layers, want 1 to 16", ErrSettings, len(s.Hidden))
	case !(s.Decay > 0) || math.IsInf(s.Decay, 1):
		return nil, fmt.Errorf("%w: decay %g, want it positive", ErrSettings, s.Decay)
	case s.Starts < 1:
		return nil, fmt.Errorf("%w: %d starts, want at least 1", ErrSettings, s.Starts)
	case s.Iterations < 1:
		return nil, fmt.Errorf("%w: %d iterations, want at least 1", ErrSettings, s.Iterations)
	case !(s.Validation >= 0 && s.Validation < 1):
		return nil, fmt.Errorf("%w: validation %g, want a share in [0, 1)", ErrSettings, s.Validation)
	}
	net, err := jet.NewNetwork(slices.Repeat([]jet.Input{{Lo: -1, Hi: 1}}, f.Inputs), s.Hidden, f.Outputs, jet.Tanh)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrData, err)
	}
	m := &NeuralNetworkModel{file: f, net: net, scaling: centredScaling(Data{Inputs: f.Inputs, Lower: f.Lower, Upper: f.Upper})}
	if m.values, err = jet.NewSet(); err != nil {
		return nil, err
	}
	return m, nil
}

// Dims returns the numbers of inputs and outputs.
func (m *NeuralNetworkModel) Dims() (inputs, outputs int) { return m.file.Inputs, m.file.Outputs }

// networkPass evaluates blocks of points.
type networkPass struct {
	jet.Pass
	x [][]float64 // a row an input, scaled
	u []float64
}

func (m *NeuralNetworkModel) newPass(set *jet.Set, w []float64) *networkPass {
	p := &networkPass{Pass: m.net.NewPass(set, blockSize, false), u: make([]float64, m.file.Inputs)}
	for range m.file.Inputs {
		p.x = append(p.x, make([]float64, blockSize))
	}
	p.Load(w)
	return p
}

// load puts points into the first columns of the block, the input first as row 0
// and those before it last.
func (p *networkPass) load(s scaling, x []float64, first int) {
	d := len(p.u)
	for i := 0; i < len(x)/d; i++ {
		s.to(p.u, x[i*d:(i+1)*d])
		for j := range d {
			p.x[j][i] = p.u[(j+first)%d]
		}
	}
}

// Predict writes N, scaled back, to y.
func (m *NeuralNetworkModel) Predict(x, y []float64) error {
	f := &m.file
	n, err := rows(x, f.Inputs, y, f.Outputs)
	if err != nil {
		return err
	}
	inBlocks(n, func(first, last int) {
		p, ok := m.passes.Get().(*networkPass)
		if !ok {
			p = m.newPass(m.values, f.W)
		}
		defer m.passes.Put(p)
		p.load(m.scaling, x[first*f.Inputs:last*f.Inputs], 0)
		p.Forward(p.x)
		for o := range f.Outputs {
			for i, v := range p.Derivative(o, 0)[:last-first] {
				y[(first+i)*f.Outputs+o] = f.Mean[o] + f.Spread[o]*v
			}
		}
	})
	return nil
}

// PredictGradient writes ∂N/∂x: in groups of inputs as large as a multi-index
// allows, each with the inputs and the columns of the first matrix rotated such
// that the group comes first.
func (m *NeuralNetworkModel) PredictGradient(x, gradient []float64) error {
	f := &m.file
	d, outputs := f.Inputs, f.Outputs
	n, err := rows(x, d, gradient, d*outputs)
	if err != nil {
		return err
	}
	for group := 0; group < d; group += len(jet.MultiIndex{}) {
		count := min(d-group, len(jet.MultiIndex{}))
		axes := make([]jet.MultiIndex, count)
		for j := range axes {
			axes[j][j] = 1
		}
		set, err := jet.NewSet(axes...)
		if err != nil {
			return err
		}
		w := m.rotated(group)
		inBlocks(n, func(first, last int) {
			p := m.newPass(set, w)
			p.load(m.scaling, x[first*d:last*d], group)
			p.Forward(p.x)
			for o := range outputs {
				for j, axis := range axes {
					scale := f.Spread[o] * m.scaling.factor[group+j]
					for i, v := range p.Derivative(o, set.Find(axis))[:last-first] {
						gradient[((first+i)*outputs+o)*d+group+j] = scale * v
					}
				}
			}
		})
	}
	return nil
}

// rotated is the weights for inputs that begin with the given one.
func (m *NeuralNetworkModel) rotated(first int) []float64 {
	w, d := slices.Clone(m.file.W), m.file.Inputs
	for unit := range m.file.Spec.Hidden[0] {
		for j := range d {
			w[unit*d+j] = m.file.W[unit*d+(j+first)%d]
		}
	}
	return w
}

// MarshalJSON encodes the model; see [Save].
func (m *NeuralNetworkModel) MarshalJSON() ([]byte, error) { return json.Marshal(m.file) }

func decodeNeuralNetwork(data []byte) (Model, error) {
	var f neuralNetworkFile
	if err := decodeStrict(data, &f); err != nil {
		return nil, err
	}
	if f.Inputs < 1 || f.Inputs > len(f.W) || f.Outputs < 1 || f.Outputs > len(f.W) {
		return nil, fmt.Errorf("%w: %d inputs, %d outputs", ErrFile, f.Inputs, f.Outputs)
	}
	err := errors.Join(
		checkNumbers("lower bounds", f.Lower, f.Inputs), checkNumbers("upper bounds", f.Upper, f.Inputs),
		checkNumbers("means", f.Mean, f.Outputs), checkNumbers("spreads", f.Spread, f.Outputs))
	if err != nil {
		return nil, err
	}
	if err := checkBox(f.Lower, f.Upper, f.Inputs); err != nil {
		return nil, err
	}
	m, err := newNeuralNetwork(f)
	if err != nil {
		return nil, err
	}
	if err := checkNumbers("weights", f.W, m.net.Weights()); err != nil {
		return nil, err
	}
	return m, nil
}
