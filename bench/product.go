package bench

import (
	"fmt"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// productTasks times the square matrix product and those of a hidden layer of
// 20 and of 64 units: forward, transposed (reverse, to the inputs) and gradient
// (reverse, to the weights).
func productTasks[T simd.Float](counts []int, order int) []task {
	// Four Taylor coefficients at 64 points: a block that stays in the L2 cache.
	const columns = 4 * 64
	w := Work{Group: groupProduct, Name: fmt.Sprintf("square %d", order), Precision: precision[T]()}
	operations := 2 * float64(order) * float64(order) * float64(order)
	value := func(_ int, seconds float64) float64 { return operations / seconds / 1e9 }
	tasks := everywhere(w, counts, value, func(threads int) func(int) error { return squareProduct[T](threads, order) })
	for _, units := range []int{20, 64} {
		for _, p := range []struct {
			name string
			do   func(matrix, x, y []T)
		}{
			{"forward", func(matrix, x, y []T) { simd.MatMul(y, matrix, x, units, units, columns) }},
			{"transposed", func(matrix, x, y []T) { simd.MatMulT(y, matrix, x, units, units, columns) }},
			{"gradient", func(matrix, x, y []T) { simd.AddMatMulBT(matrix, x, y, units, units, columns) }},
		} {
			w.Name = fmt.Sprintf("%s %dx%d, %d columns", p.name, units, units, columns)
			tasks = append(tasks, everywhere(w, counts, rate(float64(2*units*units*columns)), func(threads int) func(int) error {
				matrix, x, y := buffers[T](threads, units*units), buffers[T](threads, units*columns), buffers[T](threads, units*columns)
				return func(repeat int) error {
					parallel(threads, func(t int) {
						for range repeat {
							p.do(matrix[t], x[t], y[t])
						}
					})
					return nil
				}
			})...)
		}
	}
	return tasks
}

// squareProduct multiplies two matrices, the rows of the product dealt to the
// threads.
func squareProduct[T simd.Float](threads, order int) func(repeat int) error {
	data := buffers[T](3, order*order)
	a, b, c := simd.RowMajor(data[0], order, order), simd.RowMajor(data[1], order, order), simd.RowMajor(data[2], order, order)
	workspaces := make([]simd.Workspace[T], threads)
	return func(repeat int) error {
		for range repeat {
			parallel(threads, func(t int) {
				first, end := share(order, t, threads)
				workspaces[t].Gemm(1, a.Part(first, 0, end-first, order), b, 0, c.Part(first, 0, end-first, order))
			})
		}
		return nil
	}
}
