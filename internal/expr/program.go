package expr

// Program computes several expressions over a block of points, and the derivatives of their
// weighted sum with respect to its inputs. It is immutable; goroutines share it, each with a
// Workspace of its own.
type Program struct {
	Fields    []FieldRef  // the field rows that Forward reads, in this order
	Integrals []*Integral // the integral rows that Forward reads, in this order

	inputs      []input
	code        []step // computes the outputs
	partials    []step // computes the derivatives of functions, before the reverse pass
	outputs     []int
	active      []bool // by row: depends on a field, an integral or a parameter
	forwardRows int    // rows from here on belong to partials
}

type inputKind uint8

const (
	inputVariable inputKind = iota
	inputField
	inputIntegral
	inputParameter
	inputConstant
)

// input says where the values of a row come from.
type input struct {
	kind  inputKind
	index int
	value float64 // of a constant
	row   int
}

type opcode uint8

const (
	opAdd        opcode = iota // a + b
	opSub                      // a - b
	opAddScaled                // a + c*b
	opAffine                   // c*a + d
	opMul                      // a * b
	opDiv                      // a / b
	opReciprocal               // 1 / a
	opUnary                    // fn(a)
	opBinary                   // fn(a, b)
	opSelect                   // condition != 0 ? a : b
)

// instruction is an operation on rows; without its destination, it identifies the value.
type instruction struct {
	op              opcode
	a, b, condition int
	c, d            float64
	fn              *function
}

type step struct {
	instruction
	dst     int
	partial [2]scaled // dfn/da and dfn/db, where active
}

// Outputs returns the number of expressions.
func (p *Program) Outputs() int { return len(p.outputs) }

// Variables lists the independent variables whose rows Forward reads.
func (p *Program) Variables() []int { return p.indices(inputVariable) }

// Parameters lists the parameters that the program uses.
func (p *Program) Parameters() []int { return p.indices(inputParameter) }

func (p *Program) indices(kind inputKind) []int {
	var list []int
	for _, in := range p.inputs {
		if in.kind == kind {
			list = append(list, in.index)
		}
	}
	return list
}

// Workspace holds the rows of one block in flight. One goroutine uses it at a time.
type Workspace struct {
	program *Program
	rows    [][]float64 // values; those of variables, fields and integrals are the caller's
	bars    [][]float64 // adjoints; those of fields and integrals are the caller's
	scratch [][]float64 // our own memory for bars
	touched []bool      // by row: the adjoint has been begun
}

// NewWorkspace allocates what Forward and Reverse need for blocks of up to block points.
func (p *Program) NewWorkspace(block int) *Workspace {
	n := len(p.active)
	ws := &Workspace{p, make([][]float64, n), make([][]float64, n), make([][]float64, n), make([]bool, n)}
	own := make([]bool, n)
	for row := range own {
		own[row] = true
	}
	for _, in := range p.inputs {
		own[in.row] = in.kind == inputParameter || in.kind == inputConstant
	}
	for row := range n {
		if own[row] {
			ws.rows[row] = make([]float64, block)
		}
		if row < p.forwardRows && p.active[row] {
			ws.scratch[row] = make([]float64, block)
			ws.bars[row] = ws.scratch[row]
		}
	}
	for _, in := range p.inputs {
		if in.kind == inputConstant {
			fill(ws.rows[in.row], in.value)
		}
	}
	return ws
}

// Output returns the row of output i after Forward. It is read-only, and holds until the next
// Forward; an output that is a bare input is the caller's own row.
func (ws *Workspace) Output(i int) []float64 { return ws.rows[ws.program.outputs[i]] }

// Forward evaluates the expressions at the first n points of a block: variables[v] is the row of
// values of variable v, fields[f] that of p.Fields[f], integrals[i] that of p.Integrals[i]. Rows
// that are not needed may be nil. It allocates nothing.
func (p *Program) Forward(ws *Workspace, n int, variables, fields, integrals [][]float64, parameters []float64) {
	for _, in := range p.inputs {
		switch in.kind {
		case inputVariable:
			ws.rows[in.row] = variables[in.index][:n]
		case inputField:
			ws.rows[in.row] = fields[in.index][:n]
		case inputIntegral:
			ws.rows[in.row] = integrals[in.index][:n]
		case inputParameter:
			fill(ws.rows[in.row][:n], parameters[in.index])
		}
	}
	run(p.code, ws.rows, n)
}

// Reverse is the adjoint of Forward, which must have run last with the same workspace, n and
// inputs. Given seeds[i] = dL/d(output i) (nil: zero) it writes dL/d(input) into fieldBar[f][:n]
// and integralBar[i][:n] (nil: not wanted) and adds dL/d(parameter k) to paramBar[k]. No two of
// these rows may overlap. It allocates nothing.
//
// A zero adjoint contributes zero even where a derivative is infinite, as in the branch that a
// conditional did not take.
func (p *Program) Reverse(ws *Workspace, n int, seeds [][]float64, fieldBar, integralBar [][]float64, paramBar []float64) {
	run(p.partials, ws.rows, n)
	clear(ws.touched)
	for _, in := range p.inputs {
		ws.bars[in.row] = ws.scratch[in.row]
		var given [][]float64
		switch in.kind {
		case inputField:
			given = fieldBar
		case inputIntegral:
			given = integralBar
		}
		if in.index < len(given) && given[in.index] != nil {
			ws.bars[in.row] = given[in.index]
		}
	}
	for i, seed := range seeds {
		if row := p.outputs[i]; seed != nil && p.active[row] {
			addScaled(ws.bar(row, n), seed[:n], 1)
		}
	}
	for i := len(p.code) - 1; i >= 0; i-- {
		if st := &p.code[i]; ws.touched[st.dst] {
			ws.pull(st, n)
		}
	}
	for _, in := range p.inputs {
		switch in.kind {
		case inputField, inputIntegral:
			ws.bar(in.row, n) // begins, and so clears, what nothing depends on
		case inputParameter:
			if ws.touched[in.row] {
				for _, g := range ws.bars[in.row][:n] {
					paramBar[in.index] += g
				}
			}
		}
	}
}

// bar returns the adjoint of a row, zero at first.
func (ws *Workspace) bar(row, n int) []float64 {
	if !ws.touched[row] {
		ws.touched[row] = true
		clear(ws.bars[row][:n])
	}
	return ws.bars[row][:n]
}

// pull adds the adjoint of a step's value, times its derivatives, to those of its operands.
func (ws *Workspace) pull(st *step, n int) {
	g := ws.bars[st.dst][:n]
	active := ws.program.active
	a, b := active[st.a], st.b != noRow && active[st.b]
	switch st.op {
	case opAdd, opSub, opAddScaled:
		c := st.c
		switch st.op {
		case opAdd:
			c = 1
		case opSub:
			c = -1
		}
		if a {
			addScaled(ws.bar(st.a, n), g, 1)
		}
		if b {
			addScaled(ws.bar(st.b, n), g, c)
		}
	case opAffine:
		addScaled(ws.bar(st.a, n), g, st.c)
	case opMul:
		if a {
			addProduct(ws.bar(st.a, n), g, ws.rows[st.b], 1)
		}
		if b {
			addProduct(ws.bar(st.b, n), g, ws.rows[st.a], 1)
		}
	case opDiv: // y = a/b: dy/da = 1/b, dy/db = -y/b
		if a {
			addQuotient(ws.bar(st.a, n), g, ws.rows[st.b])
		}
		if b {
			subProductQuotient(ws.bar(st.b, n), g, ws.rows[st.dst], ws.rows[st.b])
		}
	case opReciprocal: // y = 1/a: dy/da = -y/a
		subProductQuotient(ws.bar(st.a, n), g, ws.rows[st.dst], ws.rows[st.a])
	case opUnary, opBinary:
		for i, row := range [2]int{st.a, st.b} {
			switch p := st.partial[i]; {
			case p.c == 0:
			case p.row == noRow:
				addScaled(ws.bar(row, n), g, p.c)
			default:
				addProduct(ws.bar(row, n), g, ws.rows[p.row], p.c)
			}
		}
	case opSelect:
		if a {
			addWhere(ws.bar(st.a, n), g, ws.rows[st.condition], true)
		}
		if b {
			addWhere(ws.bar(st.b, n), g, ws.rows[st.condition], false)
		}
	}
}
