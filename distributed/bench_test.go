package distributed

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
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

// A million tasks: what the coordinator needs while they wait, and whether tasks are slower than in a small job.
func BenchmarkMillion(b *testing.B) {
	address := freePort(b)
	coordinator := spawn(b, "coordinator", b.TempDir(), address)
	defer func() { kill(coordinator) }()
	var client *Client
	require.Eventually(b, func() bool {
		var err error
		client, err = Connect(context.Background(), ConnectSettings{URL: "nats://" + address})
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	defer client.Close()
	job := squares(1_000_000)
	for b.Loop() {
		begin := time.Now()
		id, err := client.Submit(context.Background(), job)
		require.NoError(b, err)
		b.ReportMetric(time.Since(begin).Seconds(), "s/submission")
		if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", coordinator.Process.Pid)); err == nil {
			_, rest, _ := strings.Cut(string(status), "VmHWM:")
			var kB float64
			_, err = fmt.Sscan(rest, &kB)
			require.NoError(b, err)
			b.ReportMetric(kB/1024, "MiB")
		}
		begin = time.Now()
		for range 2 {
			w := spawn(b, "worker", "--connect", "nats://"+address, "--slots", "1", "--dir", b.TempDir())
			defer kill(w)
		}
		n := 0
		for _, err := range client.Results(context.Background(), id) {
			require.NoError(b, err)
			if n++; n == 100_000 {
				b.ReportMetric(float64(n)/time.Since(begin).Seconds(), "tasks/s-first-tenth")
			}
		}
		require.Equal(b, len(job.Tasks), n)
		b.ReportMetric(float64(n)/time.Since(begin).Seconds(), "tasks/s")
	}
}
