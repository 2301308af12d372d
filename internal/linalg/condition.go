package linalg

import (
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// Condition estimates the condition number κ₁(A) = ‖A‖₁ ‖A⁻¹‖₁ with O(n²)
// operations. It is a lower bound up to rounding, and seldom less than a third of
// the truth. It is 1 for an empty matrix.
func (c Cholesky) Condition() float64 {
	if c.l.Rows == 0 {
		return 1
	}
	x, sign := make([]float64, c.l.Rows), make([]float64, c.l.Rows)
	return estimateNorm(x, sign, c.mulVec) * estimateNorm(x, sign, c.SolveVec)
}

// mulVec computes x = L (Lᵀ x).
func (c Cholesky) mulVec(x []float64) {
	for i := range x {
		row := c.l.Data[i*c.l.RowStride : i*c.l.RowStride+i+1]
		xi := x[i]
		x[i] = row[i] * xi
		simd.AddScaled(x[:i], xi, row)
	}
	for i := len(x) - 1; i >= 0; i-- {
		x[i] = simd.Dot(x[:i+1], c.l.Data[i*c.l.RowStride:])
	}
}

// estimateNorm estimates ‖M‖₁ of a symmetric M that apply multiplies by: it
// climbs the convex function ‖M x‖₁ over the unit ball of ‖x‖₁ from corner to
// corner, at most five of them (Hager, Condition estimates, SIAM J. Sci. Stat.
// Comput. 5, 1984; Higham, Accuracy and Stability of Numerical Algorithms, 2nd
// ed., 2002, algorithm 15.4).
func estimateNorm(x, sign []float64, apply func(x []float64)) float64 {
	n := len(x)
	for i := range x {
		x[i] = 1 / float64(n)
	}
	apply(x)
	norm := floats.Norm(x, 1)
	setSigns(sign, x)
	corner := -1
	for range 5 {
		copy(x, sign)
		apply(x) // the gradient
		next := largest(x)
		if corner >= 0 && math.Abs(x[next]) <= math.Abs(x[corner]) {
			break
		}
		corner = next
		clear(x)
		x[corner] = 1
		apply(x)
		now := floats.Norm(x, 1)
		if now <= norm {
			break
		}
		norm = now
		if !setSigns(sign, x) {
			break
		}
	}
	// A vector that no cancellation hides from.
	for i := range x {
		x[i] = 1 + float64(i)/float64(max(n-1, 1))
		if i%2 == 1 {
			x[i] = -x[i]
		}
	}
	apply(x)
	return max(norm, 2*floats.Norm(x, 1)/(3*float64(n)))
}

// setSigns reports whether a sign has changed.
func setSigns(sign, x []float64) bool {
	changed := false
	for i, v := range x {
		s := math.Copysign(1, v)
		changed = changed || s != sign[i]
		sign[i] = s
	}
	return changed
}

// largest is the index of the element of the largest magnitude.
func largest(x []float64) int {
	l := 0
	for i, v := range x {
		if math.Abs(v) > math.Abs(x[l]) {
			l = i
		}
	}
	return l
}
