package sampling

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPoissonDisk(t *testing.T) {
	for _, p := range []PoissonDisk{{Dim: 1, Radius: 0.01}, {Dim: 2, Radius: 0.03, Seed: 1}, {Dim: 3, Radius: 0.12, Seed: 2},
		{Dim: 4, Radius: 0.3}, {Dim: 6, Radius: 0.8}, {Dim: 2, Radius: 5}} {
		x, err := p.Points()
		require.NoError(t, err)
		d, err := MinDistance(context.Background(), x, p.Dim, 0)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, d, p.Radius, "%+v", p)
		for _, u := range x {
			require.True(t, 0 <= u && u < 1)
		}
		again, err := p.Points()
		require.NoError(t, err)
		assert.Equal(t, x, again)
	}
}

// Hardly a place is left free. In the plane discs of diameter r that are put at
// random as long as one fits fill 0.547 of the area; this comes near it.
func TestPoissonDiskIsFull(t *testing.T) {
	p := PoissonDisk{Dim: 2, Radius: 0.02, Tries: 60}
	x, err := p.Points()
	require.NoError(t, err)
	side := 1 + p.Radius // discs reach over the sides by half a radius
	fraction := float64(len(x)/2) * math.Pi * p.Radius * p.Radius / 4 / (side * side)
	assert.InDelta(t, 0.51, fraction, 0.04)

	free := 0
	for _, u := range []float64{0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95} {
		for v := 0.05; v < 1; v += 0.1 {
			nearest := math.Inf(1)
			for i := 0; i < len(x); i += 2 {
				nearest = min(nearest, squaredDistance([]float64{u, v}, x[i:i+2]))
			}
			if nearest > p.Radius*p.Radius {
				free++
			}
		}
	}
	assert.LessOrEqual(t, free, 5, "of 100 places")
}
