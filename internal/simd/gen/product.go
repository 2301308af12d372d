package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// product generates the kernels of C = A B by the rows of C they work on. A
// tile of these rows and up to three vectors stays in registers over the sum.
func (v isa) product() {
	rows := 4
	if v.avx512 {
		rows = 8
	}
	for ; rows > 0; rows /= 2 {
		v.productRows(rows)
	}
}

func (v isa) productRows(rows int) {
	v.function(fmt.Sprintf("product%d", rows), "func(c, a, b []T, ldc, ars, acs, ldb, k, n int, accumulate bool)",
		fmt.Sprintf("computes C = A B, or C += A B, for %d rows of C.", rows))
	b, c, n := v.pointer("b"), v.pointer("c"), v.integer("n")
	for _, w := range []int{3, 2, 1} {
		columns, done := v.label("columns"), v.label("done")
		v.Label(columns)
		v.CMPQ(n, I32(w*v.lanes()))
		v.JLT(LabelRef(done))
		v.productTile(rows, w, b, c, nil)
		v.ADDQ(I32(w*v.bytes()), b)
		v.ADDQ(I32(w*v.bytes()), c)
		v.SUBQ(I32(w*v.lanes()), n)
		if w == 3 {
			v.JMP(LabelRef(columns))
		}
		v.Label(done)
	}
	end := v.label("end")
	v.TESTQ(n, n)
	v.JZ(LabelRef(end))
	v.productTile(rows, 1, b, c, v.newTail(n))
	v.Label(end)
	v.VZEROUPPER()
	v.RET()
}

// productTile generates the tile of w vectors, or of the masked part of one.
func (v isa) productTile(rows, w int, b, c reg.GPVirtual, t tail) {
	acc := func(i, j int) reg.VecPhysical { return v.register(i*w + j) }
	for i := range rows {
		for j := range w {
			v.zero(acc(i, j))
		}
	}
	// Rows i, i+1, i+2 of A are at a[i/3] + (i mod 3) ars.
	ars, acs := v.stride("ars"), v.stride("acs")
	a := []reg.GPVirtual{v.pointer("a")}
	for len(a) < (rows+2)/3 {
		next := v.GP64()
		v.LEAQ(Mem{Base: a[len(a)-1], Index: ars, Scale: 2}, next)
		v.ADDQ(ars, next)
		a = append(a, next)
	}
	ldb, k, row := v.stride("ldb"), v.integer("k"), v.GP64()
	v.MOVQ(b, row)
	sum, write := v.label("sum"), v.label("write")
	v.TESTQ(k, k)
	v.JZ(LabelRef(write))
	v.Label(sum)
	bs := make([]reg.VecPhysical, w)
	for j := range bs {
		bs[j] = v.register(rows*w + j)
		m := Mem{Base: row, Disp: j * v.bytes()}
		if t != nil {
			v.loadTail(t, m, bs[j])
		} else {
			v.load(m, bs[j])
		}
	}
	x := v.register(rows*w + w)
	for i := range rows {
		m := Mem{Base: a[i/3]}
		if i%3 > 0 {
			m.Index, m.Scale = ars, uint8(i%3)
		}
		v.broadcast(m, x)
		for j := range bs {
			v.fma(bs[j], x, acc(i, j))
		}
	}
	v.ADDQ(ldb, row)
	for _, p := range a {
		v.ADDQ(acs, p)
	}
	v.DECQ(k)
	v.JNZ(LabelRef(sum))
	v.Label(write)

	ldc, p, set := v.stride("ldc"), v.GP64(), v.label("set")
	accumulate := v.Load(v.Param("accumulate"), v.GP8())
	v.TESTB(accumulate, accumulate)
	v.JZ(LabelRef(set))
	v.MOVQ(c, p)
	for i := range rows {
		for j := range w {
			m := Mem{Base: p, Disp: j * v.bytes()}
			if t != nil {
				v.loadTail(t, m, x)
				v.add(x, acc(i, j), acc(i, j))
			} else {
				v.add(m, acc(i, j), acc(i, j))
			}
		}
		v.ADDQ(ldc, p)
	}
	v.Label(set)
	v.MOVQ(c, p)
	for i := range rows {
		for j := range w {
			m := Mem{Base: p, Disp: j * v.bytes()}
			if t != nil {
				v.storeTail(t, acc(i, j), m)
			} else {
				v.store(acc(i, j), m)
			}
		}
		v.ADDQ(ldc, p)
	}
}
