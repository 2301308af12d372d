package distributed

import (
	"fmt"
	"os"
	"os/exec"
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
