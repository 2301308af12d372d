package bench

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/sampling"
)

// The naive way makes the same points, and scrambled ones that are a net.
func TestNaiveSobol(t *testing.T) {
	s, err := sampling.NewSobol(samplingDim)
	require.NoError(t, err)
	want, got := make([]float64, 1000*samplingDim), make([]float64, 1000*samplingDim)
	require.NoError(t, s.Fill(want, 123456))
	naive := newNaiveSobol(s)
	require.NoError(t, naive.fill(got, 123456))
	assert.Equal(t, want, got)

	naive.scrambled = true
	for j := range samplingDim {
		seen := make([]bool, 1024)
		for i := range uint64(1024) {
			k := int(naive.coordinate(i, j) * 1024)
			require.False(t, seen[k])
			seen[k] = true
		}
	}
}

func TestSampling(t *testing.T) {
	tasks, err := samplingTasks([]int{1, 2})
	require.NoError(t, err)
	assert.Len(t, tasks, 20)
	size := quick
	size.rounds, size.tries, size.duration = 1, 1, time.Millisecond
	results, _, err := measure(context.Background(), tasks, size, nil)
	require.NoError(t, err)
	for _, r := range results {
		assert.Positive(t, r.Value, r.Name)
	}
	r := &Report{Levels: []string{tasks[0].Level}, Threads: 2, Results: results}
	r.relate()
	var b strings.Builder
	require.NoError(t, r.WriteTables(&b))
	assert.Contains(t, b.String(), "Points in 10 dimensions, 1e6 coordinates/s, and times the naive way\n")
	assert.NotContains(t, b.String(), "Memory")
	assert.Regexp(t, `\nsobol, owen, naive +float64 +2 `, b.String())
	_, err = Sampling(context.Background(), Settings{Threads: -1})
	assert.ErrorContains(t, err, "threads -1")
}

func BenchmarkSampling(b *testing.B) {
	tasks, err := samplingTasks([]int{1})
	require.NoError(b, err)
	for _, t := range tasks {
		b.Run(strings.ReplaceAll(t.Name, ", ", "_"), func(b *testing.B) {
			require.NoError(b, t.run(b.N))
			b.ReportMetric(t.value(b.Elapsed().Seconds()/float64(b.N)), "Mcoord/s")
		})
	}
}
