package optimize

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// The two-loop recursion is BFGS from gamma I over the pairs that are kept.
func TestTwoLoopRecursion(t *testing.T) {
	const n, memory = 8, 5
	r := rand.New(rand.NewPCG(7, 7))
	_, hessian := randomDefinite(r, n, 1)
	for _, count := range []int{1, 2, 5, 9} { // 9: four have been dropped
		p := newPairs(n, memory)
		var kept [][2][]float64
		for range count {
			s := randomVector(r, n)
			var y mat.VecDense
			y.MulVec(hessian, mat.NewVecDense(n, s))
			p.push(s, y.RawVector().Data, floats.Dot(s, y.RawVector().Data))
			kept = append(kept, [2][]float64{s, y.RawVector().Data})
		}
		kept = kept[max(0, count-memory):]
		s, y := kept[len(kept)-1][0], kept[len(kept)-1][1]
		var h mat.Matrix = mat.NewDiagDense(n, scaled(n, floats.Dot(s, y)/floats.Dot(y, y)))
		for _, pair := range kept {
			h = publishedUpdate("bfgs", h, pair[0], pair[1], make([]float64, n), 1)
		}

		g, d := randomVector(r, n), make([]float64, n)
		p.direction(d, g)
		var want mat.VecDense
		want.MulVec(h, mat.NewVecDense(n, g))
		want.ScaleVec(-1, &want)
		require.InDeltaSlice(t, want.RawVector().Data, d, 1e-11)
	}
}

func scaled(n int, v float64) []float64 {
	d := make([]float64, n)
	for i := range d {
		d[i] = v
	}
	return d
}

// With exact line searches on a quadratic, BFGS, L-BFGS of any memory and the
// self-scaled methods all take the steps of conjugate gradients, and end in at most n.
func TestQuadraticTermination(t *testing.T) {
	const n = 8
	f := quadratic(100)
	methods := map[string]*quasiNewton{}
	lbfgs, err := NewLBFGS(f, make([]float64, n), LBFGSSettings{Memory: n})
	require.NoError(t, err)
	methods["lbfgs"] = &lbfgs.quasiNewton
	for _, kind := range []string{"bfgs", "ssbfgs", "ssbroyden"} {
		m, err := NewSSBroyden(f, make([]float64, n), SSBroydenSettings{Update: kind})
		require.NoError(t, err)
		methods[kind] = &m.quasiNewton
	}
	for k := range n {
		for _, m := range methods {
			m.search.curvature = 1e-9
			m.search.noise = 1e-300
			_, err := m.step(context.Background())
			require.NoError(t, err)
		}
		for name, m := range methods {
			require.InDeltaSlice(t, methods["bfgs"].x, m.x, 1e-6, "%s, step %d", name, k)
			if k == n-1 {
				assert.Less(t, m.norm, 1e-6, name)
			} else {
				assert.Greater(t, m.norm, 1e-4, name)
			}
		}
	}
}

func TestLBFGSSettings(t *testing.T) {
	_, err := NewLBFGS(objective(rosenbrock), []float64{1, 2}, LBFGSSettings{Memory: -1})
	assert.ErrorIs(t, err, ErrSettings)
	assert.ErrorContains(t, err, "memory of -1 pairs")
	_, err = NewLBFGS(objective(rosenbrock), []float64{1, 2}, LBFGSSettings{Noise: -1})
	assert.ErrorIs(t, err, ErrSettings)
}
