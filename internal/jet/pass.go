package jet

import (
	"math"
	"slices"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// Pass takes a network forward and back over one block of points with one
// derivative set. Outside it all is float64; NewPass chooses the precision
// within. A goroutine has its own.
type Pass interface {
	// Load takes the weights of the passes that follow.
	Load(w []float64)
	// Forward computes the outputs and their derivatives; x[v] is the row of
	// values of variable v, one a point of the block.
	Forward(x [][]float64)
	// Derivative returns the row, one value a point, of the derivative of an
	// output whose multi-index is member r of the set. Valid after Forward.
	Derivative(output, r int) []float64
	// Bar returns the row of the adjoint of Derivative(output, r), zero at first.
	// The caller fills it before Reverse, which leaves it as it is.
	Bar(output, r int) []float64
	// Reverse sums up the gradient with respect to the weights of the scalar whose
	// adjoints are in Bar. It follows Forward.
	Reverse()
	// AddGradient adds to grad what Reverse has summed up, and begins a new sum.
	AddGradient(grad []float64)
}

// NewPass returns a pass over blocks of the given number of points, in float64
// or, if single, in float32.
func (n *Network) NewPass(set *Set, block int, single bool) Pass {
	if single {
		return newPass[float32](n, set, block)
	}
	return newPass[float64](n, set, block)
}

// pass is a Pass in the precision of T.
type pass[T simd.Float] struct {
	net   *Network
	set   *Set
	block int

	out, bar []float64 // [output][coefficient][point], derivatives and their adjoints
	w, grad  []T

	// frame holds all jets, each block of them as in the package comment: a[l]
	// those that enter layer l, a[layers] those of the output; of hidden layers
	// also the companion g = σ'(z); and scratch of both directions.
	frame   []T
	a       []int
	scratch place            // z, and ā in a
	hidden  []place          // of the units that layer l ends with
	compose [][]simd.Product // of those
	reverse [][]simd.Product
}

func newPass[T simd.Float](n *Network, set *Set, block int) *pass[T] {
	rows := set.Len() * block
	p := &pass[T]{net: n, set: set, block: block, w: make([]T, n.Weights()), grad: make([]T, n.Weights())}
	size := 0
	jets := func(units int) int {
		size += units * rows
		return size - units*rows
	}
	widest := slices.Max(n.widths)
	p.scratch = place{z: jets(widest), a: jets(widest)}
	if n.act == Swish || n.act == Softplus {
		p.scratch.s, p.scratch.h = jets(widest), jets(widest)
	}
	p.a = []int{jets(n.widths[0])}
	for l, units := range n.widths[1:] {
		at := place{z: p.scratch.z, a: jets(units), s: p.scratch.s, h: p.scratch.h}
		if l < n.layers()-1 {
			at.g = jets(units)
			p.compose = append(p.compose, compose(n.act, set, at, block))
			p.reverse = append(p.reverse, reverse(set, p.scratch.z, p.scratch.a, at.g, block))
		}
		p.a, p.hidden = append(p.a, at.a), append(p.hidden, at)
	}
	p.frame = make([]T, size)
	outputs := n.widths[n.layers()] * rows
	p.out, p.bar = make([]float64, outputs), make([]float64, outputs)
	return p
}

func (p *pass[T]) Derivative(output, r int) []float64 { return row(p, p.out, output, r) }

func (p *pass[T]) Bar(output, r int) []float64 { return row(p, p.bar, output, r) }

// row is the row of one unit's coefficient in a block of units.
func row[T, E simd.Float](p *pass[T], block []E, unit, r int) []E {
	i := (unit*p.set.Len() + r) * p.block
	return block[i : i+p.block]
}

func (p *pass[T]) Load(w []float64) {
	for i := range p.w {
		p.w[i] = T(w[i])
	}
}

func (p *pass[T]) AddGradient(grad []float64) {
	for i, v := range p.grad {
		grad[i] += float64(v)
	}
	clear(p.grad)
}

func (p *pass[T]) Forward(x [][]float64) {
	n, rows := p.net, p.set.Len()*p.block
	p.embed(x)
	for l := range n.layers() {
		in, out := n.shape(l)
		matrix, bias := layer(n, p.w, l)
		at := p.hidden[l]
		z := at.z
		if l == n.layers()-1 {
			z = at.a // the output is affine
		}
		simd.MatMul(p.frame[z:], matrix, p.frame[p.a[l]:], out, in, rows)
		for u := range out {
			simd.AddConst(p.frame[z+u*rows:z+u*rows+p.block], bias[u])
		}
		if l == n.layers()-1 {
			break
		}
		for u := range out {
			values(n.act, p.frame[u*rows:], at, p.block)
		}
		simd.Products(p.frame, p.compose[l], p.block, out, rows)
	}
	last := p.frame[p.a[n.layers()]:]
	p.eachRow(func(i, j int, factorial float64) {
		for q, v := range last[i:j] {
			p.out[i+q] = factorial * float64(v)
		}
	})
}

func (p *pass[T]) Reverse() {
	n, rows := p.net, p.set.Len()*p.block
	abar, zbar := p.frame[p.scratch.a:], p.frame[p.scratch.z:]
	p.eachRow(func(i, j int, factorial float64) {
		for q, v := range p.bar[i:j] {
			zbar[i+q] = T(factorial * v)
		}
	})
	for l := n.layers() - 1; ; l-- {
		in, out := n.shape(l)
		matrix, _ := layer(n, p.w, l)
		gradMatrix, gradBias := layer(n, p.grad, l)
		simd.AddMatMulBT(gradMatrix, zbar, p.frame[p.a[l]:], out, in, rows)
		for u := range out {
			gradBias[u] += simd.Sum(zbar[u*rows : u*rows+p.block])
		}
		if l == 0 {
			return
		}
		simd.MatMulT(abar, matrix, zbar, out, in, rows)
		simd.Products(p.frame, p.reverse[l-1], p.block, in, rows)
	}
}

// eachRow calls f for the row i:j of each coefficient u_α of the outputs, with
// α!: the derivative is α! u_α, and the adjoint of u_α is α! that of the
// derivative.
func (p *pass[T]) eachRow(f func(i, j int, factorial float64)) {
	for i, k := 0, 0; i < len(p.out); i, k = i+p.block, k+1 {
		f(i, i+p.block, p.set.Factorial[k%p.set.Len()])
	}
}

// embed writes the jets of the input units.
func (p *pass[T]) embed(x [][]float64) {
	unit := 0
	for v, in := range p.net.inputs {
		if in.Periodic {
			p.embedCircle(unit, v, x[v])
			unit += 2
			continue
		}
		slope := 2 / (in.Hi - in.Lo)
		for r, alpha := range p.set.Index {
			to := row(p, p.frame[p.a[0]:], unit, r)
			switch {
			case alpha == MultiIndex{}:
				for q, t := range x[v][:p.block] {
					to[q] = T(slope*(t-in.Lo) - 1)
				}
			case v < len(alpha) && alpha == axis(v, 1):
				for q := range to {
					to[q] = T(slope)
				}
			default:
				clear(to)
			}
		}
		unit++
	}
}

// embedCircle writes the jets of cos θ and sin θ, θ = ω(x - lo), whose k-th
// Taylor coefficients are ω^k/k! times the functions shifted by kπ/2.
func (p *pass[T]) embedCircle(unit, v int, x []float64) {
	in := p.net.inputs[v]
	omega := 2 * math.Pi / (in.Hi - in.Lo)
	cos, sin := row(p, p.frame[p.a[0]:], unit, 0), row(p, p.frame[p.a[0]:], unit+1, 0)
	for q, t := range x[:p.block] {
		s, c := math.Sincos(omega * (t - in.Lo))
		sin[q], cos[q] = T(s), T(c)
	}
	for r, alpha := range p.set.Index[1:] {
		c, s := row(p, p.frame[p.a[0]:], unit, r+1), row(p, p.frame[p.a[0]:], unit+1, r+1)
		if v >= len(alpha) || alpha != axis(v, alpha[v]) {
			clear(c)
			clear(s)
			continue
		}
		k := alpha[v]
		f := T(math.Pow(omega, float64(k)) / factorial(alpha))
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
