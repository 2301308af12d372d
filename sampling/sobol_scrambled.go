package sampling

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
)

// Scrambled returns a random version of the sequence: by Owen, Linear or
// Rotation. The same seed gives the same sequence; dimensions are scrambled
// independently, and the first of them do not depend on how many there are.
// Any point can be had by itself, of any number of points.
func (s *Sobol) Scrambled(by Scramble, seed uint64) (*Sobol, error) {
	r := &Sobol{dim: s.dim, direction: s.direction, start: s.start, scramble: s.scramble, keys: s.keys}
	if s.scramble != Unscrambled {
		return nil, fmt.Errorf("sampling: the Sobol sequence is scrambled already, by %q", s.scramble)
	}
	var src rand.PCG
	src.Seed(seed, sobolStream)
	switch by {
	case "", Unscrambled:
		return r, nil
	case Owen:
		r.reverse()
		r.keys = draw(&src, 2*s.dim)
	case Rotation:
		r.keys = draw(&src, s.dim)
	case Linear:
		r.linear(&src)
	default:
		return nil, fmt.Errorf("sampling: scramble %q of the Sobol sequence is none of %q, %q, %q, %q", by, Unscrambled, Owen, Linear, Rotation)
	}
	r.scramble = by
	return r, nil
}

const sobolStream = 0x736f626f6c000000 // "sobol"

func draw(src *rand.PCG, n int) []uint64 {
	x := make([]uint64, n)
	for i := range x {
		x[i] = src.Uint64()
	}
	return x
}

// reverse writes the digits of the direction numbers in reverse, the first as
// the lowest bit.
func (s *Sobol) reverse() {
	reversed := make([]uint64, len(s.direction))
	for i, v := range s.direction {
		reversed[i] = bits.Reverse64(v << (64 - sobolBits))
	}
	s.direction = reversed
}

// owen returns 53 digits of a scrambled coordinate from its reversed digits x.
// Sums and products carry upwards only, and the steps are bijections modulo
// every power of 2: bit k of the result is bit k of x, flipped or not as the
// bits below and the keys say. That is nested uniform scrambling as far as the
// keys are random; coins tossed for different digits are pairwise independent.
//
// Source: Laine and Karras, Stratified sampling for stochastic transparency,
// Comput. Graph. Forum 30 (2011) 1197-1204; Burley, Practical hash-based Owen
// scrambling, J. Comput. Graph. Tech. 9(4) (2020) 1-20. Both hash 32 bits. A
// product with a random odd key stands behind the sum here: with sums and fixed
// factors alone, coins at the first digits depend on each other.
func owen(x, add, multiply uint64) uint64 {
	x ^= x * 0x05526c563d20adea
	x += add
	x *= multiply | 1
	x ^= x * 0xb82f1e528d22f6e6
	x ^= x * 0x9e6ef5a853a22864
	return bits.Reverse64(x) >> (64 - sobolBits)
}

func owenRow(row []float64, x, keys []uint64) {
	row, keys = row[:len(x)], keys[:2*len(x)]
	for j, x := range x {
		row[j] = float64(int64(owen(x, keys[2*j], keys[2*j+1]))) * sobolUnit
	}
}

func rotatedRow(row []float64, x, keys []uint64) {
	row, keys = row[:len(x)], keys[:len(x)]
	for j, x := range x {
		row[j] = float64(int64((x+keys[j])&(1<<sobolBits-1))) * sobolUnit
	}
}

// linear replaces the direction numbers of each dimension by L v with a matrix
// L as [Linear] says, and lets the sequence start at a random vector.
func (s *Sobol) linear(src *rand.PCG) {
	direction := make([]uint64, len(s.direction))
	start := make([]uint64, s.dim)
	var row [sobolBits]uint64 // of L, the column of the first digit in the highest bit
	for j := range s.dim {
		for k := range row {
			diagonal := uint64(1) << (sobolBits - 1 - k)
			row[k] = src.Uint64()>>(64-sobolBits)&-diagonal | diagonal
		}
		for i := j; i < len(direction); i += s.dim {
			for k, l := range row {
				direction[i] |= uint64(bits.OnesCount64(l&s.direction[i])&1) << (sobolBits - 1 - k)
			}
		}
		start[j] = src.Uint64() >> (64 - sobolBits)
	}
	s.direction, s.start = direction, start
}
