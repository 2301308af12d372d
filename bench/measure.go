package bench

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// task is a piece of work to time.
type task struct {
	Work
	// value is the number to report where one repetition takes that long.
	value func(seconds float64) float64
	// run does the work some times over.
	run func(repeat int) error
}

// measure times all tasks in rounds, so that a disturbance of the machine does
// not fall on one task alone. The best time counts, as in STREAM: what disturbs
// only ever adds. The spread tells how much it does: the median over the tasks
// of the median round over the best, less 1.
func measure(ctx context.Context, tasks []task, size sizes, progress func(round, rounds int)) (results []Result, spread float64, err error) {
	level := simd.Level()
	defer func() {
		if e := simd.SetLevel(level); err == nil {
			err = e
		}
	}()
	repeats, samples := make([]int, len(tasks)), make([][]float64, len(tasks))
	for round := 0; round <= size.rounds; round++ {
		if progress != nil {
			progress(round, size.rounds)
		}
		for i, t := range tasks {
			if err := ctx.Err(); err != nil {
				return nil, 0, err
			}
			if err := simd.SetLevel(t.Level); err != nil {
				return nil, 0, err
			}
			if round == 0 {
				repeats[i], err = t.repeats(size.duration)
			} else {
				var s float64
				s, err = t.sample(repeats[i], size)
				samples[i] = append(samples[i], s)
			}
			if err != nil {
				return nil, 0, err
			}
		}
	}
	var spreads []float64
	for i, t := range tasks {
		results = append(results, Result{Work: t.Work, Value: t.value(slices.Min(samples[i]))})
		spreads = append(spreads, median(samples[i])/slices.Min(samples[i])-1)
	}
	return results, median(spreads), nil
}

// repeats warms the task up and returns how often to run it in a timing.
func (t task) repeats(duration time.Duration) (int, error) {
	took, err := t.time(1)
	for n := 1; err == nil && took < duration; n *= 4 {
		took, err = t.time(n)
		if took >= duration/4 {
			return max(1, int(float64(n)*float64(duration)/float64(took))), err
		}
	}
	return 1, err
}

// sample is the best time of one repetition, in seconds. Work that is long
// itself is timed once.
func (t task) sample(repeat int, size sizes) (float64, error) {
	best := math.Inf(1)
	for try := 0; try < size.tries; try++ {
		took, err := t.time(repeat)
		if err != nil {
			return 0, err
		}
		best = min(best, took.Seconds()/float64(repeat))
		if took > 4*size.duration {
			break
		}
	}
	return best, nil
}

// time is at least one tick, which a coarse clock may not show.
func (t task) time(repeat int) (time.Duration, error) {
	began := time.Now()
	err := t.run(repeat)
	return max(time.Since(began), 1), err
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// parallel runs f for every thread at once and waits.
func parallel(threads int, f func(thread int)) {
	var wg sync.WaitGroup
	for t := 1; t < threads; t++ {
		wg.Go(func() { f(t) })
	}
	f(0)
	wg.Wait()
}

// share is what thread t of several has of n elements.
func share(n, t, threads int) (first, end int) { return n * t / threads, n * (t + 1) / threads }
