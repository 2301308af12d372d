package distributed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// coordinatorMain makes the test program a coordinator, if it was started as one.
func coordinatorMain() {
	var held sync.Once
	Register("digest", func(ctx context.Context, data []byte) ([]byte, error) {
		if os.Getenv("RITZ_TEST_HELD") != "" { // its first task says which it is, and waits until it is let go
			held.Do(func() {
				fmt.Println(AttemptOf(ctx).Task)
				_, _ = os.Stdin.Read(make([]byte, 1))
			})
		}
		select { // long enough to be killed in
		case <-time.After(5 * time.Millisecond):
			return digest(data), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	if len(os.Args) > 1 && os.Args[1] == "bare-worker" { // of a program without Main: everything runs in it
		os.Exit(runWorker(os.Args[2:]))
	}
	if len(os.Args) < 4 || os.Args[1] != "coordinator" {
		return
	}
	settings := CoordinatorSettings{Store: os.Args[2], Listen: os.Args[3], AckWait: time.Second}
	if os.Getenv("RITZ_TEST_LOG") != "" {
		settings.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	c, err := NewCoordinator(settings)
	if err == nil {
		err = c.Run(context.Background())
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func digest(data []byte) []byte {
	h := sha256.Sum256(data)
	return hex.AppendEncode(nil, h[:])
}

// freePort of loopback, as an address.
func freePort(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// spawn starts this program.
func spawn(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	p := exec.Command(self, args...)
	if os.Getenv("RITZ_TEST_LOG") != "" {
		p.Stderr = os.Stderr
	}
	require.NoError(t, p.Start())
	return p
}

func kill(p *exec.Cmd) {
	_ = p.Process.Kill()
	_ = p.Wait()
}

// proxy is a wire that can be cut without either end noticing: while it is cut nothing passes, nothing is lost.
type proxy struct {
	net.Listener
	to    string
	mu    sync.Mutex
	whole *sync.Cond
	cut   bool
}

func newProxy(t testing.TB, to string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{Listener: l, to: to}
	p.whole = sync.NewCond(&p.mu)
	t.Cleanup(func() { p.set(false); l.Close() })
	go func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("tcp", p.to)
			if err != nil {
				a.Close()
				continue
			}
			go p.pass(a, b)
			go p.pass(b, a)
		}
	}()
	return p
}

func (p *proxy) set(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	p.whole.Broadcast()
}

func (p *proxy) pass(from, to net.Conn) {
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		for p.cut {
			p.whole.Wait()
		}
		p.mu.Unlock()
		if _, e := to.Write(buffer[:n]); err != nil || e != nil {
			return
		}
	}
}

var _ io.Closer = (*proxy)(nil)

// countedLate tells whether an outcome of the task by worker remote is there, and was counted as a duplicate: the task had
// its result when it came.
func countedLate(ctx context.Context, client *Client, s Status, task int) (late bool) {
	p := newProgress(s.ID, s.Tasks, s.Attempts, false)
	p.life = s.Submitted.UnixNano()
	_ = replay(ctx, client.events, s.ID, func(e *event) error {
		done, duplicates := p.task[task] == succeeded, p.duplicates
		err := p.apply(e, nil)
		for _, o := range e.Outcomes {
			late = late || e.Worker == "remote" && o.Index == task && done && p.duplicates > duplicates
		}
		return err
	})
	return late
}

// Workers are killed all the time, the coordinator three times, and one worker is cut off and comes back late. Every
// task has exactly one result in the end, and it is the one that a serial run gives.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	const n = 2000
	store, address := t.TempDir(), freePort(t)
	coordinator := spawn(t, "coordinator", store, address)
	defer func() { kill(coordinator) }()
	url := "nats://" + address
	wire := newProxy(t, address)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute) // most tasks are done in processes of their own, as workers die of anything
	defer cancel()
	var client *Client
	require.Eventually(t, func() bool {
		var err error
		client, err = Connect(ctx, ConnectSettings{URL: url})
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	defer client.Close()
	job := Job{ID: "faults", Kind: "function", Function: "digest", Tasks: make([]Task, n), Attempts: 50}
	for i := range job.Tasks {
		job.Tasks[i].Data = fmt.Appendf(nil, "task %d", i)
	}
	_, err := client.Submit(ctx, job)
	require.NoError(t, err)

	// one worker takes a chunk, and is cut off with it
	self, err := os.Executable()
	require.NoError(t, err)
	cutOff := exec.Command(self, "worker", "--connect", "nats://"+wire.Addr().String(), "--slots", "1", "--id", "remote", "--dir", t.TempDir())
	cutOff.Env = append(os.Environ(), "RITZ_TEST_HELD=1")
	letGo, err := cutOff.StdinPipe()
	require.NoError(t, err)
	said, err := cutOff.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cutOff.Start())
	defer kill(cutOff)
	held := -1
	_, err = fmt.Fscan(said, &held)
	require.NoError(t, err)

	// workers under fire: one dies every 300 ms, at times drawn as a Poisson process's
	fire, cease := context.WithCancel(context.Background())
	defer cease()
	var kills atomic.Int64
	var war sync.WaitGroup
	war.Go(func() {
		source := rand.New(rand.NewPCG(1, 2))
		start := func() *exec.Cmd {
			return spawn(t, "worker", "--connect", url, "--slots", "1", "--dir", t.TempDir())
		}
		workers := []*exec.Cmd{start(), start()}
		defer func() {
			for _, w := range workers {
				kill(w)
			}
		}()
		for {
			select {
			case <-fire.Done():
				return
			case <-time.After(time.Duration(source.ExpFloat64() * 300 * float64(time.Millisecond))):
			}
			i := source.IntN(len(workers))
			kill(workers[i])
			kills.Add(1)
			workers[i] = start()
		}
	})
	defer func() { cease(); war.Wait() }()

	got := map[int]string{}
	var cut, whole bool
	for r, err := range client.Results(ctx, "faults") {
		require.NoError(t, err)
		require.NotContains(t, got, r.Task)
		got[r.Task] = string(r.Data)
		switch len(got) {
		case 300, 900, 1500:
			kill(coordinator)
			coordinator = spawn(t, "coordinator", store, address)
		case 200:
			wire.set(true)
			cut = true
			_, err = letGo.Write([]byte{1}) // what it does now, it cannot tell
			require.NoError(t, err)
		}
		if r.Task == held {
			require.True(t, cut, "it was not let go before")
			require.NotEqual(t, "remote", r.Worker)
		}
		if _, done := got[held]; done && len(got) >= 1300 && !whole { // another has done it meanwhile, beyond AckWait
			wire.set(false)
			whole = true
		}
	}
	require.True(t, whole)
	require.Len(t, got, n)
	for i, task := range job.Tasks {
		require.Equal(t, string(digest(task.Data)), got[i])
	}
	cease()
	war.Wait()
	s, err := client.Wait(ctx, "faults")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return countedLate(ctx, client, s, held) }, 20*time.Second, 50*time.Millisecond, "what the worker that was cut off has done comes late, and does not count")
	s = eventually(t, client, "faults", "counted", func(s Status) bool { return s.Duplicates > 0 })
	assert.Equal(t, []any{Done, n, 0}, []any{s.State, s.Done, s.Failed})
	assert.Greater(t, kills.Load(), int64(3))
	t.Logf("%d workers killed, %d duplicates, %v", kills.Load(), s.Duplicates, s.Ended.Sub(s.Submitted))
	second := map[int]string{}
	for r, err := range client.Results(ctx, "faults") {
		require.NoError(t, err)
		second[r.Task] = string(r.Data)
	}
	assert.Equal(t, got, second)
}
