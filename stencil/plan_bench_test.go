package stencil

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Ways over a grid that is larger than the caches.
func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{255} {
		for _, single := range []bool{false, true} {
			for _, plan := range plans {
				for _, threads := range []int{1, 2} {
					g := Grid{n, n, 40, 40}
					s, err := New(Settings{Grid: g, Single: single, Threads: threads, Plan: plan,
						Pressure: g.Fill(func(x, y float64) float64 { return math.Exp(-(x-20)*(x-20) - (y-20)*(y-20)) })})
					require.NoError(b, err)
					steps := 0
					b.Run(fmt.Sprintf("f32=%v/%dx%dx%d/%d", single, plan.Width, plan.Height, plan.Steps, threads), func(b *testing.B) {
						for b.Loop() {
							require.NoError(b, s.Advance(context.Background(), 48))
							steps += 48
						}
						b.ReportMetric(48*float64(n*n*b.N)/b.Elapsed().Seconds()/1e9, "Gcell/s")
					})
				}
			}
		}
	}
}

var plans = []Plan{{}, {Bands: true}, {64, 32, 4, false}, {64, 32, 8, false}, {128, 32, 8, false}, {128, 16, 8, false}, {128, 64, 8, false}, {64, 64, 8, false}, {64, 16, 8, false}, {64, 16, 4, false}}
