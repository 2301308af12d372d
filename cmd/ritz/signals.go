package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// grace is how long after the first signal others count as the same one.
const grace = time.Second

// interruptible returns a context that the first SIGINT or SIGTERM cancels.
// Shells, make, timeout and batch systems send it to a process and again to its
// group: what comes within the grace is no second request. A signal after it
// ends the process at once.
func interruptible(ctx context.Context, grace time.Duration) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		first := time.Now()
		for range signals {
			if time.Since(first) > grace {
				os.Exit(exitFailed)
			}
		}
	}()
	return ctx
}

// keepOnWriting makes a write to a pipe that nobody reads an error, where it would end
// the process. What this process starts is not concerned.
func keepOnWriting() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
