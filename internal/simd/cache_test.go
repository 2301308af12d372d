package simd

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCacheSize(t *testing.T) {
	for text, want := range map[string]int{"1024K\n": 1 << 20, "512K": 1 << 19, "2M": 2 << 20, "": 1 << 20, "x": 1 << 20, "-4K": 1 << 20} {
		require.Equal(t, want, cacheSize(text), text)
	}
	require.Positive(t, L2())
}
