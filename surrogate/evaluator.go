package surrogate

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// Func is a Go function as an [Evaluator]. It is called from up to GOMAXPROCS
// goroutines at once and must neither modify nor keep x. A value that is not
// finite counts as a failure, and so does a panic. Calls under way when the
// context is done are waited for: a function that takes long should be an
// Evaluator of its own and watch the context.
type Func func(x []float64) (float64, error)

// Evaluate calls the function at each of the n rows of x.
func (f Func) Evaluate(ctx context.Context, x []float64, n int, y []float64, errs []error) error {
	if f == nil {
		return fmt.Errorf("%w: the function is nil", ErrSettings)
	}
	d, err := evaluatorRows(x, n, y, errs)
	if err != nil {
		return err
	}
	return evaluateEach(ctx, n, runtime.GOMAXPROCS(0), y, errs, func(i int) (float64, error) {
		return f.call(x[i*d : (i+1)*d : (i+1)*d])
	})
}

func (f Func) call(x []float64) (y float64, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the function panicked: %v", r)
		}
	}()
	return f(x)
}

// evaluateEach calls f for 0 ... n-1 on some goroutines and writes what it
// returns to y and errs; y is NaN where there is an error. Once ctx is done it
// calls f no more, and the error of what is left is ctx.Err().
func evaluateEach(ctx context.Context, n, workers int, y []float64, errs []error, f func(i int) (float64, error)) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	work := func() {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			if y[i], errs[i] = math.NaN(), ctx.Err(); errs[i] != nil {
				continue
			}
			v, err := f(i)
			if err == nil {
				err = checkValue(v)
			}
			if errs[i] = err; err == nil {
				y[i] = v
			}
		}
	}
	for range min(workers, n) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	return ctx.Err()
}

// checkValue requires the value of a function to be finite.
func checkValue(v float64) error {
	if v-v != 0 {
		return fmt.Errorf("the value is %g, want a finite number", v)
	}
	return nil
}

// evaluatorRows returns the number of inputs of the n rows of x.
func evaluatorRows(x []float64, n int, y []float64, errs []error) (inputs int, err error) {
	switch {
	case n < 0 || n == 0 && len(x) > 0 || n > 0 && (len(x) == 0 || len(x)%n != 0):
		return 0, fmt.Errorf("%w: %d values of x are not %d rows", ErrShape, len(x), n)
	case len(y) != n || len(errs) != n:
		return 0, fmt.Errorf("%w: room for %d values and %d errors at %d points", ErrShape, len(y), len(errs), n)
	case n == 0:
		return 0, nil
	}
	return len(x) / n, nil
}
