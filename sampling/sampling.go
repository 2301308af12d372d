package sampling

import (
	"fmt"
	"math"
)

// Scale maps points of the unit cube to the box [lower, upper] in place,
//
//	x_j <- (1 - x_j) lower_j + x_j upper_j,
//
// which takes 0 and 1 to the ends of the box exactly. points is row-major with
// len(lower) coordinates a row. It is an error if the lengths do not fit, or a
// bound is not finite or lower_j > upper_j.
func Scale(points, lower, upper []float64) error {
	dim := len(lower)
	if len(upper) != dim {
		return fmt.Errorf("sampling: %d lower and %d upper bounds", dim, len(upper))
	}
	if _, err := rows(points, dim); err != nil {
		return err
	}
	for j := range dim {
		// The difference of infinities and of NaN is not finite, nor that of
		// bounds too far apart.
		if d := upper[j] - lower[j]; !(d >= 0 && d <= math.MaxFloat64) {
			return fmt.Errorf("sampling: bounds [%g, %g] of dimension %d are not an interval", lower[j], upper[j], j)
		}
	}
	for row := points; len(row) > 0; row = row[dim:] {
		for j, u := range row[:dim] {
			// Rounding must not leave the box.
			row[j] = min(max((1-u)*lower[j]+u*upper[j], lower[j]), upper[j])
		}
	}
	return nil
}

// rows returns the number of points of dim coordinates that dst holds.
func rows(dst []float64, dim int) (int, error) {
	if dim < 1 {
		return 0, fmt.Errorf("sampling: dimension %d is less than 1", dim)
	}
	if len(dst)%dim != 0 {
		return 0, fmt.Errorf("sampling: %d values are not a whole number of points in %d dimensions", len(dst), dim)
	}
	return len(dst) / dim, nil
}

// points allocates n rows of dim coordinates and fills them.
func points(n, dim int, fill func([]float64) error) ([]float64, error) {
	if n < 0 || n > 1<<40/max(dim, 1) { // 8 TB
		return nil, fmt.Errorf("sampling: cannot make %d points", n)
	}
	dst := make([]float64, n*max(dim, 0))
	if err := fill(dst); err != nil {
		return nil, err
	}
	return dst, nil
}

// Sequence is an infinite sequence of points in the unit cube, or a finite one
// that is known by index: [Sobol], [Halton], [Kronecker], [Lattice].
type Sequence interface {
	// Dim is the dimension of the points.
	Dim() int
	// Fill writes the points with indices first, first+1, ... to dst, one row
	// of Dim coordinates a point, as many as dst holds.
	Fill(dst []float64, first uint64) error
}

// firstPoints returns the first n points of a sequence that is longer than
// memory.
func firstPoints(s Sequence, n int) []float64 {
	if n <= 0 {
		return nil
	}
	dst := make([]float64, n*s.Dim())
	_ = s.Fill(dst, 0) // a whole number of rows from index 0
	return dst
}
