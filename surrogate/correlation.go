package surrogate

import (
	"fmt"
	"math"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// correlation is a stationary correlation of two points a distance d apart, the
// product over the inputs of a function of one input each, R = Π_l k(s_l):
//
//	name               k(s)                        s            θ
//	gaussian           exp(-s²)                    √θ |d|       1/(2ℓ²)
//	power_exponential  exp(-s^p)                   θ^(1/p) |d|  ℓ^-p
//	matern12           exp(-s)                     θ |d|        1/ℓ
//	matern32           (1 + s) exp(-s)             √3 θ |d|     1/ℓ
//	matern52           (1 + s + s²/3) exp(-s)      √5 θ |d|     1/ℓ
//
// The exponent p of an input is 2 of the Gaussian and 1 of the Matérn
// correlations: θ goes with |d|^p.
//
// Sources: Sacks, Welch, Mitchell and Wynn (1989), eq. 9; Roustant, Ginsbourger
// and Deville, DiceKriging, DiceOptim, J. Stat. Softw. 51 (2012), table 1.
type correlation struct {
	name  string
	p     []float64 // one an input
	order int       // of the polynomial in s: 0, 1 or 2
}

// newCorrelation checks the name and the exponents, one or one an input.
func newCorrelation(name string, p []float64, inputs int) (correlation, error) {
	if name != "power_exponential" && len(p) > 0 {
		return correlation{}, fmt.Errorf("%w: exponents p belong to the correlation power_exponential, not to %q", ErrSettings, name)
	}
	switch name {
	case "", "matern52":
		return correlation{"matern52", constant(1, inputs), 2}, nil
	case "matern32":
		return correlation{name, constant(1, inputs), 1}, nil
	case "matern12":
		return correlation{name, constant(1, inputs), 0}, nil
	case "gaussian":
		return correlation{name, constant(2, inputs), 0}, nil
	case "power_exponential":
	default:
		return correlation{}, fmt.Errorf("%w: correlation %q, want matern52, matern32, matern12, gaussian or power_exponential", ErrSettings, name)
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
	return correlation{name, p, 0}, nil
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

// length is ℓ of θ.
func (c correlation) length(theta float64, l int) float64 {
	switch {
	case c.name == "gaussian":
		return 1 / math.Sqrt(2*theta)
	case c.p[l] == 1:
		return 1 / theta
	}
	return math.Pow(theta, -1/c.p[l])
}

// theta is θ of ℓ.
func (c correlation) theta(length float64, l int) float64 {
	switch {
	case c.name == "gaussian":
		return 1 / (2 * length * length)
	case c.p[l] == 1:
		return 1 / length
	}
	return math.Pow(length, -c.p[l])
}

// scale is s/|d| of θ.
func (c correlation) scale(theta float64, l int) float64 {
	switch {
	case c.p[l] == 2:
		return math.Sqrt(theta)
	case c.p[l] == 1:
		return math.Sqrt(float64(2*c.order+1)) * theta
	}
	return math.Pow(theta, 1/c.p[l])
}

// multiply takes input l into the correlations of a point with others, of which
// x holds the coordinates, v that of the point, both times scale: exponents to
// sum, polynomials, where the correlation has them, to product. The work space t
// is overwritten. All are as long as sum at least.
func (c correlation) multiply(l int, sum, product, x []float64, v float64, t []float64) {
	switch c.order {
	case 0:
		subtractPower(sum, x, v, c.p[l], t)
	case 1:
		x, product = x[:len(sum)], product[:len(sum)]
		for j, u := range x {
			s := math.Abs(u - v)
			sum[j] -= s
			product[j] *= 1 + s
		}
	default:
		x, product = x[:len(sum)], product[:len(sum)]
		for j, u := range x {
			s := math.Abs(u - v)
			sum[j] -= s
			product[j] *= 1 + s*(1+s*(1./3))
		}
	}
}

// start prepares sums and products for the first input.
func (c correlation) start(sum, product []float64) {
	clear(sum)
	if c.order > 0 {
		product = product[:len(sum)]
		for j := range product {
			product[j] = 1
		}
	}
}

// finish turns sums into correlations.
func (c correlation) finish(sum, product []float64) {
	simd.Exp(sum, sum)
	if c.order == 0 {
		return
	}
	product = product[:len(sum)]
	for j, e := range sum {
		// As 1 + s + s²/3 < exp s no product overflows before exp is next to nothing.
		if e < 1e-300 {
			sum[j] = 0
		} else {
			sum[j] = e * product[j]
		}
	}
}

// logSlope writes ∂ log k/∂x_j to t, where x and v are coordinates times scale,
// and 0 where that is infinite or does not exist, at x_j = v.
func (c correlation) logSlope(l int, t, x []float64, v float64) {
	x = x[:len(t)]
	switch p := c.p[l]; {
	case c.order == 2:
		for j, u := range x {
			u -= v
			s := math.Abs(u)
			t[j] = -u * (1 + s) / (3 + s*(3+s))
		}
	case c.order == 1:
		for j, u := range x {
			u -= v
			t[j] = -u / (1 + math.Abs(u))
		}
	case p == 2:
		for j, u := range x {
			t[j] = -2 * (u - v)
		}
	default:
		for j, u := range x {
			u -= v
			t[j] = 0
			if u != 0 {
				t[j] = -math.Copysign(p*math.Pow(math.Abs(u), p-1), u)
			}
		}
	}
}

// sumLogSlope is Σ_j h_j ∂ log k/∂ log θ, where x and v are coordinates times
// scale, and p is 1 or 2.
func (c correlation) sumLogSlope(l int, h, x []float64, v float64) float64 {
	x = x[:len(h)]
	var sum [2]float64
	switch {
	case c.order == 2:
		for j, u := range x {
			s := math.Abs(u - v)
			sum[j&1] += h[j] * (s * s * (1 + s) / (3 + s*(3+s)))
		}
	case c.order == 1:
		for j, u := range x {
			s := math.Abs(u - v)
			sum[j&1] += h[j] * (s * s / (1 + s))
		}
	case c.p[l] == 2:
		for j, u := range x {
			u -= v
			sum[j&1] += h[j] * (u * u)
		}
	default:
		for j, u := range x {
			sum[j&1] += h[j] * math.Abs(u-v)
		}
	}
	return -(sum[0] + sum[1])
}

// subtractPower subtracts |x_j - v|^p from every q_j. The work space t, at least as
// long as q, is overwritten where p is neither 1 nor 2.
func subtractPower(q, x []float64, v, p float64, t []float64) {
	x = x[:len(q)]
	switch p {
	case 2:
		for j, u := range x {
			u -= v
			q[j] -= u * u
		}
	case 1:
		for j, u := range x {
			q[j] -= math.Abs(u - v)
		}
	default:
		t = t[:len(q)]
		for j, u := range x {
			t[j] = p * math.Log(math.Abs(u-v)) // -Inf at 0, whose exponential is 0
		}
		simd.Exp(t, t)
		simd.AddScaled(q, -1, t)
	}
}
