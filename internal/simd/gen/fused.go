package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// fusible tells whether the registers hold the weights of a fused sweep.
func (v isa) fusible(m int) bool { return m <= 2 || v.avx512 }

// waveFused generates the sweep of waveSweep in one pass over whole vectors of
// each row: what the pressure needs of the new velocities is still in registers,
// and what was there before is read once. In row j it updates from the position
// at, all but the first with as many vectors,
//
//	vx(j) from at + m, and a vector before if head is not 0;  vy(j + m);  p(j).
//
// The arithmetic of every element is that of waveSweep, to the last bit.
func (v isa) waveFused(m int, medium bool) {
	name := fmt.Sprintf("waveFused%d", m)
	if medium {
		name = fmt.Sprintf("waveMediumFused%d", m)
	}
	v.function(name, "func(p, vx, vy, bx, by, k, weights *T, stride, rows, at, vectors, head int)",
		fmt.Sprintf("sweeps rows with operators of half-width %d in one pass.", m))
	v.Pragma("noescape")
	restore := v.flushToZero()
	rows, off := v.AllocLocal(8), v.AllocLocal(8)
	v.MOVQ(v.integer("rows"), rows)
	v.MOVQ(I32(0), off)
	w := make([]reg.VecVirtual, 4*m)
	table := v.integer("weights")
	for k := range w {
		w[k] = v.vec()
		v.broadcast(Mem{Base: table, Disp: k * v.size()}, w[k])
	}
	row := v.label("row")
	v.Label(row)

	stride := v.stride("stride")
	base := func(field string) reg.GPVirtual {
		r := v.stride("at")
		v.ADDQ(off, r)
		v.ADDQ(v.integer(field), r)
		return r
	}
	faces := m * v.size() // the first face of the sweep, in bytes from the cell
	vx := base("vx")
	ps := v.rows(base("p"), stride, 0, 2*m)    // j ... j+2m-1
	vs := v.rows(base("vy"), stride, m-1, 2*m) // j-m+1 ... j+m
	moving := append(append([]reg.GPVirtual{vx}, ps.bases...), vs.bases...)
	var bx reg.GPVirtual
	var by, bulk Op
	if medium {
		x, y, k := base("bx"), base("by"), base("k")
		for range m { // of row j+m
			v.ADDQ(stride, y)
		}
		bx, by, bulk = x, Mem{Base: y}, Mem{Base: k}
		moving = append(moving, x, y, k)
	}
	vectorX := func(back int) reg.VecVirtual { // the faces so many bytes before
		at := func(r reg.GPVirtual, elements int) Mem {
			return Mem{Base: r, Disp: faces - back + elements*v.size()}
		}
		var c Op
		if medium {
			c = at(bx, 0)
		}
		return v.updated(at(vx, 0), c, w[:m], func(k int) reg.VecVirtual {
			return v.minus(at(ps.bases[0], k), at(ps.bases[0], -1-k))
		})
	}

	before := v.vec() // the faces up to those of the vector at hand
	head, n := v.integer("head"), v.integer("vectors")
	load, first := v.label("load"), v.label("vector")
	v.TESTQ(head, head)
	v.JZ(LabelRef(load))
	v.copy(vectorX(v.bytes()), before)
	v.JMP(LabelRef(first))
	v.Label(load)
	v.load(Mem{Base: vx, Disp: faces - v.bytes()}, before)

	v.Label(first)
	newX := vectorX(0)
	newY := v.updated(vs.at(2*m-1), by, w[m:2*m], func(k int) reg.VecVirtual {
		return v.minus(ps.at(m+k), ps.at(m-1-k))
	})
	back := v.window(before, newX)
	v.updated(ps.at(0), bulk, w[2*m:], func(k int) reg.VecVirtual {
		if k < m {
			d := v.vec()
			v.sub(back(m+k), back(m-1-k), d)
			return d
		}
		if k -= m; k < m-1 {
			return v.minus(vs.at(m+k), vs.at(m-1-k))
		}
		d := v.vec()
		v.sub(vs.at(0), newY, d)
		return d
	})
	v.copy(newX, before)
	for _, r := range moving {
		v.ADDQ(I32(v.bytes()), r)
	}
	v.DECQ(n)
	v.JNZ(LabelRef(first))

	v.ADDQ(stride, off)
	v.DECQ(rows)
	v.JNZ(LabelRef(row))
	restore()
	v.VZEROUPPER()
	v.RET()
}

// updated subtracts the weighed differences from a vector in memory and returns
// it; the medium, if there is one, is in memory.
func (v isa) updated(dst Mem, medium Op, w []reg.VecVirtual, difference func(k int) reg.VecVirtual) reg.VecVirtual {
	x := v.vec()
	v.load(dst, x)
	v.weigh(x, medium, w, difference)
	v.store(x, dst)
	return x
}

// minus is the difference of two vectors in memory.
func (v isa) minus(a, b Mem) reg.VecVirtual {
	d := v.vec()
	v.load(a, d)
	v.sub(b, d, d)
	return d
}

// rowsOf addresses consecutive rows; one base serves three.
type rowsOf struct {
	bases  []reg.GPVirtual
	stride reg.GPVirtual
}

// rows addresses n rows, of which r is the one after so many.
func (v isa) rows(r, stride reg.GPVirtual, after, n int) rowsOf {
	for range after {
		v.SUBQ(stride, r)
	}
	list := rowsOf{[]reg.GPVirtual{r}, stride}
	for i := 3; i < n; i += 3 {
		p := v.GP64()
		v.LEAQ(Mem{Base: list.bases[len(list.bases)-1], Index: stride, Scale: 2}, p)
		v.ADDQ(stride, p)
		list.bases = append(list.bases, p)
	}
	return list
}

func (r rowsOf) at(row int) Mem {
	mem := Mem{Base: r.bases[row/3]}
	if row%3 > 0 {
		mem.Index, mem.Scale = r.stride, uint8(row%3)
	}
	return mem
}

// window returns a function of the vector that begins back lanes before high,
// where low precedes high; back is less than the lanes. Each is made once.
func (v isa) window(low, high reg.VecVirtual) func(back int) reg.VecVirtual {
	made := map[int]reg.VecVirtual{0: high}
	half := v.lanes() / 2
	var get func(back int) reg.VecVirtual
	get = func(back int) reg.VecVirtual {
		if x, ok := made[back]; ok {
			return x
		}
		x := v.vec()
		switch {
		case v.avx512 && v.single:
			v.VALIGND(U8(v.lanes()-back), low, high, x)
		case v.avx512:
			v.VALIGNQ(U8(v.lanes()-back), low, high, x)
		case back == half: // the upper half of low and the lower of high
			v.VPERM2F128(U8(0x21), high, low, x)
		default: // AVX2 shifts within the halves
			a, b := low, get(half)
			if back < half {
				a, b = b, high
			}
			if v.single {
				v.VPALIGNR(U8(4*(half-back%half)), a, b, x)
			} else {
				v.VSHUFPD(U8(0b0101), b, a, x)
			}
		}
		made[back] = x
		return x
	}
	return get
}
