package surrogate

import (
	"fmt"
	"math"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// correlation is a stationary correlation of two points a distance d apart,
//
//	R = g(Q),   Q = Σ_l w_l |d_l|^p_l,
//
// with weights w of the inputs that follow from the hyperparameters θ, or from
// lengths ℓ. Every p_l is 2 but in the power-exponential:
//
//	name               g(Q)                              w      θ
//	gaussian           exp(-Q)                           θ      1/(2ℓ²)
//	power_exponential  exp(-Q)                           θ      ℓ^-p
//	matern12           exp(-s),               s = √Q     θ²     1/ℓ
//	matern32           (1 + s) exp(-s),       s = √(3Q)  θ²     1/ℓ
//	matern52           (1 + s + s²/3) exp(-s), s = √(5Q) θ²     1/ℓ
//
// The first two are products over the inputs. The Matérn correlations are radial:
// functions of the one distance √Q, not products of those of the inputs.
//
// Source: Rasmussen and Williams, Gaussian Processes for Machine Learning
// (2006), section 4.2.
type correlation struct {
	name string
	p    []float64 // one an input
	// apply replaces Q by R = g(Q) and writes g'(Q) to slope, of the same length;
	// where g' is infinite, at Q = 0, it writes 0.
	apply func(q, slope []float64)
}

// correlations is what can be asked for by name.
var correlations = map[string]func(q, slope []float64){
	"gaussian":          applyExponential,
	"power_exponential": applyExponential,
	"matern12":          applyMatern12,
	"matern32":          applyMatern32,
	"matern52":          applyMatern52,
}

// newCorrelation checks the name and the exponents, one or one an input.
func newCorrelation(name string, p []float64, inputs int) (correlation, error) {
	if name == "" {
		name = "matern52"
	}
	apply, ok := correlations[name]
	if !ok {
		return correlation{}, fmt.Errorf("%w: correlation %q, want matern52, matern32, matern12, gaussian or power_exponential", ErrSettings, name)
	}
	if name != "power_exponential" {
		if len(p) > 0 {
			return correlation{}, fmt.Errorf("%w: exponents p belong to the power-exponential correlation, not to %s", ErrSettings, name)
		}
		return correlation{name, constant(2, inputs), apply}, nil
	}
	if len(p) == 0 {
		p = []float64{1.9}
	}
	p, err := perInput("exponents p", p, inputs)
	if err != nil {
		return correlation{}, err
	}
	for l, v := range p {
		if !(v > 0 && v <= 2) {
			return correlation{}, fmt.Errorf("%w: exponent p of input %d is %g, want it in (0, 2]", ErrSettings, l, v)
		}
	}
	return correlation{name, p, apply}, nil
}

// perInput returns one value an input from one value, or from one an input.
func perInput(what string, v []float64, inputs int) ([]float64, error) {
	switch len(v) {
	case inputs:
		return append([]float64(nil), v...), nil
	case 1:
		return constant(v[0], inputs), nil
	}
	return nil, fmt.Errorf("%w: %d %s for %d inputs, want one or one an input", ErrSettings, len(v), what, inputs)
}

func constant(v float64, n int) []float64 {
	c := make([]float64, n)
	for i := range c {
		c[i] = v
	}
	return c
}

// matern tells whether w = θ².
func (c correlation) matern() bool { return c.name[0] == 'm' }

// theta is θ of the weight w.
func (c correlation) theta(w float64) float64 {
	if c.matern() {
		return math.Sqrt(w)
	}
	return w
}

// weight is w of θ.
func (c correlation) weight(theta float64) float64 {
	if c.matern() {
		return theta * theta
	}
	return theta
}

// scale is w^(1/p) of θ: what turns |d_l| into its share of Q, a p-th power.
func (c correlation) scale(theta float64, l int) float64 {
	switch {
	case c.matern():
		return theta
	case c.p[l] == 2:
		return math.Sqrt(theta)
	}
	return math.Pow(theta, 1/c.p[l])
}

// length is ℓ of θ.
func (c correlation) length(theta float64, l int) float64 {
	if c.name == "gaussian" {
		return 1 / math.Sqrt(2*theta)
	}
	return 1 / c.scale(theta, l)
}

// thetaOf is θ of ℓ.
func (c correlation) thetaOf(length float64, l int) float64 {
	switch {
	case c.matern():
		return 1 / length
	case c.name == "gaussian":
		return 1 / (2 * length * length)
	}
	return math.Pow(length, -c.p[l])
}

func applyExponential(q, slope []float64) {
	simd.Scale(q, -1, q)
	simd.Exp(q, q)
	simd.Scale(slope, -1, q)
}

func applyMatern12(q, slope []float64) {
	slope = slope[:len(q)]
	for j, v := range q {
		slope[j] = -math.Sqrt(v)
	}
	simd.Exp(q, slope)
	for j, s := range slope {
		if s == 0 {
			continue
		}
		slope[j] = q[j] / (2 * s)
	}
}

func applyMatern32(q, slope []float64) {
	slope = slope[:len(q)]
	for j, v := range q {
		slope[j] = -math.Sqrt(3 * v)
	}
	simd.Exp(q, slope)
	for j, s := range slope {
		e := q[j]
		q[j] = (1 - s) * e
		slope[j] = -1.5 * e
	}
}

func applyMatern52(q, slope []float64) {
	slope = slope[:len(q)]
	for j, v := range q {
		slope[j] = -math.Sqrt(5 * v)
	}
	simd.Exp(q, slope)
	for j, s := range slope {
		e := q[j]
		f := (1 - s) * e // (1 + √(5Q)) exp(-√(5Q))
		q[j] = f + s*s*e*(1./3)
		slope[j] = f * (-5. / 6)
	}
}

// addPower adds |x_j - v|^p to every q_j. The work space t, at least as long as
// q, is overwritten where p is neither 1 nor 2.
func addPower(q, x []float64, v, p float64, t []float64) {
	x = x[:len(q)]
	switch p {
	case 2:
		for j, u := range x {
			u -= v
			q[j] += u * u
		}
	case 1:
		for j, u := range x {
			q[j] += math.Abs(u - v)
		}
	default:
		t = t[:len(q)]
		for j, u := range x {
			t[j] = p * math.Log(math.Abs(u-v)) // -Inf at 0, whose exponential is 0
		}
		simd.Exp(t, t)
		simd.AddScaled(q, 1, t)
	}
}

// powerSlope writes the derivatives of |x_j - v|^p by x_j to t, and 0 where that
// is not finite or does not exist, at x_j = v.
func powerSlope(t, x []float64, v, p float64) {
	x = x[:len(t)]
	if p == 2 {
		for j, u := range x {
			t[j] = 2 * (u - v)
		}
		return
	}
	for j, u := range x {
		u -= v
		t[j] = 0
		if u != 0 {
			t[j] = math.Copysign(p*math.Pow(math.Abs(u), p-1), u)
		}
	}
}
