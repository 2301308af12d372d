package simd

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// elementary are the elementary functions of one argument. The exact value is
// to be met within the given units in the last place.
var elementary = []struct {
	name  string
	do    func(dst, x []float64)
	exact func(*big.Float) *big.Float
	ulps  float64
	// Values at -Inf and +Inf.
	low, high float64
}{
	{"Tanh", Tanh, bigTanh, 4, -1, 1},
	{"Sigmoid", Sigmoid, bigSigmoid, 4, 0, 1},
	{"Softplus", Softplus, bigSoftplus, 4, 0, math.Inf(1)},
}

// arguments cover every scale from subnormal to overflow of the exponential,
// both signs, and the places where implementations change formula.
func arguments() []float64 {
	x := []float64{0, 5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 1e-20, 1e-9, 1.49e-8, 1e-5,
		0.1, 0.3465735902799727, 0.5493061443340549, 0.625, math.Nextafter(0.625, 1), 0.6931471805599453,
		1, 2, 5, 10, 17, 18.714973875118524, 19.0615, 22, 36.7, 37, 40, 88, 350, 354.9, 700, 708.3, 709.78, 710, 740}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, scale := range []float64{1e-3, 1, 4, 30, 700} {
		for range 12 {
			x = append(x, scale*rng.Float64())
		}
	}
	for _, v := range x {
		x = append(x, -v)
	}
	return x
}

// ulps is the error of got in units in the last place of the exact value.
func ulps(exact *big.Float, got float64) float64 {
	near, _ := exact.Float64()
	unit := math.Nextafter(math.Abs(near), math.Inf(1)) - math.Abs(near)
	e, _ := quo(sub(bigFloat(got), exact), bigFloat(unit)).Float64()
	return math.Abs(e)
}

func TestElementaryAccuracy(t *testing.T) {
	x := arguments()
	for _, f := range elementary {
		t.Run(f.name, func(t *testing.T) {
			y := make([]float64, len(x))
			f.do(y, x)
			worst := 0.0
			for p, v := range x {
				exact := f.exact(bigFloat(v))
				e := ulps(exact, y[p])
				worst = max(worst, e)
				require.LessOrEqual(t, e, f.ulps, "%s(%g) = %g, exactly %.20g", f.name, v, y[p], exact)
			}
			t.Logf("worst error %.2f ulp", worst)
		})
	}
}

func TestElementarySpecialValues(t *testing.T) {
	for _, f := range elementary {
		t.Run(f.name, func(t *testing.T) {
			x := []float64{math.Inf(-1), math.Inf(1), math.NaN(), -math.MaxFloat64, math.MaxFloat64}
			high := f.high
			if f.name == "Softplus" {
				high = math.MaxFloat64
			}
			y := make([]float64, len(x))
			f.do(y, x)
			requireSame(t, []float64{f.low, f.high, math.NaN(), f.low, high}, y)
		})
	}
	for _, v := range []float64{0, math.Copysign(0, -1)} {
		y := []float64{1}
		Tanh(y, []float64{v})
		requireSame(t, []float64{v}, y)
	}
}

// Small and huge arguments, and those whose reduction by π/2 cancels most: the
// neighbours of multiples of π/2, and the worst double, 6381956970095103 2^797
// (Muller, Elementary Functions, 2nd ed., 2006, section 9.1).
func TestSinCosAccuracy(t *testing.T) {
	x := append(arguments(), 1e3, 1e5, 1e7, 536870911.7, 536870913.3, 1e10, 1e15, 1e22, 1e100, 1e300,
		math.MaxFloat64, math.Ldexp(6381956970095103, 797))
	for k := 1.0; k < 4000; k = 2*k + 1 {
		x = append(x, k*math.Pi/2, -k*math.Pi/2)
	}
	sin, cos := make([]float64, len(x)), make([]float64, len(x))
	SinCos(sin, cos, x)
	for p, v := range x {
		s, c := bigSinCos(bigFloat(v))
		for _, y := range []struct {
			exact *big.Float
			got   float64
		}{{s, sin[p]}, {c, cos[p]}} {
			e, _ := sub(bigFloat(y.got), y.exact).Float64()
			require.InDelta(t, 0, e, 2.3e-16, "at %g: exactly %.20g", v, y.exact)
		}
		if math.Abs(v) < 1e-5 {
			require.LessOrEqual(t, ulps(s, sin[p]), 1.0, "sin %g", v)
		}
	}
}

func TestSinCosSpecialValues(t *testing.T) {
	nan := math.NaN()
	sin, cos := make([]float64, 5), make([]float64, 5)
	SinCos(sin, cos, []float64{math.Inf(-1), math.Inf(1), nan, 0, math.Copysign(0, -1)})
	requireSame(t, []float64{nan, nan, nan, 0, math.Copysign(0, -1)}, sin)
	requireSame(t, []float64{nan, nan, nan, 1, 1}, cos)
}

// Lengths, margins, dst = x, and independence of the position in the vector.
func TestElementaryShapes(t *testing.T) {
	number := rapid.Float64Range(-800, 800)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "n")
		x := rapid.SliceOfN(number, n, n).Draw(t, "x")
		want, other := make([]float64, n), make([]float64, n)
		for _, f := range elementary {
			for p := range n {
				f.do(want[p:p+1], x[p:p+1])
			}
			dst, src := newGuarded(other...), newGuarded(x...)
			f.do(dst.data, src.long())
			requireSame(t, want, dst.data)
			requireSame(t, x, src.data)
			dst.requireIntact(t)
			f.do(src.data, src.data)
			requireSame(t, want, src.data)
			src.requireIntact(t)
		}
		for p := range n {
			SinCos(want[p:p+1], other[p:p+1], x[p:p+1])
		}
		sin, cos, src := newGuarded(x...), newGuarded(x...), newGuarded(x...)
		check := func(sin, cos guarded) {
			requireSame(t, want, sin.data)
			requireSame(t, other, cos.data)
			sin.requireIntact(t)
			cos.requireIntact(t)
		}
		SinCos(sin.data, cos.long(), src.long())
		check(sin, cos)
		SinCos(src.data, cos.long(), src.long())
		check(src, cos)
		src = newGuarded(x...)
		SinCos(sin.data, src.long(), src.long())
		check(sin, src)
	})
}
