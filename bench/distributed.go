package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/seed-0772dd2d/ritz/distributed"
	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// echo is the task: no work, so that what is left is the coordinator, the wire and the disk.
const echo = "ritz/bench/echo"

func init() {
	distributed.Register(echo, func(_ context.Context, data []byte) ([]byte, error) { return data, nil })
}

// Distributed measures tasks without work in 1000 a second, from the submission of one job to its last result, by worker
// processes of one slot each, beside one synced write a task; and the time of one task alone. Everything is on the disk
// before it counts. The program that calls it must be a worker when it is started as "worker --connect URL --slots 1".
func Distributed(ctx context.Context, s Settings) (*Report, error) {
	return s.measured(ctx, distributedTasks)
}

func distributedTasks(ctx context.Context, s Settings, size sizes) (*Report, error) {
	folder, err := os.MkdirTemp("", "ritz-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	counts := []int{1}
	if s.Threads > 1 {
		counts = append(counts, s.Threads)
	}
	const writes = "a synced write a task"
	thousands := func(n int) func(float64) float64 { return func(s float64) float64 { return float64(n) / s / 1000 } }
	var tasks []task
	add := func(group, name, naive string, threads int, value func(float64) float64, run func() error) {
		w := Work{Group: group, Name: name, Naive: naive, Level: simd.Level(), Threads: threads}
		tasks = append(tasks, task{w, value, func(repeat int) error {
			for range repeat {
				if err := run(); err != nil {
					return err
				}
			}
			return nil
		}})
	}
	for _, workers := range counts {
		c, err := startCluster(ctx, filepath.Join(folder, fmt.Sprint(workers)), workers)
		if err != nil {
			return nil, err
		}
		defer c.stop()
		naive := ""
		if workers == 1 {
			naive = writes
			add(groupTrip, "one task and its result", "", 1, func(s float64) float64 { return 1000 * s }, func() error { return c.run(ctx, 1) })
		}
		for _, n := range size.tasks {
			add(groupTasks, fmt.Sprintf("%d tasks of one job", n), naive, workers, thousands(n), func() error { return c.run(ctx, n) })
		}
	}
	f, err := os.Create(filepath.Join(folder, "writes"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	add(groupTasks, writes, "", 1, thousands(1), func() error {
		if _, err := f.WriteAt(make([]byte, 128), 0); err != nil {
			return err
		}
		return f.Sync()
	})
	return report(ctx, s, size, []string{simd.Level()}, tasks)
}

// cluster is a coordinator in this process and workers in processes of their own.
type cluster struct {
	client *distributed.Client
	stop   func()
}

func startCluster(ctx context.Context, store string, workers int) (*cluster, error) {
	coordinator, err := distributed.NewCoordinator(distributed.CoordinatorSettings{Store: store, Listen: "127.0.0.1:0"})
	if err != nil {
		return nil, err
	}
	running, leave := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- coordinator.Run(running) }()
	c := &cluster{}
	var started []*exec.Cmd
	c.stop = func() {
		for _, w := range started {
			_ = w.Process.Kill()
			_ = w.Wait()
		}
		if c.client != nil {
			c.client.Close()
		}
		leave()
		<-ended
	}
	self, err := os.Executable()
	if err == nil {
		c.client, err = distributed.Connect(ctx, distributed.ConnectSettings{URL: coordinator.URL()})
	}
	for i := 0; i < workers && err == nil; i++ {
		w := exec.Command(self, "worker", "--connect", coordinator.URL(), "--slots", "1", "--dir", filepath.Dir(store))
		w.Stderr = io.Discard
		if err = w.Start(); err == nil {
			started = append(started, w)
		}
	}
	for begin := time.Now(); err == nil && len(coordinator.Workers()) < workers; {
		if time.Since(begin) > 10*time.Second {
			err = fmt.Errorf("%s does not become a worker", self)
		}
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	if err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

// run has n tasks done.
func (c *cluster) run(ctx context.Context, n int) error {
	job := distributed.Job{Kind: "function", Function: echo, Tasks: make([]distributed.Task, n)}
	for i := range job.Tasks {
		job.Tasks[i].Data = fmt.Append(nil, i)
	}
	_, err := c.client.Map(ctx, job)
	return err
}
