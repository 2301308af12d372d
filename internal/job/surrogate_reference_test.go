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
func TestSurrogateReference(t *testing.T) {
	j, err := decode("example.yaml", SurrogateReference, nil)
	require.NoError(t, err)
	require.NoError(t, j.Check(io.Discard))
	assert.Empty(t, j.Warnings())
	for section, set := range map[string]string{
		"": "", "models.0.kriging": "models.0.kriging.correlation=power_exponential", "models.1.inverse_distance": "", "models.2.lobachevsky": "", "models.3.radial_basis": "",
		"models.4.polynomial": "", "models.5.polynomial_chaos": "", "models.6.neural_network": "", "models.7.ensemble": "",
		"validate": "", "sensitivity": "", "output": "", "command": "function=null",
	} {
		sets := []string{strings.TrimPrefix(section+".qqqqqq=1", ".")}
		if set != "" {
			sets = append(sets, set)
		}
		for _, key := range keysOf(t, sets) {
			assert.Regexp(t, `(?m)(^|[ {#])`+key+`:`, SurrogateReference, section)
		}
	}
	for _, method := range strategies {
		assert.Contains(t, SurrogateReference, method)
		for _, key := range keysOf(t, []string{"optimize={method: " + method + ", qqqqqq: 1}"}) {
			assert.Regexp(t, `(?m)^[ #]* `+key+`:`, SurrogateReference, method)
		}
	}
	for _, key := range keysOf(t, []string{"models=[{kriging: {trend: simple, qqqqqq: 1}}]", "sensitivity=null"}) {
		assert.Regexp(t, `(?m)^[ #]* `+key+`:`, SurrogateReference)
	}
	for kind := range modelKinds {
		assert.Contains(t, SurrogateReference, "- "+kind+":")
	}
	// What it says of defaults is true.
	plain, err := decode("example.yaml", surrogateHead+`inputs: {x1: [-5, 10], x2: [0, 15], x3: [0, 1]}
function: x1
models: [{kriging: {name: first}}, inverse_distance, lobachevsky, radial_basis, polynomial, polynomial_chaos, neural_network, {ensemble: {members: [kriging, {polynomial: {degree: 1}}]}}]
optimize: {constraints: [x1 + x2 <= 20], kriging: {}}
sensitivity: {model: first}
`, nil)
	require.NoError(t, err)
	want, got := plain.task.(*surrogateTask), j.task.(*surrogateTask)
	for i := range want.models {
		assert.Equal(t, want.models[i].spec, got.models[i].spec)
	}
	assert.Equal(t, want.validate.folds, got.validate.folds)
	assert.Equal(t, want.indices.Sensitivity, got.indices.Sensitivity)
	assert.Equal(t, want.plan, got.plan)
	assert.Equal(t, want.optimize.settings.Evaluations, got.optimize.settings.Evaluations)
	assert.Equal(t, want.optimize.settings.Strategy, got.optimize.settings.Strategy)
	assert.Equal(t, want.optimize.settings.Kriging, got.optimize.settings.Kriging)
}

// keysOf lists the legal keys that the message about the unknown one does.
func keysOf(t *testing.T, sets []string) []string {
	_, err := decode("example.yaml", SurrogateReference, sets)
	require.Error(t, err)
	_, known, found := strings.Cut(err.Error(), `unknown key "qqqqqq": expected `)
	require.True(t, found, err.Error())
	known, _, _ = strings.Cut(known, "\n")
	return strings.Split(known, ", ")
}
