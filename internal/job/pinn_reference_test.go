package job

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/pinn"
)

// The reference is a job that would run, without a warning; its values are the
// defaults.
func TestReferenceIsTrue(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "example.yaml")
	require.NoError(t, os.WriteFile(path, []byte(PINNReference), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "measured.csv"), []byte("x,t,u\n0.5,0.5,-0.1\n"), 0o666))
	j, err := Load(path, nil)
	require.NoError(t, err)
	require.NoError(t, j.Check(io.Discard))
	assert.Empty(t, j.Warnings())
	shown := j.task.(*pinnTask)

	plain, err := decode("example.yaml", head+poisson+`points: {resample: {}}
train: [{adam: {iterations: 1000, schedule: {}}}, {adam: {iterations: 100, schedule: {kind: cosine, over: 100}}},
  {lbfgs: {iterations: 100}}, {ssbroyden: {iterations: 100}}, {ssbfgs: {iterations: 100}}, {bfgs: {iterations: 100}}]
`, nil)
	require.NoError(t, err)
	want := plain.task.(*pinnTask)
	assert.Equal(t, []any{plain.Name, plain.Seed, plain.Threads, plain.Device}, []any{j.Name, j.Seed, j.Threads, j.Device})
	shown.settings.Network.Scale = nil // its default depends on the problem
	assert.Equal(t, want.settings, shown.settings)
	assert.Equal(t, want.output, shown.output)
	assert.Equal(t, []pinn.Stage{
		{Optimizer: "adam", Iterations: 1000, Rate: 2e-3},
		{Optimizer: "ssbroyden", Iterations: 10000, Tolerance: 1e-12},
	}, pinn.AutoTrain(6000))
	assert.Equal(t, "lbfgs", pinn.AutoTrain(6001)[1].Optimizer)
}

// Every key that the decoder knows stands in the reference.
func TestReferenceIsComplete(t *testing.T) {
	sections := 0
	for _, path := range []string{"", "conditions.1", "conditions.4", "equations.1", "reference", "network", "points", "points.resample",
		"train.0.adam", "train.0.adam.schedule", "train.1.adam.schedule", "train.2.lbfgs", "train.3.ssbroyden", "train.4.ssbfgs", "train.5.bfgs", "output"} {
		_, err := decode("example.yaml", PINNReference, []string{strings.TrimPrefix(path+".qqqqqq=1", ".")})
		require.Error(t, err, path)
		_, known, found := strings.Cut(err.Error(), `unknown key "qqqqqq": expected `)
		require.True(t, found, err.Error())
		known, _, _ = strings.Cut(known, "\n")
		for key := range strings.SplitSeq(known, ", ") {
			assert.Regexp(t, `(?m)(^|[ {])`+key+`:`, PINNReference)
		}
		sections++
	}
	assert.Equal(t, 16, sections)
	for _, word := range slices.Concat(optimizers, []string{"tanh", "sin", "sigmoid", "swish", "softplus", "sobol", "lhs", "random", "grid", "png", "svg", "pdf"}) {
		assert.Contains(t, PINNReference, word)
	}
}
