package simd

import (
	"math"
	"math/big"
)

// Elementary functions to many digits, by the shortest road: halve the
// argument, sum the Taylor series, undo the halving. The precision of the
// argument is that of the result.

// precise converts x. Below a million 256 bits leave enough after any
// reduction; the largest argument needs 2π to more than a thousand.
func precise(x float64) *big.Float {
	bits := uint(256)
	if math.Abs(x) > 1e6 {
		bits = 1400
	}
	return new(big.Float).SetPrec(bits).SetFloat64(x)
}

// like is a constant as precise as x.
func like(x *big.Float, c float64) *big.Float {
	return new(big.Float).SetPrec(x.Prec()).SetFloat64(c)
}

func mul(x, y *big.Float) *big.Float { return new(big.Float).Mul(x, y) }
func add(x, y *big.Float) *big.Float { return new(big.Float).Add(x, y) }
func sub(x, y *big.Float) *big.Float { return new(big.Float).Sub(x, y) }
func quo(x, y *big.Float) *big.Float { return new(big.Float).Quo(x, y) }

// matters tells whether a term of a series near 1 still does.
func matters(term *big.Float) bool {
	return term.Sign() != 0 && term.MantExp(nil) > -int(term.Prec())
}

// bigExp sums exp(x/2^h) and squares it h times.
func bigExp(x *big.Float) *big.Float {
	h := 0
	if x.Sign() != 0 {
		h = max(0, x.MantExp(nil)+16)
	}
	y := new(big.Float).SetMantExp(x, -h)
	sum, term := like(x, 1), like(x, 1)
	for k := 1; matters(term); k++ {
		term = quo(mul(term, y), like(x, float64(k)))
		sum = add(sum, term)
	}
	for range h {
		sum = mul(sum, sum)
	}
	return sum
}

// bigLog solves exp y = x by Newton's method, which doubles the digits.
func bigLog(x *big.Float) *big.Float {
	mantissa := new(big.Float)
	exponent := x.MantExp(mantissa)
	m, _ := mantissa.Float64()
	y := like(x, math.Log(m)+math.Ln2*float64(exponent))
	for range 6 {
		y = add(y, sub(quo(x, bigExp(y)), like(x, 1)))
	}
	return y
}

// twoPi is from Machin's formula, π = 16 atan(1/5) - 4 atan(1/239).
var twoPi = func() *big.Float {
	one := precise(math.MaxFloat64).SetInt64(1)
	atan := func(n float64) *big.Float {
		sum, power := like(one, 0), quo(one, like(one, n))
		for k := 1; matters(power); k += 2 {
			sum = add(sum, quo(power, like(one, float64(k))))
			power = quo(power, like(one, -n*n))
		}
		return sum
	}
	return sub(mul(like(one, 32), atan(5)), mul(like(one, 8), atan(239)))
}()

// bigSinCos reduces x by 2π and sums the series of both.
func bigSinCos(x *big.Float) (sin, cos *big.Float) {
	turns, _ := quo(x, twoPi).Int(nil)
	x = new(big.Float).SetPrec(x.Prec()).Set(sub(x, mul(twoPi, like(twoPi, 0).SetInt(turns))))
	sin, cos = like(x, 0), like(x, 1)
	term := like(x, 1)
	for k := 1; matters(term); k++ {
		term = quo(mul(term, x), like(x, float64(k)))
		signed := new(big.Float).Set(term)
		if k%4 >= 2 {
			signed.Neg(term)
		}
		if k%2 == 1 {
			sin = add(sin, signed)
		} else {
			cos = add(cos, signed)
		}
	}
	return sin, cos
}

func bigSin(x *big.Float) *big.Float {
	s, _ := bigSinCos(x)
	return s
}

func bigCos(x *big.Float) *big.Float {
	_, c := bigSinCos(x)
	return c
}

func bigSigmoid(x *big.Float) *big.Float {
	return quo(like(x, 1), add(like(x, 1), bigExp(new(big.Float).Neg(x))))
}

// bigTanh is x itself to double precision where exp(2x) - 1 would cancel.
func bigTanh(x *big.Float) *big.Float {
	if x.Sign() == 0 || x.MantExp(nil) < -80 {
		return x
	}
	e := bigExp(mul(like(x, 2), x))
	return quo(sub(e, like(x, 1)), add(e, like(x, 1)))
}

// bigSoftplus is exp x (1 - exp(x)/2) where 1 + exp x would lose digits.
func bigSoftplus(x *big.Float) *big.Float {
	e := bigExp(x)
	if e.MantExp(nil) < -70 {
		return mul(e, sub(like(x, 1), mul(e, like(x, 0.5))))
	}
	return bigLog(add(like(x, 1), e))
}
