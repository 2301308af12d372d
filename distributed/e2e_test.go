package distributed

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// A worker is killed while others run a job: every task has its one result.
func TestWorkerKilled(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{})
	client := connectTo(t, c)
	const n = 300
	job := Job{Kind: "function", Function: "slow", Tasks: make([]Task, n)}
	for i := range job.Tasks {
		job.Tasks[i].Data = fmt.Append(nil, i)
	}
	start := func() *exec.Cmd {
		w := exec.Command(os.Args[0], "worker", "--connect", c.URL(), "--slots", "2", "--dir", t.TempDir())
		require.NoError(t, w.Start())
		t.Cleanup(func() { _ = w.Process.Kill(); _ = w.Wait() })
		return w
	}
	victim := start()
	id, err := client.Submit(t.Context(), job)
	require.NoError(t, err)
	seen := map[int]bool{}
	for r, err := range client.Results(t.Context(), id) {
		require.NoError(t, err)
		if len(seen) == 0 {
			require.NoError(t, victim.Process.Kill())
			start()
		}
		require.False(t, seen[r.Task], "one result a task")
		seen[r.Task] = true
		require.Equal(t, strconv.Itoa(r.Task*r.Task), string(r.Data))
	}
	require.Len(t, seen, n)
	s, err := client.Wait(t.Context(), id) // the coordinator may learn of the last result a moment later
	require.NoError(t, err)
	require.Equal(t, Done, s.State)
}

// A task that kills its worker takes no others with it. From its second attempt on it is in a process of its own, where
// there is one: then no second worker dies, and it is known how it ended.
func TestPoison(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	const n, poison = 80, 5
	job := Job{ID: "poison", Kind: "function", Function: "poison", Tasks: make([]Task, n)}
	want := map[int]string{}
	for i := range job.Tasks {
		job.Tasks[i].Data = fmt.Append(nil, i)
		want[i] = fmt.Sprint("got ", i)
	}
	job.Tasks[poison].Data, want[poison] = []byte("poison"), "failed"
	for name, x := range map[string]struct {
		worker string
		deaths int
		last   Failure
	}{
		"apart":        {"worker", 1, Failure{Attempt: 2, Reason: "ended by signal: SIGKILL", ExitCode: -1, Signal: "SIGKILL", Stderr: "last words\n"}},
		"one attempt":  {"worker", 1, Failure{Attempt: 1, Reason: "given up: its worker died in 1 of 1 attempts"}},
		"without Main": {"bare-worker", 2, Failure{Attempt: 2, Reason: "given up: its worker died in 2 of 2 attempts"}},
	} {
		t.Run(name, func(t *testing.T) {
			job := job
			job.Attempts = x.last.Attempt
			c := startCoordinator(t, CoordinatorSettings{})
			client := connectTo(t, c)
			_, err := client.Submit(t.Context(), job) // before there is a worker: in chunks of ten
			require.NoError(t, err)
			dead := make(chan error, 3)
			for range 3 {
				w := exec.Command(os.Args[0], x.worker, "--connect", c.URL(), "--slots", "1", "--dir", t.TempDir())
				require.NoError(t, w.Start())
				t.Cleanup(func() { _ = w.Process.Kill() })
				go func() { dead <- w.Wait() }()
			}
			require.Equal(t, want, resultsOf(t, client, job.ID))
			s, err := client.Wait(t.Context(), job.ID)
			require.NoError(t, err)
			require.Equal(t, []any{Failed, n - 1, 1}, []any{s.State, s.Done, s.Failed})
			failures, err := client.Failures(t.Context(), job.ID)
			require.NoError(t, err)
			final := 0
			for _, f := range failures {
				if f.Final {
					final++
					require.Equal(t, x.last, Failure{Attempt: f.Attempt, Reason: f.Reason, ExitCode: f.ExitCode, Signal: f.Signal, Stderr: f.Stderr})
					require.Equal(t, poison, f.Task)
				}
			}
			require.Equal(t, 1, final)
			require.Len(t, dead, x.deaths)
			if x.worker == "bare-worker" {
				return
			}
			n, err := client.Retry(t.Context(), job.ID) // it is not forgotten that a worker died of it
			require.NoError(t, err)
			require.Equal(t, 1, n)
			_, err = client.Wait(t.Context(), job.ID)
			require.NoError(t, err)
			failures, err = client.Failures(t.Context(), job.ID)
			require.NoError(t, err)
			require.Equal(t, []any{2 * job.Attempts, "SIGKILL"}, []any{failures[0].Attempt, failures[0].Signal})
			require.Len(t, dead, 1)
		})
	}
}

func TestLocal(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	client, stop, err := Local(t.Context(), "", WorkerSettings{Slots: 2, Connect: ConnectSettings{Token: "secret"}})
	require.NoError(t, err)
	results, err := client.Map(t.Context(), Job{Kind: "function", Function: "square", Tasks: []Task{{Data: []byte("3")}, {Data: []byte("4")}}})
	require.NoError(t, err)
	require.Equal(t, "9 16", string(results[0].Data)+" "+string(results[1].Data))
	require.NoError(t, stop())

	_, _, err = Local(t.Context(), "", WorkerSettings{Slots: -1})
	require.ErrorContains(t, err, "slots")
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left, "nothing is left behind")
}
