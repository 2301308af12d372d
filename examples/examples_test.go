package examples

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/job"
	"github.com/seed-0772dd2d/ritz/pinn"
)

// TestExamplesApproachTheirSolutions trains each example briefly, on fewer
// points: the error must fall to a bound that a wrong equation, condition or
// reference would not let it reach. Whole runs go below 1e-4.
func TestExamplesApproachTheirSolutions(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for a minute in all")
	}
	for _, c := range []struct {
		name  string
		bound float64
		sets  []string
	}{
		{"fokker_planck", 1e-6, nil},
		{"heat", 2e-4, []string{"train.1.ssbroyden.iterations=600"}},
		{"poisson", 1e-4, []string{"train.1.ssbroyden.iterations=500"}},
		{"burgers", 1e-2, []string{"network.hidden=[20,20,20]", "points.interior=3000", "points.resample.candidates=15000", "train.0.adam.iterations=500", "train.1.ssbroyden.iterations=800"}},
		{"wave", 5e-3, []string{"network.hidden=[20,20,20]", "points.interior=1000", "train.0.adam.iterations=300", "train.1.ssbroyden.iterations=500"}},
		{"kuramoto_sivashinsky", 2e-3, []string{"points.interior=2048", "train.0.adam.iterations=300", "train.1.ssbroyden.iterations=400"}},
		{"system", 2e-3, []string{"points.interior=1024", "train.0.adam.iterations=300", "train.1.ssbroyden.iterations=400"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, err := job.Load(c.name+".yaml", append(c.sets, "output.figures=[]"))
			require.NoError(t, err)
			dir := filepath.Join(t.TempDir(), "run")
			_, err = job.Run(t.Context(), j, dir, job.Options{})
			require.NoError(t, err)
			data, err := os.ReadFile(filepath.Join(dir, "result.json"))
			require.NoError(t, err)
			var result struct {
				Errors map[string]pinn.FieldError
			}
			require.NoError(t, json.Unmarshal(data, &result))
			require.NotEmpty(t, result.Errors)
			for field, e := range result.Errors {
				require.Positive(t, e.RelativeL2, field)
				require.Less(t, e.RelativeL2, c.bound, field)
			}
		})
	}
}
