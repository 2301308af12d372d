package sampling

import (
	"fmt"
	"math"
)

// Grid is a full factorial design: every combination of Counts[j] equally
// spaced levels on axis j, the last axis running fastest. Level k of n is
//
//	k/(n-1)       inclusive of both ends, the default; 0 where n = 1
//	(k + 1/2)/n   midpoints
//
// An inclusive grid therefore holds points with coordinates of exactly 1.
type Grid struct {
	Counts    []int // levels on each axis, each at least 1; one entry a dimension
	Midpoints bool  // levels in the middle of n equal cells
}

// Len returns the number of points, the product of the counts. It is an error
// if there is no axis, a count is less than 1, or the coordinates are too many
// for an int.
func (g Grid) Len() (int, error) {
	if len(g.Counts) == 0 {
		return 0, fmt.Errorf("sampling: a grid needs at least one axis")
	}
	n := 1
	for j, c := range g.Counts {
		if c < 1 {
			return 0, fmt.Errorf("sampling: grid count %d on axis %d is less than 1", c, j)
		}
		if n > math.MaxInt/len(g.Counts)/c {
			return 0, fmt.Errorf("sampling: grid of %v points is too large", g.Counts)
		}
		n *= c
	}
	return n, nil
}

// Fill writes the grid to dst, one row of len(Counts) coordinates a point. It
// is an error if dst does not hold exactly the Len points.
func (g Grid) Fill(dst []float64) error {
	n, err := g.Len()
	if err != nil {
		return err
	}
	dim := len(g.Counts)
	if len(dst) != n*dim {
		return fmt.Errorf("sampling: %d values for a grid of %v points, want %d", len(dst), g.Counts, n*dim)
	}
	stride := n
	for j, c := range g.Counts {
		stride /= c // points between steps of this axis
		for i := range n {
			dst[i*dim+j] = g.level(i/stride%c, c)
		}
	}
	return nil
}

func (g Grid) level(k, n int) float64 {
	switch {
	case g.Midpoints:
		return (float64(k) + 0.5) / float64(n)
	case n == 1:
		return 0
	}
	return float64(k) / float64(n-1)
}

// Points returns the grid, Len rows of len(Counts) coordinates.
func (g Grid) Points() ([]float64, error) {
	n, err := g.Len()
	if err != nil {
		return nil, err
	}
	return points(n, len(g.Counts), g.Fill)
}
