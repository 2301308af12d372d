package sampling

import "math/rand/v2"

// LatinHypercube is a random Latin hypercube design: of n points, each of the
// n strata [k/n, (k+1)/n) of every axis holds exactly one,
//
//	x_ij = (pi_j(i) + u_ij) / n
//
// with independent uniform random permutations pi_j of 0 ... n-1 and u_ij
// uniform on [0,1), or 1/2 where the design is centred.
//
// Unlike a sequence, the design depends on n: its first half is not the design
// of half the size. Another independent design takes another seed.
//
// A design is optimised by exchanges of two coordinates on an axis, drawn at
// random and kept where they better the criterion: see [Criterion].
//
// Source: McKay, Beckman and Conover, Technometrics 21 (1979) 239-245.
type LatinHypercube struct {
	Dim     int    // dimension of the points, at least 1
	Seed    uint64 // the same seed and size give the same points
	Centred bool   // points in the middle of their strata

	Optimise  Criterion // what is bettered; default nothing
	Exchanges int       // how many are tried, n pairs each; default min(100 n Dim, 1e8/n)
}

// Fill writes the design of as many points as dst holds rows of Dim
// coordinates. It allocates nothing, or 8 n^2 bytes where it optimises. It is
// an error if Dim < 1, len(dst) is not a multiple of it, the criterion is
// unknown, or there are more than 8192 points to optimise.
func (l LatinHypercube) Fill(dst []float64) error {
	n, err := rows(dst, l.Dim)
	if err != nil {
		return err
	}
	if err := l.check(n); err != nil {
		return err
	}
	var src rand.PCG
	src.Seed(l.Seed, latinHypercubeStream)
	u := 0.5
	for j := range l.Dim {
		// Fisher-Yates, in place on the column.
		for i := range n {
			if !l.Centred {
				u = unit(&src)
			}
			x := min((float64(i)+u)/float64(n), belowOne)
			k := int(below(&src, uint64(i)+1))
			dst[i*l.Dim+j] = dst[k*l.Dim+j]
			dst[k*l.Dim+j] = x
		}
	}
	if l.Optimise != "" {
		l.optimise(dst, &src)
	}
	return nil
}

// Points returns a design of n points, n rows of Dim coordinates.
func (l LatinHypercube) Points(n int) ([]float64, error) { return points(n, l.Dim, l.Fill) }
