package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// elementary generates exp, tanh, sigmoid, softplus, and sine with cosine. All
// reduce the argument to a small interval around 0 by subtracting a multiple n
// of a constant in parts, exactly but for the last rounding because of fused
// multiply-add, and evaluate a polynomial there (Muller, Elementary Functions,
// 2nd ed., 2006, chapters 5 and 11).
func (v isa) elementary() {
	v.expKernel()
	v.tanhKernel()
	v.sigmoidKernel()
	v.softplusKernel()
	v.sinCosKernel()
}

// limits are the properties of the element type the functions depend on.
type limits struct {
	mantissa int // bits of the fraction that are stored
	// exp rounds to 0 below low and to infinity above high.
	low, high float64
	// tanh rounds to 1 above one.
	one float64
	// reach is the largest argument of sine and cosine whose reduction is
	// exact: n/2^mantissa must stay small against π/4.
	reach float64
	// tolerance of an approximation, relative to its value: a small part of
	// half a unit in the last place.
	tolerance float64
}

func (v isa) limits() limits {
	if v.single {
		return limits{mantissa: 23, low: -104.5, high: 89, one: 10, reach: 1 << 13, tolerance: 0x1p-29}
	}
	return limits{mantissa: 52, low: -746, high: 710, one: 20, reach: 1 << 30, tolerance: 0x1p-58}
}

// bias is the exponent of 1 as stored.
func (v isa) bias() uint64 {
	if v.single {
		return 127
	}
	return 1023
}

// shifter is 1.5 2^mantissa: added to a number it leaves the nearest integer n
// in the low bits.
func (v isa) shifter() float64 { return math.Ldexp(1.5, v.limits().mantissa) }

// nearest computes t = shifter + n and n, the nearest integer to x scale.
func (v isa) nearest(x Op, scale float64) (t, n reg.VecVirtual) {
	t, n = v.held(v.shifter()), v.vec()
	v.fma(v.constant(scale), x, t)
	v.sub(v.constant(v.shifter()), t, n)
	return t, n
}

// polynomial evaluates the polynomial with these coefficients, lowest first.
func (v isa) polynomial(c []float64, x Op) reg.VecVirtual {
	y := v.held(c[len(c)-1])
	for i := len(c) - 2; i >= 0; i-- {
		v.horner(v.constant(c[i]), x, y)
	}
	return y
}

// expReduced computes exp x = 2^n (1 + q): q = exp r - 1, |r| <= log(2)/2, is
// as accurate relatively as it is near 0, and is x if n = 0 and x tiny. The
// integer n is in the low bits of t too.
func (v isa) expReduced(x reg.VecVirtual) (t, n, q reg.VecVirtual) {
	t, n = v.nearest(x, math.Log2E)
	log2 := v.parts(ln2)
	r := v.vec()
	v.copy(x, r)
	v.fnma(v.constant(log2[0]), n, r)
	v.fnma(v.constant(log2[1]), n, r)
	square := v.vec()
	v.mul(r, r, square)
	// The error of q is that of the polynomial times r²; relative to q, times
	// about r.
	half := math.Ln2 / 2 * 1.0001
	q = v.polynomial(economized(expSeries, -half, half, v.limits().tolerance/half), r)
	v.horner(r, square, q)
	return t, n, q
}

// exp computes exp x; x is in the range [low, high], and destroyed.
func (v isa) exp(x, one reg.VecVirtual) reg.VecVirtual {
	t, n, y := v.expReduced(x)
	v.add(one, y, y)
	if v.avx512 {
		if v.single {
			v.VSCALEFPS(n, y, y)
		} else {
			v.VSCALEFPD(n, y, y)
		}
		return y
	}
	// Two halves of n, so that the powers of two exist and only the last
	// product rounds.
	h := v.vec()
	v.VPSRAD(U8(1), t, h)
	v.VPSUBD(h, t, t)
	v.mul(v.power(h), y, y)
	v.mul(v.power(t), y, y)
	return y
}

// power computes 2^n, n the integer in the low bits of t, which it destroys.
func (v isa) power(t reg.VecVirtual) reg.VecVirtual {
	m := v.limits().mantissa
	v.shiftLeft(m, t, t)
	v.addInteger(v.bits(v.bias()<<m), t, t)
	return t
}

func (v isa) expKernel() {
	v.function("exp", "func(dst, x []T)", "computes dst = exp x.")
	one, low, high := v.held(1), v.held(v.limits().low), v.held(v.limits().high)
	v.mapped(func(x reg.VecVirtual) reg.VecVirtual {
		v.max(x, low, x)
		v.min(x, high, x)
		return v.exp(x, one)
	})
}

// tanh |x| = -e/(2 + e), e = exp(-2|x|) - 1.
func (v isa) tanhKernel() {
	v.function("tanh", "func(dst, x []T)", "computes dst = tanh x.")
	one, low := v.held(1), v.held(-2*v.limits().one)
	v.mapped(func(x reg.VecVirtual) reg.VecVirtual {
		z := v.vec()
		v.or(v.signBit(), x, z)
		v.add(z, z, z)
		v.max(z, low, z)
		t, _, q := v.expReduced(z)
		// e = 2^n q + (2^n - 1) and 2 + e = 2^n q + (2^n + 1) round once each:
		// what is in parentheses is exact while 2^n matters.
		s, e, d := v.power(t), v.vec(), v.vec()
		v.sub(one, s, e)
		v.fma(q, s, e)
		v.add(one, s, d)
		v.fma(q, s, d)
		v.div(d, e, e)
		v.copySign(x, e)
		return e
	})
}

// copySign gives y the sign of x, which it destroys.
func (v isa) copySign(x, y reg.VecVirtual) {
	sign := v.held(math.Copysign(0, -1))
	if v.avx512 {
		// Bit by bit sign ? x : y.
		v.VPTERNLOGQ(U8(0xca), y, x, sign)
		v.copy(sign, y)
		return
	}
	v.and(x, sign, x)
	v.VPANDN(y, sign, y)
	v.or(x, y, y)
}

// The sigmoid is 1/(1 + e) or e/(1 + e), e = exp(-|x|).
func (v isa) sigmoidKernel() {
	v.function("sigmoid", "func(dst, x []T)", "computes dst = 1/(1 + exp(-x)).")
	one, low := v.held(1), v.held(v.limits().low)
	v.mapped(func(x reg.VecVirtual) reg.VecVirtual {
		e := v.expMinus(x, one, low)
		d := v.vec()
		v.add(one, e, d)
		v.selectNegative(x, e, one, e)
		v.div(d, e, e)
		return e
	})
}

// expMinus computes exp(-|x|).
func (v isa) expMinus(x, one, low reg.VecVirtual) reg.VecVirtual {
	z := v.vec()
	v.or(v.signBit(), x, z)
	v.max(z, low, z)
	return v.exp(z, one)
}

// Softplus is max(x, 0) + log(1 + e), e = exp(-|x|), with s = e/(2 + e) and
// log(1 + e) = 2 atanh s = e - s (e - R), R = 2 (atanh s - s)/s, whose first
// term is the largest and exact.
func (v isa) softplusKernel() {
	v.function("softplus", "func(dst, x []T)", "computes dst = log(1 + exp x).")
	one, two, zero, low := v.held(1), v.held(2), v.held(0), v.held(v.limits().low)
	// The product s R is at most a ninth of the result.
	atanh := economized(atanhSeries, 0, 1.0/9, v.limits().tolerance)
	v.mapped(func(x reg.VecVirtual) reg.VecVirtual {
		e := v.expMinus(x, one, low)
		s, square := v.vec(), v.vec()
		v.add(two, e, s)
		v.div(s, e, s)
		v.mul(s, s, square)
		r := v.polynomial(atanh, square)
		v.mul(square, r, r)
		v.sub(r, e, r)
		v.fnma(r, s, e)
		v.max(x, zero, x)
		v.add(x, e, e)
		return e
	})
}

// mapped generates the rest of a kernel that applies a function to every
// element of x; the function may destroy its argument.
func (v isa) mapped(f func(x reg.VecVirtual) reg.VecVirtual) {
	x, dst, n := v.pointer("x"), v.pointer("dst"), v.length("dst")
	v.overVectors(n, func(at elements) { at.put(f(at.get(x)), dst) })
	v.VZEROUPPER()
	v.RET()
}

// With |x| = n π/2 + r: the sine is that of r or its cosine, as n is even or
// odd, negative where bit 1 of n is set; the cosine the other one, negative
// where bit 1 of n + 1 is set. The sign of x changes that of the sine.
func (v isa) sinCosKernel() {
	v.function("sinCos", "func(sin, cos, x []T) int",
		"computes sin x and cos x up to the first vector with an argument beyond reach and returns how many elements that is.")
	sinOut, cosOut, xIn, n := v.pointer("sin"), v.pointer("cos"), v.pointer("x"), v.length("sin")
	l := v.limits()
	// The polynomials are multiplied by r² <= (π/4)² and a little.
	end := 0.6175
	sinTerms := economized(sinSeries, 0, end, l.tolerance)
	cosTerms := append([]float64{1}, economized(cosSeries, 0, end, l.tolerance)...)
	constant := v.parts(halfPi)
	word := 8*v.size() - 1
	stop := v.label("stop")
	var done reg.GPVirtual
	v.overVectors(n, func(at elements) {
		done = at.index
		x := at.get(xIn)
		a := v.vec()
		v.and(v.bits(1<<word-1), x, a)
		v.jumpUnlessBelow(a, v.constant(l.reach), stop)
		t, n := v.nearest(a, 2/math.Pi)
		for _, c := range constant {
			v.fnma(v.constant(c), n, a)
		}
		square, s := v.vec(), v.vec()
		v.mul(a, a, square)
		c := v.polynomial(cosTerms, square)
		q := v.polynomial(sinTerms, square)
		v.mul(a, square, s)
		v.horner(a, q, s)

		m, y := v.vec(), v.vec()
		v.shiftLeft(word, t, m)
		v.selectNegative(m, c, s, y)
		v.shiftLeft(word-1, t, m)
		v.xor(x, m, m)
		v.and(v.signBit(), m, m)
		v.xor(m, y, y)
		at.put(y, sinOut)

		v.shiftLeft(word, t, m)
		v.selectNegative(m, s, c, y)
		v.addInteger(v.bits(1), t, t)
		v.shiftLeft(word-1, t, m)
		v.and(v.signBit(), m, m)
		v.xor(m, y, y)
		at.put(y, cosOut)
	})
	v.Load(v.Param("sin").Len(), done)
	v.Label(stop)
	v.Store(done, v.ReturnIndex(0))
	v.VZEROUPPER()
	v.RET()
}

// jumpUnlessBelow jumps if a lane of a is not below the bound, or a NaN.
func (v isa) jumpUnlessBelow(a reg.VecVirtual, bound Mem, label string) {
	const notLessThan = 0x15
	if v.avx512 {
		k := v.K()
		if v.single {
			v.VCMPPS(U8(notLessThan), bound, a, k)
		} else {
			v.VCMPPD(U8(notLessThan), bound, a, k)
		}
		v.KORTESTW(k, k)
	} else {
		m, bits := v.vec(), v.GP32()
		if v.single {
			v.VCMPPS(U8(notLessThan), bound, a, m)
			v.VMOVMSKPS(m, bits)
		} else {
			v.VCMPPD(U8(notLessThan), bound, a, m)
			v.VMOVMSKPD(m, bits)
		}
		v.TESTL(bits, bits)
	}
	v.JNZ(LabelRef(label))
}
