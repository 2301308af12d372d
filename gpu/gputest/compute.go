package gputest

import (
	"math"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/gpu/gputest/kernels"
)

// one is a grid of one work item.
var one gpu.Grid

// group is the size of a group. There are few, because PoCL compiles a kernel for each.
var group = rapid.SampledFrom([]int{1, 7, 64})

// real is a type of the kernels' real.
type real interface{ float32 | float64 }

// suffix is of a kernel's name in the precision of T. It skips a test that the device
// cannot run.
func suffix[T real](r *rig) string {
	if unsafe.Sizeof(T(0)) == 4 {
		return "_float"
	}
	r.double()
	return "_double"
}

func testAllocations(t *testing.T, open func(testing.TB) *gpu.Device) {
	if raceDetector {
		t.Skip("the race detector makes pools allocate")
	}
	r := start(t, open, Options{})
	k := r.kernel("axpy_float")
	x, y := put(r, r.d, r.q, make([]float32, 64)), put(r, r.d, r.q, make([]float32, 64))
	launch(r, r.q, k, gpu.Over(64, 64), gpu.Mem(x), gpu.Mem(y), gpu.Real(1), gpu.Int(64))
	assert.Zero(r, testing.AllocsPerRun(100, func() {
		if err := r.q.Launch(k, gpu.Over(64, 64), gpu.Mem(x), gpu.Mem(y), gpu.Real(1), gpu.Int(64)); err != nil {
			panic(err)
		}
	}))
	require.NoError(r, r.q.Wait())
}

func testInfo(r *rig) {
	i := r.d.Info()
	assert.Contains(r, []string{"opencl", "cuda", "hip"}, i.Backend)
	assert.Regexp(r, "^"+i.Backend+`:\d+$`, i.ID)
	assert.NotEmpty(r, i.Name)
	assert.NotEmpty(r, i.Driver)
	assert.Greater(r, i.Memory, int64(1<<20))
	assert.Greater(r, i.MaxAlloc, int64(1<<20))
	assert.LessOrEqual(r, i.MaxAlloc, i.Memory)
	assert.GreaterOrEqual(r, i.LocalMemory, 16<<10)
	assert.Positive(r, i.ComputeUnits)
	assert.GreaterOrEqual(r, i.MaxGroup, 64)
	assert.GreaterOrEqual(r, i.Width, 0)
	if i.Bus != "" {
		assert.Regexp(r, `^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$`, i.Bus)
	}
}

func testArguments(r *rig) {
	k := r.kernel("arguments")
	whole, fraction := put(r, r.d, r.q, make([]int64, 4)), put(r, r.d, r.q, make([]float32, 1))
	rapid.Check(r, func(t *rapid.T) {
		a, b := rapid.Int32().Draw(t, "a"), rapid.Uint32().Draw(t, "b")
		c, d := rapid.Int64().Draw(t, "c"), rapid.Uint64().Draw(t, "d")
		e := rapid.Float32().Draw(t, "e")
		launch(t, r.q, k, one, gpu.Mem(whole), gpu.Mem(fraction), gpu.Int(a), gpu.Uint(b), gpu.Long(c), gpu.Ulong(d), gpu.Float(e))
		assert.Equal(t, []int64{int64(a), int64(b), c, int64(d)}, get[int64](t, r.q, whole, 4))
		assert.Equal(t, []float32{e}, get[float32](t, r.q, fraction, 1))
		// A number in double precision is rounded to the parameter.
		f := rapid.Float64().Draw(t, "f")
		launch(t, r.q, k, one, gpu.Mem(whole), gpu.Mem(fraction), gpu.Int(a), gpu.Uint(b), gpu.Long(c), gpu.Ulong(d), gpu.Real(f))
		assert.Equal(t, []float32{float32(f)}, get[float32](t, r.q, fraction, 1))
	})
}

func testPacking[T real](r *rig) {
	k := r.kernel("packing" + suffix[T](r))
	out, last := put(r, r.d, r.q, make([]T, 7)), put(r, r.d, r.q, make([]int32, 1))
	rapid.Check(r, func(t *rapid.T) {
		// Whole numbers that every type has exactly.
		v := rapid.SliceOfN(rapid.IntRange(0, 1<<24), 8, 8).Draw(t, "values")
		launch(t, r.q, k, one, gpu.Int(int32(v[0])), gpu.Mem(out), gpu.Real(float64(v[1])), gpu.Long(int64(v[2])), gpu.Uint(uint32(v[3])),
			gpu.Real(float64(v[4])), gpu.Ulong(uint64(v[5])), gpu.Float(float32(v[6])), gpu.Mem(last), gpu.Int(int32(v[7])))
		want := make([]T, 7)
		for i := range want {
			want[i] = T(v[i])
		}
		assert.Equal(t, want, get[T](t, r.q, out, 7))
		assert.Equal(t, []int32{int32(v[7])}, get[int32](t, r.q, last, 1))
	})
}

func testWorkItems(r *rig) {
	k := r.kernel("ids")
	for _, g := range []gpu.Grid{
		{},
		{Groups: [3]int{5, 3, 4}},
		gpu.Over(1000, 33),
		{Groups: [3]int{3, 2}, Group: [3]int{4, 5}},
		{Groups: [3]int{0, 0, 6}, Group: [3]int{0, 32, 2}},
		{Groups: [3]int{2, 3, 4}, Group: [3]int{5, 3, 2}},
	} {
		groups, group := g.Groups, g.Group
		var n [3]int
		for d := range n {
			groups[d], group[d] = max(groups[d], 1), max(group[d], 1)
			n[d] = groups[d] * group[d]
		}
		var want []int32
		for z := range n[2] {
			for y := range n[1] {
				for x := range n[0] {
					for d, i := range []int{x, y, z} {
						want = append(want, int32(i), int32(i/group[d]), int32(i%group[d]), int32(groups[d]), int32(group[d]))
					}
				}
			}
		}
		out := put(r, r.d, r.q, make([]int32, len(want)))
		launch(r, r.q, k, g, gpu.Mem(out))
		require.Equal(r, want, get[int32](r, r.q, out, len(want)), "%+v", g)
		r.close(out)
	}
}

func testReverse(r *rig) {
	k := r.kernel("reverse")
	rapid.Check(r, func(t *rapid.T) {
		group, groups := group.Draw(t, "group"), rapid.IntRange(1, 20).Draw(t, "groups")
		x, want := make([]int32, group*groups), make([]int32, group*groups)
		for i := range x {
			x[i] = int32(i)
			want[i] = int32(i/group*group + group - 1 - i%group)
		}
		b := put(t, r.d, r.q, x)
		launch(t, r.q, k, gpu.Over(len(x), group), gpu.Mem(b))
		assert.Equal(t, want, get[int32](t, r.q, b, len(x)))
		require.NoError(t, b.Close())
	})
}

func testSum(r *rig) {
	k := r.kernel("sum")
	rapid.Check(r, func(t *rapid.T) {
		groups := rapid.IntRange(1, 20).Draw(t, "groups")
		x := rapid.SliceOfN(rapid.Int64(), 64*groups, 64*groups).Draw(t, "x")
		want := make([]int64, groups)
		for i, v := range x {
			want[i/64] += v
		}
		in, out := put(t, r.d, r.q, x), put(t, r.d, r.q, make([]int64, groups))
		launch(t, r.q, k, gpu.Over(len(x), 64), gpu.Mem(in), gpu.Mem(out))
		assert.Equal(t, want, get[int64](t, r.q, out, groups))
		require.NoError(t, in.Close())
		require.NoError(t, out.Close())
	})
}

func testWhole(r *rig) {
	k := r.kernel("whole")
	rapid.Check(r, func(t *rapid.T) {
		n := rapid.IntRange(1, 50).Draw(t, "n")
		x := rapid.SliceOfN(rapid.Int64(), n, n).Draw(t, "x")
		// The quotient by -1 of the least number is none.
		y := rapid.SliceOfN(rapid.Int64().Filter(func(y int64) bool { return y != 0 && y != -1 }), n, n).Draw(t, "y")
		var want []int64
		for i, x := range x {
			y := y[i]
			want = append(want, x+y, x*y, x/y, x%y, x&y, x^y, x<<(y&63), int64(uint64(x)>>(y&63)), int64(int32(x)), int64(uint32(x)))
		}
		xs, ys, out := put(t, r.d, r.q, x), put(t, r.d, r.q, y), put(t, r.d, r.q, make([]int64, 10*n))
		launch(t, r.q, k, gpu.Over(n, 16), gpu.Mem(xs), gpu.Mem(ys), gpu.Mem(out), gpu.Int(int32(n)))
		assert.Equal(t, want, get[int64](t, r.q, out, 10*n))
		for _, b := range []*gpu.Buffer{xs, ys, out} {
			require.NoError(t, b.Close())
		}
	})
}

// testFunctions allows what OpenCL 1.2 does: a quotient within 2.5 units in the last
// place, a root within 3.
func testFunctions[T real](r *rig) {
	k := r.kernel("functions" + suffix[T](r))
	inf, nan := T(math.Inf(1)), T(math.NaN())
	x := []T{0, T(math.Copysign(0, -1)), 1, -1, 0.5, -0.5, 1.5, -1.5, 2, 3, 1e10, -1e10, 1e-10, -1e-10, inf, -inf, nan}
	rapid.Check(r, func(t *rapid.T) {
		x := append(x, rapid.SliceOf(rapid.Custom(func(t *rapid.T) T {
			return T(math.Exp2(rapid.Float64Range(-60, 60).Draw(t, "exponent"))) * T(rapid.SampledFrom([]int{-1, 1}).Draw(t, "sign"))
		})).Draw(t, "x")...)
		n := len(x)
		in, out := put(t, r.d, r.q, x), put(t, r.d, r.q, make([]T, 8*n))
		launch(t, r.q, k, gpu.Over(n, 8), gpu.Mem(in), gpu.Mem(out), gpu.Int(int32(n)))
		got := get[T](t, r.q, out, 8*n)
		for i, x := range x {
			for j, want := range []T{-x, T(math.Abs(float64(x))), 1 / x, T(math.Sqrt(math.Abs(float64(x)))), T(math.Floor(float64(x))),
				fmin(x, 1), -fmin(-x, -1), x - x} {
				tolerance := 0.0
				if j == 2 || j == 3 {
					tolerance = 3 * ulp[T]()
				}
				assert.True(t, near(got[8*i+j], want, tolerance), "number %d of %v is %v, want %v", j, x, got[8*i+j], want)
			}
		}
		require.NoError(t, in.Close())
		require.NoError(t, out.Close())
	})
}

// fmin is C's: the other number if one is NaN.
func fmin[T real](x, y T) T {
	if x != x || y < x {
		return y
	}
	return x
}

// ulp is the distance from 1 to the next number.
func ulp[T real]() float64 {
	if unsafe.Sizeof(T(0)) == 4 {
		return 0x1p-23
	}
	return 0x1p-52
}

// near tells whether two numbers agree to a relative tolerance; with 0, to the sign of
// zero. NaN is near NaN.
func near[T real](x, y T, tolerance float64) bool {
	a, b := float64(x), float64(y)
	switch {
	case math.IsNaN(b):
		return math.IsNaN(a)
	case math.IsInf(b, 0), b == 0:
		return a == b && math.Signbit(a) == math.Signbit(b)
	}
	return math.Abs(a-b) <= tolerance*math.Abs(b)
}

// testAxpy covers sizes that are no multiple of a group.
func testAxpy[T real](r *rig) {
	k := r.kernel("axpy" + suffix[T](r))
	rapid.Check(r, func(t *rapid.T) {
		n, spare := rapid.IntRange(1, 500).Draw(t, "n"), rapid.IntRange(0, 5).Draw(t, "spare")
		group := group.Draw(t, "group")
		small := rapid.IntRange(-1000, 1000)
		a := small.Draw(t, "a")
		x, y, want := make([]T, n+spare), make([]T, n+spare), make([]T, n+spare)
		for i := range x {
			x[i], y[i] = T(small.Draw(t, "x")), T(small.Draw(t, "y"))
			want[i] = y[i]
			if i < n {
				want[i] += T(a) * x[i]
			}
		}
		xs, ys := put(t, r.d, r.q, x), put(t, r.d, r.q, y)
		launch(t, r.q, k, gpu.Over(n, group), gpu.Mem(xs), gpu.Mem(ys), gpu.Real(float64(a)), gpu.Int(int32(n)))
		assert.Equal(t, want, get[T](t, r.q, ys, n+spare))
		assert.Equal(t, x, get[T](t, r.q, xs, n+spare))
		require.NoError(t, xs.Close())
		require.NoError(t, ys.Close())
	})
}

func testFixedGroups(r *rig) {
	source := kernels.Sum
	source.Group = [3]int{64}
	k := compile(r, r.d, source, "sum")
	x := make([]int64, 128)
	for i := range x {
		x[i] = int64(i)
	}
	in, out := put(r, r.d, r.q, x), put(r, r.d, r.q, make([]int64, 2))
	launch(r, r.q, k, gpu.Over(128, 64), gpu.Mem(in), gpu.Mem(out))
	assert.Equal(r, []int64{63 * 32, 63*32 + 64*64}, get[int64](r, r.q, out, 2))
	for _, g := range []gpu.Grid{gpu.Over(128, 32), {Groups: [3]int{1, 2}, Group: [3]int{1, 64}}, {Groups: [3]int{2}, Group: [3]int{64, 2}}} {
		assert.ErrorIs(r, r.q.Launch(k, g, gpu.Mem(in), gpu.Mem(out)), gpu.ErrArgument, g)
	}
	source.Group = [3]int{r.d.Info().MaxGroup, 2}
	_, err := r.d.Compile(source)
	assert.ErrorIs(r, err, gpu.ErrArgument)
}

// testUsage asks for what the compiler tells.
func testUsage(r *rig) {
	u := r.kernel("sum").Usage()
	assert.GreaterOrEqual(r, u.Registers, -1)
	assert.GreaterOrEqual(r, u.Spill, -1)
	assert.GreaterOrEqual(r, u.MaxGroup, -1)
	assert.NotZero(r, u.MaxGroup)
	assert.Contains(r, []int{-1, 0, 64 * 8}, u.Local) // 0: PoCL counts local memory when it is launched
}
