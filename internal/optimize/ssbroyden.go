package optimize

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"gonum.org/v1/gonum/floats"
)

// SSBroydenSettings are the settings of [SSBroyden].
type SSBroydenSettings struct {
	// Update is "ssbroyden" (the default), "ssbfgs" or "bfgs".
	Update string

	// Threads is how many goroutines work on H, at least 1; default GOMAXPROCS.
	// The bits of the result do not depend on it.
	Threads int

	// MaxDimension is the largest dimension accepted, at least 1; default 12000.
	// H takes 4 n^2 bytes, and its check as many again.
	MaxDimension int

	// CheckEvery is after how many iterations H is tested, by a Cholesky
	// factorisation, for having stayed positive definite in spite of rounding;
	// default 500, negative for never. A factorisation takes about as long as
	// n/12 sweeps through H: by default it adds a quarter to the work on H at
	// n = 1,500.
	CheckEvery int

	// Noise is the relative rounding error of the objective, in (0, 1); default 10 * 2^-52.
	Noise float64
}

// SSBroyden is a quasi-Newton method with a dense inverse Hessian H from the
// self-scaled Broyden family. With the step s, the change y of the gradient g,
// the step length alpha, and
//
//	b = -alpha s'g / y's    h = y'Hy / y's    a = b h - 1    c = sqrt(a / (1+a))
//	rho- = min(1, h (1-c))  theta- = (rho- - 1)/a            theta+ = 1/rho-
//	theta = max(theta-, min(theta+, (1-b)/b))
//	sigma = 1 + theta a     q = sigma^(1/(1-n))              rho = min(1, 1/b)
//	tau = min(rho q, sigma) if theta <= 0, else rho min(q, 1/theta)
//	phi = (1 - theta)/(1 + a theta)                          v = s/y's - Hy/y'Hy
//
// the update "ssbroyden" (SSBroyden2 in the paper) is
//
//	H+ = (H - Hy(Hy)'/y'Hy + phi (y'Hy) v v')/tau + s s'/y's
//
// "ssbfgs" has theta = 0, phi = 1 and tau = min(1, 1/b); "bfgs" has also tau = 1.
// All satisfy the secant condition H+ y = s and keep H positive definite. The
// first update is of H = (y's/y'y) I.
//
// The update is of rank two in s and Hy, and Hy = H g+ + d is at hand from the
// product H g+. So H+ g+ follows from dot products, and H is changed while the
// next product is formed: a step sweeps through the n^2/2 elements of H once.
// The direction so found differs from that of the changed matrix by rounding
// errors of the order of those in any product with H.
//
// H is reset when an update is not finite, when H is found not to be positive
// definite, when -H g is not a direction of descent, and when the line search
// fails along -H g but not along -g.
//
// Sources: Urban, Stefanou and Pons (2025), Unveiling the optimization process of
// physics informed neural networks, J. Comput. Phys. 523; Al-Baali, Spedicato and
// Maggioni (2014), Broyden's quasi-Newton methods for a nonlinear system of
// equations and unconstrained optimization: a review and open problems.
type SSBroyden struct {
	quasiNewton
	dense    dense
	settings SSBroydenSettings
	check    *cholesky // nil: never
}

var _ Method = (*SSBroyden)(nil)

// NewSSBroyden returns SSBroyden for the objective, at x0.
func NewSSBroyden(obj Objective, x0 []float64, s SSBroydenSettings) (*SSBroyden, error) {
	if err := checkProblem(obj, x0); err != nil {
		return nil, err
	}
	s, err := s.withDefaults()
	if err != nil {
		return nil, err
	}
	n := len(x0)
	if n > s.MaxDimension {
		return nil, fmt.Errorf("%w: dimension %d is above the maximum of %d for a dense inverse Hessian (%.1f GB); use lbfgs",
			ErrSettings, n, s.MaxDimension, 4*float64(n)*float64(n)/1e9)
	}
	m := &SSBroyden{
		quasiNewton: newQuasiNewton(obj, x0, s.Noise),
		dense:       newDense(n, s.Update, s.Threads),
		settings:    s,
	}
	m.hessian, m.predicted = &m.dense, true
	if s.CheckEvery > 0 {
		m.check = newCholesky(n, s.Threads)
	}
	return m, nil
}

func (s SSBroydenSettings) withDefaults() (SSBroydenSettings, error) {
	if s.Update == "" {
		s.Update = "ssbroyden"
	}
	if s.Threads == 0 {
		s.Threads = runtime.GOMAXPROCS(0)
	}
	if s.MaxDimension == 0 {
		s.MaxDimension = 12000
	}
	if s.CheckEvery == 0 {
		s.CheckEvery = 500
	}
	s.CheckEvery = max(s.CheckEvery, -1)
	switch s.Update {
	case "ssbroyden", "ssbfgs", "bfgs":
	default:
		return s, fmt.Errorf("%w: update %q, want ssbroyden, ssbfgs or bfgs", ErrSettings, s.Update)
	}
	if s.Threads < 1 {
		return s, fmt.Errorf("%w: %d threads, want 1 or more, or 0 for GOMAXPROCS", ErrSettings, s.Threads)
	}
	if s.MaxDimension < 1 {
		return s, fmt.Errorf("%w: maximum dimension %d, want 1 or more", ErrSettings, s.MaxDimension)
	}
	var err error
	s.Noise, err = checkNoise(s.Noise)
	return s, err
}

// Step makes one iteration: one to two evaluations and a sweep through H.
func (m *SSBroyden) Step(ctx context.Context) (Status, error) {
	if m.check != nil && m.iterations > 0 && m.iterations%m.settings.CheckEvery == 0 && !m.dense.isIdentity() {
		ok, err := m.check.positiveDefinite(ctx, m.dense.h, m.dense.pending)
		if err != nil {
			return m.status(), err
		}
		if !ok {
			m.restart()
		}
	}
	return m.step(ctx)
}

// X is the current point.
func (m *SSBroyden) X() []float64 { return m.x }

// ObjectiveChanged has the next Step evaluate the objective anew; H stays.
func (m *SSBroyden) ObjectiveChanged() { m.known = false }

// dense is the inverse Hessian of SSBroyden: I, or h changed by pending.
type dense struct {
	kind     string
	identity bool
	h        *symmetric
	pending  rankTwo // holds s and Hy of the last update

	product []float64 // work space
}

func newDense(n int, kind string, threads int) dense {
	return dense{
		kind: kind, identity: true, h: newSymmetric(n, threads),
		pending: rankTwo{scale: 1, s: make([]float64, n), w: make([]float64, n)},
		product: make([]float64, n),
	}
}

func (m *dense) isIdentity() bool { return m.identity }

func (m *dense) reset() { m.identity = true }

func (m *dense) direction(d, g []float64) {
	if m.identity {
		floats.ScaleTo(d, -1, g)
		return
	}
	m.multiply(d, g)
	floats.Scale(-1, d)
}

// multiply writes H x to dst; the pending change is made on the way.
func (m *dense) multiply(dst, x []float64) {
	m.h.updateMul(dst, x, m.pending)
	m.pending.clear()
}

func (m *dense) update(alpha float64, s, y, g, next, d []float64) bool {
	sy := floats.Dot(s, y)
	if !curved(sy, s, y) {
		m.direction(d, next)
		return true
	}
	u := &m.pending
	hg, hy := m.product, u.w
	sBs := -alpha * floats.Dot(s, g) // B = H^-1, so B s = alpha B d = -alpha g
	if m.identity {
		gamma := initialScale(sy, y)
		m.h.setIdentity(gamma)
		m.identity = false
		sBs = floats.Dot(s, s) / gamma
		floats.ScaleTo(hg, gamma, next)
		floats.ScaleTo(hy, gamma, y)
	} else {
		m.multiply(hg, next)
		floats.AddTo(hy, hg, d)
	}
	copy(u.s, s)
	if !u.setUpdate(m.kind, sy, floats.Dot(y, hy), sBs) {
		m.reset()
		m.direction(d, next)
		return false
	}

	// d = -H+ next, from hg = H next.
	sg, wg := floats.Dot(s, next), floats.Dot(hy, next)
	floats.ScaleTo(d, -u.scale, hg)
	floats.AddScaled(d, -(u.a*sg + u.b*wg), s)
	floats.AddScaled(d, -(u.b*sg + u.c*wg), hy)
	return true
}

// setUpdate sets the coefficients of the change from H to H+, for the s and
// w = Hy in u, from y's, y'Hy and s'Bs with B the inverse of H. Written out,
//
//	scale = 1/tau    A = (1 + phi h/tau)/y's    B = -phi/(tau y's)    C = (phi - 1)/(tau y'Hy)
//
// It returns false if H is not positive definite or a coefficient not finite.
func (u *rankTwo) setUpdate(kind string, sy, yHy, sBs float64) bool {
	if !(yHy > 0 && sBs > 0) {
		return false
	}
	b, h := sBs/sy, yHy/sy
	tau, phi := 1.0, 1.0
	switch kind {
	case "ssbfgs":
		tau = math.Min(1, 1/b)
	case "ssbroyden":
		tau, phi = selfScaling(b, h, len(u.s))
	}
	u.scale = 1 / tau
	u.a = (1 + phi*h/tau) / sy
	u.b = -phi / (tau * sy)
	u.c = (phi - 1) / (tau * yHy)
	return u.scale > 0 && isFinite(u.scale) && isFinite(u.a) && isFinite(u.b) && isFinite(u.c)
}

// selfScaling returns tau and phi of SSBroyden2 in dimension n.
func selfScaling(b, h float64, n int) (tau, phi float64) {
	rho := math.Min(1, 1/b)
	a := b*h - 1 // at least 0, by the Cauchy-Schwarz inequality
	if n == 1 || a <= 1e-12 {
		// s and Hy are parallel: v = 0, theta a and sigma - 1 vanish, tau tends to rho.
		return rho, 1
	}
	c := math.Sqrt(a / (1 + a))
	rhoMinus := math.Min(1, 1/(b*(1+c))) // = h (1-c), without the cancellation
	theta := math.Max((rhoMinus-1)/a, math.Min(1/rhoMinus, (1-b)/b))
	sigma := 1 + theta*a
	q := math.Pow(sigma, 1/(1-float64(n)))
	if theta <= 0 {
		tau = math.Min(rho*q, sigma)
	} else {
		tau = rho * math.Min(q, 1/theta)
	}
	return tau, (1 - theta) / sigma
}

func (m *SSBroyden) header() string {
	return fmt.Sprintf("ssbroyden dimension=%d update=%s check=%d noise=%v",
		len(m.x), m.settings.Update, m.settings.CheckEvery, m.settings.Noise)
}

// MarshalBinary encodes the state: 4 n^2 bytes and a little more.
func (m *SSBroyden) MarshalBinary() ([]byte, error) {
	n, h := len(m.x), &m.dense
	e := newEncoder(m.header(), 1+quasiNewtonNumbers(n)+4+2*n+len(h.h.data))
	e.bools(h.identity)
	m.encode(e)
	if !h.identity {
		u := &h.pending
		e.floats(u.scale, u.a, u.b, u.c)
		e.floats(u.s...)
		e.floats(u.w...)
		e.floats(h.h.data...)
	}
	return e.finish(), nil
}

// UnmarshalBinary restores a state that MarshalBinary encoded.
func (m *SSBroyden) UnmarshalBinary(data []byte) error {
	d, err := newDecoder(data, m.header())
	if err != nil {
		return err
	}
	h := &m.dense
	var identity bool
	d.bools(&identity)
	more := 0
	if !identity {
		more = 4 + 2*len(m.x) + len(h.h.data)
	}
	if err := m.decode(d, more); err != nil {
		return err
	}
	h.identity = identity
	if !identity {
		u := &h.pending
		d.scalars(&u.scale, &u.a, &u.b, &u.c)
		d.floats(u.s)
		d.floats(u.w)
		d.floats(h.h.data)
	}
	return nil
}
