package sampling

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestLatinHypercubeStratification(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(t, "n")
		l := LatinHypercube{
			Dim:     rapid.IntRange(1, 8).Draw(t, "dim"),
			Seed:    rapid.Uint64().Draw(t, "seed"),
			Centred: rapid.Bool().Draw(t, "centred"),
		}
		x, err := l.Points(n)
		require.NoError(t, err)
		require.Len(t, x, n*l.Dim)
		for j := range l.Dim {
			seen := make([]bool, n)
			for i := range n {
				y := x[i*l.Dim+j] * float64(n)
				k := int(y)
				require.False(t, seen[k], "axis %d, stratum %d", j, k)
				seen[k] = true
				if l.Centred {
					require.InDelta(t, float64(k)+0.5, y, 1e-12)
				}
			}
		}
	})
}

// All n! orders of a column come out equally often.
func TestLatinHypercubePermutationsUniform(t *testing.T) {
	const runs = 24000
	count := map[[4]float64]int{}
	for seed := range uint64(runs) {
		x, err := LatinHypercube{Dim: 1, Seed: seed, Centred: true}.Points(4)
		require.NoError(t, err)
		count[[4]float64(x)]++
	}
	require.Len(t, count, 24)
	var chi2 float64
	for _, c := range count {
		d := float64(c) - runs/24
		chi2 += d * d / (runs / 24)
	}
	assert.Less(t, chi2, 49.7, "0.1%% point of chi-squared with 23 degrees of freedom")
}

func TestSeeds(t *testing.T) {
	designs := map[string]func(seed uint64) ([]float64, error){
		"latin hypercube": func(seed uint64) ([]float64, error) {
			return LatinHypercube{Dim: 3, Seed: seed}.Points(50)
		},
		"uniform": func(seed uint64) ([]float64, error) {
			return Uniform{Dim: 3, Seed: seed}.Points(50)
		},
	}
	for name, design := range designs {
		t.Run(name, func(t *testing.T) {
			a, err := design(7)
			require.NoError(t, err)
			b, err := design(7)
			require.NoError(t, err)
			assert.Equal(t, a, b)
			c, err := design(8)
			require.NoError(t, err)
			assert.NotEqual(t, a, c)
		})
	}
}

func TestUniform(t *testing.T) {
	u := Uniform{Dim: 2, Seed: 42}
	x, err := u.Points(100000)
	require.NoError(t, err)
	short, err := u.Points(10)
	require.NoError(t, err)
	assert.Equal(t, x[:20], short)

	// Moments within four standard errors; the axes are uncorrelated.
	var m1, m2, xy float64
	for i := 0; i < len(x); i += 2 {
		m1 += x[i] + x[i+1]
		m2 += x[i]*x[i] + x[i+1]*x[i+1]
		xy += (x[i] - 0.5) * (x[i+1] - 0.5)
		require.True(t, 0 <= x[i] && x[i] < 1 && 0 <= x[i+1] && x[i+1] < 1)
	}
	n := float64(len(x))
	assert.InDelta(t, 1.0/2, m1/n, 4*math.Sqrt(1.0/12/n))
	assert.InDelta(t, 1.0/3, m2/n, 4*math.Sqrt(4.0/45/n))
	assert.InDelta(t, 0, xy/(n/2), 4*math.Sqrt(1.0/144/(n/2)))
}

func TestGrid(t *testing.T) {
	tests := []struct {
		grid Grid
		want []float64
	}{
		{Grid{Counts: []int{2, 3}}, []float64{0, 0, 0, .5, 0, 1, 1, 0, 1, .5, 1, 1}},
		{Grid{Counts: []int{2, 2}, Midpoints: true}, []float64{.25, .25, .25, .75, .75, .25, .75, .75}},
		{Grid{Counts: []int{1, 2, 1}}, []float64{0, 0, 0, 0, 1, 0}},
		{Grid{Counts: []int{1}, Midpoints: true}, []float64{.5}},
		{Grid{Counts: []int{5}}, []float64{0, .25, .5, .75, 1}},
	}
	for _, test := range tests {
		x, err := test.grid.Points()
		require.NoError(t, err)
		assert.Equal(t, test.want, x, "%+v", test.grid)
		n, err := test.grid.Len()
		require.NoError(t, err)
		assert.Equal(t, n*len(test.grid.Counts), len(x))
	}
}

func TestScale(t *testing.T) {
	x := []float64{0, 0, 1, 1, .5, .25}
	require.NoError(t, Scale(x, []float64{-1, 10}, []float64{1, 20}))
	assert.Equal(t, []float64{-1, 10, 1, 20, 0, 12.5}, x)

	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Float64Range(-1e300, 1e300).Draw(t, "a")
		b := rapid.Float64Range(-1e300, 1e300).Draw(t, "b")
		lower, upper := min(a, b), max(a, b)
		u := rapid.Float64Range(0, 1).Draw(t, "u")
		x := []float64{0, u, 1}
		require.NoError(t, Scale(x, []float64{lower}, []float64{upper}))
		require.Equal(t, lower, x[0])
		require.Equal(t, upper, x[2])
		require.True(t, lower <= x[1] && x[1] <= upper)
		require.InDelta(t, lower/2+u*(upper/2-lower/2), x[1]/2, 1e-15*max(math.Abs(a), math.Abs(b)))
	})
}

func TestErrors(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	second := func(_ []float64, err error) error { return err }
	length := func(_ int, err error) error { return err }
	newHalton := func(dim int) error { _, err := NewHalton(dim); return err }
	leaped := func(leap int) error { _, err := halton(t, 5).Leaped(leap); return err }
	newKronecker := func(dim int) error { _, err := NewKronecker(dim); return err }
	newLattice := func(dim, n int, weights []float64) error { _, err := NewLattice(dim, n, weights); return err }
	optimised := func(l LatinHypercube, n int) error { l.Dim = 2; return second(l.Points(n)) }
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"dimension 0", second(LatinHypercube{}.Points(3)), "dimension 0 is less than 1"},
		{"dimension -1", second(Uniform{Dim: -1}.Points(3)), "dimension -1 is less than 1"},
		{"ragged", LatinHypercube{Dim: 2}.Fill(make([]float64, 3)), "3 values are not a whole number of points in 2 dimensions"},
		{"ragged uniform", Uniform{Dim: 2}.Fill(make([]float64, 3)), "whole number"},
		{"negative size", second(Uniform{Dim: 2}.Points(-1)), "cannot make -1 points"},
		{"huge size", second(Uniform{Dim: 2}.Points(math.MaxInt)), "cannot make"},
		{"criterion", optimised(LatinHypercube{Optimise: "max"}, 3), `optimised for "maximin" or "discrepancy", not "max"`},
		{"exchanges", optimised(LatinHypercube{Optimise: Maximin, Exchanges: -1}, 3), "-1 exchanges"},
		{"large to optimise", optimised(LatinHypercube{Optimise: Maximin}, 8193), "8193 points is too large to optimise: at most 8192"},

		{"no axis", second(Grid{}.Points()), "at least one axis"},
		{"empty axis", length(Grid{Counts: []int{2, 0}}.Len()), "count 0 on axis 1"},
		{"huge grid", length(Grid{Counts: []int{math.MaxInt / 2, 3}}.Len()), "too large"},
		{"grid size", Grid{Counts: []int{2, 2}}.Fill(make([]float64, 6)), "6 values for a grid of [2 2] points, want 8"},

		{"Halton 0", newHalton(0), "Halton dimension 0 is outside 1..1000"},
		{"Halton 1001", newHalton(1001), "Halton dimension 1001 is outside 1..1000"},
		{"Halton ragged", halton(t, 2).Fill(make([]float64, 3), 0), "whole number"},
		{"Halton end", halton(t, 1).Fill(make([]float64, 2), 1<<50-1), "pass the last index"},
		{"leap 0", leaped(0), "leap 0 is outside"},
		{"leap 22", leaped(22), "leap 22 is a multiple of 2, the base of dimension 0: take a prime above 11"},
		{"Kronecker", newKronecker(65), "Kronecker dimension 65 is outside 1..64"},
		{"Kronecker ragged", (&Kronecker{make([]uint64, 2), make([]uint64, 2)}).Fill(make([]float64, 3), 0), "whole number"},

		{"lattice dimension", newLattice(0, 5, nil), "dimension 0 is less than 1"},
		{"lattice size", newLattice(2, 0, nil), "a lattice of 0 points: expected 1..67108864"},
		{"lattice weights", newLattice(2, 5, []float64{1}), "1 weights for a lattice in 2 dimensions"},
		{"lattice weight", newLattice(2, 5, []float64{1, nan}), "weight NaN of lattice dimension 1"},
		{"lattice composite", newLattice(2, 100000, nil), "take 100003 points, or at most 16384"},
		{"lattice end", lattice(t, 1, 5).Fill(make([]float64, 2), 4), "2 points from index 4 of a lattice of 5 points"},

		{"disk dimension", second(PoissonDisk{Dim: 7, Radius: 1}.Points()), "Poisson disk dimension 7 is outside 1..6"},
		{"disk radius", second(PoissonDisk{Dim: 2}.Points()), "radius 0 is not positive"},
		{"disk NaN", second(PoissonDisk{Dim: 2, Radius: nan}.Points()), "radius NaN is not positive"},
		{"disk tiny", second(PoissonDisk{Dim: 2, Radius: 1e-6}.Points()), "too small for dimension 2"},
		{"disk tries", second(PoissonDisk{Dim: 2, Radius: 1, Tries: -1}.Points()), "-1 tries"},

		{"bounds length", Scale(nil, []float64{0}, nil), "1 lower and 0 upper bounds"},
		{"no bounds", Scale(nil, nil, nil), "dimension 0"},
		{"scale ragged", Scale([]float64{1}, []float64{0, 0}, []float64{1, 1}), "whole number"},
		{"reversed", Scale(nil, []float64{1}, []float64{0}), "[1, 0] of dimension 0"},
		{"infinite", Scale(nil, []float64{0}, []float64{inf}), "not an interval"},
		{"both infinite", Scale(nil, []float64{inf}, []float64{inf}), "not an interval"},
		{"NaN", Scale(nil, []float64{nan}, []float64{1}), "not an interval"},
	}
	for _, test := range tests {
		assert.ErrorContains(t, test.err, test.want, test.name)
	}
	for _, err := range []error{newHalton(1001), newKronecker(65), second(PoissonDisk{Dim: 7, Radius: 1}.Points())} {
		assert.ErrorIs(t, err, ErrDim)
	}
}
