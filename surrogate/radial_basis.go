package surrogate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/seed-0772dd2d/ritz/internal/linalg"
	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// RadialBasis is a sum of radial functions about the samples and of a polynomial
// of low degree, its tail,
//
//	s(x) = Σ_i c_i φ(‖x - x_i‖) + p(x),   (Φ + λ I) c + P β = y,   Pᵀ c = 0,
//
// with φ_ij = φ(‖x_i - x_j‖) and P the values of the tail's terms at the samples. It
// interpolates if the smoothing λ is 0. Distances are those of the domain scaled to
// the unit cube. Rows of equal inputs count as one, with the mean of their outputs.
//
//	linear        φ = -r                       tail at least constant
//	cubic         φ = r³                       tail at least linear
//	thin_plate    φ = r² log r                 tail at least linear
//	multiquadric  φ = -√(1 + ε²r²)             tail at least constant
//	gaussian      φ = exp(-ε²r²)               any tail
//	wendland      φ = (1-εr)_+^(l+1) ((l+1)εr + 1), l = ⌊d/2⌋ + 2, twice continuously
//	              differentiable; support r < 1/ε; any tail
//
// With the columns of Z a basis of the complement of those of P, Zᵀ(Φ + λ I)Z is
// positive definite: the system is solved by Householder reflections of P and a
// Cholesky factor. If rounding prevents that, a nugget is added to the diagonal.
//
// A shape ε that is not given is the one with the least leave-one-out error, found
// on a grid of log ε and by golden section from the best point of it, among those
// whose matrix has a condition below 1e13.
//
// Sources: Wendland, Scattered Data Approximation, 2005, chapters 8 and 9; Rippa, An
// algorithm for selecting a good value for the parameter c in radial basis function
// interpolation, Adv. Comput. Math. 11, 1999.
type RadialBasis struct {
	Kernel    string  // see above; default cubic
	Tail      string  // none, constant, linear or quadratic; default: the least that the kernel needs, and at least constant
	Shape     float64 // ε of the last three, positive; default: fitted
	Smoothing float64 // λ, at least 0; default 0
}

// RadialBasisModel is a fitted [RadialBasis].
type RadialBasisModel struct {
	spec    RadialBasis // complete: with the shape that was fitted
	data    Data
	points  distinct
	scaling scaling
	scaled  []float64 // points.x
	columns []float64 // of scaled
	kernel  radialKernel
	tail    *polynomials // on [0, 1]^d, as everything else
	nugget  float64
	c       []float64 // a row a point, a column an output
	byPoint []float64 // columns of c
	beta    []float64 // a row a term
}

type radialBasisFile struct {
	Spec   RadialBasis
	Data   Data
	Nugget float64
	C      []float64
	Beta   []float64
}

var (
	_ Gradient    = (*RadialBasisModel)(nil)
	_ LeaveOneOut = (*RadialBasisModel)(nil)
)

var tails = map[string]int{"none": -1, "constant": 0, "linear": 1, "quadratic": 2}

// Fit returns a *[RadialBasisModel].
func (s RadialBasis) Fit(ctx context.Context, d Data) (Model, error) {
	if s.Kernel == "" {
		s.Kernel = "cubic"
	}
	if s.Tail == "" {
		for name, degree := range tails {
			if degree == radialKernels[s.Kernel].tail {
				s.Tail = name
			}
		}
	}
	d, err := d.check()
	if err != nil {
		return nil, err
	}
	m, err := newRadialBasis(s, d.clone())
	if err != nil {
		return nil, err
	}
	h, err := m.tailReflections()
	if err != nil {
		return nil, err
	}
	if radialKernels[s.Kernel].shaped && s.Shape == 0 {
		if err := m.fitShape(ctx, h); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	system, err := m.factor(h, -1)
	if err != nil {
		return nil, err
	}
	m.nugget = system.nugget
	m.c, m.beta = system.solve(m.points.y, m.data.Outputs)
	m.byPoint = columns(m.c, m.data.Outputs)
	return m, nil
}

// newRadialBasis prepares everything but the coefficients.
func newRadialBasis(s RadialBasis, d Data) (*RadialBasisModel, error) {
	kernel, err := newRadialKernel(s.Kernel, s.Shape, d.Inputs)
	if err != nil {
		return nil, err
	}
	properties := radialKernels[s.Kernel]
	degree, ok := tails[s.Tail]
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: tail %q, want none, constant, linear or quadratic", ErrSettings, s.Tail)
	case degree < properties.degree:
		return nil, fmt.Errorf("%w: %s radial functions with the tail %q, which must be of degree %d at least", ErrSettings, s.Kernel, s.Tail, properties.degree)
	case s.Shape != 0 && !properties.shaped:
		return nil, fmt.Errorf("%w: shape %g, but %s radial functions have none", ErrSettings, s.Shape, s.Kernel)
	case !(s.Shape >= 0) || math.IsInf(s.Shape, 1):
		return nil, fmt.Errorf("%w: shape %g, want it positive, or 0 to have it fitted", ErrSettings, s.Shape)
	case !(s.Smoothing >= 0) || math.IsInf(s.Smoothing, 1):
		return nil, fmt.Errorf("%w: smoothing %g, want at least 0", ErrSettings, s.Smoothing)
	}
	m := &RadialBasisModel{spec: s, data: d, points: distinctPoints(d), scaling: unitScaling(d), kernel: kernel}
	m.scaled = make([]float64, len(m.points.x))
	m.scaling.to(m.scaled, m.points.x)
	m.columns = columns(m.scaled, d.Inputs)
	var indices [][]int
	if degree >= 0 {
		if indices, err = multiIndices(d.Inputs, degree, 1, m.points.n()); err != nil {
			return nil, fmt.Errorf("%w: %d distinct points do not determine the %s tail in %d inputs, which has %.0f terms", ErrData, m.points.n(), s.Tail, d.Inputs, binomial(d.Inputs+degree, degree))
		}
	}
	m.tail = newPolynomials(d.Inputs, indices)
	return m, nil
}

func (m *RadialBasisModel) tailReflections() (*reflections, error) {
	p := m.tail.matrix(noScaling(m.data.Inputs), m.scaled)
	h, ok := reflect(p, m.points.n(), len(m.tail.terms))
	if !ok {
		return nil, fmt.Errorf("%w: the points do not determine the %s tail: they lie on a surface on which one of its polynomials vanishes", ErrData, m.spec.Tail)
	}
	return h, nil
}

// radialSystem is the factored system.
type radialSystem struct {
	h      *reflections
	upper  []float64 // Pᵀ-rows of Hᵀ Φ H beyond the first t columns, t x (n-t)
	chol   linalg.Cholesky
	nugget float64 // added to the diagonal besides λ
}

// factor builds and factors Zᵀ(Φ + λ I)Z, with the given nugget if it is not
// negative, else with the least that makes it positive definite.
func (m *RadialBasisModel) factor(h *reflections, nugget float64) (*radialSystem, error) {
	n, t, d := h.n, h.t, m.data.Inputs
	phi := make([]float64, n*n)
	inBlocks(n, func(first, last int) {
		r2 := make([]float64, n)
		for i := first; i < last; i++ {
			squares(r2, m.scaled[i*d:(i+1)*d], m.columns)
			m.kernel.values(phi[i*n:(i+1)*n], r2)
		}
	})
	h.reduce(phi)
	s := &radialSystem{h: h, upper: make([]float64, t*(n-t))}
	for i := range t {
		copy(s.upper[i*(n-t):], phi[i*n+t:(i+1)*n])
	}
	var err error
	s.chol, s.nugget, err = factorWithNugget(n-t, nugget, func(i int, row []float64) {
		copy(row, phi[(t+i)*n+t:])
		row[i] += m.spec.Smoothing
	})
	return s, err
}

// solve returns c and β for n rows of outputs.
func (s *radialSystem) solve(y []float64, outputs int) (c, beta []float64) {
	n, t := s.h.n, s.h.t
	c, beta = make([]float64, n*outputs), make([]float64, t*outputs)
	b := make([]float64, n)
	for o := range outputs {
		for i := range n {
			b[i] = y[i*outputs+o]
		}
		s.h.transpose(b)
		s.chol.SolveVec(b[t:])
		for i := range t {
			b[i] -= floats.Dot(s.upper[i*(n-t):(i+1)*(n-t)], b[t:])
		}
		backSubstitute(s.h.r, b[:t])
		for i := range t {
			beta[i*outputs+o] = b[i]
		}
		clear(b[:t])
		s.h.multiply(b)
		for i, v := range b {
			c[i*outputs+o] = v
		}
	}
	return c, beta
}

// diagonal is that of Z (Zᵀ(Φ + λ I)Z)⁻¹ Zᵀ, which maps y to c.
func (s *radialSystem) diagonal() []float64 {
	n, t := s.h.n, s.h.t
	inverse := linalg.RowMajor(make([]float64, (n-t)*(n-t)), n-t, n-t)
	s.chol.Inverse(linalg.NewWorkspace(0), inverse)
	full := make([]float64, n*n)
	for i := range n - t {
		copy(full[(t+i)*n+t:], inverse.Data[i*(n-t):(i+1)*(n-t)])
	}
	s.h.restore(full)
	diagonal := make([]float64, n)
	for i := range diagonal {
		diagonal[i] = full[i*(n+1)]
	}
	return diagonal
}

// fitShape sets the shape.
func (m *RadialBasisModel) fitShape(ctx context.Context, h *reflections) error {
	m.setShape(1)
	if m.points.n() == h.t {
		return nil // the tail takes all
	}
	for _, nugget := range []float64{0, -1} {
		shape, err := m.searchShape(ctx, h, nugget)
		if err != nil {
			return err
		}
		if shape > 0 {
			m.setShape(shape)
			return nil
		}
	}
	return fmt.Errorf("%w: no shape of the %s radial functions of %d points gives a leave-one-out error; give one", ErrData, m.spec.Kernel, m.points.n())
}

func (m *RadialBasisModel) setShape(shape float64) { m.spec.Shape, m.kernel.shape = shape, shape }

// searchShape is the shape with the least leave-one-out error, with the nugget that
// factor takes; 0 if there is none.
func (m *RadialBasisModel) searchShape(ctx context.Context, h *reflections, nugget float64) (float64, error) {
	// From a width far beyond the domain to a fraction of the points' distance.
	spacing := math.Pow(float64(m.points.n()), -1/float64(m.data.Inputs))
	low, high := math.Log(0.05), math.Log(5/spacing)
	const steps = 24
	least, best := math.Inf(1), math.Inf(-1)
	try := func(logShape float64) float64 {
		if ctx.Err() != nil {
			return math.Inf(1)
		}
		e := m.looError(h, math.Exp(logShape), nugget)
		if e < least {
			least, best = e, logShape
		}
		return e
	}
	for i := range steps {
		try(low + (high-low)*float64(i)/(steps-1))
	}
	if math.IsInf(best, -1) {
		return 0, ctx.Err()
	}
	ratio := (math.Sqrt(5) - 1) / 2
	a, b := best-(high-low)/(steps-1), best+(high-low)/(steps-1)
	c, d := b-ratio*(b-a), a+ratio*(b-a)
	ec, ed := try(c), try(d)
	for b-a > 0.01 {
		if ec < ed {
			b, d, ed = d, c, ec
			c = b - ratio*(b-a)
			ec = try(c)
		} else {
			a, c, ec = c, d, ed
			d = a + ratio*(b-a)
			ed = try(d)
		}
	}
	return math.Exp(best), ctx.Err()
}

// looError is the mean square of the leave-one-out errors c_i/Q_ii, relative to
// the variance of each output; infinite where there is no factor or, without a
// nugget, rounding would spoil it.
func (m *RadialBasisModel) looError(h *reflections, shape, nugget float64) float64 {
	m.kernel.shape = shape
	s, err := m.factor(h, nugget)
	if err != nil || nugget == 0 && s.chol.Condition() > 1e13 {
		return math.Inf(1)
	}
	o := m.data.Outputs
	c, _ := s.solve(m.points.y, o)
	q := s.diagonal()
	sum := 0.0
	for p := range o {
		scale := spread(m.points.y, p, o)
		for i, v := range q {
			e := c[i*o+p] / v / scale
			sum += e * e
		}
	}
	return sum
}

// spread is the standard deviation of an output, 1 of a constant.
func spread(y []float64, o, outputs int) float64 {
	v := column(y, o, outputs)
	mean := floats.Sum(v) / float64(len(v))
	floats.AddConst(-mean, v)
	if s := floats.Norm(v, 2) / math.Sqrt(float64(len(v))); s > 0 {
		return s
	}
	return 1
}

// Dims returns the numbers of inputs and outputs.
func (m *RadialBasisModel) Dims() (inputs, outputs int) { return m.data.Inputs, m.data.Outputs }

// Shape is ε, given or fitted; 0 of a kernel that has none.
func (m *RadialBasisModel) Shape() float64 { return m.spec.Shape }

// Nugget is what was added to the diagonal besides the smoothing: 0 unless rounding
// made it necessary.
func (m *RadialBasisModel) Nugget() float64 { return m.nugget }

// Predict writes s to y.
func (m *RadialBasisModel) Predict(x, y []float64) error {
	d, o := m.data.Inputs, m.data.Outputs
	n, err := rows(x, d, y, o)
	if err != nil {
		return err
	}
	inBlocks(n, func(first, last int) {
		u, t := make([]float64, d), m.tail.newTable()
		phi, f := make([]float64, m.points.n()), make([]float64, len(m.tail.terms))
		for i := first; i < last; i++ {
			m.scaling.to(u, x[i*d:(i+1)*d])
			squares(phi, u, m.columns)
			m.kernel.values(phi, phi)
			m.tail.fill(t, u)
			m.tail.at(t, f)
			s := y[i*o : (i+1)*o]
			for q := range s {
				s[q] = simd.Dot(phi, m.byPoint[q*len(phi):])
			}
			for k, v := range f {
				for q := range s {
					s[q] += v * m.beta[k*o+q]
				}
			}
		}
	})
	return nil
}

// PredictGradient writes ∂s/∂x; of linear radial functions, which have a kink at
// their sample, it leaves that sample's out there.
func (m *RadialBasisModel) PredictGradient(x, gradient []float64) error {
	d, o := m.data.Inputs, m.data.Outputs
	n, err := rows(x, d, gradient, d*o)
	if err != nil {
		return err
	}
	inBlocks(n, func(first, last int) {
		u, t := make([]float64, d), m.tail.newTable()
		psi := make([]float64, m.points.n())
		for i := first; i < last; i++ {
			m.scaling.to(u, x[i*d:(i+1)*d])
			squares(psi, u, m.columns)
			m.kernel.slopes(psi, psi)
			m.tail.fill(t, u)
			for q := range o {
				g := gradient[(i*o+q)*d : (i*o+q+1)*d]
				clear(g)
				for k, v := range psi {
					v *= m.c[k*o+q]
					for j := range g {
						g[j] += v * (u[j] - m.scaled[k*d+j]) * m.scaling.factor[j]
					}
				}
				for k := range m.tail.terms {
					m.tail.gradient(t, k, m.beta[k*o+q], m.scaling.factor, g)
				}
			}
		}
	})
	return nil
}

// LeaveOneOut keeps shape and domain. The error at a point is c_i/Q_ii with the
// matrix Q that maps y to c (Rippa 1999, equation 17, on the complement of the
// tail): it costs the inverse. It is NaN where the other points do not determine the
// tail.
func (m *RadialBasisModel) LeaveOneOut() (mean, variance []float64) {
	o := m.data.Outputs
	h, err := m.tailReflections()
	if err != nil {
		return allNaN(len(m.data.Y)), nil
	}
	s, err := m.factor(h, m.nugget)
	if err != nil {
		return allNaN(len(m.data.Y)), nil
	}
	mean = make([]float64, len(m.data.Y))
	diagonal := s.diagonal()
	for i, k := range m.points.of {
		for q := range o {
			mean[i*o+q] = leaveOut(m.points, m.data, i, q, m.c[k*o+q], diagonal[k], m.spec.Smoothing+m.nugget)
		}
	}
	return mean, nil
}

// MarshalJSON encodes the model; see [Save].
func (m *RadialBasisModel) MarshalJSON() ([]byte, error) {
	return json.Marshal(radialBasisFile{m.spec, m.data, m.nugget, m.c, m.beta})
}

func decodeRadialBasis(data []byte) (Model, error) {
	var f radialBasisFile
	err := decodeStrict(data, &f)
	if err != nil {
		return nil, err
	}
	if f.Data, err = f.Data.check(); err != nil {
		return nil, err
	}
	m, err := newRadialBasis(f.Spec, f.Data)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		checkNumbers("coefficients", f.C, len(m.points.y)),
		checkNumbers("coefficients of the tail", f.Beta, len(m.tail.terms)*f.Data.Outputs))
	if err != nil {
		return nil, err
	}
	if !(f.Nugget >= 0) || radialKernels[f.Spec.Kernel].shaped && f.Spec.Shape == 0 {
		return nil, fmt.Errorf("%w: nugget %g, shape %g", ErrFile, f.Nugget, f.Spec.Shape)
	}
	m.nugget, m.c, m.beta = f.Nugget, f.C, f.Beta
	m.byPoint = columns(m.c, f.Data.Outputs)
	return m, nil
}
