package simd

func portableProduct[T Float](c, a, b []T, ldc, ars, acs, ldb, m, k, n int, accumulate bool) {
	for i := range m {
		ci := c[i*ldc : i*ldc+n]
		if !accumulate {
			clear(ci)
		}
		p := 0
		for ; p+4 <= k; p += 4 {
			w := a[i*ars+p*acs:]
			addRows(ci, w[0], w[acs], w[2*acs], w[3*acs], b[p*ldb:], ldb)
		}
		for ; p < k; p++ {
			portableAddScaled(ci, a[i*ars+p*acs], b[p*ldb:p*ldb+n])
		}
	}
}

// addRows computes c += w0 b_0 + ... + w3 b_3 for four rows of b.
func addRows[T Float](c []T, w0, w1, w2, w3 T, b []T, ldb int) {
	b0, b1, b2, b3 := b[:len(c)], b[ldb:], b[2*ldb:], b[3*ldb:]
	b1, b2, b3 = b1[:len(c)], b2[:len(c)], b3[:len(c)]
	for p := range c {
		c[p] += (w0*b0[p] + w1*b1[p]) + (w2*b2[p] + w3*b3[p])
	}
}

func portableGradient[T Float](c, a, b []T, ldc, lda, ldb, m, k, n int) {
	i := 0
	for ; i+2 <= m; i += 2 {
		a0, a1 := a[i*lda:i*lda+n], a[(i+1)*lda:(i+1)*lda+n]
		c0, c1 := c[i*ldc:i*ldc+k], c[(i+1)*ldc:(i+1)*ldc+k]
		j := 0
		for ; j+3 <= k; j += 3 {
			dot2x3(c0[j:], c1[j:], a0, a1, b[j*ldb:], ldb)
		}
		for ; j < k; j++ {
			bj := b[j*ldb : j*ldb+n]
			c0[j] += portableDot(a0, bj)
			c1[j] += portableDot(a1, bj)
		}
	}
	if i < m {
		for j := range k {
			c[i*ldc+j] += portableDot(a[i*lda:i*lda+n], b[j*ldb:j*ldb+n])
		}
	}
}

// dot2x3 adds to c0[j] and c1[j], j < 3, the dot products of a0 and a1 with
// three rows of b: six accumulators, as many as stay in registers.
func dot2x3[T Float](c0, c1, a0, a1, b []T, ldb int) {
	b0, b1, b2 := b[:len(a0)], b[ldb:], b[2*ldb:]
	b1, b2 = b1[:len(a0)], b2[:len(a0)]
	a1 = a1[:len(a0)]
	var s00, s01, s02, s10, s11, s12 T
	for p := range a0 {
		x, y := a0[p], a1[p]
		s00 += x * b0[p]
		s10 += y * b0[p]
		s01 += x * b1[p]
		s11 += y * b1[p]
		s02 += x * b2[p]
		s12 += y * b2[p]
	}
	c0, c1 = c0[:3], c1[:3]
	c0[0] += s00
	c0[1] += s01
	c0[2] += s02
	c1[0] += s10
	c1[1] += s11
	c1[2] += s12
}
