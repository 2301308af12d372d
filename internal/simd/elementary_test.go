package simd

import (
	"flag"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// draws is how many random arguments a function is tested with in each range.
var draws = flag.Int("draws", 12, "random arguments of each range")

// function is an elementary function of one argument.
type function[T Float] struct {
	name  string
	do    func(dst, x []T)
	exact func(*big.Float) *big.Float
	// ulps bounds the error of the assembly in units in the last place of the
	// exact value.
	ulps float64
	// Values at -Inf and +Inf.
	low, high float64
}

// functions come with the worst error found with -draws 12000 (216,000
// arguments each, float64 and float32), rounded up.
func functions[T Float]() []function[T] {
	inf, nan := math.Inf(1), math.NaN()
	sin := func(dst, x []T) { SinCos(dst, make([]T, len(dst)), x) }
	cos := func(dst, x []T) { SinCos(make([]T, len(dst)), dst, x) }
	return []function[T]{
		{"Exp", Exp[T], bigExp, 1, 0, inf},
		{"Tanh", Tanh[T], bigTanh, 2, -1, 1},
		{"Sigmoid", Sigmoid[T], bigSigmoid, 2.2, 0, 1},
		{"Softplus", Softplus[T], bigSoftplus, 1.6, 0, inf},
		{"Sin", sin, bigSin, 1.5, nan, nan},
		{"Cos", cos, bigCos, 1.5, nan, nan},
	}
}

// arguments cover every scale from subnormal to overflow of the exponential,
// both signs, the places where implementations change formula and the
// neighbours of the multiples of π/2.
func arguments[T Float]() []T {
	var x []T
	for _, v := range []float64{0, 5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 1e-45, 1e-40, 1.2e-38, 1e-30, 1e-20, 1e-9, 1.49e-8, 1e-5,
		0.1, 0.3465735902799726, 0.3465735902799727, 0.5493061443340549, 0.625, math.Nextafter(0.625, 1), 0.6931471805599453,
		1, 2, 5, 9.01, 10, 17, 18.714973875118524, 19.0615, 22, 36.7, 37, 40, 87.3, 88, 88.72284, 103.2, 103.97, 104.1,
		350, 354.9, 700, 708.3, 709.78, 710, 740, 745.13, 745.14} {
		x = append(x, T(v))
	}
	for k := 1.0; k < 1e9; k = 2*k + 1 {
		x = append(x, T(k*math.Pi/2), T(k*math.Pi/4))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, scale := range []float64{1e-3, 0.3, 1, 4, 30, 110, 750, 1e5, 1e9} {
		for range *draws {
			x = append(x, T(scale*rng.Float64()))
		}
	}
	for _, v := range x {
		x = append(x, -v)
	}
	return x
}

// ulps is the error of got in units in the last place of the exact value, and
// 0 where both overflow.
func ulps[T Float](exact *big.Float, got T) float64 {
	near, _ := exact.Float64()
	a := math.Abs(near)
	unit := math.Nextafter(a, math.Inf(1)) - a
	if isSingle[T]() {
		unit = math.Ldexp(1, max(-149, math.Ilogb(a)-23))
		if a == 0 {
			unit = 0x1p-149
		}
	}
	if math.IsInf(float64(T(near)), 0) || math.IsInf(float64(got), 0) {
		if T(near) == got {
			return 0
		}
		return math.Inf(1)
	}
	if unit == 0 || math.IsInf(unit, 0) || math.IsNaN(float64(got)) {
		return math.Inf(1)
	}
	e, _ := quo(sub(new(big.Float).SetFloat64(float64(got)), exact), new(big.Float).SetFloat64(unit)).Float64()
	return math.Abs(e)
}

// known holds the exact values, the same for every implementation.
var known = map[string][]*big.Float{}

// exactValues are those at x, nil where they are trivial and take long.
func (f function[T]) exactValues(x []T) []*big.Float {
	key := fmt.Sprintf("%s %T", f.name, T(0))
	if known[key] == nil {
		known[key] = make([]*big.Float, len(x))
		for p, v := range x {
			if f.name == "Sin" || f.name == "Cos" || math.Abs(float64(v)) < 1e4 {
				known[key][p] = f.exact(precise(float64(v)))
			}
		}
	}
	return known[key]
}

func TestElementaryAccuracy(t *testing.T) {
	each(t, testElementaryAccuracy[float64], testElementaryAccuracy[float32])
}

func testElementaryAccuracy[T Float](t *testing.T) {
	x := arguments[T]()
	absolute := 2.3e-16
	if isSingle[T]() {
		absolute = 6e-8
	}
	for _, f := range functions[T]() {
		if active.level == "portable" {
			f.ulps = 2.5
		}
		exactly := f.exactValues(x)
		y := make([]T, len(x))
		f.do(y, x)
		worst, at := 0.0, T(0)
		for p, v := range x {
			exact := exactly[p]
			if exact == nil {
				continue
			}
			if active.level == "portable" && (f.name == "Sin" || f.name == "Cos") {
				// Package math reduces large arguments to absolute accuracy.
				e, _ := sub(precise(float64(y[p])), exact).Float64()
				require.InDelta(t, 0, e, absolute, "%s(%g)", f.name, v)
				continue
			}
			if e := ulps(exact, y[p]); e > worst {
				worst, at = e, v
			}
		}
		require.LessOrEqual(t, worst, f.ulps, "%s(%g) = %g", f.name, at, y[slices.Index(x, at)])
		t.Logf("%s: worst error %.2f ulp, at %g", f.name, worst, at)
	}
}

// The vector levels agree bit for bit: they differ in width alone.
func TestElementaryLevelsAgree(t *testing.T) {
	if len(implementations) < 3 {
		t.Skip("the CPU has one vector level at most")
	}
	var results [2][][]float64
	saved := active
	defer func() { active = saved }()
	x := arguments[float64]()
	for i := range results {
		active = &implementations[i+1]
		for _, f := range functions[float64]() {
			y := make([]float64, len(x))
			f.do(y, x)
			results[i] = append(results[i], y)
		}
	}
	for f := range results[0] {
		requireSame(t, results[0][f], results[1][f])
	}
}

func TestElementarySpecialValues(t *testing.T) {
	each(t, testElementarySpecialValues[float64], testElementarySpecialValues[float32])
}

func testElementarySpecialValues[T Float](t *testing.T) {
	limit := math.MaxFloat64
	if isSingle[T]() {
		limit = math.MaxFloat32
	}
	largest := T(limit)
	inf, nan, minusZero := T(math.Inf(1)), T(math.NaN()), T(math.Copysign(0, -1))
	for _, f := range functions[T]()[:4] {
		x := []T{-inf, inf, nan, -largest, largest}
		high := T(f.high)
		if f.name == "Softplus" {
			high = largest
		}
		y := make([]T, len(x))
		f.do(y, x)
		requireSame(t, []T{T(f.low), T(f.high), nan, T(f.low), high}, y)
	}
	y := make([]T, 2)
	Tanh(y, []T{0, minusZero})
	requireSame(t, []T{0, minusZero}, y)
	sin, cos := make([]T, 5), make([]T, 5)
	SinCos(sin, cos, []T{-inf, inf, nan, 0, minusZero})
	requireSame(t, []T{nan, nan, nan, 0, minusZero}, sin)
	requireSame(t, []T{nan, nan, nan, 1, 1}, cos)
}

func TestElementaryShapes(t *testing.T) {
	each(t, testElementaryShapes[float64], testElementaryShapes[float32])
}

// Lengths, margins, dst = x, and independence of the position in the vector.
func testElementaryShapes[T Float](t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "n")
		x := numbers[T](t, "x", n, 800)
		for p := range x {
			if rapid.IntRange(0, 20).Draw(t, "huge") == 0 {
				x[p] *= 1e30 // SinCos computes these one by one
			}
		}
		want, other := make([]T, n), make([]T, n)
		for _, f := range functions[T]() {
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
		check := func(sin, cos guarded[T]) {
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
