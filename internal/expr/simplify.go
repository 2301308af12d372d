package expr

// Simplify returns an expression with the same values, written as a person would: sums and
// products flattened, equal terms and factors collected, numbers folded, named constants kept.
// It never changes where an expression is defined, except that 0*x is 0 and 1/(1/x) is x.
func Simplify(n Node) Node {
	if n.head().simple {
		return n
	}
	switch n := n.(type) {
	case *Integral:
		return integral(Simplify(n.Body), n.Variable, n.name)
	case *call:
		switch n.fn {
		case add, sub, negate:
			var s sum
			s.gather(n, 1)
			return s.node()
		case mul, div:
			m := newMonomial(1)
			m.gather(n, 1)
			return m.node()
		}
		args := make([]Node, len(n.args))
		for i, a := range n.args {
			args[i] = Simplify(a)
		}
		return apply(n.fn, args...)
	}
	return n
}

var zero, one = newNumber(0), newNumber(1)

func simpleCall(fn *function, args ...Node) *call {
	c := newCall(fn, args...)
	c.simple = true
	return c
}

// integral returns the simplified integral of a simple body.
func integral(body Node, variable int, name string) Node {
	if isNumber(body, 0) {
		return zero
	}
	n := newIntegral(body, variable, name)
	n.simple = true
	return n
}

// apply returns the simplified call of a function, other than a sum or product, on simple
// arguments.
func apply(fn *function, args ...Node) Node {
	switch {
	case fn == conditional:
		return choose(args[0], args[1], args[2])
	case fn == power:
		return raise(args[0], args[1])
	case fn.name == "log" && args[0] == Node(builtinConstants["e"]):
		return one
	}
	if v, ok := fold(fn, args); ok && !fn.logical {
		return newNumber(v)
	}
	return simpleCall(fn, args...)
}

// fold returns the value of fn over numbers where that is as good to read as the call: sqrt(4)
// is 2, sin(1) stays.
func fold(fn *function, args []Node) (v float64, ok bool) {
	values := make([]float64, len(args))
	for i, a := range args {
		x, ok := a.(*number)
		if !ok {
			return 0, false
		}
		values[i] = x.value
	}
	v = fn.value(values...)
	return v, fn.exact && isFinite(v) || isInteger(v)
}

// choose returns if(condition, a, b).
func choose(condition, a, b Node) Node {
	if v, ok := constantValue(condition); ok {
		if v != 0 {
			return a
		}
		return b
	}
	if Equal(a, b) {
		return a
	}
	return simpleCall(conditional, condition, a, b)
}

// raise returns base^exponent.
func raise(base, exponent Node) Node {
	switch {
	case isNumber(exponent, 0), isNumber(base, 1):
		return one
	case isNumber(exponent, 1):
		return base
	}
	if _, literal := exponent.(*number); !literal && base == Node(builtinConstants["e"]) {
		return apply(functionNamed["exp"], exponent)
	}
	if v, ok := fold(power, []Node{base, exponent}); ok {
		return newNumber(v)
	}
	c := simpleCall(power, base, exponent)
	if _, ok := integerPower(c); !ok {
		return c
	}
	m := newMonomial(1)
	m.times(c, 1)
	return m.node()
}

// gather multiplies m by n^k, n not yet simple.
func (m *monomial) gather(n Node, k int) {
	if c, ok := n.(*call); ok && !c.simple {
		switch c.fn {
		case mul:
			m.gather(c.args[0], k)
			m.gather(c.args[1], k)
			return
		case div:
			m.gather(c.args[0], k)
			m.gather(c.args[1], -k)
			return
		case negate:
			m.times(newNumber(-1), k)
			m.gather(c.args[0], k)
			return
		}
	}
	m.times(Simplify(n), k)
}

// product returns the simplified product of simple factors.
func product(factors ...Node) Node {
	m := newMonomial(1)
	for _, f := range factors {
		m.times(f, 1)
	}
	return m.node()
}

// sum collects monomials; the zero sum is empty.
type sum struct {
	terms []*monomial
	index map[uint64][]*monomial // by key
}

func isSum(n Node) bool { return isCall(n, add) != nil || isCall(n, sub) != nil }

// gather adds sign*n, n not yet simple.
func (s *sum) gather(n Node, sign float64) {
	if c, ok := n.(*call); ok && !c.simple {
		switch c.fn {
		case add:
			s.gather(c.args[0], sign)
			s.gather(c.args[1], sign)
			return
		case sub:
			s.gather(c.args[0], sign)
			s.gather(c.args[1], -sign)
			return
		case negate:
			s.gather(c.args[0], -sign)
			return
		}
	}
	s.add(Simplify(n), sign)
}

// add adds sign*n; n is simple.
func (s *sum) add(n Node, sign float64) {
	if isSum(n) {
		c := n.(*call)
		s.add(c.args[0], sign)
		if c.fn == sub {
			sign = -sign
		}
		s.add(c.args[1], sign)
		return
	}
	m := newMonomial(sign)
	m.times(n, 1)
	s.addMonomial(m)
}

func (s *sum) addMonomial(m *monomial) {
	if m.c.p == 0 {
		return
	}
	if s.index == nil {
		s.index = map[uint64][]*monomial{}
	}
	key := m.key()
	for _, t := range s.index[key] {
		if similar(t, m) {
			if c, ok := t.c.plus(m.c); ok {
				t.c = c
				return
			}
		}
	}
	s.terms = append(s.terms, m)
	s.index[key] = append(s.index[key], m)
}

// flatten expands terms that collecting has left as plus or minus a sum.
func (s *sum) flatten() {
	for _, t := range s.terms {
		if isPlainSum(t) {
			var flat sum
			for _, t := range s.terms {
				if isPlainSum(t) {
					flat.add(t.num[0].base, t.c.p)
				} else {
					flat.addMonomial(t)
				}
			}
			flat.flatten()
			*s = flat
			return
		}
	}
}

func isPlainSum(m *monomial) bool {
	return (m.c == ratio{1, 1} || m.c == ratio{-1, 1}) && len(m.den) == 0 &&
		len(m.num) == 1 && m.num[0].n == 1 && isSum(m.num[0].base)
}

// node writes the sum as a tree: a - b + 2*c.
func (s *sum) node() Node {
	s.flatten()
	var n Node
	for _, t := range s.terms {
		switch {
		case t.c.p == 0:
		case n == nil:
			n = t.node()
		case t.c.p < 0:
			positive := *t
			positive.c.p = -positive.c.p
			n = simpleCall(sub, n, positive.node())
		default:
			n = simpleCall(add, n, t.node())
		}
	}
	if n == nil {
		return zero
	}
	return n
}
