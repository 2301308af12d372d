package sampling

import "fmt"

// Quantiler is a distribution with a quantile function, the inverse of its
// cumulative distribution function; those of gonum's stat/distuv are.
type Quantiler interface {
	// Quantile returns the x with P(X <= x) = p, for p in [0, 1].
	Quantile(p float64) float64
}

// Transform maps unit points in place to independent inputs with the given
// distributions,
//
//	x_j <- F_j^-1(x_j),
//
// where row-major points have a coordinate for each. It is an error if the
// lengths do not fit, a point is outside the unit cube, or a quantile is not
// finite, as that of 0 where the distribution has no lower end: the first
// points of unscrambled sequences are at 0. After an error points are partly
// transformed.
func Transform(points []float64, inputs []Quantiler) error {
	dim := len(inputs)
	if _, err := unitRows(points, dim); err != nil {
		return err
	}
	for j, q := range inputs {
		if q == nil {
			return fmt.Errorf("sampling: input %d has no distribution", j)
		}
	}
	for i, u := range points {
		x := inputs[i%dim].Quantile(u)
		if x-x != 0 {
			return fmt.Errorf("sampling: point %d: input %d, of distribution %T, has no finite quantile of %g: scramble the points, or skip that one", i/dim, i%dim, inputs[i%dim], u)
		}
		points[i] = x
	}
	return nil
}
