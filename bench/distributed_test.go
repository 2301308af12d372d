package bench

import (
	"context"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed"
)

func TestMain(m *testing.M) {
	distributed.Main() // the workers of TestDistributed are this program
	os.Exit(m.Run())
}

func TestDistributed(t *testing.T) {
	small := tiny
	small.tasks = []int{20, 50}
	r, err := distributedTasks(context.Background(), Settings{Threads: 2, Quick: true}, small)
	require.NoError(t, err)
	found := map[string]int{}
	for _, v := range r.Results {
		require.True(t, v.Value > 0 && !math.IsInf(v.Value, 0), "%+v", v)
		found[v.Name]++
		if v.Naive != "" {
			require.Greater(t, v.OverNaive, 0.0)
		}
	}
	require.Equal(t, map[string]int{"one task and its result": 1, "20 tasks of one job": 2, "50 tasks of one job": 2, "a synced write a task": 1}, found)
}
