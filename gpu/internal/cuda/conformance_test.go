package cuda_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/gpu/gputest"
	"github.com/seed-0772dd2d/ritz/gpu/gputest/kernels"
	"github.com/seed-0772dd2d/ritz/gpu/internal/cuda"
)

// open opens a device of the drivers that testdata has.
func open(t testing.TB, id string) *gpu.Device {
	cuda.NeedFakes(t)
	d, err := gpu.Open(id)
	require.NoError(t, err)
	return d
}

// TestConformance judges both drivers, on two devices in turns.
func TestConformance(t *testing.T) {
	for _, name := range []string{"cuda", "hip"} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, open(t, name+":0").Close())
			var n atomic.Int64
			gputest.Run(t, func(t testing.TB) *gpu.Device {
				return open(t, fmt.Sprintf("%s:%d", name, n.Add(1)%2))
			}, gputest.Options{})
		})
	}
}

// The real compilers take every kernel of the suite, those of one precision together.
func TestKernels(t *testing.T) {
	programs := map[bool]*gpu.Source{false: {}, true: {Double: true}}
	for _, k := range kernels.All() {
		programs[k.Double].Text += k.Text
	}
	for _, processor := range []string{"sm_70", "sm_80", "sm_90", "gfx906", "gfx90a", "gfx1030"} {
		t.Run(processor, func(t *testing.T) {
			compile := cuda.Compiler(t, processor)
			for _, p := range programs {
				assert.Contains(t, p.Text, "KERNEL functions_")
				assert.NoError(t, compile(p.Full(), p.Options()))
			}
		})
	}
}

// A program that does not compile is told with its line.
func TestLine(t *testing.T) {
	for _, name := range []string{"cuda", "hip"} {
		d := open(t, name+":0")
		_, err := d.Compile(gpu.Source{Name: "step.c", Text: "KERNEL step(GLOBAL real *x)\n{\n\tx[0] = missing;\n}\n"})
		var e *gpu.CompileError
		require.ErrorAs(t, err, &e)
		assert.Equal(t, 3, e.Line)
		assert.Equal(t, "\tx[0] = missing;", e.Text)
		require.NoError(t, d.Close())
	}
}
