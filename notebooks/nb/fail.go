package nb

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
)

// Check ends the cell with the message of err, if there is one.
func Check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

// Must returns v, or ends the cell with the message of err, if there is one.
//
//	s := nb.Must(pinn.Load(r.File("solution.json")))
func Must[T any](v T, err error) T {
	Check(err)
	return v
}

// temporary are folders to be removed also when the cell fails.
var temporary sync.Map

// fail ends the cell. A panic would bury the message under Go's stack.
func fail(message string) {
	if !strings.HasPrefix(message, "ritz: ") {
		message = "ritz: " + message
	}
	fmt.Fprintln(os.Stderr, message)
	for folder := range temporary.Range {
		os.RemoveAll(folder.(string))
	}
	os.Exit(1)
}

var cellContext = sync.OnceValue(func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
	}()
	return ctx
})

// Context is cancelled when the kernel is interrupted. A cell has then five
// seconds to end by itself.
func Context() context.Context { return cellContext() }
