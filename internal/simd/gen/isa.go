package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// isa is an instruction set with an element type: what the kernels are written
// in. Its methods name operations; the last operand is the destination.
type isa struct {
	*build.Context
	avx512 bool
	single bool
	// labels counts the labels, data holds the sections of constants so far.
	labels *int
	data   map[string]Mem
}

func newISA(ctx *build.Context, avx512, single bool) isa {
	return isa{ctx, avx512, single, new(int), map[string]Mem{}}
}

// bytes, size and lanes are those of a vector, of an element, and their ratio.
func (v isa) bytes() int {
	if v.avx512 {
		return 64
	}
	return 32
}

func (v isa) size() int {
	if v.single {
		return 4
	}
	return 8
}

func (v isa) lanes() int { return v.bytes() / v.size() }

// suffix ends the names of the kernels.
func (v isa) suffix() string {
	s := "AVX2"
	if v.avx512 {
		s = "AVX512"
	}
	if v.single {
		return s + "F32"
	}
	return s
}

func (v isa) element() string {
	if v.single {
		return "float32"
	}
	return "float64"
}

// function begins a kernel; T in its signature is the element type.
func (v isa) function(name, signature, doc string) {
	v.Function(name + v.suffix())
	v.Attributes(attr.NOSPLIT)
	v.SignatureExpr(strings.ReplaceAll(signature, "T", v.element()))
	v.Doc(name + v.suffix() + " " + doc)
}

// pointer loads the base of a slice, length its length, integer an int.
func (v isa) pointer(slice string) reg.GPVirtual {
	return v.Load(v.Param(slice).Base(), v.GP64()).(reg.GPVirtual)
}

func (v isa) length(slice string) reg.GPVirtual {
	return v.Load(v.Param(slice).Len(), v.GP64()).(reg.GPVirtual)
}

func (v isa) integer(name string) reg.GPVirtual {
	return v.Load(v.Param(name), v.GP64()).(reg.GPVirtual)
}

// stride loads a number of elements and makes it a number of bytes.
func (v isa) stride(name string) reg.GPVirtual {
	r := v.integer(name)
	v.SHLQ(U8(math.Log2(float64(v.size()))), r)
	return r
}

// scalar loads a parameter into every lane.
func (v isa) scalar(name string) reg.VecVirtual {
	b, err := v.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	x := v.vec()
	v.broadcast(b.Addr, x)
	return x
}

// label makes a name of its own from a word.
func (v isa) label(word string) string {
	*v.labels++
	return fmt.Sprintf("%s%d", word, *v.labels)
}

func (v isa) vec() reg.VecVirtual {
	if v.avx512 {
		return v.ZMM()
	}
	return v.YMM()
}

// register is vector register i: the kernels that fill the register file name
// their registers themselves.
func (v isa) register(i int) reg.VecPhysical {
	if v.avx512 {
		return []reg.VecPhysical{
			reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
			reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23, reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
		}[i]
	}
	return []reg.VecPhysical{
		reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
	}[i]
}

// Arithmetic; m may be memory.

func (v isa) add(m, a, dst Op) {
	if v.single {
		v.VADDPS(m, a, dst)
	} else {
		v.VADDPD(m, a, dst)
	}
}

// sub computes dst = a - m.
func (v isa) sub(m, a, dst Op) {
	if v.single {
		v.VSUBPS(m, a, dst)
	} else {
		v.VSUBPD(m, a, dst)
	}
}

func (v isa) mul(m, a, dst Op) {
	if v.single {
		v.VMULPS(m, a, dst)
	} else {
		v.VMULPD(m, a, dst)
	}
}

// div computes dst = a / m.
func (v isa) div(m, a, dst Op) {
	if v.single {
		v.VDIVPS(m, a, dst)
	} else {
		v.VDIVPD(m, a, dst)
	}
}

// max and min give m when either is a NaN.
func (v isa) max(m, a, dst Op) {
	if v.single {
		v.VMAXPS(m, a, dst)
	} else {
		v.VMAXPD(m, a, dst)
	}
}

func (v isa) min(m, a, dst Op) {
	if v.single {
		v.VMINPS(m, a, dst)
	} else {
		v.VMINPD(m, a, dst)
	}
}

// fma computes dst += m a.
func (v isa) fma(m, a, dst Op) {
	if v.single {
		v.VFMADD231PS(m, a, dst)
	} else {
		v.VFMADD231PD(m, a, dst)
	}
}

// fnma computes dst -= m a.
func (v isa) fnma(m, a, dst Op) {
	if v.single {
		v.VFNMADD231PS(m, a, dst)
	} else {
		v.VFNMADD231PD(m, a, dst)
	}
}

// horner computes dst = dst a + m.
func (v isa) horner(m, a, dst Op) {
	if v.single {
		v.VFMADD213PS(m, a, dst)
	} else {
		v.VFMADD213PD(m, a, dst)
	}
}

// Bits of whole vectors.

func (v isa) zero(dst Op) { v.xor(dst, dst, dst) }

func (v isa) and(m, a, dst Op) {
	if v.avx512 {
		v.VPANDQ(m, a, dst)
	} else {
		v.VPAND(m, a, dst)
	}
}

func (v isa) or(m, a, dst Op) {
	if v.avx512 {
		v.VPORQ(m, a, dst)
	} else {
		v.VPOR(m, a, dst)
	}
}

func (v isa) xor(m, a, dst Op) {
	if v.avx512 {
		v.VPXORQ(m, a, dst)
	} else {
		v.VPXOR(m, a, dst)
	}
}

// shiftLeft and addInteger work on lanes as integers.
func (v isa) shiftLeft(n int, a, dst Op) {
	if v.single {
		v.VPSLLD(U8(n), a, dst)
	} else {
		v.VPSLLQ(U8(n), a, dst)
	}
}

func (v isa) addInteger(m, a, dst Op) {
	if v.single {
		v.VPADDD(m, a, dst)
	} else {
		v.VPADDQ(m, a, dst)
	}
}

// selectNegative computes dst = b in the lanes where the sign bit of s is set,
// else a.
func (v isa) selectNegative(s, b, a, dst Op) {
	switch {
	case v.avx512 && v.single:
		k := v.K()
		v.VPMOVD2M(s, k)
		v.VBLENDMPS(b, a, k, dst)
	case v.avx512:
		k := v.K()
		v.VPMOVQ2M(s, k)
		v.VBLENDMPD(b, a, k, dst)
	case v.single:
		v.VBLENDVPS(s, b, a, dst)
	default:
		v.VBLENDVPD(s, b, a, dst)
	}
}

// Memory.

func (v isa) load(m Mem, dst Op) {
	if v.single {
		v.VMOVUPS(m, dst)
	} else {
		v.VMOVUPD(m, dst)
	}
}

func (v isa) store(src Op, m Mem) {
	if v.single {
		v.VMOVUPS(src, m)
	} else {
		v.VMOVUPD(src, m)
	}
}

func (v isa) copy(src, dst Op) {
	if v.single {
		v.VMOVAPS(src, dst)
	} else {
		v.VMOVAPD(src, dst)
	}
}

func (v isa) broadcast(m Mem, dst Op) {
	if v.single {
		v.VBROADCASTSS(m, dst)
	} else {
		v.VBROADCASTSD(m, dst)
	}
}

// tail is a mask of the first lanes of a vector: an opmask register of AVX-512
// or a vector register.
type tail Op

// newTail makes the mask of the low n lanes, n from 1 to all but one; n is
// destroyed.
func (v isa) newTail(n reg.GPVirtual) tail {
	if v.avx512 {
		ones, k := v.GP64(), v.K()
		v.MOVQ(I32(-1), ones)
		v.BZHIQ(n, ones, ones)
		v.KMOVW(ones.As32(), k)
		return k
	}
	addr, m := v.GP64(), v.YMM()
	v.LEAQ(v.maskTable(), addr)
	v.NEGQ(n)
	v.VMOVUPD(Mem{Base: addr, Index: n, Scale: uint8(v.size()), Disp: v.bytes()}, m)
	return m
}

// maskTable is a vector of ones before a vector of zeros.
func (v isa) maskTable() Mem {
	return v.section("mask", func() {
		for i := range 2 * v.lanes() {
			v.datum(i, map[bool]uint64{true: math.MaxUint64}[i < v.lanes()])
		}
	})
}

// loadTail loads the lanes of the mask and clears the others.
func (v isa) loadTail(t tail, m Mem, dst Op) {
	switch {
	case v.avx512 && v.single:
		v.VMOVUPS_Z(m, t, dst)
	case v.avx512:
		v.VMOVUPD_Z(m, t, dst)
	case v.single:
		v.VMASKMOVPS(m, t, dst)
	default:
		v.VMASKMOVPD(m, t, dst)
	}
}

func (v isa) storeTail(t tail, src Op, m Mem) {
	switch {
	case v.avx512 && v.single:
		v.VMOVUPS(src, t, m)
	case v.avx512:
		v.VMOVUPD(src, t, m)
	case v.single:
		v.VMASKMOVPS(src, t, m)
	default:
		v.VMASKMOVPD(src, t, m)
	}
}

// Constants.

// section returns the data section of that name, filled at its first use.
func (v isa) section(name string, fill func()) Mem {
	name += v.suffix()
	m, ok := v.data[name]
	if !ok {
		m = v.StaticGlobal(name)
		v.DataAttributes(attr.NOPTR | attr.RODATA)
		fill()
		v.data[name] = m
	}
	return m
}

// datum writes element i of a section.
func (v isa) datum(i int, bits uint64) {
	if v.single {
		v.AddDatum(4*i, U32(uint32(bits)))
	} else {
		v.AddDatum(8*i, U64(bits))
	}
}

// bits is a vector in memory with the same bits in every lane.
func (v isa) bits(b uint64) Mem {
	return v.section(fmt.Sprintf("x%x", b), func() {
		for i := range v.lanes() {
			v.datum(i, b)
		}
	})
}

// constant is a vector in memory with x in every lane.
func (v isa) constant(x float64) Mem {
	if v.single {
		return v.bits(uint64(math.Float32bits(float32(x))))
	}
	return v.bits(math.Float64bits(x))
}

// signBit is the sign bit of every lane.
func (v isa) signBit() Mem { return v.constant(math.Copysign(0, -1)) }

// held is a constant in a register.
func (v isa) held(x float64) reg.VecVirtual {
	r := v.vec()
	v.load(v.constant(x), r)
	return r
}
