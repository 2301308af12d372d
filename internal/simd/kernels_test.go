package simd

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChoose(t *testing.T) {
	best := implementations[len(implementations)-1].level
	for _, i := range implementations {
		got, err := choose(i.level)
		require.NoError(t, err)
		require.Equal(t, i.level, got.level)
	}
	got, err := choose("")
	require.NoError(t, err)
	require.Equal(t, best, got.level)
	got, err = choose("sse9")
	require.ErrorContains(t, err, "RITZ_SIMD=sse9")
	require.ErrorContains(t, err, "using "+best)
	require.Equal(t, best, got.level)
}

func TestLevelInUse(t *testing.T) {
	t.Log("level in use:", Level())
	_, err := choose(Level())
	require.NoError(t, err)
	require.Equal(t, activeErr, Check())
	if level := os.Getenv(environment); slices.Contains(Levels(), level) {
		require.Equal(t, level, Level())
	}
}

// No call allocates.
func TestNoAllocation(t *testing.T) { each(t, testNoAllocation[float64], testNoAllocation[float32]) }

func testNoAllocation[T Float](t *testing.T) {
	x, y, z, a := make([]T, 90), make([]T, 90), make([]T, 90), make([]T, 9)
	var w Workspace[T]
	m, v := RowMajor(a, 3, 3), RowMajor(z, 3, 30)
	run := func() {
		MatMul(z, a, x, 3, 3, 30)
		MatMulT(z, a, x, 3, 3, 30)
		AddMatMulBT(a, x, y, 3, 3, 30)
		a[0] += Dot(x, y) + Sum(x)
		AddScaled(z, 2, x)
		Scale(z, 2, x)
		AddConst(z, 2)
		Exp(z, x)
		Tanh(z, x)
		Sigmoid(z, x)
		Softplus(z, x)
		SinCos(z, y, x)
		w.Gemm(1, m, RowMajor(x, 3, 30), 1, v)
		w.Syrk(1, RowMajor(x, 3, 30), 0, m)
		w.Trsm(m, v)
	}
	require.Zero(t, testing.AllocsPerRun(10, run))
}

func TestMultiplyAdds(t *testing.T) { each(t, testMultiplyAdds[float64], testMultiplyAdds[float32]) }

func testMultiplyAdds[T Float](t *testing.T) {
	require.Zero(t, MultiplyAdds[T](0))
	require.Equal(t, 24*use[T]().lanes, MultiplyAdds[T](1))
	require.Equal(t, 240*use[T]().lanes, MultiplyAdds[T](10))
}
