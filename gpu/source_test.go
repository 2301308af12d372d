package gpu

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		name string
		s    Source
		want []string
	}{
		{"single precision", Source{}, []string{"-DREAL_SIZE=4"}},
		{"double precision, a definition", Source{Double: true, Defines: []string{"ORDER=4"}}, []string{"-DREAL_SIZE=8", "-DORDER=4"}},
		{"groups", Source{Group: [3]int{32, 8}}, []string{"-DREAL_SIZE=4", "-DGROUP_X=32", "-DGROUP_Y=8", "-DGROUP_Z=1"}},
	} {
		assert.Equal(t, c.want, c.s.Options(), c.name)
	}
}
