package simd

// MatMul computes C = A B: A is m x k, B is k x n, C is m x n and overwritten.
// This is the forward product of a layer, weights times a block.
func MatMul(c, a, b []float64, m, k, n int) {
	c, a, b = c[:m*n:len(c)], a[:m*k:len(a)], b[:k*n:len(b)]
	for i := range m {
		ci := c[i*n : (i+1)*n]
		ai := a[i*k : (i+1)*k]
		p := 0
		if k >= 4 {
			set4(ci, ai, b, n)
			p = 4
		} else {
			clear(ci)
		}
		for ; p+4 <= k; p += 4 {
			add4(ci, ai[p:], b[p*n:], n)
		}
		for ; p < k; p++ {
			AddScaled(ci, ai[p], b[p*n:(p+1)*n])
		}
	}
}

// MatMulT computes C = Aᵀ B: A is m x k, B is m x n, C is k x n and
// overwritten. This is the reverse product of a layer with respect to its
// inputs.
func MatMulT(c, a, b []float64, m, k, n int) {
	c, a, b = c[:k*n:len(c)], a[:m*k:len(a)], b[:m*n:len(b)]
	var w [4]float64
	for j := range k {
		cj := c[j*n : (j+1)*n]
		p := 0
		for ; p+4 <= m; p += 4 {
			w = [4]float64{a[p*k+j], a[(p+1)*k+j], a[(p+2)*k+j], a[(p+3)*k+j]}
			if p == 0 {
				set4(cj, w[:], b, n)
			} else {
				add4(cj, w[:], b[p*n:], n)
			}
		}
		if p == 0 {
			clear(cj)
		}
		for ; p < m; p++ {
			AddScaled(cj, a[p*k+j], b[p*n:(p+1)*n])
		}
	}
}

// AddMatMulBT computes C += A Bᵀ: A is m x n, B is k x n, C is m x k. This is
// the weight gradient of a layer: a sum over points (and coefficients).
func AddMatMulBT(c, a, b []float64, m, k, n int) {
	c, a, b = c[:m*k:len(c)], a[:m*n:len(a)], b[:k*n:len(b)]
	i := 0
	for ; i+2 <= m; i += 2 {
		a0, a1 := a[i*n:(i+1)*n], a[(i+1)*n:(i+2)*n]
		c0, c1 := c[i*k:(i+1)*k], c[(i+1)*k:(i+2)*k]
		j := 0
		for ; j+3 <= k; j += 3 {
			dot2x3(c0[j:], c1[j:], a0, a1, b[j*n:], n)
		}
		for ; j < k; j++ {
			bj := b[j*n : (j+1)*n]
			c0[j] += Dot(a0, bj)
			c1[j] += Dot(a1, bj)
		}
	}
	if i < m {
		for j := range k {
			c[i*k+j] += Dot(a[i*n:(i+1)*n], b[j*n:(j+1)*n])
		}
	}
}

// set4 computes c = w[0] b_0 + ... + w[3] b_3 for four consecutive rows of b.
func set4(c, w, b []float64, n int) {
	w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
	b0, b1, b2, b3 := b[:len(c)], b[n:], b[2*n:], b[3*n:]
	b1, b2, b3 = b1[:len(c)], b2[:len(c)], b3[:len(c)]
	for p := range c {
		c[p] = (w0*b0[p] + w1*b1[p]) + (w2*b2[p] + w3*b3[p])
	}
}

// add4 computes c += w[0] b_0 + ... + w[3] b_3 for four consecutive rows of b.
func add4(c, w, b []float64, n int) {
	w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
	b0, b1, b2, b3 := b[:len(c)], b[n:], b[2*n:], b[3*n:]
	b1, b2, b3 = b1[:len(c)], b2[:len(c)], b3[:len(c)]
	for p := range c {
		c[p] += (w0*b0[p] + w1*b1[p]) + (w2*b2[p] + w3*b3[p])
	}
}

// dot2x3 adds to c0[j] and c1[j], j < 3, the dot products of a0 and a1 with
// three consecutive rows of b: six accumulators, as many as stay in registers.
func dot2x3(c0, c1, a0, a1, b []float64, n int) {
	b0, b1, b2 := b[:len(a0)], b[n:], b[2*n:]
	b1, b2 = b1[:len(a0)], b2[:len(a0)]
	a1 = a1[:len(a0)]
	var s00, s01, s02, s10, s11, s12 float64
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
