package surrogate

import (
	"fmt"
	"math"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// trend is the mean of a process, Σ_k β_k f_k(x). With u = (x - lower)/width,
// which maps the domain to the unit cube, the terms f are
//
//	simple     none: the mean is known
//	constant   1
//	linear     1, u_1 ... u_d
//	quadratic  1, u_1 ... u_d, u_1², u_1 u_2 ... u_1 u_d, u_2² ... u_d²
//	own        given as a function of x
type trend struct {
	name         string
	terms        int
	lower, width []float64
	basis        func(x, f, df []float64)
}

func newTrend(name string, basis func(x, f, df []float64), terms int, lower, width []float64) (trend, error) {
	d := len(lower)
	t := trend{name: name, lower: lower, width: width, basis: basis}
	if basis != nil {
		if name != "" && name != "own" {
			return t, fmt.Errorf("%w: trend %q and a basis of its own, want one of them", ErrSettings, name)
		}
		if terms < 1 {
			return t, fmt.Errorf("%w: the basis of the trend has %d terms, want at least 1", ErrSettings, terms)
		}
		t.name, t.terms = "own", terms
		return t, nil
	}
	if terms != 0 {
		return t, fmt.Errorf("%w: %d terms of the trend without a basis", ErrSettings, terms)
	}
	switch name {
	case "", "constant":
		t.name, t.terms = "constant", 1
	case "simple":
	case "linear":
		t.terms = 1 + d
	case "quadratic":
		t.terms = 1 + d + d*(d+1)/2
	default:
		return t, fmt.Errorf("%w: trend %q, want constant, simple, linear or quadratic", ErrSettings, name)
	}
	return t, nil
}

// at writes the terms at x to f.
func (t *trend) at(x, f []float64) {
	switch t.name {
	case "simple":
		return
	case "own":
		t.basis(x, f, nil)
		return
	}
	f[0] = 1
	if t.name == "constant" {
		return
	}
	d := len(x)
	u := f[1 : 1+d]
	for j, v := range x {
		u[j] = (v - t.lower[j]) / t.width[j]
	}
	if t.name == "quadratic" {
		k := 1 + d
		for j, v := range u {
			for _, w := range u[j:] {
				f[k] = v * w
				k++
			}
		}
	}
}

// slopes writes the terms at x to f and ∂f_k/∂x_j to df, a row of d a term.
func (t *trend) slopes(x, f, df []float64) {
	if t.name == "own" {
		t.basis(x, f, df)
		return
	}
	t.at(x, f)
	clear(df)
	d := len(x)
	if t.name != "linear" && t.name != "quadratic" {
		return
	}
	for j, w := range t.width {
		df[(1+j)*d+j] = 1 / w
	}
	if t.name == "quadratic" {
		u := f[1 : 1+d]
		k := 1 + d
		for j := range d {
			for i := j; i < d; i++ {
				df[k*d+j] += u[i] / t.width[j]
				df[k*d+i] += u[j] / t.width[i]
				k++
			}
		}
	}
}

// matrix returns the terms at the n rows of x, a row of n a term.
func (t *trend) matrix(x []float64) ([]float64, error) {
	d := len(t.lower)
	n := len(x) / d
	all, f := make([]float64, t.terms*n), make([]float64, t.terms)
	for i := range n {
		t.at(x[i*d:(i+1)*d], f)
		for k, v := range f {
			if v-v != 0 {
				return nil, fmt.Errorf("%w: term %d of the trend is %g at row %d", ErrData, k, v, i)
			}
			all[k*n+i] = v
		}
	}
	return all, nil
}

// orthonormalise factors the n x q matrix F = Q G with orthonormal columns of Q
// and an upper triangular G, q x q: q holds F, a row of n a column of F, and is
// overwritten by Q. It returns q, or the first column that the ones before it
// determine to rounding. Gram-Schmidt, twice, which is enough (Giraud, Langou,
// Rozložník and van den Eshof, Numer. Math. 101, 2005).
func orthonormalise(q, g []float64, terms int) int {
	clear(g)
	for k := range terms {
		n := len(q) / terms
		column := q[k*n : (k+1)*n]
		before := math.Sqrt(simd.Dot(column, column))
		for range 2 {
			for j := range k {
				other := q[j*n : (j+1)*n]
				h := simd.Dot(column, other)
				simd.AddScaled(column, -h, other)
				g[j*terms+k] += h
			}
		}
		norm := math.Sqrt(simd.Dot(column, column))
		if !(norm > 1e-12*before) {
			return k
		}
		g[k*terms+k] = norm
		simd.Scale(column, 1/norm, column)
	}
	return terms
}

// backSubstitute solves G x = b in place, an upper triangular G.
func backSubstitute(g, b []float64) {
	q := len(b)
	for i := q - 1; i >= 0; i-- {
		for j := i + 1; j < q; j++ {
			b[i] -= g[i*q+j] * b[j]
		}
		b[i] /= g[i*q+i]
	}
}

// forwardSubstitute solves Gᵀ x = b in place.
func forwardSubstitute(g, b []float64) {
	q := len(b)
	for i := range q {
		for j := range i {
			b[i] -= g[j*q+i] * b[j]
		}
		b[i] /= g[i*q+i]
	}
}
