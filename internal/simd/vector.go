package simd

// Dot returns the sum of x[p] y[p] over the length of x.
func Dot[T Float](x, y []T) T { return use[T]().dot(x, y[:len(x):len(y)]) }

// Sum returns the sum of x.
func Sum[T Float](x []T) T { return use[T]().sum(x) }

// AddScaled computes dst += c x.
func AddScaled[T Float](dst []T, c T, x []T) {
	use[T]().addScaled(dst, c, x[:len(dst):len(x)])
}

// Scale computes dst = c x; dst may be x.
func Scale[T Float](dst []T, c T, x []T) {
	use[T]().scale(dst, c, x[:len(dst):len(x)])
}

// AddConst computes dst += c.
func AddConst[T Float](dst []T, c T) { use[T]().addConst(dst, c) }

// ScaledMul computes dst = c x y; dst may be x or y.
func ScaledMul[T Float](dst []T, c T, x, y []T) {
	use[T]().scaledMul(dst, c, x[:len(dst):len(x)], y[:len(dst):len(y)])
}

// AddScaledMul computes dst += c x y, a term of a product of Taylor series.
func AddScaledMul[T Float](dst []T, c T, x, y []T) {
	use[T]().addScaledMul(dst, c, x[:len(dst):len(x)], y[:len(dst):len(y)])
}
