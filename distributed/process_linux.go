package distributed

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// signalSession sends a signal to every process of a session, once: to the leader's
// group in one go, and to those that made groups of their own (shells do, and
// timeout), until no new ones appear.
func signalSession(sid int, signal syscall.Signal) {
	_ = syscall.Kill(-sid, signal)
	sent := map[int]bool{}
	for more := true; more; {
		more = false
		_ = processes(func(p stat) {
			if p.session == sid && p.group != sid && p.state != 'Z' && !sent[p.pid] {
				_ = syscall.Kill(p.pid, signal)
				sent[p.pid], more = true, true
			}
		})
	}
}

// measure is what the sessions of the given leaders use; the worker's own process
// may be among them, and then counts what its children have used too.
func (*guard) measure(pids []int) (map[int]usage, error) {
	sum := map[int]usage{}
	self := os.Getpid()
	err := processes(func(p stat) {
		key := p.session
		if p.pid == self {
			key = self
		}
		if slices.Contains(pids, key) && (key != self || p.pid == self) {
			u := sum[key]
			sum[key] = usage{u.rss + p.rss, u.cpu + p.cpu}
		}
	})
	return sum, err
}

// stat is a line of /proc/PID/stat.
type stat struct {
	pid, group, session int
	state               byte
	rss                 int64
	cpu                 time.Duration // its own and that of children waited for
}

// processes calls f with every process of the machine that can be read.
func processes(f func(stat)) error {
	dir, err := os.Open("/proc")
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return err
	}
	var buffer [1024]byte
	for _, name := range names {
		if name[0] < '0' || name[0] > '9' {
			continue
		}
		fd, err := syscall.Open("/proc/"+name+"/stat", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			continue // it has ended
		}
		n, err := syscall.Read(fd, buffer[:])
		syscall.Close(fd)
		if err != nil || n <= 0 {
			continue
		}
		if p, ok := parseStat(buffer[:n]); ok {
			f(p)
		}
	}
	return nil
}

var pageSize = int64(os.Getpagesize())

// parseStat reads "pid (name) state ppid pgrp session ... utime stime cutime cstime
// ... rss": see proc(5). The name may hold anything, so one counts from the last ")".
func parseStat(line []byte) (p stat, ok bool) {
	open, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if open < 2 || end < open {
		return p, false
	}
	f := bytes.Fields(line[end+1:])
	if len(f) < 22 {
		return p, false
	}
	number := func(b []byte) int64 {
		n, err := strconv.ParseInt(string(b), 10, 64)
		ok = ok && err == nil
		return n
	}
	ok = true
	p.pid = int(number(bytes.TrimSpace(line[:open])))
	p.state = f[0][0]
	p.group, p.session = int(number(f[2])), int(number(f[3]))
	const tick = time.Second / 100 // USER_HZ
	p.cpu = time.Duration(number(f[11])+number(f[12])+number(f[13])+number(f[14])) * tick
	p.rss = number(f[21]) * pageSize
	return p, ok
}
