package job

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The reference of the kind is a job that runs, and has every key that the decoder
// knows.
func TestSweepReference(t *testing.T) {
	j, err := decode("example.yaml", SweepReference, nil)
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, j.Check(&b))
	assert.Empty(t, j.Warnings())
	assert.Contains(t, b.String(), "6 points of a job of kind sample")
	assert.Contains(t, b.String(), "  runs with 16: 6\n  runs with 48: 2\n  runs with 144: 1\n")
	for section, set := range map[string]string{"": "", "vary.seed": "", "criterion": "", "halving": "", "output": "", "command": "job=null"} {
		_, err := decode("example.yaml", SweepReference, append([]string{strings.TrimPrefix(section+".qqqqqq=1", ".")}, strings.Fields(set)...))
		require.Error(t, err)
		_, known, found := strings.Cut(err.Error(), `unknown key "qqqqqq": expected `)
		require.True(t, found, err.Error())
		known, _, _ = strings.Cut(known, "\n")
		for key := range strings.SplitSeq(known, ", ") {
			assert.Regexp(t, `(?m)(^|[ {#])`+key+`(:|;)`, strings.ReplaceAll(SweepReference, "or maximize;", "maximize:"), section)
		}
	}
	// What it says of defaults is true.
	plain, err := decode("example.yaml", sweepHead+sweptSample+"vary: {seed: [1]}\ncriterion: {minimize: points}\nhalving: {budget: sample.n, min: 16, max: 144}\n", nil)
	require.NoError(t, err)
	require.NoError(t, plain.Check(io.Discard))
	want, got := plain.task.(*sweepTask), j.task.(*sweepTask)
	want.halving.node, got.halving.node = nil, nil
	assert.Equal(t, want.halving, got.halving)
	assert.Equal(t, want.figures, got.figures)
}
