package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gradient generates the kernels of C += A Bᵀ by the rows of C they work on.
// A tile of these rows and four columns, each element the vector of its partial
// sums, stays in registers over the long dimension.
func (v isa) gradient() {
	rows := []int{3, 2, 1}
	if v.avx512 {
		rows = []int{4, 2, 1}
	}
	for _, r := range rows {
		v.gradientRows(r)
	}
}

func (v isa) gradientRows(rows int) {
	v.function(fmt.Sprintf("gradient%d", rows), "func(c, a, b []T, ldc, lda, ldb, k, n int)",
		fmt.Sprintf("computes C += A Bᵀ for %d rows of C.", rows))
	b, c, k, ldb := v.pointer("b"), v.pointer("c"), v.integer("k"), v.stride("ldb")
	columns, rest, end := v.label("columns"), v.label("rest"), v.label("end")
	v.Label(columns)
	v.CMPQ(k, Imm(4))
	v.JLT(LabelRef(rest))
	v.gradientTile(rows, 4, b, c, ldb)
	v.LEAQ(Mem{Base: b, Index: ldb, Scale: 4}, b)
	v.ADDQ(I32(4*v.size()), c)
	v.SUBQ(Imm(4), k)
	v.JMP(LabelRef(columns))
	v.Label(rest)
	for w := 3; w > 0; w-- {
		next := v.label("next")
		v.CMPQ(k, I32(w))
		v.JNE(LabelRef(next))
		v.gradientTile(rows, w, b, c, ldb)
		v.JMP(LabelRef(end))
		v.Label(next)
	}
	v.Label(end)
	v.VZEROUPPER()
	v.RET()
}

// gradientTile generates the tile of w columns.
func (v isa) gradientTile(rows, w int, b, c, ldb reg.GPVirtual) {
	// The low registers are for the operands, and in the end for the
	// instructions that know no others.
	low := rows + 1
	if v.avx512 {
		low = 6
	}
	x := v.register
	y := v.register(low - 1)
	acc := func(i, j int) reg.VecPhysical { return v.register(low + i*w + j) }
	for i := range rows {
		for j := range w {
			v.zero(acc(i, j))
		}
	}
	lda, n := v.stride("lda"), v.integer("n")
	as, bs := v.rowPointers(v.pointer("a"), lda, rows), v.rowPointers(b, ldb, w)
	sum, rest, reduce := v.label("sum"), v.label("rest"), v.label("reduce")
	v.SUBQ(I32(v.lanes()), n)
	v.JL(LabelRef(rest))
	v.Label(sum)
	for i := range rows {
		v.load(as.row(i), x(i))
	}
	for j := range w {
		v.load(bs.row(j), y)
		for i := range rows {
			v.fma(x(i), y, acc(i, j))
		}
	}
	for _, p := range append(as.bases, bs.bases...) {
		v.ADDQ(I32(v.bytes()), p)
	}
	v.SUBQ(I32(v.lanes()), n)
	v.JGE(LabelRef(sum))
	v.Label(rest)
	v.ADDQ(I32(v.lanes()), n)
	v.JZ(LabelRef(reduce))
	t := v.newTail(n)
	// The mask may take the last register: the rows of A pass through one.
	for i := range rows {
		v.loadTail(t, as.row(i), x(0))
		for j := range w {
			v.loadTail(t, bs.row(j), y)
			v.fma(x(0), y, acc(i, j))
		}
	}
	v.Label(reduce)

	ldc, p := v.stride("ldc"), v.GP64()
	v.MOVQ(c, p)
	for i := range rows {
		var s [4]reg.VecPhysical
		for j := range s {
			s[j] = acc(i, min(j, w-1))
		}
		v.addSums(s, w, p)
		v.ADDQ(ldc, p)
	}
}

// rows addresses up to four consecutive rows: i at bases[i/3] + (i mod 3) ld.
type rows struct {
	bases []reg.GPVirtual
	ld    reg.GPVirtual
}

func (v isa) rowPointers(start, ld reg.GPVirtual, n int) rows {
	p := v.GP64()
	v.MOVQ(start, p)
	r := rows{[]reg.GPVirtual{p}, ld}
	if n > 3 {
		q := v.GP64()
		v.LEAQ(Mem{Base: p, Index: ld, Scale: 2}, q)
		v.ADDQ(ld, q)
		r.bases = append(r.bases, q)
	}
	return r
}

func (r rows) row(i int) Mem {
	m := Mem{Base: r.bases[i/3]}
	if i%3 > 0 {
		m.Index, m.Scale = r.ld, uint8(i%3)
	}
	return m
}

// addSums adds the sums of the lanes of s[0], ..., s[w-1] to w elements at p;
// the unused members of s repeat the last. It destroys s and, of AVX-512, the
// six lowest registers, else the two lowest.
func (v isa) addSums(s [4]reg.VecPhysical, w int, p reg.Register) {
	x, y := v.register(0), v.register(1)
	if v.avx512 {
		x, y = v.register(4), v.register(5)
		for j := range s {
			half := v.register(min(j, w-1))
			if j < w {
				v.VEXTRACTF64X4(U8(1), s[j], half.AsY())
				if v.single {
					v.VADDPS(s[j].AsY(), half.AsY(), half.AsY())
				} else {
					v.VADDPD(s[j].AsY(), half.AsY(), half.AsY())
				}
			}
			s[j] = half
		}
	}
	a, b, c, d := s[0].AsY(), s[1].AsY(), s[2].AsY(), s[3].AsY()
	m := Mem{Base: p}
	if v.single {
		v.VHADDPS(b, a, x.AsY())
		v.VHADDPS(d, c, y.AsY())
		v.VHADDPS(y.AsY(), x.AsY(), x.AsY())
		v.VEXTRACTF128(U8(1), x.AsY(), y.AsX())
		v.VADDPS(y.AsX(), x.AsX(), x.AsX())
		if w == 4 {
			v.VADDPS(m, x.AsX(), x.AsX())
			v.VMOVUPS(x.AsX(), m)
			return
		}
		v.VMOVUPS(v.firstLanes(w), y.AsX())
		v.VMASKMOVPS(m, y.AsX(), s[0].AsX())
		v.VADDPS(s[0].AsX(), x.AsX(), x.AsX())
		v.VMASKMOVPS(x.AsX(), y.AsX(), m)
		return
	}
	v.VHADDPD(b, a, x.AsY())
	v.VHADDPD(d, c, y.AsY())
	v.VPERM2F128(U8(0x21), y.AsY(), x.AsY(), a)
	v.VBLENDPD(U8(0xc), y.AsY(), x.AsY(), x.AsY())
	v.VADDPD(a, x.AsY(), x.AsY())
	if w == 4 {
		v.VADDPD(m, x.AsY(), x.AsY())
		v.VMOVUPD(x.AsY(), m)
		return
	}
	v.VMOVUPD(v.firstLanes(w), y.AsY())
	v.VMASKMOVPD(m, y.AsY(), a)
	v.VADDPD(a, x.AsY(), x.AsY())
	v.VMASKMOVPD(x.AsY(), y.AsY(), m)
}

// firstLanes is the mask of w of four lanes, in memory.
func (v isa) firstLanes(w int) Mem {
	m := v.maskTable()
	m.Disp += v.bytes() - w*v.size()
	return m
}
