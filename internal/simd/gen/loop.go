package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// elements is where a loop over vectors stands.
type elements struct {
	isa
	index reg.GPVirtual
	tail  tail
}

// overVectors generates body for every whole vector of n elements and for the
// masked rest.
func (v isa) overVectors(n reg.GPVirtual, body func(elements)) {
	loop, rest, end := v.label("vectors"), v.label("rest"), v.label("end")
	at := elements{isa: v, index: v.GP64()}
	v.XORQ(at.index, at.index)
	v.SUBQ(I32(v.lanes()), n)
	v.JL(LabelRef(rest))
	v.Label(loop)
	body(at)
	v.ADDQ(I32(v.lanes()), at.index)
	v.SUBQ(I32(v.lanes()), n)
	v.JGE(LabelRef(loop))
	v.Label(rest)
	v.ADDQ(I32(v.lanes()), n)
	v.JZ(LabelRef(end))
	at.tail = v.newTail(n)
	body(at)
	v.Label(end)
}

func (at elements) memory(base reg.Register) Mem {
	return Mem{Base: base, Index: at.index, Scale: uint8(at.size())}
}

func (at elements) get(base reg.Register) reg.VecVirtual {
	x := at.vec()
	if at.tail == nil {
		at.load(at.memory(base), x)
	} else {
		at.loadTail(at.tail, at.memory(base), x)
	}
	return x
}

func (at elements) put(x Op, base reg.Register) {
	if at.tail == nil {
		at.store(x, at.memory(base))
	} else {
		at.storeTail(at.tail, x, at.memory(base))
	}
}
