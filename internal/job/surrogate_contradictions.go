package job

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/seed-0772dd2d/ritz/surrogate"
)

// checkSettings finds the settings of models that contradict one another. What
// fits a model knows them: it is asked to fit a smooth function, and is stopped
// as soon as it begins.
func (t *surrogateTask) checkSettings() error {
	if len(t.specs) == 0 {
		return nil
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	d := t.smooth(min(t.samples(), 200))
	for _, m := range t.specs {
		if _, err := m.spec.Fit(stopped, d); errors.Is(err, surrogate.ErrSettings) {
			return fault(m.node, m.path, strings.TrimPrefix(err.Error(), surrogate.ErrSettings.Error()+": "))
		}
	}
	return nil
}

// smooth are n observations of Σ cos(z_j + j), z in the unit cube.
func (t *surrogateTask) smooth(n int) surrogate.Data {
	d := surrogate.Data{Inputs: len(t.names), Lower: t.lower, Upper: t.upper}
	r := rand.New(rand.NewPCG(t.job.Seed, 0))
	for range n {
		y := 0.0
		for j, lower := range t.lower {
			z := r.Float64()
			d.X = append(d.X, lower+z*(t.upper[j]-lower))
			y += math.Cos(z + float64(j))
		}
		d.Y = append(d.Y, y)
	}
	return d
}

// constraintTrials is how many points are tried for one that satisfies all
// constraints.
const constraintTrials = 100000

// checkConstraints finds constraints that no point satisfies. A third of the
// points it tries are uniform in the box; the others lie on the way from there to
// its lower and its upper corner, near which little of a large box may be allowed.
func (t *surrogateTask) checkConstraints() error {
	constraints := t.optimize.settings.Constraints
	r := rand.New(rand.NewPCG(t.job.Seed, 1))
	x := make([]float64, len(t.names))
	most := 0 // of the constraints, from the first on, that hold at one point
	for i := 0; i < constraintTrials && most < len(constraints); i++ {
		scale, shift := 1.0, 0.0
		if i%3 > 0 {
			scale = r.Float64()
		}
		if i%3 == 2 {
			shift = 1 - scale
		}
		for j, lower := range t.lower {
			x[j] = lower + (shift+scale*r.Float64())*(t.upper[j]-lower)
		}
		for k, c := range constraints {
			if y, err := values(c.Evaluator, x, len(x)); err != nil || !(y[0] <= 0) {
				break
			}
			most = max(most, k+1)
		}
	}
	if most == len(constraints) {
		return nil
	}
	with := ""
	if most > 0 {
		with = ", together with those before it"
	}
	return fault(t.optimize.constraints[most], item("optimize.constraints", most),
		fmt.Sprintf("none of %d points of the box of the inputs satisfies it%s", constraintTrials, with))
}
