package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of simd.Product, its size, and values of simd.Start.
const (
	productDst, productX, productY, productC, productStart = 0, 8, 16, 24, 32
	productBytes                                           = 40

	startOld, startOne, startBefore = 1, 2, 3
)

// taylor generates the interpreter of lists of products: for each unit, for
// each sum of consecutive products, for each few vectors of the row, the sum in
// registers. A sum so costs two loads a product and one store.
func (v isa) taylor() {
	v.function("products", "func(frame []T, list *byte, length, n, units, stride int)",
		"runs a list of products on rows of the frame, for each of a number of units.")
	base, units, stride := v.pointer("frame"), v.integer("units"), v.stride("stride")
	unit, sum := v.label("unit"), v.label("sum")
	v.Label(unit)
	list, left := v.integer("list"), v.integer("length")
	v.Label(sum)
	end, extent := v.GP64(), v.label("extent")
	v.MOVQ(list, end)
	v.Label(extent)
	v.ADDQ(I32(productBytes), end)
	ended := v.label("ended")
	v.DECQ(left)
	v.JZ(LabelRef(ended))
	v.CMPQ(Mem{Base: end, Disp: productStart}, I32(startBefore))
	v.JE(LabelRef(extent))
	v.Label(ended)

	s := sumOfProducts{isa: v, base: base, list: list, end: end, index: v.GP64()}
	v.XORQ(s.index, s.index)
	n := v.integer("n")
	for _, wide := range []int{4, 1} {
		loop, done := v.label("vectors"), v.label("done")
		v.SUBQ(I32(wide*v.lanes()), n)
		v.JL(LabelRef(done))
		v.Label(loop)
		s.generate(wide, nil)
		v.ADDQ(I32(wide*v.bytes()), s.index)
		v.SUBQ(I32(wide*v.lanes()), n)
		v.JGE(LabelRef(loop))
		v.Label(done)
		v.ADDQ(I32(wide*v.lanes()), n)
	}
	whole := v.label("whole")
	v.JZ(LabelRef(whole))
	s.generate(1, v.newTail(n))
	v.Label(whole)

	v.MOVQ(end, list)
	v.TESTQ(left, left)
	v.JNZ(LabelRef(sum))
	v.ADDQ(stride, base)
	v.DECQ(units)
	v.JNZ(LabelRef(unit))
	v.VZEROUPPER()
	v.RET()
}

// sumOfProducts is the sum of the products from list up to end, on rows of the
// unit at base; index is how many bytes of the rows are done.
type sumOfProducts struct {
	isa
	base, list, end, index reg.GPVirtual
}

// generate computes the sum for that many vectors.
func (s sumOfProducts) generate(wide int, t tail) {
	acc := make([]reg.VecVirtual, wide)
	for i := range acc {
		acc[i] = s.vec()
	}
	fill := func(m func(i int) Mem) {
		for i := range acc {
			s.read(t, m(i), acc[i])
		}
	}
	constant := func(x float64) func(int) Mem { return func(int) Mem { return s.constant(x) } }

	start, q, old, one, next := s.GP64(), s.GP64(), s.label("old"), s.label("one"), s.label("next")
	s.MOVQ(Mem{Base: s.list, Disp: productStart}, start)
	s.CMPQ(start, I32(startOld))
	s.JE(LabelRef(old))
	s.CMPQ(start, I32(startOne))
	s.JE(LabelRef(one))
	for i := range acc {
		s.zero(acc[i])
	}
	s.JMP(LabelRef(next + "0"))
	s.Label(one)
	fill(constant(1))
	s.JMP(LabelRef(next + "0"))
	s.Label(old)
	dst := s.row(s.list, productDst)
	fill(func(i int) Mem { return s.vector(dst, i) })
	s.Label(next + "0")
	s.MOVQ(s.list, q)

	// The product at q: c x, x y or c x y.
	s.Label(next)
	alone, scaled, added := s.label("alone"), s.label("scaled"), s.label("added")
	y := s.GP64()
	s.MOVQ(Mem{Base: q, Disp: productY}, y)
	x := s.row(q, productX)
	s.TESTQ(y, y)
	s.JL(LabelRef(alone))
	s.address(y)
	bits := s.GP64()
	s.MOVQ(U64(math.Float64bits(1)), bits)
	s.CMPQ(bits, Mem{Base: q, Disp: productC})
	s.JNE(LabelRef(scaled))
	s.each(wide, t, x, func(i int, value reg.VecVirtual) { s.fma(s.operand(t, s.vector(y, i)), value, acc[i]) })
	s.JMP(LabelRef(added))

	s.Label(scaled)
	c := s.factor(q)
	s.each(wide, t, x, func(i int, value reg.VecVirtual) {
		s.mul(c, value, value)
		s.fma(s.operand(t, s.vector(y, i)), value, acc[i])
	})
	s.JMP(LabelRef(added))

	s.Label(alone)
	c = s.factor(q)
	s.each(wide, t, x, func(i int, value reg.VecVirtual) { s.fma(c, value, acc[i]) })

	s.Label(added)
	s.ADDQ(I32(productBytes), q)
	s.CMPQ(q, s.end)
	s.JNE(LabelRef(next))
	dst = s.row(s.list, productDst)
	for i := range acc {
		if m := s.vector(dst, i); t == nil {
			s.store(acc[i], m)
		} else {
			s.storeTail(t, acc[i], m)
		}
	}
}

// row is the address of the row that a field of a product names.
func (s sumOfProducts) row(product reg.GPVirtual, field int) reg.GPVirtual {
	p := s.GP64()
	s.MOVQ(Mem{Base: product, Disp: field}, p)
	s.address(p)
	return p
}

// address makes the position of a row its address, less what is done.
func (s sumOfProducts) address(p reg.GPVirtual) {
	s.LEAQ(Mem{Base: s.base, Index: p, Scale: uint8(s.size())}, p)
}

func (s sumOfProducts) vector(row reg.GPVirtual, i int) Mem {
	return Mem{Base: row, Index: s.index, Scale: 1, Disp: i * s.bytes()}
}

// factor is c of a product, in every lane.
func (s sumOfProducts) factor(product reg.GPVirtual) reg.VecVirtual {
	c, m := s.vec(), Mem{Base: product, Disp: productC}
	if s.single {
		s.VMOVSD(m, c.AsX())
		s.VCVTSD2SS(c.AsX(), c.AsX(), c.AsX())
		s.VBROADCASTSS(c.AsX(), c)
	} else {
		s.VBROADCASTSD(m, c)
	}
	return c
}

// each generates body for the vectors of a row.
func (s sumOfProducts) each(wide int, t tail, row reg.GPVirtual, body func(i int, value reg.VecVirtual)) {
	for i := range wide {
		value := s.vec()
		s.read(t, s.vector(row, i), value)
		body(i, value)
	}
}

// operand is the vector at m: in memory or, under a mask, in a register.
func (s sumOfProducts) operand(t tail, m Mem) Op {
	if t == nil {
		return m
	}
	value := s.vec()
	s.loadTail(t, m, value)
	return value
}

func (s sumOfProducts) read(t tail, m Mem, dst Op) {
	if t == nil {
		s.load(m, dst)
	} else {
		s.loadTail(t, m, dst)
	}
}
