// Package exactsum adds float64 values without any rounding.
package exactsum

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
)

// Sum is an exact sum of float64 values, the zero value that of none. As nothing is
// rounded, neither order nor grouping makes a difference: sums of parts, made
// anywhere and merged in any order, are the sum of all to the bit.
//
// It is kept as digits of base 2^32 with 64 bits each, such that a value is added
// to two of them, and carries are only dealt with after 2^11 additions:
//
//	Σ_i digits[i] 2^(32(low + i) - 1074)
//
// Only digits that were ever needed are kept: sums of values that are not far apart
// have four or five. Values that are not finite are counted, and decide the value.
//
// Source: Neal, Fast exact summation using small and large superaccumulators,
// arXiv 1505.05571 (2015), section 2: the small superaccumulator, here with digits
// made on demand.
type Sum struct {
	digits  []int64
	low     int
	pending int      // additions since the last carry
	special [3]int64 // NaN, +Inf, -Inf
}

// mostPending is how many values of up to 2^52 in a digit do not overflow it.
const mostPending = 1<<11 - 1

// Add adds x.
func (s *Sum) Add(x float64) {
	b := math.Float64bits(x)
	exponent := int(b >> 52 & 0x7ff)
	mantissa := b & (1<<52 - 1)
	switch {
	case exponent == 0x7ff:
		s.addSpecial(x)
		return
	case exponent != 0:
		mantissa |= 1 << 52
		exponent--
	case mantissa == 0:
		return
	}
	i, shift := exponent>>5-s.low, exponent&31
	if uint(i+1) >= uint(len(s.digits)) || i < 0 {
		i = s.reach(exponent >> 5)
	}
	if s.pending == mostPending {
		s.carry()
	}
	s.pending++
	d := s.digits[i : i+2 : len(s.digits)]
	low, high := int64(mantissa<<shift&(1<<32-1)), int64(mantissa>>(32-shift))
	if int64(b) < 0 {
		low, high = -low, -high
	}
	d[0] += low
	d[1] += high
}

func (s *Sum) addSpecial(x float64) {
	switch {
	case x != x:
		s.special[0]++
	case x > 0:
		s.special[1]++
	default:
		s.special[2]++
	}
}

// reach makes the digits k and k + 1, and returns the index of the former.
func (s *Sum) reach(k int) int {
	if len(s.digits) == 0 {
		s.low = k
	}
	if k < s.low {
		s.digits = append(make([]int64, s.low-k, s.low-k+len(s.digits)), s.digits...)
		s.low = k
	}
	for k+1 >= s.low+len(s.digits) {
		s.digits = append(s.digits, 0)
	}
	return k - s.low
}

// carry brings all digits but the last into 0 ... 2^32 - 1, and the last into 32
// bits with its sign.
func (s *Sum) carry() {
	s.pending = 0
	for i := 0; i < len(s.digits); i++ {
		c := s.digits[i] >> 32 // rounds down
		last := i == len(s.digits)-1
		if c == 0 || last && c == -1 {
			continue
		}
		if last {
			s.digits = append(s.digits, 0)
		}
		s.digits[i] -= c << 32
		s.digits[i+1] += c
	}
}

// Merge adds all that was added to t, which keeps its value.
func (s *Sum) Merge(t *Sum) {
	for i, n := range t.special {
		s.special[i] += n
	}
	if len(t.digits) == 0 {
		return
	}
	t.carry()
	s.carry()
	s.reach(t.low)
	s.reach(t.low + len(t.digits) - 1)
	for i, d := range t.digits {
		s.digits[t.low+i-s.low] += d
	}
	s.carry()
}

// Value is the float64 nearest to the sum, of two equally near ones the even one:
// the sum is rounded once. As in any other order of additions, NaN or infinities
// of both signs give NaN. An exact zero is +0.
func (s *Sum) Value() float64 {
	switch {
	case s.special[0] > 0 || s.special[1] > 0 && s.special[2] > 0:
		return math.NaN()
	case s.special[1] > 0:
		return math.Inf(1)
	case s.special[2] > 0:
		return math.Inf(-1)
	}
	s.carry()
	var total, digit big.Int
	for i := len(s.digits) - 1; i >= 0; i-- {
		total.Add(total.Lsh(&total, 32), digit.SetInt64(s.digits[i]))
	}
	if total.Sign() == 0 {
		return 0
	}
	exact := new(big.Float).SetPrec(uint(max(total.BitLen(), 64))).SetInt(&total)
	x, _ := exact.SetMantExp(exact, 32*s.low-1074).Float64()
	return x
}

// MarshalBinary encodes the sum.
func (s Sum) MarshalBinary() ([]byte, error) {
	s.digits = append([]int64(nil), s.digits...)
	s.carry()
	b := binary.AppendUvarint(nil, uint64(s.low))
	for _, n := range s.special {
		b = binary.AppendUvarint(b, uint64(n))
	}
	for _, d := range s.digits {
		b = binary.AppendVarint(b, d)
	}
	return b, nil
}

var errEncoding = errors.New("exactsum: not the encoding of a sum")

// UnmarshalBinary decodes what MarshalBinary has encoded.
func (s *Sum) UnmarshalBinary(b []byte) error {
	*s = Sum{}
	var head [4]uint64
	for i := range head {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > math.MaxInt64 || i == 0 && v > 2048/32 {
			return errEncoding
		}
		head[i], b = v, b[n:]
	}
	s.low = int(head[0])
	for i := range s.special {
		s.special[i] = int64(head[1+i])
	}
	for len(b) > 0 {
		d, n := binary.Varint(b)
		if n <= 0 || bits.Len64(uint64(d^d>>63)) > 33 {
			return fmt.Errorf("%w: a digit of more than 32 bits", errEncoding)
		}
		s.digits, b = append(s.digits, d), b[n:]
	}
	return nil
}
