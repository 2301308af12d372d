package surrogate

import (
	"fmt"
	"math"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// radialKernel is a function φ(r), conditionally positive definite of an order m:
// its matrix is positive definite on the complement of the polynomials of degree
// m - 1, which a model therefore must hold.
type radialKernel struct {
	name  string
	shape float64 // ε, of those that have one
	power int     // l of the Wendland function
}

// The kernels, and of each the degree of the tail it needs (-1: none), whether it
// has a shape, and a default tail.
var radialKernels = map[string]struct {
	degree, tail int
	shaped       bool
}{
	"linear":       {degree: 0, tail: 0},
	"cubic":        {degree: 1, tail: 1},
	"thin_plate":   {degree: 1, tail: 1},
	"multiquadric": {degree: 0, tail: 0, shaped: true},
	"gaussian":     {degree: -1, tail: 0, shaped: true},
	"wendland":     {degree: -1, tail: 0, shaped: true},
}

func newRadialKernel(name string, shape float64, inputs int) (radialKernel, error) {
	if _, ok := radialKernels[name]; !ok {
		return radialKernel{}, fmt.Errorf("%w: radial basis function %q, want linear, cubic, thin_plate, multiquadric, gaussian or wendland", ErrSettings, name)
	}
	return radialKernel{name, shape, inputs/2 + 2}, nil
}

// values writes φ for squared distances.
func (k radialKernel) values(phi, r2 []float64) {
	e2 := k.shape * k.shape
	switch k.name {
	case "linear":
		for i, v := range r2 {
			phi[i] = -math.Sqrt(v)
		}
	case "cubic":
		for i, v := range r2 {
			phi[i] = v * math.Sqrt(v)
		}
	case "thin_plate":
		for i, v := range r2 {
			phi[i] = 0
			if v > 0 {
				phi[i] = v * math.Log(v) / 2
			}
		}
	case "multiquadric":
		for i, v := range r2 {
			phi[i] = -math.Sqrt(1 + e2*v)
		}
	case "gaussian":
		for i, v := range r2 {
			phi[i] = -e2 * v
		}
		simd.Exp(phi, phi)
	case "wendland":
		l := float64(k.power)
		for i, v := range r2 {
			t := k.shape * math.Sqrt(v)
			phi[i] = wholePower(max(1-t, 0), k.power+1) * ((l+1)*t + 1)
		}
	}
}

// slopes writes φ'(r)/r for squared distances; at 0, where it is infinite for some,
// 0, for there r times it is 0 or undefined.
func (k radialKernel) slopes(psi, r2 []float64) {
	e2 := k.shape * k.shape
	switch k.name {
	case "linear":
		for i, v := range r2 {
			psi[i] = 0
			if v > 0 {
				psi[i] = -1 / math.Sqrt(v)
			}
		}
	case "cubic":
		for i, v := range r2 {
			psi[i] = 3 * math.Sqrt(v)
		}
	case "thin_plate":
		for i, v := range r2 {
			psi[i] = 0
			if v > 0 {
				psi[i] = math.Log(v) + 1
			}
		}
	case "multiquadric":
		for i, v := range r2 {
			psi[i] = -e2 / math.Sqrt(1+e2*v)
		}
	case "gaussian":
		k.values(psi, r2)
		for i := range psi {
			psi[i] *= -2 * e2
		}
	case "wendland":
		l := float64(k.power)
		for i, v := range r2 {
			t := k.shape * math.Sqrt(v)
			psi[i] = -e2 * (l + 1) * (l + 2) * wholePower(max(1-t, 0), k.power)
		}
	}
}

// wholePower is b^n for n >= 0.
func wholePower(b float64, n int) float64 {
	v := 1.0
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			v *= b
		}
		b *= b
	}
	return v
}
