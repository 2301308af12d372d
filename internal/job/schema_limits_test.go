package job

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// limits are changes of the references by which one number leaves its range, or
// two keys meet that exclude each other.
var limits = map[string][]string{
	"mapreduce": {"ritz=2", "seed=-1", "threads=-1", "split=-1"},
	"pinn": {
		"reference.grid.x=1", "network.hidden=[]", "network.hidden=[0]", "points.interior=0", "points.boundary=0",
		"points.resample.every=0", "points.resample.candidates=0", "points.resample.k=0", "points.resample.c=-1",
		"conditions.1.weight=0", "conditions.1.points=0", "equations.1.weight=-1",
		"train.0.adam.iterations=0", "train.0.adam.rate=0", "train.0.adam.tolerance=-1", "train.0.adam.schedule.factor=0",
		"train.0.adam.schedule.factor=1.5", "train.0.adam.schedule.every=0", "train.0.adam.schedule.warmup=-1",
		"train.1.adam.schedule.over=0", "train.1.adam.schedule.final=-0.1", "train.1.adam.schedule.final=1.1",
		"train.2.lbfgs.memory=0", "output.checkpoint=0", "output.log=0",
	},
	"sample": {
		"inputs.x2.normal.sd=0", "inputs.x3.lognormal.sigma=-1", "inputs.x1=[1]", "inputs.x1=[1, 2, 3]", "sample.n=0", "sample.skip=-1",
		"sample={method: halton, n: 8, leap: 0}", "sample={method: lhs, n: 8, optimise: maximin, exchanges: 0}",
		"sample={method: poisson, radius: 0}", "sample={method: grid, n: 0}", "sample={method: grid, levels: [2, 0, 2]}",
		"sample={method: grid, n: 2, levels: [2, 2, 2]}", "sample={method: grid}",
	},
	"stencil": {
		"grid.n=[1, 101]", "grid.n=[201]", "grid.length=[40, 0]", "medium.average=0", "medium.average=65", "medium.bulk_modulus=1",
		"sources.0.ricker.frequency=0", "sources.0.ricker.frequency=-1",
		"sources.0={at: [1, 1], gaussian_derivative: {frequency: -1}}",
		"sources.0={at: [1, 1], tone_burst: {frequency: -1}}", "sources.0={at: [1, 1], tone_burst: {frequency: 1, cycles: 0}}",
		"sources.0={at: [1, 1], series: {file: s.csv, dt: 0}}",
		"receivers.1.line.n=1", "boundary.all={cpml: 1}", "boundary.x0.cpml.cells=1", "boundary.x0.cpml.frequency=-1", "boundary.x0.cpml.speed=0",
		"order=1", "order=9", "cfl=0", "dt=0.01", "cfl=null; dt=-1", "steps=0", "time=10", "steps=null", "steps=null; time=0",
		"plan.width=0", "plan.height=0", "plan.steps=0", "output.every=0", "output.checkpoint=0",
	},
	"surrogate": {
		"data=points.csv", "command={run: [./simulator]}",
		"command={run: [./simulator], timeout: -1}; function=null", "command={run: [./simulator], retries: -1}; function=null",
		"command={run: [./simulator], parallel: -1}; function=null",
		"models.0.kriging.nugget=-1", "models.0.kriging.starts=0", "models.0.kriging={theta: 1, lengths: 1}", "models.0.kriging={p: 1.5}",
		"models.0.kriging={mean: 1}", "models.0.kriging={components: 0}", "models.1.inverse_distance.p=0.5",
		"models.1.inverse_distance.neighbours=-1", "models.2.lobachevsky.alpha=0", "models.2.lobachevsky.n=1", "models.2.lobachevsky.n=31",
		"models.3.radial_basis.smoothing=-1", "models.4.polynomial.degree=0", "models.4.polynomial.degree=21",
		"models.5.polynomial_chaos.max_degree=0", "models.5.polynomial_chaos.max_degree=51", "models.5.polynomial_chaos.q=0",
		"models.5.polynomial_chaos.q=1.1", "models.5.polynomial_chaos.max_terms=0",
		"models.6.neural_network.hidden=[]", "models.6.neural_network.hidden=[0]", "models.6.neural_network.hidden=[1025]",
		"models.6.neural_network.decay=0", "models.6.neural_network.starts=0", "models.6.neural_network.iterations=0",
		"models.6.neural_network.validation=-0.1", "models.6.neural_network.validation=1.1", "models.7.ensemble.folds=1", "validate.folds=1",
		"optimize.tolerance=-1", "optimize.evaluations=0", "optimize.batch=0", "optimize.patience=-1", "optimize.time=-1",
		"optimize={method: lower_confidence_bound, weight: 0}", "optimize={method: probability_of_improvement, margin: -1}",
		"sensitivity.samples=7", "sensitivity.bootstrap=1", "sensitivity.confidence=0", "sensitivity.confidence=1.1",
	},
	"sweep": {
		"command={run: [./simulator], timeout: -1}; job=null", "command={run: [./simulator]}", "job=null", "vary.seed.n=1",
		"halving.min=0", "halving.max=0", "halving.eta=1",
	},
}

// The schema keeps to each of the decoder's limits.
func TestSchemaKeepsLimits(t *testing.T) {
	schema := compileSchema(t, "")
	for kind, sets := range limits {
		for _, change := range sets {
			root, err := parse(schemaReferences[kind], newSource("example.yaml", schemaReferences[kind]))
			require.NoError(t, err)
			for _, s := range strings.Split(change, "; ") {
				require.NoError(t, set(root, s), change)
			}
			root.entries = slices.DeleteFunc(root.entries, func(e entry) bool { return e.value.kind == nullNode })
			_, err = decodeTree("example.yaml", root)
			assert.Error(t, err, "%s: the decoder takes %s", kind, change)
			assert.Error(t, schema.Validate(asJSON(t, root.yaml())), "%s: the schema takes %s", kind, change)
		}
	}
}
