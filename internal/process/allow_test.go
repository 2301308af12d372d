package process

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAllow(t *testing.T) {
	ctx := t.Context()
	assert.NoError(t, Check(ctx, "anything"))
	for _, c := range []struct {
		programs []string
		program  string
		want     string
	}{
		{nil, "sh", `"sh": this worker runs no programs`},
		{[]string{"awk", "/opt/sim"}, "sh", `"sh": this worker runs awk, /opt/sim`},
		{[]string{"awk", "/opt/sim"}, "awk", ""},
		{[]string{"awk", "/opt/sim"}, "/opt/sim", ""},
		{[]string{"awk", "/opt/sim"}, "/opt/../opt/sim", `this worker runs`},
		{[]string{"sim"}, "./sim", `"./sim": this worker runs sim`},
		{[]string{"*"}, "./sim", ""},
	} {
		err := Check(Allow(ctx, c.programs), c.program)
		if c.want == "" {
			assert.NoError(t, err, c)
			continue
		}
		assert.ErrorIs(t, err, ErrNotAllowed)
		assert.ErrorContains(t, err, c.want)
	}
}
