package jet

import (
	"math"
	"math/big"
)

// A second implementation, slow and to some fifty digits: truncated Taylor
// arithmetic on big.Float. It shares no formula with the package: functions of
// a series are power series in its nilpotent part, not recurrences, and all
// activations are built from exp, log, sin and a reciprocal.

const precision = 192 // bits

func number(x float64) *big.Float          { return new(big.Float).SetPrec(precision).SetFloat64(x) }
func add(x, y *big.Float) *big.Float       { return number(0).Add(x, y) }
func sub(x, y *big.Float) *big.Float       { return number(0).Sub(x, y) }
func mul(x, y *big.Float) *big.Float       { return number(0).Mul(x, y) }
func quo(x, y *big.Float) *big.Float       { return number(0).Quo(x, y) }
func ratio(x *big.Float, k int) *big.Float { return quo(x, number(float64(k))) }

// pi to 80 decimals.
var pi, _, _ = big.ParseFloat("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899", 10, precision, big.ToNearestEven)

// expTerms lists x^k/k! until they vanish.
func expTerms(x *big.Float) []*big.Float {
	terms := []*big.Float{number(1)}
	for k := 1; ; k++ {
		t := ratio(mul(terms[k-1], x), k)
		if t.Sign() == 0 || t.MantExp(nil) < -precision-20 {
			return terms
		}
		terms = append(terms, t)
	}
}

func bigExp(x *big.Float) *big.Float {
	const halvings = 8
	sum := number(0)
	for _, t := range expTerms(number(0).SetMantExp(x, -halvings)) {
		sum.Add(sum, t)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// bigLog solves exp y = x by Newton's method, which doubles the digits.
func bigLog(x *big.Float) *big.Float {
	f, _ := x.Float64()
	y := number(math.Log(f))
	for range 2 {
		y = add(y, sub(quo(x, bigExp(y)), number(1)))
	}
	return y
}

func bigSinCos(x *big.Float) (sin, cos *big.Float) {
	sum := [2]*big.Float{number(0), number(0)}
	for k, t := range expTerms(x) {
		if k%4 >= 2 {
			t.Neg(t)
		}
		sum[k%2].Add(sum[k%2], t)
	}
	return sum[1], sum[0]
}

// algebra is the truncated Taylor arithmetic over some multi-indices, which
// must be downward closed, the first of them zero.
type algebra struct {
	index  []MultiIndex
	pairs  [][][2]int // of members that sum to a member
	degree int
}

type series []*big.Float // a coefficient a member

func newAlgebra(index []MultiIndex) *algebra {
	al := &algebra{index: index, pairs: make([][][2]int, len(index))}
	position := map[MultiIndex]int{}
	for r, alpha := range index {
		position[alpha] = r
		al.degree = max(al.degree, order(alpha))
	}
	for i, alpha := range index {
		for j, beta := range index {
			for v := range alpha {
				beta[v] += alpha[v]
			}
			if r, ok := position[beta]; ok {
				al.pairs[r] = append(al.pairs[r], [2]int{i, j})
			}
		}
	}
	return al
}

func (al *algebra) constant(c *big.Float) series {
	x := make(series, len(al.index))
	for r := range x {
		x[r] = number(0)
	}
	x[0].Set(c)
	return x
}

// variable is the series of variable v at x.
func (al *algebra) variable(v int, x float64) series {
	s := al.constant(number(x))
	for r, alpha := range al.index {
		if order(alpha) == 1 && alpha[v] == 1 {
			s[r] = number(1)
		}
	}
	return s
}

// linear is c x + d y.
func (al *algebra) linear(c *big.Float, x series, d *big.Float, y series) series {
	z := make(series, len(x))
	for r := range z {
		z[r] = add(mul(c, x[r]), mul(d, y[r]))
	}
	return z
}

func (al *algebra) mul(x, y series) series {
	z, t := al.constant(number(0)), number(0)
	for r, pairs := range al.pairs {
		for _, p := range pairs {
			if x[p[0]].Sign() != 0 && y[p[1]].Sign() != 0 {
				z[r].Add(z[r], t.Mul(x[p[0]], y[p[1]]))
			}
		}
	}
	return z
}

// compose is Σ c_k δ^k, δ the nilpotent part of z, by Horner's rule.
func (al *algebra) compose(c []*big.Float, z series) series {
	delta := append(series{number(0)}, z[1:]...)
	y := al.constant(c[al.degree])
	for k := al.degree - 1; k >= 0; k-- {
		y = al.mul(y, delta)
		y[0].Add(y[0], c[k])
	}
	return y
}

// coefficients lists c_0, next(1, c_0), next(2, c_1) ... up to the degree.
func (al *algebra) coefficients(c0 *big.Float, next func(k int, last *big.Float) *big.Float) []*big.Float {
	c := []*big.Float{c0}
	for k := 1; k <= al.degree; k++ {
		c = append(c, next(k, c[k-1]))
	}
	return c
}

func (al *algebra) exp(z series) series {
	return al.compose(al.coefficients(bigExp(z[0]), func(k int, last *big.Float) *big.Float { return ratio(last, k) }), z)
}

func (al *algebra) reciprocal(z series) series {
	minus := number(0).Neg(z[0])
	return al.compose(al.coefficients(quo(number(1), z[0]), func(_ int, last *big.Float) *big.Float { return quo(last, minus) }), z)
}

func (al *algebra) log(z series) series {
	power := number(-1)
	return al.compose(al.coefficients(bigLog(z[0]), func(k int, _ *big.Float) *big.Float {
		power = number(0).Neg(quo(power, z[0]))
		return ratio(power, k)
	}), z)
}

// sine is sin(z + quarters π/2): the k-th derivative is a shift by k quarters.
func (al *algebra) sine(z series, quarters int) series {
	sin, cos := bigSinCos(z[0])
	shifts := [4]*big.Float{sin, cos, number(0).Neg(sin), number(0).Neg(cos)}
	factorial := 1
	return al.compose(al.coefficients(shifts[quarters%4], func(k int, _ *big.Float) *big.Float {
		factorial *= k
		return ratio(shifts[(quarters+k)%4], factorial)
	}), z)
}

func (al *algebra) activate(act Activation, z series) series {
	one := al.constant(number(1))
	expOf := func(c float64) series { return al.exp(al.linear(number(c), z, number(0), one)) }
	sigmoid := func(c float64) series {
		return al.reciprocal(al.linear(number(1), expOf(-c), number(1), one))
	}
	switch act {
	case Tanh:
		return al.linear(number(2), sigmoid(2), number(-1), one)
	case Sin:
		return al.sine(z, 0)
	case Sigmoid:
		return sigmoid(1)
	case Swish:
		return al.mul(z, sigmoid(1))
	case Softplus:
		return al.log(al.linear(number(1), expOf(1), number(1), one))
	}
	panic(act)
}

// forward is the network of the same shape at one point: the derivatives of
// each output, in the order of the algebra's indices.
func (al *algebra) forward(n *Network, w []*big.Float, x []float64) []series {
	one := al.constant(number(1))
	var layer []series
	for v, in := range n.inputs {
		// s runs from 0 to 1 over the interval.
		length := sub(number(in.Hi), number(in.Lo))
		s := al.linear(quo(number(1), length), al.variable(v, x[v]), quo(number(-in.Lo), length), one)
		if in.Periodic {
			theta := al.linear(mul(number(2), pi), s, number(0), one)
			layer = append(layer, al.sine(theta, 1), al.sine(theta, 0))
		} else {
			layer = append(layer, al.linear(number(2), s, number(-1), one))
		}
	}
	t := number(0)
	for l, out := range n.widths[1:] {
		in := len(layer)
		next := make([]series, out)
		for u := range next {
			z := al.constant(w[in*out+u])
			for i, a := range layer {
				for r := range z {
					z[r].Add(z[r], t.Mul(w[u*in+i], a[r]))
				}
			}
			if l < len(n.widths)-2 {
				z = al.activate(n.act, z)
			}
			next[u] = z
		}
		layer, w = next, w[out*(in+1):]
	}
	for _, u := range layer {
		for r, alpha := range al.index {
			for _, k := range alpha {
				for m := 2; m <= int(k); m++ {
					u[r].Mul(u[r], number(float64(m)))
				}
			}
		}
	}
	return layer
}
