package sampling

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The table checks itself: all primitive polynomials of degree 1 to 18, no
// bit more.
func TestJoeKuoTable(t *testing.T) {
	var factors [][]int // of 2^s - 1
	for i, n := range primitivePolynomials {
		s := i + 1
		factors = append(factors, primeFactors(1<<s-1))
		phi := 1<<s - 1
		for _, p := range factors[i] {
			phi -= phi / p
		}
		assert.Equal(t, phi/s, n)
	}
	var r joeKuoReader
	seen := map[uint32]bool{}
	for range MaxSobolDim - 1 {
		p := r.next()
		poly := uint32(1)<<p.s | p.a<<1 | 1
		require.False(t, seen[poly], "%b stands twice", poly)
		require.True(t, primitive(poly, p.s, factors[p.s-1]), "%b is not primitive", poly)
		seen[poly] = true
	}
	assert.Equal(t, len(primitivePolynomials), r.s)
	assert.Zero(t, r.left)
	assert.Equal(t, len(joeKuo6), (r.bit+7)/8)
}

// primeFactors returns the prime factors of n, each once.
func primeFactors(n int) (factors []int) {
	for p := 2; n > 1; p++ {
		if n%p == 0 {
			factors = append(factors, p)
		}
		for n%p == 0 {
			n /= p
		}
	}
	return factors
}

// primitive reports whether z has the order 2^s - 1 modulo a polynomial of
// degree s, given the prime factors of that number: the power z^(2^s - 1) is 1,
// and no power with a factor left out is.
func primitive(poly uint32, s int, factors []int) bool {
	multiply := func(a, b uint32) (c uint32) {
		for ; b > 0; b >>= 1 {
			if b&1 == 1 {
				c ^= a
			}
			if a <<= 1; a>>s&1 == 1 {
				a ^= poly
			}
		}
		return c
	}
	power := func(e int) uint32 {
		y := uint32(1)
		for z := multiply(1, 2); e > 0; e >>= 1 {
			if e&1 == 1 {
				y = multiply(y, z)
			}
			z = multiply(z, z)
		}
		return y
	}
	order := 1<<s - 1
	for _, p := range factors {
		if power(order/p) == 1 {
			return false
		}
	}
	return power(order) == 1
}
