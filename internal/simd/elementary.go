package simd

import "math"

// Tanh computes dst = tanh x; dst may be x.
func Tanh(dst, x []float64) {
	x = x[:len(dst):len(x)]
	for p := range dst {
		dst[p] = math.Tanh(x[p])
	}
}

// Sigmoid computes dst = 1/(1 + exp(-x)); dst may be x.
func Sigmoid(dst, x []float64) {
	x = x[:len(dst):len(x)]
	for p, v := range x {
		// exp of a negative number never overflows.
		e := math.Exp(-math.Abs(v))
		if v >= 0 {
			dst[p] = 1 / (1 + e)
		} else {
			dst[p] = e / (1 + e)
		}
	}
}

// Softplus computes dst = log(1 + exp x); dst may be x.
func Softplus(dst, x []float64) {
	x = x[:len(dst):len(x)]
	for p, v := range x {
		dst[p] = max(v, 0) + math.Log1p(math.Exp(-math.Abs(v)))
	}
}

// SinCos computes sin = sin x and cos = cos x; either may be x.
func SinCos(sin, cos, x []float64) {
	cos, x = cos[:len(sin):len(cos)], x[:len(sin):len(x)]
	for p, v := range x {
		sin[p], cos[p] = math.Sincos(v)
	}
}
