package examples

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/job"
)

func TestExampleOfAMapReduce(t *testing.T) {
	j, err := job.Load("mapreduce.yaml", []string{"output.figures=[]"})
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "run")
	r, err := job.Run(t.Context(), j, dir, job.Options{})
	require.NoError(t, err)
	require.Equal(t, job.Done, r.Status, r.Reason)
	body := result(t, dir)
	require.EqualValues(t, 3*365, body["rows"])
	require.Zero(t, body["bad_rows"])
	table := body["table"].([]any)
	require.Len(t, table, 12)
	days := 0.0
	for i, row := range table {
		m := row.(map[string]any)
		require.EqualValues(t, i+1, m["month"])
		require.InEpsilon(t, m["mean_developed"], m["mean_height"], 0.05)
		days += m["days"].(float64)
	}
	require.EqualValues(t, 3*365, days)
}
