package pinn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDraw: with n of N small, point i is drawn with probability proportional
// to |r_i|^K/mean + C.
func TestDraw(t *testing.T) {
	r := Resample{K: 2, C: 0.5}
	residual := []float64{0, 1, 2, 3}
	mean := (0. + 1 + 4 + 9) / 4
	rng := rand.New(rand.NewPCG(1, 1))
	count := make([]float64, 4)
	const trials = 200000
	for range trials {
		chosen := r.draw(residual, 1, rng)
		count[chosen[0]]++
	}
	total := 0.0
	for _, v := range residual {
		total += v*v/mean + r.C
	}
	for i, v := range residual {
		p := (v*v/mean + r.C) / total
		require.InDelta(t, p, count[i]/trials, 5*math.Sqrt(p*(1-p)/trials))
	}
	require.Equal(t, []int{0, 1, 2, 3}, r.draw(residual, 4, rng), "without replacement")
	require.Len(t, r.draw(make([]float64, 4), 2, rng), 2, "no residual anywhere: uniform")
}

func TestBoxPoints(t *testing.T) {
	m := &model{problem: Problem{Domain: []Interval{{"t", 0, 2}, {"x", -1, 3}}}}
	for _, strategy := range strategies {
		t.Run(strategy, func(t *testing.T) {
			points := m.boxPoints(map[int]float64{0: 0.5}, 50, strategy, 1)
			require.Len(t, points[1], 50)
			low, high := math.Inf(1), math.Inf(-1)
			for p := range points[0] {
				require.Equal(t, 0.5, points[0][p])
				low, high = min(low, points[1][p]), max(high, points[1][p])
			}
			require.Greater(t, low, -1.0, "the box is open")
			require.Less(t, high, 3.0)
			require.Greater(t, high-low, 3.2)
			corner := m.boxPoints(map[int]float64{0: 2, 1: 3}, 50, strategy, 1)
			require.Equal(t, [][]float64{{2}, {3}}, corner, "a condition in a corner is one point")
			require.GreaterOrEqual(t, len(m.boxPoints(nil, 50, strategy, 1)[0]), 50)
		})
	}
}

func TestGridAxes(t *testing.T) {
	grid := []float64{0, 5, 0, 6, 0, 7, 1, 5, 1, 6, 1, 7}
	require.Equal(t, [][]float64{{0, 1}, {5, 6, 7}}, gridAxes(grid, 2))
	require.Nil(t, gridAxes(grid[:10], 2))
	grid[3] = 6.5
	require.Nil(t, gridAxes(grid, 2))
	require.Equal(t, [][]float64{{1, 2, 5}}, gridAxes([]float64{1, 2, 5}, 1))
}

// TestStrategies: a Latin hypercube has one point in each of n strata of every
// axis, and so has Sobol's sequence at powers of two, in the middle of them; a
// random set has not.
func TestStrategies(t *testing.T) {
	const n = 64
	for strategy, want := range map[string]bool{"lhs": true, "sobol": true, "random": false} {
		points := unitPoints(n, 2, strategy, 5)
		for axis := range 2 {
			strata := map[int]bool{}
			for p := range n {
				x := points[2*p+axis] * n
				strata[int(x)] = true
				if strategy == "sobol" {
					require.Equal(t, 0.5, x-math.Floor(x))
				}
			}
			require.Equal(t, want, len(strata) == n, "%s, axis %d", strategy, axis)
		}
	}
	require.Len(t, unitPoints(50, 2, "grid", 0), 2*64, "8 x 8 is the smallest square grid of 50")
}

// TestConditionsHavePointsOfTheirOwn: no two groups, and no two seeds, share
// random points.
func TestConditionsHavePointsOfTheirOwn(t *testing.T) {
	p := testProblems["heat"].problem()
	p.Conditions = []Condition{{Text: "u = 0 at x=0"}, {Text: "u = 0 at x=1"}, {Text: "integral(u, x) = 1", Points: 2}}
	for _, strategy := range []string{"lhs", "random"} {
		t.Run(strategy, func(t *testing.T) {
			seen := map[float64]bool{} // times
			draw := func(seed uint64) {
				s := small()
				s.Points.Strategy, s.Seed = strategy, seed
				trainer, err := New(p, s)
				require.NoError(t, err)
				for _, g := range trainer.loss.groups {
					for p := 0; p < len(g.points[0]); p += max(len(g.weights), 1) {
						require.False(t, seen[g.points[0][p]], "seed %d: t = %v again", seed, g.points[0][p])
						seen[g.points[0][p]] = true
					}
				}
			}
			draw(1)
			require.Len(t, seen, 256+3*32)
			draw(100)
			require.Len(t, seen, 2*(256+3*32))
		})
	}
}
