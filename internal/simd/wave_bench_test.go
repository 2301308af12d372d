package simd

import (
	"fmt"
	"testing"
)

// BenchmarkWave sweeps a tile that stays in the second-level cache.
func BenchmarkWave(b *testing.B) {
	b.Run("float64", benchmarkWave[float64])
	b.Run("float32", benchmarkWave[float32])
}

func benchmarkWave[T Float](b *testing.B) {
	for _, shape := range [][2]int{{128, 64}, {256, 32}, {512, 16}, {4096, 64}} {
		for m := 1; m <= MaxHalfWidth; m++ {
			nx, ny := shape[0], shape[1]
			stride := nx + 32
			n := stride * (ny + 4*MaxHalfWidth)
			w := Wave[T]{P: make([]T, n), Vx: make([]T, n+176)[176-m : n+176-m], Vy: make([]T, n+352)[352:], Stride: stride}
			c := make([]T, m)
			for k := range c {
				c[k] = 0.1
			}
			for i := range w.P {
				w.P[i] = T(i % 17)
			}
			w.X, w.Y, w.PX, w.PY = c, c, c, c
			w.Ready()
			at := (MaxHalfWidth+1)*stride + 16
			b.Run(fmt.Sprintf("%dx%d/order%d", nx, ny, 2*m), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					w.Sweep(WaveRows{Rows: ny, X: at + m, Xn: nx, Y: at + m*stride, Yn: nx, P: at, Pn: nx})
					w.P[at] = 1
				}
				b.ReportMetric(float64(nx*ny)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gcell/s")
			})
		}
	}
}
