//go:build unix

package process

import (
	"runtime"
	"syscall"
	"time"
)

// Usage returns the processor time that this process has taken, and the most
// bytes of memory it has held. What is not known is 0.
func Usage() (cpu time.Duration, memory int64) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0, 0
	}
	memory = int64(u.Maxrss)
	if runtime.GOOS != "darwin" && runtime.GOOS != "ios" {
		memory *= 1024
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), memory
}
