package simd

import (
	"fmt"
	"unsafe"
)

// MaxHalfWidth is the largest half-width of an operator of a Wave: order 8.
const MaxHalfWidth = 4

// Wave is a pressure and two velocities on a staggered grid: three fields of
// equal shape, rows Stride elements apart. The velocity vx[i] stands between
// p[i-1] and p[i], vy[i] between p[i-Stride] and p[i]. An operator of half-width
// m = len(X) takes differences of m pairs of neighbours, in order of distance:
//
//	vx[i] -= bx[i] Σ_k X[k] (p[i+k] - p[i-1-k])
//	vy[i] -= by[i] Σ_k Y[k] (p[i+kS] - p[i-(1+k)S]),   S = Stride
//	p[i]  -= κ[i] Σ_k PX[k] (vx[i+1+k] - vx[i-k]) + PY[k] (vy[i+(1+k)S] - vy[i-kS])
//
// In a uniform medium Bx, By and K are nil and stand for 1.
type Wave[T Float] struct {
	P, Vx, Vy    []T
	Bx, By, K    []T
	Stride       int
	X, Y, PX, PY []T

	weights [4 * MaxHalfWidth]T
	reach   int // in elements, of the farthest neighbour
}

// Ready must be called once the fields of w are set, before any sweep. It panics
// if their lengths do not fit.
func (w *Wave[T]) Ready() {
	m, n := len(w.X), len(w.P)
	if m < 1 || m > MaxHalfWidth || len(w.Y) != m || len(w.PX) != m || len(w.PY) != m {
		panic(fmt.Sprintf("simd: operators of half-widths %d, %d, %d, %d", m, len(w.Y), len(w.PX), len(w.PY)))
	}
	if len(w.Vx) != n || len(w.Vy) != n || w.Stride < 1 || w.Stride > n {
		panic("simd: fields of a wave differ in shape")
	}
	if medium := w.Bx != nil; medium && (len(w.Bx) != n || len(w.By) != n || len(w.K) != n) || !medium && (w.By != nil || w.K != nil) {
		panic("simd: the medium of a wave differs in shape from its fields")
	}
	for k, from := range [][]T{w.X, w.Y, w.PX, w.PY} {
		copy(w.weights[k*m:], from)
	}
	w.reach = m * w.Stride
}

// WaveRows is what a sweep updates: in each of Rows consecutive rows Xn
// elements of vx, then Yn of vy, then Pn of p, which in the first row begin at
// the positions X, Y and P.
type WaveRows struct {
	Rows                int
	X, Xn, Y, Yn, P, Pn int
	// Spill allows what lies before the X and after each row to be overwritten,
	// to the next whole vector: elements without meaning.
	Spill bool
}

// Sweep updates the rows one after the other. Every neighbour of what is
// updated must lie in the fields. Subnormal numbers are taken for zero, in
// assembly.
func (w *Wave[T]) Sweep(r WaveRows) {
	if r.Rows < 1 {
		return
	}
	for _, part := range [3][2]int{{r.X, r.Xn}, {r.Y, r.Yn}, {r.P, r.Pn}} {
		first, n := part[0], part[1]
		if n > 0 && (first < w.reach || n > w.Stride || (r.Rows-1)*w.Stride+first+n > len(w.P)-w.reach) {
			panic("simd: a sweep leaves the fields")
		}
	}
	use[T]().wave(w, r)
}

// waveRows is a kernel in assembly for one half-width; positions and the stride
// are in elements.
type waveRows[T Float] = func(p, vx, vy, bx, by, k, weights *T, stride, rows, x, xn, y, yn, at, pn int)

// fusedRows is one for whole vectors in one pass, the faces of vx m beyond the
// cells and those of vy m rows; head: a vector of vx before them.
type fusedRows[T Float] = func(p, vx, vy, bx, by, k, weights *T, stride, rows, at, vectors, head int)

// waveKernels are those by half-width; where there is no fused one, it is nil.
type waveKernels[T Float] struct {
	rows  [MaxHalfWidth]waveRows[T]
	fused [MaxHalfWidth]fusedRows[T]
}

// swept makes a sweep of the kernels for a uniform medium and for any.
func swept[T Float](lanes int, uniform, medium waveKernels[T]) func(w *Wave[T], r WaveRows) {
	return func(w *Wave[T], r WaveRows) {
		kernels, m := &uniform, len(w.X)
		if w.Bx != nil {
			kernels = &medium
		}
		p, vx, vy := unsafe.SliceData(w.P), unsafe.SliceData(w.Vx), unsafe.SliceData(w.Vy)
		bx, by, k := unsafe.SliceData(w.Bx), unsafe.SliceData(w.By), unsafe.SliceData(w.K)
		if fused := kernels.fused[m-1]; fused != nil && w.together(r, lanes) {
			fused(p, vx, vy, bx, by, k, &w.weights[0], w.Stride, r.Rows, r.P, (r.Pn+lanes-1)/lanes, r.P+m-r.X)
			return
		}
		kernels.rows[m-1](p, vx, vy, bx, by, k, &w.weights[0], w.Stride, r.Rows, r.X, r.Xn, r.Y, r.Yn, r.P, r.Pn)
	}
}

// together tells whether a fused kernel does the sweep: its faces follow the
// cells, in whole vectors or with leave to spill within the fields, and before
// them either are as they were or all that the first cell needs.
func (w *Wave[T]) together(r WaveRows, lanes int) bool {
	m := len(w.X)
	head := r.P + m - r.X
	if r.Pn < 1 || head != 0 && head != 2*m-1 || r.Xn != r.Pn+head || r.Yn != r.Pn || r.Y != r.P+m*w.Stride {
		return false
	}
	if (r.Pn%lanes > 0 || head > 0) && !r.Spill {
		return false
	}
	// The last vector ends within the farthest row of p, and a row has room for it.
	return r.P >= lanes && r.P+(r.Rows+2*m-2)*w.Stride+r.Pn+2*m+lanes <= len(w.P)
}

func portableWave[T Float](w *Wave[T], r WaveRows) {
	s := w.Stride
	for row := range r.Rows {
		x, y, p := r.X+row*s, r.Y+row*s, r.P+row*s
		portableDifferences(w.Vx, w.Bx, x, r.Xn, w.X, w.P, x, 1)
		portableDifferences(w.Vy, w.By, y, r.Yn, w.Y, w.P, y, s)
		portableDifferences(w.P, w.K, p, r.Pn, w.PX, w.Vx, p+1, 1)
		portableDifferences(w.P, w.K, p, r.Pn, w.PY, w.Vy, p+s, s)
	}
}

// portableDifferences computes dst -= coefficient Σ_k c[k] (u(k) - u(-1-k)) for n
// elements of dst from the first, neighbours of u at the position at being s
// elements apart.
func portableDifferences[T Float](dst, coefficient []T, first, n int, c, u []T, at, s int) {
	if n <= 0 {
		return
	}
	dst = dst[first : first+n]
	for k, c := range c {
		plus, minus := u[at+k*s:], u[at-(1+k)*s:]
		plus, minus = plus[:len(dst)], minus[:len(dst)]
		if coefficient == nil {
			for i := range dst {
				dst[i] -= c * (plus[i] - minus[i])
			}
			continue
		}
		coefficient := coefficient[first:]
		coefficient = coefficient[:len(dst)]
		for i := range dst {
			dst[i] -= coefficient[i] * (c * (plus[i] - minus[i]))
		}
	}
}

// WaveLayer updates the memory variables of a convolutional absorbing layer,
// one for each element of dst, and corrects dst by them,
//
//	ψ = b ψ + a D,   dst -= c ψ,   D = Σ_k w[k] (u[at+ks] - u[at-(1+k)s]),
//
// where at moves along with the element and the neighbours are s apart.
func WaveLayer[T Float](dst, psi, a, b, c, w, u []T, at, s int) {
	n, m := len(dst), len(w)
	if m < 1 || m > MaxHalfWidth || s < 1 || s > len(u) || at < m*s || at > len(u)-n-(m-1)*s {
		panic("simd: a layer leaves its field")
	}
	if n > 0 {
		use[T]().waveLayer(dst, psi[:n:len(psi)], a[:n:len(a)], b[:n:len(b)], c[:n:len(c)], w, u, at, s)
	}
}

func portableWaveLayer[T Float](dst, psi, a, b, c, w, u []T, at, s int) {
	for i := range dst {
		var d T
		for k, x := range w {
			d += x * (u[at+i+k*s] - u[at+i-(1+k)*s])
		}
		psi[i] = b[i]*psi[i] + a[i]*d
		dst[i] -= c[i] * psi[i]
	}
}

// layered makes a WaveLayer of the kernels by half-width.
func layered[T Float](kernels [MaxHalfWidth]func(dst, psi, a, b, c []T, u, weights *T, stride int)) func(dst, psi, a, b, c, w, u []T, at, s int) {
	return func(dst, psi, a, b, c, w, u []T, at, s int) {
		kernels[len(w)-1](dst, psi, a, b, c, &u[at], &w[0], s)
	}
}
