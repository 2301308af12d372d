package expr

import (
	"math"
	"slices"
)

// Diff returns the simplified total derivative of n with respect to variable v: each field gains
// one order. An integral is differentiated inside, and is constant in its own variable. Functions
// with kinks and jumps have the derivative they have elsewhere: that of abs is sign, of floor 0.
func Diff(n Node, v int) Node {
	d := differ{v: v, memo: map[Node]Node{}, limit: math.MaxInt}
	return d.diff(Simplify(n))
}

// Derivative returns the simplified derivative of the given order by each variable.
func Derivative(n Node, order MultiIndex) Node {
	for v, times := range order {
		for range times {
			n = Diff(n, v)
		}
	}
	return n
}

type differ struct {
	v     int
	memo  map[Node]Node
	limit int  // largest size of a derivative
	over  bool // the limit was passed; results are meaningless
}

// diff returns the derivative of a simple node.
func (d *differ) diff(n Node) Node {
	if d.over {
		return zero
	}
	if r := d.memo[n]; r != nil {
		return r
	}
	r := d.rule(n)
	d.over = d.over || r.head().size > d.limit
	d.memo[n] = r
	return r
}

func (d *differ) rule(n Node) Node {
	switch n := n.(type) {
	case *variable:
		if n.index == d.v {
			return one
		}
	case *field:
		order := n.order
		order[d.v] = min(order[d.v], math.MaxUint8-1) + 1
		return newField(n.index, order, n.words)
	case *Integral:
		if n.Variable != d.v {
			return integral(d.diff(n.Body), n.Variable, n.name)
		}
	case *call:
		switch n.fn {
		case add, sub:
			var s sum
			d.addSum(&s, n, 1)
			return s.node()
		case negate, mul, div:
			return d.productRule(n)
		case conditional:
			return choose(n.args[0], d.diff(n.args[1]), d.diff(n.args[2]))
		}
		if _, ok := integerPower(n); ok {
			return d.productRule(n)
		}
		if len(n.fn.derivative) == 0 {
			return zero // steps and comparisons
		}
		var s sum // chain rule
		for i, a := range n.args {
			if da := d.diff(a); !isNumber(da, 0) {
				s.add(product(partial(n, i), da), 1)
			}
		}
		return s.node()
	}
	return zero
}

// addSum adds the derivative of sign*n to s, term by term.
func (d *differ) addSum(s *sum, n Node, sign float64) {
	if !isSum(n) {
		s.add(d.diff(n), sign)
		return
	}
	c := n.(*call)
	d.addSum(s, c.args[0], sign)
	if c.fn == sub {
		sign = -sign
	}
	d.addSum(s, c.args[1], sign)
}

// productRule differentiates c * prod f_i^(n_i), n_i of either sign:
// sum_i n_i f_i^(n_i - 1) f_i' times the rest.
func (d *differ) productRule(n Node) Node {
	m := newMonomial(1)
	m.times(n, 1)
	factors := slices.Clone(m.num)
	for _, f := range m.den {
		factors = append(factors, factor{f.base, -f.n})
	}
	var s sum
	for i, f := range factors {
		df := d.diff(f.base)
		if d.over || isNumber(df, 0) {
			continue
		}
		t := &monomial{c: m.c}
		for j, g := range factors {
			if i == j {
				t.push(g.base, g.n-1)
				t.times(df, 1)
			} else {
				t.push(g.base, g.n)
			}
		}
		t.times(newNumber(float64(f.n)), 1)
		s.add(t.node(), 1)
	}
	return s.node()
}
