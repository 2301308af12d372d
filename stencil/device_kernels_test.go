package stencil

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// OpenCL compiles every program for its device, which is found out here rather than where
// somebody takes another order or medium: one in eleven, which is some of every kind, or with
// RITZ_KERNELS=all each of them, 20 s of work.
func TestKernelsCompile(t *testing.T) {
	t.Parallel()
	d := openDevice(t)
	step := 11
	if os.Getenv("RITZ_KERNELS") == "all" {
		step = 1
	}
	all := DeviceKernels(d.Info())
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				s := all[i]
				m, err := d.Compile(s)
				if !assert.NoError(t, err, "%s %v", s.Name, s.Defines) {
					continue
				}
				_, err = m.Kernel(strings.TrimSuffix(s.Name, ".c"))
				assert.NoError(t, err, "%s %v", s.Name, s.Defines)
				assert.NotContains(t, m.Log(), "warning", "%s %v", s.Name, s.Defines)
				assert.NoError(t, m.Close())
			}
		})
	}
	for i := 0; i < len(all); i += step {
		next <- i
	}
	close(next)
	wg.Wait()
}
