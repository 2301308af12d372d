//go:build unix

package process

import (
	"runtime"
	"syscall"
	"time"
)

// Usage returns the processor time that this process has taken, and the most
// bytes of memory it has held. What is not known is 0.
func Usage() (cpu time.Duration, memory int64) { return usage(syscall.RUSAGE_SELF) }

// UsageOfChildren is Usage of the processes that this one has started and that
// have ended: their processor time in all, the memory of the largest.
func UsageOfChildren() (cpu time.Duration, memory int64) { return usage(syscall.RUSAGE_CHILDREN) }

func usage(who int) (cpu time.Duration, memory int64) {
	var u syscall.Rusage
	if syscall.Getrusage(who, &u) != nil {
		return 0, 0
	}
	memory = int64(u.Maxrss)
	if runtime.GOOS != "darwin" && runtime.GOOS != "ios" {
		memory *= 1024
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), memory
}
