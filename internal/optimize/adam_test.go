package optimize

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The first three steps for the gradients 1, 2, -1 at rate 0.1, worked out with
// 30 digits from the recurrence.
func TestAdamFirstSteps(t *testing.T) {
	gradients := []float64{1, 2, -1, 0}
	k := 0
	f := objective(func(x, g []float64) float64 {
		g[0] = gradients[k]
		k++
		return 0
	})
	a, err := NewAdam(f, []float64{0}, AdamSettings{Rate: 0.1})
	require.NoError(t, err)
	for _, want := range []float64{
		-0.0999999990000000099999999,
		-0.196518200971834359814518483535,
		-0.238527131031813893324715322694,
	} {
		_, err := a.Step(context.Background())
		require.NoError(t, err)
		assert.InDelta(t, want, a.X()[0], 1e-15)
	}
	assert.Equal(t, 4, k, "one evaluation a step and one at the start")
}

func TestAdamFollowsTheRecurrence(t *testing.T) {
	s := AdamSettings{Rate: 0.02, Beta1: 0.8, Beta2: 0.95, Epsilon: 1e-6,
		Schedule: Schedule{Kind: "exponential", Factor: 0.5, Every: 50, Warmup: 10}}
	n := 6
	a, err := NewAdam(objective(rosenbrock), rosenbrockStart(n), s)
	require.NoError(t, err)
	x, g, m, v := rosenbrockStart(n), make([]float64, n), make([]float64, n), make([]float64, n)
	for k := range 200 {
		rosenbrock(x, g)
		rate := s.Rate * float64(min(k+1, 11)) / 11 * math.Pow(0.5, math.Max(0, float64(k-10))/50)
		for i := range x {
			m[i] = 0.8*m[i] + 0.2*g[i]
			v[i] = 0.95*v[i] + 0.05*g[i]*g[i]
			mHat, vHat := m[i]/(1-math.Pow(0.8, float64(k+1))), v[i]/(1-math.Pow(0.95, float64(k+1)))
			x[i] -= rate * mHat / (math.Sqrt(vHat) + 1e-6)
		}
		status := advance(t, a, 1)
		require.InDeltaSlice(t, x, a.X(), 1e-12)
		require.InDelta(t, rosenbrock(x, g), status.F, 1e-9)
		require.InDelta(t, rate, status.StepLength, 1e-15)
		require.Equal(t, k+2, status.Evaluations)
	}
}

func TestAdamConverges(t *testing.T) {
	a, err := NewAdam(objective(rosenbrock), []float64{-1.2, 1}, AdamSettings{Rate: 0.1, Schedule: Schedule{Kind: "cosine", Over: 3000}})
	require.NoError(t, err)
	status := advance(t, a, 3000)
	assert.Less(t, status.F, 1e-6)
}

// A step into the undefined is an error and is not taken.
func TestAdamKeepsTheLastGoodPoint(t *testing.T) {
	f := objective(func(x, g []float64) float64 {
		g[0] = -1
		if x[0] > 2.5 {
			return math.Inf(1)
		}
		return -x[0]
	})
	a, err := NewAdam(f, []float64{0}, AdamSettings{Rate: 1})
	require.NoError(t, err)
	before := advance(t, a, 2)
	state, err := a.MarshalBinary()
	require.NoError(t, err)
	for range 2 {
		status, err := a.Step(context.Background())
		assert.ErrorIs(t, err, ErrNotFinite)
		assert.ErrorContains(t, err, "the step, at rate 1, is not taken")
		assert.Equal(t, before, status)
		assert.InDelta(t, 2, a.X()[0], 1e-6)
		after, err := a.MarshalBinary()
		require.NoError(t, err)
		assert.Equal(t, state, after)
	}
}

func TestAdamSettings(t *testing.T) {
	for want, s := range map[string]AdamSettings{
		"rate -1":            {Rate: -1},
		"rate NaN":           {Rate: math.NaN()},
		"beta1 1":            {Beta1: 1},
		"beta2 -0.5":         {Beta2: -0.5},
		"epsilon +Inf":       {Epsilon: math.Inf(1)},
		`schedule "linear"`:  {Schedule: Schedule{Kind: "linear"}},
		"belong to a cosine": {Schedule: Schedule{Over: 10}},
	} {
		_, err := NewAdam(objective(rosenbrock), []float64{1, 2}, s)
		assert.ErrorIs(t, err, ErrSettings)
		assert.ErrorContains(t, err, want)
	}
}
