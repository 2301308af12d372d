package bench

import "github.com/seed-0772dd2d/ritz/internal/simd"

const peakName = "multiply-add"

// peakTasks times multiply-adds in registers.
func peakTasks[T simd.Float](counts []int) []task {
	const rounds = 20000
	var tasks []task
	for _, level := range simd.Levels() {
		operations := 0.0
		for _, threads := range counts {
			run := func(repeat int) error {
				parallel(threads, func(thread int) {
					for range repeat {
						done := float64(simd.MultiplyAdds[T](rounds))
						if thread == 0 {
							operations = done
						}
					}
				})
				return nil
			}
			w := Work{Group: groupPeak, Name: peakName, Precision: precision[T](), Level: level, Threads: threads}
			tasks = append(tasks, task{w, func(seconds float64) float64 { return rate(operations)(threads, seconds) }, run})
		}
	}
	return tasks
}
