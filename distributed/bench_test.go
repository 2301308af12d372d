package distributed

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startWorkers starts worker processes of this program, killed at the end, and returns when they have joined.
func startWorkers(t testing.TB, c *Coordinator, n, slots int) []*exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	workers := make([]*exec.Cmd, n)
	for i := range workers {
		workers[i] = exec.Command(self, "worker", "--connect", c.URL(), "--slots", fmt.Sprint(slots), "--dir", t.TempDir())
		if os.Getenv("RITZ_TEST_LOG") != "" {
			workers[i].Stderr = os.Stderr
		}
		require.NoError(t, workers[i].Start())
		t.Cleanup(func() {
			_ = workers[i].Process.Kill()
			_ = workers[i].Wait()
		})
	}
	require.Eventually(t, func() bool { return len(c.Workers()) >= n }, 10*time.Second, time.Millisecond)
	return workers
}

func squares(n int) Job {
	job := trivial(n)
	job.Function = "square"
	return job
}

// 10,000 trivial tasks of one job, from submission to the last result, everything on the disk.
func BenchmarkTasks(b *testing.B) {
	c := startCoordinator(b, CoordinatorSettings{})
	client := connectTo(b, c)
	startWorkers(b, c, 2, 1)
	job := squares(10_000)
	for b.Loop() {
		_, err := client.Map(context.Background(), job)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(len(job.Tasks)*b.N)/b.Elapsed().Seconds(), "tasks/s")
}

// One task submitted, its result awaited.
func BenchmarkRoundTrip(b *testing.B) {
	c := startCoordinator(b, CoordinatorSettings{})
	client := connectTo(b, c)
	startWorkers(b, c, 1, 1)
	for b.Loop() {
		_, err := client.Map(context.Background(), squares(1))
		require.NoError(b, err)
	}
}
