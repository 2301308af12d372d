package simd

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWave(t *testing.T) { each(t, testWave[float64], testWave[float32]) }

// Sweeps over whole numbers against the formulas of Wave, which are exact then:
// every half-width, all lengths around a vector's, with and without a medium,
// shapes of any kind and those that are swept in one pass, also with leave to
// spill, where what lies beside the rows does not count.
func testWave[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for m := 1; m <= MaxHalfWidth; m++ {
		for n := range 40 {
			const rows = 3
			const lanes = 16
			stride := n + 2*(m+lanes) + 1 + rng.IntN(3)
			size := stride * (rows + 3*m + 3)
			small := func(n, bound int) []T {
				x := make([]T, n)
				for i := range x {
					x[i] = T(rng.IntN(2*bound+1) - bound)
				}
				return x
			}
			for _, shape := range []struct{ medium, onePass, spill bool }{{}, {medium: true}, {onePass: true}, {true, true, false}, {false, true, true}, {true, true, true}} {
				medium := shape.medium
				w := Wave[T]{P: small(size, 3), Vx: small(size, 3), Vy: small(size, 3), Stride: stride}
				if medium {
					w.Bx, w.By, w.K = small(size, 1), small(size, 1), small(size, 1)
				}
				w.X, w.Y, w.PX, w.PY = small(m, 2), small(m, 2), small(m, 2), small(m, 2)
				w.Ready()
				first := (m+1)*stride + m + lanes
				r := WaveRows{Rows: rows, P: first, Pn: n, X: first + 1, Xn: max(n-2, 0), Y: first + stride, Yn: max(n-3, 0)}
				if shape.onePass {
					head := rng.IntN(2 * m)
					r.X, r.Xn, r.Y, r.Yn = first+m-head, n+head, first+m*stride, n
					r.Spill = shape.spill
				}
				p, vx, vy := append([]T{}, w.P...), append([]T{}, w.Vx...), append([]T{}, w.Vy...)
				factor := func(c []T, i int) T {
					if medium {
						return c[i]
					}
					return 1
				}
				for row := range rows {
					for j := range r.Xn {
						i := r.X + row*stride + j
						for k := range m {
							vx[i] -= factor(w.Bx, i) * w.X[k] * (p[i+k] - p[i-1-k])
						}
					}
					for j := range r.Yn {
						i := r.Y + row*stride + j
						for k := range m {
							vy[i] -= factor(w.By, i) * w.Y[k] * (p[i+k*stride] - p[i-(1+k)*stride])
						}
					}
					for j := range r.Pn {
						i := r.P + row*stride + j
						for k := range m {
							p[i] -= factor(w.K, i) * (w.PX[k]*(vx[i+1+k]-vx[i-k]) + w.PY[k]*(vy[i+(1+k)*stride]-vy[i-k*stride]))
						}
					}
				}
				w.Sweep(r)
				if shape.spill {
					for row := range rows {
						at := row * stride
						copy(vx[at+r.X-lanes:at+r.X], w.Vx[at+r.X-lanes:])
						copy(vx[at+r.X+r.Xn:][:lanes], w.Vx[at+r.X+r.Xn:])
						copy(vy[at+r.Y+r.Yn:][:lanes], w.Vy[at+r.Y+r.Yn:])
						copy(p[at+r.P+r.Pn:][:lanes], w.P[at+r.P+r.Pn:])
					}
				}
				require.Equal(t, vx, w.Vx, "vx: half-width %d, %d elements, %+v", m, n, shape)
				require.Equal(t, vy, w.Vy, "vy: half-width %d, %d elements, %+v", m, n, shape)
				require.Equal(t, p, w.P, "p: half-width %d, %d elements, %+v", m, n, shape)
			}
		}
	}
}

func TestWaveLayer(t *testing.T) { each(t, testWaveLayer[float64], testWaveLayer[float32]) }

func testWaveLayer[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for m := 1; m <= MaxHalfWidth; m++ {
		for n := range 40 {
			s := 1 + rng.IntN(50)
			u, w := integers[T](rng, n+2*m*s), integers[T](rng, m)
			for k := range w {
				w[k] = T(int(w[k]) % 3)
			}
			a, b, c := integers[T](rng, n), integers[T](rng, n), integers[T](rng, n)
			for i := range a {
				a[i], b[i], c[i] = T(int(a[i])%3), T(int(b[i])%3), T(int(c[i])%3)
			}
			dst, psi := newGuarded(integers[T](rng, n)...), newGuarded(integers[T](rng, n)...)
			at := m * s
			want, wantPsi := append([]T{}, dst.data...), append([]T{}, psi.data...)
			for i := range want {
				var d T
				for k := range w {
					d += w[k] * (u[at+i+k*s] - u[at+i-(1+k)*s])
				}
				wantPsi[i] = b[i]*wantPsi[i] + a[i]*d
				want[i] -= c[i] * wantPsi[i]
			}
			WaveLayer(dst.data, psi.long(), a, b, c, w, u, at, s)
			require.Equal(t, want, dst.data, "half-width %d, %d elements", m, n)
			require.Equal(t, wantPsi, psi.data)
			dst.requireIntact(t)
			psi.requireIntact(t)
		}
	}
}

// In assembly subnormal numbers are taken for zero, and the setting of the
// processor is as before when a sweep is over.
func TestWaveFlushesSubnormals(t *testing.T) {
	each(t, testWaveSubnormal[float64], testWaveSubnormal[float32])
}

func testWaveSubnormal[T Float](t *testing.T) {
	tiny := fromBits[T](1)
	n := 20 * 7
	w := Wave[T]{P: make([]T, n), Vx: make([]T, n), Vy: make([]T, n), Stride: 20, X: []T{1}, Y: []T{1}, PX: []T{1}, PY: []T{1}}
	for i := range w.P {
		w.Vx[i] = T(i) * tiny
	}
	w.Ready()
	w.Sweep(WaveRows{Rows: 2, P: 41, Pn: 9})
	if Level() != "portable" {
		require.Zero(t, w.P[45])
	} else {
		require.Equal(t, -tiny, w.P[45])
	}
	half := tiny * 2
	require.Equal(t, tiny, half/2)
}

func TestWavePanics(t *testing.T) {
	make3 := func() Wave[float64] {
		return Wave[float64]{P: make([]float64, 100), Vx: make([]float64, 100), Vy: make([]float64, 100), Stride: 10,
			X: []float64{1}, Y: []float64{1}, PX: []float64{1}, PY: []float64{1}}
	}
	for _, spoil := range []func(w *Wave[float64]){
		func(w *Wave[float64]) { w.X = nil },
		func(w *Wave[float64]) { w.PY = make([]float64, 2) },
		func(w *Wave[float64]) {
			w.X, w.Y, w.PX, w.PY = make([]float64, 5), make([]float64, 5), make([]float64, 5), make([]float64, 5)
		},
		func(w *Wave[float64]) { w.Vx = w.Vx[:99] },
		func(w *Wave[float64]) { w.Bx = w.Vx },
		func(w *Wave[float64]) { w.K = w.Vx },
		func(w *Wave[float64]) { w.Stride = 0 },
	} {
		w := make3()
		spoil(&w)
		require.Panics(t, func() { w.Ready() })
	}
	w := make3()
	w.Ready()
	require.NotPanics(t, func() { w.Sweep(WaveRows{Rows: 8, P: 11, Pn: 8, X: 12, Xn: 7, Y: 11, Yn: 8}) })
	for _, r := range []WaveRows{{Rows: 1, P: 9, Pn: 1}, {Rows: 9, P: 11, Pn: 8}, {Rows: 1, X: 85, Xn: 7}, {Rows: 1, Y: 11, Yn: 11}} {
		require.Panics(t, func() { w.Sweep(r) }, "%+v", r)
	}
}
