package simd

import (
	"os"
	"strconv"
	"strings"
	"sync"
)

// L2 is the size in bytes of the second-level cache of a core, where the system
// tells it (Linux); elsewhere 1 MB.
func L2() int { return l2() }

var l2 = sync.OnceValue(func() int {
	text, err := os.ReadFile("/sys/devices/system/cpu/cpu0/cache/index2/size")
	if err != nil {
		return 1 << 20
	}
	return cacheSize(string(text))
})

// cacheSize reads "1024K" or "2M"; what is neither is 1 MB.
func cacheSize(text string) int {
	text = strings.TrimSpace(text)
	unit := 1
	switch {
	case strings.HasSuffix(text, "K"):
		unit = 1 << 10
	case strings.HasSuffix(text, "M"):
		unit = 1 << 20
	}
	n, err := strconv.Atoi(strings.TrimRight(text, "KM"))
	if err != nil || n < 1 || n > 1<<16 {
		return 1 << 20
	}
	return n * unit
}
