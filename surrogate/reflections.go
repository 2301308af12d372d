package surrogate

import (
	"math"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// reflections are the orthogonal H = H_1 H_2 ... H_t, H_j = I - τ_j v_j v_jᵀ, of
// P = H [R; 0], P n x t: the columns of H past the first t span the complement of
// those of P.
type reflections struct {
	n, t int
	v    []float64 // v_j, one after the other, zero before its element j
	tau  []float64
	r    []float64 // R, t x t
}

// reflect factors P, n x t row-major with n >= t. It reports false if its columns
// are dependent to rounding.
func reflect(p []float64, n, t int) (*reflections, bool) {
	h := &reflections{n: n, t: t, v: make([]float64, n*t), tau: make([]float64, t), r: make([]float64, t*t)}
	for i := range n {
		for j := range t {
			h.v[j*n+i] = p[i*t+j]
		}
	}
	full := true
	for j := range t {
		v := h.v[j*n : (j+1)*n]
		norm := math.Sqrt(simd.Dot(v, v))
		for i := range j {
			h.apply(v, i)
			h.r[i*t+j] = v[i]
		}
		clear(v[:j])
		length := math.Sqrt(simd.Dot(v, v))
		full = full && length > 1e-11*norm
		if length == 0 {
			continue
		}
		length = math.Copysign(length, v[j])
		h.r[j*t+j] = -length
		v[j] += length
		h.tau[j] = 2 / simd.Dot(v, v)
	}
	return h, full
}

// apply computes x = H_j x.
func (h *reflections) apply(x []float64, j int) {
	v := h.v[j*h.n : (j+1)*h.n]
	simd.AddScaled(x, -h.tau[j]*simd.Dot(v, x), v)
}

// transpose computes x = Hᵀ x.
func (h *reflections) transpose(x []float64) {
	for j := range h.t {
		h.apply(x, j)
	}
}

// multiply computes x = H x.
func (h *reflections) multiply(x []float64) {
	for j := h.t - 1; j >= 0; j-- {
		h.apply(x, j)
	}
}

// reduce computes Hᵀ A H of a symmetric A, n x n, of which both triangles are read
// and written.
func (h *reflections) reduce(a []float64) {
	w := make([]float64, h.n)
	for j := range h.t {
		h.both(a, w, j)
	}
}

// restore computes H A Hᵀ, as reduce does.
func (h *reflections) restore(a []float64) {
	w := make([]float64, h.n)
	for j := h.t - 1; j >= 0; j-- {
		h.both(a, w, j)
	}
}

// both computes H_j A H_j = A - v wᵀ - w vᵀ with w = τ (A v - τ/2 (vᵀA v) v).
func (h *reflections) both(a, w []float64, j int) {
	n, v, tau := h.n, h.v[j*h.n:(j+1)*h.n], h.tau[j]
	inBlocks(n, func(first, last int) {
		for i := first; i < last; i++ {
			w[i] = tau * simd.Dot(a[i*n:(i+1)*n], v)
		}
	})
	simd.AddScaled(w, -tau/2*simd.Dot(v, w), v)
	inBlocks(n, func(first, last int) {
		for i := first; i < last; i++ {
			row := a[i*n : (i+1)*n]
			simd.AddScaled(row, -v[i], w)
			simd.AddScaled(row, -w[i], v)
		}
	})
}
