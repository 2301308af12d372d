package stencil

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// everything is a simulation with all that has a state.
func everything(single bool) Settings {
	rng := rand.New(rand.NewPCG(5, 5))
	g := Grid{61, 47, 10, 8}
	set := Settings{
		Grid: g, Order: 4, CFL: 0.9, Single: single,
		X0: Side{Kind: CPML, Cells: 9}, X1: Side{Kind: Sponge, Cells: 7}, Y0: Side{Kind: Free}, Y1: Side{Kind: CPML, Cells: 5},
		Medium: Medium{
			Densities:  g.Fill(func(x, y float64) float64 { return 1 + rng.Float64() }),
			BulkModuli: g.Fill(func(x, y float64) float64 { return 1 + rng.Float64() }),
		},
		Pressure: g.Fill(func(x, y float64) float64 { return rng.NormFloat64() }),
		Sources:  []Source{{X: 3.3, Y: 4.1, Signal: Ricker(1, 0)}},
		Plan:     Plan{Width: 16, Height: 16, Steps: 4},
	}
	for q := range Quantity(3) {
		set.Receivers = append(set.Receivers, Receiver{X: 7.7, Y: 2.2, Field: q, Interpolation: Interpolation(q % 2)})
	}
	return set
}

// A solver that takes up a state goes on bit for bit, also with other threads
// and another plan.
func TestStateGoesOn(t *testing.T) {
	for _, single := range []bool{false, true} {
		set := everything(single)
		whole, err := New(set)
		require.NoError(t, err)
		require.NoError(t, whole.Advance(context.Background(), 37))
		var b bytes.Buffer
		n, err := whole.WriteTo(&b)
		require.NoError(t, err)
		require.Equal(t, int64(b.Len()), n)
		state := bytes.Clone(b.Bytes())
		require.NoError(t, whole.Advance(context.Background(), 40))

		set.Threads, set.Plan, set.Pressure = 3, Plan{Bands: true}, nil
		second, err := New(set)
		require.NoError(t, err)
		require.NoError(t, second.Advance(context.Background(), 5)) // what it has is overwritten
		n, err = second.ReadFrom(iotest.HalfReader(&b))
		require.NoError(t, err)
		require.Equal(t, int64(len(state)), n)
		require.Equal(t, 37, second.Steps())
		var again bytes.Buffer
		_, err = second.WriteTo(&again)
		require.NoError(t, err)
		require.True(t, bytes.Equal(state, again.Bytes()))
		require.NoError(t, second.Advance(context.Background(), 40))
		var one, two bytes.Buffer
		_, err = whole.WriteTo(&one)
		require.NoError(t, err)
		_, err = second.WriteTo(&two)
		require.NoError(t, err)
		require.True(t, bytes.Equal(one.Bytes(), two.Bytes()), "float32: %v", single)
		require.Len(t, second.Trace(2), 77)
	}
}

func TestStateRefused(t *testing.T) {
	s, err := New(everything(false))
	require.NoError(t, err)
	require.NoError(t, s.Advance(context.Background(), 3))
	var b bytes.Buffer
	_, err = s.WriteTo(&b)
	require.NoError(t, err)
	state := b.Bytes()
	for what, change := range map[string]func(*Settings){
		"the number of points in x": func(s *Settings) { s.Grid.Nx++; s.Medium, s.Pressure = Medium{}, nil },
		"the order":                 func(s *Settings) { s.Order = 6 },
		"the precision":             func(s *Settings) { s.Single = true },
		"dt":                        func(s *Settings) { s.CFL = 0.8 },
		"the number of receivers":   func(s *Settings) { s.Receivers = nil },
		"the number of layers":      func(s *Settings) { s.X0 = Side{} },
		"the size of a layer":       func(s *Settings) { s.X0.Cells++ },
	} {
		set := everything(false)
		change(&set)
		other, err := New(set)
		require.NoError(t, err)
		_, err = other.ReadFrom(bytes.NewReader(state))
		require.ErrorIs(t, err, ErrState, what)
		require.ErrorContains(t, err, what)
	}
	for at := range len(state) {
		if at > 100 && at < len(state)-100 && at%997 > 0 {
			continue
		}
		other, err := New(everything(false))
		require.NoError(t, err)
		_, err = other.ReadFrom(bytes.NewReader(state[:at]))
		require.ErrorIs(t, err, ErrState, "cut off after %d bytes", at)
		state[at] ^= 0x10
		_, err = other.ReadFrom(bytes.NewReader(state))
		require.ErrorIs(t, err, ErrState, "byte %d", at)
		state[at] ^= 0x10
	}
	_, err = s.ReadFrom(bytes.NewReader(state))
	require.NoError(t, err)
	failure := errors.New("disk full")
	_, err = s.WriteTo(&limited{failure, 1000})
	require.ErrorIs(t, err, failure)
	_, err = s.ReadFrom(iotest.ErrReader(failure))
	require.ErrorIs(t, err, failure)
}

// limited is a writer with room for so many bytes.
type limited struct {
	err  error
	room int
}

func (w *limited) Write(b []byte) (int, error) {
	if w.room -= len(b); w.room < 0 {
		return 0, w.err
	}
	return len(b), nil
}

// Whatever the bytes, a state is taken up or refused.
func FuzzReadFrom(f *testing.F) {
	set := Settings{Grid: Grid{6, 5, 1, 1}, Receivers: []Receiver{{X: 0.5, Y: 0.5}}, X0: Side{Kind: CPML, Cells: 2}, Threads: 1}
	s, err := New(set)
	require.NoError(f, err)
	require.NoError(f, s.Advance(context.Background(), 2))
	var b bytes.Buffer
	_, err = s.WriteTo(&b)
	require.NoError(f, err)
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:100])
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := New(set)
		require.NoError(t, err)
		if _, err := s.ReadFrom(bytes.NewReader(data)); err != nil {
			require.ErrorIs(t, err, ErrState)
			return
		}
		require.Len(t, s.Trace(0), s.Steps())
	})
}
