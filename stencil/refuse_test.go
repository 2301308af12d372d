package stencil

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNewRefuses(t *testing.T) {
	signal := Ricker(1, 0)
	values := func(bad float64) []float64 { // at the point (3, 2)
		v := make([]float64, 90)
		for k := range v {
			v[k] = 1
		}
		v[2*10+3] = bad
		return v
	}
	for want, change := range map[string]func(s *Settings){
		"grid of 1 x 9 points":                                 func(s *Settings) { s.Grid.Nx = 1 },
		"want at most 34359738368":                             func(s *Settings) { s.Grid.Nx, s.Grid.Ny = 1<<20, 1<<20 },
		"grid of 3 x NaN":                                      func(s *Settings) { s.Grid.Ly = math.NaN() },
		"grid of -1 x 2":                                       func(s *Settings) { s.Grid.Lx = -1 },
		"order 3, want 2, 4, 6 or 8":                           func(s *Settings) { s.Order = 3 },
		"7 points between y0 and y1, order 8":                  func(s *Settings) { s.Grid.Ny, s.Order = 7, 8 },
		"density -1":                                           func(s *Settings) { s.Medium.Density = -1 },
		"bulk modulus NaN, want":                               func(s *Settings) { s.Medium.BulkModulus = math.NaN() },
		"density 0 at point (3, 2)":                            func(s *Settings) { s.Medium.Densities = values(0) },
		"bulk modulus -2 at point (3, 2)":                      func(s *Settings) { s.Medium.BulkModuli = values(-2) },
		"bulk modulus NaN at point (3, 2)":                     func(s *Settings) { s.Medium.BulkModuli = values(math.NaN()) },
		"density +Inf at point (3, 2)":                         func(s *Settings) { s.Medium.Densities = values(math.Inf(1)) },
		"89 values of the density for 10 x 9":                  func(s *Settings) { s.Medium.Densities = values(1)[1:] },
		"dt -1, cfl 0":                                         func(s *Settings) { s.Dt = -1 },
		"dt 0, cfl NaN":                                        func(s *Settings) { s.CFL = math.NaN() },
		"dt 0.1 and cfl 0.5, want one of them":                 func(s *Settings) { s.Dt, s.CFL = 0.1, 0.5 },
		"unknown kind 9 of side x1":                            func(s *Settings) { s.X1.Kind = 9 },
		"unknown kind -1 of side y0":                           func(s *Settings) { s.Y0.Kind = -1 },
		"cpml of 6 cells at side x0 of 10 points":              func(s *Settings) { s.X0 = Side{Kind: CPML, Cells: 6} },
		"sponge of 20 cells at side y1 of 9":                   func(s *Settings) { s.Y1 = Side{Kind: Sponge} },
		"frequency -1 at side x0":                              func(s *Settings) { s.X0 = Side{Kind: CPML, Cells: 5, Frequency: -1} },
		"speed +Inf at side x0":                                func(s *Settings) { s.X0 = Side{Kind: CPML, Cells: 5, Speed: math.Inf(1)} },
		"periodic side needs a periodic one":                   func(s *Settings) { s.Y0.Kind = Periodic },
		"inner faces only with order 2":                        func(s *Settings) { s.Order, s.InnerFaces = 4, true },
		"-1 threads":                                           func(s *Settings) { s.Threads = -1 },
		"plan {Width:-1":                                       func(s *Settings) { s.Plan.Width = -1 },
		"90 values of the initial vx, want 99":                 func(s *Settings) { s.Vx = values(1) },
		"initial pressure: value 23 is NaN":                    func(s *Settings) { s.Pressure = values(math.NaN()) },
		"source 0 has no signal":                               func(s *Settings) { s.Sources = []Source{{}} },
		"source 1: ":                                           func(s *Settings) { s.Sources = []Source{{Signal: signal}, {X: 3.1, Signal: signal}} },
		"position (0, NaN) is off the grid":                    func(s *Settings) { s.Sources = []Source{{Y: math.NaN(), Signal: signal}} },
		"source 0: stencil: invalid settings: unknown field 3": func(s *Settings) { s.Sources = []Source{{Field: 3, Signal: signal}} },
		"unknown interpolation 2":                              func(s *Settings) { s.Receivers = []Receiver{{Interpolation: 2}} },
		"receiver 0: ":                                         func(s *Settings) { s.Receivers = []Receiver{{Y: -0.1}} },
		"unknown field -1":                                     func(s *Settings) { s.Receivers = []Receiver{{Field: -1}} },
	} {
		set := Settings{Grid: Grid{10, 9, 3, 2}}
		change(&set)
		_, err := New(set)
		require.ErrorIs(t, err, ErrSettings, want)
		_, _, again := set.Step()
		require.Equal(t, err, again)
		require.ErrorContains(t, err, want)
	}
	_, err := New(Settings{Grid: Grid{10, 9, 3, 2}, Dt: 1})
	require.ErrorIs(t, err, ErrUnstable)
	require.ErrorContains(t, err, "dt = 1, the largest stable step is 0.2")
	require.Equal(t, "9", SideKind(9).String())
	require.Equal(t, "-1", Quantity(-1).String())
	s, err := New(Settings{Grid: Grid{10, 9, 3, 2}})
	require.NoError(t, err)
	require.ErrorIs(t, s.Read(3, make([]float64, 90)), ErrSettings)
	require.ErrorContains(t, s.Read(VelocityX, make([]float64, 90)), "want 99")
}

// A signal that is not finite ends the run, whichever field it is added to.
func TestDiverged(t *testing.T) {
	for q := range Quantity(3) {
		for _, single := range []bool{false, true} {
			big := 1e40 // beyond float32
			if !single {
				big = math.NaN()
			}
			s, err := New(Settings{Grid: Grid{10, 9, 3, 2}, Single: single, Sources: []Source{{X: 1, Y: 1, Field: q, Signal: func(float64) float64 { return big }}}})
			require.NoError(t, err)
			require.ErrorIs(t, s.Advance(context.Background(), 3), ErrDiverged)
		}
	}
	s, err := New(Settings{Grid: Grid{10, 9, 3, 2}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Advance(ctx, 3), context.Canceled)
	require.Zero(t, s.Steps())
}
