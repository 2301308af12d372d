package optimize

import (
	"context"
	"math"
	"sync"

	"gonum.org/v1/gonum/floats"
)

// rankTwo is a change of a symmetric matrix H of dimension n to
//
//	scale H + a s s' + b (s w' + w s') + c w w'
//
// The vectors are finite whenever the change is applied.
type rankTwo struct {
	scale, a, b, c float64
	s, w           []float64
}

// clear makes u the change that changes nothing.
func (u *rankTwo) clear() { u.scale, u.a, u.b, u.c = 1, 0, 0, 0 }

// symmetric is a dense symmetric matrix, its lower triangle packed by rows:
// element (i, j), j <= i, is at i(i+1)/2 + j.
//
// Its products are split over blocks of rows of equal area. The blocks depend on
// the dimension alone and their sums are added in order, so the bits of a result
// do not depend on the number of threads.
type symmetric struct {
	n       int
	data    []float64
	bounds  []int       // block k is the rows bounds[k] to bounds[k+1]
	partial [][]float64 // what block k adds to a product
	crew    *crew

	// The product under way, for the crew.
	x      []float64
	change rankTwo
}

func newSymmetric(n, threads int) *symmetric {
	h := &symmetric{n: n, data: make([]float64, n*(n+1)/2)}
	blocks := 1
	for blocks < 64 && n/blocks >= 64 {
		blocks *= 2
	}
	for k := range blocks {
		h.bounds = append(h.bounds, int(float64(n)*math.Sqrt(float64(k)/float64(blocks)))&^1)
	}
	h.bounds = append(h.bounds, n)
	for k := range blocks {
		h.partial = append(h.partial, make([]float64, h.bounds[k+1]))
	}
	h.crew = newCrew(min(threads, blocks), func(worker, workers int) {
		for k := worker; k < blocks; k += workers {
			h.sweep(k)
		}
	})
	return h
}

// row is the row i up to the diagonal.
func (h *symmetric) row(i int) []float64 {
	start := i * (i + 1) / 2
	return h.data[start : start+i+1]
}

// setIdentity sets h = scale I.
func (h *symmetric) setIdentity(scale float64) {
	clear(h.data)
	for i := range h.n {
		h.data[i*(i+1)/2+i] = scale
	}
}

// updateMul changes h by u and writes the product of the changed h and x to
// dst, in one sweep through the matrix.
func (h *symmetric) updateMul(dst, x []float64, u rankTwo) {
	h.x, h.change = x, u
	h.crew.run()
	clear(dst)
	for _, p := range h.partial {
		floats.Add(dst[:len(p)], p)
	}
}

// sweep changes the rows of block k and computes what they add to the product:
// an element h_ij, j < i, counts for row i and, mirrored, for row j.
func (h *symmetric) sweep(k int) {
	out, x, u := h.partial[k], h.x, h.change
	clear(out)
	i, end := h.bounds[k], h.bounds[k+1]
	for ; i+1 < end; i += 2 {
		r0, r1 := h.row(i), h.row(i+1)
		p0, q0 := u.a*u.s[i]+u.b*u.w[i], u.b*u.s[i]+u.c*u.w[i]
		p1, q1 := u.a*u.s[i+1]+u.b*u.w[i+1], u.b*u.s[i+1]+u.c*u.w[i+1]
		sum0, sum1 := sweepRows(r0[:i], r1[:i], out[:i], x[:i], u.s[:i], u.w[:i],
			u.scale, p0, q0, p1, q1, x[i], x[i+1])

		// The corner at the diagonal.
		r0[i] = u.scale*r0[i] + p0*u.s[i] + q0*u.w[i]
		r1[i] = u.scale*r1[i] + p1*u.s[i] + q1*u.w[i]
		r1[i+1] = u.scale*r1[i+1] + p1*u.s[i+1] + q1*u.w[i+1]
		out[i] += sum0 + r0[i]*x[i] + r1[i]*x[i+1]
		out[i+1] += sum1 + r1[i]*x[i] + r1[i+1]*x[i+1]
	}
	if i < end {
		r := h.row(i)
		p, q := u.a*u.s[i]+u.b*u.w[i], u.b*u.s[i]+u.c*u.w[i]
		sum := 0.0
		for j := range i {
			r[j] = u.scale*r[j] + p*u.s[j] + q*u.w[j]
			sum += r[j] * x[j]
			out[j] += r[j] * x[i]
		}
		r[i] = u.scale*r[i] + p*u.s[i] + q*u.w[i]
		out[i] += sum + r[i]*x[i]
	}
}

// sweepRows changes two rows, r <- scale r + p s + q w, adds their multiples to
// out and returns their products with x. All slices have the same length.
func sweepRows(r0, r1, out, x, s, w []float64, scale, p0, q0, p1, q1, x0, x1 float64) (sum0, sum1 float64) {
	n := len(r0)
	r1, out, x, s, w = r1[:n], out[:n], x[:n], s[:n], w[:n]
	for j := range n {
		sj, wj, xj := s[j], w[j], x[j]
		h0 := scale*r0[j] + p0*sj + q0*wj
		h1 := scale*r1[j] + p1*sj + q1*wj
		r0[j], r1[j] = h0, h1
		sum0 += h0 * xj
		sum1 += h1 * xj
		out[j] += h0*x0 + h1*x1
	}
	return sum0, sum1
}

// choleskyBlock is the number of columns factored at a time: 64 rows of
// thousands of elements stay in the second-level cache.
const choleskyBlock = 64

// cholesky factors symmetric positive definite matrices, packed by rows.
type cholesky struct {
	n    int
	data []float64 // the factor L, as far as it has been computed
	crew *crew

	first, last int // the block of columns under way
}

func newCholesky(n, threads int) *cholesky {
	c := &cholesky{n: n, data: make([]float64, n*(n+1)/2)}
	c.crew = newCrew(min(threads, 1+n/choleskyBlock), func(worker, workers int) {
		for i := c.last + worker; i < c.n; i += workers {
			c.factorRow(i)
		}
	})
	return c
}

// positiveDefinite tells whether h, changed by u, has a Cholesky factor, by
// computing it in place of the last one: n^3/6 multiplications.
func (c *cholesky) positiveDefinite(ctx context.Context, h *symmetric, u rankTwo) (bool, error) {
	for i := range h.n {
		p, q := u.a*u.s[i]+u.b*u.w[i], u.b*u.s[i]+u.c*u.w[i]
		dst := c.row(i)
		for j, v := range h.row(i) {
			dst[j] = u.scale*v + p*u.s[j] + q*u.w[j]
		}
	}
	for c.first = 0; c.first < c.n; c.first += choleskyBlock {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		c.last = min(c.first+choleskyBlock, c.n)
		for i := c.first; i < c.last; i++ {
			c.factorRow(i)
			if d := c.row(i)[i]; !(d > 0 && isFinite(d)) {
				return false, nil
			}
		}
		c.crew.run()
	}
	return true, nil
}

// factorRow computes the row i of L in the columns under way, up to the diagonal:
//
//	l_ij = (h_ij - sum_{k<j} l_ik l_jk) / l_jj,    l_ii = sqrt(h_ii - sum_{k<i} l_ik^2)
func (c *cholesky) factorRow(i int) {
	li := c.row(i)
	for j := c.first; j < min(c.last, i); j++ {
		lj := c.row(j)
		li[j] = (li[j] - floats.Dot(li[:j], lj[:j])) / lj[j]
	}
	if i < c.last {
		li[i] = math.Sqrt(li[i] - floats.Dot(li[:i], li[:i]))
	}
}

func (c *cholesky) row(i int) []float64 {
	start := i * (i + 1) / 2
	return c.data[start : start+i+1]
}

// crew runs one function on several goroutines, again and again, without
// allocating.
type crew struct {
	work func(worker, workers int)
	rest []func() // the workers but the first, which is the caller
	wg   sync.WaitGroup
}

func newCrew(workers int, work func(worker, workers int)) *crew {
	c := &crew{work: work}
	for k := 1; k < workers; k++ {
		c.rest = append(c.rest, func() {
			work(k, workers)
			c.wg.Done()
		})
	}
	return c
}

// run has every worker work, and waits for all.
func (c *crew) run() {
	c.wg.Add(len(c.rest))
	for _, f := range c.rest {
		go f()
	}
	c.work(0, len(c.rest)+1)
	c.wg.Wait()
}
