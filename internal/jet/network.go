package jet

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// Input is one independent variable as a network sees it: its interval mapped
// to [-1, 1], or, periodic, to the unit circle (two units, cosine and sine of
// 2π(x - Lo)/(Hi - Lo)), which makes the network exactly periodic.
type Input struct {
	Lo, Hi   float64
	Periodic bool
}

// Network is the shape of a fully connected network: affine layers with an
// activation between them. Its weights live in a flat slice of the caller:
// layer after layer, first the matrix (row-major, a row an output unit), then
// the biases.
type Network struct {
	inputs  []Input
	widths  []int // units: input, hidden ..., output
	offsets []int // of each layer in the weights; the last is their number
	act     Activation
}

// NewNetwork returns a network from the inputs over hidden layers of the given
// widths to a number of outputs. Only with respect to the first inputs, as many as
// a MultiIndex counts, are there derivatives.
func NewNetwork(inputs []Input, hidden []int, outputs int, act Activation) (*Network, error) {
	if len(inputs) < 1 {
		return nil, fmt.Errorf("%d inputs: must be 1 or more", len(inputs))
	}
	n := &Network{inputs: inputs, act: act}
	units := 0
	for v, in := range inputs {
		if length := in.Hi - in.Lo; !(length > 0) || math.IsInf(length, 1) {
			return nil, fmt.Errorf("input %d runs over [%g, %g]: the interval must be finite and not empty", v, in.Lo, in.Hi)
		}
		units++
		if in.Periodic {
			units++
		}
	}
	n.widths = append(append([]int{units}, hidden...), outputs)
	for _, w := range n.widths {
		if w < 1 || w > 1<<14 {
			return nil, fmt.Errorf("layer width %d: must be from 1 to %d", w, 1<<14)
		}
	}
	n.offsets = []int{0}
	for l := range n.layers() {
		nin, nout := n.shape(l)
		n.offsets = append(n.offsets, n.offsets[l]+nout*(nin+1))
	}
	return n, nil
}

// Weights is the number of weights and biases.
func (n *Network) Weights() int { return n.offsets[n.layers()] }

func (n *Network) layers() int { return len(n.widths) - 1 }

func (n *Network) shape(l int) (in, out int) { return n.widths[l], n.widths[l+1] }

// layer returns the matrix and the biases of layer l as views of w.
func layer[T simd.Float](n *Network, w []T, l int) (matrix, bias []T) {
	in, out := n.shape(l)
	w = w[n.offsets[l]:n.offsets[l+1]]
	return w[:in*out], w[in*out:]
}

// Init fills w with the uniform start of Glorot and Bengio (2010), equation
// 16: variance 2/(in + out), biases zero.
func (n *Network) Init(w []float64, rng *rand.Rand) {
	for l := range n.layers() {
		in, out := n.shape(l)
		limit := math.Sqrt(6 / float64(in+out))
		matrix, bias := layer(n, w, l)
		for i := range matrix {
			matrix[i] = limit * (2*rng.Float64() - 1)
		}
		clear(bias)
	}
}

// BlockBytes is the memory of the jets of one point, which the forward pass
// writes and the reverse pass reads again, in float64 or, if single, float32.
func (n *Network) BlockBytes(set *Set, single bool) int {
	units := 0
	for _, w := range n.widths {
		units += 2 * w
	}
	if single {
		return 4 * units * set.Len()
	}
	return 8 * units * set.Len()
}
