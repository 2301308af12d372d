package sampling

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"gonum.org/v1/gonum/dsp/fourier"
)

// directLattice is the most points of a lattice whose vector is constructed by
// sums, where the fast way is closed.
const directLattice = 1 << 14

// latticeVector constructs a generating vector component by component. With
// p_k the product of the factors so far at point k, a candidate z adds to P2 in
// proportion to
//
//	y(z) = sum_k p_k w(k z mod n),   w = 2 pi^2 B2(. / n).
//
// Points k and n-k, and candidates z and n-z, come to the same.
func latticeVector(n int, weights []float64) ([]int, error) {
	p := make([]float64, n)
	for k := range p {
		p[k] = 1
	}
	merits := func() (z []int, y []float64) { return directMerits(p) }
	if prime, power := primePower(n); n > 4 && power > 0 {
		merits = newFastMerits(p, prime, power).merits
	} else if n > directLattice {
		prime := n
		for !isPrime(uint64(prime)) {
			prime++
		}
		return nil, fmt.Errorf("sampling: a lattice of %d points, no power of a prime, takes too long to construct: take %d points, or at most %d", n, prime, directLattice)
	}
	z := make([]int, len(weights))
	for j, weight := range weights {
		z[j] = 1 % n
		if j > 0 && n > 1 {
			z[j] = pick(merits())
		}
		for k := range p {
			p[k] *= 1 + weight*korobov(k*z[j]%n, n)
		}
		if p[0] > math.MaxFloat64/float64(n) { // the largest
			return nil, fmt.Errorf("sampling: the lattice weights up to dimension %d are too large: the figure of merit passes what float64 holds", j)
		}
	}
	return z, nil
}

// pick returns the smallest z among those whose y is least but for rounding: z
// and 1/z can be as good as each other.
func pick(z []int, y []float64) int {
	least, size := slices.Min(y), slices.Max(y)-slices.Min(y)
	best := slices.Max(z)
	for i, z := range z {
		if y[i] <= least+1e-10*size {
			best = min(best, z)
		}
	}
	return best
}

// directMerits returns the candidates up to n/2 and their y by its definition.
func directMerits(p []float64) (zs []int, y []float64) {
	n := len(p)
	w := make([]float64, n)
	for k := range w {
		w[k] = korobov(k, n)
	}
	for z := 1; z <= n/2; z++ {
		if gcd(z, n) > 1 {
			continue
		}
		sum, at := 0., 0
		for _, q := range p {
			sum += q * w[at]
			if at += z; at >= n {
				at -= n
			}
		}
		zs, y = append(zs, z), append(y, sum)
	}
	return zs, y
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// primePower returns p and m with n = p^m, or m = 0.
func primePower(n int) (p, m int) {
	for p = 2; p*p <= n && n%p != 0; p++ {
	}
	if n%p != 0 {
		p = n
	}
	for ; n > 1 && n%p == 0; n /= p {
		m++
	}
	if n > 1 {
		m = 0
	}
	return p, m
}

// fastMerits computes y where n is a power of a prime. Points whose k has the
// same greatest common divisor n/q with n form a level: k = (n/q) k' with k'
// prime to q. Modulo q, and up to sign, the numbers prime to q are the powers
// of a generator g, so that on a level y is a cyclic convolution in the
// exponents of z and 1/k', which Fourier transforms do. (Of k and n-k one is
// taken: y is half its size, and on the level q = 2, where it is not, constant.)
//
// Source: Nuyens and Cools, Math. Comp. 75 (2006) 903-920; J. Complexity 22
// (2006) 4-28.
type fastMerits struct {
	p      []float64
	levels []latticeLevel
	z      []int // the candidates, by exponent
	y      []float64
}

type latticeLevel struct {
	power   []int        // by exponent: g^a mod q
	stride  int          // n/q
	kernel  []complex128 // transform of w(g^a)
	fft     *fourier.FFT // of the padded length
	real    []float64
	complex []complex128
}

func newFastMerits(p []float64, prime, power int) *fastMerits {
	f := &fastMerits{p: p}
	g := generator(prime)
	for q := prime; q <= len(p); q *= prime {
		order := max(q/prime*(prime-1)/2, 1)
		if prime == 2 {
			order = max(q/4, 1)
		}
		l := latticeLevel{power: make([]int, order), stride: len(p) / q}
		length := 1
		for length < 2*order {
			length *= 2
		}
		l.fft = fourier.NewFFT(length)
		l.real = make([]float64, length)
		l.complex = make([]complex128, length/2+1)
		l.kernel = make([]complex128, length/2+1)
		for a, t := 0, 1; a < order; a, t = a+1, t*g%q {
			l.power[a] = t
			l.real[a] = korobov(t, q)
		}
		l.fft.Coefficients(l.kernel, l.real)
		f.levels = append(f.levels, l)
	}
	for _, t := range f.levels[power-1].power {
		f.z = append(f.z, min(t, len(p)-t))
	}
	f.y = make([]float64, len(f.z))
	return f
}

func (f *fastMerits) merits() ([]int, []float64) {
	clear(f.y)
	for i := range f.levels {
		l := &f.levels[i]
		order := len(l.power)
		clear(l.real)
		for a, t := range l.power { // 1/k' has the exponent a, k' has -a
			l.real[(order-a)%order] = f.p[l.stride*t]
		}
		l.fft.Coefficients(l.complex, l.real)
		for k := range l.complex {
			l.complex[k] *= l.kernel[k]
		}
		l.fft.Sequence(l.real, l.complex)
		scale := 1 / float64(len(l.real))
		for a := range order { // what was padded wraps around
			l.real[a] = scale * (l.real[a] + l.real[a+order])
		}
		for b := range f.y {
			f.y[b] += l.real[b%order]
		}
	}
	return f.z, f.y
}

// generator returns a number whose powers are, up to sign, all numbers prime to
// q modulo q, for every power q of the prime: a primitive root of its square.
func generator(prime int) int {
	if prime == 2 {
		return 5
	}
	order := prime * (prime - 1)
	factors := []int{prime}
	for m, p := prime-1, 2; m > 1; p++ {
		if p*p > m {
			p = m
		}
		if m%p == 0 {
			factors = append(factors, p)
		}
		for m%p == 0 {
			m /= p
		}
	}
	power := func(g, e int) int {
		y, square := uint64(1), uint64(prime)*uint64(prime)
		for z := uint64(g); e > 0; e /= 2 {
			if e%2 == 1 {
				y = mulMod(y, z, square)
			}
			z = mulMod(z, z, square)
		}
		return int(y)
	}
next:
	for g := 2; ; g++ {
		if g%prime == 0 {
			continue
		}
		for _, p := range factors {
			if power(g, order/p) == 1 {
				continue next
			}
		}
		return g
	}
}

// mulMod returns a b mod m for a, b < m.
func mulMod(a, b, m uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return bits.Rem64(hi, lo, m)
}
