package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// maxHalfWidth is that of an operator of order 8.
const maxHalfWidth = 4

// wave generates the sweeps of the staggered acoustic scheme over rows of a
// rectangle, by the half-width of the operators and by whether the medium is
// given cell by cell, and the update of a convolutional absorbing layer.
func (v isa) wave() {
	for m := 1; m <= maxHalfWidth; m++ {
		for _, medium := range []bool{false, true} {
			v.waveSweep(m, medium)
			if v.fusible(m) {
				v.waveFused(m, medium)
			}
		}
		v.waveLayer(m)
	}
}

// flushToZero sets bits 15 (results) and 6 (operands) of MXCSR and returns what
// restores it: no subnormal numbers are made or read in between.
func (v isa) flushToZero() (restore func()) {
	old, set, r := v.AllocLocal(4), v.AllocLocal(4), v.GP32()
	v.STMXCSR(old)
	v.MOVL(old, r)
	v.ORL(U32(0x8040), r)
	v.MOVL(r, set)
	v.LDMXCSR(set)
	return func() { v.LDMXCSR(old) }
}

// waveSweep generates, for each row,
//
//	vx -= bx Σ_k w_k (p(+k-1) - p(-k)), vy likewise across rows,
//	p  -= κ Σ_k [wx_k (vx(+k) - vx(1-k)) + wy_k (vy(+k) - vy(1-k))].
//
// The weights are in the order vx, vy, p along x, p across rows. Without a
// medium, b = κ = 1.
func (v isa) waveSweep(m int, medium bool) {
	name := fmt.Sprintf("wave%d", m)
	if medium {
		name = fmt.Sprintf("waveMedium%d", m)
	}
	v.function(name, "func(p, vx, vy, bx, by, k, weights *T, stride, rows, x, xn, y, yn, at, pn int)", fmt.Sprintf("sweeps rows with operators of half-width %d.", m))
	v.Pragma("noescape")
	restore := v.flushToZero()
	rows, off := v.integer("rows"), v.GP64()
	v.XORQ(off, off)
	row := v.label("row")
	v.Label(row)

	// pass generates one update of n elements of the row of the field.
	pass := func(target, coefficient, first, count string, weights int, taps func(base func(field string) reg.GPVirtual) []tap) {
		skip := v.label("skip")
		n := v.integer(count)
		v.TESTQ(n, n)
		v.JLE(LabelRef(skip))
		base := func(field string) reg.GPVirtual {
			r := v.stride(first)
			v.ADDQ(off, r)
			v.ADDQ(v.integer(field), r)
			return r
		}
		dst := base(target)
		var c reg.Register
		if medium {
			c = base(coefficient)
		}
		list := taps(base)
		w := make([]reg.VecVirtual, len(list))
		table := v.integer("weights")
		for k := range w {
			w[k] = v.vec()
			v.broadcast(Mem{Base: table, Disp: (weights + k) * v.size()}, w[k])
		}
		v.overVectors(n, func(at elements) {
			acc := at.get(dst)
			var medium Op
			if c != nil {
				medium = at.get(c)
			}
			at.weigh(acc, medium, w, func(k int) reg.VecVirtual { return at.difference(list[k]) })
			at.put(acc, dst)
			at.advance(list)
		})
		v.Label(skip)
	}
	// The taps along a row, and across rows: pair k is k rows above and k+1 below
	// or, shifted, k+1 above and k below.
	across := func(r reg.GPVirtual, shift int) []tap {
		return v.across(r, v.stride("stride"), m, shift)
	}
	along := func(r reg.GPVirtual, shift int) []tap {
		list := make([]tap, m)
		for k := range list {
			list[k] = tap{plus: Mem{Base: r, Disp: (k + shift) * v.size()}, minus: Mem{Base: r, Disp: (shift - k - 1) * v.size()}}
		}
		return list
	}
	type bases = func(field string) reg.GPVirtual
	pass("vx", "bx", "x", "xn", 0, func(base bases) []tap { return along(base("p"), 0) })
	pass("vy", "by", "y", "yn", m, func(base bases) []tap { return across(base("p"), 0) })
	pass("p", "k", "at", "pn", 2*m, func(base bases) []tap { return append(along(base("vx"), 1), across(base("vy"), 1)...) })

	v.ADDQ(v.stride("stride"), off)
	v.DECQ(rows)
	v.JNZ(LabelRef(row))
	restore()
	v.VZEROUPPER()
	v.RET()
}

// weigh computes x -= c Σ_k w_k d_k of the differences d; without a medium, c = 1.
func (v isa) weigh(x reg.VecVirtual, medium Op, w []reg.VecVirtual, difference func(k int) reg.VecVirtual) {
	if medium == nil {
		for k := range w {
			v.fnma(w[k], difference(k), x)
		}
		return
	}
	sum := v.vec()
	v.mul(w[0], difference(0), sum)
	for k := 1; k < len(w); k++ {
		v.fma(w[k], difference(k), sum)
	}
	v.fnma(medium, sum, x)
}

// tap is a pair of elements whose difference an operator weighs.
type tap struct {
	plus, minus Mem
	moving      []reg.GPVirtual // if not nil, the bases move on with the vectors
}

// across returns the taps of an operator of half-width m at row r: pair k is of
// the rows k + shift and shift - k - 1.
func (v isa) across(r, stride reg.GPVirtual, m, shift int) []tap {
	p := v.GP64()
	v.MOVQ(r, p)
	rows := v.rows(p, stride, m-shift, 2*m)
	taps := make([]tap, m)
	for k := range taps {
		taps[k] = tap{rows.at(m + k), rows.at(m - 1 - k), rows.bases}
	}
	return taps
}

// advance moves the bases of the taps on by a vector.
func (at elements) advance(taps []tap) {
	if at.tail != nil {
		return
	}
	for _, p := range taps[len(taps)-1].moving {
		at.ADDQ(I32(at.bytes()), p)
	}
}

// difference computes plus - minus.
func (at elements) difference(t tap) reg.VecVirtual {
	if t.moving == nil {
		for _, m := range []*Mem{&t.plus, &t.minus} {
			m.Index, m.Scale = at.index, uint8(at.size())
		}
	}
	d := at.vec()
	if at.tail == nil {
		at.load(t.plus, d)
		at.sub(t.minus, d, d)
		return d
	}
	minus := at.vec()
	at.loadTail(at.tail, t.plus, d)
	at.loadTail(at.tail, t.minus, minus)
	at.sub(minus, d, d)
	return d
}

// waveLayer generates the convolutional correction of a layer,
//
//	ψ = b ψ + a D,  dst -= c ψ,  D = Σ_k w_k (u(k-1) - u(-k)),
//
// neighbours of u stride elements apart.
func (v isa) waveLayer(m int) {
	v.function(fmt.Sprintf("waveLayer%d", m), "func(dst, psi, a, b, c []T, u, weights *T, stride int)",
		fmt.Sprintf("updates an absorbing layer with an operator of half-width %d.", m))
	v.Pragma("noescape")
	restore := v.flushToZero()
	dst, psi, a, b, c, n := v.pointer("dst"), v.pointer("psi"), v.pointer("a"), v.pointer("b"), v.pointer("c"), v.length("dst")
	u, stride, table := v.integer("u"), v.stride("stride"), v.integer("weights")
	w := make([]reg.VecVirtual, m)
	for k := range w {
		w[k] = v.vec()
		v.broadcast(Mem{Base: table, Disp: k * v.size()}, w[k])
	}
	taps := v.across(u, stride, m, 0)
	v.overVectors(n, func(at elements) {
		d := v.vec()
		for k, t := range taps {
			x := at.difference(t)
			if k == 0 {
				v.mul(w[k], x, d)
			} else {
				v.fma(w[k], x, d)
			}
		}
		s := at.get(psi)
		v.mul(at.get(b), s, s)
		v.fma(at.get(a), d, s)
		at.put(s, psi)
		z := at.get(dst)
		v.fnma(at.get(c), s, z)
		at.put(z, dst)
		at.advance(taps)
	})
	restore()
	v.VZEROUPPER()
	v.RET()
}
