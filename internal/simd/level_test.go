package simd

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSetLevel(t *testing.T) {
	saved := Level()
	defer func() { require.NoError(t, SetLevel(saved)) }()
	require.Equal(t, "portable", Levels()[0])
	for _, level := range Levels() {
		require.NoError(t, SetLevel(level))
		require.Equal(t, level, Level())
	}
	require.ErrorContains(t, SetLevel("sse9"), `level "sse9": this CPU runs portable`)
	require.Equal(t, Levels()[len(Levels())-1], Level())
}
