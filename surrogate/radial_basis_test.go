package surrogate

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// On Branin's function each kernel does as well as it should; fitted shapes beat
// the kernels without.
func TestRadialBasisBranin(t *testing.T) {
	data := setA(t)
	for kernel, limit := range map[string]float64{
		"linear": 8.5, "thin_plate": 4, "cubic": 2, "multiquadric": 0.4, "gaussian": 0.25, "wendland": 2,
	} {
		m := mustFit(t, RadialBasis{Kernel: kernel}, data).(*RadialBasisModel)
		assert.Less(t, gridRMSE(t, m, branin, data), limit, kernel)
		assert.Zero(t, m.Nugget(), kernel)
	}
}

// The definition: the coefficients are those of the whole system by elimination.
func TestRadialBasisSystem(t *testing.T) {
	phi := map[string]func(r float64) float64{
		"linear": func(r float64) float64 { return -r },
		"cubic":  func(r float64) float64 { return r * r * r },
		"thin_plate": func(r float64) float64 {
			if r == 0 {
				return 0
			}
			return r * r * math.Log(r)
		},
		"multiquadric": func(r float64) float64 { return -math.Sqrt(1 + 9*r*r) },
		"gaussian":     func(r float64) float64 { return math.Exp(-9 * r * r) },
		"wendland":     func(r float64) float64 { return math.Pow(max(1-3*r, 0), 4) * (12*r + 1) },
	}
	unit := []float64{1, 1}
	data := uniformData(func(x []float64) float64 { return math.Sin(5*x[0]) + x[1] }, 1, 25, []float64{0, 0}, unit)
	n := 25
	for kernel, phi := range phi {
		for tail, terms := range map[string]int{"none": 0, "constant": 1, "linear": 3, "quadratic": 6} {
			for _, smoothing := range []float64{0, 0.01} {
				s := RadialBasis{Kernel: kernel, Tail: tail, Smoothing: smoothing}
				if radialKernels[kernel].shaped {
					s.Shape = 3
				}
				if tails[tail] < radialKernels[kernel].degree {
					_, err := s.Fit(t.Context(), data)
					require.ErrorIs(t, err, ErrSettings)
					continue
				}
				p := func(x []float64) []float64 {
					return []float64{1, x[0], x[1], x[0] * x[0], x[0] * x[1], x[1] * x[1]}[:terms]
				}
				a := mat.NewDense(n+terms, n+terms, nil)
				b := mat.NewVecDense(n+terms, nil)
				for i := range n {
					xi := data.X[2*i : 2*i+2]
					for k := range n {
						a.Set(i, k, phi(distance(xi, data.X[2*k:2*k+2])))
					}
					a.Set(i, i, a.At(i, i)+smoothing)
					for j, v := range p(xi) {
						a.Set(i, n+j, v)
						a.Set(n+j, i, v)
					}
					b.SetVec(i, data.Y[i])
				}
				var c mat.VecDense
				require.NoError(t, c.SolveVec(a, b))
				m := mustFit(t, s, data)
				x := uniformPoints(2, 30, []float64{-0.2, -0.2}, []float64{1.2, 1.2})
				for i, got := range predict(t, m, x) {
					at := x[2*i : 2*i+2]
					want := 0.0
					for k := range n {
						want += c.AtVec(k) * phi(distance(at, data.X[2*k:2*k+2]))
					}
					for j, v := range p(at) {
						want += c.AtVec(n+j) * v
					}
					require.InDelta(t, want, got, 1e-8, "%s %s", kernel, tail)
				}
			}
		}
	}
}

// The tail is reproduced, also far outside.
func TestRadialBasisReproducesTail(t *testing.T) {
	f := func(x []float64) float64 { return 2 - x[0] + 3*x[1] + x[0]*x[1] - x[1]*x[1] }
	lower, upper := []float64{-5, 0}, []float64{10, 15}
	for kernel := range radialKernels {
		m := mustFit(t, RadialBasis{Kernel: kernel, Tail: "quadratic"}, uniformData(f, 1, 30, lower, upper))
		x := []float64{0, 0, 40, -30, -100, 7}
		require.InEpsilonSlice(t, values(f, x, 2), predict(t, m, x), 1e-7, kernel)
	}
}

// Smoothing leads from interpolation to the least squares fit of the tail.
func TestRadialBasisSmoothing(t *testing.T) {
	data := setA(t)
	x := uniformPoints(1, 20, data.Lower, data.Upper)
	stiff := predict(t, mustFit(t, RadialBasis{Tail: "quadratic", Smoothing: 1e9}, data), x)
	require.InDeltaSlice(t, predict(t, mustFit(t, Polynomial{}, data), x), stiff, 1e-4)
	last := 0.0
	for _, smoothing := range []float64{0, 1e-6, 1e-4, 1e-2, 1} {
		e := rootMeanSquare(data.Y, predict(t, mustFit(t, RadialBasis{Smoothing: smoothing}, data), data.X))
		require.GreaterOrEqual(t, e, last)
		last = e
	}
	require.Greater(t, last, 1.0)
}

// The fitted shape is a minimum of the leave-one-out error.
func TestRadialBasisShape(t *testing.T) {
	data := setA(t)
	for _, kernel := range []string{"multiquadric", "gaussian"} {
		looError := func(shape float64) float64 {
			mean, _ := mustFit(t, RadialBasis{Kernel: kernel, Shape: shape}, data).(LeaveOneOut).LeaveOneOut()
			return rootMeanSquare(mean, data.Y)
		}
		shape := mustFit(t, RadialBasis{Kernel: kernel}, data).(*RadialBasisModel).Shape()
		least := looError(shape)
		for _, factor := range []float64{0.7, 0.9, 1.1, 1.4} {
			require.Greater(t, looError(factor*shape), least, "%s: %g", kernel, factor)
		}
	}
}

// As many points as terms of the tail: it takes all.
func TestRadialBasisTailAlone(t *testing.T) {
	data := Data{X: []float64{0, 0, 1, 0, 0, 1}, Y: []float64{1, 2, 4}, Inputs: 2}
	for kernel := range radialKernels {
		m := mustFit(t, RadialBasis{Kernel: kernel, Tail: "linear"}, data).(*RadialBasisModel)
		require.InDelta(t, 6, predict(t, m, []float64{2, 1})[0], 1e-12)
		mean, _ := m.LeaveOneOut()
		for _, v := range mean {
			require.True(t, math.IsNaN(v))
		}
	}
	_, err := RadialBasis{}.Fit(t.Context(), Data{X: data.X[:4], Y: data.Y[:2], Inputs: 2})
	require.ErrorIs(t, err, ErrData)
	require.ErrorContains(t, err, "2 distinct points do not determine the linear tail in 2 inputs, which has 3 terms")
	line := Data{X: []float64{0, 0, 1, 1, 2, 2, 3, 3}, Y: make([]float64, 4), Inputs: 2}
	_, err = RadialBasis{}.Fit(t.Context(), line)
	require.ErrorIs(t, err, ErrData)
	require.ErrorContains(t, err, "they lie on a surface")
}
