package job

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/figure"
)

// A sweep is drawn with words where the values are words, and one legend that says what it counts.
func TestSweepPanels(t *testing.T) {
	j, err := decode("a.yaml", sweepHead+sweptSample+`vary: {sample.method: [lhs, halton], seed: [1, 2]}
criterion: {minimize: min_distance}
halving: {budget: sample.n, min: 4, max: 12}
`, nil)
	require.NoError(t, err)
	require.NoError(t, j.Check(io.Discard))
	var runs []*sweepRun
	for k, method := range []string{"lhs", "lhs", "halton"} {
		budget, y := Number([]float64{4, 12, 12}[k]), Number(k+1)
		runs = append(runs, &sweepRun{Budget: &budget, Criterion: &y, Parameters: map[string]any{"sample.method": method, "seed": float64(k)}})
	}
	panels := j.task.(*sweepTask).parameterPanels(runs)
	require.Len(t, panels, 2)
	method, seed := panels[0].(figure.Lines), panels[1].(figure.Lines)
	assert.Equal(t, "a by sample.method", method.Title)
	assert.Equal(t, "sample.method", method.XLabel)
	assert.Equal(t, []string{"lhs", "halton"}, method.XNames)
	assert.Empty(t, seed.XNames)
	require.Len(t, method.Series, 2)
	assert.Equal(t, []float64{0, 1}, method.Series[1].X)
	assert.Equal(t, []float64{1, 2}, seed.Series[1].X)
	for k, name := range []string{"budget 4", "budget 12"} {
		assert.Empty(t, method.Series[k].Name)
		assert.Equal(t, name, seed.Series[k].Name)
	}
}

// What a constraint bars is marked as such in the course of an optimisation.
func TestConvergenceInfeasible(t *testing.T) {
	j, err := decode("a.yaml", surrogateHead+"inputs: {a: [0, 1]}\nfunction: a\nsample: {n: 3}\noptimize: {evaluations: 1, constraints: [a > 0.4]}\n", nil)
	require.NoError(t, err)
	task := j.task.(*surrogateTask)
	require.NoError(t, task.prepareConstraints())
	s := &picture{surrogateTask: task, body: &surrogateBody{Samples: samplesResult{Sample: 3}, Optimum: &optimumResult{}}}
	for _, a := range []float64{0.5, 0.1, 0.9, 0.3} {
		s.rows = append(s.rows, record{x: []float64{a}, y: a})
	}
	p := s.convergence().(figure.Lines)
	require.Len(t, p.Series, 4)
	for k, want := range []struct {
		name string
		y    []float64
	}{{"best", []float64{0.5, 0.5, 0.5, 0.5}}, {"sample", []float64{0.5, 0.9}}, {"search", nil}, {"infeasible", []float64{0.1, 0.3}}} {
		assert.Equal(t, want.name, p.Series[k].Name)
		assert.Equal(t, want.y, p.Series[k].Y, want.name)
	}
	assert.Equal(t, figure.Triangles, p.Series[3].Style)
	task.optimize.settings.Constraints = nil
	assert.Len(t, s.convergence().(figure.Lines).Series, 3)
}
