package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of simd.Product, and its size.
const (
	productDst, productX, productY, productC, productStart = 0, 8, 16, 24, 32
	productBytes                                           = 40
)

// taylor generates the interpreter of lists of products: for each unit, for
// each product, dst = start + c x y over a row.
func (v isa) taylor() {
	v.function("products", "func(frame []T, list *byte, length, n, units, stride int)",
		"runs a list of products on rows of the frame, for each of a number of units.")
	base, units, stride := v.pointer("frame"), v.integer("units"), v.stride("stride")
	unit, next := v.label("unit"), v.label("product")
	v.Label(unit)
	list, length := v.integer("list"), v.integer("length")
	v.Label(next)
	row := func(field int) reg.GPVirtual {
		p := v.GP64()
		v.MOVQ(Mem{Base: list, Disp: field}, p)
		v.LEAQ(Mem{Base: base, Index: p, Scale: uint8(v.size())}, p)
		return p
	}
	dst, x := row(productDst), row(productX)
	c := v.vec()
	if v.single {
		v.VMOVSD(Mem{Base: list, Disp: productC}, c.AsX())
		v.VCVTSD2SS(c.AsX(), c.AsX(), c.AsX())
		v.VBROADCASTSS(c.AsX(), c)
	} else {
		v.VBROADCASTSD(Mem{Base: list, Disp: productC}, c)
	}

	alone, done := v.label("alone"), v.label("done")
	index := v.GP64()
	v.MOVQ(Mem{Base: list, Disp: productY}, index)
	v.TESTQ(index, index)
	v.JL(LabelRef(alone))
	y := v.GP64()
	v.LEAQ(Mem{Base: base, Index: index, Scale: uint8(v.size())}, y)
	v.started(list, done, dst, func(at elements, acc reg.VecVirtual) {
		product := at.get(x)
		v.mul(c, product, product)
		v.fma(at.get(y), product, acc)
	})
	v.Label(alone)
	v.started(list, done, dst, func(at elements, acc reg.VecVirtual) { v.fma(at.get(x), c, acc) })

	v.Label(done)
	v.ADDQ(I32(productBytes), list)
	v.DECQ(length)
	v.JNZ(LabelRef(next))
	v.ADDQ(stride, base)
	v.DECQ(units)
	v.JNZ(LabelRef(unit))
	v.VZEROUPPER()
	v.RET()
}

// started generates the loops of one product for its values of Start, each
// ending with a jump to done. The body adds to acc.
func (v isa) started(list reg.GPVirtual, done string, dst reg.GPVirtual, body func(at elements, acc reg.VecVirtual)) {
	start, old := v.GP64(), v.label("old")
	v.MOVQ(Mem{Base: list, Disp: productStart}, start)
	v.CMPQ(start, I32(1))
	v.JE(LabelRef(old))
	// Start is 0 (Zero) or 2 (One): half of it is the number.
	first := v.vec()
	v.load(v.constant(0), first)
	one := v.label("from")
	v.TESTQ(start, start)
	v.JZ(LabelRef(one))
	v.load(v.constant(1), first)
	v.Label(one)
	v.overVectors(v.integer("n"), func(at elements) {
		acc := v.vec()
		v.copy(first, acc)
		body(at, acc)
		at.put(acc, dst)
	})
	v.JMP(LabelRef(done))
	v.Label(old)
	v.overVectors(v.integer("n"), func(at elements) {
		acc := at.get(dst)
		body(at, acc)
		at.put(acc, dst)
	})
	v.JMP(LabelRef(done))
}
