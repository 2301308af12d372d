package sampling

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Lattice is a rank-1 lattice of n points,
//
//	x_ij = i z_j / n modulo 1,   i = 0 ... n-1,
//
// whose generating vector z is constructed for n and the dimension. It suits
// the integration of functions that are periodic in every variable, or were
// made so: there the error of the mean falls as n^-2 for functions with one
// more derivative, faster for smoother ones.
//
// The figure of merit is P2, the squared worst-case error in the Korobov space
// of smoothness 2 with product weights gamma_j,
//
//	P2 = -1 + 1/n sum_i prod_j (1 + 2 pi^2 gamma_j B2(x_ij)),   B2(x) = x^2 - x + 1/6,
//
// and z is found component by component: z_1 = 1, and each further component
// minimises P2 with those before it kept.
//
// A Lattice is immutable and safe for concurrent use.
//
// Source: Sloan and Reztsov, Math. Comp. 71 (2002) 263-273.
type Lattice struct {
	n        int
	vector   []int
	weights  []float64
	rotation []float64
}

// MaxLattice is the largest number of points of a lattice.
const MaxLattice = 1 << 26

// NewLattice constructs a lattice of n points in dim dimensions. The weights,
// one a dimension and positive, say how much each matters; nil stands for
// gamma_j = 1/j^2. With n a prime or a power of one the construction takes
// O(dim n log n); with another n, up to 2^14 points, O(dim n^2).
func NewLattice(dim, n int, weights []float64) (*Lattice, error) {
	switch {
	case dim < 1:
		return nil, fmt.Errorf("sampling: dimension %d is less than 1", dim)
	case n < 1 || n > MaxLattice:
		return nil, fmt.Errorf("sampling: a lattice of %d points: expected 1..%d", n, MaxLattice)
	case weights != nil && len(weights) != dim:
		return nil, fmt.Errorf("sampling: %d weights for a lattice in %d dimensions", len(weights), dim)
	}
	if weights == nil {
		weights = make([]float64, dim)
		for j := range weights {
			weights[j] = 1 / float64((j+1)*(j+1))
		}
	}
	for j, w := range weights {
		if !(w > 0 && w <= math.MaxFloat64) {
			return nil, fmt.Errorf("sampling: weight %g of lattice dimension %d is not positive", w, j)
		}
	}
	l := &Lattice{n: n, weights: slices.Clone(weights), rotation: make([]float64, dim)}
	var err error
	l.vector, err = latticeVector(n, l.weights)
	return l, err
}

// Dim returns the dimension of the points.
func (l *Lattice) Dim() int { return len(l.vector) }

// Len returns the number of points.
func (l *Lattice) Len() int { return l.n }

// Vector returns the generating vector.
func (l *Lattice) Vector() []int { return slices.Clone(l.vector) }

// P2 returns the figure of merit.
func (l *Lattice) P2() float64 {
	sum := 0.
	for i := range l.n {
		product := 1.
		for j, z := range l.vector {
			product *= 1 + l.weights[j]*korobov(i*z%l.n, l.n)
		}
		sum += product - 1
	}
	return sum / float64(l.n)
}

// korobov is 2 pi^2 B2(k/n), the sum of cos(2 pi h k/n) / h^2 over all h != 0.
func korobov(k, n int) float64 {
	x := float64(k) / float64(n)
	return 2 * math.Pi * math.Pi * (x*(x-1) + 1./6)
}

// Scrambled returns the lattice shifted by a random vector, by Rotation. The
// same seed gives the same points.
func (l *Lattice) Scrambled(by Scramble, seed uint64) (*Lattice, error) {
	switch by {
	case "", Unscrambled:
		return l, nil
	case Rotation:
		r := *l
		r.rotation = make([]float64, l.Dim())
		var src rand.PCG
		src.Seed(seed, latticeStream)
		for j := range r.rotation {
			r.rotation[j] = unit(&src)
		}
		return &r, nil
	}
	return nil, fmt.Errorf("sampling: scramble %q of a lattice is none of %q, %q", by, Unscrambled, Rotation)
}

const latticeStream = 0x6c61747469636500 // "lattice"

// Fill writes the points with indices first, first+1, ... to dst, one row of
// Dim coordinates a point, as many as dst holds. It is an error if len(dst) is
// not a multiple of the dimension or an index passes Len - 1.
func (l *Lattice) Fill(dst []float64, first uint64) error {
	dim := l.Dim()
	m, err := rows(dst, dim)
	if err != nil {
		return err
	}
	if end := uint64(l.n); first > end || uint64(m) > end-first {
		return fmt.Errorf("sampling: %d points from index %d of a lattice of %d points", m, first, l.n)
	}
	for i := int(first); len(dst) > 0; i++ {
		row := dst[:dim]
		for j, z := range l.vector {
			x := float64(i*z%l.n)/float64(l.n) + l.rotation[j]
			if x >= 1 {
				x--
			}
			row[j] = x
		}
		dst = dst[dim:]
	}
	return nil
}

// Points returns all points, Len rows of Dim coordinates.
func (l *Lattice) Points() []float64 { return firstPoints(l, l.n) }
