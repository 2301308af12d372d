package surrogate

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bowl is a model with its least value 1 at (0.3, -2, 5): inside, inside, and
// beyond the bound 4 of the third input.
type bowl struct{}

func (bowl) Dims() (inputs, outputs int) { return 3, 2 }

func (bowl) Predict(x, y []float64) error {
	at := []float64{0.3, -2, 5}
	for i := range len(y) / 2 {
		s := 1.0
		for j, c := range at {
			s += (x[3*i+j] - c) * (x[3*i+j] - c)
		}
		y[2*i], y[2*i+1] = s, math.NaN()
	}
	return nil
}

func TestMinimise(t *testing.T) {
	lower, upper := []float64{-1, -5, 0}, []float64{1, 5, 4}
	x, y, err := Minimise(t.Context(), bowl{}, lower, upper, false, 1)
	require.NoError(t, err)
	assert.InDeltaSlice(t, []float64{0.3, -2, 4}, x, 1e-6)
	assert.InDelta(t, 2, y, 1e-10)
	x, y, err = Minimise(t.Context(), bowl{}, lower, upper, true, 1)
	require.NoError(t, err)
	assert.InDeltaSlice(t, []float64{-1, 5, 0}, x, 1e-9)
	assert.InDelta(t, 1+1.3*1.3+49+25, y, 1e-6)

	_, _, err = Minimise(t.Context(), bowl{}, upper, lower, false, 1)
	assert.ErrorIs(t, err, ErrData)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = Minimise(ctx, bowl{}, lower, upper, false, 1)
	assert.ErrorIs(t, err, context.Canceled)
}

// The model of Branin's function has its minimum where the function has one.
func TestMinimiseBranin(t *testing.T) {
	d := setA(t)
	d.Lower, d.Upper = []float64{-5, 0}, []float64{10, 15}
	m, err := Kriging{}.Fit(t.Context(), d)
	require.NoError(t, err)
	_, y, err := Minimise(t.Context(), m, d.Lower, d.Upper, false, 1)
	require.NoError(t, err)
	assert.InDelta(t, 0.39788735772973816, y, 0.02)
}

// valley is narrow and runs across the axes.
type valley struct{}

func (valley) Dims() (inputs, outputs int) { return 2, 1 }

func (valley) Predict(x, y []float64) error {
	for i := range y {
		a, b := x[2*i], x[2*i+1]
		y[i] = 1e6*(a-b)*(a-b) + (a+b-1)*(a+b-1)
	}
	return nil
}

func TestMinimiseValley(t *testing.T) {
	x, y, err := Minimise(t.Context(), valley{}, []float64{-10, -10}, []float64{10, 10}, false, 1)
	require.NoError(t, err)
	assert.InDeltaSlice(t, []float64{0.5, 0.5}, x, 1e-4)
	assert.InDelta(t, 0, y, 1e-7)
}
