package sampling

import (
	_ "embed"
	"math/bits"
)

//go:generate go run joekuo_generate.go new-joe-kuo-6.21201

// joeKuo6 is the file new-joe-kuo-6.21201 of Joe and Kuo (notice in NOTICE),
// packed. The file has a line for every dimension from the
// second on: a primitive polynomial over GF(2),
//
//	z^s + a_1 z^(s-1) + ... + a_(s-1) z + 1,
//
// and the initial direction integers m_1 ... m_s, odd with m_i < 2^i. Here a
// line is a record of s-1 + s(s-1)/2 bits: a_1 ... a_(s-1), then m_i >> 1 in
// i-1 bits for i = 2 ... s, highest bits first. Records stand without a gap in
// the order of the file, which is that of the degree s. It holds all primitive
// polynomials of each degree up to 18, so that the degree of a record follows
// from its number.
//
//go:embed joekuo.bin
var joeKuo6 string

// primitivePolynomials is the number of primitive polynomials over GF(2) of
// degree 1, 2, ...: phi(2^s - 1) / s with Euler's phi.
var primitivePolynomials = [...]int{1, 1, 2, 2, 6, 6, 18, 16, 48, 60, 176, 144, 630, 756, 1800, 2048, 7710, 7776}

// joeKuo is one record: the degree, the bits a_1 ... a_(s-1) with a_1 highest,
// and the initial direction integers.
type joeKuo struct {
	s int
	a uint32
	m [len(primitivePolynomials)]uint32
}

// joeKuoReader reads records one by one, from that of the second dimension on.
type joeKuoReader struct {
	bit  int // where the next record starts
	s    int // its degree
	left int // records of that degree from there on
}

func (r *joeKuoReader) next() joeKuo {
	for r.left == 0 {
		r.left = primitivePolynomials[r.s]
		r.s++
	}
	r.left--
	p := joeKuo{s: r.s, a: r.bits(r.s - 1)}
	for i := range r.s {
		p.m[i] = r.bits(i)<<1 | 1
	}
	return p
}

// bits reads an integer of n bits.
func (r *joeKuoReader) bits(n int) (x uint32) {
	for range n {
		x = x<<1 | uint32(joeKuo6[r.bit/8]>>(7-r.bit%8)&1)
		r.bit++
	}
	return x
}

// expand returns the direction numbers v_k from the polynomial and the initial
// integers, with the recurrence for m_k written for v_k.
func (p *joeKuo) expand() (v [sobolBits]uint64) {
	for k := range sobolBits {
		if k < p.s {
			v[k] = uint64(p.m[k]) << (sobolBits - 1 - k)
			continue
		}
		v[k] = v[k-p.s] ^ v[k-p.s]>>p.s
		for a := p.a; a != 0; a &= a - 1 {
			v[k] ^= v[k-p.s+1+bits.TrailingZeros32(a)]
		}
	}
	return v
}
