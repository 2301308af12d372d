package bench

import (
	"context"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

var tiny = sizes{rounds: 1, tries: 1, duration: 20 * time.Microsecond, square: 40, cholesky: 30, array: 1 << 14, interior: 32}

func tinyReport(t *testing.T) *Report {
	var rounds []int
	r, err := kernels(context.Background(), Settings{Threads: 2, Quick: true, Progress: func(round, of int) {
		require.Equal(t, tiny.rounds, of)
		rounds = append(rounds, round)
	}}, tiny)
	require.NoError(t, err)
	require.Equal(t, []int{0, 1}, rounds)
	return r
}

func TestKernels(t *testing.T) {
	level := simd.Level()
	r := tinyReport(t)
	require.Equal(t, level, simd.Level(), "the level in use is as before")
	require.Equal(t, simd.Levels(), r.Levels)
	require.Equal(t, runtime.GOOS+"/"+runtime.GOARCH, r.Platform)
	require.Equal(t, 2, r.Threads)

	both := []string{"float64", "float32"}
	expected := map[Work]bool{} // to be found once each
	expect := func(group string, precisions []string, streaming bool, names ...string) {
		for _, name := range names {
			for _, precision := range precisions {
				for _, threads := range []int{1, 2} {
					for _, level := range simd.Levels() {
						if !streaming || level != "portable" {
							expected[Work{Group: group, Name: name, Precision: precision, Level: level, Threads: threads}] = true
						}
					}
				}
			}
		}
	}
	expect("peak", both, false, "multiply-add")
	expect("memory", both[:1], false, "copy", "triad", "update in place")
	expect("memory", both[:1], true, "copy, streaming", "triad, streaming", "update, streaming")
	expect("function", both, false, "tanh", "exp", "sincos", "sigmoid")
	expect("product", both, false, "square 40",
		"forward 20x20, 256 columns", "transposed 20x20, 256 columns", "gradient 20x20, 256 columns",
		"forward 64x64, 256 columns", "transposed 64x64, 256 columns", "gradient 64x64, 256 columns")
	expect("product", both[:1], false, "Cholesky 30")
	expect("step", both, false, "burgers 2-20x8-1", "burgers 2-64x4-1", "kuramoto-sivashinsky 2-20x8-1")

	require.Len(t, r.Results, len(expected))
	for _, v := range r.Results {
		w := v.Work
		w.Operations, w.Activations = 0, 0
		require.True(t, expected[w], "%+v", w)
		delete(expected, w)
		ratios := map[string]float64{"value": v.Value}
		if v.Level != "portable" && !strings.HasSuffix(v.Name, "streaming") {
			ratios["speed-up"] = v.SpeedUp
		}
		if v.Threads > 1 {
			ratios["scaling"] = v.Scaling
		}
		switch v.Group {
		case groupProduct:
			ratios["of peak"] = v.OfPeak
		case groupStep:
			ratios["floor"], ratios["times floor"] = v.Floor, v.TimesFloor
			ratios["operations"], ratios["activations"] = v.Operations, v.Activations
		}
		for name, x := range ratios {
			require.True(t, x > 0 && !math.IsInf(x, 0), "%s = %v of %+v", name, x, v)
		}
	}
	require.Empty(t, expected)
	require.True(t, r.Spread >= 0 && !math.IsInf(r.Spread, 0))
}

func TestKernelsRefuse(t *testing.T) {
	for _, threads := range []int{-1, runtime.GOMAXPROCS(0) + 1} {
		_, err := Kernels(context.Background(), Settings{Threads: threads})
		require.ErrorContains(t, err, "must be from 1 to")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Kernels(ctx, Settings{Quick: true})
	require.ErrorIs(t, err, context.Canceled)
}

// The tasks as Go benchmarks, one repetition an operation.
func BenchmarkKernels(b *testing.B) {
	tasks, stop, err := allTasks(runtime.GOMAXPROCS(0), full)
	require.NoError(b, err)
	defer stop()
	level := simd.Level()
	defer func() { require.NoError(b, simd.SetLevel(level)) }()
	units := map[string]string{groupPeak: "GFLOP/s", groupMemory: "GB/s", groupFunction: "Gelements/s", groupProduct: "GFLOP/s", groupStep: "ms"}
	for _, t := range tasks {
		threads := "1"
		if t.Threads > 1 {
			threads = "all"
		}
		name := strings.Join([]string{t.Group, t.Name, t.Precision, t.Level, "threads=" + threads}, "/")
		b.Run(name, func(b *testing.B) {
			require.NoError(b, simd.SetLevel(t.Level))
			require.NoError(b, t.run(1))
			b.ReportAllocs()
			b.ResetTimer()
			require.NoError(b, t.run(b.N))
			b.ReportMetric(t.value(b.Elapsed().Seconds()/float64(b.N)), units[t.Group])
		})
	}
}

// Every round runs every task, under its level.
func TestMeasure(t *testing.T) {
	best := simd.Levels()[len(simd.Levels())-1]
	order := []string{}
	var tasks []task
	for _, level := range []string{best, "portable"} {
		tasks = append(tasks, task{
			Work:  Work{Name: level, Level: level},
			value: func(seconds float64) float64 { return 1 / seconds },
			run: func(int) error {
				order = append(order, simd.Level())
				return nil
			},
		})
	}
	results, spread, err := measure(context.Background(), tasks, sizes{rounds: 3, tries: 1, duration: 1}, nil)
	require.NoError(t, err)
	require.GreaterOrEqual(t, spread, 0.0)
	for i, v := range results {
		require.Equal(t, tasks[i].Work, v.Work)
		require.Positive(t, v.Value)
	}
	require.Len(t, results, 2)
	require.Equal(t, []string{best, "portable", best, "portable", best, "portable"}, order[len(order)-6:])
}

func TestMeasureStopsAtAnError(t *testing.T) {
	bad := task{Work: Work{Level: "portable"}, run: func(int) error { return context.DeadlineExceeded }}
	_, _, err := measure(context.Background(), []task{bad}, tiny, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	bad.Level = "sse9"
	_, _, err = measure(context.Background(), []task{bad}, tiny, nil)
	require.ErrorContains(t, err, "sse9")
}

func TestMedian(t *testing.T) {
	require.Equal(t, 2.0, median([]float64{9, 2, 1}))
	require.Equal(t, 2.5, median([]float64{4, 3, 1, 2}))
}

func TestShare(t *testing.T) {
	for threads := 1; threads < 6; threads++ {
		next := 0
		for thread := range threads {
			first, end := share(17, thread, threads)
			require.Equal(t, next, first)
			next = end
		}
		require.Equal(t, 17, next)
	}
}
