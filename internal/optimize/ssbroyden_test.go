package optimize

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// publishedUpdate is H+ as printed in the papers, with dense matrices, from H,
// s, y, the old gradient g and the step length alpha. All three kinds.
func publishedUpdate(kind string, h mat.Matrix, s, y, g []float64, alpha float64) *mat.Dense {
	n := len(s)
	N := float64(n)
	sv, yv := mat.NewVecDense(n, s), mat.NewVecDense(n, y)
	var hy mat.VecDense
	hy.MulVec(h, yv)
	ys, yHy := mat.Dot(yv, sv), mat.Dot(yv, &hy)

	b := -alpha * floats.Dot(s, g) / ys
	hh := yHy / ys
	a := b*hh - 1
	c := math.Sqrt(math.Abs(a) / (1 + a))
	rhoMinus := math.Min(1, hh*(1-c))
	thetaMinus := (rhoMinus - 1) / a
	thetaPlus := 1 / rhoMinus
	theta := math.Max(thetaMinus, math.Min(thetaPlus, (1-b)/b))
	rho := math.Min(1, 1/b)
	sigma := 1 + theta*a
	q := math.Pow(math.Abs(sigma), 1/(1-N))
	var tau float64
	if theta <= 0 {
		tau = math.Min(rho*q, sigma)
	} else {
		tau = rho * math.Min(q, 1/theta)
	}
	phi := (1 - theta) / (1 + a*theta)
	switch kind {
	case "bfgs":
		tau, phi = 1, 1
	case "ssbfgs":
		tau, phi = math.Min(1, 1/b), 1
	}

	var v, part mat.VecDense
	v.ScaleVec(1/ys, sv)
	part.ScaleVec(1/yHy, &hy)
	v.SubVec(&v, &part)
	var result, term mat.Dense
	term.Outer(1/yHy, &hy, &hy)
	result.Sub(h, &term)
	term.Outer(phi*yHy, &v, &v)
	result.Add(&result, &term)
	result.Scale(1/tau, &result)
	term.Outer(1/ys, sv, sv)
	result.Add(&result, &term)
	return &result
}

// updateCase is a random H, with a step along -H g and the change of gradient
// of some positive definite Hessian.
type updateCase struct {
	h                *symmetric
	plain            *mat.SymDense
	s, y, g, next, d []float64
	alpha            float64
}

func drawUpdate(t *rapid.T) updateCase {
	n := rapid.IntRange(1, 40).Draw(t, "n")
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	alpha := rapid.Float64Range(0.05, 3).Draw(t, "alpha")
	size := math.Pow(10, rapid.Float64Range(-2, 2).Draw(t, "log size"))
	c := updateCase{alpha: alpha}
	c.h, c.plain = randomDefinite(r, n, 1)
	c.g = randomVector(r, n)
	var hg mat.VecDense
	hg.MulVec(c.plain, mat.NewVecDense(n, c.g))
	c.d = append([]float64(nil), hg.RawVector().Data...)
	floats.Scale(-1, c.d)
	c.s = append([]float64(nil), c.d...)
	floats.Scale(alpha, c.s)
	_, hessian := randomDefinite(r, n, 1)
	var y mat.VecDense
	y.MulVec(hessian, mat.NewVecDense(n, c.s))
	y.ScaleVec(size, &y)
	c.y = y.RawVector().Data
	c.next = append([]float64(nil), c.g...)
	floats.Add(c.next, c.y)
	return c
}

// apply has dense make the update, and returns H+, the direction and 1/tau.
func (c updateCase) apply(t require.TestingT, kind string) (h *mat.SymDense, d []float64, scale float64) {
	n := len(c.s)
	m := newDense(n, kind, 1)
	m.identity = false
	copy(m.h.data, c.h.data)
	d = append([]float64(nil), c.d...)
	require.True(t, m.update(c.alpha, c.s, c.y, c.g, c.next, d))
	scale = m.pending.scale
	m.multiply(make([]float64, n), c.s) // makes the pending change
	return unpack(m.h), d, scale
}

func TestUpdateIsThePublishedFormula(t *testing.T) {
	for _, kind := range []string{"ssbroyden", "ssbfgs", "bfgs"} {
		t.Run(kind, rapid.MakeCheck(func(t *rapid.T) {
			c := drawUpdate(t)
			if len(c.s) == 1 && kind == "ssbroyden" {
				t.Skip("the formula divides by zero")
			}
			want := publishedUpdate(kind, c.plain, c.s, c.y, c.g, c.alpha)
			got, _, _ := c.apply(t, kind)
			requireClose(t, want, got, 1e-12)
		}))
	}
}

func TestUpdateProperties(t *testing.T) {
	for _, kind := range []string{"ssbroyden", "ssbfgs", "bfgs"} {
		t.Run(kind, rapid.MakeCheck(func(t *rapid.T) {
			c := drawUpdate(t)
			n := len(c.s)
			plain, d, scale := c.apply(t, kind)

			var chol mat.Cholesky
			require.True(t, chol.Factorize(plain), "H+ is positive definite")

			// What cancels in H+ y may be larger than what is left.
			size := math.Max(scale*mat.Norm(c.plain, math.Inf(1)), mat.Norm(plain, math.Inf(1)))
			var hy mat.VecDense
			hy.MulVec(plain, mat.NewVecDense(n, c.y))
			tolerance := 1e-12 * size * floats.Norm(c.y, math.Inf(1))
			require.InDeltaSlice(t, c.s, hy.RawVector().Data, tolerance, "secant condition H+ y = s")

			var hg mat.VecDense
			hg.MulVec(plain, mat.NewVecDense(n, c.next))
			hg.ScaleVec(-1, &hg)
			tolerance = 1e-12 * size * floats.Norm(c.next, math.Inf(1))
			require.InDeltaSlice(t, hg.RawVector().Data, d, tolerance, "d = -H+ next")
		}))
	}
}

func TestSelfScalingNearTheBFGSLimit(t *testing.T) {
	// s parallel to Hy: the formula is 0/0 there, but tends to rho.
	for _, b := range []float64{0.01, 0.5, 1, 2, 100} {
		tau, _ := selfScaling(b, 1/b, 10)
		assert.InDelta(t, math.Min(1, 1/b), tau, 1e-12)
		near, _ := selfScaling(b, (1+1e-9)/b, 10)
		assert.InDelta(t, tau, near, 1e-4)
	}
	tau, phi := selfScaling(2, 0.5000001, 1) // s and Hy are parallel but for rounding
	assert.Equal(t, 0.5, tau)
	assert.Equal(t, 1.0, phi)

	// Far from it, in the range where 1-c loses all digits.
	tau, phi = selfScaling(1e9, 1e9, 10)
	assert.True(t, tau > 0 && isFinite(phi))
}

func TestUpdateRefuses(t *testing.T) {
	u := rankTwo{s: make([]float64, 2), w: make([]float64, 2)}
	assert.True(t, u.setUpdate("ssbroyden", 1, 1, 1))
	for _, v := range [][3]float64{{1, -1, 1}, {1, 1, -1}, {1, 0, 1}, {1, math.NaN(), 1}, {1, 1, math.Inf(1)}, {1e-320, 1, 1}} {
		assert.False(t, u.setUpdate("ssbroyden", v[0], v[1], v[2]), "%v", v)
	}

	// Negative curvature: H stays.
	m := newDense(2, "bfgs", 1)
	d := []float64{-1, 0}
	assert.True(t, m.update(1, []float64{-1, 0}, []float64{1, 0}, []float64{1, 0}, []float64{2, 0}, d))
	assert.True(t, m.isIdentity())
	assert.Equal(t, []float64{-2, 0}, d)
}

// A step H -> H+ that never forms a product with H+ must not drift: over a long
// ill-conditioned run the direction stays -H g to rounding.
func TestDirectionStaysTheProduct(t *testing.T) {
	m, err := NewSSBroyden(objective(rosenbrock), rosenbrockStart(30), SSBroydenSettings{CheckEvery: -1})
	require.NoError(t, err)
	for range 200 {
		_, err := m.Step(context.Background())
		require.NoError(t, err)
		h := newSymmetric(30, 1)
		copy(h.data, m.dense.h.data)
		want := make([]float64, 30)
		h.updateMul(want, m.g, m.dense.pending)
		floats.Scale(-1, want)
		scale := mat.Norm(unpack(h), math.Inf(1)) * floats.Norm(m.g, math.Inf(1))
		require.InDeltaSlice(t, want, m.d, 1e-13*scale)
		var chol mat.Cholesky
		require.True(t, chol.Factorize(unpack(h)), "H stays positive definite")
	}
}

// The first update is of gamma I, gamma = y's/y'y, whichever I the step was along.
func TestFirstUpdate(t *testing.T) {
	for _, kind := range []string{"ssbroyden", "ssbfgs", "bfgs"} {
		t.Run(kind, rapid.MakeCheck(func(t *rapid.T) {
			c := drawUpdate(t)
			n := len(c.s)
			if n == 1 {
				t.Skip("no formula")
			}
			m := newDense(n, kind, 1)
			d := make([]float64, n)
			require.True(t, m.update(c.alpha, c.s, c.y, c.g, c.next, d))
			m.multiply(make([]float64, n), c.s)

			gamma := floats.Dot(c.s, c.y) / floats.Dot(c.y, c.y)
			bs := append([]float64(nil), c.s...) // -B s, with B = I/gamma
			floats.Scale(-1/gamma, bs)
			want := publishedUpdate(kind, mat.NewDiagDense(n, scaled(n, gamma)), c.s, c.y, bs, 1)
			requireClose(t, want, unpack(m.h), 1e-12)
		}))
	}
}

func TestFirstTrial(t *testing.T) {
	m, err := NewSSBroyden(objective(rosenbrock), rosenbrockStart(4), SSBroydenSettings{})
	require.NoError(t, err)
	m.norm, m.f = 20, -30
	assert.Equal(t, 1.0/20, m.firstTrial(-400), "along -g: a unit of distance")
	m.norm = 0.5
	assert.Equal(t, 1.0, m.firstTrial(-0.25))

	m.dense.identity = false
	for _, c := range []struct{ fall, slope, want float64 }{
		{0.25, -1, 0.505},
		{0.25, -0.25, 1},
		{0.25, -1000, 0.1},
		{1e-13, -1, 1}, // lost in noise
		{0, -1, 1},
	} {
		m.fall = c.fall
		assert.Equal(t, c.want, m.firstTrial(c.slope), "%+v", c)
	}

	m.fall = 1
	require.NoError(t, m.refresh(context.Background()))
	assert.Zero(t, m.fall, "another objective: the last fall says nothing")
}

func TestCheckResetsAnIndefiniteH(t *testing.T) {
	const n = 4
	m, err := NewSSBroyden(objective(rosenbrock), rosenbrockStart(n), SSBroydenSettings{CheckEvery: 10})
	require.NoError(t, err)
	status := advance(t, m, 10)
	require.Zero(t, status.Restarts)

	// H - 1e3 vv' with v'g = 0: -H g does not show it.
	v := []float64{-m.g[1], m.g[0], 0, 0}
	floats.Scale(1e3/floats.Norm(v, 2), v)
	m.dense.multiply(make([]float64, n), m.g)
	m.dense.pending = rankTwo{scale: 1, a: -1, s: v, w: make([]float64, n)}
	x, g := append([]float64(nil), m.x...), append([]float64(nil), m.g...)

	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = m.Step(cancelled)
	require.ErrorIs(t, err, context.Canceled)

	status = advance(t, m, 1)
	assert.Equal(t, 1, status.Restarts)
	floats.AddScaled(x, -status.StepLength, g)
	assert.Equal(t, x, m.X(), "a step along -g")
	status = minimise(t, m, 1e-8, 60)
	assert.LessOrEqual(t, status.GradNorm, 1e-8)
	assert.Equal(t, 1, status.Restarts)
}

// With f scaled by a power of two, which rounds nothing, the iterates are the
// same bits: the first step is of unit length, the next are scaled by y's/y'y.
func TestInvarianceUnderScalingOfF(t *testing.T) {
	for _, kind := range []string{"ssbroyden", "ssbfgs", "bfgs"} {
		scaled := objective(func(x, g []float64) float64 {
			f := rosenbrock(x, g)
			floats.Scale(0x1p20, g)
			return f * 0x1p20
		})
		a, err := NewSSBroyden(objective(rosenbrock), rosenbrockStart(10), SSBroydenSettings{Update: kind})
		require.NoError(t, err)
		b, err := NewSSBroyden(scaled, rosenbrockStart(10), SSBroydenSettings{Update: kind})
		require.NoError(t, err)
		for range 60 {
			sa, sb := advance(t, a, 1), advance(t, b, 1)
			require.Equal(t, a.X(), b.X())
			require.Equal(t, sa.F*0x1p20, sb.F)
		}
	}
}

// In rotated coordinates the iterates are the rotated iterates.
func TestInvarianceUnderRotation(t *testing.T) {
	const n = 5
	r := rand.New(rand.NewPCG(5, 5))
	var qr mat.QR
	qr.Factorize(mat.NewDense(n, n, randomVector(r, n*n)))
	var q mat.Dense
	qr.QTo(&q)
	rotated := objective(func(z, g []float64) float64 {
		var x, gz mat.VecDense
		x.MulVec(&q, mat.NewVecDense(n, z))
		gx := make([]float64, n)
		f := rosenbrock(x.RawVector().Data, gx)
		gz.MulVec(q.T(), mat.NewVecDense(n, gx))
		copy(g, gz.RawVector().Data)
		return f
	})
	start := rosenbrockStart(n)
	var z0 mat.VecDense
	z0.MulVec(q.T(), mat.NewVecDense(n, start))
	a, err := NewSSBroyden(objective(rosenbrock), start, SSBroydenSettings{})
	require.NoError(t, err)
	b, err := NewSSBroyden(rotated, z0.RawVector().Data, SSBroydenSettings{})
	require.NoError(t, err)
	for range 20 {
		advance(t, a, 1)
		advance(t, b, 1)
		var back mat.VecDense
		back.MulVec(&q, mat.NewVecDense(n, b.X()))
		require.InDeltaSlice(t, a.X(), back.RawVector().Data, 1e-7)
	}
}

func TestSSBroydenSettings(t *testing.T) {
	for want, s := range map[string]SSBroydenSettings{
		"ssbroyden, ssbfgs or bfgs": {Update: "dfp"},
		"-2 threads":                {Threads: -2},
		"use lbfgs":                 {MaxDimension: 1},
		"maximum dimension -1":      {MaxDimension: -1},
		"noise 2":                   {Noise: 2},
	} {
		_, err := NewSSBroyden(objective(rosenbrock), []float64{1, 2}, s)
		assert.ErrorIs(t, err, ErrSettings)
		assert.ErrorContains(t, err, want)
	}
	_, err := NewSSBroyden(objective(rosenbrock), make([]float64, 12001), SSBroydenSettings{})
	assert.ErrorContains(t, err, "dimension 12001 is above the maximum of 12000")
}
