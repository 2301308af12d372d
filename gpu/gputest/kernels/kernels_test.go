package kernels

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestKernelsAreUnderTheirNames(t *testing.T) {
	for name, source := range All() {
		assert.Regexp(t, `KERNEL `+name+`\(`, source.Text)
		assert.NotContains(t, source.Text, "_real(")
	}
	assert.True(t, All()["axpy_double"].Double)
}
