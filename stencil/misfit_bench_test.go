package stencil

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// The price of a gradient beside that of the simulation alone, in tiles and plain.
func BenchmarkMisfit(b *testing.B) {
	for _, c := range []struct {
		n, steps, memory int
		kind             SideKind
	}{{256, 400, 0, Rigid}, {256, 400, 0, CPML}, {1024, 100, 0, Rigid}, {1024, 100, 1 << 28, CPML}} {
		for _, order := range []int{2, 4, 8} {
			n := float64(c.n)
			side := Side{Kind: c.kind, Speed: 1}
			g := Grid{c.n, c.n, n - 1, n - 1}
			set := Settings{
				Grid: g, Order: order, Dt: 0.4, Threads: 1, X0: side, X1: side, Y0: side, Y1: side,
				Medium:    Medium{BulkModuli: g.Fill(func(x, y float64) float64 { return 1 })},
				Sources:   []Source{{X: n / 2, Y: n / 2, Signal: Ricker(0.05, 0)}},
				Receivers: []Receiver{{X: n / 3, Y: n / 3}, {X: n / 3, Y: n / 2}},
			}
			name := fmt.Sprintf("%d/%s/order %d", c.n, c.kind, order)
			for plan, steps := range map[string]int{"forward": 0, "plain": 1} {
				b.Run(name+"/"+plan, func(b *testing.B) {
					set := set
					set.Plan.Steps = steps
					for b.Loop() {
						s, err := New(set)
						require.NoError(b, err)
						require.NoError(b, s.Advance(b.Context(), c.steps))
					}
				})
			}
			observed := [][]float64{make([]float64, c.steps), make([]float64, c.steps)}
			b.Run(name+"/gradient", func(b *testing.B) {
				for b.Loop() {
					_, _, err := Misfit(b.Context(), set, observed, MisfitOptions{Memory: c.memory})
					require.NoError(b, err)
				}
			})
		}
	}
}
