package examples

import (
	"encoding/json"
	"os"
	"os/exec"
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

// TestExamplesOfSurrogates runs them whole, without pictures: they reach what is
// known of their functions.
func TestExamplesOfSurrogates(t *testing.T) {
	type result struct {
		Models  map[string]struct{ RMSE float64 }
		Optimum struct {
			X []float64
			Y float64
		}
		Sensitivity struct {
			First, Total map[string]struct{ Value float64 }
		}
	}
	for name, check := range map[string]func(t *testing.T, r result){
		"branin": func(t *testing.T, r result) {
			for model, bound := range map[string]float64{"kriging": 0.0157, "kriging_gaussian": 0.0038, "lobachevsky": 0.449, "inverse_distance": 21.43, "neural_network": 2} {
				require.Positive(t, r.Models[model].RMSE, model)
				require.Less(t, r.Models[model].RMSE, bound, model)
			}
		},
		"borehole": func(t *testing.T, r result) {
			require.Less(t, r.Models["kriging"].RMSE, 0.9)
			require.InDelta(t, 0.829, r.Sensitivity.First["rw"].Value, 0.02)
			require.InDelta(t, 0, r.Sensitivity.Total["r"].Value, 1e-3)
		},
		"ishigami": func(t *testing.T, r result) {
			require.Less(t, r.Models["polynomial_chaos"].RMSE, 1e-5)
			require.InDelta(t, 0.3139, r.Sensitivity.First["x1"].Value, 2e-3)
			require.InDelta(t, 0.2437, r.Sensitivity.Total["x3"].Value, 2e-3)
		},
		"hartmann6": func(t *testing.T, r result) {
			require.Less(t, r.Optimum.Y, -3.2)
			require.Greater(t, r.Optimum.Y, -3.32238)
		},
		"external_command": func(t *testing.T, r result) {
			require.LessOrEqual(t, r.Optimum.X[0]*r.Optimum.X[1], 20/7.85e-3)
			require.InDelta(t, 0.7476, r.Optimum.Y, 0.08) // least at a height of 100 and a mass of 20
		},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "external_command" {
				if _, err := exec.LookPath("go"); err != nil {
					t.Skip("go is not in the path")
				}
			}
			j, err := job.Load(name+".yaml", []string{"output.figures=[]"})
			require.NoError(t, err)
			run, err := job.Run(t.Context(), j, filepath.Join(t.TempDir(), "run"), job.Options{})
			require.NoError(t, err)
			require.Equal(t, job.Done, run.Status, run.Reason)
			data, err := os.ReadFile(filepath.Join(run.Dir, "result.json"))
			require.NoError(t, err)
			var r result
			require.NoError(t, json.Unmarshal(data, &r))
			check(t, r)
		})
	}
}
