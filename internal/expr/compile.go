package expr

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Compile translates expressions into one program over blocks of points. Expressions are
// simplified, named constants folded, and every value is computed once however often and in
// however many outputs it appears.
func Compile(s *Scope, outputs ...Node) (*Program, error) {
	if s == nil {
		s = &Scope{}
	}
	c := compiler{
		scope:   s,
		inputs:  map[input]int{},
		known:   map[instruction]int{},
		lowered: map[Node]scaled{},
		sources: map[int]*call{},
	}
	for i, n := range outputs {
		if n == nil {
			return nil, fmt.Errorf("output %d has no expression", i)
		}
		n = Simplify(n)
		if err := c.declare(n); err != nil {
			return nil, fmt.Errorf("output %d, %s: %w", i, n, err)
		}
		c.program.outputs = append(c.program.outputs, c.row(c.lower(n)))
	}
	c.derive()
	return &c.program, nil
}

// compiler builds the program in single-assignment form: each row is written by one instruction.
type compiler struct {
	program Program
	scope   *Scope
	code    []step
	inputs  map[input]int
	known   map[instruction]int // value numbering: the row that holds an instruction's value
	lowered map[Node]scaled
	sources map[int]*call // the function call that a row was lowered from
}

// scaled is c times a row; without a row, the number c. Factors wait here until a sum or product
// merges them into one instruction.
type scaled struct {
	c   float64
	row int
}

const noRow = -1

// declare gives every name in n its input row, and checks it against the scope.
func (c *compiler) declare(n Node) (err error) {
	p := &c.program
	fail := func(format string, args ...any) {
		if err == nil {
			err = fmt.Errorf(format, args...)
		}
	}
	walk(n, func(n Node) {
		var in input
		known := true
		switch n := n.(type) {
		case *variable:
			in = input{kind: inputVariable, index: n.index}
			known = n.index < len(c.scope.Variables)
		case *parameter:
			in = input{kind: inputParameter, index: n.index}
			known = n.index < len(c.scope.Parameters)
		case *field:
			ref := FieldRef{n.index, n.order}
			in = input{kind: inputField, index: slices.Index(p.Fields, ref)}
			if in.index < 0 {
				in.index = len(p.Fields)
				p.Fields = append(p.Fields, ref)
			}
			known = n.index < len(c.scope.Fields)
			if total := totalOrder(n.order); total > MaxOrder {
				fail("%s has order %d: at most %d is supported", n, total, MaxOrder)
			}
		case *Integral:
			in = input{kind: inputIntegral, index: slices.IndexFunc(p.Integrals, func(i *Integral) bool { return Equal(i, n) })}
			if in.index < 0 {
				in.index = len(p.Integrals)
				p.Integrals = append(p.Integrals, n)
			}
		default:
			return
		}
		if !known {
			fail("%s is not in the scope", n)
		}
		c.lowered[n] = scaled{1, c.input(in)}
	})
	return err
}

// newRow adds a row. It is active if it depends on a field, an integral or a parameter.
func (c *compiler) newRow(active bool) int {
	c.program.active = append(c.program.active, active)
	return len(c.program.active) - 1
}

func (c *compiler) input(in input) int {
	row, ok := c.inputs[in]
	if !ok {
		row = c.newRow(in.kind != inputVariable && in.kind != inputConstant)
		c.inputs[in] = row
		in.row = row
		c.program.inputs = append(c.program.inputs, in)
	}
	return row
}

// row returns a row that holds s.
func (c *compiler) row(s scaled) int {
	switch {
	case s.row == noRow:
		return c.input(input{kind: inputConstant, value: s.c})
	case s.c == 1:
		return s.row
	}
	return c.emit(instruction{op: opAffine, a: s.row, b: noRow, c: s.c})
}

// emit returns the row of an instruction's value, adding the instruction if it is new.
func (c *compiler) emit(in instruction) int {
	row, ok := c.known[in]
	if !ok {
		active := c.program.active
		row = c.newRow(active[in.a] || in.b != noRow && active[in.b])
		c.known[in] = row
		c.code = append(c.code, step{instruction: in, dst: row})
	}
	return row
}

// lower returns the value of a simple node.
func (c *compiler) lower(n Node) scaled {
	if s, ok := c.lowered[n]; ok {
		return s
	}
	var s scaled
	switch n := n.(type) {
	case *number:
		s = scaled{n.value, noRow}
	case *constant:
		s = scaled{n.value, noRow}
	case *call:
		_, integer := integerPower(n)
		switch {
		case isSum(n):
			s = c.lowerSum(n)
		case n.fn == negate, n.fn == mul, n.fn == div, integer:
			m := newMonomial(1)
			m.times(n, 1)
			s = c.lowerMonomial(m)
		default:
			s = c.lowerCall(n)
		}
	}
	c.lowered[n] = s
	return s
}

// lowerSum emits c0*r0 + c1*r1 + ... + constant.
func (c *compiler) lowerSum(n Node) scaled {
	var s sum
	s.add(n, 1)
	var terms []scaled
	constant := 0.0
	for _, m := range s.terms {
		t := c.lowerMonomial(m)
		if t.row == noRow {
			constant += t.c
		} else if i := slices.IndexFunc(terms, func(u scaled) bool { return u.row == t.row }); i >= 0 {
			terms[i].c += t.c
		} else {
			terms = append(terms, t)
		}
	}
	terms = slices.DeleteFunc(terms, func(t scaled) bool { return t.c == 0 })
	slices.SortFunc(terms, func(a, b scaled) int { return cmp.Compare(a.row, b.row) })
	if len(terms) == 0 {
		return scaled{constant, noRow}
	}

	// Of equal factors, only one is applied: c*(r0 + r1 + ...). Otherwise a term without a factor leads.
	common := terms[0].c
	if slices.ContainsFunc(terms, func(t scaled) bool { return t.c != common }) {
		common = 1
		if i := slices.IndexFunc(terms, func(t scaled) bool { return t.c == 1 }); i > 0 {
			terms[0], terms[i] = terms[i], terms[0]
		}
	} else {
		for i := range terms {
			terms[i].c = 1
		}
	}
	row := c.row(terms[0])
	for _, t := range terms[1:] {
		switch t.c {
		case 1:
			row = c.emit(instruction{op: opAdd, a: row, b: t.row})
		case -1:
			row = c.emit(instruction{op: opSub, a: row, b: t.row})
		default:
			row = c.emit(instruction{op: opAddScaled, a: row, b: t.row, c: t.c})
		}
	}
	if constant == 0 {
		return scaled{common, row}
	}
	return scaled{1, c.emit(instruction{op: opAffine, a: row, b: noRow, c: common, d: constant})}
}

// lowerMonomial emits products, and at most one division.
func (c *compiler) lowerMonomial(m *monomial) scaled {
	top, over := c.lowerFactors(m.num)
	bottom, under := c.lowerFactors(m.den)
	k := m.c.value() * over / under
	switch {
	case k == 0:
		return scaled{0, noRow}
	case bottom == noRow:
		return scaled{k, top}
	case top == noRow:
		return scaled{k, c.emit(instruction{op: opReciprocal, a: bottom, b: noRow})}
	}
	return scaled{k, c.emit(instruction{op: opDiv, a: top, b: bottom})}
}

// lowerFactors returns the product as a row (noRow if there is none) and a number.
func (c *compiler) lowerFactors(factors []factor) (row int, k float64) {
	row, k = noRow, 1
	var rows []int
	for _, f := range factors {
		s := c.lower(f.base)
		scale := math.Pow(s.c, float64(f.n))
		if s.row != noRow {
			if !isModerate(scale) || !isModerate(k*scale) {
				s, scale = scaled{1, c.row(s)}, 1
			}
			rows = append(rows, c.rowPower(s.row, f.n))
		}
		k *= scale
	}
	slices.Sort(rows)
	for i, r := range rows {
		if i == 0 {
			row = r
		} else {
			row = c.emit(instruction{op: opMul, a: row, b: r})
		}
	}
	return row, k
}

// rowPower emits x^n by repeated squaring.
func (c *compiler) rowPower(x, n int) int {
	switch {
	case n == 1:
		return x
	case n%2 == 1:
		return c.emit(instruction{op: opMul, a: c.rowPower(x, n-1), b: x})
	}
	half := c.rowPower(x, n/2)
	return c.emit(instruction{op: opMul, a: half, b: half})
}

func (c *compiler) lowerCall(n *call) scaled {
	args := make([]scaled, len(n.args))
	constant := true
	for i, a := range n.args {
		args[i] = c.lower(a)
		constant = constant && args[i].row == noRow
	}
	if constant {
		values := make([]float64, len(args))
		for i, a := range args {
			values[i] = a.c
		}
		return scaled{n.fn.value(values...), noRow}
	}
	if n.fn == conditional {
		if args[0].row == noRow {
			return args[2-int(truth(args[0].c != 0))]
		}
		return scaled{1, c.emit(instruction{op: opSelect, condition: args[0].row, a: c.row(args[1]), b: c.row(args[2])})}
	}
	in := instruction{op: opUnary, fn: n.fn, a: c.row(args[0]), b: noRow}
	if n.fn.arity == 2 {
		in.op, in.b = opBinary, c.row(args[1])
	}
	row := c.emit(in)
	c.sources[row] = n
	return scaled{1, row}
}

// derive ends the forward code and emits the partial derivatives of functions, which the reverse
// pass multiplies adjoints with. They share rows with the forward code.
func (c *compiler) derive() {
	p := &c.program
	p.code, c.code = c.code, nil
	p.forwardRows = len(p.active)
	for i := range p.code {
		st := &p.code[i]
		source := c.sources[st.dst]
		if source == nil || !p.active[st.dst] {
			continue
		}
		for j, row := range []int{st.a, st.b} {
			st.partial[j] = scaled{0, noRow}
			if row != noRow && p.active[row] {
				st.partial[j] = c.lower(partial(source, j))
			}
		}
	}
	p.partials = c.code
}
