// Package sampling makes point sets in the unit cube, maps them to boxes and
// distributions, and measures how evenly they are spread.
//
// Points are row-major in a flat []float64, n rows of d coordinates in
// [0,1); only an inclusive [Grid] also reaches 1. Every kind has a Points that
// allocates and, but for [PoissonDisk], whose number of points is an outcome, a
// Fill that writes to the caller's slice without allocating.
//
// Two families differ in what they are a function of. A sequence ([Sobol],
// [Halton], [Kronecker]; [Lattice], which is finite) is known by index: Fill
// takes the first one, parts may be filled in any order or at once, and more
// points extend the ones at hand. A design ([LatinHypercube], [Grid],
// [Uniform], [PoissonDisk]) is made as a whole and depends on its seed or
// counts, the hypercube on its size too. A [Plan] names either.
//
// The reason to prefer structured points: for a smooth integrand the error of
// the mean of n values falls as n^(-1/2) for random points, and almost as n^(-1)
// for a sequence. The method Scrambled of a sequence makes random versions,
// whose means are unbiased, so that several of them tell the error; of a Sobol
// sequence scrambled by [Owen] it falls almost as n^(-3/2).
//
// [Scale] maps unit points to a box, [Transform] to any distributions that have
// a quantile. [Discrepancy] and [MinDistance] judge points.
package sampling
