//go:build !unix

package process

import "time"

// Usage returns the processor time that this process has taken, and the most
// bytes of memory it has held. What is not known is 0.
func Usage() (cpu time.Duration, memory int64) { return 0, 0 }

// UsageOfChildren is Usage of the processes that this one has started and that
// have ended: their processor time in all, the memory of the largest.
func UsageOfChildren() (cpu time.Duration, memory int64) { return 0, 0 }
