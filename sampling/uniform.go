package sampling

import (
	"math/bits"
	"math/rand/v2"
)

// Uniform is independent uniform random points from the PCG-DXSM generator of
// math/rand/v2. Fewer points of the same seed are a prefix of more.
type Uniform struct {
	Dim  int    // dimension of the points, at least 1
	Seed uint64 // the same seed gives the same points
}

// Fill writes as many points as dst holds rows of Dim coordinates. It is an
// error if Dim < 1 or len(dst) is not a multiple of it.
func (r Uniform) Fill(dst []float64) error {
	if _, err := rows(dst, r.Dim); err != nil {
		return err
	}
	var src rand.PCG
	src.Seed(r.Seed, uniformStream)
	for i := range dst {
		dst[i] = unit(&src)
	}
	return nil
}

// Points returns n points, n rows of Dim coordinates.
func (r Uniform) Points(n int) ([]float64, error) { return points(n, r.Dim, r.Fill) }

// Second words of the generator's seed: designs of different kinds with the
// same user seed are independent.
const (
	uniformStream        = 0x756e69666f726d00 // "uniform"
	latinHypercubeStream = 0x6c6174696e000000 // "latin"
)

// belowOne is the largest float64 less than 1.
const belowOne = 1 - 1.0/(1<<53)

// unit draws a multiple of 2^-53 uniformly from [0,1).
func unit(src *rand.PCG) float64 { return float64(src.Uint64()>>11) / (1 << 53) }

// below draws an integer uniformly from [0,n), n > 0, by Lemire's method
// (ACM Trans. Model. Comput. Simul. 29 (2019) 3): the high word of a product,
// rejected where the low word falls in the incomplete last interval.
func below(src *rand.PCG, n uint64) uint64 {
	hi, lo := bits.Mul64(src.Uint64(), n)
	if lo < n {
		for reject := -n % n; lo < reject; {
			hi, lo = bits.Mul64(src.Uint64(), n)
		}
	}
	return hi
}
