package driver

import (
	"errors"
	"fmt"
	"strings"
)

// The faults that a caller can act upon.
var (
	ErrNoBackend = errors.New("no driver")
	ErrNoDevice  = errors.New("no such device")
	ErrNoFloat64 = errors.New("no double precision")
	ErrMemory    = errors.New("out of device memory")
	ErrLost      = errors.New("device lost")
	ErrClosed    = errors.New("used after close")
	ErrArgument  = errors.New("bad argument")
	ErrCompile   = errors.New("does not compile")
)

// Error is what a driver answered to a call.
type Error struct {
	Backend string // opencl, cuda, hip, nvrtc, hiprtc
	Call    string // clCreateBuffer
	Code    int
	Name    string // CL_OUT_OF_RESOURCES; empty if the driver has none
	Kind    error  // one of the faults above, or nil
}

func (e *Error) Error() string {
	name := e.Name
	if name == "" {
		name = "error"
	}
	text := fmt.Sprintf("%s: %s: %s (%d)", e.Backend, e.Call, name, e.Code)
	if e.Kind != nil {
		text += ": " + e.Kind.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Kind }

// CompileError is the log of a program that does not compile.
type CompileError struct {
	Backend string
	Log     string
}

func (e *CompileError) Error() string { return e.Backend + ": " + e.Log }
func (e *CompileError) Unwrap() error { return ErrCompile }

// NoBackend is the fault that no driver was found.
type NoBackend struct {
	Backend string
	Looked  []string // names of libraries
	Cause   error    // why the last could not be loaded
}

func (e *NoBackend) Error() string {
	looked := ""
	if len(e.Looked) > 0 {
		looked = "looked for " + strings.Join(e.Looked, ", ") + ": "
	}
	return fmt.Sprintf("%s: %v: %s%v", e.Backend, ErrNoBackend, looked, e.Cause)
}
func (e *NoBackend) Unwrap() error { return ErrNoBackend }
