package nb

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
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
	for folder := range temporary.Range { // first: a write that nobody reads ends the process
		os.RemoveAll(folder.(string))
	}
	fmt.Fprintln(os.Stderr, message)
	if at := cellLine(); at != "" {
		fmt.Fprintln(os.Stderr, "at", at)
	}
	os.Exit(1)
}

// cellLine is the place in the program of a cell that led here, in the form that
// the kernel translates into a line of the cell.
func cellLine() string {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "main.") && filepath.Base(f.File) == "main.go" {
			return fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		if !more {
			return ""
		}
	}
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

// A cell whose kernel is gone, killed perhaps, ends as one that is interrupted.
func init() {
	if !std.notebook {
		return
	}
	kernel := os.Getppid()
	go func() {
		for os.Getppid() == kernel {
			time.Sleep(500 * time.Millisecond)
		}
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Signal(os.Interrupt)
		}
		time.Sleep(5 * time.Second)
		os.Exit(1)
	}()
}

// Context is cancelled when the kernel is interrupted. A cell has then five
// seconds to end by itself.
func Context() context.Context { return cellContext() }
