package stencil

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func advance(t *testing.T, s *Solver, steps int) {
	require.NoError(t, s.Advance(context.Background(), steps))
}

func energy(t *testing.T, s *Solver) (kinetic, potential float64) {
	kinetic, potential, err := s.Energy()
	require.NoError(t, err)
	return kinetic, potential
}

// standing sets up the mode of a box of n x n cells of side 1 whose pressure
// between rigid walls is cos(2πx) cos(2πy) cos(ωt), or of sines between free
// surfaces, and returns how far it has come: the projection on the mode.
func standing(t *testing.T, n, order int, kind SideKind, cfl float64) (*Solver, func() float64) {
	h := 1 / float64(n)
	g := Grid{n, n, 1 - h, 1 - h}
	mode := func(x float64) float64 { // x from the wall
		if kind == Free {
			return math.Sin(2 * math.Pi * x)
		}
		return math.Cos(2 * math.Pi * x)
	}
	shape := g.Fill(func(x, y float64) float64 { return mode(x+h/2) * mode(y+h/2) })
	side := Side{Kind: kind}
	s, err := New(Settings{Grid: g, Order: order, CFL: cfl, Pressure: shape, X0: side, X1: side, Y0: side, Y1: side})
	require.NoError(t, err)
	// Half a step before, the velocity of a mode at its height is minus that half
	// a step after: v(-dt/2) = dt/2 grad p.
	for q := VelocityX; q <= VelocityY; q++ {
		v := make([]float64, g.size(q))
		probe, err := New(Settings{Grid: g, Order: order, Dt: s.Dt(), Pressure: shape, X0: side, X1: side, Y0: side, Y1: side})
		require.NoError(t, err)
		advance(t, probe, 1)
		require.NoError(t, probe.Read(q, v)) // -dt grad p
		for i := range v {
			v[i] *= -0.5
		}
		s.e.write(q, v)
	}
	return s, func() float64 {
		p := make([]float64, len(shape))
		require.NoError(t, s.Read(Pressure, p))
		sum, norm := 0.0, 0.0
		for i := range p {
			sum += p[i] * shape[i]
			norm += shape[i] * shape[i]
		}
		return sum / norm
	}
}

// The pressure of a mode after N steps is cos(ω' N dt), where the leapfrog
// scheme turns the frequency Ω of the operator in space into ω',
// sin(ω' dt/2) = Ω dt/2. So Ω is had without an error of time, and its error is
// that of the operator alone.
func TestOrderInSpace(t *testing.T) {
	for _, kind := range []SideKind{Rigid, Free, Periodic} {
		for _, order := range Orders {
			t.Run(fmt.Sprintf("%s/order %d", kind, order), func(t *testing.T) {
				omega := 2 * math.Pi * math.Sqrt2
				var errors []float64
				for _, n := range []int{20, 40} {
					s, amplitude := standing(t, n, order, kind, 0.5)
					steps := int(math.Round(math.Pi / 2 / omega / s.Dt())) // a quarter of a period
					advance(t, s, steps)
					discrete := math.Acos(amplitude()) / (float64(steps) * s.Dt())
					errors = append(errors, math.Abs(2/s.Dt()*math.Sin(discrete*s.Dt()/2)-omega)/omega)
				}
				require.InDelta(t, order, math.Log2(errors[0]/errors[1]), 0.1, "errors %v", errors)
			})
		}
	}
}

func TestOrderInTime(t *testing.T) {
	var errors []float64
	omega := 2 * math.Pi * math.Sqrt2
	for _, cfl := range []float64{0.8, 0.4, 0.2} {
		s, amplitude := standing(t, 60, 8, Rigid, cfl)
		steps := int(math.Round(0.9 / s.Dt()))
		advance(t, s, steps)
		errors = append(errors, math.Abs(math.Acos(math.Abs(amplitude()))-math.Acos(math.Abs(math.Cos(omega*float64(steps)*s.Dt()))))/(float64(steps)*s.Dt()))
	}
	for k := range 2 {
		require.InDelta(t, 2, math.Log2(errors[k]/errors[k+1]), 0.1, "errors %v", errors)
	}
}

func TestEnergyIsConserved(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for _, order := range Orders {
		for _, kinds := range [][2]SideKind{{Rigid, Rigid}, {Rigid, Free}, {Periodic, Free}, {Periodic, Periodic}, {Free, Free}} {
			for _, medium := range []bool{false, true} {
				g := Grid{31, 26, 3, 2}
				set := Settings{Grid: g, Order: order, CFL: 0.9}
				set.X0.Kind, set.X1.Kind, set.Y0.Kind, set.Y1.Kind = kinds[0], kinds[0], kinds[1], kinds[1]
				noise := func(float64, float64) float64 { return rng.NormFloat64() }
				set.Pressure = g.Fill(noise)
				set.Medium = Medium{Density: 1.3, BulkModulus: 0.7}
				if medium {
					set.Medium.Densities = g.Fill(func(x, y float64) float64 { return 1 + 3*rng.Float64() })
					set.Medium.BulkModuli = g.Fill(func(x, y float64) float64 { return 1 + 3*rng.Float64() })
				}
				s, err := New(set)
				require.NoError(t, err)
				k0, p0 := energy(t, s)
				advance(t, s, 500)
				k1, p1 := energy(t, s)
				require.InEpsilon(t, k0+p0, k1+p1, 1e-12, "order %d, sides %v, medium %t", order, kinds, medium)
				require.Greater(t, math.Abs(p1-p0), 0.01*p0, "nothing moved")
			}
		}
	}
}

// A pulse that meets the layer head on comes back with less than 1e-4 of its
// height: the difference to a domain so large that nothing comes back.
func TestLayerAbsorbs(t *testing.T) {
	const cells = 200
	for _, order := range Orders {
		for _, side := range []int{0, 1, 2, 3} {
			pressure := func(extra int) ([]float64, int) {
				n, across := cells+extra, 2*order
				g := Grid{n, across, float64(n - 1), float64(across - 1)}
				at := cells / 2
				if side%2 == 0 {
					at += extra
				}
				pulse := func(x float64) float64 { d := (x - float64(at)) / 6; return math.Exp(-d * d) }
				set := Settings{Grid: g, Order: order, CFL: 0.7}
				layered := Side{Kind: CPML, Cells: 20}
				if extra > 0 {
					layered = Side{}
				}
				set.Pressure = g.Fill(func(x, y float64) float64 { return pulse(x) })
				if side < 2 {
					*set.sides()[side] = layered
				} else {
					set.Grid = Grid{across, n, g.Ly, g.Lx}
					set.Pressure = set.Grid.Fill(func(x, y float64) float64 { return pulse(y) })
					*set.sides()[side] = layered
				}
				s, err := New(set)
				require.NoError(t, err)
				advance(t, s, int(220/s.Dt()))
				p := make([]float64, set.Grid.Cells())
				require.NoError(t, s.Read(Pressure, p))
				line := make([]float64, n)
				for i := range line {
					if side < 2 {
						line[i] = p[i]
					} else {
						line[i] = p[i*across]
					}
				}
				if side%2 == 0 {
					return line[extra:], order
				}
				return line[:cells], order
			}
			got, _ := pressure(0)
			want, _ := pressure(150)
			worst := 0.0
			for i := range got {
				if side%2 == 0 && i >= 20 || side%2 == 1 && i < cells-20 {
					worst = max(worst, math.Abs(got[i]-want[i]))
				}
			}
			require.Less(t, worst, 0.5e-4, "order %d, side %s", order, sidesNames[side]) // the pulse is 1/2 high
		}
	}
}

// Sources of Ricker wavelets in the plane against the Green's function: in the field
//
//	G(r, t) = 1/(2π) ∫_0^∞ s(t - r cosh θ) dθ,   c = ρ = 1,
//
// the pressure of a pressure source is ∂G/∂t, its velocity -∇G, half a step before;
// the pressure of a force along x is -∂G/∂x. Receivers are five wavelengths of the
// peak frequency away. With 15 points in a wavelength of the peak dispersion alone is more
// than a hundredth: the spectrum has much at twice that frequency.
func TestGreensFunction(t *testing.T) {
	for points, most := range map[int]float64{15: 0.02, 22: 0.01, 30: 0.01} {
		t.Run(fmt.Sprintf("%d points", points), func(t *testing.T) { greensFunction(t, points, most) })
	}
}

// greensFunction compares on grids with so many points in a wavelength of the peak.
func greensFunction(t *testing.T, points int, most float64) {
	const f, far = 1.0, 5.0
	n, h := 14*points+1, 1/float64(points)
	middle := float64(n-1) / 2 * h
	g := Grid{n, n, float64(n-1) * h, float64(n-1) * h}
	ds := func(t float64) float64 { // derivative of the wavelet
		b := math.Pi * f
		u := t - 1.5
		a := b * b * u * u
		return (-6*b*b*u + 4*b*b*u*a) * math.Exp(-a)
	}
	along := func(r, time float64, factor func(theta float64) float64) float64 {
		sum := 0.0
		const step = 1e-3
		for theta := step / 2; r*math.Cosh(theta) < time; theta += step {
			sum += ds(time-r*math.Cosh(theta)) * factor(theta) * step / (2 * math.Pi)
		}
		return sum
	}
	inTime := func(r, time float64) float64 { return along(r, time, func(float64) float64 { return 1 }) } // ∂G/∂t
	inSpace := func(r, time float64) float64 { return -along(r, time, math.Cosh) }                        // ∂G/∂r
	places := [][2]float64{{far, 0}, {-3.01, 4}}
	for _, source := range []Quantity{Pressure, VelocityX} {
		set := Settings{Grid: g, Order: 4, Dt: 0.2 * h, Sources: []Source{{X: middle, Y: middle, Field: source, Interpolation: Sinc, Signal: Ricker(f, 1.5)}}}
		for _, at := range places {
			for q := range Quantity(3) {
				set.Receivers = append(set.Receivers, Receiver{X: middle + at[0], Y: middle + at[1], Field: q, Interpolation: Sinc})
			}
		}
		s, err := New(set)
		require.NoError(t, err)
		advance(t, s, int(8/s.Dt()))
		for k, rec := range set.Receivers {
			x, y := rec.X-middle, rec.Y-middle
			r := math.Hypot(x, y)
			var exact func(time float64) float64
			switch {
			case source == Pressure && rec.Field == Pressure:
				exact = func(time float64) float64 { return inTime(r, time) }
			case source == Pressure:
				exact = func(time float64) float64 { return -inSpace(r, time-s.Dt()/2) * [3]float64{0, x / r, y / r}[rec.Field] }
			case rec.Field == Pressure:
				exact = func(time float64) float64 { return -inSpace(r, time) * x / r }
			default:
				continue
			}
			difference, norm := 0.0, 0.0
			for i, got := range s.Trace(k) {
				want := exact(float64(i+1) * s.Dt())
				difference += (got - want) * (got - want)
				norm += want * want
			}
			if norm == 0 { // across the axis
				norm = 1
			}
			require.Less(t, math.Sqrt(difference/norm), most, "source of %s, %s at (%g, %g)", source, rec.Field, x, y)
		}
	}
}

// The sponge takes most of a pulse that meets it head on, and damps by the factor of
// Cerjan et al. (1985), to exp(-0.09) at the wall.
func TestSpongeAbsorbs(t *testing.T) {
	for side := range 4 {
		g := Grid{200, 8, 199, 7}
		along := func(x, y float64) float64 { return x }
		if side >= 2 {
			g = Grid{8, 200, 7, 199}
			along = func(x, y float64) float64 { return y }
		}
		set := Settings{Grid: g, CFL: 0.7, Pressure: g.Fill(func(x, y float64) float64 {
			d := (along(x, y) - 99.5) / 6
			return math.Exp(-d * d)
		})}
		pair := side / 2 * 2
		*set.sides()[pair], *set.sides()[pair+1] = Side{Kind: Sponge}, Side{Kind: Sponge, Cells: 20}
		s, err := New(set)
		require.NoError(t, err)
		sponge := s.e.(*run[float64]).sponge
		i, j := 0, 4
		if side >= 2 {
			i, j = 4, 0
		}
		require.InDelta(t, math.Exp(-math.Pow(0.015*19.5, 2)), sponge.factor(0, i, j), 1e-12)
		advance(t, s, int(220/s.Dt()))
		p := make([]float64, g.Cells())
		require.NoError(t, s.Read(Pressure, p))
		worst := 0.0
		for _, v := range p {
			worst = max(worst, math.Abs(v))
		}
		require.Less(t, worst, 0.1*0.5) // both halves of the pulse are 1/2 high
	}
}
