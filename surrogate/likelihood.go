package surrogate

import (
	"context"
	"math"

	"github.com/seed-0772dd2d/ritz/internal/linalg"
	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// likelihood is the criterion that a fit minimises, as a function of parameters
//
//	z = (log e_1 ... log e_h, log nugget, log σ²),
//
// each block only where it is to be fitted. The hyperparameters of the inputs,
// scaled to the unit cube, are θ_l = e_l, or Σ_h e_h |c_hl|^p_l with components c; an
// input that is in none of them, being constant, has the greatest length. With
// A = R + nugget I + diag(noise)/σ², ρ = L⁻¹(y - Fβ) and γ = A⁻¹(y - Fβ) it is,
// constants aside, the negative logarithm of the likelihood
//
//	(n log σ² + log det A + ρᵀρ/σ²)/2,   σ² = ρᵀρ/n where it is not a parameter,
//
// or of the leave-one-out predictive density (see gradientLeaveOneOut).
//
// The gradient takes one factor, one inverse and one pass over the pairs of
// observations for all parameters: every derivative is Σ_ij V_ij dA_ij, with
//
//	V = (A⁻¹ - γγᵀ/σ²)/2
//
// for the likelihood, and dA_ij/d log θ_l = R_ij ∂ log k/∂ log θ_l.
type likelihood struct {
	*problem
	ws *linalg.Workspace

	a, inverse   []float64 // n x n
	r            []float64 // R, the triangle below the diagonal row by row
	coordinates  []float64 // the inputs times scale, a row of n an input
	theta        []float64
	slopes       []float64 // dL/d log θ
	terms        []float64 // Q of L⁻¹F = Q G
	triangle     []float64
	gamma        []float64
	diagonal     []float64 // of Q, in leave-one-out
	qc           []float64
	row, another []float64 // n
}

// problem is what the likelihoods of one fit share.
type problem struct {
	corr  correlation
	n     int
	x     []float64 // unit cube, a row of n an input
	y     []float64
	noise []float64 // nil: none
	f     []float64 // the trend's terms, a row of n each
	q     int       // terms

	// powers are -|x_il - x_jl|^p_l of the pairs j < i, row by row, where p_l is
	// neither 1 nor 2 and they are slow to compute; else nil.
	powers [][]float64

	given      []float64   // θ that is not fitted
	components [][]float64 // c, each as long as the inputs; nil: none
	free       int         // number of log e
	nugget     float64
	fitNugget  bool
	fitSigma2  bool
	leaveOut   bool
}

func (p *problem) size() int {
	size := p.free
	if p.fitNugget {
		size++
	}
	if p.fitSigma2 {
		size++
	}
	return size
}

// prepare computes the powers.
func (p *problem) prepare() {
	d := len(p.corr.p)
	p.powers = make([][]float64, d)
	work := make([]float64, p.n)
	for l, exponent := range p.corr.p {
		if exponent == 1 || exponent == 2 {
			continue
		}
		x := p.x[l*p.n : (l+1)*p.n]
		all := make([]float64, p.n*(p.n-1)/2)
		for i := range p.n {
			subtractPower(all[i*(i-1)/2:][:i], x, x[i], exponent, work)
		}
		p.powers[l] = all
	}
}

// new makes a likelihood with memory of its own.
func (p *problem) new(threads int) *likelihood {
	n, d := p.n, len(p.corr.p)
	vector := func() []float64 { return make([]float64, n) }
	return &likelihood{
		problem: p,
		ws:      linalg.NewWorkspace(threads),
		a:       make([]float64, n*n), inverse: make([]float64, n*n),
		r:           make([]float64, n*(n-1)/2),
		coordinates: make([]float64, d*n),
		theta:       make([]float64, d), slopes: make([]float64, d),
		terms: make([]float64, p.q*n), triangle: make([]float64, p.q*p.q),
		gamma: vector(), diagonal: vector(), qc: vector(), row: vector(), another: vector(),
	}
}

// values are what the parameters z stand for.
func (p *problem) values(z, theta []float64) (nugget, sigma2 float64) {
	nugget, sigma2 = p.nugget, 1
	switch {
	case p.given != nil:
		copy(theta, p.given)
	case p.components == nil:
		for l := range theta {
			theta[l] = math.Exp(z[l])
		}
	default:
		clear(theta)
		for h, c := range p.components {
			e := math.Exp(z[h])
			for l := range theta {
				theta[l] += e * math.Pow(math.Abs(c[l]), p.corr.p[l])
			}
		}
		for l, v := range theta {
			if v == 0 {
				theta[l] = p.corr.theta(lengthBounds[1], l)
			}
		}
	}
	k := p.free
	if p.fitNugget {
		nugget = math.Exp(z[k])
		k++
	}
	if p.fitSigma2 {
		sigma2 = math.Exp(z[k])
	}
	return nugget, sigma2
}

// evaluate returns the criterion at z and, if g is not nil, writes its gradient
// to g. Where A has no Cholesky factor the criterion is infinite.
func (l *likelihood) evaluate(z, g []float64) float64 {
	n := l.n
	clear(l.slopes)
	nugget, sigma2 := l.values(z, l.theta)
	l.correlate()
	for i := range n {
		v := 1 + nugget
		if l.noise != nil {
			v += l.noise[i] / sigma2
		}
		l.a[i*n+i] = v
	}
	clear(g)
	factor, err := l.ws.Cholesky(linalg.RowMajor(l.a, n, n))
	if err != nil {
		return math.Inf(1)
	}
	square, ok := l.whiten(factor)
	if !ok {
		return math.Inf(1)
	}
	if !l.fitSigma2 {
		sigma2 = square / float64(n)
	}
	if g == nil && !l.leaveOut {
		return (float64(n)*math.Log(sigma2) + factor.LogDet() + square/sigma2) / 2
	}
	factor.Inverse(l.ws, linalg.RowMajor(l.inverse, n, n))
	if l.leaveOut {
		return l.leaveOneOut(factor, nugget, sigma2, z, g)
	}
	for i := range n {
		c := -l.gamma[i] / sigma2
		h, r := l.row[:i], l.r[i*(i-1)/2:][:i]
		inverse, gamma := l.inverse[i*n:i*n+i], l.gamma[:i]
		for j := range h {
			h[j] = r[j] * (inverse[j] + c*gamma[j])
		}
		l.addSlopes(h, i)
		l.diagonal[i] = (l.inverse[i*n+i] + c*l.gamma[i]) / 2
	}
	l.chain(z, g, nugget, sigma2, (float64(n)-square/sigma2)/2)
	return (float64(n)*math.Log(sigma2) + factor.LogDet() + square/sigma2) / 2
}

// correlate fills R and the triangle of A below the diagonal.
func (l *likelihood) correlate() {
	n := l.n
	for k, theta := range l.theta {
		simd.Scale(l.coordinates[k*n:(k+1)*n], l.corr.scale(theta, k), l.x[k*n:(k+1)*n])
	}
	for i := range n {
		q := l.a[i*n : i*n+i]
		l.corr.start(q, l.row)
		for k := range l.theta {
			if powers := l.powers[k]; powers != nil {
				simd.AddScaled(q, l.theta[k], powers[i*(i-1)/2:])
				continue
			}
			x := l.coordinates[k*n : (k+1)*n]
			l.corr.multiply(k, q, l.row, x, x[i], nil)
		}
		l.corr.finish(q, l.row)
		copy(l.r[i*(i-1)/2:], q)
	}
}

// whiten computes ρ, γ and the whitened trend, and returns ρᵀρ.
func (l *likelihood) whiten(factor linalg.Cholesky) (square float64, ok bool) {
	n := l.n
	copy(l.terms, l.f)
	for k := range l.q {
		factor.SolveLVec(l.terms[k*n : (k+1)*n])
	}
	if orthonormalise(l.terms, l.triangle, l.q) < l.q {
		return 0, false
	}
	copy(l.gamma, l.y)
	factor.SolveLVec(l.gamma)
	for range 2 {
		for k := range l.q {
			column := l.terms[k*n : (k+1)*n]
			simd.AddScaled(l.gamma, -simd.Dot(l.gamma, column), column)
		}
	}
	square = simd.Dot(l.gamma, l.gamma)
	factor.SolveLTVec(l.gamma)
	return square, square > 0
}

// addSlopes adds Σ_j h_j ∂ log k/∂ log θ_l, of the pairs of i with j < i, to
// dL/d log θ_l.
func (l *likelihood) addSlopes(h []float64, i int) {
	n := l.n
	for k := range l.theta {
		if powers := l.powers[k]; powers != nil {
			l.slopes[k] += l.theta[k] * simd.Dot(h, powers[i*(i-1)/2:])
			continue
		}
		x := l.coordinates[k*n : (k+1)*n]
		l.slopes[k] += l.corr.sumLogSlope(k, h, x, x[i])
	}
}

// chain turns the slopes by log θ, the diagonal of V and the explicit derivative
// by log σ² into the gradient.
func (l *likelihood) chain(z, g []float64, nugget, sigma2, explicit float64) {
	if l.free > 0 {
		if l.components == nil {
			copy(g, l.slopes)
		}
		for h, c := range l.components {
			e := math.Exp(z[h])
			for k, s := range l.slopes {
				if w := l.theta[k]; w > 0 {
					g[h] += s / w * e * math.Pow(math.Abs(c[k]), l.corr.p[k])
				}
			}
		}
	}
	k := l.free
	if l.fitNugget {
		g[k] = nugget * simd.Sum(l.diagonal)
		k++
	}
	if l.fitSigma2 {
		g[k] = explicit - simd.Dot(l.diagonal, l.noise)/sigma2
	}
}

// leaveOneOut is the other criterion,
//
//	Σ_i [log s² - log Q_ii + α_i²/(s² Q_ii)]/2,   Q = A⁻¹ - A⁻¹F (FᵀA⁻¹F)⁻¹ FᵀA⁻¹,   α = Qy,
//
// with s² the mean of α_i²/Q_ii where it is not a parameter. From dQ = -Q dA Q
// follows its gradient, with
//
//	V = Q diag(b) Q - (Qc αᵀ + α (Qc)ᵀ)/2,   c_i = α_i/(s² Q_ii),   b_i = (α_i²/(s² Q_ii) + 1)/(2 Q_ii).
func (l *likelihood) leaveOneOut(factor linalg.Cholesky, nugget, sigma2 float64, z, g []float64) float64 {
	n := l.n
	for k := range l.q {
		factor.SolveLTVec(l.terms[k*n : (k+1)*n])
	}
	q := linalg.RowMajor(l.inverse, n, n)
	if l.q > 0 {
		l.ws.Syrk(-1, linalg.RowMajor(l.terms, l.q, n).T(), 1, q)
		linalg.MirrorLower(q)
	}
	sum := 0.0
	for i, alpha := range l.gamma {
		l.diagonal[i] = l.inverse[i*n+i]
		sum += alpha * alpha / l.diagonal[i]
	}
	if !l.fitSigma2 {
		sigma2 = sum / float64(n)
	}
	value := float64(n)*math.Log(sigma2) + sum/sigma2
	for _, v := range l.diagonal {
		value -= math.Log(v)
	}
	if g == nil {
		return value / 2
	}
	root := l.another // √b
	for i, alpha := range l.gamma {
		v := l.diagonal[i]
		l.row[i] = alpha / (sigma2 * v)
		root[i] = math.Sqrt((alpha*alpha/(sigma2*v) + 1) / (2 * v))
	}
	b := linalg.RowMajor(l.a, n, n)
	for i := range n {
		row := l.inverse[i*n : (i+1)*n]
		l.qc[i] = simd.Dot(row, l.row)
		for j, v := range row {
			b.Data[i*n+j] = v * root[j]
		}
	}
	l.ws.Syrk(1, b, 0, q)
	for i := range n {
		h, r := l.row[:i], l.r[i*(i-1)/2:][:i]
		v, qc, alpha := l.inverse[i*n:i*n+i], l.qc[:i], l.gamma[:i]
		u, a := l.qc[i], l.gamma[i]
		for j := range h {
			h[j] = r[j] * (2*v[j] - u*alpha[j] - a*qc[j])
		}
		l.addSlopes(h, i)
		l.diagonal[i] = l.inverse[i*n+i] - u*a
	}
	l.chain(z, g, nugget, sigma2, (float64(n)-sum/sigma2)/2)
	return value / 2
}

// Gradient is evaluate as an objective.
func (l *likelihood) Gradient(ctx context.Context, z, g []float64) (float64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return l.evaluate(z, g), nil
}
