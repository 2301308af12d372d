package surrogate

import (
	"context"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/integrate/quad"

	"github.com/seed-0772dd2d/ritz/internal/linalg"
)

// The errors of a published study of Branin's function. That on raw inputs is given
// there as 61.58577332; with the sum for φ taken at d, |d| and -|d| in turn it is
// 61.58577324, 61.58577340 and 61.58577330: the last digits are its rounding.
func TestLobachevskyPublished(t *testing.T) {
	data := setA(t)
	raw := mustFit(t, Lobachevsky{Alpha: []float64{2.8}, N: 8}, data).(*LobachevskyModel)
	assert.InDelta(t, 61.585773298, gridRMSE(t, raw, branin, data), 1e-9)
	scaled := mustFit(t, Lobachevsky{Alpha: []float64{2.8}, N: 8, Scale: true}, data).(*LobachevskyModel)
	assert.InDelta(t, 0.4485, gridRMSE(t, scaled, branin, data), 5e-5)
	assert.Zero(t, raw.Nugget())
	assert.Zero(t, scaled.Nugget())
}

// φ(0) as published, and the definition of φ in exact arithmetic elsewhere.
func TestLobachevskySpline(t *testing.T) {
	for n, want := range map[int]float64{4: .38490017945975, 6: .38890872965260, 8: .39139994831774} {
		m := mustFit(t, Lobachevsky{N: n, Alpha: []float64{1}}, Data{X: []float64{0}, Y: []float64{1}, Inputs: 1}).(*LobachevskyModel)
		require.InDelta(t, want, m.kernel([]float64{0}, []float64{0}), 1e-14)
	}
	rng := rand.New(rand.NewPCG(1, 0))
	for n := 2; n <= 30; n += 2 {
		c := newCardinalSpline(n)
		for range 8 {
			s := float64(n) * rng.Float64()
			want := exactSpline(n, s)
			value, slope := c.slope(s - float64(n)/2)
			require.InDelta(t, want, value, 2e-15, "n = %d, s = %g", n, s)
			require.InDelta(t, want, c.at(min(s, float64(n)-s)), 2e-15, "n = %d, s = %g", n, s)
			h := 1e-5
			require.InDelta(t, (exactSpline(n, s+h)-exactSpline(n, s-h))/(2*h), slope, 1e-5, "n = %d, s = %g", n, s)
			require.InDelta(t, want, (c.integral(s+h)-c.integral(s-h))/(2*h), 1e-5, "n = %d, s = %g", n, s)
		}
		require.Equal(t, 1.0, c.integral(float64(n)+0.1))
		require.InDelta(t, 0.5, c.integral(float64(n)/2), 1e-14)
		require.Zero(t, c.integral(-1))
		require.Zero(t, c.at(-0.1))
		v, dv := c.slope(float64(n)/2 + 0.1)
		require.Zero(t, v)
		require.Zero(t, dv)
	}
}

// exactSpline is M(s) by its definition.
func exactSpline(n int, s float64) float64 {
	sum := new(big.Rat)
	for l := 0; l <= n && float64(l) < s; l++ {
		base := new(big.Rat).Sub(new(big.Rat).SetFloat64(s), big.NewRat(int64(l), 1))
		term := new(big.Rat).SetInt(new(big.Int).Binomial(int64(n), int64(l)))
		for range n - 1 {
			term.Mul(term, base)
		}
		if l%2 == 1 {
			term.Neg(term)
		}
		sum.Add(sum, term)
	}
	sum.Quo(sum, new(big.Rat).SetInt(new(big.Int).MulRange(1, int64(n-1))))
	v, _ := sum.Float64()
	return v
}

// The integral is that of a quadrature which is exact on every piece.
func TestLobachevskyIntegral(t *testing.T) {
	for _, s := range []Lobachevsky{{N: 2}, {N: 4, Alpha: []float64{0.3}}, {N: 6, Scale: true}, {N: 8, Alpha: []float64{5}, Scale: true}} {
		data := Data{X: []float64{0.5, 1.25, 2, 3.5}, Y: []float64{1, 10, -2, -20, 0.5, 5, 3, 30}, Inputs: 1, Outputs: 2, Lower: []float64{0}, Upper: []float64{4}}
		m := mustFit(t, s, data).(*LobachevskyModel)
		got, err := m.Integral([]float64{-0.25}, []float64{3})
		require.NoError(t, err)
		want := 0.0
		const pieces = 4000
		for i := range pieces {
			w := 3.25 / pieces
			a := -0.25 + float64(i)*w
			want += quad.Fixed(func(x float64) float64 { return predict(t, m, []float64{x})[0] }, a, a+w, 6, quad.Legendre{}, 0)
		}
		require.InDelta(t, want, got[0], 1e-6)
		require.InDelta(t, 10*got[0], got[1], 1e-10)
		back, err := m.Integral([]float64{3}, []float64{-0.25})
		require.NoError(t, err)
		require.InDelta(t, -got[0], back[0], 1e-12)
	}
	data := setA(t)
	m := mustFit(t, Lobachevsky{N: 8, Alpha: []float64{2.8, 2}, Scale: true}, data).(*LobachevskyModel)
	got, err := m.Integral(data.Lower, data.Upper)
	require.NoError(t, err)
	want := quad.Fixed(func(x float64) float64 {
		return quad.Fixed(func(y float64) float64 { return predict(t, m, []float64{x, y})[0] }, 0, 15, 60, quad.Legendre{}, 0)
	}, -5, 10, 60, quad.Legendre{}, 0)
	require.InDelta(t, want, got[0], 1e-4*math.Abs(want))
	require.InDelta(t, 54.307198271908, got[0]/225, 0.2)
	_, err = m.Integral([]float64{0, math.NaN()}, []float64{1, 1})
	require.ErrorIs(t, err, ErrData)
	_, err = m.Integral([]float64{0}, []float64{1})
	require.ErrorIs(t, err, ErrShape)
}

// The iteration on the sparse matrix and the dense factor give the same model.
func TestLobachevskySparse(t *testing.T) {
	f := func(x []float64) float64 { return math.Sin(20*x[0]) + x[0] }
	data := sobolData(t, f, []float64{0}, []float64{1}, 0, sparseFrom)
	m := mustFit(t, Lobachevsky{Alpha: []float64{1000}}, data).(*LobachevskyModel)
	require.NotNil(t, m.tree)
	a := m.sparse()
	require.Less(t, a.density(), 0.01)
	require.InDeltaSlice(t, data.Y, predict(t, m, data.X), 1e-11)

	chol, _, err := m.factor(0)
	require.NoError(t, err)
	c := append([]float64(nil), data.Y...)
	chol.SolveVec(c)
	require.InDeltaSlice(t, c, m.c, 1e-9)

	n := 300 // of these the diagonal of the inverse
	some := mustFit(t, Lobachevsky{Alpha: []float64{150}}, sobolData(t, f, []float64{0}, []float64{1}, 0, n)).(*LobachevskyModel)
	chol, _, err = some.factor(0)
	require.NoError(t, err)
	inverse := linalg.RowMajor(make([]float64, n*n), n, n)
	chol.Inverse(linalg.NewWorkspace(1), inverse)
	for i, v := range some.sparse().inverseDiagonal() {
		require.InEpsilon(t, inverse.Data[i*(n+1)], v, 1e-9)
	}

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	x := make([]float64, len(data.Y))
	require.ErrorIs(t, a.conjugateGradients(ctx, x, data.Y), context.Canceled)
	require.NoError(t, a.conjugateGradients(context.Background(), x, make([]float64, len(x))))
	require.Equal(t, make([]float64, len(x)), x)
}

// Smooth splines on dense points are dependent to rounding.
func TestLobachevskyNugget(t *testing.T) {
	f := func(x []float64) float64 { return math.Sin(3 * x[0]) }
	data := sobolData(t, f, []float64{0}, []float64{1}, 0, 200)
	m := mustFit(t, Lobachevsky{Alpha: []float64{0.5}, N: 12}, data).(*LobachevskyModel)
	require.Positive(t, m.Nugget())
	require.InDeltaSlice(t, data.Y, predict(t, m, data.X), 1e-5)
}
