package nb

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/event"
	"github.com/seed-0772dd2d/ritz/internal/process"
)

var began = time.Now()

// Usage shows what the cell has taken so far, with the processes that it has
// started and that have ended, such as those of Run: time, processor time, and
// the most memory that one of them held.
func Usage() {
	seconds := time.Since(began).Seconds()
	cpu, memory := process.Usage()
	ended, most := process.UsageOfChildren()
	text := usage(seconds, (cpu+ended).Seconds()/seconds, max(memory, most))
	text += fmt.Sprintf(", %d of %d processors allowed", runtime.GOMAXPROCS(0), runtime.NumCPU())
	std.say("%s", text)
}

// usage is "12.3 s, 1.9 processors busy, 210 MB", without what is not known.
func usage(seconds, busy float64, memory int64) string {
	parts := []string{event.Duration(seconds)}
	if busy > 0 {
		parts = append(parts, fmt.Sprintf("%.1f processors busy", busy))
	}
	if memory > 0 {
		parts = append(parts, fmt.Sprintf("%.0f MB", float64(memory)/1e6))
	}
	return strings.Join(parts, ", ")
}
