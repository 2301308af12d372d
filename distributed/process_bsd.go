//go:build unix && !linux

package distributed

import "syscall"

// dieWithParent: here only the watchdog kills the children of a killed worker.
func dieWithParent(*syscall.SysProcAttr) {}

func signalSession(sid int, signal syscall.Signal) { _ = syscall.Kill(-sid, signal) }

func (*guard) measure(pids []int) (map[int]usage, error) { return measurePS(pids) }
