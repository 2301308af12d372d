package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vector generates the kernels that combine vectors element by element, and the
// sums.
func (v isa) vector() {
	v.function("addScaled", "func(dst []T, c T, x []T)", "computes dst += c x.")
	v.elementwise("dst", true, []string{"x"}, func(d, c reg.VecVirtual, x []reg.VecVirtual) { v.fma(c, x[0], d) })
	v.function("scale", "func(dst []T, c T, x []T)", "computes dst = c x.")
	v.elementwise("dst", false, []string{"x"}, func(d, c reg.VecVirtual, x []reg.VecVirtual) { v.mul(c, x[0], d) })
	v.function("addConst", "func(dst []T, c T)", "computes dst += c.")
	v.elementwise("dst", true, nil, func(d, c reg.VecVirtual, _ []reg.VecVirtual) { v.add(c, d, d) })

	v.function("dot", "func(x, y []T) T", "returns the sum of x[p] y[p].")
	v.sum("x", "y")
	v.function("sum", "func(x []T) T", "returns the sum of x.")
	v.sum("x")
}

// elementwise generates the rest of a kernel that sets dst from the scalar c
// and the sources, and from dst itself if update.
func (v isa) elementwise(dst string, update bool, sources []string, body func(d, c reg.VecVirtual, x []reg.VecVirtual)) {
	d, n, c := v.pointer(dst), v.length(dst), v.scalar("c")
	var from []reg.GPVirtual
	for _, s := range sources {
		from = append(from, v.pointer(s))
	}
	v.overVectors(n, func(at elements) {
		var x []reg.VecVirtual
		for _, p := range from {
			x = append(x, at.get(p))
		}
		z := v.vec()
		if update {
			z = at.get(d)
		}
		body(z, c, x)
		at.put(z, d)
	})
	v.VZEROUPPER()
	v.RET()
}

// sum generates the rest of a kernel that sums the products of its sources, in
// four interleaved partial sums.
func (v isa) sum(sources ...string) {
	const ways = 4
	n := v.length(sources[0])
	var from []reg.GPVirtual
	for _, s := range sources {
		from = append(from, v.pointer(s))
	}
	for i := range ways {
		v.zero(v.register(i))
	}
	x, y := v.register(ways), v.register(ways+1)
	step := func(i int, load func(m Mem, dst Op)) {
		load(Mem{Base: from[0], Disp: i * v.bytes()}, x)
		if len(from) == 1 {
			v.add(x, v.register(i), v.register(i))
			return
		}
		load(Mem{Base: from[1], Disp: i * v.bytes()}, y)
		v.fma(x, y, v.register(i))
	}
	for _, w := range []int{ways, 1} {
		loop, done := v.label("sum"), v.label("done")
		v.Label(loop)
		v.CMPQ(n, I32(w*v.lanes()))
		v.JLT(LabelRef(done))
		for i := range w {
			step(i, v.load)
		}
		for _, p := range from {
			v.ADDQ(I32(w*v.bytes()), p)
		}
		v.SUBQ(I32(w*v.lanes()), n)
		v.JMP(LabelRef(loop))
		v.Label(done)
	}
	reduce := v.label("reduce")
	v.TESTQ(n, n)
	v.JZ(LabelRef(reduce))
	t := v.newTail(n)
	step(0, func(m Mem, dst Op) { v.loadTail(t, m, dst) })
	v.Label(reduce)
	s := v.register(0)
	v.add(v.register(1), s, s)
	v.add(v.register(3), v.register(2), v.register(2))
	v.add(v.register(2), s, s)
	v.lanesSum(s, x)
	v.Store(s.AsX(), v.ReturnIndex(0))
	v.VZEROUPPER()
	v.RET()
}

// lanesSum adds the lanes of s into its lowest; x is scratch.
func (v isa) lanesSum(s, x reg.VecPhysical) {
	if v.avx512 {
		v.VEXTRACTF64X4(U8(1), s, x.AsY())
		if v.single {
			v.VADDPS(x.AsY(), s.AsY(), s.AsY())
		} else {
			v.VADDPD(x.AsY(), s.AsY(), s.AsY())
		}
	}
	v.VEXTRACTF128(U8(1), s.AsY(), x.AsX())
	if v.single {
		v.VADDPS(x.AsX(), s.AsX(), s.AsX())
		v.VHADDPS(s.AsX(), s.AsX(), s.AsX())
		v.VHADDPS(s.AsX(), s.AsX(), s.AsX())
	} else {
		v.VADDPD(x.AsX(), s.AsX(), s.AsX())
		v.VHADDPD(s.AsX(), s.AsX(), s.AsX())
	}
}
