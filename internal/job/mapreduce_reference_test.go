package job

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The reference of the kind is a job that runs, and has every key that the decoder
// knows.
func TestMapReduceReference(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "data"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "data", "w.csv"), weather(50, 1), 0o666))
	path := filepath.Join(dir, "example.yaml")
	j, err := decode(path, MapReduceReference, nil)
	require.NoError(t, err)
	r, err := Run(t.Context(), j, filepath.Join(dir, "out"), Options{})
	require.NoError(t, err)
	require.Equal(t, Done, r.Status, r.Reason)
	for section := range map[string]bool{"": true, "reduce.windiest": true, "output": true} {
		_, err := decode(path, MapReduceReference, []string{strings.TrimPrefix(section+".qqqqqq=1", ".")})
		require.Error(t, err)
		_, known, found := strings.Cut(err.Error(), `unknown key "qqqqqq": expected `)
		require.True(t, found, err.Error())
		known, _, _ = strings.Cut(known, "\n")
		for key := range strings.SplitSeq(known, ", ") {
			assert.Regexp(t, `(?m)(^|[ {#])`+key+`(:|;)|argmin:? also`, MapReduceReference, section)
			assert.Contains(t, MapReduceReference, key)
		}
	}
	// What it says of defaults is true.
	plain, err := decode(path, mapHead+"files: data/*.csv\nreduce: {n: count}\n", nil)
	require.NoError(t, err)
	want, got := plain.task.(*mapReduceTask), j.task.(*mapReduceTask)
	assert.Equal(t, want.missing, got.missing)
	assert.Equal(t, want.split, got.split)
	assert.Equal(t, want.comma, got.comma)
	assert.Equal(t, want.fail, got.fail)
	assert.Equal(t, want.figures, got.figures)
}
