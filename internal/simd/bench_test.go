package simd

import (
	"fmt"
	"testing"
)

// perSecond reports a rate in units of 1e9 a second.
func perSecond(b *testing.B, amount int, unit string) {
	b.ReportMetric(float64(amount)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), unit)
}

// eachImplementation runs a benchmark for every level and element type.
func eachImplementation(b *testing.B, run64 func(b *testing.B, k *kernels[float64]), run32 func(b *testing.B, k *kernels[float32])) {
	for i := range implementations {
		b.Run(implementations[i].level+"/float64", func(b *testing.B) { run64(b, &implementations[i].float64) })
		b.Run(implementations[i].level+"/float32", func(b *testing.B) { run32(b, &implementations[i].float32) })
	}
}

func BenchmarkPeak(b *testing.B) { eachImplementation(b, benchPeak[float64], benchPeak[float32]) }

func benchPeak[T Float](b *testing.B, k *kernels[T]) {
	for b.Loop() {
		k.multiplyAdds(1000)
	}
	perSecond(b, 1000*12*2*k.lanes, "GFLOP/s")
}

func filled[T Float](n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(i%17) / 8
	}
	return x
}

func BenchmarkProduct(b *testing.B) {
	eachImplementation(b, benchProduct[float64], benchProduct[float32])
}
func BenchmarkGradient(b *testing.B) {
	eachImplementation(b, benchGradient[float64], benchGradient[float32])
}
func BenchmarkVector(b *testing.B) { eachImplementation(b, benchVector[float64], benchVector[float32]) }
func BenchmarkElementary(b *testing.B) {
	eachImplementation(b, benchElementary[float64], benchElementary[float32])
}

// The layers of the usual networks; n is what stays in the L2 cache.
var layers = [][3]int{{20, 20, 256}, {20, 20, 1024}, {64, 64, 512}}

func benchProduct[T Float](b *testing.B, k *kernels[T]) {
	for _, s := range layers {
		m, n := s[0], s[2]
		x, y, z := filled[T](m*m), filled[T](m*n), filled[T](m*n)
		b.Run(fmt.Sprintf("%dx%dx%d", m, m, n), func(b *testing.B) {
			for b.Loop() {
				k.product(z, x, y, n, m, 1, n, m, m, n, false)
			}
			perSecond(b, 2*m*m*n, "GFLOP/s")
		})
	}
}

func benchGradient[T Float](b *testing.B, k *kernels[T]) {
	for _, s := range layers {
		m, n := s[0], s[2]
		x, y, z := filled[T](m*n), filled[T](m*n), filled[T](m*m)
		b.Run(fmt.Sprintf("%dx%dx%d", m, m, n), func(b *testing.B) {
			for b.Loop() {
				k.gradient(z, x, y, m, n, n, m, m, n)
			}
			perSecond(b, 2*m*m*n, "GFLOP/s")
		})
	}
}

func benchVector[T Float](b *testing.B, k *kernels[T]) {
	const n = 512
	x, y := filled[T](n), filled[T](n)
	b.Run("addScaled", func(b *testing.B) {
		for b.Loop() {
			k.addScaled(y, 1e-9, x)
		}
		perSecond(b, n, "Gelements/s")
	})
	b.Run("dot", func(b *testing.B) {
		for b.Loop() {
			k.dot(x, y)
		}
		perSecond(b, n, "Gelements/s")
	})
}

func benchElementary[T Float](b *testing.B, k *kernels[T]) {
	const n = 512
	x, y, z := filled[T](n), filled[T](n), filled[T](n)
	for _, f := range []struct {
		name string
		do   func(dst, x []T)
	}{{"exp", k.exp}, {"tanh", k.tanh}, {"sigmoid", k.sigmoid}, {"softplus", k.softplus},
		{"sincos", func(dst, x []T) { k.sinCos(dst, y, x) }}} {
		b.Run(f.name, func(b *testing.B) {
			for b.Loop() {
				f.do(z, x)
			}
			perSecond(b, n, "Gelements/s")
		})
	}
}

func BenchmarkGemm(b *testing.B) { eachImplementation(b, benchGemm[float64], benchGemm[float32]) }

func benchGemm[T Float](b *testing.B, k *kernels[T]) {
	for _, n := range []int{128, 512, 1024} {
		w := &Workspace[T]{kernels: k}
		x, y, z := filled[T](n*n), filled[T](n*n), filled[T](n*n)
		for i := range n {
			x[i*(n+1)] = T(n)
		}
		l, r, c := RowMajor(x, n, n), RowMajor(y, n, n), RowMajor(z, n, n)
		b.Run(fmt.Sprintf("gemm%d", n), func(b *testing.B) {
			for b.Loop() {
				w.Gemm(1, l, r, 0, c)
			}
			perSecond(b, 2*n*n*n, "GFLOP/s")
		})
		b.Run(fmt.Sprintf("syrk%d", n), func(b *testing.B) {
			for b.Loop() {
				w.Syrk(1, l, 0, c)
			}
			perSecond(b, n*n*n, "GFLOP/s")
		})
		b.Run(fmt.Sprintf("trsm%d", n), func(b *testing.B) {
			for b.Loop() {
				w.Trsm(l, r)
			}
			perSecond(b, n*n*n, "GFLOP/s")
		})
		b.Run(fmt.Sprintf("trsmRight%d", n), func(b *testing.B) {
			for b.Loop() {
				w.Trsm(l, r.T())
			}
			perSecond(b, n*n*n, "GFLOP/s")
		})
	}
}
