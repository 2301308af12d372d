package sampling

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// MaxHaltonDim is the largest dimension of a Halton sequence. Its base is 7919.
const MaxHaltonDim = 1000

// maxLeap keeps indices within what the digits hold, whatever fits in memory.
const maxLeap = 1 << 15

// Halton is the Halton sequence: with the j-th prime b and the digits g_k of
// the index i in base b, coordinate j is the radical inverse
//
//	x_ij = g_0/b + g_1/b^2 + g_2/b^3 + ...
//
// The first few hundred points fill a high dimension badly, since large primes
// make long runs; [Halton.Scrambled] and [Halton.Leaped] are remedies. From
// four dimensions or so on, [Sobol] is the better choice.
//
// A Halton is immutable and safe for concurrent use.
//
// Source: Halton, Numer. Math. 2 (1960) 84-90.
type Halton struct {
	leap     uint64
	scramble Scramble
	axes     []haltonAxis
}

// rowBlock is the number of points filled one coordinate at a time: long
// enough to hide the jump to the block's first index, short enough for the
// block to stay in cache.
const rowBlock = 256

// haltonAxis is a coordinate. The digits of an index are taken as those of
// index modulo block, which are looked up, and the higher ones.
type haltonAxis struct {
	base, block uint64     // block is a power of the base
	low         []uint16   // by index modulo block: its digits in reverse
	high        [][]uint16 // by place: the permutation of the digit; nil for none
	rotation    float64
}

// NewHalton returns the sequence in dim dimensions, 1 <= dim <= MaxHaltonDim.
func NewHalton(dim int) (*Halton, error) {
	if dim < 1 || dim > MaxHaltonDim {
		return nil, fmt.Errorf("sampling: Halton dimension %d is outside 1..%d: %w", dim, MaxHaltonDim, ErrDim)
	}
	h := &Halton{leap: 1, scramble: Unscrambled, axes: make([]haltonAxis, dim)}
	b := uint64(1)
	for j := range h.axes {
		for b++; !isPrime(b); b++ {
		}
		a := &h.axes[j]
		a.base, a.block = b, b
		for a.block*b <= 512 {
			a.block *= b
		}
		a.setLow(nil)
	}
	return h, nil
}

func isPrime(n uint64) bool {
	for p := uint64(2); p*p <= n; p++ {
		if n%p == 0 {
			return false
		}
	}
	return n > 1
}

// setLow fills the table of low digits, permuted where there are permutations.
func (a *haltonAxis) setLow(permutations [][]uint16) {
	a.low = make([]uint16, a.block)
	for i := range a.block {
		reverse, place := uint64(0), 0
		for g, b := i, uint64(1); b < a.block; g, b = g/a.base, b*a.base {
			digit := g % a.base
			if permutations != nil {
				digit = uint64(permutations[place][digit])
			}
			reverse, place = reverse*a.base+digit, place+1
		}
		a.low[i] = uint16(reverse)
	}
}

// Dim returns the dimension of the points.
func (h *Halton) Dim() int { return len(h.axes) }

// Leaped returns the sequence of every leap-th point, with index i standing for
// i times leap. The leap must share no factor with a base, so it is best a
// prime that is none of them: 409 does well up to dimension 79.
//
// Source: Kocis and Whiten, ACM Trans. Math. Softw. 23 (1997) 266-294.
func (h *Halton) Leaped(leap int) (*Halton, error) {
	if leap < 1 || leap > maxLeap {
		return nil, fmt.Errorf("sampling: leap %d is outside 1..%d", leap, maxLeap)
	}
	for j, a := range h.axes {
		if uint64(leap)%a.base == 0 {
			return nil, fmt.Errorf("sampling: leap %d is a multiple of %d, the base of dimension %d: take a prime above %d",
				leap, a.base, j, h.axes[h.Dim()-1].base)
		}
	}
	return &Halton{leap: uint64(leap), scramble: h.scramble, axes: h.axes}, nil
}

// Scrambled returns a random version of the sequence: by Permutation or
// Rotation. The same seed gives the same sequence; the first dimensions do not
// depend on how many there are.
func (h *Halton) Scrambled(by Scramble, seed uint64) (*Halton, error) {
	if h.scramble != Unscrambled {
		return nil, fmt.Errorf("sampling: the Halton sequence is scrambled already, by %q", h.scramble)
	}
	r := &Halton{leap: h.leap, scramble: by, axes: make([]haltonAxis, h.Dim())}
	copy(r.axes, h.axes)
	var src rand.PCG
	src.Seed(seed, haltonStream)
	switch by {
	case "", Unscrambled:
		r.scramble = Unscrambled
	case Rotation:
		for j := range r.axes {
			r.axes[j].rotation = unit(&src)
		}
	case Permutation:
		for j := range r.axes {
			r.axes[j].permute(&src)
		}
	default:
		return nil, fmt.Errorf("sampling: scramble %q of the Halton sequence is none of %q, %q, %q", by, Unscrambled, Permutation, Rotation)
	}
	return r, nil
}

const haltonStream = 0x68616c746f6e0000 // "halton"

// permute draws a permutation for each of the places that an int64 can hold.
func (a *haltonAxis) permute(src *rand.PCG) {
	var places [][]uint16
	lowPlaces := 0
	for power := a.base; power <= math.MaxInt64/a.base; power *= a.base {
		p := make([]uint16, a.base)
		for i := range p {
			k := below(src, uint64(i)+1)
			p[i] = p[k]
			p[k] = uint16(i)
		}
		places = append(places, p)
		if power <= a.block {
			lowPlaces++
		}
	}
	a.setLow(places[:lowPlaces])
	a.high = places[lowPlaces:]
}

// upper returns what the digits above the block come to: the coordinate is
// (low scale + offset) / power.
func (a *haltonAxis) upper(high uint64) (scale, offset, power uint64) {
	scale = 1
	if a.high != nil { // leading zeros are permuted too
		for _, p := range a.high {
			offset = offset*a.base + uint64(p[high%a.base])
			scale, high = scale*a.base, high/a.base
		}
		return scale, offset, scale * a.block
	}
	for ; high > 0; high /= a.base {
		offset = offset*a.base + high%a.base
		scale *= a.base
	}
	return scale, offset, scale * a.block
}

// Fill writes the points with indices first, first+1, ... to dst, one row of
// Dim coordinates a point, as many as dst holds. Any first is reached at the
// same cost. It is an error if len(dst) is not a multiple of the dimension or
// an index, times the leap, passes 2^50 - 1.
func (h *Halton) Fill(dst []float64, first uint64) error {
	dim := h.Dim()
	n, err := rows(dst, dim)
	if err != nil {
		return err
	}
	if end := uint64(1) << 50 / h.leap; first > end || uint64(n) > end-first {
		return fmt.Errorf("sampling: %d Halton points from index %d with leap %d pass the last index 2^50 - 1", n, first, h.leap)
	}
	for n > 0 {
		m := min(n, rowBlock)
		for j := range h.axes {
			h.axes[j].fill(dst[j:m*dim], dim, first*h.leap, h.leap)
		}
		dst, first, n = dst[m*dim:], first+uint64(m), n-m
	}
	return nil
}

// fill writes every dim-th value of dst, for index, index+leap, ...
func (a *haltonAxis) fill(dst []float64, dim int, index, leap uint64) {
	high, low := index/a.block, index%a.block
	leapHigh, leapLow := leap/a.block, leap%a.block
	scale, offset, power := a.upper(high)
	for i := 0; i < len(dst); i += dim {
		x := min(float64(int64(uint64(a.low[low])*scale+offset))/float64(int64(power)), belowOne) + a.rotation
		if x >= 1 {
			x--
		}
		dst[i] = x
		next := high + leapHigh
		if low += leapLow; low >= a.block {
			low -= a.block
			next++
		}
		if next != high {
			high = next
			scale, offset, power = a.upper(high)
		}
	}
}

// Points returns the first n points, n rows of Dim coordinates; nil if n <= 0.
func (h *Halton) Points(n int) []float64 { return firstPoints(h, n) }
