package expr

import (
	"fmt"
	"math"
	"slices"
)

// Node is an expression: a tree of numbers, names, function calls and integrals. It never
// changes once made, so it may be shared and used by several goroutines.
//
// String prints it as a person would write it; parsing that text in the same scope gives an
// Equal node.
type Node interface {
	fmt.Stringer
	head() *header
}

// header is what every node carries.
type header struct {
	hash   uint64 // equal nodes have equal hashes
	size   int    // number of nodes of the tree (saturating)
	simple bool   // made by the simplifier: nothing is left to do
}

func (h *header) head() *header { return h }

type (
	number struct { // finite
		header
		value float64
	}
	constant struct { // a known number that keeps its name in print
		header
		name  string
		value float64
	}
	variable struct {
		header
		index int
		name  string
	}
	parameter struct {
		header
		index int
		name  string
	}
	field struct { // a field or a derivative of it
		header
		index int
		order MultiIndex
		words *vocabulary
	}
	call struct { // a function or an operator and its arguments
		header
		fn   *function
		args []Node
	}
)

// Integral is the node of integral(Body, x): the integral of Body over the whole interval of the
// variable with index Variable. Its body contains no other integral.
type Integral struct {
	header
	Body     Node
	Variable int
	name     string
}

// FieldRef names one derivative of one field; the zero Order is the field itself.
type FieldRef struct {
	Index int
	Order MultiIndex
}

func newNumber(value float64) Node {
	return &number{leaf(1, math.Float64bits(value)), value}
}

func newConstant(name string, value float64) Node {
	return &constant{leaf(2, hashString(name)), name, value}
}

func newVariable(index int, name string) Node {
	return &variable{leaf(3, uint64(index)), index, name}
}

func newParameter(index int, name string) Node {
	return &parameter{leaf(4, uint64(index)), index, name}
}

func newField(index int, order MultiIndex, words *vocabulary) Node {
	h := uint64(index)
	for _, o := range order {
		h = mix(h, uint64(o))
	}
	return &field{leaf(5, h), index, order, words}
}

func newCall(fn *function, args ...Node) *call {
	h, size := hashString(fn.name), 1
	for _, a := range args {
		h = mix(h, a.head().hash)
		size = min(size+a.head().size, math.MaxInt32)
	}
	return &call{header{hash: mix(h, uint64(len(args))), size: size}, fn, args}
}

func newIntegral(body Node, variable int, name string) *Integral {
	h := body.head()
	return &Integral{header{hash: mix(mix(h.hash, 6), uint64(variable)), size: h.size + 1}, body, variable, name}
}

func leaf(kind, h uint64) header { return header{hash: mix(kind, h), size: 1, simple: true} }

func mix(h, x uint64) uint64 {
	h = (h ^ x) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}

func hashString(s string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// isNumber reports whether n is the literal v.
func isNumber(n Node, v float64) bool {
	x, ok := n.(*number)
	return ok && x.value == v
}

// isCall returns n as a call of fn, or nil.
func isCall(n Node, fn *function) *call {
	if c, ok := n.(*call); ok && c.fn == fn {
		return c
	}
	return nil
}

// Equal reports whether a and b are the same tree.
func Equal(a, b Node) bool {
	if a == b {
		return true
	}
	if a.head().hash != b.head().hash {
		return false
	}
	switch a := a.(type) {
	case *number:
		b, ok := b.(*number)
		return ok && a.value == b.value
	case *constant:
		b, ok := b.(*constant)
		return ok && a.name == b.name && a.value == b.value
	case *variable:
		b, ok := b.(*variable)
		return ok && a.index == b.index
	case *parameter:
		b, ok := b.(*parameter)
		return ok && a.index == b.index
	case *field:
		b, ok := b.(*field)
		return ok && a.index == b.index && a.order == b.order
	case *Integral:
		b, ok := b.(*Integral)
		return ok && a.Variable == b.Variable && Equal(a.Body, b.Body)
	case *call:
		b, ok := b.(*call)
		return ok && a.fn == b.fn && slices.EqualFunc(a.args, b.args, Equal)
	}
	return false
}

// walk visits n and what it is made of, each shared node once, in order of first appearance.
// It does not enter the bodies of integrals.
func walk(n Node, visit func(Node)) {
	seen := map[Node]bool{}
	var descend func(Node)
	descend = func(n Node) {
		if c, ok := n.(*call); ok {
			if seen[c] {
				return
			}
			seen[c] = true
			for _, a := range c.args {
				descend(a)
			}
		}
		visit(n)
	}
	descend(n)
}

// FieldRefs lists the distinct fields and derivatives in n in order of first appearance. Those in
// the body of an integral are not among them: ask FieldRefs(integral.Body).
func FieldRefs(n Node) []FieldRef {
	var refs []FieldRef
	seen := map[FieldRef]bool{}
	walk(n, func(n Node) {
		if f, ok := n.(*field); ok {
			if ref := (FieldRef{f.index, f.order}); !seen[ref] {
				seen[ref] = true
				refs = append(refs, ref)
			}
		}
	})
	return refs
}

// AsField reports whether n is a bare field or derivative, and which.
func AsField(n Node) (ref FieldRef, ok bool) {
	f, ok := n.(*field)
	if !ok {
		return FieldRef{}, false
	}
	return FieldRef{f.index, f.order}, true
}

// Variables lists the independent variables that n uses, outside the bodies of integrals, in
// order of first appearance.
func Variables(n Node) []int {
	var indices []int
	walk(n, func(n Node) {
		if v, ok := n.(*variable); ok && !slices.Contains(indices, v.index) {
			indices = append(indices, v.index)
		}
	})
	return indices
}

// Parameters lists the parameters that n uses, outside the bodies of integrals, in order of first
// appearance.
func Parameters(n Node) []int {
	var indices []int
	walk(n, func(n Node) {
		if p, ok := n.(*parameter); ok && !slices.Contains(indices, p.index) {
			indices = append(indices, p.index)
		}
	})
	return indices
}

// Integrals lists the distinct integrals in n in order of first appearance.
func Integrals(n Node) []*Integral {
	var list []*Integral
	walk(n, func(n Node) {
		if i, ok := n.(*Integral); ok && !slices.ContainsFunc(list, func(j *Integral) bool { return Equal(i, j) }) {
			list = append(list, i)
		}
	})
	return list
}

// Substitute replaces every reference to a field, also in the bodies of integrals, by the node
// that field returns for it; nil keeps the reference.
func Substitute(n Node, field func(index int, order MultiIndex) Node) Node {
	return replace(n, asField(field))
}

func asField(value func(index int, order MultiIndex) Node) func(Node) Node {
	return func(n Node) Node {
		if f, ok := n.(*field); ok {
			if r := value(f.index, f.order); r != nil {
				return r
			}
		}
		return n
	}
}

// replace rebuilds n with its leaves replaced.
func replace(n Node, leaf func(Node) Node) Node {
	done := map[Node]Node{}
	var rebuild func(Node) Node
	rebuild = func(n Node) Node {
		switch n := n.(type) {
		case *call:
			if r := done[n]; r != nil {
				return r
			}
			args, changed := make([]Node, len(n.args)), false
			for i, a := range n.args {
				args[i] = rebuild(a)
				changed = changed || args[i] != a
			}
			done[n] = n
			if changed {
				done[n] = newCall(n.fn, args...)
			}
			return done[n]
		case *Integral:
			if body := rebuild(n.Body); body != n.Body {
				return newIntegral(body, n.Variable, n.name)
			}
			return n
		}
		return leaf(n)
	}
	return rebuild(n)
}

// constantValue returns the value of an expression made of numbers and constants only.
func constantValue(n Node) (value float64, ok bool) {
	ok = true
	walk(n, func(n Node) {
		switch n.(type) {
		case *variable, *parameter, *field, *Integral:
			ok = false
		}
	})
	if !ok {
		return 0, false
	}
	return Eval(n, &Env{}), true
}
