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
// widths to a number of outputs.
func NewNetwork(inputs []Input, hidden []int, outputs int, act Activation) (*Network, error) {
	if len(inputs) < 1 || len(inputs) > len(MultiIndex{}) {
		return nil, fmt.Errorf("%d inputs: must be from 1 to %d", len(inputs), len(MultiIndex{}))
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
func (n *Network) layer(w []float64, l int) (matrix, bias []float64) {
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
		matrix, bias := n.layer(w, l)
		for i := range matrix {
			matrix[i] = limit * (2*rng.Float64() - 1)
		}
		clear(bias)
	}
}

// Workspace is the memory in which a network works on one block of points with
// one derivative set. A goroutine has its own.
type Workspace struct {
	set   *Set
	block int
	// a[l] holds the jets that enter layer l, a[layers] those of the output;
	// g[l] the jets σ'(z) of hidden layer l - 1.
	a, g [][]float64
	// bar is the adjoint of the output, before and after; z doubles as the
	// scratch of both passes.
	bar  []float64
	z, d []float64
	s, h []float64
}

// NewWorkspace returns the memory for blocks of the given number of points.
func (n *Network) NewWorkspace(set *Set, block int) *Workspace {
	rows := set.Len() * block
	ws := &Workspace{set: set, block: block}
	widest := 0
	for l, w := range n.widths {
		ws.a = append(ws.a, make([]float64, w*rows))
		var g []float64
		if l > 0 && l < n.layers() {
			g = make([]float64, w*rows)
		}
		ws.g = append(ws.g, g)
		widest = max(widest, w)
	}
	ws.bar = make([]float64, n.widths[n.layers()]*rows)
	ws.z = make([]float64, widest*rows)
	ws.d = make([]float64, widest*rows)
	ws.s = make([]float64, rows)
	ws.h = make([]float64, rows)
	return ws
}

// Derivative returns the row, one value a point, of the derivative of an output
// whose multi-index is member r of the set. Valid after Forward.
func (ws *Workspace) Derivative(output, r int) []float64 {
	return ws.row(ws.a[len(ws.a)-1], output, r)
}

// Bar returns the row of the adjoint of Derivative(output, r). The caller fills
// every row before Reverse, which consumes them.
func (ws *Workspace) Bar(output, r int) []float64 { return ws.row(ws.bar, output, r) }

func (ws *Workspace) row(x []float64, unit, r int) []float64 {
	i := (unit*ws.set.Len() + r) * ws.block
	return x[i : i+ws.block]
}

// Forward computes the outputs and their derivatives at one block of points;
// x[v] is the row of values of variable v.
func (n *Network) Forward(ws *Workspace, w []float64, x [][]float64) {
	rows := ws.set.Len() * ws.block
	n.embed(ws, x)
	for l := range n.layers() {
		in, out := n.shape(l)
		matrix, bias := n.layer(w, l)
		z := ws.z
		if l == n.layers()-1 {
			z = ws.a[l+1]
		}
		simd.MatMul(z, matrix, ws.a[l], out, in, rows)
		for u := range out {
			simd.AddConst(z[u*rows:u*rows+ws.block], bias[u])
			if l < n.layers()-1 {
				i, j := u*rows, (u+1)*rows
				n.act.compose(ws.set, ws.a[l+1][i:j], ws.g[l+1][i:j], z[i:j], ws.s, ws.h, ws.block)
			}
		}
	}
	ws.scale(ws.a[n.layers()])
}

// Reverse adds to grad the gradient with respect to the weights w of the scalar
// whose adjoints are in Bar. It follows Forward on the same workspace and
// weights.
func (n *Network) Reverse(ws *Workspace, w, grad []float64) {
	rows := ws.set.Len() * ws.block
	ws.scale(ws.bar)
	zbar, abar := ws.bar, ws.d
	for l := n.layers() - 1; l >= 0; l-- {
		in, out := n.shape(l)
		matrix, _ := n.layer(w, l)
		gradMatrix, gradBias := n.layer(grad, l)
		simd.AddMatMulBT(gradMatrix, zbar, ws.a[l], out, in, rows)
		for u := range out {
			gradBias[u] += simd.Sum(zbar[u*rows : u*rows+ws.block])
		}
		if l == 0 {
			return
		}
		simd.MatMulT(abar, matrix, zbar, out, in, rows)
		zbar = ws.z
		for u := range in {
			i, j := u*rows, (u+1)*rows
			reverse(ws.set, zbar[i:j], abar[i:j], ws.g[l][i:j], ws.block)
		}
	}
}

// scale turns coefficients of the output into derivatives, or adjoints of
// derivatives into adjoints of coefficients: both multiply by α!.
func (ws *Workspace) scale(x []float64) {
	rows := ws.set.Len() * ws.block
	for r, f := range ws.set.Factorial {
		if f == 1 {
			continue
		}
		for i := r * ws.block; i < len(x); i += rows {
			simd.Scale(x[i:i+ws.block], f, x[i:i+ws.block])
		}
	}
}

// embed writes the jets of the input units.
func (n *Network) embed(ws *Workspace, x [][]float64) {
	unit := 0
	for v, in := range n.inputs {
		if in.Periodic {
			n.embedCircle(ws, unit, v, x[v])
			unit += 2
			continue
		}
		slope := 2 / (in.Hi - in.Lo)
		for r, alpha := range ws.set.Index {
			row := ws.row(ws.a[0], unit, r)
			switch alpha {
			case MultiIndex{}:
				for p, t := range x[v][:ws.block] {
					row[p] = slope*(t-in.Lo) - 1
				}
			case axis(v, 1):
				for p := range row {
					row[p] = slope
				}
			default:
				clear(row)
			}
		}
		unit++
	}
}

// embedCircle writes the jets of cos θ and sin θ, θ = ω(x - lo), whose k-th
// Taylor coefficients are ω^k/k! times the functions shifted by kπ/2.
func (n *Network) embedCircle(ws *Workspace, unit, v int, x []float64) {
	in := n.inputs[v]
	omega := 2 * math.Pi / (in.Hi - in.Lo)
	cos, sin := ws.row(ws.a[0], unit, 0), ws.row(ws.a[0], unit+1, 0)
	for p, t := range x[:ws.block] {
		sin[p], cos[p] = math.Sincos(omega * (t - in.Lo))
	}
	for r, alpha := range ws.set.Index[1:] {
		c, s := ws.row(ws.a[0], unit, r+1), ws.row(ws.a[0], unit+1, r+1)
		k := alpha[v]
		if alpha != axis(v, k) {
			clear(c)
			clear(s)
			continue
		}
		f := math.Pow(omega, float64(k)) / factorial(alpha)
		if k%4 == 2 || k%4 == 3 {
			f = -f
		}
		if k%2 == 0 {
			simd.Scale(c, f, cos)
			simd.Scale(s, f, sin)
		} else {
			simd.Scale(c, -f, sin)
			simd.Scale(s, f, cos)
		}
	}
}

// axis is the multi-index of order k in variable v alone.
func axis(v int, k uint8) MultiIndex {
	var a MultiIndex
	a[v] = k
	return a
}

// BlockBytes is the memory of the jets of one point, which the forward pass
// writes and the reverse pass reads again.
func (n *Network) BlockBytes(set *Set) int {
	units := 0
	for _, w := range n.widths {
		units += 2 * w
	}
	return 8 * units * set.Len()
}
