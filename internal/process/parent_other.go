//go:build unix && !linux

package process

import "syscall"

// DieWithParent does nothing: there is no such thing here.
func DieWithParent(*syscall.SysProcAttr) {}
