package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// measure generates what shows the limits of the machine: as many independent
// multiply-adds as its pipelines take, and streams of memory with stores that
// bypass the caches.
func (v isa) measure() {
	v.function("multiplyAdds", "func(rounds int)", "computes s = s/2 + 1 in the lanes of twelve registers in each round.")
	const chains = 12
	half, one := v.register(chains), v.register(chains+1)
	v.load(v.constant(0.5), half)
	v.load(v.constant(1), one)
	for i := range chains {
		v.copy(one, v.register(i))
	}
	rounds, loop := v.integer("rounds"), v.label("round")
	v.Label(loop)
	for i := range chains {
		v.horner(one, half, v.register(i))
	}
	v.DECQ(rounds)
	v.JG(LabelRef(loop))
	v.VZEROUPPER()
	v.RET()

	v.function("triad", "func(dst []T, c T, x, y []T)", "computes dst = x + c y.")
	v.elementwise("dst", false, []string{"x", "y"}, func(d, c reg.VecVirtual, x []reg.VecVirtual) {
		v.copy(x[0], d)
		v.fma(c, x[1], d)
	})

	v.function("streamTriad", "func(dst []T, c T, x, y []T)",
		"computes dst = x + c y for whole vectors; dst is aligned.")
	c, x, y := v.scalar("c"), v.pointer("x"), v.pointer("y")
	v.stream(func(at elements) reg.VecVirtual {
		d := at.get(x)
		v.fma(at.get(y), c, d)
		return d
	})

	v.function("streamScale", "func(dst []T, c T, x []T)", "computes dst = c x for whole vectors; dst is aligned.")
	c, x = v.scalar("c"), v.pointer("x")
	v.stream(func(at elements) reg.VecVirtual {
		d := at.get(x)
		v.mul(c, d, d)
		return d
	})
}

// stream generates the rest of a kernel whose stores bypass the caches.
func (v isa) stream(body func(elements) reg.VecVirtual) {
	dst, n, loop, end := v.pointer("dst"), v.length("dst"), v.label("vectors"), v.label("end")
	at := elements{isa: v, index: v.GP64()}
	v.XORQ(at.index, at.index)
	v.SUBQ(I32(v.lanes()), n)
	v.JL(LabelRef(end))
	v.Label(loop)
	z := body(at)
	if v.single {
		v.VMOVNTPS(z, at.memory(dst))
	} else {
		v.VMOVNTPD(z, at.memory(dst))
	}
	v.ADDQ(I32(v.lanes()), at.index)
	v.SUBQ(I32(v.lanes()), n)
	v.JGE(LabelRef(loop))
	v.Label(end)
	v.SFENCE()
	v.VZEROUPPER()
	v.RET()
}
