package dashboard

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/seed-0772dd2d/ritz/distributed"
)

// fake is a Source whose state a test sets. Cancel and Retry are remembered.
type fake struct {
	mu            sync.Mutex
	jobs          []distributed.Status
	failures      []distributed.Failure
	workers       []distributed.WorkerStatus
	spans         []distributed.Span
	counters      distributed.Counters
	cancelled     []string
	retried       []string
	jobsAsked     int
	spansAsked    int
	failuresAsked int
	onCancel      func(id string)
	refuse        string // why Retry fails, if not empty
}

func (f *fake) change(do func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do(f)
}

func (f *fake) Jobs(all bool) []distributed.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.jobsAsked++
	return slices.DeleteFunc(slices.Clone(f.jobs), func(s distributed.Status) bool { return !all && s.State.Ended() })
}

func (f *fake) Failures(id string, limit int) []distributed.Failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failuresAsked++
	list := slices.DeleteFunc(slices.Clone(f.failures), func(x distributed.Failure) bool { return x.Job != id })
	slices.SortStableFunc(list, func(a, b distributed.Failure) int { return b.Time.Compare(a.Time) })
	return list[:min(limit, len(list))]
}

func (f *fake) Workers() []distributed.WorkerStatus {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.workers)
}

func (f *fake) Spans(since time.Time) []distributed.Span {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spansAsked++
	list := make([]distributed.Span, 0, len(f.spans))
	for _, s := range f.spans {
		if !s.End.Before(since) {
			list = append(list, s)
		}
	}
	return list
}

func (f *fake) Counters() distributed.Counters {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counters
}

func (f *fake) find(id string) error {
	if !slices.ContainsFunc(f.jobs, func(s distributed.Status) bool { return s.ID == id }) {
		return fmt.Errorf("%w: %q", distributed.ErrNoJob, id)
	}
	return nil
}

func (f *fake) Cancel(id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.find(id); err != nil {
		return err
	}
	f.cancelled = append(f.cancelled, id)
	for i := range f.jobs {
		if f.jobs[i].ID == id {
			f.jobs[i].State, f.jobs[i].Ended = distributed.Cancelled, time.Now()
		}
	}
	if f.onCancel != nil {
		f.onCancel(id)
	}
	return nil
}

func (f *fake) Retry(id string) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.find(id); err != nil {
		return 0, err
	}
	if f.refuse != "" {
		return 0, errors.New(f.refuse)
	}
	f.retried = append(f.retried, id)
	for _, s := range f.jobs {
		if s.ID == id && s.Failed == 0 {
			return 0, fmt.Errorf("job %s has no failed tasks", id)
		}
	}
	return 3, nil
}

// cluster is n workers with slots each, and spans of tasks that take about
// mean each, over the last window, in all of their slots.
func cluster(now time.Time, n, slots int, window, mean time.Duration, job func(worker int) string, failing float64) *fake {
	random := rand.New(rand.NewPCG(1, 2))
	f := &fake{}
	task := 0
	for w := range n {
		s := distributed.WorkerStatus{
			ID: fmt.Sprintf("node%02d", w+1), Host: fmt.Sprintf("node%02d.lab", w+1), PID: 4100 + 37*w, Slots: slots,
			Version: "v0.1.0", Joined: now.Add(-window), Seen: now, State: "busy", Memory: 16 << 30,
		}
		s.RSS = int64((0.1 + 0.5*random.Float64()) * float64(s.Memory))
		for slot := range slots {
			at := now.Add(-window).Add(time.Duration(random.Float64() * float64(mean)))
			for {
				length := time.Duration(float64(mean) * math.Exp(0.35*random.NormFloat64()))
				task++
				if !at.Add(length).Before(now) {
					s.Busy = append(s.Busy, distributed.Busy{Slot: slot, Job: job(w), Task: task, Attempt: 1, Since: at})
					break
				}
				failed := random.Float64() < failing
				if failed {
					length /= 3
				}
				f.spans = append(f.spans, distributed.Span{Worker: s.ID, Slot: slot, Job: job(w), Task: task, Attempt: 1, Start: at, End: at.Add(length), Failed: failed})
				at = at.Add(length + mean/50)
				if random.Float64() < 0.05 {
					at = at.Add(time.Duration(float64(mean) * random.Float64()))
				}
				if !at.Before(now) {
					break
				}
			}
		}
		s.CPU = 0.97 * float64(len(s.Busy))
		f.workers = append(f.workers, s)
	}
	f.counters = distributed.Counters{Workers: n, Slots: n * slots, Done: uint64(len(f.spans))}
	return f
}

// scene is a cluster as a group of people might have it on an afternoon.
func scene(now time.Time) *fake {
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	f := cluster(now, 6, 4, 6*time.Minute, 21*time.Second, func(w int) string {
		if w >= 4 {
			return "lorenz-7f3a"
		}
		return "burgers-19c2"
	}, 0.02)
	for i := range f.workers {
		f.workers[i].Labels = map[string]string{"cores": "8"}
	}
	f.workers[0].Labels["gpu"] = "1"
	f.workers[1].Labels["gpu"] = "1"
	f.workers[3].RSS = int64(0.93 * float64(f.workers[3].Memory))
	f.workers[5].State, f.workers[5].Busy, f.workers[5].CPU = "lost", nil, 0
	f.workers[5].Seen = ago(74 * time.Second)
	f.spans = slices.DeleteFunc(f.spans, func(s distributed.Span) bool {
		return s.Worker == "node06" && s.End.After(ago(75*time.Second))
	})

	best := 0.0031
	burgers := distributed.Status{
		ID: "burgers-19c2", Name: "Burgers: widths and seeds", Kind: "job", State: distributed.Running, Tasks: 360, Done: 214, Failed: 2, Running: 16, Retried: 5,
		Submitted: ago(21 * time.Minute), Started: ago(20 * time.Minute), ETA: 13*time.Minute + 40*time.Second, Minimize: true,
		Requires: map[string]string{"cores": "8"}, Priority: 5,
	}
	random := rand.New(rand.NewPCG(3, 4))
	value := 0.41
	for t := 30 * time.Second; t < 18*time.Minute; t += time.Duration(20+random.IntN(130)) * time.Second {
		burgers.Improvements = append(burgers.Improvements, distributed.Improvement{Task: int(t.Seconds() / 6), Measure: value, Time: ago(20*time.Minute - t)})
		value *= 0.62 + 0.33*random.Float64()
	}
	last := burgers.Improvements[len(burgers.Improvements)-1]
	best = last.Measure
	burgers.Best = &distributed.Result{Task: last.Task, Measure: &best, Worker: "node02"}
	f.jobs = []distributed.Status{
		burgers,
		{ID: "lorenz-7f3a", Name: "Lorenz: Lyapunov spectrum", Kind: "function", State: distributed.Running, Tasks: 4096, Done: 3310, Running: 4, Submitted: ago(50 * time.Minute), Started: ago(48 * time.Minute), ETA: 11 * time.Minute},
		{ID: "lens-02d8", Name: "Thermal lens, expected improvement", Kind: "command", State: distributed.Waiting, Why: "no worker offers maple=1", Tasks: 40, Submitted: ago(9 * time.Minute), Requires: map[string]string{"maple": "1"}},
		{ID: "ishigami-b51e", Name: "Ishigami, cross-validation", Kind: "job", State: distributed.Done, Tasks: 100, Done: 100, Submitted: ago(2 * time.Hour), Started: ago(2 * time.Hour), Ended: ago(110 * time.Minute)},
	}
	trace := "iteration 2180  loss 3.1e-03  |g| 4.4e-02\niteration 2190  loss nan\nritz: burgers.yaml:14: the loss is not finite in iteration 2190 of stage 2 (ssbroyden)\n      train: - ssbroyden: {iterations: 10000}\n               ^ a smaller rate of the stage before it, or float64, may help\n"
	for i := range 4 {
		f.failures = append(f.failures, distributed.Failure{Job: "burgers-19c2", Task: 77 + 31*(i%2), Attempt: 1 + i/2, Worker: fmt.Sprintf("node%02d", 1+i), Reason: "the loss is not finite", ExitCode: 1, Stderr: trace, Time: ago(time.Duration(400-80*i) * time.Second), Final: i >= 2})
	}
	f.failures = append(f.failures,
		distributed.Failure{Job: "burgers-19c2", Task: 143, Attempt: 1, Worker: "node04", Reason: "killed: beyond its memory limit of 4 GiB", ExitCode: -1, Signal: "SIGKILL", Stderr: "iteration 100  loss 2.2e-01\n", Time: ago(130 * time.Second)},
		distributed.Failure{Job: "burgers-19c2", Task: 201, Attempt: 1, Worker: "node03", Reason: "time limit of 10m0s", ExitCode: -1, Signal: "SIGTERM", Stderr: "iteration 9120  loss 8.8e-06\n", Time: ago(220 * time.Second)},
	)
	f.jobs[0].Retried, f.counters.StoreBytes = 4, 84<<20
	return f
}
