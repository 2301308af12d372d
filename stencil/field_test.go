package stencil

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFieldShapesAndPositions(t *testing.T) {
	g := Grid{Nx: 5, Ny: 4, Lx: 8, Ly: 9} // dx = 2, dy = 3
	for at, want := range map[Location]struct {
		nx, ny     int
		x, y       float64 // of the value (0, 0)
		lastX, top float64
	}{
		Points:  {5, 4, 0, 0, 8, 9},
		FacesX:  {6, 4, -1, 0, 9, 9},
		FacesY:  {5, 5, 0, -1.5, 8, 10.5},
		Corners: {6, 5, -1, -1.5, 9, 10.5},
	} {
		f := newField(t, g, at, 2)
		nx, ny := f.Size()
		require.Equal(t, []int{want.nx, want.ny, 2}, []int{nx, ny, f.Halo()}, at)
		x, y := f.Position(0, 0)
		require.Equal(t, []float64{want.x, want.y}, []float64{x, y}, at)
		x, y = f.Position(nx-1, ny-1)
		require.Equal(t, []float64{want.lastX, want.top}, []float64{x, y}, at)
	}
	// At points as the solver has them.
	f := newField(t, g, Points, 1)
	function := func(x, y float64) float64 { return 10*x + y }
	f.Fill(function)
	require.Equal(t, g.Fill(function), f.Values())
}

func TestFieldRows(t *testing.T) {
	g := Grid{Nx: 5, Ny: 4, Lx: 1, Ly: 1}
	f, err := NewFieldOn(g, Tile{2, 5, 1, 4}, FacesX, 2)
	require.NoError(t, err)
	v := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	require.NoError(t, f.SetValues(v))
	require.Equal(t, v, f.Values())
	v[0] = 9 // a copy
	f.Values()[0] = 9
	require.Equal(t, []float64{0, 1, 2, 3, 4, 0, 0}, f.Row(1, 8, 1))
	require.Equal(t, []float64{6, 7}, f.Row(3, 5, 2))
	require.Equal(t, make([]float64, 8), f.Row(0, 8, -1))
	require.Equal(t, 8, len(f.Row(0, 8, 5)))
	f.Row(3, 5, 2)[1] = 70
	require.Equal(t, 70.0, f.Row(4, 5, 2)[0])
	for _, outside := range [][3]int{{-1, 3, 1}, {2, 9, 1}, {2, 3, -2}, {2, 3, 6}, {4, 3, 1}} {
		require.Panics(t, func() { f.Row(outside[0], outside[1], outside[2]) }, outside)
	}
	require.ErrorIs(t, f.SetValues(v[:11]), ErrSettings)
}

func TestMultiply(t *testing.T) {
	g := Grid{Nx: 3, Ny: 2, Lx: 1, Ly: 1}
	f, w := newField(t, g, FacesY, 1), newField(t, g, FacesY, 0)
	require.NoError(t, f.SetValues([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9}))
	require.NoError(t, w.SetValues([]float64{2, 3, 4, 5, 6, 7, 8, 9, 10}))
	require.NoError(t, f.Multiply(w, Tile{1, 3, 1, 2})) // with the last face of y
	require.Equal(t, []float64{1, 2, 3, 4, 30, 42, 7, 72, 90}, f.Values())
}

func TestFieldErrors(t *testing.T) {
	g := Grid{Nx: 5, Ny: 4, Lx: 1, Ly: 1}
	for _, c := range []struct {
		g    Grid
		part Tile
		at   Location
		halo int
		want string
	}{
		{Grid{Nx: 1, Ny: 4, Lx: 1, Ly: 1}, Tile{0, 1, 0, 4}, Points, 0, "grid of 1 x 4 points"},
		{Grid{Nx: 5, Ny: 4, Lx: 1}, Tile{0, 5, 0, 4}, Points, 0, "positive lengths"},
		{g, Tile{0, 6, 0, 4}, Points, 0, "part [0, 6) x [0, 4) of a grid of 5 x 4"},
		{g, Tile{-1, 3, 0, 4}, Points, 0, "part [-1, 3)"},
		{g, Tile{3, 3, 0, 4}, Points, 0, "part [3, 3)"},
		{g, g.Whole(), Corners + 1, 0, "location 4, want points, faces or corners"},
		{g, g.Whole(), -1, 0, "location -1"},
		{g, g.Whole(), Points, -1, "halo of -1"},
		{g, g.Whole(), Points, 5, "halo of 5 around 5 x 4 cells"},
		{g, Tile{0, 2, 0, 4}, Points, 3, "halo of 3 around 2 x 4 cells"},
	} {
		_, err := NewFieldOn(c.g, c.part, c.at, c.halo)
		require.ErrorIs(t, err, ErrSettings)
		require.ErrorContains(t, err, c.want)
	}
}

// The halo against the formulas of Extension, the corners extended both ways.
func TestExtend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := Grid{Nx: rapid.IntRange(3, 7).Draw(t, "nx"), Ny: rapid.IntRange(3, 7).Draw(t, "ny"), Lx: 1, Ly: 1}
		at := rapid.SampledFrom([]Location{Points, FacesX, FacesY, Corners}).Draw(t, "at")
		f := newField(t, g, at, 3)
		for k := range f.data {
			f.data[k] = float64(k + 1)
		}
		before := *f
		before.data = append([]float64(nil), f.data...)
		side := func(name string) (low, high Extension) {
			low = rapid.SampledFrom([]Extension{Even, Odd, Wrap, Given}).Draw(t, name)
			if low == Wrap {
				return Wrap, Wrap
			}
			return low, rapid.SampledFrom([]Extension{Even, Odd, Given}).Draw(t, name)
		}
		f.X0, f.X1 = side("x")
		f.Y0, f.Y1 = side("y")
		width := rapid.IntRange(0, 3).Draw(t, "width")
		require.NoError(t, f.Extend(width))

		// where a value comes from, and its sign
		origin := func(i, n int, face bool, low, high Extension) (int, float64) {
			e := low
			mirrored, last := -1-i, n-1
			if face {
				mirrored, last = -i, n
			}
			if i >= 0 && i <= last {
				return i, 1
			}
			period := n
			if i > last {
				e = high
				mirrored, period = 2*n-1-i, -n
				if face {
					mirrored = 2*n - i
				}
			}
			switch e {
			case Even:
				return mirrored, 1
			case Odd:
				return mirrored, -1
			case Wrap:
				return i + period, 1
			}
			return i, 1
		}
		nx, ny := f.Size()
		for j := -3; j < ny+3; j++ {
			for i := -3; i < nx+3; i++ {
				si, sj, sign := i, j, 1.0
				if i >= -width && i < nx+width && j >= -width && j < ny+width {
					var p, q float64
					si, p = origin(i, g.Nx, at == FacesX || at == Corners, f.X0, f.X1)
					sj, q = origin(j, g.Ny, at == FacesY || at == Corners, f.Y0, f.Y1)
					sign = p * q
				}
				require.Equal(t, sign*before.Row(si, si+1, sj)[0], f.Row(i, i+1, j)[0], "(%d, %d)", i, j)
			}
		}
	})
}

func TestExtendErrors(t *testing.T) {
	f := newField(t, Grid{Nx: 5, Ny: 4, Lx: 1, Ly: 1}, Points, 2)
	require.ErrorContains(t, f.Extend(3), "halo to a depth of 3 in a field with a halo of 2")
	require.ErrorIs(t, f.Extend(-1), ErrSettings)
	f.Y1 = Wrap
	require.ErrorContains(t, f.Extend(1), "wraps at one side along y must at the other")
	f.Y1 = Given + 1
	require.ErrorContains(t, f.Extend(1), "unknown extension 0 or 4 along y")
	require.ErrorIs(t, OneRank{}.Start([]*Field{f}, 1), ErrSettings)
}
