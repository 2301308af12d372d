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
// Source: McKay, Beckman and Conover, Technometrics 21 (1979) 239-245.
type LatinHypercube struct {
	Dim     int    // dimension of the points, at least 1
	Seed    uint64 // the same seed and size give the same points
	Centred bool   // points in the middle of their strata
}

// Fill writes the design of as many points as dst holds rows of Dim
// coordinates. It is an error if Dim < 1 or len(dst) is not a multiple of it.
func (l LatinHypercube) Fill(dst []float64) error {
	n, err := rows(dst, l.Dim)
	if err != nil {
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
	return nil
}

// Points returns a design of n points, n rows of Dim coordinates.
func (l LatinHypercube) Points(n int) ([]float64, error) { return points(n, l.Dim, l.Fill) }
