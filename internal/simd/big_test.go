package simd

import (
	"math"
	"math/big"
)

// Elementary functions to some hundred digits, by the shortest road: halve the
// argument, sum the Taylor series, undo the halving.

// precision, in bits, holds 2π to the last digit of the largest argument.
const precision = 1400

func bigFloat(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }

func mul(x, y *big.Float) *big.Float { return bigFloat(0).Mul(x, y) }
func add(x, y *big.Float) *big.Float { return bigFloat(0).Add(x, y) }
func sub(x, y *big.Float) *big.Float { return bigFloat(0).Sub(x, y) }
func quo(x, y *big.Float) *big.Float { return bigFloat(0).Quo(x, y) }

// bigExp sums exp(x/2^h) and squares it h times.
func bigExp(x *big.Float) *big.Float {
	h := 0
	if x.Sign() != 0 {
		h = max(0, x.MantExp(nil)+16)
	}
	y := bigFloat(0).SetMantExp(x, -h)
	sum, term := bigFloat(1), bigFloat(1)
	for k := 1; term.Sign() != 0 && term.MantExp(nil) > -precision; k++ {
		term = quo(mul(term, y), bigFloat(float64(k)))
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
	y := bigFloat(math.Log(m) + math.Ln2*float64(exponent))
	for range 6 {
		y = add(y, sub(quo(x, bigExp(y)), bigFloat(1)))
	}
	return y
}

// bigPi is Machin's formula, π = 16 atan(1/5) - 4 atan(1/239).
func bigPi() *big.Float {
	atan := func(n float64) *big.Float {
		sum, power := bigFloat(0), quo(bigFloat(1), bigFloat(n))
		for k := 1; power.MantExp(nil) > -precision; k += 2 {
			sum = add(sum, quo(power, bigFloat(float64(k))))
			power = quo(power, bigFloat(-n*n))
		}
		return sum
	}
	return sub(mul(bigFloat(16), atan(5)), mul(bigFloat(4), atan(239)))
}

var twoPi = mul(bigFloat(2), bigPi())

// bigSinCos reduces x by 2π and sums the series of both.
func bigSinCos(x *big.Float) (sin, cos *big.Float) {
	turns, _ := quo(x, twoPi).Int(nil)
	x = sub(x, mul(twoPi, new(big.Float).SetPrec(precision).SetInt(turns)))
	sin, cos = bigFloat(0), bigFloat(1)
	term := bigFloat(1)
	for k := 1; term.Sign() != 0 && term.MantExp(nil) > -precision; k++ {
		term = quo(mul(term, x), bigFloat(float64(k)))
		signed := bigFloat(0).Set(term)
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

func bigSigmoid(x *big.Float) *big.Float {
	return quo(bigFloat(1), add(bigFloat(1), bigExp(bigFloat(0).Neg(x))))
}

func bigTanh(x *big.Float) *big.Float {
	e := bigExp(mul(bigFloat(2), x))
	return quo(sub(e, bigFloat(1)), add(e, bigFloat(1)))
}

func bigSoftplus(x *big.Float) *big.Float { return bigLog(add(bigFloat(1), bigExp(x))) }
