package bench

import (
	"context"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSearchFunctions(t *testing.T) {
	at := [][]float64{{math.Pi, 2.275}, {0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573}}
	for i, f := range searchFunctions() {
		require.InDelta(t, f.minimum, f.f(at[i]), 1e-8)
		require.Greater(t, f.target, f.minimum)
	}
}

// Random points do not come near in so few evaluations.
func TestSearches(t *testing.T) {
	f := searchFunctions()[0]
	f.evaluations = 30
	naive, err := f.study(context.Background(), randomSearch, nil, 3)
	require.NoError(t, err)
	require.Equal(t, 3, naive.Seeds)
	require.Zero(t, naive.Needed)
	require.GreaterOrEqual(t, naive.Worst, naive.Median)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Searches(ctx, 1, func(done, of int) { require.Equal(t, 8, of) })
	require.ErrorIs(t, err, context.Canceled)

	var b strings.Builder
	require.NoError(t, WriteSearches(&b, []Search{naive}))
	require.Contains(t, b.String(), "0 of 3")
}

// The study of the targets, with -bench.
func BenchmarkSearches(b *testing.B) {
	for b.Loop() {
		list, err := Searches(context.Background(), 10, nil)
		require.NoError(b, err)
		require.NoError(b, WriteSearches(os.Stdout, list))
	}
}
