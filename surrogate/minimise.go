package surrogate

import (
	"context"
	"fmt"

	"github.com/seed-0772dd2d/ritz/sampling"
)

// Minimise finds the least value of a model on the box [lower, upper], or with
// maximise the greatest. A model costs next to nothing, so that this takes many
// values and no gradient: it starts at the best of 2^16 points of the Sobol
// sequence and searches a box about the best point so far, of twice the width where
// that brings a better one and of half where not, down to 2^-40 of the domain. What leaves the
// domain is put on its side. Of several outputs it takes the first.
func Minimise(ctx context.Context, m Model, lower, upper []float64, maximise bool, seed uint64) (x []float64, y float64, err error) {
	const first, more, least = 1 << 16, 32, 0x1p-40
	inputs, _ := m.Dims()
	if err := checkBox(lower, upper, inputs); err != nil {
		return nil, 0, err
	}
	sobol, err := sampling.NewSobol(inputs)
	if err == nil {
		sobol, err = sobol.Scrambled(sampling.Owen, seed)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrSettings, err)
	}
	sign := 1.0
	if maximise {
		sign = -1
	}
	next := uint64(0)
	points, values := make([]float64, first*inputs), make([]float64, first)
	// search moves to the best of the next n points in a box of that width about x.
	search := func(n int, width float64) (better bool, err error) {
		points, values := points[:n*inputs], values[:n]
		if err := sobol.Fill(points, next); err != nil {
			return false, err
		}
		next += uint64(n)
		for i, u := range points {
			j := i % inputs
			points[i] = lower[j] + u*(upper[j]-lower[j])
			if x != nil {
				points[i] = min(max(x[j]+width*(u-0.5)*(upper[j]-lower[j]), lower[j]), upper[j])
			}
		}
		if err := (ModelEvaluator{m}).Evaluate(ctx, points, n, values, nil); err != nil {
			return false, err
		}
		for i, v := range values {
			if x == nil || sign*v < sign*y {
				x, y, better = append(x[:0:0], points[i*inputs:(i+1)*inputs]...), v, true
			}
		}
		return better, nil
	}
	if _, err := search(first, 1); err != nil {
		return nil, 0, err
	}
	for width, rounds := 0.25, 0; width > least && rounds < 10_000; rounds++ {
		better, err := search(min(more*inputs, first), width)
		if err != nil {
			return nil, 0, err
		}
		if better {
			width = min(2*width, 0.25)
		} else {
			width /= 2
		}
	}
	return x, y, nil
}
