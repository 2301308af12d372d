package surrogate

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// polynomials are products of Legendre polynomials in d variables on [-1, 1],
//
//	ψ_α(u) = Π_j √(2 α_j + 1) P_{α_j}(u_j),
//
// orthonormal with respect to the uniform distribution: of one multi-index α a
// term.
type polynomials struct {
	inputs int
	degree int        // largest α_j
	terms  [][]power1 // of each term, the inputs with α_j > 0
}

// power1 is an input and its degree in a term.
type power1 struct{ input, degree int }

func newPolynomials(inputs int, indices [][]int) *polynomials {
	p := &polynomials{inputs: inputs}
	for _, alpha := range indices {
		var term []power1
		for j, k := range alpha {
			if k > 0 {
				term = append(term, power1{j, k})
				p.degree = max(p.degree, k)
			}
		}
		p.terms = append(p.terms, term)
	}
	return p
}

// table is the memory of an evaluation: √(2k+1) P_k and its derivative of every
// input, k running fastest.
type table struct{ value, slope []float64 }

func (p *polynomials) newTable() table {
	n := p.inputs * (p.degree + 1)
	return table{make([]float64, n), make([]float64, n)}
}

// fill computes the table at u by
//
//	(k+1) P_{k+1} = (2k+1) u P_k - k P_{k-1},   P'_{k+1} = P'_{k-1} + (2k+1) P_k.
func (p *polynomials) fill(t table, u []float64) {
	for j, v := range u {
		value, slope := t.value[j*(p.degree+1):(j+1)*(p.degree+1)], t.slope[j*(p.degree+1):]
		value[0], slope[0] = 1, 0
		for k := range p.degree {
			before, slopeBefore := 0.0, 0.0
			if k > 0 {
				before, slopeBefore = value[k-1], slope[k-1]
			}
			f := float64(k)
			value[k+1] = ((2*f+1)*v*value[k] - f*before) / (f + 1)
			slope[k+1] = slopeBefore + (2*f+1)*value[k]
		}
		for k := range value {
			norm := math.Sqrt(float64(2*k + 1))
			value[k] *= norm
			slope[k] *= norm
		}
	}
}

// at writes all terms to f, after fill.
func (p *polynomials) at(t table, f []float64) {
	for i, term := range p.terms {
		v := 1.0
		for _, a := range term {
			v *= t.value[a.input*(p.degree+1)+a.degree]
		}
		f[i] = v
	}
}

// gradient adds c times the gradient of term i with respect to u, times factor,
// to g, after fill.
func (p *polynomials) gradient(t table, i int, c float64, factor, g []float64) {
	for _, a := range p.terms[i] {
		v := c * factor[a.input] * t.slope[a.input*(p.degree+1)+a.degree]
		for _, b := range p.terms[i] {
			if b.input != a.input {
				v *= t.value[b.input*(p.degree+1)+b.degree]
			}
		}
		g[a.input] += v
	}
}

var errTooMany = errors.New("too many terms")

// multiIndices are the α of d entries with (Σ_j α_j^q)^(1/q) <= degree, in the
// order of Σ α_j, then lexicographically with larger first entries first: for q = 1
// all of total degree up to degree, for q < 1 fewer mixed ones (Blatman and Sudret
// 2011, equation 16). It gives up with errTooMany beyond limit.
func multiIndices(inputs, degree int, q float64, limit int) ([][]int, error) {
	var list [][]int
	alpha := make([]int, inputs)
	bound := math.Pow(float64(degree), q) * (1 + 1e-12)
	var extend func(j int, sum float64) error
	extend = func(j int, sum float64) error {
		if len(list) >= limit {
			return errTooMany
		}
		list = append(list, slices.Clone(alpha))
		for ; j < inputs; j++ { // raise one more entry
			for k := 1; k <= degree; k++ {
				s := sum + math.Pow(float64(k), q)
				if s > bound {
					break
				}
				alpha[j] = k
				if err := extend(j+1, s); err != nil {
					return err
				}
			}
			alpha[j] = 0
		}
		return nil
	}
	if err := extend(0, 0); err != nil {
		return nil, fmt.Errorf("%w: more than %d polynomials of degree %d in %d inputs", err, limit, degree, inputs)
	}
	slices.SortFunc(list, func(a, b []int) int {
		if c := cmp.Compare(total(a), total(b)); c != 0 {
			return c
		}
		return slices.Compare(b, a)
	})
	return list, nil
}

func total(alpha []int) int {
	sum := 0
	for _, k := range alpha {
		sum += k
	}
	return sum
}
