package optimize

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/floats"
)

// LBFGSSettings are the settings of [LBFGS].
type LBFGSSettings struct {
	Memory int     // pairs (s, y) kept, at least 1; default 20
	Noise  float64 // relative rounding error of the objective, in (0, 1); default 10 * 2^-52
}

// LBFGS is limited-memory BFGS: H results from the last Memory pairs of steps s
// and gradient changes y, by BFGS updates of gamma I with gamma = s'y / y'y of
// the newest pair, and is applied by the two-loop recursion.
//
// Source: Nocedal and Wright (2006), Numerical Optimization, Algorithms 7.4 and
// 7.5, eq. 7.20.
type LBFGS struct {
	quasiNewton
	pairs pairs
}

var _ Method = (*LBFGS)(nil)

// NewLBFGS returns LBFGS for the objective, at x0.
func NewLBFGS(obj Objective, x0 []float64, s LBFGSSettings) (*LBFGS, error) {
	if err := checkProblem(obj, x0); err != nil {
		return nil, err
	}
	if s.Memory == 0 {
		s.Memory = 20
	}
	if s.Memory < 0 {
		return nil, fmt.Errorf("%w: memory of %d pairs, want 1 or more", ErrSettings, s.Memory)
	}
	noise, err := checkNoise(s.Noise)
	if err != nil {
		return nil, err
	}
	m := &LBFGS{quasiNewton: newQuasiNewton(obj, x0, noise), pairs: newPairs(len(x0), s.Memory)}
	m.hessian = &m.pairs
	return m, nil
}

// checkNoise returns the noise with its default filled in.
func checkNoise(v float64) (float64, error) {
	if v == 0 {
		return defaultNoise, nil
	}
	if !(v > 0 && v < 1) {
		return 0, fmt.Errorf("%w: noise %v, want it in (0, 1)", ErrSettings, v)
	}
	return v, nil
}

// Step makes one iteration: about one evaluation.
func (m *LBFGS) Step(ctx context.Context) (Status, error) { return m.step(ctx) }

// X is the current point.
func (m *LBFGS) X() []float64 { return m.x }

// ObjectiveChanged has the next Step evaluate the objective anew; the pairs stay.
func (m *LBFGS) ObjectiveChanged() { m.known = false }

// pairs is the inverse Hessian of LBFGS.
type pairs struct {
	s, y  [][]float64 // oldest first
	rho   []float64   // 1 / s'y
	gamma float64     // s'y / y'y of the newest
	count int         // pairs in use

	alpha []float64 // work space of the two loops
}

func newPairs(n, memory int) pairs {
	p := pairs{
		s: make([][]float64, memory), y: make([][]float64, memory),
		rho: make([]float64, memory), alpha: make([]float64, memory),
		gamma: 1,
	}
	for i := range memory {
		p.s[i], p.y[i] = make([]float64, n), make([]float64, n)
	}
	return p
}

func (p *pairs) isIdentity() bool { return p.count == 0 }

func (p *pairs) reset() { p.count, p.gamma = 0, 1 }

func (p *pairs) direction(d, g []float64) {
	floats.ScaleTo(d, -1, g)
	for i := p.count - 1; i >= 0; i-- {
		p.alpha[i] = p.rho[i] * floats.Dot(p.s[i], d)
		floats.AddScaled(d, -p.alpha[i], p.y[i])
	}
	floats.Scale(p.gamma, d)
	for i := range p.count {
		beta := p.rho[i] * floats.Dot(p.y[i], d)
		floats.AddScaled(d, p.alpha[i]-beta, p.s[i])
	}
}

func (p *pairs) update(_ float64, s, y, _, next, d []float64) bool {
	if sy := floats.Dot(s, y); curved(sy, s, y) {
		p.push(s, y, sy)
	}
	p.direction(d, next)
	return true
}

// push makes (s, y) the newest pair, in the place of the oldest if none is free.
func (p *pairs) push(s, y []float64, sy float64) {
	if p.count == len(p.s) {
		oldS, oldY := p.s[0], p.y[0]
		copy(p.s, p.s[1:])
		copy(p.y, p.y[1:])
		copy(p.rho, p.rho[1:])
		p.count--
		p.s[p.count], p.y[p.count] = oldS, oldY
	}
	copy(p.s[p.count], s)
	copy(p.y[p.count], y)
	p.rho[p.count] = 1 / sy
	p.gamma = initialScale(sy, y)
	p.count++
}

// initialScale is s'y / y'y, the size of the inverse Hessian along y.
func initialScale(sy float64, y []float64) float64 {
	norm := floats.Norm(y, 2)
	return sy / norm / norm
}

// curved tells whether s'y is safely positive, as an update needs it.
func curved(sy float64, s, y []float64) bool {
	return sy > 1e-12*floats.Norm(s, 2)*floats.Norm(y, 2)
}

func (m *LBFGS) header() string {
	return fmt.Sprintf("lbfgs dimension=%d memory=%d noise=%v", len(m.x), len(m.pairs.s), m.search.noise)
}

// MarshalBinary encodes the state.
func (m *LBFGS) MarshalBinary() ([]byte, error) {
	p := &m.pairs
	e := newEncoder(m.header(), 1+quasiNewtonNumbers(len(m.x))+1+p.count*(1+2*len(m.x)))
	e.ints(p.count)
	m.encode(e)
	e.floats(p.gamma)
	e.floats(p.rho[:p.count]...)
	for i := range p.count {
		e.floats(p.s[i]...)
		e.floats(p.y[i]...)
	}
	return e.finish(), nil
}

// UnmarshalBinary restores a state that MarshalBinary encoded.
func (m *LBFGS) UnmarshalBinary(data []byte) error {
	d, err := newDecoder(data, m.header())
	if err != nil {
		return err
	}
	p := &m.pairs
	var count int
	d.ints(&count)
	if d.err == nil && count > len(p.s) {
		return fmt.Errorf("%w: %d pairs, want at most %d", ErrState, count, len(p.s))
	}
	if err := m.decode(d, 1+count*(1+2*len(m.x))); err != nil {
		return err
	}
	p.count = count
	d.scalars(&p.gamma)
	d.floats(p.rho[:count])
	for i := range count {
		d.floats(p.s[i])
		d.floats(p.y[i])
	}
	return nil
}
