package simd

// Dot returns the sum of x[p] y[p] over the length of x.
func Dot(x, y []float64) float64 {
	y = y[:len(x):len(y)]
	var s0, s1, s2, s3 float64
	p := 0
	for ; p+4 <= len(x); p += 4 {
		u, v := x[p:p+4:p+4], y[p:p+4:p+4]
		s0 += u[0] * v[0]
		s1 += u[1] * v[1]
		s2 += u[2] * v[2]
		s3 += u[3] * v[3]
	}
	for ; p < len(x); p++ {
		s0 += x[p] * y[p]
	}
	return (s0 + s1) + (s2 + s3)
}

// Sum returns the sum of x.
func Sum(x []float64) float64 {
	var s0, s1, s2, s3 float64
	p := 0
	for ; p+4 <= len(x); p += 4 {
		u := x[p : p+4 : p+4]
		s0 += u[0]
		s1 += u[1]
		s2 += u[2]
		s3 += u[3]
	}
	for ; p < len(x); p++ {
		s0 += x[p]
	}
	return (s0 + s1) + (s2 + s3)
}

// AddScaled computes dst += c x.
func AddScaled(dst []float64, c float64, x []float64) {
	x = x[:len(dst):len(x)]
	for p := range dst {
		dst[p] += c * x[p]
	}
}

// Scale computes dst = c x; dst may be x.
func Scale(dst []float64, c float64, x []float64) {
	x = x[:len(dst):len(x)]
	for p := range dst {
		dst[p] = c * x[p]
	}
}

// AddConst computes dst += c.
func AddConst(dst []float64, c float64) {
	for p := range dst {
		dst[p] += c
	}
}

// ScaledMul computes dst = c x y; dst may be x or y.
func ScaledMul(dst []float64, c float64, x, y []float64) {
	x, y = x[:len(dst):len(x)], y[:len(dst):len(y)]
	for p := range dst {
		dst[p] = c * x[p] * y[p]
	}
}

// AddScaledMul computes dst += c x y, a term of a product of Taylor series.
func AddScaledMul(dst []float64, c float64, x, y []float64) {
	x, y = x[:len(dst):len(x)], y[:len(dst):len(y)]
	for p := range dst {
		dst[p] += c * x[p] * y[p]
	}
}
