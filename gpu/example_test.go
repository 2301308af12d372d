package gpu_test

import (
	"errors"
	"fmt"

	"github.com/seed-0772dd2d/ritz/gpu"
)

const axpy = `
KERNEL axpy(GLOBAL const real *RESTRICT x, GLOBAL real *RESTRICT y, const real a, const int n)
{
	const int i = GLOBAL_ID(0);
	if (i < n)
		y[i] += a * x[i];
}
`

// y = a x + y in single precision, on the first device, or without one on the processor.
func Example() {
	x, y := []float32{1, 2, 3}, []float32{10, 20, 30}
	err := saxpy(2, x, y)
	if errors.Is(err, gpu.ErrNoBackend) || errors.Is(err, gpu.ErrNoDevice) {
		for i := range y {
			y[i] += 2 * x[i]
		}
	} else if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(y)
	// Output: [12 24 36]
}

func saxpy(a float64, x, y []float32) error {
	d, err := gpu.Open("auto")
	if err != nil {
		return err
	}
	defer d.Close() // and all that is made on it
	m, err := d.Compile(gpu.Source{Name: "axpy.c", Text: axpy})
	if err != nil {
		return err
	}
	k, err := m.Kernel("axpy")
	if err != nil {
		return err
	}
	q, err := d.NewQueue()
	if err != nil {
		return err
	}
	n := len(x)
	xs, err := gpu.NewBuffer[float32](d, n)
	if err != nil {
		return err
	}
	ys, err := gpu.NewBuffer[float32](d, n)
	if err != nil {
		return err
	}
	if err := gpu.Write(q, xs, 0, x); err != nil {
		return err
	}
	if err := gpu.Write(q, ys, 0, y); err != nil {
		return err
	}
	if err := q.Launch(k, gpu.Over(n, 64), gpu.Mem(xs), gpu.Mem(ys), gpu.Real(a), gpu.Int(int32(n))); err != nil {
		return err
	}
	return gpu.Read(q, y, ys, 0)
}
