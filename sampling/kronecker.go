package sampling

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
)

// Kronecker is the additive sequence of the generalised golden ratio,
//
//	x_ij = 1/2 + i phi^-j modulo 1,   j = 1 ... d,
//
// with the positive root phi of x^(d+1) = x + 1: the golden ratio for d = 1,
// the plastic number for d = 2. In one and two dimensions any number of points
// is spread about as evenly as it can be; there is no such theorem above.
//
// Multiples are computed modulo 2^-64, so that no index is too large.
//
// A Kronecker is immutable and safe for concurrent use.
//
// Source: Roberts, The unreasonable effectiveness of quasirandom sequences
// (2018), extremelearning.com.au.
type Kronecker struct {
	step, start []uint64 // [dimension], in units of 2^-64
}

// MaxKroneckerDim is the largest dimension of a Kronecker sequence. There the
// steps of neighbouring dimensions are almost the same already.
const MaxKroneckerDim = 64

// NewKronecker returns the sequence in dim dimensions, 1 <= dim <=
// MaxKroneckerDim.
func NewKronecker(dim int) (*Kronecker, error) {
	if dim < 1 || dim > MaxKroneckerDim {
		return nil, fmt.Errorf("sampling: Kronecker dimension %d is outside 1..%d: %w", dim, MaxKroneckerDim, ErrDim)
	}
	s := &Kronecker{make([]uint64, dim), make([]uint64, dim)}
	inverse := inverseGolden(dim)
	power := new(big.Float).SetPrec(128).SetInt64(1)
	for j := range dim {
		power.Mul(power, inverse)
		s.step[j], _ = new(big.Float).SetMantExp(power, 64).Uint64()
		s.start[j] = 1 << 63
	}
	return s, nil
}

// inverseGolden returns 1/phi, the root in (0,1) of f(y) = y^(d+1) + y^d - 1
// (the equation of phi, divided by its highest power), by Newton's method in
// 128 bits from the root in float64.
func inverseGolden(d int) *big.Float {
	number := func(x float64) *big.Float { return new(big.Float).SetPrec(128).SetFloat64(x) }
	lo, hi := 0.5, 1.
	for range 60 {
		if y := (lo + hi) / 2; math.Pow(y, float64(d))*(y+1) < 1 {
			lo = y
		} else {
			hi = y
		}
	}
	y := number(lo)
	for range 3 {
		power := number(1) // y^(d-1)
		for range d - 1 {
			power.Mul(power, y)
		}
		// f' = y^(d-1) ((d+1) y + d)
		slope := number(float64(d + 1))
		slope.Mul(slope, y).Add(slope, number(float64(d))).Mul(slope, power)
		f := number(1)
		f.Add(f, y).Mul(f, y).Mul(f, power).Sub(f, number(1))
		y.Sub(y, f.Quo(f, slope))
	}
	return y
}

// Dim returns the dimension of the points.
func (s *Kronecker) Dim() int { return len(s.step) }

// Scrambled returns a random version of the sequence, by Rotation. The same
// seed gives the same sequence.
func (s *Kronecker) Scrambled(by Scramble, seed uint64) (*Kronecker, error) {
	switch by {
	case "", Unscrambled:
		return s, nil
	case Rotation:
		var src rand.PCG
		src.Seed(seed, kroneckerStream)
		return &Kronecker{s.step, draw(&src, s.Dim())}, nil
	}
	return nil, fmt.Errorf("sampling: scramble %q of the Kronecker sequence is none of %q, %q", by, Unscrambled, Rotation)
}

const kroneckerStream = 0x6b726f6e656b0000 // "kronek"

// Fill writes the points with indices first, first+1, ... to dst, one row of
// Dim coordinates a point, as many as dst holds. It is an error if len(dst) is
// not a multiple of the dimension.
func (s *Kronecker) Fill(dst []float64, first uint64) error {
	if _, err := rows(dst, s.Dim()); err != nil {
		return err
	}
	for i := first; len(dst) > 0; i++ {
		row := dst[:s.Dim()]
		for j := range row {
			row[j] = float64(int64((s.start[j]+i*s.step[j])>>11)) / (1 << 53)
		}
		dst = dst[s.Dim():]
	}
	return nil
}

// Points returns the first n points, n rows of Dim coordinates; nil if n <= 0.
func (s *Kronecker) Points(n int) []float64 { return firstPoints(s, n) }
