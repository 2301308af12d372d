//go:build unix && !linux

package distributed

import "syscall"

func signalSession(sid int, signal syscall.Signal) { _ = syscall.Kill(-sid, signal) }

func (*guard) measure(pids []int) (map[int]usage, error) { return measurePS(pids) }
