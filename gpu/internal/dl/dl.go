// Package dl loads shared libraries at run time and calls their functions.
package dl

import (
	"errors"
	"fmt"
	"os"

	"github.com/ebitengine/purego"
)

// Library is a loaded shared library. It stays loaded.
type Library struct {
	Path   string
	handle uintptr
}

// Open loads the first of the libraries that can be loaded. A variable of the
// environment, if set, names the only one to try, or none with "off".
func Open(variable string, names ...string) (*Library, []string, error) {
	if v := os.Getenv(variable); v == "off" {
		return nil, nil, fmt.Errorf("%s=off", variable)
	} else if v != "" {
		names = []string{v}
	}
	last := errors.New("there is no library of it for this system")
	for _, name := range names {
		handle, err := open(name)
		if err == nil {
			return &Library{name, handle}, names, nil
		}
		last = err
	}
	return nil, names, last
}

// Function is the address of a function; 0 if the library has none of that name.
func (l *Library) Function(name string) uintptr { return symbol(l.handle, name) }

// Call calls a function with integers and pointers, and returns its integer. A pointer
// to Go memory must be converted in the call itself, uintptr(unsafe.Pointer(&x)): so it
// stays alive and in place. That puts the list of arguments on the heap: who must not
// allocate passes a slice that is there already, args..., whose pointers are into
// objects on the heap that live through the call.
//
//go:uintptrescapes
func Call(function uintptr, args ...uintptr) uintptr {
	r, _, _ := purego.SyscallN(function, args...)
	return r
}
