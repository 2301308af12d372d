package jet

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkBlock is the forward and reverse pass of the 2-20x8-1 network of
// the Burgers problem, ns a point.
func BenchmarkBlock(b *testing.B) {
	set, _ := NewSet(MultiIndex{1}, MultiIndex{0, 2})
	for _, block := range []int{16, 32, 64, 128, 256} {
		b.Run(fmt.Sprint(block), func(b *testing.B) {
			net, _ := NewNetwork([]Input{{0, 1, false}, {-1, 1, false}}, []int{20, 20, 20, 20, 20, 20, 20, 20}, 1, Tanh)
			w := make([]float64, net.Weights())
			net.Init(w, rand.New(rand.NewPCG(1, 2)))
			grad := make([]float64, len(w))
			ws := net.NewPass(set, block, false)
			x := [][]float64{make([]float64, block), make([]float64, block)}
			for p := range block {
				x[0][p], x[1][p] = rand.Float64(), 2*rand.Float64()-1
			}
			b.ReportAllocs()
			for b.Loop() {
				forward(ws, w, x)
				for r := range set.Len() {
					copy(ws.Bar(0, r), ws.Derivative(0, r))
				}
				backward(ws, grad)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*block), "ns/point")
		})
	}
}
