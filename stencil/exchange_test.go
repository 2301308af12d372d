package stencil

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// network connects processes, here goroutines, that hold a grid in columns x rows
// parts. A message goes from one to another in a direction.
type network struct {
	columns, rows int
	mail          map[[4]int]chan []float64
}

func newNetwork(columns, rows int) *network {
	n := &network{columns, rows, map[[4]int]chan []float64{}}
	for from := range columns * rows {
		for to := range columns * rows {
			for sx := -1; sx <= 1; sx++ {
				for sy := -1; sy <= 1; sy++ {
					n.mail[[4]int{from, to, sx, sy}] = make(chan []float64, 8)
				}
			}
		}
	}
	return n
}

// part is the cells of a process.
func (n *network) part(g Grid, rank int) Tile {
	c, r := rank%n.columns, rank/n.columns
	return Tile{g.Nx * c / n.columns, g.Nx * (c + 1) / n.columns, g.Ny * r / n.rows, g.Ny * (r + 1) / n.rows}
}

// member is the Exchanger of a process.
type member struct {
	*network
	rank   int
	fields []*Field
	width  int
}

// each visits the directions in which another process is.
func (m *member) each(f *Field, visit func(sx, sy, other int) error) error {
	for sx := -1; sx <= 1; sx++ {
		for sy := -1; sy <= 1; sy++ {
			if !f.Open(sx, sy) {
				continue
			}
			c := (m.rank%m.columns + sx + m.columns) % m.columns
			r := (m.rank/m.columns + sy + m.rows) % m.rows
			if err := visit(sx, sy, r*m.columns+c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *member) Start(fields []*Field, width int) error {
	m.fields, m.width = fields, width
	for _, f := range fields {
		err := m.each(f, func(sx, sy, other int) error {
			values, err := f.Pack(sx, sy, width, nil)
			m.mail[[4]int{m.rank, other, sx, sy}] <- values
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *member) Wait() error {
	for _, f := range m.fields {
		err := m.each(f, func(sx, sy, other int) error {
			return f.Unpack(sx, sy, m.width, <-m.mail[[4]int{other, m.rank, -sx, -sy}])
		})
		if err := errors.Join(err, f.Extend(m.width)); err != nil {
			return err
		}
	}
	return nil
}

// problem is u_t = div(D grad u) - ε u_xxy with a derivative across the corners of
// the halo.
type problem struct {
	grid           Grid
	order          int
	x0, x1, y0, y1 Extension
	width, height  int // tiles
	threads        int
}

// solve takes steps with what a process has, and returns its values of u.
func (p problem) solve(part Tile, halos Exchanger, steps int) ([]float64, error) {
	var errs []error
	field := func(at Location) *Field {
		f, err := NewFieldOn(p.grid, part, at, p.order/2)
		errs = append(errs, err)
		return f
	}
	operator := func(o *Operator, err error) *Operator { errs = append(errs, err); return o }
	u, d := field(Points), field(Points)
	qx, qy, dx, dy, mixed := field(FacesX), field(FacesY), field(FacesX), field(FacesY), field(Corners)
	ddx, ddy := operator(Difference(X, p.order)), operator(Difference(Y, p.order))
	avx, avy := operator(Average(X, p.order)), operator(Average(Y, p.order))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	opposite := func(e Extension) Extension {
		if e == Wrap {
			return Wrap
		}
		return Odd - e
	}
	u.X0, u.X1, u.Y0, u.Y1 = p.x0, p.x1, p.y0, p.y1
	qx.X0, qx.X1, qx.Y0, qx.Y1 = opposite(p.x0), opposite(p.x1), p.y0, p.y1
	qy.X0, qy.X1, qy.Y0, qy.Y1 = p.x0, p.x1, opposite(p.y0), opposite(p.y1)
	mixed.X0, mixed.X1, mixed.Y0, mixed.Y1 = qx.X0, qx.X1, qy.Y0, qy.Y1
	if p.x0 == Wrap {
		d.X0, d.X1 = Wrap, Wrap
	}
	if p.y0 == Wrap {
		d.Y0, d.Y1 = Wrap, Wrap
	}
	u.Fill(func(x, y float64) float64 { return math.Sin(13*x) + math.Cos(7*y*y+x) })
	d.Fill(func(x, y float64) float64 { return 1 + 0.5*math.Sin(5*x+3*y) })
	exchange := func(fields ...*Field) error { return errors.Join(halos.Start(fields, p.order/2), halos.Wait()) }
	if err := errors.Join(exchange(d), avx.Set(dx, 1, d, part), avy.Set(dy, 1, d, part)); err != nil {
		return nil, err
	}
	tiles := part.Tiles(p.width, p.height)
	each := func(f func(Tile) error) error { return ForTiles(tiles, p.threads, f) }
	h, _ := p.grid.Spacing()
	grown := part // by the rows of the halo, for which u must have its corners
	grown.J0, grown.J1 = part.J0-p.order/2, part.J1+p.order/2
	for range steps {
		err := errors.Join(
			exchange(u),
			ddx.Set(qx, -1, u, grown),
			each(func(t Tile) error { return ddy.Set(mixed, 1, qx, t) }),
			exchange(mixed),
			each(func(t Tile) error {
				return errors.Join(qx.Multiply(dx, t), avy.Add(qx, 1e-3, mixed, t), ddy.Set(qy, -1, u, t), qy.Multiply(dy, t))
			}),
			exchange(qx, qy),
			each(func(t Tile) error {
				return errors.Join(ddx.Add(u, -0.1*h*h, qx, t), ddy.Add(u, -0.1*h*h, qy, t))
			}),
		)
		if err != nil {
			return nil, err
		}
	}
	return u.Values(), nil
}

// inParts solves on a network and puts the parts together.
func (p problem) inParts(columns, rows, steps int) ([]float64, error) {
	n := newNetwork(columns, rows)
	u, errs := make([]float64, p.grid.Cells()), make([]error, columns*rows)
	var wg sync.WaitGroup
	for rank := range columns * rows {
		wg.Go(func() {
			part := n.part(p.grid, rank)
			var v []float64
			v, errs[rank] = p.solve(part, &member{network: n, rank: rank}, steps)
			for k, value := range v {
				width := part.I1 - part.I0
				u[(part.J0+k/width)*p.grid.Nx+part.I0+k%width] = value
			}
		})
	}
	wg.Wait()
	return u, errors.Join(errs...)
}

// A grid in parts gives the same bits as in one piece, for all orders, sides, tiles
// and threads.
func TestPartsGiveTheSameBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := problem{
			grid:  Grid{Nx: rapid.IntRange(12, 20).Draw(t, "nx"), Ny: rapid.IntRange(12, 20).Draw(t, "ny"), Lx: 1, Ly: 1.1},
			order: rapid.SampledFrom(Orders).Draw(t, "order"), threads: 1,
		}
		side := rapid.SampledFrom([]Extension{Even, Odd, Wrap})
		wall := rapid.SampledFrom([]Extension{Even, Odd})
		if p.x0 = side.Draw(t, "x0"); p.x0 == Wrap {
			p.x1 = Wrap
		} else {
			p.x1 = wall.Draw(t, "x1")
		}
		if p.y0 = side.Draw(t, "y0"); p.y0 == Wrap {
			p.y1 = Wrap
		} else {
			p.y1 = wall.Draw(t, "y1")
		}
		want, err := p.solve(p.grid.Whole(), OneRank{}, 3)
		require.NoError(t, err)
		for _, v := range want {
			require.Less(t, math.Abs(v), 10.0)
		}
		p.threads = rapid.IntRange(0, 3).Draw(t, "threads")
		p.width, p.height = rapid.IntRange(0, 9).Draw(t, "width"), rapid.IntRange(0, 9).Draw(t, "height")
		got, err := p.solve(p.grid.Whole(), OneRank{}, 3)
		require.NoError(t, err)
		require.Equal(t, want, got)
		got, err = p.inParts(rapid.IntRange(1, 3).Draw(t, "columns"), rapid.IntRange(1, 3).Draw(t, "rows"), 3)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func TestExchangeErrors(t *testing.T) {
	g := Grid{Nx: 8, Ny: 6, Lx: 1, Ly: 1}
	f, err := NewFieldOn(g, Tile{0, 4, 0, 6}, FacesX, 2)
	require.NoError(t, err)
	require.ErrorContains(t, OneRank{}.Start([]*Field{newField(t, g, Points, 1), f}, 1),
		"field 1 is on the part [0, 4) x [0, 6) of its grid")
	require.ErrorContains(t, f.Unpack(1, 0, 2, make([]float64, 11)), "11 values from the part in direction (1, 0), want 2 x 6")
	require.ErrorIs(t, f.Unpack(1, 0, 3, nil), ErrSettings)
	_, err = f.Pack(1, 0, 3, nil)
	require.ErrorIs(t, err, ErrSettings)
}

// Open, by hand: the left half of a grid that wraps in y.
func TestOpen(t *testing.T) {
	f, err := NewFieldOn(Grid{Nx: 8, Ny: 6, Lx: 1, Ly: 1}, Tile{0, 4, 0, 6}, Points, 1)
	require.NoError(t, err)
	f.Y0, f.Y1 = Wrap, Wrap
	open := ""
	for sy := -1; sy <= 1; sy++ {
		for sx := -1; sx <= 1; sx++ {
			if f.Open(sx, sy) {
				open += fmt.Sprint(sx, sy, ";")
			}
		}
	}
	require.Equal(t, "1 0;", open) // the rest it finds in itself, or beyond the wall
}
