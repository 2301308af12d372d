package dl

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOpenNothing(t *testing.T) {
	for _, c := range []struct {
		value string
		names []string
		says  string
		tried []string
	}{
		{"", nil, "no library of it for this system", nil}, // as of CUDA on macOS
		{"", []string{"no-such-1.so", "no-such-2.so"}, "", []string{"no-such-1.so", "no-such-2.so"}},
		{"no-such-3.so", []string{"no-such-1.so"}, "", []string{"no-such-3.so"}},
		{"off", []string{"no-such-1.so"}, "RITZ_TEST_DL=off", nil},
	} {
		t.Setenv("RITZ_TEST_DL", c.value)
		library, tried, err := Open("RITZ_TEST_DL", c.names...)
		require.Error(t, err)
		assert.Nil(t, library)
		assert.Equal(t, c.tried, tried)
		assert.ErrorContains(t, err, c.says)
	}
}
