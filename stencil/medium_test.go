package stencil

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// throughJump sends a pulse head on against a jump of density and modulus at x = a
// of a box of side 1 and n cells, and returns the largest error of the pulses that
// go on and come back, of the amplitudes 2 Z2/(Z1+Z2) and (Z2-Z1)/(Z1+Z2) with the
// impedances Z = ρ c. A point has the values at its place, or those that stand for
// its cell: the means of ρ and of 1/κ.
func throughJump(t *testing.T, n, order int, a float64, cell bool) float64 {
	const rho1, rho2, kappa1, kappa2 = 1., 7., 1., 3.
	c1, c2 := math.Sqrt(kappa1/rho1), math.Sqrt(kappa2/rho2)
	z1, z2 := rho1*c1, rho2*c2
	pulse := func(x float64) float64 { x = (x - 0.25) / 0.05; return math.Exp(-x * x) } // before the jump
	exact := func(x, t float64) float64 {
		if x < a {
			return pulse(x-c1*t) + (z2-z1)/(z1+z2)*pulse(2*a-x-c1*t)
		}
		return 2 * z2 / (z1 + z2) * pulse(a+(x-a)*c1/c2-c1*t)
	}
	h := 1 / float64(n)
	share := func(x float64) float64 { // of the cell around x: before the jump
		if !cell {
			return float64(int(min(max(math.Ceil((a-x)/h), 0), 1)))
		}
		return min(max((a-x)/h+0.5, 0), 1)
	}
	g := Grid{n, order, 1 - h, float64(order-1) * h}
	set := Settings{Grid: g, Order: order, Dt: 0.1 * h}
	set.Medium.Densities = g.Fill(func(x, y float64) float64 { s := share(x + h/2); return s*rho1 + (1-s)*rho2 })
	set.Medium.BulkModuli = g.Fill(func(x, y float64) float64 { s := share(x + h/2); return 1 / (s/kappa1 + (1-s)/kappa2) })
	set.Pressure = g.Fill(func(x, y float64) float64 { return exact(x+h/2, 0) })
	for range g.Ny {
		for i := range n + 1 {
			set.Vx = append(set.Vx, pulse(float64(i)*h+c1*set.Dt/2)/z1)
		}
	}
	s, err := New(set)
	require.NoError(t, err)
	advance(t, s, int(math.Round(0.45/set.Dt)))
	p := make([]float64, g.Cells())
	require.NoError(t, s.Read(Pressure, p))
	worst := 0.0
	for i := range n {
		x := (float64(i) + 0.5) * h
		worst = max(worst, math.Abs(p[i]-exact(x, s.Time())))
	}
	return worst
}

func TestJumpKeepsSecondOrder(t *testing.T) {
	for _, order := range Orders {
		for _, c := range []struct {
			name  string
			shift float64 // of the jump from half-way between two points, in cells
			cell  bool
			want  float64
		}{
			{"half-way between points", 0, false, 2},
			{"anywhere, means of the cell", 0.3, true, 2},
			{"anywhere, values at the points", 0.3, false, 1},
		} {
			if order == 2 && c.want == 1 {
				continue // errors of both orders are about as large
			}
			coarse, fine := throughJump(t, 200, order, 0.5+c.shift/200, c.cell), throughJump(t, 400, order, 0.5+c.shift/400, c.cell)
			require.InDelta(t, c.want, math.Log2(coarse/fine), 0.1, "order %d, %s: errors %g, %g", order, c.name, coarse, fine)
		}
	}
}
