package surrogate

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// PolynomialChaos is a sparse polynomial chaos expansion: of inputs independent
// and uniform over the domain,
//
//	s(x) = Σ_{α in A} c_α ψ_α(x)
//
// with the orthonormal products ψ_α of Legendre polynomials. The coefficients give
// mean, variance and Sobol' indices of s without sampling.
//
// For every degree p in turn the terms are chosen among those with
// (Σ_j α_j^Q)^(1/Q) <= p by orthogonal matching pursuit: the one that correlates
// most with the residual joins, and all coefficients are fitted anew by least
// squares. Of all steps and degrees the one with the least corrected leave-one-out
// error,
//
//	ε = Σ_i (e_i/(1 - h_i))² n/(n - k) (1 + tr (ΨᵀΨ)⁻¹),   k terms, h_i the leverages,
//
// is the model; the degree stops to rise when two did not lower ε. Each output has
// terms of its own. Rows of equal inputs each count.
//
// Sources: Blatman and Sudret, Adaptive sparse polynomial chaos expansion based on
// least angle regression, J. Comput. Phys. 230, 2011 (index sets, ε, choice of
// degree); Pati, Rezaiifar and Krishnaprasad, Asilomar 1993 (the pursuit); Sudret,
// Reliab. Eng. Syst. Saf. 93, 2008 (indices).
type PolynomialChaos struct {
	MaxDegree int     // highest p, 1 to 50; default 20
	Q         float64 // of the index set, in (0, 1]: 1 for total degree, less for fewer mixed terms; default 0.75, or 1 for fewer than 3 inputs
	MaxTerms  int     // candidates at most, which ends the rise of p; default 10,000
}

// PolynomialChaosModel is a fitted [PolynomialChaos].
type PolynomialChaosModel struct {
	spec       PolynomialChaos
	data       Data
	scaling    scaling
	expansions []expansion // of each output
	basis      []*polynomials
}

// expansion is the sparse polynomial of one output.
type expansion struct {
	Alpha  [][]int   // multi-indices, zero among them
	C      []float64 // their coefficients
	Degree int       // p of the index set they were chosen from
	Error  float64   // ε, relative to the variance of the data
}

type polynomialChaosFile struct {
	Spec       PolynomialChaos
	Data       Data
	Expansions []expansion
}

// It is no LeaveOneOut: with the terms as chosen by all observations the errors
// say next to nothing where there are about as many terms as observations, and
// to choose anew is to fit anew.
var _ Gradient = (*PolynomialChaosModel)(nil)

func (s PolynomialChaos) withDefaults(inputs int) (PolynomialChaos, error) {
	if s.MaxDegree == 0 {
		s.MaxDegree = 20
	}
	if s.MaxTerms == 0 {
		s.MaxTerms = 10000
	}
	if s.Q == 0 {
		s.Q = 0.75
		if inputs < 3 {
			s.Q = 1
		}
	}
	switch {
	case s.MaxDegree < 1 || s.MaxDegree > 50:
		return s, fmt.Errorf("%w: polynomial chaos of degree %d, want 1 to 50", ErrSettings, s.MaxDegree)
	case !(s.Q > 0 && s.Q <= 1):
		return s, fmt.Errorf("%w: polynomial chaos with Q = %g, want it in (0, 1]", ErrSettings, s.Q)
	case s.MaxTerms < 1:
		return s, fmt.Errorf("%w: polynomial chaos of %d terms, want at least 1", ErrSettings, s.MaxTerms)
	}
	return s, nil
}

// Fit returns a *[PolynomialChaosModel].
func (s PolynomialChaos) Fit(ctx context.Context, d Data) (Model, error) {
	d, err := d.check()
	if err != nil {
		return nil, err
	}
	if s, err = s.withDefaults(d.Inputs); err != nil {
		return nil, err
	}
	if d.Rows() < 3 {
		return nil, fmt.Errorf("%w: polynomial chaos from %d rows, want at least 3", ErrData, d.Rows())
	}
	d = d.clone()
	m := &PolynomialChaosModel{spec: s, data: d, scaling: centredScaling(d), expansions: make([]expansion, d.Outputs)}
	for o := range m.expansions {
		m.expansions[o].Error = math.Inf(1)
	}
	worse := make([]int, d.Outputs) // degrees in a row that were no better
	for p := 1; p <= s.MaxDegree; p++ {
		alpha, err := multiIndices(d.Inputs, p, s.Q, s.MaxTerms)
		if err != nil {
			if p == 1 {
				return nil, fmt.Errorf("%w: polynomial chaos of %d terms for %d inputs, want more terms than inputs", ErrSettings, s.MaxTerms, d.Inputs)
			}
			break
		}
		if slices.Min(worse) > 1 {
			break
		}
		search := newPursuit(newPolynomials(d.Inputs, alpha).matrix(m.scaling, d.X), d.Rows(), len(alpha))
		for o := range m.expansions {
			if worse[o] > 1 {
				continue
			}
			e, err := search.run(ctx, column(d.Y, o, d.Outputs))
			if err != nil {
				return nil, err
			}
			worse[o]++
			if e.Error < m.expansions[o].Error {
				worse[o] = 0
				e.Degree = p
				for _, k := range search.chosen[:len(e.C)] {
					e.Alpha = append(e.Alpha, alpha[k])
				}
				m.expansions[o] = e
			}
			if e.Error < 1e-28 { // exact to rounding
				worse[o] = 2
			}
		}
	}
	return m, m.prepare()
}

// prepare checks the expansions and builds what evaluates them.
func (m *PolynomialChaosModel) prepare() error {
	if len(m.expansions) != m.data.Outputs {
		return fmt.Errorf("%w: %d expansions of %d outputs", ErrFile, len(m.expansions), m.data.Outputs)
	}
	for _, e := range m.expansions {
		if err := checkNumbers("coefficients", e.C, len(e.Alpha)); err != nil {
			return err
		}
		for _, alpha := range e.Alpha {
			if len(alpha) != m.data.Inputs || slices.Min(alpha) < 0 || slices.Max(alpha) > m.spec.MaxDegree {
				return fmt.Errorf("%w: multi-index %d of %d inputs and degree at most %d", ErrFile, alpha, m.data.Inputs, m.spec.MaxDegree)
			}
		}
		m.basis = append(m.basis, newPolynomials(m.data.Inputs, e.Alpha))
	}
	return nil
}

func column(y []float64, o, outputs int) []float64 {
	v := make([]float64, 0, len(y)/outputs)
	for i := o; i < len(y); i += outputs {
		v = append(v, y[i])
	}
	return v
}

// Dims returns the numbers of inputs and outputs.
func (m *PolynomialChaosModel) Dims() (inputs, outputs int) { return m.data.Inputs, m.data.Outputs }

// Predict writes s to y.
func (m *PolynomialChaosModel) Predict(x, y []float64) error {
	d, outputs := m.data.Inputs, m.data.Outputs
	n, err := rows(x, d, y, outputs)
	if err != nil {
		return err
	}
	for o, basis := range m.basis {
		c := m.expansions[o].C
		inBlocks(n, func(first, last int) {
			t, u, f := basis.newTable(), make([]float64, d), make([]float64, len(c))
			for i := first; i < last; i++ {
				m.scaling.to(u, x[i*d:(i+1)*d])
				basis.fill(t, u)
				basis.at(t, f)
				y[i*outputs+o] = floats.Dot(c, f)
			}
		})
	}
	return nil
}

// PredictGradient writes ∂s/∂x.
func (m *PolynomialChaosModel) PredictGradient(x, gradient []float64) error {
	d, outputs := m.data.Inputs, m.data.Outputs
	n, err := rows(x, d, gradient, d*outputs)
	if err != nil {
		return err
	}
	for o, basis := range m.basis {
		c := m.expansions[o].C
		inBlocks(n, func(first, last int) {
			t, u := basis.newTable(), make([]float64, d)
			for i := first; i < last; i++ {
				m.scaling.to(u, x[i*d:(i+1)*d])
				basis.fill(t, u)
				g := gradient[(i*outputs+o)*d : (i*outputs+o+1)*d]
				clear(g)
				for k, v := range c {
					basis.gradient(t, k, v, m.scaling.factor, g)
				}
			}
		})
	}
	return nil
}

// Terms returns the multi-indices of an output, one row of d degrees each, and
// their coefficients.
func (m *PolynomialChaosModel) Terms(output int) (alpha [][]int, c []float64, err error) {
	if err := m.checkOutput(output); err != nil {
		return nil, nil, err
	}
	e := m.expansions[output]
	for _, a := range e.Alpha {
		alpha = append(alpha, slices.Clone(a))
	}
	return alpha, slices.Clone(e.C), nil
}

// Moments returns mean and variance of an output over the domain: c_0 and the sum
// of the squares of all other coefficients.
func (m *PolynomialChaosModel) Moments(output int) (mean, variance float64, err error) {
	if err := m.checkOutput(output); err != nil {
		return 0, 0, err
	}
	e := m.expansions[output]
	for k, alpha := range e.Alpha {
		if total(alpha) == 0 {
			mean += e.C[k]
		} else {
			variance += e.C[k] * e.C[k]
		}
	}
	return mean, variance, nil
}

// Sobol returns of each input the first-order index, its share alone in the
// variance of an output, and the total index, that of all terms it takes part in.
// Of a constant they are 0.
func (m *PolynomialChaosModel) Sobol(output int) (first, total []float64, err error) {
	_, variance, err := m.Moments(output)
	if err != nil {
		return nil, nil, err
	}
	first, total = make([]float64, m.data.Inputs), make([]float64, m.data.Inputs)
	if variance == 0 {
		return first, total, nil
	}
	for k, term := range m.basis[output].terms {
		share := m.expansions[output].C[k] * m.expansions[output].C[k] / variance
		for _, a := range term {
			total[a.input] += share
		}
		if len(term) == 1 {
			first[term[0].input] += share
		}
	}
	return first, total, nil
}

func (m *PolynomialChaosModel) checkOutput(output int) error {
	if output < 0 || output >= m.data.Outputs {
		return fmt.Errorf("%w: output %d of %d", ErrShape, output, m.data.Outputs)
	}
	return nil
}

// MarshalJSON encodes the model; see [Save].
func (m *PolynomialChaosModel) MarshalJSON() ([]byte, error) {
	return json.Marshal(polynomialChaosFile{m.spec, m.data, m.expansions})
}

func decodePolynomialChaos(data []byte) (Model, error) {
	var f polynomialChaosFile
	err := decodeStrict(data, &f)
	if err != nil {
		return nil, err
	}
	if f.Data, err = f.Data.check(); err != nil {
		return nil, err
	}
	if f.Spec, err = f.Spec.withDefaults(f.Data.Inputs); err != nil {
		return nil, err
	}
	m := &PolynomialChaosModel{spec: f.Spec, data: f.Data, scaling: centredScaling(f.Data), expansions: f.Expansions}
	if err := m.prepare(); err != nil {
		return nil, err
	}
	return m, nil
}
