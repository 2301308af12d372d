//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package filelock

import (
	"errors"
	"os"
)

// Lock knows no locks here.
func Lock(*os.File) (held bool, err error) { return false, errors.ErrUnsupported }
