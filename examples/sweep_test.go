package examples

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/job"
)

// The sweep over networks: each budget betters the error, and the last is small.
func TestExampleOfASweep(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for 10 s")
	}
	j, err := job.Load("sweep.yaml", []string{"output.figures=[]"})
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "run")
	r, err := job.Run(t.Context(), j, dir, job.Options{})
	require.NoError(t, err)
	require.Equal(t, job.Done, r.Status, r.Reason)
	data, err := os.ReadFile(filepath.Join(dir, "result.json"))
	require.NoError(t, err)
	var result struct {
		Runs []struct{ Criterion, Budget float64 }
		Best struct{ Criterion, Budget float64 }
	}
	require.NoError(t, json.Unmarshal(data, &result))
	require.Len(t, result.Runs, 9)
	require.EqualValues(t, 540, result.Best.Budget)
	require.Positive(t, result.Best.Criterion)
	require.Less(t, result.Best.Criterion, 2e-5)
	for _, r := range result.Runs[:6] {
		require.Greater(t, r.Criterion, 10*result.Best.Criterion)
	}
}
