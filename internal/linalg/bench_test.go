package linalg

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func normals(seed uint64, rows, cols int) Matrix {
	rng := rand.New(rand.NewPCG(seed, 0))
	x := make([]float64, rows*cols)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return RowMajor(x, rows, cols)
}

// dominant is symmetric and, by its diagonal, positive definite.
func dominant(n int) Matrix {
	a := normals(1, n, n)
	MirrorLower(a)
	for i := range n {
		a.Data[i*(n+1)] = float64(2 * n)
	}
	return a
}

// rates runs f with one and two goroutines and reports GFLOP/s.
func rates(b *testing.B, flops float64, f func(w *Workspace)) {
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			w := NewWorkspace(threads)
			for b.Loop() {
				f(w)
			}
			b.ReportMetric(flops*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}

func cube(n int) float64 { return float64(n) * float64(n) * float64(n) }

func BenchmarkGemm(b *testing.B) {
	for _, n := range []int{256, 1024, 2000} {
		x, y, z := normals(1, n, n), normals(2, n, n), normals(3, n, n)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			rates(b, 2*cube(n), func(w *Workspace) { w.Gemm(1, x, y, 0, z) })
		})
	}
}

func BenchmarkCholesky(b *testing.B) {
	for _, n := range []int{100, 250, 500, 1000, 2000} {
		a, l := dominant(n), normals(1, n, n)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			rates(b, cube(n)/3, func(w *Workspace) {
				copy(l.Data, a.Data)
				if _, err := w.Cholesky(l); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

func BenchmarkInverse(b *testing.B) {
	for _, n := range []int{250, 1000, 2000} {
		c, err := NewWorkspace(0).Cholesky(dominant(n))
		if err != nil {
			b.Fatal(err)
		}
		x := normals(1, n, n)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			rates(b, 2*cube(n)/3, func(w *Workspace) { c.Inverse(w, x) })
		})
	}
}

func BenchmarkSolve(b *testing.B) {
	const n = 2000
	c, err := NewWorkspace(0).Cholesky(dominant(n))
	if err != nil {
		b.Fatal(err)
	}
	for _, m := range []int{1, 16, 200, 2000} {
		x := normals(1, n, m)
		b.Run(fmt.Sprintf("n=%d,m=%d", n, m), func(b *testing.B) {
			rates(b, 2*n*n*float64(m), func(w *Workspace) { c.Solve(w, x) })
		})
	}
}
