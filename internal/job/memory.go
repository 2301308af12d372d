package job

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// totalMemory is the memory of the machine in bytes, with what it may swap: as
// Linux tells, elsewhere 0, which means unknown.
func totalMemory() (bytes int64) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kB int64
		key, value, _ := strings.Cut(lines.Text(), ":")
		if key == "MemTotal" || key == "SwapTotal" {
			if _, err := fmt.Sscan(value, &kB); err == nil {
				bytes += kB << 10
			}
		}
	}
	return bytes
}
