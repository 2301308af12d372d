package bench

import (
	"fmt"

	"github.com/seed-0772dd2d/ritz/internal/linalg"
)

// choleskyTasks times the factorisation of a matrix, its copying included, in
// n³/3 operations.
func choleskyTasks(counts []int, order int) []task {
	a := buffers[float64](1, order*order)[0]
	for i := range order {
		a[i*order+i] = float64(3 * order) // far above the sum of what stands beside it
	}
	w := Work{Group: groupProduct, Name: fmt.Sprintf("Cholesky %d", order), Precision: precision[float64]()}
	value := func(_ int, seconds float64) float64 {
		return float64(order) * float64(order) * float64(order) / 3 / seconds / 1e9
	}
	l := make([]float64, len(a))
	return everywhere(w, counts, value, func(threads int) func(int) error {
		ws := linalg.NewWorkspace(threads)
		return func(repeat int) error {
			for range repeat {
				copy(l, a)
				if _, err := ws.Cholesky(linalg.RowMajor(l, order, order)); err != nil {
					return err
				}
			}
			return nil
		}
	})
}
