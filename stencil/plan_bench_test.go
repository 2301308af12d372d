package stencil

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Ways over grids within and beyond the caches.
func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{255, 1024, 4096} {
		for _, plan := range []Plan{{}, {Bands: true}, {Steps: 1}, {Width: 256, Height: 32, Steps: 16}, {Width: 512, Height: 16, Steps: 16}} {
			for _, single := range []bool{false, true} {
				for _, kind := range []SideKind{Rigid, CPML} {
					for _, threads := range []int{1, 2} {
						name := fmt.Sprintf("%d/%dx%dx%d bands %t/float32 %t/%s/threads %d", n, plan.Width, plan.Height, plan.Steps, plan.Bands, single, kind, threads)
						b.Run(name, func(b *testing.B) { benchmarkPlan(b, n, threads, plan, single, kind) })
					}
				}
			}
		}
	}
}

func benchmarkPlan(b *testing.B, n, threads int, plan Plan, single bool, kind SideKind) {
	g, side := Grid{n, n, 40, 40}, Side{Kind: kind}
	s, err := New(Settings{Grid: g, Single: single, Threads: threads, Plan: plan, X0: side, X1: side, Y0: side, Y1: side,
		Pressure: g.Fill(func(x, y float64) float64 { return math.Exp(-(x-20)*(x-20) - (y-20)*(y-20)) })})
	require.NoError(b, err)
	const steps = 48
	for b.Loop() {
		require.NoError(b, s.Advance(context.Background(), steps))
	}
	b.ReportMetric(steps*float64(n*n*b.N)/b.Elapsed().Seconds()/1e9, "Gcell/s")
}
