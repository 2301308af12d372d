package simd

import "math"

// portable returns the kernels in plain Go: the reference for the assembly and
// the implementation where there is none.
func portable[T Float]() kernels[T] {
	return kernels[T]{
		product: portableProduct[T], gradient: portableGradient[T],
		tileRows: 4, tileColumns: 64,
		addScaled: portableAddScaled[T], scale: portableScale[T], addConst: portableAddConst[T], products: portableProducts[T],
		dot: portableDot[T], sum: portableSum[T],
		exp: portableExp[T], tanh: portableTanh[T], sigmoid: portableSigmoid[T], softplus: portableSoftplus[T],
		sinCos: portableSinCos[T],
		wave:   portableWave[T], waveLayer: portableWaveLayer[T],
		lanes: 1, multiplyAdds: portableMultiplyAdds[T],
		triad: portableTriad[T], streamTriad: portableTriad[T], streamScale: portableScale[T],
	}
}

func portableDot[T Float](x, y []T) T {
	y = y[:len(x)]
	var s0, s1, s2, s3 T
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

func portableSum[T Float](x []T) T {
	var s0, s1, s2, s3 T
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

func portableAddScaled[T Float](dst []T, c T, x []T) {
	x = x[:len(dst)]
	for p := range dst {
		dst[p] += c * x[p]
	}
}

func portableScale[T Float](dst []T, c T, x []T) {
	x = x[:len(dst)]
	for p := range dst {
		dst[p] = c * x[p]
	}
}

func portableAddConst[T Float](dst []T, c T) {
	for p := range dst {
		dst[p] += c
	}
}

func portableExp[T Float](dst, x []T) {
	x = x[:len(dst)]
	for p, v := range x {
		dst[p] = T(exp(float64(v)))
	}
}

// exp is math.Exp without its overflow below log of the largest number on amd64.
func exp(x float64) float64 {
	if x > 709 {
		return math.Exp(x-1) * math.E
	}
	return math.Exp(x)
}

func portableTanh[T Float](dst, x []T) {
	x = x[:len(dst)]
	for p, v := range x {
		dst[p] = T(math.Tanh(float64(v)))
	}
}

func portableSigmoid[T Float](dst, x []T) {
	x = x[:len(dst)]
	for p, v := range x {
		// exp of a negative number never overflows.
		e := math.Exp(-math.Abs(float64(v)))
		if v >= 0 {
			dst[p] = T(1 / (1 + e))
		} else {
			dst[p] = T(e / (1 + e))
		}
	}
}

func portableSoftplus[T Float](dst, x []T) {
	x = x[:len(dst)]
	for p, v := range x {
		dst[p] = T(max(float64(v), 0) + math.Log1p(math.Exp(-math.Abs(float64(v)))))
	}
}

func portableSinCos[T Float](sin, cos, x []T) {
	cos, x = cos[:len(sin)], x[:len(sin)]
	for p, v := range x {
		s, c := math.Sincos(float64(v))
		sin[p], cos[p] = T(s), T(c)
	}
}
