package optimize

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

func randomVector(r *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = r.NormFloat64()
	}
	return v
}

// randomDefinite is a random symmetric positive definite matrix, packed and plain.
func randomDefinite(r *rand.Rand, n, threads int) (*symmetric, *mat.SymDense) {
	a := mat.NewDense(n, n, randomVector(r, n*n))
	var plain mat.SymDense
	plain.SymOuterK(1/float64(n), a)
	for i := range n {
		plain.SetSym(i, i, plain.At(i, i)+0.1)
	}
	return pack(&plain, threads), &plain
}

func pack(plain mat.Symmetric, threads int) *symmetric {
	n := plain.SymmetricDim()
	h := newSymmetric(n, threads)
	for i := range n {
		for j := range i + 1 {
			h.row(i)[j] = plain.At(i, j)
		}
	}
	return h
}

func unpack(h *symmetric) *mat.SymDense {
	plain := mat.NewSymDense(h.n, nil)
	for i := range h.n {
		for j, v := range h.row(i) {
			plain.SetSym(i, j, v)
		}
	}
	return plain
}

// requireClose requires equal matrices to within tolerance times the largest element of want.
func requireClose(t require.TestingT, want, got mat.Matrix, tolerance float64) {
	var diff mat.Dense
	diff.Sub(want, got)
	require.LessOrEqual(t, mat.Norm(&diff, math.Inf(1)), tolerance*mat.Norm(want, math.Inf(1)))
}

func TestUpdateMul(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 2, 3, 4, 5, 63, 64, 127, 128, 129, 257, 300} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			h, plain := randomDefinite(r, n, 1)
			u := rankTwo{scale: 1.25, a: 0.5, b: -0.25, c: 2, s: randomVector(r, n), w: randomVector(r, n)}
			x := randomVector(r, n)

			s, w := mat.NewVecDense(n, u.s), mat.NewVecDense(n, u.w)
			var want mat.SymDense
			want.ScaleSym(u.scale, plain)
			want.SymRankOne(&want, u.a, s)
			want.RankTwo(&want, u.b, s, w)
			want.SymRankOne(&want, u.c, w)
			var product mat.VecDense
			product.MulVec(&want, mat.NewVecDense(n, x))

			var first []float64
			for _, threads := range []int{1, 2, 3, 7} {
				k := pack(plain, threads)
				got := make([]float64, n)
				k.updateMul(got, x, u)
				requireClose(t, &want, unpack(k), 1e-14)
				requireClose(t, &product, mat.NewVecDense(n, got), 1e-13)
				if first == nil {
					first, h = got, k
				}
				require.Equal(t, first, got, "the same bits with any number of threads")
				require.Equal(t, h.data, k.data)
			}
		})
	}
}

func TestBlocksCoverAllRowsEvenly(t *testing.T) {
	for _, n := range []int{1, 2, 100, 128, 1000, 2001} {
		h := newSymmetric(n, 1)
		require.Equal(t, 0, h.bounds[0])
		require.Equal(t, n, h.bounds[len(h.bounds)-1])
		even := float64(n) * float64(n) / 2 / float64(len(h.partial))
		for k := range h.partial {
			lo, hi := float64(h.bounds[k]), float64(h.bounds[k+1])
			require.InDelta(t, even, (hi*hi-lo*lo)/2, 2*float64(n)+1)
		}
	}
}

func TestCholesky(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	ctx := context.Background()
	for _, n := range []int{1, 2, 63, 64, 65, 150, 200} {
		for _, threads := range []int{1, 3} {
			h, plain := randomDefinite(r, n, threads)
			u := rankTwo{scale: 0.5, a: 0.25, b: 0, c: 0.125, s: randomVector(r, n), w: randomVector(r, n)}
			c := newCholesky(n, threads)
			before := append([]float64(nil), h.data...)
			ok, err := c.positiveDefinite(ctx, h, u)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, before, h.data, "the matrix is left alone")

			var changed mat.SymDense
			changed.ScaleSym(u.scale, plain)
			changed.SymRankOne(&changed, u.a, mat.NewVecDense(n, u.s))
			changed.SymRankOne(&changed, u.c, mat.NewVecDense(n, u.w))
			var chol mat.Cholesky
			require.True(t, chol.Factorize(&changed))
			var want mat.TriDense
			chol.LTo(&want)
			got := mat.NewTriDense(n, mat.Lower, nil)
			for i := range n {
				for j, v := range c.row(i) {
					got.SetTri(i, j, v)
				}
			}
			requireClose(t, &want, got, 1e-12)

			// One negative direction, somewhere.
			v := randomVector(r, n)
			vv := floats.Dot(v, v)
			hv := make([]float64, n)
			h.updateMul(hv, v, rankTwo{scale: 1, s: u.s, w: u.w})
			u = rankTwo{scale: 1, a: -1.01 * floats.Dot(v, hv) / (vv * vv), s: v, w: u.w}
			ok, err = c.positiveDefinite(ctx, h, u)
			require.NoError(t, err)
			require.False(t, ok, "n = %d", n)
		}
	}

	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	h, _ := randomDefinite(r, 5, 1)
	_, err := newCholesky(5, 1).positiveDefinite(cancelled, h, rankTwo{scale: 1, s: make([]float64, 5), w: make([]float64, 5)})
	assert.ErrorIs(t, err, context.Canceled)
}
