package surrogate

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func branin(x []float64) float64 {
	a := x[1] - 5.1/(4*math.Pi*math.Pi)*x[0]*x[0] + 5/math.Pi*x[0] - 6
	return a*a + 10*(1-1/(8*math.Pi))*math.Cos(x[0]) + 10
}

const braninText = "(x2 - 5.1/(4*pi^2)*x1^2 + 5/pi*x1 - 6)^2 + 10*(1 - 1/(8*pi))*cos(x1) + 10"

func TestFunc(t *testing.T) {
	var calls atomic.Int64
	refused := errors.New("refused")
	f := Func(func(x []float64) (float64, error) {
		calls.Add(1)
		switch x[0] {
		case 1:
			return 0, refused
		case 2:
			return math.Inf(-1), nil
		case 3:
			panic("oops")
		}
		return x[0] + x[1], nil
	})
	const n = 1000
	x, y, errs := make([]float64, 2*n), make([]float64, n), make([]error, n)
	for i := range n {
		x[2*i], x[2*i+1] = float64(i), 0.5
	}
	require.NoError(t, f.Evaluate(context.Background(), x, n, y, errs))
	require.EqualValues(t, n, calls.Load())
	require.ErrorIs(t, errs[1], refused)
	require.EqualError(t, errs[2], "the value is -Inf, want a finite number")
	require.EqualError(t, errs[3], "the function panicked: oops")
	for i := range n {
		if failed := 1 <= i && i <= 3; failed {
			require.True(t, math.IsNaN(y[i]))
		} else {
			require.NoError(t, errs[i])
			require.Equal(t, float64(i)+0.5, y[i])
		}
	}
}

// What was evaluated before the cancellation stays; the rest is told apart.
func TestFuncCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var calls atomic.Int64
	f := Func(func([]float64) (float64, error) {
		if calls.Add(1) == 100 {
			cancel()
		}
		return 1, nil
	})
	const n = 100000
	x, y, errs := make([]float64, n), make([]float64, n), make([]error, n)
	require.ErrorIs(t, f.Evaluate(ctx, x, n, y, errs), context.Canceled)
	done := 0
	for i := range n {
		if errs[i] == nil {
			require.Equal(t, 1.0, y[i])
			done++
		} else {
			require.ErrorIs(t, errs[i], context.Canceled)
			require.True(t, math.IsNaN(y[i]))
		}
	}
	require.EqualValues(t, calls.Load(), done)
	require.GreaterOrEqual(t, done, 100)
}

func TestEvaluatorShapes(t *testing.T) {
	f := Func(func([]float64) (float64, error) { return 0, nil })
	e, err := NewExpression("a + b", "a", "b")
	require.NoError(t, err)
	for _, evaluator := range []Evaluator{f, e, Command{Args: []string{"{x1}"}}} {
		for _, test := range []struct{ x, n, y, errs int }{{5, 2, 2, 2}, {4, 2, 1, 2}, {4, 2, 2, 3}, {4, 0, 0, 0}, {0, 1, 1, 1}, {4, -1, 0, 0}} {
			err := evaluator.Evaluate(context.Background(), make([]float64, test.x), test.n, make([]float64, test.y), make([]error, test.errs))
			require.ErrorIs(t, err, ErrShape, "%T %+v", evaluator, test)
		}
		require.NoError(t, evaluator.Evaluate(context.Background(), nil, 0, nil, nil))
	}
	require.ErrorIs(t, e.Evaluate(context.Background(), make([]float64, 3), 1, make([]float64, 1), make([]error, 1)), ErrShape)
	require.ErrorIs(t, Func(nil).Evaluate(context.Background(), nil, 0, nil, nil), ErrSettings)
}

func TestExpression(t *testing.T) {
	e, err := NewExpression(braninText, "x1", "x2")
	require.NoError(t, err)
	const n = 2*expressionBlock + 3
	x, y, errs := make([]float64, 2*n), make([]float64, n), make([]error, n)
	for i := range n {
		x[2*i], x[2*i+1] = -5+15*float64(i)/n, float64(i*7%n)/n*15
	}
	require.NoError(t, e.Evaluate(context.Background(), x, n, y, errs))
	for i := range n {
		require.NoError(t, errs[i])
		require.InDelta(t, branin(x[2*i:]), y[i], 1e-12*300)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, e.Evaluate(ctx, x, n, y, errs), context.Canceled)
	require.ErrorIs(t, errs[n-1], context.Canceled)
}

// More inputs than the equations have variables, some without use, and values
// that are not finite.
func TestExpressionInputs(t *testing.T) {
	names := []string{"a", "b", "c", "d", "f", "g", "h", "i", "j", "k"}
	e, err := NewExpression("log(k) + 0*a", names...)
	require.NoError(t, err)
	x, y, errs := make([]float64, 20), make([]float64, 2), make([]error, 2)
	x[9], x[19] = math.E, -1
	require.NoError(t, e.Evaluate(context.Background(), x, 2, y, errs))
	require.NoError(t, errs[0])
	require.InDelta(t, 1, y[0], 1e-15)
	require.EqualError(t, errs[1], "the value is NaN, want a finite number")

	constant, err := NewExpression("2*pi", "x")
	require.NoError(t, err)
	require.NoError(t, constant.Evaluate(context.Background(), []float64{1, 2}, 2, y, errs))
	require.Equal(t, []float64{2 * math.Pi, 2 * math.Pi}, y)
}

func TestExpressionFaults(t *testing.T) {
	for text, want := range map[string]string{
		"x1 + y2":          "column 6: unknown name \"y2\": did you mean \"x2\"?\nx1 + y2\n     ^",
		"x1 +":             "column 5",
		"sin(x1, x2)":      "sin takes 1 argument, got 2",
		"":                 "column 1",
		"integral(x1, x2)": "integral",
	} {
		_, err := NewExpression(text, "x1", "x2")
		require.ErrorIs(t, err, ErrSettings, text)
		require.ErrorContains(t, err, want)
	}
	for want, names := range map[string][]string{
		"no inputs":                            nil,
		`input "x" is declared twice`:          {"x", "x"},
		`input "pi" clashes with the constant`: {"pi"},
		`input "1x" is not a name`:             {"1x"},
	} {
		_, err := NewExpression("1", names...)
		require.ErrorIs(t, err, ErrSettings)
		require.ErrorContains(t, err, want)
	}
}

func TestExpressionConstants(t *testing.T) {
	e, err := CompileExpression("k*a + b", []string{"a", "b"}, map[string]float64{"k": 3})
	require.NoError(t, err)
	y, errs := make([]float64, 1), make([]error, 1)
	require.NoError(t, e.Evaluate(t.Context(), []float64{2, 5}, 1, y, errs))
	require.Equal(t, 11.0, y[0])
	_, err = CompileExpression("k*a", []string{"a", "k"}, map[string]float64{"k": 3})
	require.ErrorIs(t, err, ErrSettings)
}
