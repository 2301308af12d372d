package surrogate

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// pursuit is orthogonal matching pursuit among the columns of a matrix, of which
// the first is a constant and always chosen.
type pursuit struct {
	n, terms int
	psi      []float64 // the columns, one after the other
	norm     []float64 // of each

	chosen []int     // columns, in the order in which they were chosen
	q      []float64 // those, orthonormalised one after the other
	inv    []float64 // the columns of R⁻¹, chosen = Q R: k elements of column k
	qy     []float64 // Qᵀ y
}

// newPursuit takes the n rows of as many terms.
func newPursuit(rows []float64, n, terms int) *pursuit {
	p := &pursuit{n: n, terms: terms, psi: make([]float64, n*terms), norm: make([]float64, terms)}
	simd.Transpose(simd.RowMajor(p.psi, terms, n), simd.RowMajor(rows, n, terms))
	for k := range terms {
		p.norm[k] = floats.Norm(p.column(k), 2)
	}
	return p
}

func (p *pursuit) column(k int) []float64 { return p.psi[k*p.n : (k+1)*p.n] }

// run returns the step with the least corrected leave-one-out error: the
// coefficients of the first columns of chosen.
func (p *pursuit) run(ctx context.Context, y []float64) (expansion, error) {
	n := p.n
	p.chosen, p.q, p.inv, p.qy = p.chosen[:0], p.q[:0], p.inv[:0], p.qy[:0]
	left := make([]bool, p.terms)
	for k := range left {
		left[k] = true
	}
	scale := max(floats.Norm(y, math.Inf(1)), math.SmallestNonzeroFloat64)
	residual, leverage := make([]float64, n), make([]float64, n)
	for i, v := range y {
		residual[i] = v / scale
	}
	best := expansion{Error: math.Inf(1)}
	count, since, trace := 0, 0, 0.0
	variance := 0.0
	for next := 0; next >= 0; next = p.pick(residual, left) {
		if err := ctx.Err(); err != nil {
			return best, err
		}
		left[next] = false
		if !p.join(next) {
			continue
		}
		k := len(p.chosen)
		q := p.q[(k-1)*n:]
		c := floats.Dot(q, residual)
		p.qy = append(p.qy, c)
		floats.AddScaled(residual, -c, q)
		for i, v := range q {
			leverage[i] += v * v
		}
		for _, v := range p.inv[len(p.inv)-k:] {
			trace += v * v
		}
		if k == 1 {
			variance = floats.Dot(residual, residual)
		}
		e := p.correctedError(residual, leverage, trace)
		if variance > 0 {
			e /= variance
		}
		since++
		if e < best.Error {
			best.Error, count, since = e, k, 0
		}
		// Past the minimum the error rises for good; the path need not be walked to
		// its end.
		if e == 0 || k+1 >= n || since > 10+k/10 {
			break
		}
	}
	best.C = p.coefficients(count)
	floats.Scale(scale, best.C)
	return best, nil
}

// pick is the column left whose correlation with the residual is largest, or -1.
func (p *pursuit) pick(residual []float64, left []bool) int {
	best, largest := -1, 0.0
	for k, ok := range left {
		if !ok {
			continue
		}
		if c := math.Abs(simd.Dot(residual, p.column(k))) / p.norm[k]; c > largest {
			best, largest = k, c
		}
	}
	return best
}

// join makes column next one of the chosen, unless it depends on them.
func (p *pursuit) join(next int) bool {
	n, k := p.n, len(p.chosen)
	p.q = append(p.q, p.column(next)...)
	v := p.q[k*n:]
	r := make([]float64, k+1)
	for range 2 { // twice is enough (Kahan; Parlett, The Symmetric Eigenvalue Problem, section 6-9)
		for j := range k {
			c := simd.Dot(v, p.q[j*n:(j+1)*n])
			simd.AddScaled(v, -c, p.q[j*n:(j+1)*n])
			r[j] += c
		}
	}
	r[k] = floats.Norm(v, 2)
	if !(r[k] > 1e-10*p.norm[next]) {
		p.q = p.q[:k*n]
		return false
	}
	floats.Scale(1/r[k], v)
	p.chosen = append(p.chosen, next)
	// The new column of R⁻¹ is (-R⁻¹ r, 1)/r_k.
	column := make([]float64, k+1)
	for j := range k {
		floats.AddScaled(column[:j+1], -r[j]/r[k], p.inverseColumn(j))
	}
	column[k] = 1 / r[k]
	p.inv = append(p.inv, column...)
	return true
}

func (p *pursuit) inverseColumn(j int) []float64 { return p.inv[j*(j+1)/2 : (j+1)*(j+2)/2] }

// correctedError is ε of k terms, before it is related to the variance.
func (p *pursuit) correctedError(residual, leverage []float64, trace float64) float64 {
	sum := 0.0
	for i, e := range residual {
		rest := 1 - leverage[i]
		if rest < 1e-10 {
			return math.Inf(1)
		}
		sum += e / rest * (e / rest)
	}
	n, k := float64(p.n), float64(len(p.chosen))
	return sum * n / (n - k) * (1 + trace)
}

// coefficients of the first k chosen columns: R⁻¹ Qᵀ y.
func (p *pursuit) coefficients(k int) []float64 {
	c := make([]float64, k)
	for j := range k {
		floats.AddScaled(c[:j+1], p.qy[j], p.inverseColumn(j))
	}
	return c
}
