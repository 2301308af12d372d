package sampling

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func sobol(t testing.TB, dim int) *Sobol {
	t.Helper()
	s, err := NewSobol(dim)
	require.NoError(t, err)
	require.Equal(t, dim, s.Dim())
	return s
}

func TestSobolFirstPoints(t *testing.T) {
	want := []float64{
		0, 0, .5, .5, .75, .25, .25, .75,
		.375, .375, .875, .875, .625, .125, .125, .625,
	}
	assert.Equal(t, want, sobol(t, 2).Points(8))
}

// Values of scipy.stats.qmc.Sobol(d, scramble=False), exact in binary.
func TestSobolAgainstSciPy(t *testing.T) {
	dims := []int{1, 2, 3, 10, 32, 63, 64}
	tests := []struct {
		index uint64
		want  []float64
	}{
		{0, []float64{0, 0, 0, 0, 0, 0, 0}},
		{1, []float64{.5, .5, .5, .5, .5, .5, .5}},
		{2, []float64{.75, .25, .25, .75, .25, .75, .75}},
		{1000, []float64{0.2197265625, 0.0966796875, 0.5185546875, 0.0693359375, 0.1455078125, 0.2587890625, 0.4462890625}},
		{123456, []float64{0.02649688720703125, 0.18274688720703125, 0.30725860595703125, 0.24906158447265625,
			0.07570648193359375, 0.6845779418945312, 0.9521408081054688}},
		{1<<29 + 12345, []float64{0.6409301785752177, 0.5799601236358285, 0.6134789558127522, 0.6911050463095307,
			0.6195598999038339, 0.505980028770864, 0.5548265660181642}},
	}
	s := sobol(t, 64)
	for _, test := range tests {
		x := make([]float64, 64)
		require.NoError(t, s.Fill(x, test.index))
		for k, dim := range dims {
			assert.Equal(t, test.want[k], x[dim-1], "index %d, dimension %d", test.index, dim)
		}
	}
	// The sum over the first 5000 points in all 64 dimensions.
	var sum float64
	for _, x := range s.Points(5000) {
		sum += x
	}
	assert.Equal(t, 159967.18359375, sum)
}

// The largest dimensions, from the same source.
func TestSobolAllDimensions(t *testing.T) {
	dims := []int{65, 100, 1000, 5000, 12345, 21201}
	want := map[uint64][]float64{
		2:    {0.75, 0.75, 0.75, 0.75, 0.25, 0.75},
		999:  {0.5673828125, 0.4990234375, 0.6376953125, 0.2041015625, 0.0283203125, 0.6455078125},
		1000: {0.1298828125, 0.1865234375, 0.2001953125, 0.1416015625, 0.8408203125, 0.0830078125},
	}
	s := sobol(t, MaxSobolDim)
	x := make([]float64, MaxSobolDim)
	var sum float64
	for i := range uint64(1001) {
		require.NoError(t, s.Fill(x, i))
		for k, w := range want[i] {
			assert.Equal(t, w, x[dims[k]-1], "index %d, dimension %d", i, dims[k])
		}
		for _, v := range x {
			if i < 1000 {
				sum += v
			}
		}
	}
	assert.Equal(t, 10589890.8359375, sum, "the sum over the first 1000 points")
}

// Julia's Sobol.jl leaves out points; its first point for a sample of 80 on
// the domain of the Branin function is the one with index 64.
func TestSobolJuliaSkip(t *testing.T) {
	x := make([]float64, 80*2)
	require.NoError(t, sobol(t, 2).Fill(x, 64))
	require.NoError(t, Scale(x, []float64{-5, 0}, []float64{10, 15}))
	assert.Equal(t, []float64{-4.6484375, 5.9765625}, x[:2])
}

// Any 2^m points from a multiple of 2^m on are a (0,m,2)-net: each elementary
// interval of area 2^-m holds exactly one.
func TestSobolNet(t *testing.T) {
	s := sobol(t, 2)
	for m := range 11 {
		for _, block := range []uint64{0, 1, 5, 1000} {
			n := 1 << m
			x := make([]float64, 2*n)
			require.NoError(t, s.Fill(x, block<<m))
			for k := range m + 1 {
				seen := make([]bool, n)
				for i := range n {
					cell := int(x[2*i]*float64(int(1)<<k))<<(m-k) + int(x[2*i+1]*float64(int(1)<<(m-k)))
					require.False(t, seen[cell], "m=%d block=%d k=%d", m, block, k)
					seen[cell] = true
				}
			}
		}
	}
}

// Each projection on an axis of the first 2^m points is 0, 2^-m, ..., 1 - 2^-m.
func TestSobolProjections(t *testing.T) {
	const m = 9
	s := sobol(t, 3000)
	x := s.Points(1 << m)
	for j := range s.Dim() {
		seen := make([]bool, 1<<m)
		for i := range 1 << m {
			k := x[i*s.Dim()+j] * (1 << m)
			if k != math.Trunc(k) || seen[int(k)] {
				t.Fatalf("dimension %d, point %d", j+1, i)
			}
			seen[int(k)] = true
		}
	}
}

func TestSobolRandomAccess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dim := rapid.IntRange(1, 200).Draw(t, "dim")
		first := rapid.Uint64Range(0, 1<<sobolBits-1000).Draw(t, "first")
		n := rapid.IntRange(0, 700).Draw(t, "n")
		s, err := NewSobol(dim)
		require.NoError(t, err)
		x := make([]float64, n*dim)
		require.NoError(t, s.Fill(x, first))
		row := make([]float64, dim)
		for i := range n {
			require.NoError(t, s.Fill(row, first+uint64(i)))
			require.Equal(t, row, x[i*dim:(i+1)*dim])
		}
		for _, v := range x {
			require.True(t, 0 <= v && v < 1)
		}
	})
}

func TestSobolConcurrentUse(t *testing.T) {
	s := sobol(t, 5)
	want := s.Points(1000)
	got := make([]float64, len(want))
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() { assert.NoError(t, s.Fill(got[500*i:500*(i+1)], uint64(100*i))) })
	}
	wg.Wait()
	assert.True(t, slices.Equal(want, got))
}

func TestSobolErrors(t *testing.T) {
	for _, dim := range []int{-1, 0, MaxSobolDim + 1} {
		_, err := NewSobol(dim)
		assert.ErrorContains(t, err, "outside 1..21201")
	}
	s := sobol(t, 3)
	assert.ErrorContains(t, s.Fill(make([]float64, 4), 0), "whole number of points")
	assert.NoError(t, s.Fill(nil, 0))
	assert.Empty(t, s.Points(0))
	assert.Empty(t, s.Points(-1))

	const end = 1 << sobolBits
	x := make([]float64, 6)
	assert.NoError(t, s.Fill(x, end-2))
	assert.ErrorContains(t, s.Fill(x, end-1), "pass the last index")
	assert.ErrorContains(t, s.Fill(x, math.MaxUint64), "pass the last index")
}

func TestFillDoesNotAllocate(t *testing.T) {
	s := sobol(t, 10)
	grid := Grid{Counts: []int{20, 10, 10}}
	x := make([]float64, 6000)
	fills := map[string]func() error{
		"sobol":           func() error { return s.Fill(x, 12345) },
		"latin hypercube": func() error { return LatinHypercube{Dim: 10, Seed: 1}.Fill(x) },
		"uniform":         func() error { return Uniform{Dim: 10, Seed: 1}.Fill(x) },
		"grid":            func() error { return grid.Fill(x) },
	}
	for name, fill := range fills {
		assert.Zero(t, testing.AllocsPerRun(5, func() { assert.NoError(t, fill()) }), name)
	}
}

func BenchmarkSobol(b *testing.B) {
	for _, by := range []Scramble{Unscrambled, Owen, Linear, Rotation} {
		for _, d := range []int{2, 10, 100} {
			b.Run(fmt.Sprint(by, "/", d), func(b *testing.B) {
				s, err := sobol(b, d).Scrambled(by, 1)
				require.NoError(b, err)
				x := make([]float64, d*(40960/d))
				for b.Loop() {
					_ = s.Fill(x, 12345)
				}
				b.ReportMetric(float64(len(x))*float64(b.N)/b.Elapsed().Seconds()/1e6, "M/s")
			})
		}
	}
}
