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
