package jet

import (
	"fmt"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// Activation is a smooth function σ applied to every unit of a hidden layer.
type Activation int

// The activations, with the relation that closes recurrence (1).
const (
	Tanh     Activation = iota // a = tanh z; g = 1 - a²
	Sin                        // a = sin z; g = cos z
	Sigmoid                    // a = 1/(1 + exp(-z)); g = a - a²
	Swish                      // a = z s, s the sigmoid of z; g = s + z (s - s²)
	Softplus                   // a = log(1 + exp z); g the sigmoid of z
)

var activationNames = []string{"tanh", "sin", "sigmoid", "swish", "softplus"}

func (a Activation) String() string { return activationNames[a] }

// ParseActivation returns the activation of that name.
func ParseActivation(name string) (Activation, error) {
	for i, n := range activationNames {
		if n == name {
			return Activation(i), nil
		}
	}
	return 0, fmt.Errorf("unknown activation %q: choose %s", name, strings.Join(activationNames, ", "))
}

// compose computes the jets a = σ(z) and g = σ'(z) of one unit over a block of
// n points; all are [coefficient][point]. The scratch s and h has their size.
func (act Activation) compose(set *Set, a, g, z, s, h []float64, n int) {
	z0, a0, g0 := z[:n], a[:n], g[:n]
	switch act {
	case Tanh:
		simd.Tanh(a0, z0)
		oneMinusSquare(g0, a0)
		for r := 1; r < set.Len(); r++ {
			sum(a, set.chain[r], r, z, g, n, 1)
			sum(g, set.square[r], r, a, a, n, -1)
		}
	case Sin:
		simd.SinCos(a0, g0, z0)
		for r := 1; r < set.Len(); r++ {
			sum(a, set.chain[r], r, z, g, n, 1)
			sum(g, set.chain[r], r, z, a, n, -1)
		}
	case Sigmoid:
		sigmoid(set, a, g, z, n)
	case Swish:
		sigmoid(set, s, h, z, n)
		for r := range set.Index {
			sum(a, set.product[r], r, z, s, n, 1)
			sum(g, set.product[r], r, z, h, n, 1)
			simd.AddScaled(g[r*n:(r+1)*n], 1, s[r*n:(r+1)*n])
		}
	case Softplus:
		sigmoid(set, g, h, z, n)
		simd.Softplus(a0, z0)
		for r := 1; r < set.Len(); r++ {
			sum(a, set.chain[r], r, z, g, n, 1)
		}
	}
}

// sigmoid computes the jets a of the sigmoid of z and g = a - a² of its
// derivative.
func sigmoid(set *Set, a, g, z []float64, n int) {
	simd.Sigmoid(a[:n], z[:n])
	for r := range set.Index {
		if r > 0 {
			sum(a, set.chain[r], r, z, g, n, 1)
		}
		sum(g, set.square[r], r, a, a, n, -1)
		simd.AddScaled(g[r*n:(r+1)*n], 1, a[r*n:(r+1)*n])
	}
}

// reverse computes z̄ from ā and g by formula (2); zbar is overwritten.
func reverse(set *Set, zbar, abar, g []float64, n int) {
	clear(zbar[:set.Len()*n])
	for r := range set.Index {
		ar := abar[r*n : (r+1)*n]
		for _, t := range set.product[r] {
			simd.AddScaledMul(zbar[t.b*n:(t.b+1)*n], 1, ar, g[t.q*n:(t.q+1)*n])
		}
	}
}

// sum computes dst_r = scale Σ c x_b y_q. A term may read dst_r of another jet
// but not dst_r itself.
func sum(dst []float64, terms []term, r int, x, y []float64, n int, scale float64) {
	d := dst[r*n : (r+1)*n]
	for i, t := range terms {
		xb, yq := x[t.b*n:(t.b+1)*n], y[t.q*n:(t.q+1)*n]
		if i == 0 {
			simd.ScaledMul(d, scale*t.c, xb, yq)
		} else {
			simd.AddScaledMul(d, scale*t.c, xb, yq)
		}
	}
}

func oneMinusSquare(dst, a []float64) {
	a = a[:len(dst)]
	for p, v := range a {
		dst[p] = 1 - v*v
	}
}
