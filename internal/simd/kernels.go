package simd

import (
	"fmt"
	"os"
	"strings"
)

// Float is an element type.
type Float interface{ float32 | float64 }

// kernels is one implementation for one element type. Its functions do not
// check lengths; none of m, k and n is below 1.
type kernels[T Float] struct {
	// product computes C = A B, or C += A B. C is m x n with rows ldc apart,
	// B is k x n with rows ldb apart; element (i, j) of A is a[i ars + j acs].
	product func(c, a, b []T, ldc, ars, acs, ldb, m, k, n int, accumulate bool)
	// gradient computes C += A Bᵀ. A is m x n, B is k x n and C is m x k, with
	// rows lda, ldb and ldc apart.
	gradient func(c, a, b []T, ldc, lda, ldb, m, k, n int)
	// tileRows and tileColumns are the shape in which product is fastest.
	tileRows, tileColumns int

	addScaled, scale func(dst []T, c T, x []T)
	addConst         func(dst []T, c T)
	products         func(frame []T, list []Product, n, units, stride int)
	dot              func(x, y []T) T
	sum              func(x []T) T

	exp, tanh, sigmoid, softplus func(dst, x []T)
	sinCos                       func(sin, cos, x []T)

	wave      func(w *Wave[T], r WaveRows)
	waveLayer func(dst, psi, a, b, c, w, u []T, at, s int)

	lanes              int
	multiplyAdds       func(rounds int)
	triad, streamTriad func(dst []T, c T, x, y []T)
	streamScale        func(dst []T, c T, x []T)
}

// implementation holds the kernels of one level.
type implementation struct {
	level   string
	float64 kernels[float64]
	float32 kernels[float32]
}

// implementations are those that this CPU runs, the best last.
var implementations = append([]implementation{{"portable", portable[float64](), portable[float32]()}}, vectorized()...)

// environment is the variable that asks for a level.
const environment = "RITZ_SIMD"

var active, activeErr = choose(os.Getenv(environment))

// choose returns the implementation of that level, or the best and why.
func choose(level string) (*implementation, error) {
	best := &implementations[len(implementations)-1]
	if level == "" {
		return best, nil
	}
	var names []string
	for i := range implementations {
		if implementations[i].level == level {
			return &implementations[i], nil
		}
		names = append(names, implementations[i].level)
	}
	return best, fmt.Errorf("%s=%s: this CPU runs %s; using %s", environment, level, strings.Join(names, ", "), best.level)
}

// Level names the implementation in use: portable, avx2 or avx512. It is the
// best that the CPU runs, or what the environment variable RITZ_SIMD asks for.
func Level() string { return active.level }

// Check returns an error if RITZ_SIMD asks for a level that does not exist or
// that the CPU cannot run; then the best is in use.
func Check() error { return activeErr }

// use returns the kernels in use for an element type.
func use[T Float]() *kernels[T] {
	if k, ok := any(&active.float64).(*kernels[T]); ok {
		return k
	}
	return any(&active.float32).(*kernels[T])
}
