//go:build !unix

package process

import "time"

// Usage returns the processor time that this process has taken, and the most
// bytes of memory it has held. What is not known is 0.
func Usage() (cpu time.Duration, memory int64) { return 0, 0 }
