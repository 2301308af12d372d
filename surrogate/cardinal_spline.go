package surrogate

import (
	"math"
	"math/big"
)

// cardinalSpline is the B-spline M of even order n with the knots 0, 1, ..., n:
// the density of the sum of n variables uniform on [0, 1],
//
//	M(s) = 1/(n-1)! Σ_l (-1)^l C(n,l) (s - l)_+^(n-1),   M(s) = M(n - s).
//
// The sum is of large terms of both signs. So on each [k, k+1), k < n/2, M is kept
// as a polynomial in s - k, whose coefficients come from exact arithmetic.
//
// Source: Schoenberg, Cardinal Spline Interpolation, SIAM, 1973, lecture 2.
type cardinalSpline struct {
	pieces [][]float64 // of each k, the coefficients of the powers n-1 to 0
	below  []float64   // ∫_0^k M
}

func newCardinalSpline(n int) *cardinalSpline {
	c := &cardinalSpline{below: make([]float64, n/2)}
	factorial := new(big.Int).MulRange(1, int64(n-1))
	term, power := new(big.Int), new(big.Int)
	below := new(big.Rat)
	for k := range n / 2 {
		c.below[k], _ = below.Float64()
		piece := make([]float64, n)
		for r := range piece {
			// The power r of s - k in Σ_{l≤k} (-1)^l C(n,l) ((k-l) + (s-k))^(n-1).
			sum := new(big.Int)
			for l := range k + 1 {
				power.Exp(big.NewInt(int64(k-l)), big.NewInt(int64(n-1-r)), nil)
				term.Mul(term.Binomial(int64(n), int64(l)), power)
				if l%2 == 1 {
					term.Neg(term)
				}
				sum.Add(sum, term)
			}
			sum.Mul(sum, term.Binomial(int64(n-1), int64(r)))
			value := new(big.Rat).SetFrac(sum, factorial)
			piece[n-1-r], _ = value.Float64()
			below.Add(below, value.Quo(value, new(big.Rat).SetInt64(int64(r+1))))
		}
		c.pieces = append(c.pieces, piece)
	}
	return c
}

// at is M(s) for s <= n/2.
func (c *cardinalSpline) at(s float64) float64 {
	if !(s > 0) {
		return 0
	}
	k := min(int(s), len(c.pieces)-1)
	v, t := 0.0, s-float64(k)
	for _, a := range c.pieces[k] {
		v = v*t + a
	}
	return v
}

// slope is M and dM/du at n/2 + u, odd in u.
func (c *cardinalSpline) slope(u float64) (value, slope float64) {
	s := float64(len(c.pieces)) - math.Abs(u)
	if !(s > 0) {
		return 0, 0
	}
	k := min(int(s), len(c.pieces)-1)
	v, dv, t := 0.0, 0.0, s-float64(k)
	for _, a := range c.pieces[k] {
		dv = dv*t + v
		v = v*t + a
	}
	switch {
	case u > 0:
		return v, -dv
	case u < 0:
		return v, dv
	}
	return v, 0
}

// integral is ∫_0^s M.
func (c *cardinalSpline) integral(s float64) float64 {
	half := float64(len(c.pieces))
	if s > half {
		return 1 - c.integral(2*half-s)
	}
	if !(s > 0) {
		return 0
	}
	k := min(int(s), len(c.pieces)-1)
	v, t := 0.0, s-float64(k)
	for r, a := range c.pieces[k] {
		v = v*t + a/float64(len(c.pieces[k])-r)
	}
	return c.below[k] + v*t
}
