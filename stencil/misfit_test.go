package stencil

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// random draws a small simulation of any kind that has a gradient.
func random(r *rapid.T) (Settings, *rand.Rand) {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "numbers"), 1))
	order := rapid.SampledFrom(Orders).Draw(r, "order")
	g := Grid{rapid.IntRange(order, 16).Draw(r, "nx"), rapid.IntRange(order, 16).Draw(r, "ny"), 3, 2}
	noise := func(float64, float64) float64 { return rng.NormFloat64() }
	medium := func(float64, float64) float64 { return 1 + rng.Float64() }
	set := Settings{Grid: g, Order: order, Threads: rapid.IntRange(1, 3).Draw(r, "threads"),
		Medium: Medium{Densities: g.Fill(medium), BulkModuli: g.Fill(medium)}, Pressure: g.Fill(noise)}
	if rapid.Bool().Draw(r, "uniform") {
		set.Medium = Medium{Density: medium(0, 0), BulkModulus: medium(0, 0)}
	}
	for q, v := range []*[]float64{nil, &set.Vx, &set.Vy} {
		if v != nil && rapid.Bool().Draw(r, "velocity") {
			*v = make([]float64, g.size(Quantity(q)))
			for k := range *v {
				(*v)[k] = rng.NormFloat64()
			}
		}
	}
	kinds := []SideKind{Rigid, Free, Sponge, CPML}
	for k, side := range set.sides() {
		n := [2]int{g.Nx, g.Ny}[k/2]
		*side = Side{Kind: rapid.SampledFrom(kinds).Draw(r, sidesNames[k]), Speed: 1.3}
		if side.Kind == Sponge || side.Kind == CPML {
			side.Cells = max(n/2-rng.IntN(3), 2)
			if n < 4 {
				side.Kind = Rigid
			}
		}
	}
	if rapid.Bool().Draw(r, "periodic x") {
		set.X0.Kind, set.X1.Kind = Periodic, Periodic
	}
	if rapid.Bool().Draw(r, "periodic y") {
		set.Y0.Kind, set.Y1.Kind = Periodic, Periodic
	}
	set.InnerFaces = order == 2 && rapid.Bool().Draw(r, "inner faces")
	_, limit, err := set.Step()
	require.NoError(r, err)
	set.Dt = 0.8 * limit
	for q := range Quantity(3) {
		for range rapid.IntRange(0, 2).Draw(r, "sources") {
			set.Sources = append(set.Sources, Source{X: 3 * rng.Float64(), Y: 2 * rng.Float64(), Field: q,
				Signal: Ricker(1, 0.3), Interpolation: Interpolation(rng.IntN(2))})
		}
		for range rapid.IntRange(0, 2).Draw(r, "receivers") {
			set.Receivers = append(set.Receivers, Receiver{X: 3 * rng.Float64(), Y: 2 * rng.Float64(), Field: q,
				Interpolation: Interpolation(rng.IntN(2))})
		}
	}
	set.Receivers = append(set.Receivers, Receiver{X: 3, Y: 1})
	return set, rng
}

func normals(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for k := range v {
		v[k] = rng.NormFloat64()
	}
	return v
}

func dot(a, b []float64) (sum float64) {
	for k := range a {
		sum += a[k] * b[k]
	}
	return sum
}

// <J m, d> = <m, J' d> for the Jacobian J of the traces with respect to the
// medium, of the scheme written down anew in dual numbers.
func TestAdjointOfTangent(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		set, rng := random(r)
		const steps = 25
		cells := set.Grid.Cells()
		dRho, dKappa := normals(rng, cells), normals(rng, cells)
		rho := set.Grid.Fill(func(float64, float64) float64 { return set.Medium.Density })
		kappa := set.Grid.Fill(func(float64, float64) float64 { return set.Medium.BulkModulus })
		if set.Medium.Densities != nil {
			rho, kappa = set.Medium.Densities, set.Medium.BulkModuli
		}
		want := tangent(t, set, duals(rho, dRho), duals(kappa, dKappa), steps)

		weights := make([][]float64, len(set.Receivers))
		for k := range weights {
			weights[k] = normals(rng, steps)
		}
		value, g, err := Misfit(t.Context(), set, nil, MisfitOptions{Steps: steps, Function: func(traces, derivatives [][]float64) (float64, error) {
			sum := 0.0
			for k := range traces {
				for n, v := range traces[k] {
					require.InDelta(r, want[k][n].v, v, 1e-11, "trace %d, step %d", k, n)
				}
				sum += dot(traces[k], weights[k])
				copy(derivatives[k], weights[k])
			}
			return sum, nil
		}})
		require.NoError(r, err)
		require.NotZero(r, value)
		left, size := 0.0, 0.0
		for k := range want {
			for n, v := range want[k] {
				left += v.d * weights[k][n]
				size += math.Abs(v.d * weights[k][n])
			}
		}
		right := dot(dRho, g.Density) + dot(dKappa, g.BulkModulus)
		require.InDelta(r, left, right, 1e-12*size)
	})
}

// lens is a slow lens between sources of all kinds and receivers, all sides
// different, and the traces of a uniform medium.
func lens(t *testing.T) (Settings, [][]float64) {
	g := Grid{40, 36, 39, 35}
	set := Settings{
		Grid: g, Order: 4, Dt: 0.5, Threads: 2,
		X0: Side{Kind: CPML, Cells: 8, Speed: 1}, X1: Side{Kind: Sponge, Cells: 8}, Y1: Side{Kind: Free},
		Sources: []Source{{X: 20.3, Y: 4, Signal: Ricker(0.1, 0)}, {X: 12, Y: 20, Field: VelocityY, Signal: Ricker(0.08, 0)}},
	}
	for k := range 6 {
		set.Receivers = append(set.Receivers, Receiver{X: 4 + 6*float64(k), Y: 28.4, Field: Quantity(k % 3)})
	}
	const steps = 120
	s, err := New(set)
	require.NoError(t, err)
	advance(t, s, steps)
	bump := func(x, y float64) float64 { return math.Exp(-((x-20)*(x-20) + (y-18)*(y-18)) / 30) }
	set.Medium = Medium{
		BulkModuli: g.Fill(func(x, y float64) float64 { return 1 - 0.3*bump(x, y) }),
		Densities:  g.Fill(func(x, y float64) float64 { return 1 + 0.2*bump(x-3, y) }),
	}
	return set, s.traces
}

// What a change of the medium by h adds to the misfit is of the first order in
// h, what the gradient leaves of it of the second.
func TestTaylorRemainder(t *testing.T) {
	set, observed := lens(t)
	value, g, err := Misfit(t.Context(), set, observed, MisfitOptions{})
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(3, 3))
	for name, c := range map[string]struct {
		values   *[]float64
		gradient []float64
	}{"density": {&set.Medium.Densities, g.Density}, "bulk modulus": {&set.Medium.BulkModuli, g.BulkModulus}} {
		start := *c.values
		direction := normals(rng, len(start))
		for k, v := range direction { // not across the gradient
			direction[k] = math.Abs(v)
		}
		var zeroth, first []float64
		for _, h := range []float64{8e-3, 4e-3, 2e-3, 1e-3} {
			*c.values = make([]float64, len(start))
			for k, v := range start {
				(*c.values)[k] = v + h*direction[k]
			}
			moved, _, err := Misfit(t.Context(), set, observed, MisfitOptions{})
			require.NoError(t, err)
			zeroth = append(zeroth, math.Abs(moved-value))
			first = append(first, math.Abs(moved-value-h*dot(c.gradient, direction)))
		}
		*c.values = start
		for k := range 3 {
			require.InDelta(t, 1, math.Log2(zeroth[k]/zeroth[k+1]), 0.1, "%s: %v", name, zeroth)
			require.InDelta(t, 2, math.Log2(first[k]/first[k+1]), 0.1, "%s: %v", name, first)
		}
	}
}

// Memory, plan and threads change no bit of the gradient.
func TestGradientForAnyBudget(t *testing.T) {
	set, observed := lens(t)
	value, want, err := Misfit(t.Context(), set, observed, MisfitOptions{})
	require.NoError(t, err)
	forward, err := New(set)
	require.NoError(t, err)
	state := (&back{run: forward.e.(*run[float64])}).bytes()
	for _, room := range []int{1, 2, 3, 7, 50} {
		set.Threads = 1 + room%3
		set.Plan = Plan{Width: 12, Height: 12, Steps: room}
		got, g, err := Misfit(t.Context(), set, observed, MisfitOptions{Memory: room*state + state/2})
		require.NoError(t, err)
		require.Equal(t, value, got)
		require.Equal(t, want, g, "room for %d states", room)
	}
	_, _, err = Misfit(t.Context(), set, observed, MisfitOptions{Memory: state - 1})
	require.ErrorIs(t, err, ErrSettings)
	require.ErrorContains(t, err, fmt.Sprintf("%d of a state", state))
}

// The misfit of a uniform medium has the sum of the derivatives at the points
// for its derivative.
func TestGradientOfUniformMedium(t *testing.T) {
	set, _ := lens(t)
	_, observed := lens(t)
	set.Medium = Medium{Density: 1.1, BulkModulus: 0.9}
	_, g, err := Misfit(t.Context(), set, observed, MisfitOptions{})
	require.NoError(t, err)
	for _, c := range []struct {
		value    *float64
		gradient []float64
	}{{&set.Medium.Density, g.Density}, {&set.Medium.BulkModulus, g.BulkModulus}} {
		sum := 0.0
		for _, v := range c.gradient {
			sum += v
		}
		at := func(h float64) float64 {
			old := *c.value
			*c.value += h
			v, _, err := Misfit(t.Context(), set, observed, MisfitOptions{})
			require.NoError(t, err)
			*c.value = old
			return v
		}
		const h = 1e-3
		require.InEpsilon(t, (8*(at(h)-at(-h))-(at(2*h)-at(-2*h)))/(12*h), sum, 1e-7)
	}
}

// <inject s, f> = <s, sample f> for a source and a receiver at one place, the sum
// being over the unknowns, a face on a side with the half of it in the grid.
func TestInjectionAndSampling(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		set, rng := random(r)
		x, y, q := 3*rng.Float64(), 2*rng.Float64(), Quantity(rng.IntN(3))
		in := Interpolation(rng.IntN(2))
		set.Medium, set.Pressure, set.Vx, set.Vy = Medium{}, nil, nil, nil
		set.Sources = []Source{{X: x, Y: y, Field: q, Interpolation: in, Signal: Ricker(1, 0.3)}}
		set.Receivers = []Receiver{{X: x, Y: y, Field: q, Interpolation: in}}
		set.Dt *= 0.7
		s, err := New(set)
		require.NoError(r, err)
		e := s.e.(*run[float64])
		cells, faces := span{-e.m, e.nx + e.m}, span{-e.m, e.ny + e.m}
		field, injected := normals(rng, len(e.wave.P)), make([]float64, len(e.wave.P))
		b := &block{amplitudes: [][]float64{{1.7}}, probes: e.block.probes}
		b.samples[q] = make([]float64, b.probes[q])
		sample(e.engine, &e.probes[q], int(q), field, cells, faces, 0, b)
		inject(e.engine, &e.injections[q], injected, cells, faces, 0, b)
		sampled := 0.0
		for k, p := range e.probes[q].list {
			sampled += p.weight * b.samples[q][k]
		}
		dx, dy := set.Grid.Spacing()
		inner := 0.0
		if set.InnerFaces && q != Pressure {
			return
		}
		for j := range e.ny + 1 {
			for i := range e.nx + 1 {
				fi, _ := e.fold(0, i, int(q))
				fj, _ := e.fold(1, j, int(q))
				if fi == i && fj == j {
					share := 1.0
					if q == VelocityX && e.x0 != wrap {
						share = edge(i, e.nx)
					}
					if q == VelocityY && e.y0 != wrap {
						share = edge(j, e.ny)
					}
					inner += share * injected[e.at(i, j)] * field[e.at(i, j)]
				}
			}
		}
		require.InDelta(r, 1.7*sampled*s.dt/dx/dy, inner, 1e-12*math.Max(1, math.Abs(inner)))
	})
}

// What a receiver hears of a source is the same the other way round.
func TestReciprocity(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		set, rng := random(r)
		set.Pressure, set.Vx, set.Vy, set.InnerFaces = nil, nil, nil, false
		for _, side := range set.sides() {
			if side.Kind == CPML || side.Kind == Sponge {
				*side = Side{} // not symmetric
			}
		}
		type place struct {
			x, y float64
			q    Quantity
		}
		draw := func() place { return place{3 * rng.Float64(), 2 * rng.Float64(), Quantity(rng.IntN(3))} }
		a, b := draw(), draw()
		b.q = a.q
		hear := func(from, at place) []float64 {
			set.Sources = []Source{{X: from.x, Y: from.y, Field: from.q, Signal: Ricker(1, 0.3)}}
			set.Receivers = []Receiver{{X: at.x, Y: at.y, Field: at.q}}
			s, err := New(set)
			require.NoError(r, err)
			require.NoError(r, s.Advance(t.Context(), 40))
			return s.Trace(0)
		}
		want := hear(a, b)
		require.InDeltaSlice(r, want, hear(b, a), 1e-11)
	})
}

func TestMisfitRefuses(t *testing.T) {
	good, observed := lens(t)
	function := func(traces, derivatives [][]float64) (float64, error) { return 0, nil }
	for want, change := range map[string]func(s *Settings, d *[][]float64, o *MisfitOptions){
		"not Single":                   func(s *Settings, d *[][]float64, o *MisfitOptions) { s.Single = true },
		"needs a given Dt":             func(s *Settings, d *[][]float64, o *MisfitOptions) { s.Dt = 0 },
		"given Speed of the cpml":      func(s *Settings, d *[][]float64, o *MisfitOptions) { s.X0.Speed = 0 },
		"without receivers":            func(s *Settings, d *[][]float64, o *MisfitOptions) { s.Receivers = nil },
		"5 observed traces of 6":       func(s *Settings, d *[][]float64, o *MisfitOptions) { *d = (*d)[1:] },
		"119 samples of the observed":  func(s *Settings, d *[][]float64, o *MisfitOptions) { (*d)[2] = (*d)[2][1:] },
		"sample 7 of the observed tr":  func(s *Settings, d *[][]float64, o *MisfitOptions) { (*d)[2][7] = math.NaN() },
		"memory of -1 bytes":           func(s *Settings, d *[][]float64, o *MisfitOptions) { o.Memory = -1 },
		"steps without a function":     func(s *Settings, d *[][]float64, o *MisfitOptions) { o.Steps = 3 },
		"observed traces for a functi": func(s *Settings, d *[][]float64, o *MisfitOptions) { o.Function, o.Steps = function, 3 },
		"0 steps and 0 observed":       func(s *Settings, d *[][]float64, o *MisfitOptions) { *d, o.Function = nil, function },
		"misfit NaN": func(s *Settings, d *[][]float64, o *MisfitOptions) {
			*d, o.Steps = nil, 3
			o.Function = func(traces, derivatives [][]float64) (float64, error) { return math.NaN(), nil }
		},
		"sample 1 of trace 2": func(s *Settings, d *[][]float64, o *MisfitOptions) {
			*d, o.Steps = nil, 3
			o.Function = func(traces, derivatives [][]float64) (float64, error) {
				derivatives[2][1] = math.Inf(1)
				return 0, nil
			}
		},
	} {
		s, o := good, MisfitOptions{}
		var d [][]float64
		for _, trace := range observed {
			d = append(d, append([]float64{}, trace...))
		}
		change(&s, &d, &o)
		_, _, err := Misfit(t.Context(), s, d, o)
		require.ErrorIs(t, err, ErrSettings, want)
		require.ErrorContains(t, err, want)
	}
	broken := errors.New("no misfit")
	_, _, err := Misfit(t.Context(), good, nil, MisfitOptions{Steps: 3, Function: func(_, _ [][]float64) (float64, error) { return 0, broken }})
	require.ErrorIs(t, err, broken)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = Misfit(ctx, good, observed, MisfitOptions{})
	require.ErrorIs(t, err, context.Canceled)
}
