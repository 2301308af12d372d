package bench

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/jet"
)

// By hand, for 2-20x8-1: the layers have 2·20 + 7·20·20 + 20·1 = 2860 weights
// without biases, 2820 of them behind the first. A coefficient takes
// 4·2860 + 2·2820 = 17,080 operations. 10,000 points with 4 coefficients and
// 100 with 1 make 40,100 coefficients. Each point has 8·20 = 160 units.
func TestArithmetic(t *testing.T) {
	operations, activations := arithmetic([]int{2, 20, 20, 20, 20, 20, 20, 20, 20, 1}, []pointSet{{10000, 4}, {100, 1}})
	require.Equal(t, 17_080.0*40_100, operations)
	require.Equal(t, 160.0*10_100, activations)

	w := trainings()[0].work(10000, "float64")
	require.Equal(t, operations, w.Operations)
	require.Equal(t, activations, w.Activations)

	// 684.908e6 at 100 GFLOP/s and 1.616e6 at 0.5e9/s.
	require.InDelta(t, 6.84908+3.232, floor(operations, activations, 100, 0.5), 1e-9)
}

// A network without hidden layers is one product forward and one reverse.
func TestArithmeticOfOneLayer(t *testing.T) {
	operations, activations := arithmetic([]int{3, 5}, []pointSet{{7, 2}})
	require.Equal(t, 4.0*3*5*7*2, operations)
	require.Zero(t, activations)
}

func TestMembers(t *testing.T) {
	sets := map[string][]jet.MultiIndex{
		"burgers 2-20x8-1":              {{1, 0}, {0, 2}},
		"burgers 2-64x4-1":              {{1, 0}, {0, 2}},
		"kuramoto-sivashinsky 2-20x8-1": {{1, 0}, {0, 4}},
	}
	for _, training := range trainings() {
		set, err := jet.NewSet(sets[training.name]...)
		require.NoError(t, err)
		require.Equal(t, set.Len(), training.members, training.name)
	}
}

func TestTrainingAdvancesByOneIteration(t *testing.T) {
	step, stop, err := trainings()[0].start(16, "float64", 1)
	require.NoError(t, err)
	for i := range 3 {
		now, err := step()
		require.NoError(t, err)
		require.Equal(t, i+1, now.Total)
		require.Equal(t, i+2, now.Evaluations, "one an iteration, and one to begin with")
	}
	stop()
	_, err = step()
	require.Error(t, err, "the training has been stopped")
}

func TestTrainingsStopUnstarted(t *testing.T) {
	tasks, stop, err := stepTasks([]int{1}, 16)
	require.NoError(t, err)
	require.NotEmpty(t, tasks)
	stop()
}
