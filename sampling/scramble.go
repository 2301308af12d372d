package sampling

// Scramble is a way to make a random version of a fixed set of points, such
// that every point is uniform on the unit cube by itself and means over the
// points are unbiased, while the points stay as evenly spread as they were.
type Scramble string

const (
	// Unscrambled leaves the points as they are; so does the empty Scramble.
	Unscrambled Scramble = "none"

	// Owen is nested uniform scrambling: digit k of a coordinate is flipped if
	// a coin says so that is tossed for the k-1 digits before it. The variance
	// of the mean of a smooth function falls as n^-3, up to logarithms (Owen,
	// Ann. Statist. 25 (1997) 1541-1562).
	Owen Scramble = "owen"

	// Linear multiplies the digits of a coordinate by a random lower
	// triangular matrix with unit diagonal and adds a random vector, modulo 2
	// (Matousek, J. Complexity 14 (1998) 527-556). The variance is that of
	// Owen; once made it costs nothing.
	Linear Scramble = "linear"

	// Rotation adds a random vector modulo 1 (Cranley and Patterson, SIAM J.
	// Numer. Anal. 13 (1976) 904-914). A lattice remains one, a digital net
	// does not.
	Rotation Scramble = "rotation"

	// Permutation permutes the digits of each place at random, in the base of
	// the dimension (Owen 2017, arXiv:1706.02808).
	Permutation Scramble = "permutation"
)
