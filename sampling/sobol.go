package sampling

import (
	"fmt"
	"math/bits"
)

// MaxSobolDim is the largest dimension for which direction numbers are embedded.
const MaxSobolDim = len(joeKuo6) + 1

// sobolBits is the number of digits: all that a float64 in [0,1) holds on a
// uniform lattice, so that coordinates are exact multiples of 2^-53.
const sobolBits = 53

// rowBlock is the number of points filled one coordinate at a time: long
// enough to hide the jump to the block's first index, short enough for the
// block to stay in cache.
const rowBlock = 256

// Sobol is the Sobol sequence in base 2 with the direction numbers of Joe and
// Kuo (the set new-joe-kuo-6, chosen for good two-dimensional projections).
//
// The point with index i has in each dimension the coordinate
//
//	x_i = 2^-53 (g_0 v_0 xor g_1 v_1 xor g_2 v_2 xor ...),   g = i xor (i >> 1)
//
// with the binary digits g_k of the Gray code of i and the dimension's
// direction numbers v_k = m_(k+1) 2^(52-k), where for k > s
//
//	m_k = 2 a_1 m_(k-1) xor 4 a_2 m_(k-2) xor ... xor 2^(s-1) a_(s-1) m_(k-s+1) xor 2^s m_(k-s) xor m_(k-s).
//
// The index starts at zero and the point 0 is the origin. Keep it: any 2^m
// points that start at a multiple of 2^m are a digital net, and leaving the
// first one out destroys that (Owen 2020, arXiv:2008.08051). For the same
// reason sizes should be powers of two.
//
// A Sobol is immutable and safe for concurrent use.
//
// Source: Joe and Kuo, Constructing Sobol sequences with better
// two-dimensional projections, SIAM J. Sci. Comput. 30 (2008) 2635-2654;
// the Gray-code order is that of Antonov and Saleev (1979).
type Sobol struct {
	direction [][sobolBits]uint64 // [dimension][digit]
}

// NewSobol returns the sequence in dim dimensions, 1 <= dim <= MaxSobolDim.
func NewSobol(dim int) (*Sobol, error) {
	if dim < 1 || dim > MaxSobolDim {
		return nil, fmt.Errorf("sampling: Sobol dimension %d is outside 1..%d", dim, MaxSobolDim)
	}
	s := &Sobol{direction: make([][sobolBits]uint64, dim)}
	for k := range sobolBits {
		s.direction[0][k] = 1 << (sobolBits - 1 - k)
	}
	for j := 1; j < dim; j++ {
		joeKuo6[j-1].expand(&s.direction[j])
	}
	return s, nil
}

// expand computes the direction numbers v_k from the polynomial and the
// initial integers, with the recurrence for m_k written for v_k.
func (p joeKuo) expand(v *[sobolBits]uint64) {
	for k := range sobolBits {
		if k < p.s {
			v[k] = uint64(p.m[k]) << (sobolBits - 1 - k)
			continue
		}
		v[k] = v[k-p.s] ^ v[k-p.s]>>p.s
		for i := 1; i < p.s; i++ {
			if p.a>>(p.s-1-i)&1 == 1 {
				v[k] ^= v[k-i]
			}
		}
	}
}

// Dim returns the dimension of the points.
func (s *Sobol) Dim() int { return len(s.direction) }

// Fill writes the points with indices first, first+1, ... to dst, one row of
// Dim coordinates a point, as many as dst holds. Any first is reached at the
// same cost. It is an error if len(dst) is not a multiple of the dimension or
// an index passes 2^53 - 1, the end of the sequence.
func (s *Sobol) Fill(dst []float64, first uint64) error {
	dim := s.Dim()
	n, err := rows(dst, dim)
	if err != nil {
		return err
	}
	if end := uint64(1) << sobolBits; first > end || uint64(n) > end-first {
		return fmt.Errorf("sampling: %d Sobol points from index %d pass the last index 2^%d - 1", n, first, sobolBits)
	}
	for n > 0 {
		m := min(n, rowBlock)
		for j := range s.direction {
			fillColumn(dst[:m*dim], j, dim, &s.direction[j], first)
		}
		dst, first, n = dst[m*dim:], first+uint64(m), n-m
	}
	return nil
}

// fillColumn writes coordinate j of consecutive points. The Gray codes of
// neighbours i and i+1 differ in the digit of the lowest zero bit of i, so one
// xor leads from a point to the next.
func fillColumn(dst []float64, j, dim int, v *[sobolBits]uint64, first uint64) {
	const scale = 1.0 / (1 << sobolBits)
	var x uint64
	for g := first ^ first>>1; g != 0; g &= g - 1 {
		x ^= v[bits.TrailingZeros64(g)]
	}
	for i := first; j < len(dst); i, j = i+1, j+dim {
		dst[j] = float64(x) * scale
		if k := bits.TrailingZeros64(^i); k < sobolBits {
			x ^= v[k]
		}
	}
}

// Points returns the first n points, n rows of Dim coordinates; nil if n <= 0.
func (s *Sobol) Points(n int) []float64 {
	if n <= 0 {
		return nil
	}
	dst := make([]float64, n*s.Dim())
	// A whole number of rows from index 0: memory ends before the sequence does.
	_ = s.Fill(dst, 0)
	return dst
}
