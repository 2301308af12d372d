package simd

// MatMul computes C = A B: A is m x k, B is k x n, C is m x n and not read.
// This is the forward product of a layer, weights times a block.
func MatMul[T Float](c, a, b []T, m, k, n int) {
	c, a, b = c[:area(m, n):len(c)], a[:area(m, k):len(a)], b[:area(k, n):len(b)]
	switch {
	case len(c) == 0:
	case k == 0:
		clear(c)
	default:
		use[T]().product(c, a, b, n, k, 1, n, m, k, n, false)
	}
}

// MatMulT computes C = Aᵀ B: A is m x k, B is m x n, C is k x n and not read.
// This is the reverse product of a layer with respect to its inputs.
func MatMulT[T Float](c, a, b []T, m, k, n int) {
	c, a, b = c[:area(k, n):len(c)], a[:area(m, k):len(a)], b[:area(m, n):len(b)]
	switch {
	case len(c) == 0:
	case m == 0:
		clear(c)
	default:
		use[T]().product(c, a, b, n, 1, k, n, k, m, n, false)
	}
}

// AddMatMulBT computes C += A Bᵀ: A is m x n, B is k x n, C is m x k. This is
// the weight gradient of a layer: a sum over points (and coefficients).
func AddMatMulBT[T Float](c, a, b []T, m, k, n int) {
	c, a, b = c[:area(m, k):len(c)], a[:area(m, n):len(a)], b[:area(k, n):len(b)]
	if len(c) > 0 && n > 0 {
		use[T]().gradient(c, a, b, k, n, n, m, k, n)
	}
}
