package simd

// Exp computes dst = exp x; dst may be x.
func Exp[T Float](dst, x []T) { use[T]().exp(dst, x[:len(dst):len(x)]) }

// Tanh computes dst = tanh x; dst may be x.
func Tanh[T Float](dst, x []T) { use[T]().tanh(dst, x[:len(dst):len(x)]) }

// Sigmoid computes dst = 1/(1 + exp(-x)); dst may be x.
func Sigmoid[T Float](dst, x []T) { use[T]().sigmoid(dst, x[:len(dst):len(x)]) }

// Softplus computes dst = log(1 + exp x); dst may be x.
func Softplus[T Float](dst, x []T) { use[T]().softplus(dst, x[:len(dst):len(x)]) }

// SinCos computes sin = sin x and cos = cos x; either may be x.
func SinCos[T Float](sin, cos, x []T) {
	use[T]().sinCos(sin, cos[:len(sin):len(cos)], x[:len(sin):len(x)])
}
