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
