package bench

import (
	"math/rand/v2"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

const tanhName = "tanh"

// functionTasks times elementary functions of arguments in [-2, 2], as units
// of a network see them, in the L1 cache.
func functionTasks[T simd.Float](counts []int) []task {
	const n = 1024
	var tasks []task
	for _, f := range []struct {
		name string
		do   func(y, z, x []T)
	}{
		{tanhName, func(y, _, x []T) { simd.Tanh(y, x) }},
		{"exp", func(y, _, x []T) { simd.Exp(y, x) }},
		{"sincos", func(y, z, x []T) { simd.SinCos(y, z, x) }},
		{"sigmoid", func(y, _, x []T) { simd.Sigmoid(y, x) }},
	} {
		w := Work{Group: groupFunction, Name: f.name, Precision: precision[T]()}
		tasks = append(tasks, everywhere(w, counts, rate(n), func(threads int) func(int) error {
			y, z, x := buffers[T](threads, n), buffers[T](threads, n), buffers[T](threads, n)
			return func(repeat int) error {
				parallel(threads, func(t int) {
					for range repeat {
						f.do(y[t], z[t], x[t])
					}
				})
				return nil
			}
		})...)
	}
	return tasks
}

// buffers are n numbers in [-2, 2] for each thread.
func buffers[T simd.Float](threads, n int) [][]T {
	rng := rand.New(rand.NewPCG(1, 2))
	all := make([][]T, threads)
	for t := range all {
		all[t] = make([]T, n)
		for i := range all[t] {
			all[t][i] = T(4*rng.Float64() - 2)
		}
	}
	return all
}
