//go:build unix && !linux

package process

import "syscall"

// dieWithParent: there is no such thing here.
func dieWithParent(*syscall.SysProcAttr) {}
