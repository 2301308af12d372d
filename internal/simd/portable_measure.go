package simd

func portableMultiplyAdds[T Float](rounds int) {
	var s [12]T
	h := T(0.5)
	s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11 := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11]
	for range rounds {
		s0, s1, s2, s3 = s0*h+1, s1*h+1, s2*h+1, s3*h+1
		s4, s5, s6, s7 = s4*h+1, s5*h+1, s6*h+1, s7*h+1
		s8, s9, s10, s11 = s8*h+1, s9*h+1, s10*h+1, s11*h+1
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
