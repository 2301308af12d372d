package linalg_test

import (
	"errors"
	"fmt"

	"github.com/seed-0772dd2d/ritz/internal/linalg"
)

// Solves A x = b, grows A by a row, and meets a matrix that is not positive
// definite.
func Example() {
	w := linalg.NewWorkspace(0)
	a := linalg.RowMajor([]float64{
		4, 2, 0,
		2, 5, 2,
		0, 2, 5,
	}, 3, 3)
	c, err := w.Cholesky(a)
	if err != nil {
		fmt.Println(err)
		return
	}
	x := []float64{8, 18, 19}
	c.SolveVec(x)
	fmt.Printf("x = %.0f, log det A = %.4f\n", x, c.LogDet())

	grown, err := c.Append(w, linalg.RowMajor([]float64{0, 0, 2, 5}, 1, 4))
	if err != nil {
		fmt.Println(err)
		return
	}
	x = []float64{8, 18, 27, 26}
	grown.SolveVec(x)
	fmt.Printf("x = %.0f\n", x)

	_, err = c.Append(w, linalg.RowMajor([]float64{0, 0, 2, 0}, 1, 4))
	var bad *linalg.NotPositiveDefiniteError
	fmt.Println(errors.As(err, &bad), err)
	// Output:
	// x = [1 2 3], log det A = 4.1589
	// x = [1 2 3 4]
	// true linalg: matrix is not positive definite: pivot 3 is -1: must be positive and finite
}
