package stencil

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// miniapp is the acoustic miniapp of ParallelStencil.jl.
func miniapp(n int) Settings {
	g := Grid{n, n, 40, 40}
	return Settings{Grid: g, Pressure: g.Fill(func(x, y float64) float64 { return math.Exp(-(x-20)*(x-20) - (y-20)*(y-20)) })}
}

type numbers struct{ sum, max, min, norm2, centre float64 }

func pressureNumbers(t *testing.T, s *Solver) numbers {
	g := s.s.Grid
	p := make([]float64, g.Cells())
	require.NoError(t, s.Read(Pressure, p))
	n := numbers{max: math.Inf(-1), min: math.Inf(1), centre: p[g.Ny/2*g.Nx+g.Nx/2]}
	for _, v := range p {
		n.sum += v
		n.max, n.min = max(n.max, v), min(n.min, v)
		n.norm2 += v * v
	}
	n.norm2 = math.Sqrt(n.norm2)
	return n
}

func TestMiniapp(t *testing.T) {
	for _, plan := range []Plan{{Bands: true}, {Steps: 1}, {Width: 60, Height: 40, Steps: 8}} {
		set := miniapp(255)
		set.InnerFaces, set.Plan = true, plan
		s, err := New(set)
		require.NoError(t, err)
		require.InDelta(t, 0.038409832917226813, s.Dt(), 1e-17)
		require.NoError(t, s.Advance(context.Background(), 1000))
		n := pressureNumbers(t, s)
		require.InEpsilon(t, 126.676869774373, n.sum, 1e-12)
		require.InEpsilon(t, 0.0920973056329801, n.max, 1e-12)
		require.InEpsilon(t, -0.0636193770595933, n.min, 1e-12)
		require.InEpsilon(t, 5.62797672647559, n.norm2, 1e-12)
		require.InEpsilon(t, 0.0271628448019373, n.centre, 1e-12)

		set.InnerFaces = false
		s, err = New(set)
		require.NoError(t, err)
		require.NoError(t, s.Advance(context.Background(), 1000))
		n = pressureNumbers(t, s)
		require.InEpsilon(t, 0.0948143764219588, n.max, 1e-12)
		require.InEpsilon(t, -0.0630522041695483, n.min, 1e-12)
		require.InEpsilon(t, 5.62820706559552, n.norm2, 1e-12)
	}
}

// A tiled run gives the bits of the plain one: random grids, media, sides,
// orders, tiles, threads, sources and receivers.
func TestTilesGiveTheSameBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for trial := range 100 {
		m := 1 + rng.IntN(4)
		g := Grid{30 + rng.IntN(100), 30 + rng.IntN(100), 10, 12}
		set := Settings{Grid: g, Order: 2 * m, CFL: 0.9, Single: trial%2 == 1}
		set.Pressure = g.Fill(func(x, y float64) float64 { return rng.NormFloat64() })
		if rng.IntN(2) == 0 {
			set.Medium.Densities = g.Fill(func(x, y float64) float64 { return 1 + rng.Float64() })
			set.Medium.BulkModuli = g.Fill(func(x, y float64) float64 { return 1 + rng.Float64() })
		}
		for _, side := range set.sides() {
			*side = Side{Kind: []SideKind{Rigid, Free, Sponge, CPML}[rng.IntN(4)], Cells: 2 + rng.IntN(13)}
		}
		for range rng.IntN(4) {
			set.Sources = append(set.Sources, Source{X: 10 * rng.Float64(), Y: 12 * rng.Float64(), Field: Quantity(rng.IntN(3)),
				Signal: Ricker(1, 0), Interpolation: Interpolation(rng.IntN(2))})
		}
		for range 3 {
			set.Receivers = append(set.Receivers, Receiver{X: 10 * rng.Float64(), Y: 12 * rng.Float64(), Field: Quantity(rng.IntN(3)),
				Interpolation: Interpolation(rng.IntN(2))})
		}
		var want [3][]float64
		var traces [][]float64
		for k, plan := range []Plan{{Bands: true}, {Width: 8 + rng.IntN(50), Height: 8 + rng.IntN(50), Steps: 1 + rng.IntN(9)}} {
			set.Plan, set.Threads = plan, 1+rng.IntN(3)
			s, err := New(set)
			require.NoError(t, err)
			for _, steps := range []int{7, 1, 20} {
				require.NoError(t, s.Advance(context.Background(), steps))
			}
			for q := range Quantity(3) {
				v := make([]float64, g.size(q))
				require.NoError(t, s.Read(q, v))
				if k == 0 {
					want[q] = v
				} else {
					require.Equal(t, want[q], v, "trial %d, %s, order %d, plan %+v", trial, q, 2*m, plan)
				}
			}
			if k == 0 {
				traces = s.traces
			} else {
				require.Equal(t, traces, s.traces)
			}
		}
	}
}

// A grid that the caches do not hold is tiled unless told otherwise, one that they hold is
// not; either way with the bits of bands.
func TestDefaultPlan(t *testing.T) {
	cached := simd.L2() / (3 * 8)
	for _, c := range []struct {
		name  string
		cells int
		tiled bool
	}{{"small", cached / 2, false}, {"large", 3 * cached, true}} {
		t.Run(c.name, func(t *testing.T) {
			n := int(math.Sqrt(float64(c.cells)))
			g := Grid{n + 13, n - 7, 10, 10}
			rng := rand.New(rand.NewPCG(2, 3))
			set := Settings{Grid: g, Order: 2, CFL: 0.9, Threads: 1, InnerFaces: c.tiled}
			set.Pressure = g.Fill(func(x, y float64) float64 { return rng.NormFloat64() })
			var want []float64
			for k, plan := range []Plan{{}, {Bands: true}} {
				set.Plan = plan
				s, err := New(set)
				require.NoError(t, err)
				require.Equal(t, c.tiled && k == 0, s.e.(*run[float64]).tiling.steps > 1)
				require.NoError(t, s.Advance(context.Background(), 37))
				p := make([]float64, g.Cells())
				require.NoError(t, s.Read(Pressure, p))
				if k == 0 {
					want = p
				}
				require.Equal(t, want, p)
			}
		})
	}
}
