package surrogate

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"runtime"

	"github.com/seed-0772dd2d/ritz/internal/linalg"
	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// Lobachevsky interpolates by products of Lobachevsky splines,
//
//	s(x) = Σ_i c_i Π_j φ(x_j - x_ij),   s(x_i) = y_i,
//
//	φ(d) = √(n/3)/(2^n (n-1)!) Σ_{l=0}^n (-1)^l C(n,l) [√(n/3) α d + n - 2l]_+^(n-1),
//
// where φ(d) α is the density of the standardised sum of n uniform variables over
// α: n - 2 times continuously differentiable, zero for |d| >= √(3n)/α, and close to
// a Gaussian for large n. For even n its Fourier transform, sinc^n, is not negative, so
// the matrix of the c_i is symmetric positive definite. A small nugget, noted by the
// model, is added to the diagonal if that is lost to rounding. Rows of equal
// inputs count as one, with the mean of their outputs.
//
// Away from the samples s falls to zero. The half-width √(3n)/α of the support
// should reach over several samples; it is in units of the inputs, or of the domain
// with Scale.
//
// Source: Allasia, Cavoretto and De Rossi, Lobachevsky spline functions and
// interpolation to scattered data, Comput. Appl. Math. 32, 2013.
type Lobachevsky struct {
	Alpha []float64 // inverse width, positive: one for all inputs or one for each; default 2
	N     int       // order, even, from 2 to 30; default 4
	Scale bool      // scale the domain to the unit cube; default: the inputs as they are
}

// LobachevskyModel is a fitted [Lobachevsky].
type LobachevskyModel struct {
	spec    Lobachevsky
	data    Data
	points  distinct
	spline  *cardinalSpline
	scaling scaling   // to units in which the support is |u| < n/2
	scaled  []float64 // points.x in these units
	columns []float64 // of scaled
	height  float64   // Π_j φ(0)/M(n/2): what a product of M is to be multiplied by
	width   []float64 // ∫φ over all of input j
	tree    *kdTree   // nil where most supports overlap
	nugget  float64   // added to the diagonal
	c       []float64 // a row a point, a column an output
	byPoint []float64 // columns of c
}

type lobachevskyFile struct {
	Spec   Lobachevsky
	Data   Data
	Nugget float64
	C      []float64
}

var (
	_ Gradient    = (*LobachevskyModel)(nil)
	_ LeaveOneOut = (*LobachevskyModel)(nil)
)

// Fit returns a *[LobachevskyModel].
func (s Lobachevsky) Fit(ctx context.Context, d Data) (Model, error) {
	if s.N == 0 {
		s.N = 4
	}
	if len(s.Alpha) == 0 {
		s.Alpha = []float64{2}
	}
	d, err := d.check()
	if err != nil {
		return nil, err
	}
	m, err := newLobachevsky(s, d.clone())
	if err != nil {
		return nil, err
	}
	if err := m.solve(ctx); err != nil {
		return nil, err
	}
	m.byPoint = columns(m.c, d.Outputs)
	return m, nil
}

// newLobachevsky prepares everything but the coefficients.
func newLobachevsky(s Lobachevsky, d Data) (*LobachevskyModel, error) {
	if s.N < 2 || s.N > 30 || s.N%2 != 0 {
		return nil, fmt.Errorf("%w: Lobachevsky spline of order %d, want an even number from 2 to 30", ErrSettings, s.N)
	}
	if len(s.Alpha) != 1 && len(s.Alpha) != d.Inputs {
		return nil, fmt.Errorf("%w: %d values of alpha for %d inputs, want 1 or %d", ErrSettings, len(s.Alpha), d.Inputs, d.Inputs)
	}
	for _, a := range s.Alpha {
		if !(a > 0) || math.IsInf(a, 1) {
			return nil, fmt.Errorf("%w: Lobachevsky spline of alpha %g, want it positive", ErrSettings, a)
		}
	}
	s.Alpha = append([]float64(nil), s.Alpha...)
	m := &LobachevskyModel{spec: s, data: d, points: distinctPoints(d), spline: newCardinalSpline(s.N)}
	m.scaling = noScaling(d.Inputs)
	if s.Scale {
		m.scaling = unitScaling(d)
	}
	m.width = make([]float64, d.Inputs)
	root := math.Sqrt(float64(s.N) / 3)
	for j := range m.width {
		alpha := s.Alpha[j%len(s.Alpha)]
		m.width[j] = 1 / (alpha * m.scaling.factor[j])
		m.scaling.factor[j] *= alpha * root / 2
	}
	m.height = math.Pow(root/2, float64(d.Inputs))
	m.scaled = make([]float64, len(m.points.x))
	m.scaling.to(m.scaled, m.points.x)
	m.columns = columns(m.scaled, d.Inputs)
	m.tree = newKDTree(m.scaled, d.Inputs)
	n, near := m.points.n(), 0
	list := make([]int, 0, n)
	for i := range n {
		list = m.tree.inBox(m.scaled[i*d.Inputs:(i+1)*d.Inputs], m.half(), list)
		near += len(list)
	}
	if near > n*n/2 {
		m.tree = nil
	}
	return m, nil
}

// half is the half-width of the support in scaled units.
func (m *LobachevskyModel) half() float64 { return float64(m.spec.N) / 2 }

// kernel is Π_j φ between scaled points.
func (m *LobachevskyModel) kernel(a, b []float64) float64 {
	v := m.height
	for j := range a {
		p := m.spline.at(m.half() - math.Abs(a[j]-b[j]))
		if p == 0 {
			return 0
		}
		v *= p
	}
	return v
}

// kernels writes Π_j φ between u, scaled, and every point.
func (m *LobachevskyModel) kernels(v, u []float64) {
	for i := range v {
		v[i] = m.height
	}
	for j, at := range u {
		column := m.columns[j*len(v) : (j+1)*len(v)]
		for i, c := range column {
			v[i] *= m.spline.at(m.half() - math.Abs(at-c))
		}
	}
}

// sparseFrom is the number of points from which on a matrix with few non-zero
// elements is not factored but solved with iteratively.
const sparseFrom = 2000

// solve computes the coefficients: by a dense Cholesky factor, which is the
// faster for few points, or by conjugate gradients on the elements that are not
// zero; if these do not converge, because the supports overlap much, by the factor
// after all.
func (m *LobachevskyModel) solve(ctx context.Context) error {
	if m.points.n() >= sparseFrom && m.tree != nil {
		a := m.sparse()
		if a.density() < 0.1 {
			err := m.solveSparse(ctx, a)
			if err != errNotConverged {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	chol, nugget, err := m.factor(-1)
	if err != nil {
		return err
	}
	m.nugget = nugget
	m.c = append([]float64(nil), m.points.y...)
	o := m.data.Outputs
	chol.Solve(linalg.NewWorkspace(0), linalg.RowMajor(m.c, m.points.n(), o))
	return nil
}

func (m *LobachevskyModel) solveSparse(ctx context.Context, a *sparseSymmetric) error {
	n, o := m.points.n(), m.data.Outputs
	c := make([]float64, n*o)
	b, x := make([]float64, n), make([]float64, n)
	for q := range o {
		for i := range n {
			b[i] = m.points.y[i*o+q]
		}
		if err := a.conjugateGradients(ctx, x, b); err != nil {
			return err
		}
		for i := range n {
			c[i*o+q] = x[i]
		}
	}
	m.c = c
	return nil
}

// sparse is the matrix by its elements that are not zero.
func (m *LobachevskyModel) sparse() *sparseSymmetric {
	n, d := m.points.n(), m.data.Inputs
	a := &sparseSymmetric{start: make([]int, 1, n+1)}
	var list []int
	for i := range n {
		x := m.scaled[i*d : (i+1)*d]
		list = m.tree.inBox(x, m.half(), list)
		for _, k := range list {
			a.column = append(a.column, k)
			a.value = append(a.value, m.kernel(x, m.scaled[k*d:(k+1)*d]))
		}
		a.start = append(a.start, len(a.column))
	}
	return a
}

// factor is the Cholesky factor of the matrix and the nugget it took, or that
// takes the given one if it is not negative.
func (m *LobachevskyModel) factor(nugget float64) (linalg.Cholesky, float64, error) {
	n, d := m.points.n(), m.data.Inputs
	return factorWithNugget(n, nugget, func(i int, row []float64) {
		x := m.scaled[i*d : (i+1)*d]
		for k := range row {
			row[k] = m.kernel(x, m.scaled[k*d:(k+1)*d])
		}
	})
}

// Dims returns the numbers of inputs and outputs.
func (m *LobachevskyModel) Dims() (inputs, outputs int) { return m.data.Inputs, m.data.Outputs }

// Nugget is what was added to the diagonal of the interpolation matrix: 0 unless
// rounding made that necessary. The model interpolates if it is 0.
func (m *LobachevskyModel) Nugget() float64 { return m.nugget }

// Predict writes s to y.
func (m *LobachevskyModel) Predict(x, y []float64) error {
	d, o := m.data.Inputs, m.data.Outputs
	n, err := rows(x, d, y, o)
	if err != nil {
		return err
	}
	inBlocks(n, func(first, last int) {
		var list []int
		u, v := make([]float64, d), make([]float64, m.points.n())
		for i := first; i < last; i++ {
			m.scaling.to(u, x[i*d:(i+1)*d])
			s := y[i*o : (i+1)*o]
			if m.tree == nil {
				m.kernels(v, u)
				for q := range s {
					s[q] = simd.Dot(v, m.byPoint[q*len(v):])
				}
				continue
			}
			clear(s)
			list = m.tree.inBox(u, m.half(), list)
			for _, k := range list {
				v := m.kernel(u, m.scaled[k*d:(k+1)*d])
				for q := range s {
					s[q] += v * m.c[k*o+q]
				}
			}
		}
	})
	return nil
}

// PredictGradient writes ∂s/∂x; at the kinks of n = 2, where it does not exist,
// the mean of both sides.
func (m *LobachevskyModel) PredictGradient(x, gradient []float64) error {
	d, o := m.data.Inputs, m.data.Outputs
	n, err := rows(x, d, gradient, d*o)
	if err != nil {
		return err
	}
	inBlocks(n, func(first, last int) {
		list := make([]int, m.points.n())
		for k := range list {
			list[k] = k
		}
		u, v, dv := make([]float64, d), make([]float64, d), make([]float64, d)
		for i := first; i < last; i++ {
			m.scaling.to(u, x[i*d:(i+1)*d])
			if m.tree != nil {
				list = m.tree.inBox(u, m.half(), list)
			}
			g := gradient[i*d*o : (i+1)*d*o]
			clear(g)
			for _, k := range list {
				for j := range u {
					v[j], dv[j] = m.spline.slope(u[j] - m.scaled[k*d+j])
				}
				for j := range u {
					p := m.height * m.scaling.factor[j] * dv[j]
					for l := range u {
						if l != j {
							p *= v[l]
						}
					}
					for q := range o {
						g[q*d+j] += p * m.c[k*o+q]
					}
				}
			}
		}
	})
	return nil
}

// Integral returns ∫ s over the box [lower, upper], one value an output, in closed
// form: the integral of a product is the product of integrals of splines.
func (m *LobachevskyModel) Integral(lower, upper []float64) ([]float64, error) {
	d, o := m.data.Inputs, m.data.Outputs
	if len(lower) != d || len(upper) != d {
		return nil, fmt.Errorf("%w: %d lower and %d upper bounds for %d inputs", ErrShape, len(lower), len(upper), d)
	}
	for j := range lower {
		if math.IsNaN(lower[j]) || math.IsNaN(upper[j]) {
			return nil, fmt.Errorf("%w: bounds [%g, %g] of input %d", ErrData, lower[j], upper[j], j)
		}
	}
	a, b := make([]float64, d), make([]float64, d)
	m.scaling.to(a, lower)
	m.scaling.to(b, upper)
	sum := make([]float64, o)
	for k := range m.points.n() {
		v := 1.0
		for j := range a {
			at := m.half() - m.scaled[k*d+j]
			v *= m.width[j] * (m.spline.integral(at+b[j]) - m.spline.integral(at+a[j]))
		}
		for q := range sum {
			sum[q] += v * m.c[k*o+q]
		}
	}
	return sum, nil
}

// LeaveOneOut uses that the error at a point is c_i/(A⁻¹)_ii, A the matrix of the
// coefficients (Rippa 1999, Adv. Comput. Math. 11, equation 17): it costs the
// inverse.
func (m *LobachevskyModel) LeaveOneOut() (mean, variance []float64) {
	n := m.points.n()
	var diagonal []float64
	if m.points.n() >= sparseFrom && m.tree != nil {
		diagonal = m.sparse().inverseDiagonal()
	}
	if diagonal == nil {
		chol, _, err := m.factor(m.nugget)
		if err != nil {
			return allNaN(len(m.data.Y)), nil
		}
		inverse := linalg.RowMajor(make([]float64, n*n), n, n)
		chol.Inverse(linalg.NewWorkspace(runtime.GOMAXPROCS(0)), inverse)
		diagonal = make([]float64, n)
		for i := range n {
			diagonal[i] = inverse.Data[i*(n+1)]
		}
	}
	mean = make([]float64, len(m.data.Y))
	o := m.data.Outputs
	for i, k := range m.points.of {
		for q := range o {
			mean[i*o+q] = leaveOut(m.points, m.data, i, q, m.c[k*o+q], diagonal[k], m.nugget)
		}
	}
	return mean, nil
}

// MarshalJSON encodes the model; see [Save].
func (m *LobachevskyModel) MarshalJSON() ([]byte, error) {
	return json.Marshal(lobachevskyFile{m.spec, m.data, m.nugget, m.c})
}

func decodeLobachevsky(data []byte) (Model, error) {
	var f lobachevskyFile
	err := decodeStrict(data, &f)
	if err != nil {
		return nil, err
	}
	if f.Data, err = f.Data.check(); err != nil {
		return nil, err
	}
	m, err := newLobachevsky(f.Spec, f.Data)
	if err != nil {
		return nil, err
	}
	if err := checkNumbers("coefficients", f.C, len(m.points.y)); err != nil {
		return nil, err
	}
	if !(f.Nugget >= 0) {
		return nil, fmt.Errorf("%w: nugget %g", ErrFile, f.Nugget)
	}
	m.c, m.nugget = f.C, f.Nugget
	m.byPoint = columns(m.c, f.Data.Outputs)
	return m, nil
}
