package simd

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTaylorProducts compares every implementation with the plain one, on rows of
// all lengths around the vector's, and with margins that must stay.
func TestTaylorProducts(t *testing.T) {
	for i := range implementations {
		testTaylor(t, implementations[i].level, implementations[i].float64.products, 1e-15)
		testTaylor(t, implementations[i].level, implementations[i].float32.products, 1e-6)
		testTaylorExact(t, implementations[i].level, implementations[i].float64.products)
		testTaylorExact(t, implementations[i].level, implementations[i].float32.products)
	}
}

// Products read what earlier ones have written, so that numbers are of any size.
func testTaylor[T Float](t *testing.T, level string, products func([]T, []Product, int, int, int), tolerance float64) {
	rng := rand.New(rand.NewPCG(4, 4))
	for n := 1; n < 70; n++ {
		const rows, units = 5, 3
		pitch := n + rng.IntN(3) // rows may be apart
		stride := rows * pitch
		frame := make([]T, units*stride+8)
		for j := range frame {
			frame[j] = T(rng.NormFloat64())
		}
		want := append([]T(nil), frame...)
		var list []Product
		for range 12 {
			list = append(list, Product{
				Dst: pitch * rng.IntN(rows), X: pitch * rng.IntN(rows), Y: max(-1, pitch*(rng.IntN(rows+1)-1)),
				C: float64(float32(rng.NormFloat64() / 4)), Start: Start(rng.IntN(3)),
			})
		}
		portableProducts(want, list, n, units, stride)
		products(frame, list, n, units, stride)
		for j := range frame {
			require.InDelta(t, float64(want[j]), float64(frame[j]), tolerance*(100+10*math.Abs(float64(want[j]))), "%s, n %d, element %d", level, n, j)
		}
	}
}

// Rows of small whole numbers give sums that are exact, of up to five products.
func testTaylorExact[T Float](t *testing.T, level string, products func([]T, []Product, int, int, int)) {
	rng := rand.New(rand.NewPCG(5, 5))
	factors := []float64{1, 1, -1, 2, -3}
	for n := 1; n < 150; n++ {
		const sources, rows, units = 3, 6, 2
		pitch := n + rng.IntN(3)
		stride := rows * pitch
		frame := integers[T](rng, units*stride+8)
		var list []Product
		want := append([]T(nil), frame...)
		for dst := sources; dst < rows; dst++ {
			terms := 1 + rng.IntN(5)
			for k := range terms {
				p := Product{
					Dst: dst * pitch, X: pitch * rng.IntN(sources), Y: max(-1, pitch*(rng.IntN(sources+1)-1)),
					C: factors[rng.IntN(len(factors))], Start: Before,
				}
				if k == 0 {
					p.Start = Start(rng.IntN(3))
				}
				list = append(list, p)
				for u := range units {
					for q := range n {
						at := func(row int) *T { return &want[u*stride+row+q] }
						y := T(1)
						if p.Y >= 0 {
							y = *at(p.Y)
						}
						switch p.Start {
						case Zero:
							*at(p.Dst) = 0
						case One:
							*at(p.Dst) = 1
						}
						*at(p.Dst) += T(p.C) * *at(p.X) * y
					}
				}
			}
		}
		products(frame, list, n, units, stride)
		require.Equal(t, want, frame, "%s, n %d", level, n)
	}
}

func TestProductsPanicOutsideTheFrame(t *testing.T) {
	frame := make([]float64, 20)[:10]
	for _, p := range []Product{{Dst: 7}, {X: 7}, {Y: 7}, {Dst: -1}, {X: -1}} {
		require.Panics(t, func() { Products(frame, []Product{p}, 2, 2, 3) })
	}
	for _, a := range [][3]int{{-1, 1, 1}, {2, -1, 1}, {2, 2, -1}, {11, 1, 0}, {2, math.MaxInt, math.MaxInt / 2}} {
		require.Panics(t, func() { Products(frame, []Product{{Y: -1}}, a[0], a[1], a[2]) })
	}
	require.Panics(t, func() { Products(frame, []Product{{Y: -1, Start: 7}}, 1, 1, 0) })
	require.Panics(t, func() { Products(frame, []Product{{Y: -1, Start: Before}}, 1, 1, 0) })
	require.Panics(t, func() { Products(frame, []Product{{Y: -1}, {Dst: 1, Y: -1, Start: Before}}, 1, 1, 0) })
	require.NotPanics(t, func() { Products(frame, []Product{{Dst: 5, Y: -1}}, 2, 2, 3) })
}
