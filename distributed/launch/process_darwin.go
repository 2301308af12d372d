package launch

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// born tells when the process started, and whether it lives: a zombie does not.
func born(pid int) (string, bool) {
	const zombie = 5 // SZOMB
	k, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return "", false
	}
	start := k.Proc.P_starttime
	return fmt.Sprintf("%d.%06d", start.Sec, start.Usec), k.Proc.P_stat != zombie
}
