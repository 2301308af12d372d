package main

import (
	"math"
	"math/big"
)

// A function is given by the coefficients of its power series, exact: series(k)
// is that of x^k.

// expSeries is (exp x - 1 - x)/x².
func expSeries(k int) *big.Rat { return overFactorial(1, k+2) }

// sinSeries is (sin √x/√x - 1)/x.
func sinSeries(k int) *big.Rat { return overFactorial(alternating(k+1), 2*k+3) }

// cosSeries is (cos √x - 1)/x.
func cosSeries(k int) *big.Rat { return overFactorial(alternating(k+1), 2*k+2) }

// atanhSeries is 2 (atanh √x/√x - 1)/x.
func atanhSeries(k int) *big.Rat { return big.NewRat(2, int64(2*k+3)) }

func alternating(k int) int64 { return 1 - 2*int64(k%2) }

func overFactorial(sign int64, k int) *big.Rat {
	f := new(big.Int).MulRange(1, int64(k))
	return new(big.Rat).SetFrac(big.NewInt(sign), f)
}

// precision, in bits, of the arithmetic on polynomials.
const precision = 400

func number(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }

// economized returns the coefficients, lowest first, of the polynomial of
// lowest degree that meets the series within the tolerance on [lo, hi]: it
// interpolates at Chebyshev nodes, which comes within a small factor of the
// best possible (Trefethen, Approximation Theory and Approximation Practice,
// chapter 16).
func economized(series func(int) *big.Rat, lo, hi, tolerance float64) []float64 {
	// So many terms are exact to well beyond double precision for |x| < 0.7.
	exact := make([]*big.Float, 100)
	for k := range exact {
		exact[k] = number(0).SetRat(series(k))
	}
	for n := 2; ; n++ {
		c := interpolate(exact, lo, hi, n)
		worst := 0.0
		for i := range 201 {
			x := number(lo + (hi-lo)*float64(i)/200)
			d, _ := new(big.Float).Sub(horner(c, x), horner(exact, x)).Float64()
			worst = max(worst, math.Abs(d))
		}
		if worst <= tolerance {
			list := make([]float64, n)
			for i := range c {
				list[i], _ = c[i].Float64()
			}
			return list
		}
	}
}

// interpolate returns the polynomial of n coefficients that equals f at the
// Chebyshev nodes of [lo, hi], by Newton's divided differences.
func interpolate(f []*big.Float, lo, hi float64, n int) []*big.Float {
	x, d := make([]*big.Float, n), make([]*big.Float, n)
	for i := range n {
		x[i] = number((lo+hi)/2 + (hi-lo)/2*math.Cos(math.Pi*(float64(i)+0.5)/float64(n)))
		d[i] = horner(f, x[i])
	}
	for k := 1; k < n; k++ {
		for i := n - 1; i >= k; i-- {
			d[i] = new(big.Float).Quo(new(big.Float).Sub(d[i], d[i-1]), new(big.Float).Sub(x[i], x[i-k]))
		}
	}
	var c []*big.Float
	for i := n - 1; i >= 0; i-- {
		// c(t) becomes c(t) (t - x_i) + d_i.
		c = append([]*big.Float{number(0)}, c...)
		for j := range len(c) - 1 {
			c[j].Sub(c[j], new(big.Float).Mul(x[i], c[j+1]))
		}
		c[0].Add(c[0], d[i])
	}
	return c
}

func horner(c []*big.Float, x *big.Float) *big.Float {
	y := number(0)
	for i := len(c) - 1; i >= 0; i-- {
		y = new(big.Float).Add(new(big.Float).Mul(y, x), c[i])
	}
	return y
}

// parts splits a number of many digits into three of the element type, each
// the rounded rest of those before.
func (v isa) parts(x *big.Float) [3]float64 {
	var p [3]float64
	for i := range p {
		p[i], _ = x.Float64()
		if v.single {
			p[i] = float64(float32(p[i]))
		}
		x = new(big.Float).Sub(x, number(p[i]))
	}
	return p
}

// digits is a number of many digits.
func digits(s string) *big.Float {
	x, ok := number(0).SetString(s)
	if !ok {
		panic(s)
	}
	return x
}

// The first 80 digits of log 2 and π/2.
var (
	ln2    = digits("0.69314718055994530941723212145817656807550013436025525412068000949339362196969471")
	halfPi = digits("1.5707963267948966192313216916397514420985846996875529104874722961539082031431045")
)
