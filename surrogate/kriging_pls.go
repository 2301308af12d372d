package surrogate

import (
	"fmt"
	"math"
	"slices"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// partialLeastSquares finds the directions along which inputs X, a row of n an
// input, go with the outputs y. From the centred and scaled inputs and outputs,
// for h = 1, 2, ...
//
//	w = Xᵀy/|Xᵀy|,   t = X w,   p = Xᵀt/tᵀt,   X ← X - t pᵀ,   y ← y - t (yᵀt)/tᵀt,
//
// and the components are the columns c of W (PᵀW)⁻¹, for which t = X c with the
// inputs as they were at first: for each the d weights, scaled to a largest of 1.
// There may be fewer, where nothing is left of y to explain.
//
// Source: Bouhlel, Bartoli, Otsmane and Morlier, Improving Kriging surrogates of
// high-dimensional design models by partial least squares dimension reduction,
// Struct. Multidiscip. Optim. 53 (2016) 935-952.
func partialLeastSquares(x, y []float64, d, count int) ([][]float64, error) {
	if count >= d {
		return nil, fmt.Errorf("%w: %d components for %d inputs, want fewer", ErrSettings, count, d)
	}
	n := len(y)
	x, y = slices.Clone(x), slices.Clone(y)
	for l := range d {
		standardise(x[l*n : (l+1)*n])
	}
	standardise(y)
	var w, p, components [][]float64
	t := make([]float64, n)
	first := 0.0
	for h := range count {
		wh, ph := make([]float64, d), make([]float64, d)
		norm := 0.0
		for l := range d {
			wh[l] = simd.Dot(x[l*n:(l+1)*n], y)
			norm = math.Hypot(norm, wh[l])
		}
		if h == 0 {
			first = norm
		}
		if !(norm > 1e-10*first) {
			break
		}
		clear(t)
		for l := range d {
			wh[l] /= norm
			simd.AddScaled(t, wh[l], x[l*n:(l+1)*n])
		}
		tt := simd.Dot(t, t)
		for l := range d {
			row := x[l*n : (l+1)*n]
			ph[l] = simd.Dot(row, t) / tt
			simd.AddScaled(row, -ph[l], t)
		}
		simd.AddScaled(y, -simd.Dot(y, t)/tt, t)

		// c = w_h - Σ_k c_k p_kᵀ w_h, as PᵀW is upper triangular with a diagonal of 1.
		c := slices.Clone(wh)
		for k := range w {
			simd.AddScaled(c, -simd.Dot(p[k], wh), components[k])
		}
		w, p, components = append(w, wh), append(p, ph), append(components, c)
	}
	if len(components) == 0 {
		// Outputs that no input goes with: all inputs alike.
		return [][]float64{constant(1, d)}, nil
	}
	for _, c := range components {
		largest := 0.0
		for _, v := range c {
			largest = max(largest, math.Abs(v))
		}
		simd.Scale(c, 1/largest, c)
	}
	return components, nil
}

// standardise gives the values the mean 0 and the variance 1, or 0 where they are
// constant.
func standardise(v []float64) {
	mean := simd.Sum(v) / float64(len(v))
	simd.AddConst(v, -mean)
	if norm := math.Sqrt(simd.Dot(v, v) / float64(len(v))); norm > 1e-14*math.Abs(mean) {
		simd.Scale(v, 1/norm, v)
	} else {
		clear(v)
	}
}
