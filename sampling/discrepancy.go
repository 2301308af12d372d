package sampling

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// Discrepancy is a measure of how far the share of n points in a box of the
// unit cube is from its volume, in the mean square over boxes of some kind.
type Discrepancy string

// In the formulas sums over i and k run over points, products over coordinates j,
// and z = x - 1/2.
const (
	// Centred discrepancy C^2, over boxes with a corner in common with the
	// cube:
	//
	//	(13/12)^d - 2/n sum_i prod (1 + |z_ij|/2 - z_ij^2/2)
	//	          + 1/n^2 sum_i sum_k prod (1 + |z_ij|/2 + |z_kj|/2 - |x_ij - x_kj|/2)
	//
	// Source: Hickernell, Math. Comp. 67 (1998) 299-322.
	Centred Discrepancy = "centred"

	// WrapAround discrepancy W^2, over boxes of the torus:
	//
	//	-(4/3)^d + 1/n^2 sum_i sum_k prod (3/2 - |x_ij - x_kj| (1 - |x_ij - x_kj|))
	//
	// Source: Hickernell 1998, in Monte Carlo and Quasi-Monte Carlo Methods.
	WrapAround Discrepancy = "wrap_around"

	// Mixture discrepancy M^2, of the two before:
	//
	//	(19/12)^d - 2/n sum_i prod (5/3 - |z_ij|/4 - z_ij^2/4)
	//	          + 1/n^2 sum_i sum_k prod (15/8 - |z_ij|/4 - |z_kj|/4 - 3/4 |x_ij - x_kj| + |x_ij - x_kj|^2/2)
	//
	// Source: Zhou, Fang and Ning, J. Complexity 29 (2013) 283-301.
	Mixture Discrepancy = "mixture"

	// L2Star discrepancy, over boxes with a corner at the origin; not the
	// square but the root of
	//
	//	3^-d - 2^(1-d)/n sum_i prod (1 - x_ij^2) + 1/n^2 sum_i sum_k prod (1 - max(x_ij, x_kj))
	//
	// Source: Warnock 1972, in Applications of Number Theory to Numerical Analysis.
	L2Star Discrepancy = "l2_star"
)

// Discrepancies returns the names of all discrepancies.
func Discrepancies() []Discrepancy { return []Discrepancy{Centred, WrapAround, Mixture, L2Star} }

// kernel is a discrepancy as constant + 1/n sum_i one(x_i) + 1/n^2 sum_i sum_k
// pair(x_i, x_k).
type kernel struct {
	constant func(d float64) float64
	one      func(x []float64) float64
	pair     func(x, y []float64) float64
}

var kernels = map[Discrepancy]kernel{
	Centred: {
		func(d float64) float64 { return math.Pow(13./12, d) },
		func(x []float64) float64 {
			p := -2.
			for _, u := range x {
				z := math.Abs(u - 0.5)
				p *= 1 + 0.5*z*(1-z)
			}
			return p
		},
		func(x, y []float64) float64 {
			p, y := 1., y[:len(x)]
			for j, u := range x {
				p *= centredFactor(u, y[j])
			}
			return p
		},
	},
	WrapAround: {
		func(d float64) float64 { return -math.Pow(4./3, d) },
		func([]float64) float64 { return 0 },
		func(x, y []float64) float64 {
			p, y := 1., y[:len(x)]
			for j, u := range x {
				a := math.Abs(u - y[j])
				p *= 1.5 - a*(1-a)
			}
			return p
		},
	},
	Mixture: {
		func(d float64) float64 { return math.Pow(19./12, d) },
		func(x []float64) float64 {
			p := -2.
			for _, u := range x {
				z := math.Abs(u - 0.5)
				p *= 5./3 - 0.25*z*(1+z)
			}
			return p
		},
		func(x, y []float64) float64 {
			p, y := 1., y[:len(x)]
			for j, u := range x {
				a := math.Abs(u - y[j])
				p *= 1.875 - 0.25*(math.Abs(u-0.5)+math.Abs(y[j]-0.5)) - a*(0.75-0.5*a)
			}
			return p
		},
	},
	L2Star: {
		func(d float64) float64 { return math.Pow(3, -d) },
		func(x []float64) float64 {
			p := -2.
			for _, u := range x {
				p *= 0.5 * (1 - u*u)
			}
			return p
		},
		func(x, y []float64) float64 {
			p, y := 1., y[:len(x)]
			for j, u := range x {
				p *= 1 - max(u, y[j])
			}
			return p
		},
	},
}

func centredFactor(u, v float64) float64 {
	return 1 + 0.5*(math.Abs(u-0.5)+math.Abs(v-0.5)-math.Abs(u-v))
}

// Of returns the discrepancy of points in the unit cube, rows of dim
// coordinates. It takes O(n^2 dim) on as many threads, 0 standing for all;
// their number does not change a bit of the result. It is an error if there
// are no points, or one is outside the unit cube.
func (k Discrepancy) Of(ctx context.Context, points []float64, dim, threads int) (float64, error) {
	f, ok := kernels[k]
	if !ok {
		return 0, fmt.Errorf("sampling: discrepancy %q is none of %q", k, Discrepancies())
	}
	n, err := unitRows(points, dim)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, fmt.Errorf("sampling: the discrepancy of no points")
	}
	sums := make([]float64, n)
	err = eachRow(ctx, n, threads, func(i int) {
		x, sum := points[i*dim:(i+1)*dim], 0.
		for rest := points[(i+1)*dim:]; len(rest) > 0; rest = rest[dim:] {
			sum += f.pair(x, rest[:dim])
		}
		sums[i] = float64(n)*f.one(x) + f.pair(x, x) + 2*sum
	})
	sum := 0.
	for _, s := range sums {
		sum += s
	}
	square := f.constant(float64(dim)) + sum/float64(n)/float64(n)
	if k == L2Star {
		square = math.Sqrt(max(square, 0))
	}
	return square, err
}

// MinDistance returns the smallest distance of two of the points, rows of dim
// coordinates; infinity if there are fewer than two. It takes O(n^2 dim) on as
// many threads, 0 standing for all.
func MinDistance(ctx context.Context, points []float64, dim, threads int) (float64, error) {
	n, err := rows(points, dim)
	if err != nil {
		return 0, err
	}
	nearest := make([]float64, n)
	err = eachRow(ctx, n, threads, func(i int) {
		x := points[i*dim : (i+1)*dim]
		nearest[i] = math.Inf(1)
		for rest := points[(i+1)*dim:]; len(rest) > 0; rest = rest[dim:] {
			nearest[i] = min(nearest[i], squaredDistance(x, rest[:dim]))
		}
	})
	least := math.Inf(1)
	for _, d := range nearest {
		least = min(least, d)
	}
	return math.Sqrt(least), err
}

// eachRow calls do for 0 ... n-1 on as many threads until ctx is cancelled.
func eachRow(ctx context.Context, n, threads int, do func(i int)) error {
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(threads, n) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	group.Wait()
	return ctx.Err()
}

// unitRows is rows for points that must be in the closed unit cube.
func unitRows(points []float64, dim int) (int, error) {
	n, err := rows(points, dim)
	if err != nil {
		return 0, err
	}
	for i, u := range points {
		if !(u >= 0 && u <= 1) {
			return 0, fmt.Errorf("sampling: coordinate %d of point %d is %g, outside [0, 1]", i%dim, i/dim, u)
		}
	}
	return n, nil
}
