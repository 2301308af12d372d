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

// place says where the jets of a layer's units stand in a frame: the position
// of the first coefficient of the first unit. The jets of the next unit follow
// at the set's length times the points of a block, in each of them.
type place struct {
	z, a, g int // argument, value σ(z), companion σ'(z)
	s, h    int // scratch
}

// values computes coefficient 0 of what the recurrences of the activation start
// from, in one unit.
func values[T simd.Float](act Activation, frame []T, at place, n int) {
	row := func(first int) []T { return frame[first : first+n] }
	switch act {
	case Tanh:
		simd.Tanh(row(at.a), row(at.z))
	case Sin:
		simd.SinCos(row(at.a), row(at.g), row(at.z))
	case Sigmoid:
		simd.Sigmoid(row(at.a), row(at.z))
	case Swish:
		simd.Sigmoid(row(at.s), row(at.z))
	case Softplus:
		simd.Sigmoid(row(at.g), row(at.z))
		simd.Softplus(row(at.a), row(at.z))
	}
}

// compose lists the products that, after values, give the jets a = σ(z) and
// g = σ'(z) of a unit.
func compose(act Activation, set *Set, at place, n int) []simd.Product {
	l := products{n: n}
	switch act {
	case Tanh:
		l.sum(at.g, 0, simd.One, set.square[0], at.a, at.a, -1)
		for r := 1; r < set.Len(); r++ {
			l.sum(at.a, r, simd.Zero, set.chain[r], at.z, at.g, 1)
			l.sum(at.g, r, simd.Zero, set.square[r], at.a, at.a, -1)
		}
	case Sin:
		for r := 1; r < set.Len(); r++ {
			l.sum(at.a, r, simd.Zero, set.chain[r], at.z, at.g, 1)
			l.sum(at.g, r, simd.Zero, set.chain[r], at.z, at.a, -1)
		}
	case Sigmoid:
		l.sigmoid(set, at.a, at.g, at.z)
	case Swish:
		l.sigmoid(set, at.s, at.h, at.z)
		for r := range set.Index {
			l.sum(at.a, r, simd.Zero, set.product[r], at.z, at.s, 1)
			l.sum(at.g, r, simd.Zero, set.product[r], at.z, at.h, 1)
			l.add(at.g, r, at.s)
		}
	case Softplus:
		l.sigmoid(set, at.g, at.h, at.z)
		for r := 1; r < set.Len(); r++ {
			l.sum(at.a, r, simd.Zero, set.chain[r], at.z, at.g, 1)
		}
	}
	return l.list
}

// reverse lists the products that give z̄ from ā and g by formula (2).
func reverse(set *Set, zbar, abar, g, n int) []simd.Product {
	l := products{n: n}
	for b := range set.Index {
		start := simd.Zero
		for r := range set.Index {
			for _, t := range set.product[r] {
				if t.b == b {
					l.append(zbar+b*n, start, abar+r*n, g+t.q*n, 1)
					start = simd.Before
				}
			}
		}
	}
	return l.list
}

// products is a list in the making, for blocks of n points.
type products struct {
	list []simd.Product
	n    int
}

// sum appends dst_r = start + scale Σ c x_b y_q.
func (l *products) sum(dst, r int, start simd.Start, terms []term, x, y int, scale float64) {
	for _, t := range terms {
		l.append(dst+r*l.n, start, x+t.b*l.n, y+t.q*l.n, scale*t.c)
		start = simd.Before
	}
}

// add appends x_r to the sum that ends the list.
func (l *products) add(dst, r, x int) { l.append(dst+r*l.n, simd.Before, x+r*l.n, -1, 1) }

func (l *products) append(dst int, start simd.Start, x, y int, c float64) {
	l.list = append(l.list, simd.Product{Dst: dst, X: x, Y: y, C: c, Start: start})
}

// sigmoid appends the jets of the sigmoid a of z, whose value is there, and of
// g = a - a².
func (l *products) sigmoid(set *Set, a, g, z int) {
	for r := range set.Index {
		if r > 0 {
			l.sum(a, r, simd.Zero, set.chain[r], z, g, 1)
		}
		l.sum(g, r, simd.Zero, set.square[r], a, a, -1)
		l.add(g, r, a)
	}
}
