package expr

import (
	"math"
	"slices"
)

// ratio is the coefficient p/q of a monomial, q > 0: a float64 where that is exact, otherwise the
// two numbers as they were written, so that u/3 stays u/3. Integers are in lowest terms.
type ratio struct{ p, q float64 }

// newRatio returns p/q in normal form. It fails where a float64 would overflow or underflow.
func newRatio(p, q float64) (r ratio, ok bool) {
	if !isModerate(p) || !isModerate(q) || q == 0 {
		return ratio{}, false
	}
	if q < 0 {
		p, q = -p, -q
	}
	if p == 0 {
		return ratio{0, 1}, true
	}
	if isInteger(p) && isInteger(q) {
		g := gcd(math.Abs(p), q)
		return ratio{p / g, q / g}, true
	}
	if quotient := p / q; math.FMA(quotient, q, -p) == 0 {
		return ratio{quotient, 1}, true
	}
	return ratio{p, q}, true
}

func (a ratio) times(b ratio) (ratio, bool) { return newRatio(a.p*b.p, a.q*b.q) }

func (a ratio) plus(b ratio) (ratio, bool) {
	p, q := a.p*b.q+b.p*a.q, a.q*b.q
	switch {
	case a.q == b.q:
		p, q = a.p+b.p, a.q
	case !isInteger(p) || !isInteger(q):
		p, q = a.p/a.q+b.p/b.q, 1
	}
	return newRatio(p, q)
}

func (a ratio) power(n int) (ratio, bool) {
	if n < 0 {
		a, n = ratio{a.q, a.p}, -n
	}
	return newRatio(math.Pow(a.p, float64(n)), math.Pow(a.q, float64(n)))
}

func (a ratio) value() float64 { return a.p / a.q }

// isModerate reports whether products of two such numbers neither overflow nor lose digits.
func isModerate(x float64) bool {
	return x == 0 || math.Abs(x) < 1e150 && math.Abs(x) > 1e-150
}

func isInteger(x float64) bool { return x == math.Trunc(x) && math.Abs(x) < 1<<53 }

func gcd(a, b float64) float64 {
	for b != 0 {
		a, b = b, math.Mod(a, b)
	}
	return a
}

// factor is base^n with n >= 1.
type factor struct {
	base Node
	n    int
}

// monomial is c * num[0] * num[1] ... / (den[0] * den[1] ...). Equal bases are collected within
// the numerator and within the denominator, never across: x/x is undefined at 0 and stays.
type monomial struct {
	c        ratio
	num, den []factor
}

func newMonomial(c float64) *monomial { return &monomial{c: ratio{c, 1}} }

// times multiplies m by n^k; n is simple.
func (m *monomial) times(n Node, k int) {
	switch n := n.(type) {
	case *number:
		if c, ok := (ratio{n.value, 1}).power(k); ok {
			if c, ok = m.c.times(c); ok {
				m.c = c
				return
			}
		}
	case *call:
		switch n.fn {
		case negate:
			if k%2 != 0 {
				m.c.p = -m.c.p
			}
			m.times(n.args[0], k)
			return
		case mul:
			m.times(n.args[0], k)
			m.times(n.args[1], k)
			return
		case div:
			m.times(n.args[0], k)
			m.times(n.args[1], -k)
			return
		case power:
			if j, ok := integerPower(n); ok && abs(j*k) <= maxExponent {
				m.times(n.args[0], j*k)
				return
			}
		}
	}
	m.push(n, k)
}

// push multiplies m by base^k without looking into base.
func (m *monomial) push(base Node, k int) {
	list := &m.num
	if k < 0 {
		list, k = &m.den, -k
	}
	if k == 0 {
		return
	}
	for i := range *list {
		if f := &(*list)[i]; Equal(f.base, base) && f.n+k <= maxExponent {
			if !isNumber(base, 0) {
				f.n += k
			}
			return
		}
	}
	if isNumber(base, 0) {
		k = 1 // a division by zero: 1/0^2 is 1/0
	}
	*list = append(*list, factor{base, k})
}

// maxExponent is the largest exponent that is treated as repeated multiplication.
const maxExponent = 1 << 12

// integerPower returns the exponent of c if c is a power with a literal integer exponent.
func integerPower(c *call) (n int, ok bool) {
	if c.fn != power {
		return 0, false
	}
	x, ok := c.args[1].(*number)
	if !ok || x.value != math.Trunc(x.value) || math.Abs(x.value) > maxExponent {
		return 0, false
	}
	return int(x.value), true
}

func abs(n int) int { return max(n, -n) }

// node writes m as a tree: -2*a*b^2/(3*c).
func (m *monomial) node() Node {
	p, q := m.c.p, m.c.q
	if p == 0 {
		return zero
	}
	if len(m.num) == 1 && m.num[0].n == 1 && len(m.den) == 0 && q == 1 {
		base := m.num[0].base
		switch {
		case p == 1:
			return base
		case p == -1 && isSum(base):
			var s sum
			s.add(base, -1)
			return s.node()
		}
	}
	top, rest := newNumber(p), m.num
	if len(m.num) > 0 && (p == 1 || p == -1) {
		top, rest = m.num[0].node(), m.num[1:]
		if p == -1 {
			top = simpleCall(negate, top)
		}
	}
	top = chain(top, rest)
	switch {
	case q != 1:
		return simpleCall(div, top, chain(newNumber(q), m.den))
	case len(m.den) > 0:
		return simpleCall(div, top, chain(m.den[0].node(), m.den[1:]))
	}
	return top
}

func chain(n Node, factors []factor) Node {
	for _, f := range factors {
		n = simpleCall(mul, n, f.node())
	}
	return n
}

func (f factor) node() Node {
	if f.n == 1 {
		return f.base
	}
	return simpleCall(power, f.base, newNumber(float64(f.n)))
}

// key is equal for monomials that differ only in coefficient and order of factors.
func (m *monomial) key() uint64 {
	var h uint64
	for _, f := range m.num {
		h += mix(f.base.head().hash, uint64(f.n))
	}
	for _, f := range m.den {
		h += mix(f.base.head().hash, ^uint64(f.n))
	}
	return h
}

// similar reports whether a and b differ only in coefficient and order of factors.
func similar(a, b *monomial) bool { return sameFactors(a.num, b.num) && sameFactors(a.den, b.den) }

func sameFactors(a, b []factor) bool {
	if len(a) != len(b) {
		return false
	}
	for _, f := range a {
		if !slices.ContainsFunc(b, func(g factor) bool { return f.n == g.n && Equal(f.base, g.base) }) {
			return false
		}
	}
	return true
}
