package stencil

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Each cell is in one tile, whatever the size, and no tile is larger.
func TestTilesCover(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := Tile{rapid.IntRange(-3, 3).Draw(t, "i0"), 0, rapid.IntRange(-3, 3).Draw(t, "j0"), 0}
		whole.I1 = whole.I0 + rapid.IntRange(1, 20).Draw(t, "nx")
		whole.J1 = whole.J0 + rapid.IntRange(1, 20).Draw(t, "ny")
		width, height := rapid.IntRange(-1, 25).Draw(t, "width"), rapid.IntRange(-1, 25).Draw(t, "height")
		times := map[[2]int]int{}
		for _, tile := range whole.Tiles(width, height) {
			require.False(t, tile.empty())
			require.True(t, width <= 0 || tile.I1-tile.I0 <= width)
			require.True(t, height <= 0 || tile.J1-tile.J0 <= height)
			for j := tile.J0; j < tile.J1; j++ {
				for i := tile.I0; i < tile.I1; i++ {
					require.True(t, i >= whole.I0 && i < whole.I1 && j >= whole.J0 && j < whole.J1)
					times[[2]int{i, j}]++
				}
			}
		}
		require.Len(t, times, (whole.I1-whole.I0)*(whole.J1-whole.J0))
		for _, n := range times {
			require.Equal(t, 1, n)
		}
	})
	require.Empty(t, Tile{2, 2, 0, 5}.Tiles(1, 1))
}

func TestForTiles(t *testing.T) {
	tiles := Tile{0, 10, 0, 10}.Tiles(2, 3)
	for _, threads := range []int{0, 1, 3, 100} {
		var done atomic.Int64
		require.NoError(t, ForTiles(tiles, threads, func(tile Tile) error {
			done.Add(int64((tile.I1 - tile.I0) * (tile.J1 - tile.J0)))
			return nil
		}))
		require.EqualValues(t, 100, done.Load())
		// The error of the first tile in the list, though the last may be found earlier.
		first, last := errors.New("first"), errors.New("last")
		err := ForTiles(tiles, threads, func(tile Tile) error {
			switch tile {
			case tiles[3]:
				return first
			case tiles[len(tiles)-1]:
				return last
			}
			return nil
		})
		require.ErrorIs(t, err, first)
		require.ErrorContains(t, err, "tile [6, 8) x [0, 3): first")
	}
	require.NoError(t, ForTiles(nil, 2, func(Tile) error { return errors.New("called") }))
	require.ErrorIs(t, ForTiles(tiles, -1, func(Tile) error { return nil }), ErrSettings)
}
