package jet

import (
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The property tests draw the same cases on every run; -rapid.seed changes it.
func init() {
	if err := flag.Set("rapid.seed", "1"); err != nil {
		panic(err)
	}
}

// mustSet is NewSet for indices known to be fine.
func mustSet(want ...MultiIndex) *Set {
	set, err := NewSet(want...)
	if err != nil {
		panic(err)
	}
	return set
}

// dense lists the multi-indices of a total order in the first d variables.
func dense(total, d int) []MultiIndex {
	var list []MultiIndex
	for _, alpha := range below(box(total, d)) {
		if order(alpha) == total {
			list = append(list, alpha)
		}
	}
	return list
}

// box is the multi-index of the given order in each of the first d variables.
func box(each, d int) MultiIndex {
	var alpha MultiIndex
	for v := range d {
		alpha[v] = uint8(each)
	}
	return alpha
}

func TestNewSet(t *testing.T) {
	for _, c := range []struct {
		name string
		want []MultiIndex
		set  []MultiIndex
	}{
		{"nothing", nil, []MultiIndex{{}}},
		{"zero", []MultiIndex{{}}, []MultiIndex{{}}},
		{"Burgers", []MultiIndex{{0, 2}, {1, 0}}, []MultiIndex{{}, {1}, {0, 1}, {0, 2}}},
		{"repeated", []MultiIndex{{2}, {2}, {1}}, []MultiIndex{{}, {1}, {2}}},
		{"mixed", []MultiIndex{{1, 2, 1}}, []MultiIndex{
			{}, {1}, {0, 1}, {0, 0, 1},
			{1, 1}, {1, 0, 1}, {0, 2}, {0, 1, 1},
			{1, 2}, {1, 1, 1}, {0, 2, 1}, {1, 2, 1}}},
		{"last variable", []MultiIndex{{7: 2}}, []MultiIndex{{}, {7: 1}, {7: 2}}},
	} {
		set, err := NewSet(c.want...)
		require.NoError(t, err, c.name)
		require.Equal(t, c.set, set.Index, c.name)
		require.Equal(t, len(c.set), set.Len())
	}
	set := mustSet(dense(6, 2)...)
	require.Equal(t, 28, set.Len())
	require.Equal(t, 84, mustSet(dense(6, 3)...).Len())
	require.Equal(t, 24.0*2, set.Factorial[set.Find(MultiIndex{4, 2})])
	require.Equal(t, 720.0, set.Factorial[set.Find(MultiIndex{0, 6})])
}

func TestSetLimits(t *testing.T) {
	largest := MultiIndex{7, 7, 3, 1}
	require.Equal(t, 512, mustSet(largest, MultiIndex{}, largest).Len())
	for _, want := range [][]MultiIndex{
		{{4, 4, 4, 4}},          // 625 members at once
		{largest, {0, 0, 0, 2}}, // one too many
		{{10, 10}, {0, 0, 10, 10}, {4: 10, 5: 10}, {6: 10, 7: 10}, {0, 10, 10}}, // little by little
	} {
		_, err := NewSet(want...)
		require.ErrorContains(t, err, "more than 512 members", "%v", want)
	}
	for _, alpha := range []MultiIndex{{21}, {10, 10, 1}, {255}, box(255, 8)} {
		_, err := NewSet(alpha)
		require.ErrorContains(t, err, "at most 20", "%v", alpha)
	}
	require.Equal(t, 2432902008176640000.0, mustSet(MultiIndex{20}).Factorial[20])
}

// drawSet is a set of one to three variables and up to total order 6.
func drawSet(t *rapid.T) *Set {
	d := rapid.IntRange(1, 3).Draw(t, "variables")
	var want []MultiIndex
	for range rapid.IntRange(0, 3).Draw(t, "members") {
		var alpha MultiIndex
		for v, left := 0, 6; v < d; v++ {
			k := rapid.IntRange(0, left).Draw(t, "order")
			alpha[v], left = uint8(k), left-k
		}
		want = append(want, alpha)
	}
	return mustSet(want...)
}

func TestSetIsDownwardClosedAndGraded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := drawSet(t)
		require.Equal(t, MultiIndex{}, set.Index[0])
		for r, alpha := range set.Index {
			require.Equal(t, r, set.Find(alpha))
			for v := range alpha {
				if beta := alpha; beta[v] > 0 {
					beta[v]--
					require.Contains(t, set.Index[:r], beta, "below %v", alpha)
				}
			}
			if r > 0 {
				last := set.Index[r-1]
				require.LessOrEqual(t, order(last), order(alpha))
				if order(last) == order(alpha) {
					require.Positive(t, slices.Compare(last[:], alpha[:]))
				}
			}
		}
		require.Equal(t, -1, set.Find(box(3, 8)))
	})
}

// polynomial maps the exponents of a monomial to its coefficient.
type polynomial map[MultiIndex]float64

func (p polynomial) times(q polynomial) polynomial {
	r := polynomial{}
	for alpha, c := range p {
		for beta, d := range q {
			gamma := alpha
			for v := range gamma {
				gamma[v] += beta[v]
			}
			r[gamma] += c * d
		}
	}
	return r
}

// truncated lists the coefficients that are members of the set.
func (p polynomial) truncated(set *Set) []float64 {
	row := make([]float64, set.Len())
	for r, alpha := range set.Index {
		row[r] = p[alpha]
	}
	return row
}

// apply sums the terms of a table: one point, whole coefficients.
func apply(table [][]term, x, y []float64) []float64 {
	row := make([]float64, len(table))
	for r := range row {
		for _, t := range table[r] {
			row[r] += t.c * x[t.b] * y[t.q]
		}
	}
	return row
}

// Products of whole numbers are exact, so the tables of u v and u² must agree
// with polynomial multiplication to the last bit, and formula (1), whose
// coefficients are fractions, to rounding: for a = z³ the companion is 3 z².
func TestProductTables(t *testing.T) {
	products := 0
	rapid.Check(t, func(t *rapid.T) {
		set := drawSet(t)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		u, v := polynomial{}, polynomial{}
		for _, alpha := range set.Index {
			u[alpha], v[alpha] = float64(rng.IntN(19)-9), float64(rng.IntN(19)-9)
		}
		ur, vr := u.truncated(set), v.truncated(set)
		square := u.times(u)
		require.Equal(t, u.times(v).truncated(set), apply(set.product, ur, vr))
		require.Equal(t, square.truncated(set), apply(set.square, ur, ur))

		cube := u.times(square).truncated(set)
		g := square.truncated(set)
		for r := range g {
			g[r] *= 3
		}
		a := apply(set.chain, ur, g)
		for r := 1; r < set.Len(); r++ {
			require.InDelta(t, cube[r], a[r], 1e-13*(1+math.Abs(cube[r]))*float64(set.Len()), "%v", set.Index[r])
			products++
		}
	})
	require.Greater(t, products, 20)
}
