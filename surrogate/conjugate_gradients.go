package surrogate

import (
	"context"
	"errors"
	"math"

	"gonum.org/v1/gonum/floats"
)

// errNotConverged reports an iteration that did not reach its tolerance.
var errNotConverged = errors.New("surrogate: conjugate gradients did not converge")

// sparseSymmetric is a symmetric positive definite matrix by its rows: the
// elements of row i are at [start[i], start[i+1]).
type sparseSymmetric struct {
	start  []int
	column []int
	value  []float64
}

// density is the share of elements that are stored.
func (a *sparseSymmetric) density() float64 {
	n := float64(len(a.start) - 1)
	return float64(len(a.value)) / (n * n)
}

// multiply computes y = A x.
func (a *sparseSymmetric) multiply(y, x []float64) {
	inBlocks(len(y), func(first, last int) {
		for i := first; i < last; i++ {
			sum := 0.0
			for e := a.start[i]; e < a.start[i+1]; e++ {
				sum += a.value[e] * x[a.column[e]]
			}
			y[i] = sum
		}
	})
}

// conjugateGradients solves A x = b to a residual of 1e-14 of ‖b‖ (Hestenes and
// Stiefel 1952). The error is errNotConverged if 1,000 iterations do not reach
// 1e-12: with so bad a condition a factor is the better way.
func (a *sparseSymmetric) conjugateGradients(ctx context.Context, x, b []float64) error {
	n := len(b)
	r, p, ap := make([]float64, n), make([]float64, n), make([]float64, n)
	clear(x)
	copy(r, b)
	copy(p, b)
	norm := floats.Norm(b, 2)
	if norm == 0 {
		return nil
	}
	rr := floats.Dot(r, r)
	for iteration := 0; iteration < 1000 && math.Sqrt(rr) > 1e-14*norm; iteration++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		a.multiply(ap, p)
		step := rr / floats.Dot(p, ap)
		floats.AddScaled(x, step, p)
		floats.AddScaled(r, -step, ap)
		next := floats.Dot(r, r)
		floats.AddScaledTo(p, r, next/rr, p)
		rr = next
	}
	// The recurrence of r drifts from the residual.
	a.multiply(ap, x)
	floats.SubTo(r, b, ap)
	if !(floats.Norm(r, 2) <= 1e-12*norm) {
		return errNotConverged
	}
	return nil
}

// inverseDiagonal is the diagonal of A⁻¹, or nil if the iteration does not
// converge.
func (a *sparseSymmetric) inverseDiagonal() []float64 {
	n := len(a.start) - 1
	diagonal, x, e := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		e[i] = 1
		if err := a.conjugateGradients(context.Background(), x, e); err != nil {
			return nil
		}
		diagonal[i] = x[i]
		e[i] = 0
	}
	return diagonal
}
