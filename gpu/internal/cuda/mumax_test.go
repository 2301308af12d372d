//go:build mumax && cgo

package cuda

import (
	"os"
	"testing"

	"github.com/mumax/3/cuda/cu"
	"github.com/stretchr/testify/assert"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// The program is linked with a driver: it is the one to test, else there would be two.
func init() { linked = os.Getenv(VariableCUDA) }

// Errors of the driver come back from the binding's panics, other panics go on.
func TestBinding(t *testing.T) {
	assert.NotNil(t, replace)
	f := newFake(t, "cuda")
	d := f.open(0)
	f.fail("cuMemAlloc_v2", "", 1, 2)
	_, err := d.Alloc(8)
	assert.Equal(t, &driver.Error{
		Backend: "cuda", Call: "cuMemAlloc_v2", Code: int(cu.ERROR_OUT_OF_MEMORY), Name: "CUDA_ERROR_OUT_OF_MEMORY", Kind: driver.ErrMemory,
	}, err)
	m := binding{}
	assert.NoError(t, m.call("", func() {}))
	assert.PanicsWithValue(t, "not the driver's", func() { _ = m.call("", func() { panic("not the driver's") }) })
}
