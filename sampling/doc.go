// Package sampling makes point sets in the unit cube: the Sobol sequence,
// Latin hypercubes, full factorial grids and uniform random points.
//
// Points are row-major in a flat []float64, n rows of d coordinates in
// [0,1); only an inclusive [Grid] also reaches 1. Every kind has a Fill that
// writes to the caller's slice without allocating and a Points that allocates.
// [Scale] maps unit points to a box.
//
// Two families differ in what they are a function of. A sequence ([Sobol]) is
// infinite: a point depends on its index alone, so Fill takes the first index,
// parts may be filled in any order or at once, and more points extend the ones
// at hand. A design ([LatinHypercube], [Grid], [Uniform]) is made as a whole
// and depends on its seed or counts, the hypercube on its size too.
//
// [Sobol.Scrambled] makes random versions of the sequence whose means are
// unbiased: several of them tell the error.
//
// The reason to prefer structured points: for a smooth integrand the error of
// the mean of n values falls as n^(-1/2) for random points, and almost as n^(-1)
// for the Sobol sequence.
package sampling
