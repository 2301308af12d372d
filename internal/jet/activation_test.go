package jet

import (
	"math"
	"testing"

	"github.com/seed-0772dd2d/ritz/internal/simd"
	"github.com/stretchr/testify/require"
)

func TestParseActivation(t *testing.T) {
	for _, act := range activations {
		got, err := ParseActivation(act.String())
		require.NoError(t, err)
		require.Equal(t, act, got)
	}
	_, err := ParseActivation("relu")
	require.EqualError(t, err, `unknown activation "relu": choose tanh, sin, sigmoid, swish, softplus`)
}

// derivatives lists σ, σ', ... to the given order at z from textbook formulas.
// Those of tanh and the sigmoid are polynomials in the value itself.
func derivatives(act Activation, z float64, orders int) []float64 {
	s := 1 / (1 + math.Exp(-z))
	d := make([]float64, orders+1)
	switch act {
	case Tanh:
		return polynomialDerivatives(math.Tanh(z), []float64{1, 0, -1}, orders)
	case Sigmoid:
		return polynomialDerivatives(s, []float64{0, 1, -1}, orders)
	case Sin:
		for k := range d {
			d[k] = []float64{math.Sin(z), math.Cos(z), -math.Sin(z), -math.Cos(z)}[k%4]
		}
	case Swish:
		sigmoid := derivatives(Sigmoid, z, orders)
		for k := range d {
			d[k] = z * sigmoid[k]
			if k > 0 {
				d[k] += float64(k) * sigmoid[k-1]
			}
		}
	case Softplus:
		d[0] = math.Log(1 + math.Exp(z))
		copy(d[1:], derivatives(Sigmoid, z, orders))
	}
	return d
}

// polynomialDerivatives lists the derivatives of y(z) with y' = q(y), q of
// degree 2: the k-th is the polynomial P_k(y), P_0 = y, P_{k+1} = P_k' q. Its
// whole coefficients are large and cancel, hence the long arithmetic.
func polynomialDerivatives(y float64, q []float64, orders int) []float64 {
	p := []float64{0, 1}
	var d []float64
	for range orders + 1 {
		value := number(0)
		for i := len(p) - 1; i >= 0; i-- {
			value = add(mul(value, number(y)), number(p[i]))
		}
		rounded, _ := value.Float64()
		d = append(d, rounded)
		next := make([]float64, len(p)+1)
		for i := 1; i < len(p); i++ {
			for j, c := range q {
				next[i-1+j] += float64(i) * p[i] * c
			}
		}
		p = next
	}
	return d
}

// On a linear argument z = z_0 + Σ c_v x_v the derivatives are
// ∂^α σ = c^α σ^(|α|)(z), and those of the companion one order higher.
func TestActivationsOfLinearArgument(t *testing.T) {
	slopes := []float64{0.7, -1.3, 0.4}
	set := mustSet(append(dense(6, 2), MultiIndex{1, 2, 1}, MultiIndex{2, 2, 2}, MultiIndex{0, 0, 6})...)
	var z0 []float64
	for v := -6.0; v <= 6; v += 0.375 {
		z0 = append(z0, v)
	}
	n := len(z0)
	for _, act := range activations {
		frame, at, jets := unit(set, n)
		z, a, g := jets(at.z), jets(at.a), jets(at.g)
		copy(z, z0)
		for v, c := range slopes {
			r := set.Find(axis(v, 1))
			for p := range n {
				z[r*n+p] = c
			}
		}
		values(act, frame, at, n)
		simd.Products(frame, compose(act, set, at, n), n, 1, len(z))
		for r, alpha := range set.Index {
			factor := 1.0
			for v, c := range slopes {
				factor *= math.Pow(c, float64(alpha[v]))
			}
			wantA, wantG := make([]float64, n), make([]float64, n)
			for p, v := range z0 {
				d := derivatives(act, v, order(alpha)+1)
				wantA[p] = factor * d[order(alpha)] / set.Factorial[r]
				wantG[p] = factor * d[order(alpha)+1] / set.Factorial[r]
			}
			requireClose(t, wantA, a[r*n:(r+1)*n], 1e-13, "%s: value, member %v", act, alpha)
			requireClose(t, wantG, g[r*n:(r+1)*n], 1e-13, "%s: companion, member %v", act, alpha)
		}
	}
}

// unit is memory for one unit's jets: of z, a, g and scratch.
func unit(set *Set, n int) (frame []float64, at place, jets func(first int) []float64) {
	size := set.Len() * n
	frame = make([]float64, 5*size)
	jets = func(first int) []float64 { return frame[first : first+size] }
	return frame, place{0, size, 2 * size, 3 * size, 4 * size}, jets
}

// Far out every activation is constant or linear: no overflow, no NaN.
func TestActivationsFarOut(t *testing.T) {
	set := mustSet(MultiIndex{4})
	for _, act := range []Activation{Tanh, Sigmoid, Swish, Softplus} {
		for _, at := range []float64{-1e3, 1e3, -1e150, 1e150} {
			frame, places, jets := unit(set, 1)
			z, a := jets(places.z), jets(places.a)
			z[0], z[1] = at, 1
			values(act, frame, places, 1)
			simd.Products(frame, compose(act, set, places, 1), 1, 1, len(z))
			want := make([]float64, 5)
			up := max(at, 0) / math.Abs(at) // 0 on the left, 1 on the right
			switch act {
			case Tanh:
				want[0] = 2*up - 1
			case Sigmoid:
				want[0] = up
			default:
				want[0], want[1] = max(at, 0), up
			}
			for r := range want {
				require.True(t, want[r] == a[r], "%s at %g, order %d: want %g, got %g", act, at, r, want[r], a[r])
			}
		}
	}
}
