package launch

import (
	"bytes"
	"fmt"
	"os"
)

// born tells when the process started, in clock ticks since the machine did, and
// whether it lives: a zombie does not.
func born(pid int) (string, bool) {
	// pid (name) state ppid ...: the start is field 22, the name may hold anything.
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", false
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return "", false
	}
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return string(fields[19]) + "@" + string(bytes.TrimSpace(boot)), fields[0][0] != 'Z' && fields[0][0] != 'X'
}
