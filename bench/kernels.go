package bench

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// Settings says how Kernels measures. The zero value is usable.
type Settings struct {
	Threads  int                     // of the parallel measurements, up to GOMAXPROCS; 0: GOMAXPROCS
	Quick    bool                    // seconds instead of minutes: smaller sizes, fewer rounds
	Progress func(round, rounds int) // if set, called before every round; round 0 warms up
}

// sizes is how much is measured, and how long.
type sizes struct {
	rounds      int           // of all tasks
	tries       int           // timings of a task in a round
	duration    time.Duration // of a timing, at least
	square      int           // order of the square matrix product
	cholesky    int           // order of the factorised matrix
	array       int           // bytes of an array in memory, at most
	interior    int           // collocation points of a training step
	cells       int           // of a side of a large acoustic grid
	large       int           // of the largest
	rows        int           // observations of a model
	naiveRows   int           // of one fitted the naive way
	predictions int           // points
	seeds       int           // searches of each kind
	tasks       []int         // of a distributed job
}

var (
	full = sizes{rounds: 5, tries: 3, duration: 10 * time.Millisecond, square: 1024, cholesky: 2000, array: 512 << 20, interior: 10000, cells: 4096, large: 16384,
		rows: 400, naiveRows: 100, predictions: 1e6, seeds: 10, tasks: []int{1000, 10_000, 100_000}}
	quick = sizes{rounds: 3, tries: 2, duration: 3 * time.Millisecond, square: 512, cholesky: 600, array: 64 << 20, interior: 1000, cells: 1024, large: 2048,
		rows: 100, naiveRows: 40, predictions: 1e5, seeds: 1, tasks: []int{1000, 10_000}}
)

// Check returns an error if a value is out of range.
func (s Settings) Check() error {
	if most := runtime.GOMAXPROCS(0); s.Threads < 0 || s.Threads > most {
		return fmt.Errorf("threads %d: must be from 1 to %d, or 0 for all", s.Threads, most)
	}
	return nil
}

// Kernels measures and reports. Nothing else in the process may use the
// kernels meanwhile: their implementation changes from task to task. It stops
// within a task once ctx is cancelled.
func Kernels(ctx context.Context, s Settings) (*Report, error) { return s.measured(ctx, kernels) }

// measured calls a suite with its sizes.
func (s Settings) measured(ctx context.Context, suite func(context.Context, Settings, sizes) (*Report, error)) (*Report, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if s.Threads == 0 {
		s.Threads = runtime.GOMAXPROCS(0)
	}
	size := full
	if s.Quick {
		size = quick
	}
	return suite(ctx, s, size)
}

func kernels(ctx context.Context, s Settings, size sizes) (*Report, error) {
	tasks, stop, err := allTasks(s.Threads, size)
	if err != nil {
		return nil, err
	}
	defer stop()
	return report(ctx, s, size, simd.Levels(), tasks)
}

// report measures the tasks, which stand at these levels.
func report(ctx context.Context, s Settings, size sizes, levels []string, tasks []task) (r *Report, err error) {
	r = &Report{
		Platform: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		Levels: levels, Threads: s.Threads, Quick: s.Quick,
	}
	if r.Results, r.Spread, err = measure(ctx, tasks, size, s.Progress); err != nil {
		return nil, err
	}
	r.relate()
	return r, nil
}

// allTasks lists the tasks; stop ends the trainings among them.
func allTasks(threads int, size sizes) (tasks []task, stop func(), err error) {
	counts := []int{1}
	if threads > 1 {
		counts = append(counts, threads)
	}
	add := func(more []task) { tasks = append(tasks, more...) }
	add(peakTasks[float64](counts))
	add(peakTasks[float32](counts))
	add(memoryTasks(counts, size.array))
	add(functionTasks[float64](counts))
	add(functionTasks[float32](counts))
	add(productTasks[float64](counts, size.square))
	add(productTasks[float32](counts, size.square))
	add(choleskyTasks(counts, size.cholesky))
	steps, stop, err := stepTasks(counts, size.interior)
	add(steps)
	return tasks, stop, err
}

// everywhere lists the work once for every number of threads and every level.
// The levels share the run that prepare returns for a number of threads.
func everywhere(w Work, counts []int, value func(threads int, seconds float64) float64, prepare func(threads int) func(repeat int) error) []task {
	var tasks []task
	for _, threads := range counts {
		run := prepare(threads)
		for _, level := range simd.Levels() {
			w := w
			w.Threads, w.Level = threads, level
			tasks = append(tasks, task{w, func(seconds float64) float64 { return value(threads, seconds) }, run})
		}
	}
	return tasks
}

// rate is the value of work of which every thread does an amount, in units of
// 1e9 a second.
func rate(amount float64) func(threads int, seconds float64) float64 {
	return func(threads int, seconds float64) float64 { return amount * float64(threads) / seconds / 1e9 }
}

func precision[T simd.Float]() string {
	if _, single := any(T(0)).(float32); single {
		return "float32"
	}
	return "float64"
}
