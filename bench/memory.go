package bench

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// memoryTasks times the kernels of McCalpin's STREAM on arrays far larger than
// the caches, each thread on its part: copy, triad and update in place, with
// ordinary and with streaming stores. As there, only the bytes that the program
// reads and writes count; an ordinary store also reads what it overwrites.
func memoryTasks(counts []int, bytes int) []task {
	n := min(bytes, spareMemory()/8) / 8
	arrays := sync.OnceValue(func() [3][]float64 { return touchedArrays(n, counts[len(counts)-1]) })
	var tasks []task
	for _, k := range []struct {
		name      string
		accesses  int // an element
		streaming bool
		do        func(x, y, z []float64)
	}{
		{"copy", 2, false, func(x, y, _ []float64) { simd.Scale(x, 1, y) }},
		{"copy, streaming", 2, true, func(x, y, _ []float64) { simd.StreamScale(x, 1, y) }},
		{"triad", 3, false, func(x, y, z []float64) { simd.Triad(x, 3, y, z) }},
		{"triad, streaming", 3, true, func(x, y, z []float64) { simd.StreamTriad(x, 3, y, z) }},
		{"update in place", 2, false, func(x, _, _ []float64) { simd.Scale(x, -1, x) }},
		{"update, streaming", 2, true, func(x, _, _ []float64) { simd.StreamScale(x, -1, x) }},
	} {
		w := Work{Group: groupMemory, Name: k.name, Precision: "float64"}
		total := float64(8 * k.accesses * n) // by all threads together
		value := func(_ int, seconds float64) float64 { return total / seconds / 1e9 }
		list := everywhere(w, counts, value, func(threads int) func(int) error {
			return func(repeat int) error {
				a := arrays()
				parallel(threads, func(thread int) {
					first, end := share(n, thread, threads)
					for range repeat {
						k.do(a[0][first:end], a[1][first:end], a[2][first:end])
					}
				})
				return nil
			}
		})
		if k.streaming { // of which portable code has none
			list = slices.DeleteFunc(list, func(t task) bool { return t.Level == simd.Levels()[0] })
		}
		tasks = append(tasks, list...)
	}
	return tasks
}

// touchedArrays are written first by the threads that will use them, which
// places their pages.
func touchedArrays(n, threads int) (a [3][]float64) {
	for i := range a {
		a[i] = make([]float64, n)
		parallel(threads, func(thread int) {
			first, end := share(n, thread, threads)
			for p := first; p < end; p++ {
				a[i][p] = 1
			}
		})
	}
	return a
}

// spareMemory is the memory in bytes that programs can still have: as Linux
// tells, elsewhere 1 GB for certain.
func spareMemory() int {
	const certain = 1 << 30
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return certain
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kB int
		if value, ok := strings.CutPrefix(lines.Text(), "MemAvailable:"); ok {
			if _, err := fmt.Sscan(value, &kB); err == nil {
				return kB << 10
			}
		}
	}
	return certain
}
