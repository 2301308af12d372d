package sampling

import (
	"errors"
	"fmt"
	"math/bits"
)

// MaxSobolDim is the largest dimension for which there are direction numbers.
const MaxSobolDim = 21201

// ErrDim is wrapped by the errors for a dimension that a kind of points does
// not have.
var ErrDim = errors.New("no such dimension")

// sobolBits is the number of digits: all that a float64 in [0,1) holds on a
// uniform lattice, so that coordinates are exact multiples of 2^-53.
const sobolBits = 53

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
// reason sizes should be powers of two. [Sobol.Scrambled] makes random
// versions, which are nets too.
//
// A Sobol is immutable and safe for concurrent use.
//
// Source: Joe and Kuo, Constructing Sobol sequences with better
// two-dimensional projections, SIAM J. Sci. Comput. 30 (2008) 2635-2654;
// the Gray-code order is that of Antonov and Saleev (1979).
type Sobol struct {
	dim       int
	direction []uint64 // [digit][dimension]
	start     []uint64 // [dimension], coordinates at index 0
	scramble  Scramble
	keys      []uint64 // [dimension], of the scrambles that act on coordinates
}

// NewSobol returns the sequence in dim dimensions, 1 <= dim <= MaxSobolDim.
// It takes 424 bytes a dimension.
func NewSobol(dim int) (*Sobol, error) {
	if dim < 1 || dim > MaxSobolDim {
		return nil, fmt.Errorf("sampling: Sobol dimension %d is outside 1..%d: %w", dim, MaxSobolDim, ErrDim)
	}
	s := &Sobol{dim: dim, direction: make([]uint64, sobolBits*dim), start: make([]uint64, dim), scramble: Unscrambled}
	for k := range sobolBits { // the first dimension is the van der Corput sequence, m_k = 1
		s.direction[k*dim] = 1 << (sobolBits - 1 - k)
	}
	var r joeKuoReader
	for j := 1; j < dim; j++ {
		p := r.next()
		for k, v := range p.expand() {
			s.direction[k*dim+j] = v
		}
	}
	return s, nil
}

// Dim returns the dimension of the points.
func (s *Sobol) Dim() int { return s.dim }

// Fill writes the points with indices first, first+1, ... to dst, one row of
// Dim coordinates a point, as many as dst holds. Any first is reached at the
// same cost, so that parts of the sequence may be filled at once. It is an
// error if len(dst) is not a multiple of the dimension or an index passes
// 2^53 - 1, the end of the sequence.
func (s *Sobol) Fill(dst []float64, first uint64) error {
	n, err := rows(dst, s.dim)
	if err != nil {
		return err
	}
	if end := uint64(1) << sobolBits; first > end || uint64(n) > end-first {
		return fmt.Errorf("sampling: %d Sobol points from index %d pass the last index 2^%d - 1", n, first, sobolBits)
	}
	for j := 0; j < s.dim; j += sobolColumns {
		s.fillColumns(dst, j, min(sobolColumns, s.dim-j), first)
	}
	return nil
}

// sobolColumns is how many dimensions of a point are made in one go.
const sobolColumns = 64

// fillColumns writes the coordinates j ... j+w-1 of consecutive points. The
// Gray codes of neighbours i and i+1 differ in the digit of the lowest zero
// bit of i, so one xor leads from a point to the next.
func (s *Sobol) fillColumns(dst []float64, j, w int, first uint64) {
	if len(dst) == 0 {
		return
	}
	var state [sobolColumns]uint64
	x := state[:w]
	copy(x, s.start[j:])
	for g := first ^ first>>1; g != 0; g &= g - 1 {
		k := bits.TrailingZeros64(g)
		advance(x, s.direction[k*s.dim+j:])
	}
	for i := first; ; i++ {
		row := dst[j:]
		switch s.scramble {
		case Owen:
			owenRow(row, x, s.keys[2*j:])
		case Rotation:
			rotatedRow(row, x, s.keys[j:])
		default:
			plainRow(row, x)
		}
		if len(dst) == s.dim {
			return
		}
		dst = dst[s.dim:]
		k := bits.TrailingZeros64(^i)
		advance(x, s.direction[k*s.dim+j:])
	}
}

func advance(x, v []uint64) {
	v = v[:len(x)]
	for j := range x {
		x[j] ^= v[j]
	}
}

const sobolUnit = 1.0 / (1 << sobolBits)

func plainRow(row []float64, x []uint64) {
	row = row[:len(x)]
	for j, x := range x {
		row[j] = float64(int64(x)) * sobolUnit
	}
}

// Points returns the first n points, n rows of Dim coordinates; nil if n <= 0.
func (s *Sobol) Points(n int) []float64 { return firstPoints(s, n) }
