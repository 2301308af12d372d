package job

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Folds that are fitted elsewhere give what they give here, of every method, and so
// does the choice of one.
func TestFoldsAreTasks(t *testing.T) {
	const head = surrogateHead + "inputs: {a: [0, 1], b: [0, 1]}\nfunction: sin(3*a) + b^2\nsample: {n: 20}\nthreads: 1\nvalidate: {folds: 4}\noutput: {figures: []}\n"
	for text, folds := range map[string]int{
		head + "models: [{kriging: {starts: 2}}, inverse_distance, lobachevsky, radial_basis, polynomial, polynomial_chaos, {neural_network: {iterations: 20}}, {ensemble: {members: [polynomial, radial_basis]}}]\n": 8 * 4,
		head + "models: auto\n": 6 * 4,
	} {
		study := func(p Pool) (*surrogateBody, string) {
			j, err := decode("a.yaml", text, nil)
			require.NoError(t, err)
			r, err := Run(t.Context(), j, filepath.Join(t.TempDir(), "out"), Options{Pool: p})
			require.NoError(t, err)
			require.Equal(t, Done, r.Status, r.Reason)
			table, err := os.ReadFile(filepath.Join(r.Dir, "validation.csv"))
			require.NoError(t, err)
			return r.Body.(*surrogateBody), string(table)
		}
		here, alone := study(nil)
		p := &countingPool{pool: Local{Workers: 2}}
		there, pooled := study(p)
		assert.Equal(t, folds, p.tasks)
		assert.Equal(t, alone, pooled)
		assert.Equal(t, here.Chosen, there.Chosen)
		for name, m := range here.Models {
			require.Empty(t, m.Error, name)
			assert.Equal(t, m.RMSE, there.Models[name].RMSE, name)
		}
	}
	_, err := taskFold(t.Context(), []byte("x"), t.TempDir(), &strings.Builder{})
	assert.ErrorContains(t, err, "no number of a fold")
}
