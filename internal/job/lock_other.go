//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package job

import (
	"errors"
	"os"
)

// lockFile knows no locks here.
func lockFile(*os.File) (held bool, err error) { return false, errors.ErrUnsupported }
