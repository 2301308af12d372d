package gputest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestKernelsAreUnderTheirNames(t *testing.T) {
	for name, source := range Kernels() {
		assert.Regexp(t, `KERNEL `+name+`\(`, source.Text)
		assert.NotContains(t, source.Text, "_real(")
	}
	assert.True(t, Kernels()["axpy_double"].Double)
}
