package simd

func portableMultiplyAdds[T Float](rounds int) {
	var s [12]T
	x := T(rounds)
	s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11 := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11]
	for range rounds {
		s0, s1, s2, s3 = s0*x+x, s1*x+x, s2*x+x, s3*x+x
		s4, s5, s6, s7 = s4*x+x, s5*x+x, s6*x+x, s7*x+x
		s8, s9, s10, s11 = s8*x+x, s9*x+x, s10*x+x, s11*x+x
	}
	keep(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11)
}

// keep is where results go that nobody wants.
//
//go:noinline
func keep[T Float](...T) {}

func portableTriad[T Float](dst []T, c T, x, y []T) {
	x, y = x[:len(dst)], y[:len(dst)]
	for p := range dst {
		dst[p] = x[p] + c*y[p]
	}
}
