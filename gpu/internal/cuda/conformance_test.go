package cuda_test

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/gpu/gputest"
)

// TestConformance judges both drivers on devices that are the processor, with two of them
// in turns.
func TestConformance(t *testing.T) {
	for _, name := range []string{"cuda", "hip"} {
		t.Run(name, func(t *testing.T) {
			if _, err := gpu.Open(name + ":0"); err != nil {
				if os.Getenv("RITZ_REQUIRE_ENGINES") == "1" {
					t.Fatal(err)
				}
				t.Skip(err)
			}
			var n atomic.Int64
			gputest.Run(t, func(t testing.TB) *gpu.Device {
				d, err := gpu.Open(fmt.Sprintf("%s:%d", name, n.Add(1)%2))
				require.NoError(t, err)
				return d
			}, gputest.Options{})
		})
	}
}
