package stencil

import (
	"fmt"
	"math"
)

// Orders are the orders of accuracy that the difference operators come in.
var Orders = []int{2, 4, 6, 8}

// Weights returns the m = order/2 weights of the staggered first difference of
// that order,
//
//	f'(x) = 1/h Σ_{k=1..m} w_k [f(x + (k - 1/2)h) - f(x - (k - 1/2)h)] + O(h^order),
//
// which solve Σ_k w_k (2k-1)^(2j+1) = δ_j0 for j = 0 ... m-1:
//
//	w_k = (-1)^(k+1) / (2k-1)² · [(2m-1)!!]² 2^(2-2m) / ((m-k)! (m+k-1)!)
//
// (Fornberg and Ghrist, Spatial finite difference approximations for wave-type
// equations, SIAM J. Numer. Anal. 37 (1999) 105-130, section 2). It is an error
// if the order is not one of Orders.
func Weights(order int) ([]float64, error) {
	if order < 2 || order > 8 || order%2 != 0 {
		return nil, fmt.Errorf("%w: order %d, want 2, 4, 6 or 8", ErrSettings, order)
	}
	m := order / 2
	odd := 1.0 // (2m-1)!!
	for k := 1; k <= m; k++ {
		odd *= float64(2*k - 1)
	}
	w := make([]float64, m)
	for k := 1; k <= m; k++ {
		d := float64(2*k - 1)
		w[k-1] = math.Copysign(1, float64(k%2)-0.5) * odd * odd * math.Exp2(float64(2-2*m)) /
			(d * d * factorial(m-k) * factorial(m+k-1))
	}
	return w, checkOrder(w, 1)
}

// AverageWeights returns the m = order/2 weights of the staggered average of that
// order,
//
//	f(x) = Σ_{k=1..m} a_k [f(x + (k - 1/2)h) + f(x - (k - 1/2)h)] + O(h^order),
//
// which solve Σ_k 2 a_k (2k-1)^(2j) = δ_j0 for j = 0 ... m-1: those of the
// difference times its distances,
//
//	a_k = (2k-1)/2 w_k.
//
// It is an error if the order is not one of Orders.
func AverageWeights(order int) ([]float64, error) {
	w, err := Weights(order)
	if err != nil {
		return nil, err
	}
	for k := range w {
		w[k] *= float64(2*k + 1)
	}
	err = checkOrder(w, 0)
	for k := range w {
		w[k] /= 2
	}
	return w, err
}

// checkOrder requires the order conditions
//
//	Σ_k c_k (2k-1)^(2j+p) = δ_j0
//
// of a staggered difference, p = 1, or average, p = 0 and c = 2a, to hold to
// rounding.
func checkOrder(c []float64, p int) error {
	for j := range c {
		sum, size := 0.0, 0.0
		for k, v := range c {
			term := v * math.Pow(float64(2*k+1), float64(2*j+p))
			sum += term
			size += math.Abs(term)
		}
		want := 0.0
		if j == 0 {
			want = 1
		}
		if math.Abs(sum-want) > 1e-14*size {
			return fmt.Errorf("stencil: weights %v miss the order condition %d by %g", c, j, sum-want)
		}
	}
	return nil
}

func factorial(n int) float64 {
	f := 1.0
	for k := 2; k <= n; k++ {
		f *= float64(k)
	}
	return f
}
