package main

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// The standard parameters: 0.9056, 0, -14.5723 (Sprott, Chaos and Time-Series
// Analysis, 2003). The first is a mean over a chaotic orbit and converges with the
// root of the time, the second as one over it.
func TestChaos(t *testing.T) {
	time, near := 20_000.0, 0.003
	if testing.Short() {
		time, near = 1000, 0.02
	}
	l, err := lorenz{10, 28, 8. / 3}.spectrum(time, 0.005)
	require.NoError(t, err)
	require.InDelta(t, 0.9056, l[0], near)
	require.InDelta(t, 0, l[1], 3/time)
	require.InDelta(t, -14.5723, l[2], near)
	require.InDelta(t, -(10 + 1 + 8./3), l[0]+l[1]+l[2], 1e-5)
}

// Where orbits end in a fixed point the exponents are the real parts of the
// eigenvalues of the Jacobian there.
func TestFixedPoints(t *testing.T) {
	for _, rho := range []float64{0.5, 5, 15} {
		p := lorenz{10, rho, 8. / 3}
		var x float64
		if rho > 1 {
			x = math.Sqrt(p.Beta * (rho - 1))
		}
		z := max(0, rho-1)
		var e mat.Eigen
		require.True(t, e.Factorize(mat.NewDense(3, 3, []float64{
			-p.Sigma, p.Sigma, 0,
			rho - z, -1, -x,
			x, x, -p.Beta}), mat.EigenNone))
		want := e.Values(nil)
		slices.SortFunc(want, func(a, b complex128) int { return cmp.Compare(real(b), real(a)) })
		l, err := p.spectrum(500, 0.005)
		require.NoError(t, err)
		for i := range l {
			require.InDelta(t, real(want[i]), l[i], 5e-3, "rho = %g: %v, %v", rho, l, want)
		}
	}
}

// A cycle that attracts: one exponent is zero, along the flow (Sparrow, The Lorenz
// Equations, 1982: stable cycles for 145 < rho < 166).
func TestCycle(t *testing.T) {
	l, err := lorenz{10, 160, 8. / 3}.spectrum(500, 0.002)
	require.NoError(t, err)
	require.InDelta(t, 0, l[0], 0.01)
	require.Less(t, l[1], -0.1)
}

func TestOrder(t *testing.T) {
	p := lorenz{10, 28, 8. / 3}
	end := func(steps int) (s state) {
		s = state{1, 1, 28, 1, 0, 0, 0, 1, 0, 0, 0, 1}
		for range steps {
			p.step(&s, 0.5/float64(steps))
		}
		return s
	}
	wrong := func(steps int) float64 {
		a, b := end(steps), end(4096)
		sum := 0.0
		for i := range a {
			sum += (a[i] - b[i]) * (a[i] - b[i])
		}
		return math.Sqrt(sum)
	}
	require.InDelta(t, 4, math.Log2(wrong(128)/wrong(256)), 0.1)
}

func TestSumIsChecked(t *testing.T) {
	_, err := lorenz{10, 200, 8. / 3}.spectrum(20, 0.02)
	require.ErrorIs(t, err, errSum)
}
