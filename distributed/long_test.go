package distributed

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// gates opens functions that wait, by what they were given.
var gates = make(chan chan struct{}, 1)

func init() {
	Register("gate", func(ctx context.Context, _ []byte) ([]byte, error) {
		open := make(chan struct{})
		gates <- open
		select {
		case <-open:
			return []byte("through"), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
}

// A long task outlives restarts of the coordinator: it is neither lost nor given to another worker nor nearer to being
// given up.
func TestLongTaskOutlivesCoordinators(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	// the server keeps times of deliveries in whole seconds over its restart: AckWait must be longer
	settings := CoordinatorSettings{Store: t.TempDir(), AckWait: 3 * time.Second}
	c, stop := runCoordinator(t, settings)
	defer func() { stop() }()
	settings.Listen = c.Addr()
	client := connectTo(t, c)
	w, err := NewWorker(WorkerSettings{Connect: ConnectSettings{URL: c.URL()}, Slots: 2, ID: "w", Dir: t.TempDir()})
	require.NoError(t, err)
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- w.Run(ctx) }()
	defer func() { leave(); require.NoError(t, <-left) }()
	id, err := client.Submit(t.Context(), Job{Kind: "function", Function: "gate", Tasks: make([]Task, 1), Attempts: 2})
	require.NoError(t, err)
	open := <-gates
	for range 2 {
		stop()
		c, stop = runCoordinator(t, settings)
		require.Eventually(t, func() bool {
			workers := c.Workers()
			return len(workers) == 1 && len(workers[0].Busy) == 1
		}, 10*time.Second, 5*time.Millisecond)
		select { // longer than AckWait: it would be delivered again
		case <-gates:
			require.Fail(t, "the task was started twice")
		case <-time.After(settings.AckWait + 1500*time.Millisecond):
		}
		s := eventually(t, client, id, "runs", func(s Status) bool { return s.State == Running })
		assert.Equal(t, 1, s.Running)
	}
	close(open)
	for r, err := range client.Results(t.Context(), id) {
		require.NoError(t, err)
		assert.Equal(t, []any{"through", 1}, []any{string(r.Data), r.Attempt})
	}
}
