package sampling

import (
	"fmt"
	"math/rand/v2"
)

// Criterion is what makes one Latin hypercube better than another.
type Criterion string

const (
	// Maximin spreads points out: it lowers the sum of d^-20 over the
	// distances d of all pairs, in which the smallest counts most (Morris and
	// Mitchell, J. Statist. Plann. Inference 43 (1995) 381-402).
	Maximin Criterion = "maximin"

	// LowDiscrepancy lowers the [Centred] discrepancy.
	LowDiscrepancy Criterion = "discrepancy"
)

// maxOptimised bounds the table of pairs to half a gigabyte.
const maxOptimised = 8192

func (l LatinHypercube) check(n int) error {
	switch {
	case l.Optimise != "" && l.Optimise != Maximin && l.Optimise != LowDiscrepancy:
		return fmt.Errorf("sampling: Latin hypercubes are optimised for %q or %q, not %q", Maximin, LowDiscrepancy, l.Optimise)
	case l.Exchanges < 0:
		return fmt.Errorf("sampling: %d exchanges in a Latin hypercube", l.Exchanges)
	case l.Optimise != "" && n > maxOptimised:
		return fmt.Errorf("sampling: a Latin hypercube of %d points is too large to optimise: at most %d", n, maxOptimised)
	}
	return nil
}

// optimise tries exchanges. An exchange of coordinate k between points a and b
// changes what the criterion knows of the pairs of a and those of b, and of
// these the factor or the term that belongs to k alone: it costs O(n), not the
// O(n^2 d) of the criterion.
//
// Source: Jin, Chen and Sudjianto, J. Statist. Plann. Inference 134 (2005)
// 268-287.
func (l LatinHypercube) optimise(x []float64, src *rand.PCG) {
	n := len(x) / l.Dim
	if n < 2 {
		return
	}
	exchanges := l.Exchanges
	if exchanges == 0 {
		exchanges = min(100*n*l.Dim, 100_000_000/n)
	}
	p := pairs{x: x, n: n, dim: l.Dim, table: make([]float64, n*n), a: make([]float64, n), b: make([]float64, n)}
	try := p.tryDistance
	if l.Optimise == LowDiscrepancy {
		try = p.tryDiscrepancy
	}
	p.fill(l.Optimise)
	for range exchanges {
		a, b := int(below(src, uint64(n))), int(below(src, uint64(n-1)))
		if b >= a {
			b++
		}
		k := int(below(src, uint64(l.Dim)))
		if try(a, b, k) {
			p.exchange(a, b, k)
		}
	}
}

// pairs is a design and a table of its pairs of points: squared distances, or
// the products of the centred discrepancy.
type pairs struct {
	x      []float64
	n, dim int
	table  []float64 // [point][point], symmetric
	a, b   []float64 // rows of the table after the exchange that is tried
}

func (p *pairs) fill(c Criterion) {
	pair := squaredDistance
	if c == LowDiscrepancy {
		pair = kernels[Centred].pair
	}
	for i := range p.n {
		for j := range p.n {
			p.table[i*p.n+j] = pair(p.x[i*p.dim:(i+1)*p.dim], p.x[j*p.dim:(j+1)*p.dim])
		}
	}
}

// exchange makes the exchange that was tried last.
func (p *pairs) exchange(a, b, k int) {
	xa, xb := &p.x[a*p.dim+k], &p.x[b*p.dim+k]
	*xa, *xb = *xb, *xa
	for i := range p.n {
		p.table[a*p.n+i], p.table[i*p.n+a] = p.a[i], p.a[i]
		p.table[b*p.n+i], p.table[i*p.n+b] = p.b[i], p.b[i]
	}
}

// tryDistance prepares an exchange and reports whether it spreads points out.
func (p *pairs) tryDistance(a, b, k int) bool {
	rowA, rowB := p.rows(a, b)
	xa, xb := p.x[a*p.dim+k], p.x[b*p.dim+k]
	change := 0.
	for i := range rowA {
		da, db := rowA[i], rowB[i]
		if i != a && i != b {
			u := p.x[i*p.dim+k]
			d := (xb-u)*(xb-u) - (xa-u)*(xa-u)
			change += tenth(da+d) - tenth(da) + tenth(db-d) - tenth(db)
			da, db = da+d, db-d
		}
		p.a[i], p.b[i] = da, db
	}
	return change < 0
}

// tenth is s^-10, d^-20 of a distance d.
func tenth(s float64) float64 {
	t := s * s
	f := t * t
	return 1 / (f * f * t)
}

// tryDiscrepancy prepares an exchange and reports whether it lowers the
// discrepancy, of which the terms of a and b by themselves change too.
func (p *pairs) tryDiscrepancy(a, b, k int) bool {
	rowA, rowB := p.rows(a, b)
	xa, xb := p.x[a*p.dim+k], p.x[b*p.dim+k]
	change := 0.
	for i := range rowA {
		ra, rb := rowA[i], rowB[i]
		if i != a && i != b {
			u := p.x[i*p.dim+k]
			ratio := centredFactor(xb, u) / centredFactor(xa, u)
			ra, rb = ra*ratio, rb/ratio
			change += 2 * (ra - rowA[i] + rb - rowB[i])
		}
		p.a[i], p.b[i] = ra, rb
	}
	ratio := centredFactor(xb, xb) / centredFactor(xa, xa)
	p.a[a], p.b[b] = rowA[a]*ratio, rowB[b]/ratio
	change += p.a[a] - rowA[a] + p.b[b] - rowB[b]
	one := kernels[Centred].one
	before := one(p.point(a)) + one(p.point(b))
	p.x[a*p.dim+k], p.x[b*p.dim+k] = xb, xa
	after := one(p.point(a)) + one(p.point(b))
	p.x[a*p.dim+k], p.x[b*p.dim+k] = xa, xb
	return change+float64(p.n)*(after-before) < 0
}

func (p *pairs) point(i int) []float64 { return p.x[i*p.dim : (i+1)*p.dim] }

func (p *pairs) rows(a, b int) (rowA, rowB []float64) {
	return p.table[a*p.n : (a+1)*p.n], p.table[b*p.n : (b+1)*p.n]
}
